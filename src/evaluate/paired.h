// One figure of several rows, compared over the same windows.
//
//     PairedFigure figure(metric, {cells_of_gzip, cells_of_xz}, cells_of_truth);
//     Difference d = figure.difference(1, 0);     // xz above gzip, over the windows that both have
//     std::vector<Places> places = figure.places(2);
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "evaluate/metrics.h"
#include "evaluate/statistics.h"

namespace kraft {

using CellsByWindow = std::vector<const Cell*>;  // null where there is none

// Whether a cell has what the figure is made of.
bool has_figure(const Metric& metric, const Cell* cell);

// The figure of cells that all have it, which are one at least.
double figure_of(const Metric& metric, std::span<const Cell* const> cells);

class PairedFigure {
 public:
  // All rows have as many windows. The truth's cells are asked for by figures that are the better
  // the nearer they are to its own. The metric and the cells must outlive it.
  PairedFigure(const Metric& metric, std::vector<CellsByWindow> rows, CellsByWindow truth);

  // By how much a is above b. Of rows that share no window the estimate is NaN of 0 windows.
  Difference difference(std::size_t a, std::size_t b);

  // By how much a is worse than b, in the sense of the figure's aim.
  Difference shortfall(std::size_t a, std::size_t b);

  // Of the first `count` rows, among them.
  std::vector<Places> places(std::size_t count);

 private:
  using Windows = std::vector<std::size_t>;
  Windows shared(std::size_t a, std::size_t b, bool with_truth) const;
  // The figure without each of these windows, and last of all of them.
  const std::vector<double>& replicates(std::size_t row, const Windows& windows);

  const Metric& metric_;
  std::vector<CellsByWindow> rows_;  // and the truth
  std::map<std::pair<std::size_t, Windows>, std::vector<double>> replicates_;
};

}  // namespace kraft
