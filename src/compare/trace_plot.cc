#include "compare/trace_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "base/text.h"

namespace kraft {
namespace {

constexpr double kWidth = 900, kPanelHeight = 260;
constexpr double kLeft = 70, kRight = 20, kTop = 34, kBottom = 44;
constexpr std::array kColours = {"#1b6ca8", "#d1495b", "#3a7d44", "#8e5ea2",
                                 "#c98a1b", "#4b4b4b", "#17a2a2", "#a34a28"};

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

struct Scale {
  double low = 0, high = 1;  // of the values
  double from = 0, to = 1;   // of the picture
  double operator()(double value) const {
    return from + (value - low) / (high - low) * (to - from);
  }
};

// A step of 1, 2 or 5 times a power of ten that divides the range into about five.
double tick_step(double range) {
  const double power = std::pow(10, std::floor(std::log10(range / 5)));
  for (double factor : {1.0, 2.0, 5.0}) {
    if (range / (factor * power) <= 6) return factor * power;
  }
  return 10 * power;
}

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" +
         text + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, const char* style) {
  return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
         "\" y2=\"" + number(y2) + "\" " + style + "/>\n";
}

std::string axes(const Scale& x, const Scale& y) {
  constexpr const char* kGrid = "stroke=\"#dddddd\"";
  std::string svg;
  const double y_step = tick_step(y.high - y.low);
  for (double tick = std::ceil(y.low / y_step) * y_step; tick <= y.high; tick += y_step) {
    svg += line(x.from, y(tick), x.to, y(tick), kGrid);
    svg += text_at(x.from - 6, y(tick) + 4, "end", shortest(std::round(tick * 1e6) / 1e6));
  }
  const double x_step = tick_step(x.high - x.low);
  for (double tick = std::ceil(x.low / x_step) * x_step; tick <= x.high; tick += x_step) {
    svg += line(x(tick), y.from, x(tick), y.from + 4, "stroke=\"#888888\"");
    svg += text_at(x(tick), y.from + 18, "middle", shortest(tick));
  }
  svg += text_at(x.to, y.from + 34, "end", "step");
  return svg;
}

std::string polyline(const std::vector<double>& values, double thin, const Scale& x, const Scale& y,
                     const char* colour) {
  const auto most = static_cast<std::size_t>(x.to - x.from);
  const std::size_t bucket = std::max<std::size_t>(1, values.size() / most);
  std::string points;
  const auto point = [&](std::size_t i) {
    points += number(x(thin * static_cast<double>(i + 1))) + "," + number(y(values[i])) + " ";
  };
  for (std::size_t begin = 0; begin < values.size(); begin += bucket) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = first + static_cast<std::ptrdiff_t>(std::min(bucket, values.size() - begin));
    auto [low, high] = std::minmax_element(first, last);
    if (high < low) std::swap(low, high);
    point(static_cast<std::size_t>(low - values.begin()));
    if (low != high) point(static_cast<std::size_t>(high - values.begin()));
  }
  return "<polyline fill=\"none\" stroke=\"" + std::string(colour) +
         "\" stroke-width=\"1\" points=\"" + points + "\"/>\n";
}

std::string panel(const Trace& trace, double top) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::size_t length = 1;
  for (const std::vector<double>& chain : trace.chains_bits) {
    length = std::max(length, chain.size());
    for (double value : chain) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  if (!(low < high)) {  // a chain that never moved, or none
    low = std::isfinite(low) ? low - 1 : 0;
    high = low + 2;
  }
  const auto thin = static_cast<double>(trace.thin);
  const Scale x{0, thin * static_cast<double>(length), kLeft, kWidth - kRight};
  const Scale y{low, high, top + kPanelHeight - kBottom, top + kTop};
  std::string svg = text_at(kLeft, top + 20, "start", escaped(trace.title));
  if (trace.burn_in > 0) {
    const double end = x(thin * static_cast<double>(trace.burn_in));
    svg += "<rect x=\"" + number(x.from) + "\" y=\"" + number(y.to) + "\" width=\"" +
           number(end - x.from) + "\" height=\"" + number(y.from - y.to) +
           "\" fill=\"#f0f0f0\"/>\n";
  }
  svg += axes(x, y);
  for (std::size_t i = 0; i < trace.chains_bits.size(); ++i)
    svg += polyline(trace.chains_bits[i], thin, x, y, kColours[i % kColours.size()]);
  return svg;
}

}  // namespace

std::string trace_plot_svg(const std::vector<Trace>& traces) {
  const double height = kPanelHeight * static_cast<double>(std::max<std::size_t>(1, traces.size()));
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"" +
                    number(kWidth) + "\" height=\"" + number(height) +
                    "\" font-family=\"sans-serif\" font-size=\"12\">\n"
                    "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  for (std::size_t i = 0; i < traces.size(); ++i)
    svg += panel(traces[i], kPanelHeight * static_cast<double>(i));
  return svg + "</svg>\n";
}

}  // namespace kraft
