// Which compressor dreams best: models by samplers by inputs, in cells that are computed one by
// one, in any order, and summed up into rows.
//
//     kraft::Comparison comparison(settings, inputs, entrants, /*workers=*/1, {});
//     for (const kraft::CellKey& key : comparison.cells())
//       cells[key] = comparison.compute(key, /*worker=*/0);
//     for (const kraft::ComparisonRow& row : comparison.rows(cells)) ...
//
// Every input is cut into windows: a context, and the truth that follows it (evaluate/window.h). A
// cell is what one model makes of one window: either its predictions of the truth, or what one
// sampler draws from it in the truth's place; evaluate/metrics.h has what is measured of them. What
// a cell holds depends on the settings, its window, its model and its sampler alone, costs aside.
// MAUVE needs more, of what was drawn:
//
//     for (const kraft::CellKey& key : comparison.feature_cells(cells))
//       cells[key] = comparison.features(key, cells.at(key.drawn()));
//     comparison.count_features(cells);
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "evaluate/cell.h"
#include "evaluate/compared_sampler.h"
#include "evaluate/metrics.h"
#include "evaluate/window.h"
#include "kraft/registry.h"

namespace kraft {

struct ComparisonSettings {
  std::uint64_t seed = 0;
  std::uint64_t count = 0;          // samples of each window
  std::uint64_t positions = 0;      // of the truth, at which all 256 bytes are priced
  std::vector<std::string> judges;  // of text: specifications
  std::string alphabet;  // as Candidates::parse(), or kAutoAlphabet: a model's units, else seen
  std::string features = {};  // of text: whose hidden states MAUVE compares; empty: none
};

// The rows of all knowledge and of none, which bound what can be.
inline constexpr const char* kTruthModel = "truth";      // knows what follows, and draws it
inline constexpr const char* kUniformModel = "uniform";  // 8 bits for every byte
inline constexpr const char* kBoundSampler = "-";
inline constexpr const char* kNoSampler = "";  // of cells of predictions

struct CellKey {
  std::size_t input = 0, window = 0;
  std::string model;      // specification as it was given
  std::string sampler;    // likewise, or as it was chosen for the model; kNoSampler: predictions
  bool bound = false;     // of kTruthModel and kUniformModel as bounds
  bool features = false;  // of what such a cell has drawn; of kTruthModel: of real text

  CellKey drawn() const { return {input, window, model, sampler, bound}; }

  bool operator==(const CellKey&) const = default;
  bool operator<(const CellKey& other) const {
    return std::tie(input, window, model, sampler, bound, features) <
           std::tie(other.input, other.window, other.model, other.sampler, other.bound,
                    other.features);
  }
};

struct ComparisonRow {
  std::size_t input = 0;  // or the first of several
  std::string model, sampler;
  bool bound = false;
  std::map<std::string, Estimate, std::less<>> figures;
  std::vector<std::pair<std::uint64_t, Estimate>> rates;  // by bytes of context
  // Of what is no cost, and no bound: from the reference, over the windows that both have, and
  // among all models. Predictions have one place for all samplers of a model.
  std::map<std::string, Difference, std::less<>> differences;
  std::map<std::string, Places, std::less<>> places;
  bool reference = false;
  std::size_t windows = 0;               // of which there is a cell
  std::vector<std::size_t> inputs = {};  // where there are several
  // Of figures that are means over samples: how much of the error comes from the samples' seeds
  // alone. NaN where no window has two samples.
  std::map<std::string, double, std::less<>> seed_errors = {};
};

// Who is compared on an input, and how each of them is drawn from.
struct Entrants {
  std::vector<std::string> models;  // specifications
  std::vector<ComparedSampler> samplers;
};

// compute() may be called by several threads at once, each with a worker number of its own.
class Comparison {
 public:
  // `entrants` are those of each input, `workers` is how many threads will compute. Models for
  // which a sampler is to be chosen (kAutoSampler) are made at once. Throws UsageError where that
  // cannot be.
  Comparison(ComparisonSettings settings, std::vector<ComparedInput> inputs,
             const std::vector<Entrants>& entrants, unsigned workers,
             std::function<bool()> cancelled);

  // Of cells that there are: rows() needs neither models nor files. Inputs have no bytes but those
  // of their windows.
  using Samplers = std::map<std::pair<std::size_t, std::string>, std::vector<ComparedSampler>>;
  Comparison(ComparisonSettings settings, std::vector<ComparedInput> inputs,
             std::vector<std::string> models, Samplers samplers);
  ~Comparison();

  // Window by window, so that what windows need is needed for a short time only.
  std::vector<CellKey> cells() const;

  // Of all inputs, each once.
  const std::vector<std::string>& models() const { return models_; }

  // Of a model on an input: none where it has not been there.
  const std::vector<ComparedSampler>& samplers(std::size_t input, const std::string& model) const;

  // Throws Error; Cancelled when it is.
  Cell compute(const CellKey& key, unsigned worker);

  // The features of these cells, and of real text, that MAUVE needs: none where there is none.
  std::vector<CellKey> feature_cells(const std::map<CellKey, Cell>& drawn) const;

  // As compute(), of what the cell of key.drawn() has. Throws UsageError for a model that shows no
  // hidden states.
  Cell features(const CellKey& key, const Cell& drawn);

  // Sets Cell::mauve of those cells of samples whose row has features enough.
  void count_features(std::map<CellKey, Cell>& cells) const;

  // Whether an input has MAUVE: a text with kLeastMauveSamples of each row, and room for more
  // pieces of real text beside its windows, as far as that is known.
  bool has_mauve(std::size_t input) const;
  bool draws_enough(std::size_t input) const;

  // The windows of every row are the independent values of its estimates. The reference is the
  // first row of that model, a bound maybe; of any model where none is named.
  std::vector<ComparisonRow> rows(const std::map<CellKey, Cell>& cells,
                                  const std::optional<std::string>& reference = {}) const;

  // The same over the windows of all inputs of a medium together, as if they were one; of a single
  // one those of `rows`.
  std::vector<ComparisonRow> pooled_rows(const std::vector<ComparisonRow>& rows,
                                         const std::map<CellKey, Cell>& cells,
                                         const std::optional<std::string>& reference = {}) const;

  ComparisonRow row(std::size_t input, const std::string& model, const std::string& sampler,
                    bool bound, const std::map<CellKey, Cell>& cells,
                    std::vector<std::size_t> inputs = {}) const;

  // The model as it sees the input. Throws UsageError, and Error where its weights are not there.
  std::shared_ptr<const Model> model(const std::string& spec, std::size_t input, unsigned worker);

  const std::vector<ComparedInput>& inputs() const { return inputs_; }
  const ComparisonSettings& settings() const { return settings_; }
  const std::vector<Metric>& metrics(std::size_t input) const { return metrics_[input]; }

 private:
  std::shared_ptr<const JudgedText> judged(std::size_t input, std::size_t window);

  struct DrawingSeconds {
    double drawing = 0;  // once the context has been read
    double all = 0;
  };

  Cell predict(const CellKey& key, unsigned worker);
  Cell draw(const CellKey& key, unsigned worker);
  Bytes drawn(const CellKey& key, const Window& window, std::uint64_t stream, unsigned worker,
              DrawingSeconds& seconds);
  Figures sample_figures(const CellKey& key, ByteView sample);

  std::vector<ComparisonRow> rows_of(const std::vector<std::size_t>& inputs,
                                     const std::map<CellKey, Cell>& cells,
                                     const std::optional<std::string>& reference) const;
  std::vector<MauveFeatures> features_of(const ComparisonRow& row,
                                         const std::map<CellKey, Cell>& cells,
                                         std::vector<CellKey>& keys) const;
  std::vector<const Cell*> by_window(const ComparisonRow& row, FigureKind kind,
                                     const std::map<CellKey, Cell>& cells) const;
  void compare_rows(const Metric& metric, std::span<ComparisonRow> rows, std::size_t reference,
                    const std::map<CellKey, Cell>& cells) const;

  ComparisonSettings settings_;
  std::vector<ComparedInput> inputs_;
  std::vector<std::string> models_;
  std::function<bool()> cancelled_;
  std::vector<std::vector<Metric>> metrics_;  // of each input
  // How each model is drawn from on each input, each way once.
  Samplers samplers_;
  // Of each input, where more real text begins, for each window; nothing where there is no MAUVE.
  std::vector<std::optional<std::vector<std::vector<std::uint64_t>>>> pieces_;

  std::mutex mutex_;
  // What was learnt before serves all workers; what only measures is made for each.
  std::map<std::pair<std::string, std::size_t>, std::shared_ptr<const Model>> shared_models_;
  std::vector<std::map<std::pair<std::string, std::size_t>, std::shared_ptr<const Model>>>
      own_models_;
  std::map<std::pair<std::size_t, std::size_t>, std::shared_ptr<const JudgedText>> judged_;
};

}  // namespace kraft
