#include "report/svg.h"

#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace kraft::svg {
namespace {

// A step of 1, 2 or 5 times a power of ten that divides the range into about five.
double tick_step(double range) {
  const double power = std::pow(10, std::floor(std::log10(range / 5)));
  for (double factor : {1.0, 2.0, 5.0}) {
    if (range / (factor * power) <= 6) return factor * power;
  }
  return 10 * power;
}

}  // namespace

double Scale::operator()(double value) const {
  const double share =
      logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  return from + share * (to - from);
}

std::vector<double> Scale::ticks() const {
  std::vector<double> ticks;
  if (!logarithmic) {
    const double step = tick_step(high - low);
    for (double tick = std::ceil(low / step) * step; tick <= high; tick += step)
      ticks.push_back(std::round(tick * 1e6) / 1e6);
    return ticks;
  }
  constexpr double kSlack = 1 + 1e-9;  // powers of ten are rounded
  const bool powers_alone = std::log10(high / low) > 4;
  for (double power = std::floor(std::log10(low)); std::pow(10, power) <= high * kSlack; ++power) {
    for (double factor : {1.0, 2.0, 5.0}) {
      const double tick = factor * std::pow(10, power);
      if (powers_alone && factor > 1) continue;
      if (tick * kSlack >= low && tick <= high * kSlack) ticks.push_back(tick);
    }
  }
  return ticks;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string escaped(const std::string& text) {
  std::string safe;
  for (char c : printable(text)) {
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" +
         text + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, const char* style) {
  return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
         "\" y2=\"" + number(y2) + "\" " + style + "/>\n";
}

std::string document(double width, double height, const std::string& body) {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"" + number(width) +
         "\" height=\"" + number(height) +
         "\" font-family=\"sans-serif\" font-size=\"12\">\n"
         "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n" +
         body + "</svg>\n";
}

}  // namespace kraft::svg
