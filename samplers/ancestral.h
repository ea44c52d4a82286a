// One unit after the other: what other samplers fall back to.
#pragma once

#include <cstdint>

#include "drawing.h"

namespace kraft {

// Draws one candidate at a time; spans fall back to it.
class Ancestral {
 public:
  static constexpr bool kSearches = false;

  Ancestral(Drawing& drawing, const SamplerOptions& options);
  Step next();

 private:
  Drawing& drawing_;
  NextUnits next_units_;
  std::uint32_t drawn_unit_ = 0;
};

}  // namespace kraft
