#include "tasks/compare_result.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/text.h"
#include "kraft/error.h"

namespace kraft {
namespace {

CompareInput input_of(const Comparison& comparison, std::size_t index) {
  const ComparedInput& of = comparison.inputs()[index];
  CompareInput input{.name = of.name,
                     .medium = of.medium,
                     .fingerprint = of.fingerprint,
                     .bytes = of.bytes,
                     .size_bytes = of.size_bytes,
                     .row_bytes = of.row_bytes,
                     .rate_hz = of.rate_hz,
                     .windows = {},
                     .figures = {}};
  for (const Window& window : of.windows)
    input.windows.push_back({window.begin, window.context, window.truth, window.lead});
  for (const Metric& metric : comparison.metrics(index)) input.figures.push_back(metric);
  return input;
}

template <class T>
std::optional<T> value_of(const std::map<std::string, T, std::less<>>& by_key,
                          const std::string& key) {
  const auto found = by_key.find(key);
  return found == by_key.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

CompareResult compare_result(const Comparison& comparison, std::map<CellKey, Cell> cells,
                             const ModelIdentities& identities,
                             const std::optional<std::string>& reference) {
  const ComparisonSettings& settings = comparison.settings();
  CompareResult result{.seed = settings.seed,
                       .count = settings.count,
                       .positions = settings.positions,
                       .alphabet = settings.alphabet,
                       .judges = settings.judges,
                       .features = {},
                       .inputs = {},
                       .rows = {},
                       .samples = {}};
  for (std::size_t i = 0; i < comparison.inputs().size(); ++i) {
    result.inputs.push_back(input_of(comparison, i));
    if (comparison.has_mauve(i)) result.features = settings.features;
  }
  comparison.count_features(cells);
  const auto row_of = [&](ComparisonRow& row) -> CompareRow {
    const auto identity = identities.find({row.input, row.model});
    const bool named = !row.bound && identity != identities.end();
    return {row.input,
            row.model,
            row.sampler,
            row.bound,
            row.windows,
            named ? identity->second : "",
            std::move(row.figures),
            std::move(row.rates),
            std::move(row.differences),
            std::move(row.places),
            row.reference,
            std::move(row.seed_errors)};
  };
  std::vector<ComparisonRow> rows = comparison.rows(cells, reference);
  std::vector<ComparisonRow> pooled = comparison.pooled_rows(rows, cells, reference);
  std::ranges::transform(rows, std::back_inserter(result.rows), row_of);
  std::ranges::transform(pooled, std::back_inserter(result.pooled), row_of);
  for (const auto& [key, cell] : cells) {
    for (std::size_t i = 0; i < cell.draws.size(); ++i)
      result.samples.push_back({key.input, key.window, key.model, key.sampler, key.bound, i,
                                cell.draws[i].bytes, cell.draws[i].figures});
  }
  return result;
}

std::vector<CompareRecord> CompareResult::records() const {
  std::vector<CompareRecord> records;
  for (const CompareRow& row : rows) {
    const CompareInput& input = inputs[row.input];
    for (const Figure& figure : input.figures) {
      const auto found = row.figures.find(figure.key);
      if (found == row.figures.end()) continue;
      std::optional<double> seed_error = value_of(row.seed_errors, figure.key);
      if (seed_error && std::isnan(*seed_error)) seed_error = std::nullopt;
      records.push_back({input.name, row.model, row.sampler, figure.key, std::nullopt,
                         found->second, value_of(row.places, figure.key),
                         value_of(row.differences, figure.key), seed_error});
    }
    for (const auto& [bytes, rate] : row.rates)
      records.push_back({input.name, row.model, row.sampler, "code_bits_per_byte", bytes, rate,
                         std::nullopt, std::nullopt, std::nullopt});
  }
  return records;
}

void check_reference(const std::optional<std::string>& reference,
                     const std::vector<std::string>& models) {
  if (!reference || reference == kTruthModel || reference == kUniformModel ||
      std::ranges::count(models, *reference) > 0)
    return;
  throw UsageError("the reference '" + printable(*reference) + "' is none of the models: " +
                   join(models, ", ") + ", " + kTruthModel + ", " + kUniformModel);
}

}  // namespace kraft
