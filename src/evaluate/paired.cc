#include "evaluate/paired.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kraft {
namespace {

// The mean of values without each of them, and last of all.
std::vector<double> means_without(const std::vector<double>& values) {
  double sum = 0;
  bool finite = true;
  for (const double value : values) {
    sum += value;
    finite = finite && std::isfinite(value);
  }
  const auto n = static_cast<double>(values.size());
  std::vector<double> means;
  for (const double value : values)
    means.push_back(finite && values.size() > 1 ? (sum - value) / (n - 1)
                                                : std::numeric_limits<double>::quiet_NaN());
  means.push_back(sum / n);
  return means;
}

}  // namespace

bool has_figure(const Metric& metric, const Cell* cell) {
  if (cell == nullptr) return false;
  return metric.of_windows ? metric.counts(*cell) : cell->figures.contains(metric.key);
}

double figure_of(const Metric& metric, std::span<const Cell* const> cells) {
  if (metric.of_windows) return metric.of_windows(cells);
  double sum = 0;
  for (const Cell* cell : cells) sum += cell->figures.find(metric.key)->second;
  return sum / static_cast<double>(cells.size());
}

PairedFigure::PairedFigure(const Metric& metric, std::vector<CellsByWindow> rows,
                           CellsByWindow truth)
    : metric_(metric), rows_(std::move(rows)) {
  rows_.push_back(std::move(truth));
}

PairedFigure::Windows PairedFigure::shared(std::size_t a, std::size_t b, bool with_truth) const {
  const CellsByWindow& truth = rows_.back();
  Windows windows;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (has_figure(metric_, rows_[a][i]) && has_figure(metric_, rows_[b][i]) &&
        (!with_truth || has_figure(metric_, truth[i])))
      windows.push_back(i);
  }
  return windows;
}

const std::vector<double>& PairedFigure::replicates(std::size_t row, const Windows& windows) {
  std::vector<double>& found = replicates_[{row, windows}];
  if (!found.empty()) return found;
  std::vector<const Cell*> cells;
  for (const std::size_t window : windows) cells.push_back(rows_[row][window]);
  if (!metric_.of_windows) {
    std::vector<double> values;
    for (const Cell* cell : cells) values.push_back(cell->figures.find(metric_.key)->second);
    return found = means_without(values);
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::vector<const Cell*> rest = cells;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    found.push_back(rest.empty() ? std::numeric_limits<double>::quiet_NaN()
                                 : metric_.of_windows(rest));
  }
  found.push_back(metric_.of_windows(cells));
  return found;
}

Difference PairedFigure::difference(std::size_t a, std::size_t b) {
  const Windows windows = shared(a, b, false);
  if (windows.empty()) return paired_difference(std::numeric_limits<double>::quiet_NaN(), {});
  const std::vector<double> of_a = replicates(a, windows), of_b = replicates(b, windows);
  std::vector<double> differences;
  for (std::size_t i = 0; i < of_a.size(); ++i) differences.push_back(of_a[i] - of_b[i]);
  const double all = differences.back();
  differences.pop_back();
  return paired_difference(all, differences);
}

Difference PairedFigure::shortfall(std::size_t a, std::size_t b) {
  if (metric_.aim == Aim::lower) return difference(a, b);
  if (metric_.aim == Aim::higher) return difference(b, a);
  const std::size_t truth = rows_.size() - 1;
  const Windows windows = shared(a, b, true);
  if (windows.empty()) return paired_difference(std::numeric_limits<double>::quiet_NaN(), {});
  const std::vector<double> of_a = replicates(a, windows), of_b = replicates(b, windows),
                            real = replicates(truth, windows);
  std::vector<double> differences;
  for (std::size_t i = 0; i < of_a.size(); ++i)
    differences.push_back(std::abs(of_a[i] - real[i]) - std::abs(of_b[i] - real[i]));
  const double all = differences.back();
  differences.pop_back();
  return paired_difference(all, differences);
}

std::vector<Places> PairedFigure::places(std::size_t count) {
  return places_of(count, [this](std::size_t a, std::size_t b) { return shortfall(a, b); });
}

}  // namespace kraft
