#include "report/line_plot.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kraft/error.h"
#include "report/svg.h"

namespace kraft {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(LinePlot, HasCurvesTheirNamesAndTitles) {
  LinePlot plot{.title = "a < b & c", .x_title = "bytes", .y_title = "rate", .x_logarithmic = true};
  plot.series.push_back({.name = "gzip", .points = {{1, 100}, {10, 60}, {100, 50}}});
  plot.series.push_back({.name = "x<z", .points = {{1, 90}, {100, 40}}, .measured = 1});
  const std::string svg = line_plot_svg(plot);
  EXPECT_TRUE(svg.starts_with("<svg"));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  for (const char* part : {"a &lt; b &amp; c", ">bytes<", ">rate<", ">gzip<", "x&lt;z"})
    EXPECT_NE(svg.find(part), svg.npos) << part;
  EXPECT_EQ(count(svg, "<circle"), 4U);  // three, and the one that is measured
  EXPECT_EQ(svg.find("a < b"), svg.npos);
  EXPECT_NE(svg.find("stroke-dasharray"), svg.npos);
}

TEST(LinePlot, WhatItCannotShowIsAnError) {
  LinePlot plot{.title = "t", .x_title = "x", .y_title = "y", .x_logarithmic = true};
  EXPECT_THROW(line_plot_svg(plot), Error);
  plot.series.push_back({.name = "s", .points = {{0, 1}}});
  EXPECT_THROW(line_plot_svg(plot), Error);  // the logarithm of nothing
  plot.series[0].points = {{1, std::numeric_limits<double>::quiet_NaN()}};
  EXPECT_THROW(line_plot_svg(plot), Error);
}

TEST(Svg, TicksAreRoundAndInside) {
  const svg::Scale linear{.low = 0, .high = 97, .from = 0, .to = 10};
  EXPECT_EQ(linear.ticks(), (std::vector<double>{0, 20, 40, 60, 80}));
  EXPECT_DOUBLE_EQ(linear(97), 10);
  const svg::Scale logarithmic{.low = 1, .high = 100, .from = 0, .to = 10, .logarithmic = true};
  EXPECT_EQ(logarithmic.ticks(), (std::vector<double>{1, 2, 5, 10, 20, 50, 100}));
  EXPECT_NEAR(logarithmic(10), 5, 1e-12);
}

}  // namespace
}  // namespace kraft
