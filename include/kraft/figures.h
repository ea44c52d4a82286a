// Figures: what a number of a result is called, which way is better, and how far a mean can be
// trusted.
//
//     for (const auto& [key, estimate] : row.figures)
//       std::printf("%s %.2f (%.2f to %.2f)", key.c_str(), estimate.mean, estimate.low, estimate.high);
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace kraft {

// A mean of independent values.
struct Estimate {
  double mean = 0;
  double standard_error = 0;  // NaN of one value, or of values that are not all finite
  double low = 0, high = 0;   // 95 % confidence interval; NaN likewise
  std::size_t count = 0;      // independent values
};

// By how much one mean is above another one over the same windows.
struct Difference {
  Estimate estimate;  // its interval is Student's t, of this difference alone
  double p = 1;       // two-sided, of the hypothesis that there is none; NaN of a single window
  double p_holm = 1;  // corrected (Holm 1979) for all differences to the same reference
};

// The places that a row may have among those it is compared with: 1 is the best one. Rows whose
// places overlap are not told apart.
struct Places {
  std::size_t best = 1, worst = 1;
};

// Values by Figure::key. A figure that has no meaning (words of a photograph) is not there; one
// that has no bound (PSNR of the truth) is infinite.
using Figures = std::map<std::string, double, std::less<>>;

// Which values are good: lower ones, higher ones, or those near to the real data's.
enum class Aim { lower, higher, truth };

// What a figure is of.
enum class FigureKind { prediction, sample, cost };

struct Figure {
  std::string key;    // "bits_per_byte"
  std::string title;  // of a column: "bits/byte"
  std::string unit;
  FigureKind kind = FigureKind::sample;
  Aim aim = Aim::lower;
  int digits = 2;          // after the point
  bool concise = false;    // among the few that say most
  std::string meaning;     // in a line
  double factor = 1;       // from the value to what is shown in the unit
  std::string definition;  // where it is defined in full: "docs/compare.md#text"
};

}  // namespace kraft
