// One candidate at a time; ancestral.cc says how.
#pragma once

#include <cstdint>
#include <vector>

#include "samplers/drawing.h"

namespace kraft {

// The units that may come next, and what each of them costs.
class NextUnits {
 public:
  explicit NextUnits(Drawing& drawing);

  // Measures them; both spans are valid until the next call.
  void measure();
  std::span<const ByteView> units() const { return units_; }
  std::span<const double> bits() const { return bits_; }

 private:
  Drawing& drawing_;
  std::vector<std::uint32_t> allowed_;
  std::vector<ByteView> units_;
  Bytes alphabet_;  // their first bytes
  std::vector<double> bits_;
};

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
