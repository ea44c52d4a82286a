#include "report/plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "kraft/error.h"
#include "report/svg.h"

namespace kraft {
namespace {

using svg::line;
using svg::number;
using svg::Scale;
using svg::text_at;

constexpr double kWidth = 900;
constexpr double kLeft = 76, kRight = 20, kLegend = 200, kTop = 44, kBottom = 56;
constexpr const char* kGrid = "stroke=\"#dddddd\"";

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void include(double value, bool logarithmic) {
    if (!std::isfinite(value) || (logarithmic && value <= 0))
      throw Error("a plot has no place for " + shortest(value));
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// 1e+06 is written 10^6.
std::string tick_text(double tick) {
  const double power = std::log10(tick);
  if (tick < 1e5 || std::abs(power - std::round(power)) > 1e-9) return shortest(tick);
  return "10<tspan dy=\"-5\" font-size=\"9\">" + shortest(std::round(power)) + "</tspan>";
}

std::string axes(const Panel& panel, const Scale& x, const Scale& y) {
  std::string svg;
  for (const double tick : y.ticks()) {
    svg += line(x.from, y(tick), x.to, y(tick), kGrid);
    svg += text_at(x.from - 6, y(tick) + 4, "end", tick_text(tick));
  }
  for (const double tick : x.ticks()) {
    svg += line(x(tick), y.from, x(tick), y.to, kGrid);
    svg += text_at(x(tick), y.from + 18, "middle", tick_text(tick));
  }
  svg += line(x.from, y.from, x.to, y.from, "stroke=\"#555555\"");
  svg += line(x.from, y.from, x.from, y.to, "stroke=\"#555555\"");
  svg += text_at((x.from + x.to) / 2, y.from + 42, "middle", svg::escaped(panel.x_title));
  if (panel.y_title.empty()) return svg;
  const std::string middle = number((y.from + y.to) / 2);
  svg += "<text x=\"18\" y=\"" + middle + "\" text-anchor=\"middle\" transform=\"rotate(-90 18 " +
         middle + ")\">" + svg::escaped(panel.y_title) + "</text>\n";
  return svg;
}

// Of as many points as there are pixels or fewer, all; else the extremes of each stretch of them.
std::vector<std::size_t> drawn_points(const Curve& curve, double pixels) {
  const std::size_t stretch =
      std::max<std::size_t>(1, curve.points.size() / static_cast<std::size_t>(pixels));
  std::vector<std::size_t> drawn;
  for (std::size_t begin = 0; begin < curve.points.size(); begin += stretch) {
    const std::size_t end = std::min(begin + stretch, curve.points.size());
    std::size_t low = begin, high = begin;
    for (std::size_t i = begin; i < end; ++i) {
      if (curve.points[i].second < curve.points[low].second) low = i;
      if (curve.points[i].second >= curve.points[high].second) high = i;
    }
    drawn.push_back(std::min(low, high));
    if (low != high) drawn.push_back(std::max(low, high));
  }
  return drawn;
}

std::string polyline(const std::string& points, const char* colour, double width,
                     const char* more) {
  return "<polyline fill=\"none\" stroke=\"" + std::string(colour) + "\" stroke-width=\"" +
         shortest(width) + "\"" + more + " points=\"" + points + "\"/>\n";
}

std::string drawn(const Curve& curve, const Scale& x, const Scale& y, const char* colour) {
  std::string measured, beyond, dots;
  for (const std::size_t i : drawn_points(curve, x.to - x.from)) {
    const std::string px = number(x(curve.points[i].first));
    const std::string py = number(y(curve.points[i].second));
    std::string point = px;
    point.append(",").append(py).append(" ");
    if (i < curve.measured) measured += point;
    if (i < curve.measured && curve.marked)
      dots.append("<circle cx=\"")
          .append(px)
          .append("\" cy=\"")
          .append(py)
          .append("\" r=\"3\" fill=\"")
          .append(colour)
          .append("\"/>\n");
    if (curve.measured != SIZE_MAX && i + 1 >= curve.measured) beyond += point;
  }
  const double width = curve.marked || curve.measured != SIZE_MAX ? 2 : 1;
  std::string svg = polyline(measured, colour, width, "");
  if (!beyond.empty()) svg += polyline(beyond, colour, width, " stroke-dasharray=\"5 4\"");
  return svg + dots;
}

std::string legend(const Panel& panel, double left, double top) {
  std::string svg;
  for (std::size_t i = 0; i < panel.curves.size(); ++i) {
    if (panel.curves[i].name.empty()) continue;
    const double at = top + 10 + 20 * static_cast<double>(i);
    svg += "<rect x=\"" + number(left) + "\" y=\"" + number(at - 5) +
           "\" width=\"18\" height=\"4\" fill=\"" + svg::kColours[i % svg::kColours.size()] +
           "\"/>\n";
    svg += text_at(left + 26, at + 1, "start", svg::escaped(panel.curves[i].name));
  }
  return svg;
}

// The ranges of what is shown, with some room.
std::pair<Range, Range> ranges(const Panel& panel) {
  Range xs, ys;
  for (const Curve& curve : panel.curves) {
    for (const auto& [x, y] : curve.points) {
      xs.include(x, panel.x_logarithmic);
      ys.include(y, panel.y_logarithmic);
    }
  }
  const bool nothing = xs.low > xs.high;
  if (nothing && (panel.from_zero || panel.x_logarithmic || panel.y_logarithmic))
    throw Error("there is nothing to plot");
  if (nothing) xs.low = xs.high = ys.low = ys.high = 0;
  if (!panel.from_zero) xs.low = 0;
  if (xs.low == xs.high) xs.high = xs.low + 1;
  if (panel.y_logarithmic) {
    ys.low /= 1.3;
    ys.high *= 1.3;
  } else if (panel.from_zero) {
    ys.low = std::min(0.0, ys.low);
    ys.high = ys.high > ys.low ? ys.high * 1.04 : ys.low + 1;
  } else if (ys.low == ys.high) {
    --ys.low;
    ++ys.high;
  }
  return {xs, ys};
}

std::string panel_svg(const Panel& panel, double top, double height) {
  const auto [xs, ys] = ranges(panel);
  const bool named =
      std::ranges::any_of(panel.curves, [](const Curve& c) { return !c.name.empty(); });
  const double right = kWidth - kRight - (named ? kLegend : 0);
  const Scale x{xs.low, xs.high, kLeft, right, panel.x_logarithmic};
  const Scale y{ys.low, ys.high, top + height - kBottom, top + kTop, panel.y_logarithmic};
  std::string svg = "<text x=\"" + number(kLeft) + "\" y=\"" + number(top + 24) +
                    "\" font-size=\"15\">" + svg::escaped(panel.title) + "</text>\n";
  if (panel.shaded_until > 0)
    svg += "<rect x=\"" + number(x.from) + "\" y=\"" + number(y.to) + "\" width=\"" +
           number(x(panel.shaded_until) - x.from) + "\" height=\"" + number(y.from - y.to) +
           "\" fill=\"#f0f0f0\"/>\n";
  svg += axes(panel, x, y);
  for (std::size_t i = 0; i < panel.curves.size(); ++i)
    svg += drawn(panel.curves[i], x, y, svg::kColours[i % svg::kColours.size()]);
  return svg + legend(panel, right + 14, top + kTop);
}

}  // namespace

std::string plot_svg(const Plot& plot) {
  const auto panels = static_cast<double>(std::max<std::size_t>(1, plot.panels.size()));
  std::string body;
  for (std::size_t i = 0; i < plot.panels.size(); ++i)
    body +=
        panel_svg(plot.panels[i], plot.panel_height * static_cast<double>(i), plot.panel_height);
  return svg::document(kWidth, plot.panel_height * panels, body);
}

}  // namespace kraft
