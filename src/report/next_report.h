// What models expect next, as a chart and as JSON.
#pragma once

#include <string>

#include "kraft/tasks/next.h"

namespace kraft {

inline constexpr int kDefaultTop = 16;

struct ChartStyle {
  int top = kDefaultTop;  // bytes that are shown, 1..256
  bool colour = false;
  bool utf8 = false;  // bars of eighths of a cell
};

// One chart for each model; the two views of a codec share one.
std::string next_chart(const NextResult& result, const ChartStyle& style);

// All 256 bytes: one object for one model, an array of them for several.
std::string next_json(const NextResult& result);

}  // namespace kraft
