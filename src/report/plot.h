// Curves over one another, in panels below one another, as a picture.
//
//     kraft::Plot plot{.panels = {{.title = "Rates", .x_title = "bytes", .y_title = "%"}}};
//     plot.panels[0].curves.push_back({.name = "gzip", .points = {{1, 100}, {10, 60}}});
//     write(kraft::plot_svg(plot));
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kraft {

struct Curve {
  std::string name = {};                          // in the legend; not named when empty
  std::vector<std::pair<double, double>> points;  // in the order of x
  std::size_t measured = SIZE_MAX;  // so many points are; the line is dashed from the last of them
  bool marked = true;               // with a dot at each point that is measured
};

struct Panel {
  std::string title, x_title = {}, y_title = {};
  bool x_logarithmic = false;  // then all x must be above 0, and likewise y
  bool y_logarithmic = false;
  bool from_zero = true;    // a y axis that is not logarithmic begins at 0
  double shaded_until = 0;  // from the left edge on: what does not count
  std::vector<Curve> curves = {};
};

struct Plot {
  double panel_height = 480;
  std::vector<Panel> panels = {};
};

// Axes with ticks and titles, the curves, and their names at the right where one has a name, as SVG
// 1.1. Where a curve has more points than there are pixels, its line is drawn through the least and
// the largest of each. Throws Error when there is no point at all in a panel whose axis begins at 0
// or is logarithmic, or one that its axis cannot show.
std::string plot_svg(const Plot& plot);

}  // namespace kraft
