// The cells of a comparison, summed up into rows.

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include "base/parallel.h"
#include "evaluate/comparison.h"
#include "evaluate/paired.h"

namespace kraft {
namespace {

// Over the windows that have it: their mean, or of all of them with the jackknife.
std::optional<Estimate> over_windows(const Metric& metric, CellsByWindow cells) {
  std::erase_if(cells, [&metric](const Cell* cell) { return !has_figure(metric, cell); });
  if (cells.empty()) return std::nullopt;
  if (!metric.of_windows) {
    std::vector<double> values;
    for (const Cell* cell : cells) values.push_back(cell->figures.find(metric.key)->second);
    return estimate(values);
  }
  const Estimate found = jackknife(cells.size(), [&](std::size_t without) {
    CellsByWindow rest = cells;
    if (without < rest.size()) rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(without));
    return figure_of(metric, rest);
  });
  return std::isnan(found.mean) ? std::nullopt : std::optional(found);
}

// Of the samples of all windows that have the figure.
double error_by_seeds(const Metric& metric, const CellsByWindow& cells) {
  std::vector<std::vector<double>> by_window;
  for (const Cell* cell : cells) {
    if (!has_figure(metric, cell)) continue;
    std::vector<double>& values = by_window.emplace_back();
    for (const Draw& draw : cell->draws) {
      if (const auto found = draw.figures.find(metric.key); found != draw.figures.end())
        values.push_back(found->second);
    }
  }
  return error_within(by_window);
}

// Rows that can differ in a figure: predictions are the same whatever is drawn.
std::vector<std::size_t> distinct_rows(std::span<const ComparisonRow> rows, FigureKind kind) {
  std::vector<std::size_t> distinct;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto is_same = [&](std::size_t other) { return rows[other].model == rows[i].model; };
    if (!rows[i].bound &&
        (kind != FigureKind::prediction || std::ranges::none_of(distinct, is_same)))
      distinct.push_back(i);
  }
  return distinct;
}

// The first row of the model, or of any; nothing where there is none.
std::optional<std::size_t> reference_among(std::span<const ComparisonRow> rows,
                                           const std::optional<std::string>& model) {
  for (const bool bound : {false, true}) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].bound == bound && (model ? rows[i].model == *model : !bound)) return i;
    }
  }
  return std::nullopt;
}

void correct(const std::vector<Difference*>& differences) {
  std::vector<double> p;
  for (const Difference* difference : differences) p.push_back(difference->p);
  const std::vector<double> adjusted = holm_adjusted(p);
  for (std::size_t i = 0; i < differences.size(); ++i) differences[i]->p_holm = adjusted[i];
}

}  // namespace

std::vector<const Cell*> Comparison::by_window(const ComparisonRow& row, FigureKind kind,
                                               const std::map<CellKey, Cell>& cells) const {
  std::vector<const Cell*> found;
  const auto add = [&](std::size_t input) {
    for (std::size_t window = 0; window < inputs_[input].windows.size(); ++window) {
      const auto cell =
          cells.find({input, window, row.model,
                      kind == FigureKind::prediction ? kNoSampler : row.sampler, row.bound});
      found.push_back(cell == cells.end() ? nullptr : &cell->second);
    }
  };
  if (row.inputs.empty()) add(row.input);
  for (const std::size_t input : row.inputs) add(input);
  return found;
}

// Of the windows that have them, whose cells of samples are `keys`.
std::vector<MauveFeatures> Comparison::features_of(const ComparisonRow& row,
                                                   const std::map<CellKey, Cell>& cells,
                                                   std::vector<CellKey>& keys) const {
  const std::size_t count = settings_.count;
  const bool is_truth = row.bound && row.model == kTruthModel;
  std::vector<MauveFeatures> windows;
  for (std::size_t window = 0; window < inputs_[row.input].windows.size(); ++window) {
    const CellKey key{row.input, window, row.model, row.sampler, row.bound};
    const auto real = cells.find({row.input, window, kTruthModel, kBoundSampler, true, true});
    const auto own = cells.find({row.input, window, row.model, row.sampler, row.bound, true});
    if (!cells.contains(key) || real == cells.end() || own == cells.end() ||
        real->second.features.size() != 2 * count ||
        own->second.features.size() != (is_truth ? 2 * count : count))
      continue;
    const auto middle = real->second.features.begin() + static_cast<std::ptrdiff_t>(count);
    MauveFeatures features{{real->second.features.begin(), middle}, own->second.features};
    if (is_truth) features.drawn.assign(middle, real->second.features.end());
    windows.push_back(std::move(features));
    keys.push_back(key);
  }
  return windows;
}

void Comparison::count_features(std::map<CellKey, Cell>& cells) const {
  std::vector<ComparisonRow> rows;
  for (std::size_t input = 0; input < inputs_.size(); ++input) {
    if (!has_mauve(input)) continue;
    const auto add = [&](const std::string& model, const std::string& sampler, bool bound) {
      rows.push_back({input, model, sampler, bound, {}, {}, {}, {}, false, 0});
    };
    add(kTruthModel, kBoundSampler, true);
    add(kUniformModel, kBoundSampler, true);
    for (const std::string& model : models_) {
      for (const ComparedSampler& sampler : samplers(input, model)) add(model, sampler.spec, false);
    }
  }
  if (rows.empty()) return;
  const auto threads = static_cast<unsigned>(std::max<std::size_t>(1, own_models_.size()));
  ThreadPool(threads).run(rows.size(), [&](std::size_t i, unsigned) {
    std::vector<CellKey> keys;
    const std::vector<MauveFeatures> windows = features_of(rows[i], cells, keys);
    if (windows.size() * settings_.count < kLeastMauveSamples) return;
    std::vector<MauveCounts> counts = mauve_counts(windows, settings_.seed);
    for (std::size_t w = 0; w < keys.size(); ++w) {  // every row has cells of its own
      counts[w].text = rows[i].input;
      cells.at(keys[w]).mauve = std::make_shared<const MauveCounts>(std::move(counts[w]));
    }
  });
}

ComparisonRow Comparison::row(std::size_t input, const std::string& model,
                              const std::string& sampler, bool bound,
                              const std::map<CellKey, Cell>& cells,
                              std::vector<std::size_t> inputs) const {
  ComparisonRow row{input, model, sampler, bound, {}, {}, {}, {}, false, 0, std::move(inputs)};
  const CellsByWindow predictions = by_window(row, FigureKind::prediction, cells);
  const CellsByWindow samples = by_window(row, FigureKind::sample, cells);
  for (std::size_t i = 0; i < predictions.size(); ++i)
    row.windows += predictions[i] != nullptr || samples[i] != nullptr ? 1 : 0;
  for (const Metric& metric : metrics_[input]) {
    std::optional<Estimate> found = over_windows(metric, predictions);
    if (!found) found = over_windows(metric, samples);
    if (!found) continue;
    // Who knows the truth is not estimated.
    const bool exact = bound && model == kTruthModel && metric.kind == FigureKind::prediction;
    row.figures[metric.key] = metric.share && !exact ? share_estimate(*found) : *found;
    if (metric.of_sample) row.seed_errors[metric.key] = error_by_seeds(metric, samples);
  }
  std::map<std::uint64_t, std::vector<double>> rates;
  for (const Cell* cell : predictions) {
    if (cell == nullptr) continue;
    for (const RateAtContext& rate : cell->rates)
      rates[rate.context_bytes].push_back(rate.bits_per_byte);
  }
  for (const auto& [bytes, list] : rates) row.rates.emplace_back(bytes, estimate(list));
  return row;
}

// What is told apart of one figure.
void Comparison::compare_rows(const Metric& metric, std::span<ComparisonRow> rows,
                              std::size_t reference, const std::map<CellKey, Cell>& cells) const {
  std::vector<std::size_t> distinct = distinct_rows(rows, metric.kind);
  std::erase_if(distinct, [&](std::size_t i) { return !rows[i].figures.contains(metric.key); });
  const auto is_of = [&](std::size_t i, std::size_t other) {
    return i == other || (metric.kind == FigureKind::prediction &&
                          rows[i].bound == rows[other].bound && rows[i].model == rows[other].model);
  };
  std::vector<CellsByWindow> by_row;
  for (const std::size_t i : distinct) by_row.push_back(by_window(rows[i], metric.kind, cells));
  by_row.push_back(by_window(rows[reference], metric.kind, cells));
  const ComparisonRow truth{rows[0].input, kTruthModel, kBoundSampler, true, {}, {}, {}, {},
                            false,         0,           rows[0].inputs};
  PairedFigure figure(metric, std::move(by_row), by_window(truth, metric.kind, cells));
  const std::vector<Places> places = figure.places(distinct.size());
  std::vector<Difference> differences;
  std::vector<Difference*> found;
  for (std::size_t k = 0; k < distinct.size(); ++k)
    differences.push_back(figure.difference(k, distinct.size()));
  for (std::size_t k = 0; k < distinct.size(); ++k) {
    if (!is_of(reference, distinct[k]) && differences[k].estimate.count > 0)
      found.push_back(&differences[k]);
  }
  correct(found);
  for (std::size_t k = 0; k < distinct.size(); ++k) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].bound || !is_of(i, distinct[k])) continue;
      if (distinct.size() > 1) rows[i].places[metric.key] = places[k];
      if (std::ranges::find(found, &differences[k]) != found.end())
        rows[i].differences[metric.key] = differences[k];
    }
  }
}

std::vector<ComparisonRow> Comparison::rows_of(const std::vector<std::size_t>& inputs,
                                               const std::map<CellKey, Cell>& cells,
                                               const std::optional<std::string>& reference) const {
  std::vector<ComparisonRow> rows;
  const auto add = [&](const std::string& model, const std::string& sampler, bool bound) {
    ComparisonRow row = this->row(inputs[0], model, sampler, bound, cells,
                                  inputs.size() > 1 ? inputs : std::vector<std::size_t>());
    if (!row.figures.empty()) rows.push_back(std::move(row));
  };
  add(kTruthModel, kBoundSampler, true);
  for (const std::string& model : models_) {
    std::vector<std::string> specs;  // each once
    for (const std::size_t input : inputs) {
      for (const ComparedSampler& sampler : samplers(input, model)) {
        if (std::ranges::find(specs, sampler.spec) == specs.end()) specs.push_back(sampler.spec);
      }
    }
    for (const std::string& spec : specs) add(model, spec, false);
  }
  add(kUniformModel, kBoundSampler, true);
  if (const auto found = reference_among(rows, reference)) {
    rows[*found].reference = true;
    for (const Metric& metric : metrics_[inputs[0]]) {
      if (metric.kind != FigureKind::cost) compare_rows(metric, rows, *found, cells);
    }
  }
  return rows;
}

std::vector<ComparisonRow> Comparison::rows(const std::map<CellKey, Cell>& cells,
                                            const std::optional<std::string>& reference) const {
  std::vector<ComparisonRow> all;
  for (std::size_t input = 0; input < inputs_.size(); ++input)
    std::ranges::move(rows_of({input}, cells, reference), std::back_inserter(all));
  return all;
}

std::vector<ComparisonRow> Comparison::pooled_rows(
    const std::vector<ComparisonRow>& rows, const std::map<CellKey, Cell>& cells,
    const std::optional<std::string>& reference) const {
  std::map<Medium, std::vector<std::size_t>> media;
  for (std::size_t input = 0; input < inputs_.size(); ++input) {
    const Medium medium = inputs_[input].medium;
    media[has_samples(medium) ? medium : Medium::text].push_back(input);
  }
  std::vector<ComparisonRow> all;
  for (const auto& [medium, inputs] : media) {
    const auto is_of = [input = inputs[0]](const ComparisonRow& row) { return row.input == input; };
    if (inputs.size() == 1) {
      std::ranges::copy_if(rows, std::back_inserter(all), is_of);
    } else {
      std::ranges::move(rows_of(inputs, cells, reference), std::back_inserter(all));
    }
  }
  return all;
}

}  // namespace kraft
