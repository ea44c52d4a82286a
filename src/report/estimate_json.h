// Estimates as JSON.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

#include "kraft/figures.h"

namespace kraft {

// What is beyond all numbers has no JSON: null.
inline nlohmann::ordered_json number_json(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

inline nlohmann::ordered_json estimate_json(const Estimate& e) {
  return {{"mean", number_json(e.mean)},
          {"standard_error", number_json(e.standard_error)},
          {"low", number_json(e.low)},
          {"high", number_json(e.high)}};
}

}  // namespace kraft
