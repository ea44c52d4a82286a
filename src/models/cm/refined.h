// Adaptive maps from a stretched probability to a better one ("secondary symbol estimation",
// Mahoney, "Data Compression Explained", section 4.3.3): at points of equal distance, with straight
// lines between them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "models/cm/logistic.h"
#include "models/journaled_memory.h"

namespace kraft::cm {

inline constexpr std::size_t kPoints = 32;  // of a row

// A row of memory holds the points as differences from these, so that memory of zeros changes
// nothing.
inline constexpr auto kPlainPoints = [] {
  std::array<std::uint16_t, kPoints> points{};
  for (std::size_t i = 0; i < kPoints; ++i)
    points[i] =
        static_cast<std::uint16_t>(squash((static_cast<int>(i) * 2 - 31) * kStretchedHalf / 31));
  return points;
}();
inline constexpr std::size_t kRefinedRowBytes = kPoints * sizeof(std::uint16_t);

// What rows make of one stretched probability.
class RefinedPlace {
 public:
  explicit RefinedPlace(int stretched) {
    const auto scaled =
        static_cast<unsigned>((stretched + kStretchedHalf) * static_cast<int>(kPoints - 1));
    point_ = scaled >> 12;
    above_ = static_cast<int>(scaled & 4095);
  }

  // In units of 2^-16; `row` becomes the address of the nearer of the two points.
  int p(const JournaledMemory& memory, JournaledMemory::Address& row) const {
    const auto* points = memory.read<std::uint16_t>(row + point_ * 2);
    const int low = points[0] ^ kPlainPoints[point_], high = points[1] ^ kPlainPoints[point_ + 1];
    row += (point_ + (above_ >= 2048 ? 1 : 0)) * 2;
    return (low * (4096 - above_) + high * above_) >> 12;
  }

 private:
  unsigned point_;
  int above_;
};

// Moves a point by 2^-rate of what it was wrong by.
inline void correct_refined(JournaledMemory& memory, JournaledMemory::Address point, int bit,
                            int rate) {
  auto& stored = *memory.write<std::uint16_t>(point);
  const std::uint16_t plain = kPlainPoints[point / 2 % kPoints];
  const int p = stored ^ plain;
  stored = static_cast<std::uint16_t>(p + (((bit << 16) - bit - p) >> rate)) ^ plain;
}

}  // namespace kraft::cm
