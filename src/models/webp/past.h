// The coded pixels so far, and where the last of them have occurred before.
//
// A distance d matches m pixels if the last m equal those d before. All distances that match one or
// more are listed, but no more than kMostMatches of them, the nearest: where much is alike, those
// farther off weigh little.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/webp/pixels.h"

namespace kraft::webp {

// Pushing and popping is O(1), a list O(entries) as long as pixels are pushed one by one. One
// thread at a time; copies are independent.
class Past {
 public:
  static constexpr std::size_t kMostMatches = 256;

  struct Match {
    std::uint32_t distance;
    std::uint32_t length;  // at most `longest`
    Argb next;             // what follows there
  };

  explicit Past(std::uint32_t longest);

  void push(Argb pixel);
  void pop();
  std::size_t size() const { return pixels_.size(); }
  // 1 is the last one.
  Argb back(std::size_t distance) const { return pixels_[pixels_.size() - distance]; }

  // The nearest first; valid until the next push or pop.
  std::span<const Match> matches();

 private:
  static std::size_t bucket(Argb pixel);
  std::uint32_t common(std::size_t end, std::size_t other) const;

  static constexpr std::uint32_t kNone = UINT32_MAX;
  std::uint32_t longest_;
  std::vector<Argb> pixels_;
  std::vector<std::uint32_t> previous_;  // of the same bucket
  std::vector<std::uint32_t> last_;      // of each bucket
  std::size_t listed_ = 0;               // the size for which matches_ are; 0: none
  std::vector<Match> matches_, before_;
};

}  // namespace kraft::webp
