// Which bytes come next in the copies from all distances: histograms that are moved on, not made.
//
// At position t a copy from distance d says that the next byte is x[t - d]. Summed over the
// distances, with their weights, that is a histogram over the 256 bytes. When the text goes on by
// one byte, every byte of the window is one farther away, but its weight changes only where it goes
// from one class of distances to the next: a histogram takes one addition for each class.
//
//     after_any()[b]   sum of weight(d) over d with x[t - d] = b
//     after_last()[b]  the same over those d whose last byte agrees: x[t - 1 - d] = x[t - 1]
//
// (Bytes count from 0, so that x[t - 1] is the last one.)
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "kraft/bytes.h"
#include "models/lz/distance_weights.h"

namespace kraft::lz {

// O(classes) for each byte forth or back, O(window) to begin; 256 * 256 weights of memory. The
// bytes belong to the caller: `text` is what has been seen, as far back as the window goes at
// least, and begins at the start of the text or farther back than the window.
template <typename Format>
class NextBytes {
 public:
  using Weight = typename Format::Weight;
  using Row = std::array<Weight, 256>;

  // Anew, where the text ends.
  void begin(const DistanceWeights<Format>& weights, ByteView text) {
    weights_ = weights;
    any_.fill(0);
    after_.assign(256, Row{});
    totals_.fill(0);
    const std::size_t size = text.size();
    const auto farthest =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(size, weights.window_bytes()));
    for (std::uint32_t distance = 1; distance <= farthest; ++distance)
      add(text, size - distance, weights.of(distance));
    set_last(text);
  }

  // `text` ends with the byte that is new.
  void forth(ByteView text) {
    move<false>(text);
    set_last(text);
  }

  // `text` ends with the byte that is to be taken away.
  void back(ByteView text) {
    move<true>(text);
    set_last(text.first(text.size() - 1));
  }

  const Row& after_any() const { return any_; }
  const Row& after_last() const { return after_[last_]; }
  Weight total_after_last() const { return has_last_ ? totals_[last_] : Weight{0}; }
  bool has_last() const { return has_last_; }

 private:
  void add(ByteView text, std::size_t at, Weight weight) {
    const Byte next = text[at];
    any_[next] += weight;
    if (at == 0) return;
    const Byte before = text[at - 1];
    after_[before][next] += weight;
    totals_[before] += weight;
  }

  // Bytes that come into a class have left the one before it.
  template <bool kBack>
  void move(ByteView text) {
    const std::size_t size = text.size();
    Weight before = 0;
    const auto change = [&](std::uint32_t distance, Weight weight) {
      if (distance > size || weight == before) return;
      const Weight more = weight - before;  // modulo the type's range
      add(text, size - distance, kBack ? Weight{0} - more : more);
      before = weight;
    };
    const std::uint32_t window = weights_.window_bytes();
    for (int c = 0; c < Format::kClasses && Format::first_distance(c) <= window; ++c)
      change(Format::first_distance(c), weights_.of_class(c));
    change(window + 1, 0);
  }

  void set_last(ByteView text) {
    has_last_ = !text.empty();
    if (has_last_) last_ = text.back();
  }

  DistanceWeights<Format> weights_;
  Row any_{};
  std::vector<Row> after_;
  std::array<Weight, 256> totals_{};
  Byte last_ = 0;
  bool has_last_ = false;
};

}  // namespace kraft::lz
