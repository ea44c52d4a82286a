#include "report/plot.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kraft/error.h"
#include "report/svg.h"
#include "report/trace_plot.h"

namespace kraft {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

Plot one_panel() {
  return {
      .panels = {
          {.title = "a < b & c", .x_title = "bytes", .y_title = "rate", .x_logarithmic = true}}};
}

TEST(Plot, HasCurvesTheirNamesAndTitles) {
  Plot plot = one_panel();
  auto& curves = plot.panels[0].curves;
  curves.push_back({.name = "gzip", .points = {{1, 100}, {10, 60}, {100, 50}}});
  curves.push_back({.name = "x<z", .points = {{1, 90}, {100, 40}}, .measured = 1});
  const std::string svg = plot_svg(plot);
  EXPECT_TRUE(svg.starts_with("<svg"));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  for (const char* part : {"a &lt; b &amp; c", ">bytes<", ">rate<", ">gzip<", "x&lt;z"})
    EXPECT_NE(svg.find(part), svg.npos) << part;
  EXPECT_EQ(count(svg, "<circle"), 4U);  // three, and the one that is measured
  EXPECT_EQ(svg.find("a < b"), svg.npos);
  EXPECT_NE(svg.find("stroke-dasharray"), svg.npos);
}

TEST(Plot, WhatItCannotShowIsAnError) {
  Plot plot = one_panel();
  EXPECT_THROW(plot_svg(plot), Error);
  plot.panels[0].curves.push_back({.name = "s", .points = {{0, 1}}});
  EXPECT_THROW(plot_svg(plot), Error);  // the logarithm of nothing
  plot.panels[0].curves[0].points = {{1, std::numeric_limits<double>::quiet_NaN()}};
  EXPECT_THROW(plot_svg(plot), Error);
}

TEST(Plot, TracesArePanelsWhoseLinesKeepTheExtremes) {
  Trace trace{
      .title = "span 1", .chains_bits = {std::vector<double>(100000, 5), {7, 7}}, .burn_in = 9};
  trace.chains_bits[0][50000] = 50;  // one step that no pixel has to itself
  const std::string svg = trace_plot_svg({trace, {.title = "span 2", .chains_bits = {}}});
  EXPECT_EQ(count(svg, "<polyline"), 2U);
  EXPECT_EQ(count(svg, "#f0f0f0"), 1U);
  EXPECT_NE(svg.find(">span 2<"), svg.npos);
  EXPECT_LT(svg.size(), 40'000U);
  EXPECT_NE(svg.find(",44.0 "), svg.npos);  // the top of the first panel, where 50 is
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
