// Curves over one another, as a picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kraft {

struct PlotSeries {
  std::string name;
  std::vector<std::pair<double, double>> points = {};  // in the order of x
  std::size_t measured = SIZE_MAX;  // so many points are; the line is dashed from the last of them
  bool marked = true;               // with a dot at each point that is measured
};

struct LinePlot {
  std::string title, x_title, y_title;
  bool x_logarithmic = false;  // then all x must be above 0, and likewise y
  bool y_logarithmic = false;
  std::vector<PlotSeries> series = {};
};

// Axes with ticks and titles, the curves, and their names at the right, as SVG 1.1. A linear y axis
// begins at 0. Throws Error when there is no point at all, or one that its axis cannot show.
std::string line_plot_svg(const LinePlot& plot);

}  // namespace kraft
