// The cells of a comparison, summed up into rows.

#include <optional>

#include "evaluate/comparison.h"

namespace kraft {
namespace {

using Group = std::vector<const Cell*>;

// A window that lacks the figure does not count.
std::optional<Estimate> mean_over(const Group& group, const std::string& key) {
  std::vector<double> values;
  for (const Cell* cell : group) {
    if (const auto found = cell->figures.find(key); found != cell->figures.end())
      values.push_back(found->second);
  }
  if (values.empty()) return std::nullopt;
  return estimate(values);
}

}  // namespace

ComparisonRow Comparison::row(std::size_t input, const std::string& model,
                              const std::string& sampler, bool bound,
                              const std::map<CellKey, Cell>& cells) const {
  const auto group_of = [&](const std::string& of) {
    Group group;
    for (std::size_t window = 0; window < inputs_[input].windows.size(); ++window) {
      const auto found = cells.find({input, window, model, of, bound});
      if (found != cells.end()) group.push_back(&found->second);
    }
    return group;
  };
  const Group predictions = group_of(kNoSampler), samples = group_of(sampler);
  ComparisonRow row{input, model, sampler, bound, {}, {}};
  for (const Metric& metric : metrics_[input]) {
    std::optional<Estimate> found =
        metric.of_windows ? metric.of_windows(predictions) : mean_over(predictions, metric.key);
    if (!found) found = mean_over(samples, metric.key);
    if (!found) continue;
    // Who knows the truth is not estimated.
    const bool exact = bound && model == kTruthModel && metric.kind == FigureKind::prediction;
    row.figures[metric.key] = metric.share && !exact ? share_estimate(*found) : *found;
  }
  std::map<std::uint64_t, std::vector<double>> rates;
  for (const Cell* cell : predictions) {
    for (const RateAtContext& rate : cell->rates)
      rates[rate.context_bytes].push_back(rate.bits_per_byte);
  }
  for (const auto& [bytes, list] : rates) row.rates.emplace_back(bytes, estimate(list));
  return row;
}

std::vector<ComparisonRow> Comparison::rows(const std::map<CellKey, Cell>& cells) const {
  std::vector<ComparisonRow> rows;
  const auto add = [&](std::size_t input, const std::string& model, const std::string& sampler,
                       bool bound) {
    ComparisonRow row = this->row(input, model, sampler, bound, cells);
    if (!row.figures.empty()) rows.push_back(std::move(row));
  };
  for (std::size_t input = 0; input < inputs_.size(); ++input) {
    add(input, kTruthModel, kBoundSampler, true);
    for (const std::string& model : models_) {
      for (const ComparedSampler& sampler : samplers_) add(input, model, sampler.spec, false);
    }
    add(input, kUniformModel, kBoundSampler, true);
  }
  return rows;
}

}  // namespace kraft
