// What values weigh together that end in each byte, where many values side by side weigh the same.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace kraft::lz {

class LowBytes {
 public:
  // Values outside [lowest, highest] weigh nothing.
  LowBytes(std::int64_t lowest, std::int64_t highest) : lowest_(lowest), highest_(highest) {}

  // The values from first to last weigh `share` each. O(1).
  void add(std::int64_t first, std::int64_t last, double share) {
    first = std::max(first, lowest_);
    last = std::min(last, highest_);
    if (first > last) return;
    const std::int64_t count = last - first + 1, rounds = count / 256;
    everywhere_ += share * static_cast<double>(rounds);
    const auto begin = static_cast<std::size_t>(first & 255);
    const auto rest = static_cast<std::size_t>(count % 256);
    if (rest == 0) return;
    steps_[begin] += share;
    if (begin + rest > 256) {
      steps_[0] += share;
      steps_[begin + rest - 256] -= share;
    } else {
      steps_[begin + rest] -= share;
    }
  }

  // sums[b] of all values whose lowest byte is b.
  void sums(std::span<double, 256> sums) const {
    double sum = everywhere_;
    for (std::size_t b = 0; b < 256; ++b) {
      sum += steps_[b];
      sums[b] = std::max(0.0, sum);
    }
  }

 private:
  std::int64_t lowest_, highest_;
  std::array<double, 257> steps_{};
  double everywhere_ = 0;
};

}  // namespace kraft::lz
