// The five filters of PNG (ISO/IEC 15948, section 9): each predicts a byte from its neighbours, and
// the residual modulo 256 is what DEFLATE compresses.
#pragma once

#include <cstdlib>

#include "kraft/bytes.h"

namespace kraft::png {

inline constexpr int kFilters = 5;

// The bytes of the same channel to the left, above, and above to the left; 0 beyond the edges.
struct Neighbours {
  int left = 0, above = 0, above_left = 0;
  bool in_first_column = true, in_first_row = true;
};

// The filters by their numbers in a file: none, sub, up, average, paeth.
inline int predict(int filter, const Neighbours& n) {
  switch (filter) {
    case 1:
      return n.left;
    case 2:
      return n.above;
    case 3:
      return (n.left + n.above) / 2;
    case 4: {
      const int estimate = n.left + n.above - n.above_left;
      const int left = std::abs(estimate - n.left), above = std::abs(estimate - n.above),
                above_left = std::abs(estimate - n.above_left);
      if (left <= above && left <= above_left) return n.left;
      return above <= above_left ? n.above : n.above_left;
    }
    default:
      return 0;
  }
}

inline Byte residual(int value, int prediction) { return static_cast<Byte>(value - prediction); }

// Residuals stand for -128..127. One that wraps around makes a step from black to white as cheap as
// a step of one. What is not predicted cannot wrap: all of the filter none, and what lacks one of
// its neighbours at an edge.
inline bool wraps(int filter, int value, const Neighbours& n) {
  const bool looks_left = filter == 1 || filter >= 3, looks_up = filter >= 2;
  if (filter == 0 || (looks_left && n.in_first_column) || (looks_up && n.in_first_row))
    return false;
  const int step = value - predict(filter, n);
  return step < -128 || step > 127;
}

}  // namespace kraft::png
