// What a copy from each distance weighs.
//
// A format codes a distance as a class, which has a code word, and extra bits within the class, so
// that all distances of a class weigh the same. Weights are whole numbers of the format's unit,
// which makes their sums exact: they do not depend on the order in which they are added, and
// subtracting undoes adding.
//
// A Format says how distances fall into classes:
//
//     struct Format {
//       using Weight = std::uint32_t;         // holds the sum over all distances of a window
//       static constexpr int kClasses = 30;
//       static int class_of(std::uint32_t distance);
//       static std::uint32_t first_distance(int c);  // classes follow one another; 1 is in class 0
//     };
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace kraft::lz {

template <typename Format>
class DistanceWeights {
 public:
  using Weight = typename Format::Weight;
  static constexpr int kClasses = Format::kClasses;

  DistanceWeights() = default;

  // Distances beyond the window weigh nothing.
  DistanceWeights(std::span<const Weight, kClasses> of_class, std::uint32_t window_bytes)
      : window_bytes_(window_bytes) {
    Weight sum = 0;
    for (int c = 0; c < kClasses; ++c) {
      const std::uint32_t first = Format::first_distance(c);
      first_[c] = first;
      before_[c] = sum;
      of_class_[c] = first <= window_bytes ? of_class[c] : Weight{0};
      const std::uint32_t last = c + 1 < kClasses ? Format::first_distance(c + 1) - 1 : first;
      const std::uint32_t end = c + 1 < kClasses ? std::min(last, window_bytes) : window_bytes;
      if (first <= end) sum += static_cast<Weight>(end - first + 1) * of_class_[c];
    }
  }

  std::uint32_t window_bytes() const { return window_bytes_; }
  Weight of_class(int c) const { return of_class_[c]; }

  // For distances within the window.
  Weight of(std::uint32_t distance) const { return of_class_[Format::class_of(distance)]; }

  // The sum over the distances 1..distance, those within the window.
  Weight up_to(std::uint64_t distance) const {
    const auto within =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(distance, window_bytes_));
    if (within == 0) return 0;
    const int c = Format::class_of(within);
    return before_[c] + static_cast<Weight>(within - first_[c] + 1) * of_class_[c];
  }

 private:
  std::uint32_t window_bytes_ = 0;
  std::array<std::uint32_t, kClasses> first_{};
  std::array<Weight, kClasses> of_class_{};
  std::array<Weight, kClasses> before_{};  // of all classes before this one
};

}  // namespace kraft::lz
