// Which compressor dreams best: models by samplers by inputs, in cells that are computed one by
// one, in any order, and summed up into rows.
//
//     kraft::Comparison comparison(settings, inputs, models, samplers, /*workers=*/1, {});
//     for (const kraft::CellKey& key : comparison.cells())
//       cells[key] = comparison.compute(key, /*worker=*/0);
//     for (const kraft::ComparisonRow& row : comparison.rows(cells)) ...
//
// Every input is cut into windows: a context, and the truth that follows it (evaluate/window.h). A
// cell is what one model makes of one window: either its predictions of the truth, or what one
// sampler draws from it in the truth's place; evaluate/metrics.h has what is measured of them. What
// a cell holds depends on the settings, its window, its model and its sampler alone, costs aside.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
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
};

// The rows of all knowledge and of none, which bound what can be.
inline constexpr const char* kTruthModel = "truth";      // knows what follows, and draws it
inline constexpr const char* kUniformModel = "uniform";  // 8 bits for every byte
inline constexpr const char* kBoundSampler = "-";
inline constexpr const char* kNoSampler = "";  // of cells of predictions

struct CellKey {
  std::size_t input = 0, window = 0;
  std::string model;    // specification as it was given
  std::string sampler;  // likewise; kNoSampler: predictions
  bool bound = false;   // of kTruthModel and kUniformModel as bounds

  bool operator==(const CellKey&) const = default;
  bool operator<(const CellKey& other) const {
    return std::tie(input, window, model, sampler, bound) <
           std::tie(other.input, other.window, other.model, other.sampler, other.bound);
  }
};

struct ComparisonRow {
  std::size_t input = 0;
  std::string model, sampler;
  bool bound = false;
  std::map<std::string, Estimate, std::less<>> figures;
  std::vector<std::pair<std::uint64_t, Estimate>> rates;  // by bytes of context
};

// compute() may be called by several threads at once, each with a worker number of its own.
class Comparison {
 public:
  // `workers` is how many threads will compute.
  Comparison(ComparisonSettings settings, std::vector<ComparedInput> inputs,
             std::vector<std::string> models, std::vector<ComparedSampler> samplers,
             unsigned workers, std::function<bool()> cancelled);
  ~Comparison();

  // Window by window, so that what windows need is needed for a short time only.
  std::vector<CellKey> cells() const;

  // Throws Error; Cancelled when it is.
  Cell compute(const CellKey& key, unsigned worker);

  // The windows of every row are the independent values of its estimates.
  std::vector<ComparisonRow> rows(const std::map<CellKey, Cell>& cells) const;

  // The model as it sees the input. Throws UsageError, and Error where its weights are not there.
  std::shared_ptr<const Model> model(const std::string& spec, std::size_t input, unsigned worker);

  const std::vector<ComparedInput>& inputs() const { return inputs_; }
  const ComparisonSettings& settings() const { return settings_; }
  const std::vector<Metric>& metrics(std::size_t input) const { return metrics_[input]; }

 private:
  std::shared_ptr<const JudgedText> judged(std::size_t input, std::size_t window);

  Cell predict(const CellKey& key, unsigned worker);
  Cell draw(const CellKey& key, unsigned worker);
  Bytes drawn(const CellKey& key, const Window& window, std::uint64_t stream, unsigned worker,
              double& seconds);
  Figures sample_figures(const CellKey& key, ByteView sample);
  ComparisonRow row(std::size_t input, const std::string& model, const std::string& sampler,
                    bool bound, const std::map<CellKey, Cell>& cells) const;

  ComparisonSettings settings_;
  std::vector<ComparedInput> inputs_;
  std::vector<std::string> models_;
  std::vector<ComparedSampler> samplers_;
  std::function<bool()> cancelled_;
  std::vector<std::vector<Metric>> metrics_;  // of each input

  std::mutex mutex_;
  // What was learnt before serves all workers; what only measures is made for each.
  std::map<std::pair<std::string, std::size_t>, std::shared_ptr<const Model>> shared_models_;
  std::vector<std::map<std::pair<std::string, std::size_t>, std::shared_ptr<const Model>>>
      own_models_;
  std::map<std::pair<std::size_t, std::size_t>, std::shared_ptr<const JudgedText>> judged_;
};

}  // namespace kraft
