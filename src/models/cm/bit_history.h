// Bit histories: what a context remembers of the bits that followed it, in one byte.
//
// A history counts zeros and ones and knows the last bit. A bit raises its own count and, where the
// other one is large, lowers that: what happened lately counts for more (Mahoney, "Adaptive
// Weighing of Context Models for Lossless Data Compression", 2005, section 3.3, has the idea).
// Counts are bounded together, the larger one the more the smaller one has, so that all histories
// fit a byte.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace kraft::cm {

struct History {
  int counts[2] = {0, 0};  // of zeros and of ones
  int last = 0;

  bool operator==(const History&) const = default;
};

class BitHistories {
 public:
  static constexpr std::size_t kMost = 256;

  constexpr BitHistories() {
    all_[0] = {};
    size_ = 1;
    for (std::size_t at = 0; at < size_; ++at) {
      for (int bit = 0; bit < 2; ++bit)
        next_[at][static_cast<std::size_t>(bit)] = place(after(all_[at], bit));
    }
  }

  // The history after one more bit. 0 is the empty one.
  constexpr std::uint8_t next(std::uint8_t history, int bit) const {
    return next_[history][static_cast<std::size_t>(bit)];
  }
  constexpr const History& operator[](std::size_t history) const { return all_[history]; }
  constexpr std::size_t size() const { return size_; }

 private:
  // By the smaller of the two counts, the most that the larger one may be.
  static constexpr std::array<int, 6> kBounds = {60, 30, 14, 8, 6, 5};

  static constexpr int lowered(int count) {
    return count <= 2 ? count : count <= 4 ? count - 1 : count <= 7 ? 4 : 5;
  }

  static constexpr History after(History history, int bit) {
    int& same = history.counts[bit];
    int& other = history.counts[1 - bit];
    ++same;
    other = lowered(other);
    history.last = bit;
    int& larger = same > other ? same : other;
    const int smaller = std::min(same, other);
    larger = std::min(larger, kBounds[static_cast<std::size_t>(std::min(smaller, 5))]);
    if (smaller > 5) same = other = 5;
    return history;
  }

  constexpr std::uint8_t place(const History& history) {
    for (std::size_t i = 0; i < size_; ++i) {
      if (all_[i] == history) return static_cast<std::uint8_t>(i);
    }
    all_[size_] = history;
    return static_cast<std::uint8_t>(size_++);
  }

  std::array<History, kMost> all_{};
  std::array<std::array<std::uint8_t, 2>, kMost> next_{};
  std::size_t size_ = 0;
};

inline constexpr BitHistories kHistories;

}  // namespace kraft::cm
