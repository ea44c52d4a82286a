#include "report/trace_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "report/svg.h"

namespace kraft {
namespace {

using svg::escaped;
using svg::line;
using svg::number;
using svg::Scale;
using svg::text_at;

constexpr double kWidth = 900, kPanelHeight = 260;
constexpr double kLeft = 70, kRight = 20, kTop = 34, kBottom = 44;
std::string axes(const Scale& x, const Scale& y) {
  constexpr const char* kGrid = "stroke=\"#dddddd\"";
  std::string svg;
  for (const double tick : y.ticks()) {
    svg += line(x.from, y(tick), x.to, y(tick), kGrid);
    svg += text_at(x.from - 6, y(tick) + 4, "end", shortest(tick));
  }
  for (const double tick : x.ticks()) {
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
  const Scale x{0, thin * static_cast<double>(length), kLeft, kWidth - kRight, false};
  const Scale y{low, high, top + kPanelHeight - kBottom, top + kTop, false};
  std::string svg = text_at(kLeft, top + 20, "start", escaped(trace.title));
  if (trace.burn_in > 0) {
    const double end = x(thin * static_cast<double>(trace.burn_in));
    svg += "<rect x=\"" + number(x.from) + "\" y=\"" + number(y.to) + "\" width=\"" +
           number(end - x.from) + "\" height=\"" + number(y.from - y.to) +
           "\" fill=\"#f0f0f0\"/>\n";
  }
  svg += axes(x, y);
  for (std::size_t i = 0; i < trace.chains_bits.size(); ++i)
    svg += polyline(trace.chains_bits[i], thin, x, y, svg::kColours[i % svg::kColours.size()]);
  return svg;
}

}  // namespace

std::string trace_plot_svg(const std::vector<Trace>& traces) {
  const double height = kPanelHeight * static_cast<double>(std::max<std::size_t>(1, traces.size()));
  std::string body;
  for (std::size_t i = 0; i < traces.size(); ++i)
    body += panel(traces[i], kPanelHeight * static_cast<double>(i));
  return svg::document(kWidth, height, body);
}

}  // namespace kraft
