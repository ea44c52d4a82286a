#include "report/line_plot.h"

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

constexpr double kWidth = 900, kHeight = 480;
constexpr double kLeft = 76, kRight = 220, kTop = 44, kBottom = 56;
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

std::string axes(const LinePlot& plot, const Scale& x, const Scale& y) {
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
  svg += text_at((x.from + x.to) / 2, y.from + 42, "middle", svg::escaped(plot.x_title));
  const std::string middle = number((y.from + y.to) / 2);
  svg += "<text x=\"18\" y=\"" + middle + "\" text-anchor=\"middle\" transform=\"rotate(-90 18 " +
         middle + ")\">" + svg::escaped(plot.y_title) + "</text>\n";
  return svg;
}

std::string polyline(const std::string& points, const char* colour, const char* more) {
  return "<polyline fill=\"none\" stroke=\"" + std::string(colour) + "\" stroke-width=\"2\"" +
         more + " points=\"" + points + "\"/>\n";
}

std::string curve(const PlotSeries& series, const Scale& x, const Scale& y, const char* colour) {
  std::string measured, beyond, dots;
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    const std::string px = number(x(series.points[i].first));
    const std::string py = number(y(series.points[i].second));
    std::string point = px;
    point += ",";
    point += py;
    point += " ";
    if (i < series.measured) {
      measured += point;
      if (series.marked) {
        dots += "<circle cx=\"";
        dots += px;
        dots += "\" cy=\"";
        dots += py;
        dots += "\" r=\"3\" fill=\"";
        dots += colour;
        dots += "\"/>\n";
      }
    }
    if (i + 1 >= series.measured) beyond += point;
  }
  std::string svg = polyline(measured, colour, "");
  if (!beyond.empty()) svg += polyline(beyond, colour, " stroke-dasharray=\"5 4\"");
  return svg + dots;
}

}  // namespace

std::string line_plot_svg(const LinePlot& plot) {
  Range xs, ys;
  for (const PlotSeries& series : plot.series) {
    for (const auto& [x, y] : series.points) {
      xs.include(x, plot.x_logarithmic);
      ys.include(y, plot.y_logarithmic);
    }
  }
  if (!(xs.low <= xs.high)) throw Error("there is nothing to plot");
  if (xs.low == xs.high) xs.high = xs.low + 1;
  if (plot.y_logarithmic) {  // some room above and below
    ys.low /= 1.3;
    ys.high *= 1.3;
  } else {
    ys.low = std::min(0.0, ys.low);
    ys.high = ys.high > ys.low ? ys.high * 1.04 : ys.low + 1;
  }
  const Scale x{xs.low, xs.high, kLeft, kWidth - kRight, plot.x_logarithmic};
  const Scale y{ys.low, ys.high, kHeight - kBottom, kTop, plot.y_logarithmic};
  std::string svg = "<text x=\"" + number(kLeft) + "\" y=\"24\" font-size=\"15\">" +
                    svg::escaped(plot.title) + "</text>\n";
  svg += axes(plot, x, y);
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const char* colour = svg::kColours[i % svg::kColours.size()];
    svg += curve(plot.series[i], x, y, colour);
    const double at = kTop + 10 + 20 * static_cast<double>(i);
    svg += "<rect x=\"" + number(kWidth - kRight + 14) + "\" y=\"" + number(at - 5) +
           "\" width=\"18\" height=\"4\" fill=\"" + colour + "\"/>\n";
    svg += text_at(kWidth - kRight + 40, at + 1, "start", svg::escaped(plot.series[i].name));
  }
  return svg::document(kWidth, kHeight, svg);
}

}  // namespace kraft
