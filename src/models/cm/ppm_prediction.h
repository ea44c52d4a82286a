// What prediction by partial matching says of the next byte, bit by bit, for a mixer.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "models/cm/logistic.h"
#include "models/ppmd/tree.h"

namespace kraft::cm {

class PpmPrediction {
 public:
  static constexpr int kOrder = 6;

  explicit PpmPrediction(std::size_t memory_bytes) : tree_(kOrder, memory_bytes) { look_ahead(); }

  // That the next bit is a 1, in units of 2^-16, where the known ones stand behind a leading 1.
  int p(unsigned known) const {
    const std::uint64_t p = (masses_[2 * known + 1] << 16) / masses_[known];
    return std::clamp(static_cast<int>(p), 1, kOne - 1);
  }

  // Goes on behind a byte, which is learnt from or not. O(256).
  void observe(Byte byte, bool learns) {
    if (learns) {
      tree_.observe(byte);
    } else {
      tree_.follow(byte);
    }
    look_ahead();
  }

  using Place = ppmd::Tree::Place;
  Place mark() { return tree_.mark(); }
  void rewind(const Place& place) {
    tree_.rewind(place);
    look_ahead();
  }
  void keep_marks(bool any) { tree_.keep_marks(any); }
  PpmPrediction clone() const { return PpmPrediction(tree_.clone(), masses_); }

 private:
  using Masses = std::array<std::uint64_t, 512>;

  PpmPrediction(ppmd::Tree tree, const Masses& masses) : tree_(std::move(tree)), masses_(masses) {}

  // All weights together are less than 2^63 and all masses less than 2^48, so that p() does not
  // overflow.
  void look_ahead() {
    std::array<std::uint64_t, 256> weights;
    tree_.next_weights(weights);
    for (std::size_t b = 0; b < 256; ++b)
      masses_[256 + b] = std::max<std::uint64_t>(weights[b] >> 16, 1);
    for (std::size_t node = 255; node > 0; --node)
      masses_[node] = masses_[2 * node] + masses_[2 * node + 1];
  }

  ppmd::Tree tree_;
  Masses masses_{};  // of the bytes that begin with bits behind a leading 1
};

}  // namespace kraft::cm
