// The names of distances to pixels nearby, the likeliest first, that WebP and JPEG XL share (RFC
// 9649, section 5.2.2; ISO/IEC 18181-1, annex C).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace kraft::lz {

inline constexpr std::uint32_t kNearDistances = 120;

// In pixels, at least 1, in rows of so many; names are from 0 on, and those beyond the near ones
// count from a distance of 1.
inline std::size_t distance_of_name(std::size_t name, std::size_t width) {
  if (name >= kNearDistances) return name - kNearDistances + 1;
  struct Step {
    std::int8_t columns, rows;
  };
  static constexpr std::array<Step, kNearDistances> kSteps = {{
      {0, 1},  {1, 0},  {1, 1},  {-1, 1}, {0, 2},  {2, 0},  {1, 2},  {-1, 2}, {2, 1},  {-2, 1},
      {2, 2},  {-2, 2}, {0, 3},  {3, 0},  {1, 3},  {-1, 3}, {3, 1},  {-3, 1}, {2, 3},  {-2, 3},
      {3, 2},  {-3, 2}, {0, 4},  {4, 0},  {1, 4},  {-1, 4}, {4, 1},  {-4, 1}, {3, 3},  {-3, 3},
      {2, 4},  {-2, 4}, {4, 2},  {-4, 2}, {0, 5},  {3, 4},  {-3, 4}, {4, 3},  {-4, 3}, {5, 0},
      {1, 5},  {-1, 5}, {5, 1},  {-5, 1}, {2, 5},  {-2, 5}, {5, 2},  {-5, 2}, {4, 4},  {-4, 4},
      {3, 5},  {-3, 5}, {5, 3},  {-5, 3}, {0, 6},  {6, 0},  {1, 6},  {-1, 6}, {6, 1},  {-6, 1},
      {2, 6},  {-2, 6}, {6, 2},  {-6, 2}, {4, 5},  {-4, 5}, {5, 4},  {-5, 4}, {3, 6},  {-3, 6},
      {6, 3},  {-6, 3}, {0, 7},  {7, 0},  {1, 7},  {-1, 7}, {5, 5},  {-5, 5}, {7, 1},  {-7, 1},
      {4, 6},  {-4, 6}, {6, 4},  {-6, 4}, {2, 7},  {-2, 7}, {7, 2},  {-7, 2}, {3, 7},  {-3, 7},
      {7, 3},  {-7, 3}, {5, 6},  {-5, 6}, {6, 5},  {-6, 5}, {8, 0},  {4, 7},  {-4, 7}, {7, 4},
      {-7, 4}, {8, 1},  {8, 2},  {6, 6},  {-6, 6}, {8, 3},  {5, 7},  {-5, 7}, {7, 5},  {-7, 5},
      {8, 4},  {6, 7},  {-6, 7}, {7, 6},  {-7, 6}, {8, 5},  {7, 7},  {-7, 7}, {8, 6},  {8, 7},
  }};
  const Step step = kSteps[name];
  return static_cast<std::size_t>(
      std::max<std::int64_t>(step.columns + step.rows * static_cast<std::int64_t>(width), 1));
}

}  // namespace kraft::lz
