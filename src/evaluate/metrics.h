// The figures of a comparison: one table for tables, files, pages and help.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kraft/media.h"

namespace kraft {

// By Metric::key. A figure that has no meaning (words of a photograph) is not there; one that is
// beyond all numbers (PSNR of the truth) is infinite.
using Figures = std::map<std::string, double, std::less<>>;

// What is good.
enum class Aim { lower, higher, truth };

struct Metric {
  enum class Kind { prediction, sample, cost };

  std::string key;
  std::string title;  // of a column
  std::string unit;
  Kind kind = Kind::sample;
  Aim aim = Aim::lower;
  int digits = 2;        // after the point
  bool concise = false;  // in a terminal unless all are wanted
  std::string meaning;
  double factor = 1;  // from the figure to what is shown
};

// In the order of columns. Each judge of text has a column of its own.
std::vector<Metric> metrics_of(Medium medium, std::span<const std::string> judges);

std::string judge_key(std::string_view judge);

}  // namespace kraft
