// Which compressor dreams best: models by samplers by inputs, in cells that are computed one by
// one, in any order, and summed up into rows.
//
//     kraft::Comparison comparison(settings, inputs, models, samplers);
//     for (const kraft::CellKey& key : comparison.cells())
//       cells[key] = comparison.compute(key, /*worker=*/0, {});
//     for (const kraft::ComparisonRow& row : comparison.rows(cells)) ...
//
// Every input is cut into windows: a context, and the truth that follows it. A cell is what one
// model makes of one window: either its predictions of the truth, or what one sampler draws from it
// in the truth's place. What a cell holds depends on the settings, its window, its model and its
// sampler alone, costs aside.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "evaluate/metrics.h"
#include "evaluate/statistics.h"
#include "kraft/media.h"
#include "kraft/registry.h"
#include "kraft/sampler.h"

namespace kraft {

struct ComparisonSettings {
  std::uint64_t seed = 1;
  std::uint64_t count = 1;          // samples of each window
  std::uint64_t positions = 8;      // of the truth, at which all 256 bytes are priced
  std::vector<std::string> judges;  // of text: specifications
  std::string alphabet = "auto";    // as Candidates::parse(), or auto: a model's units, else seen
};

// A context, and what follows it.
struct Window {
  std::uint64_t begin = 0;  // of text and sound, in bytes; of an image, x + width * y of its corner
  Bytes context, truth;
};

struct ComparedInput {
  std::string name;
  Medium medium = Medium::text;
  Bytes bytes;              // text: what windows are taken from, and held-out text
  std::string fingerprint;  // of bytes and shape
  Geometry geometry = {};
  std::size_t row_bytes = 1;  // of a window
  std::uint32_t rate_hz = 0;  // of sound
  std::vector<Window> windows;
};

// Windows of so many bytes at random, one in each of `count` equal parts of the input. Throws Error
// unless it has twice the bytes of a window.
std::vector<Window> windows_of_bytes(ByteView input, const std::string& name, std::uint64_t seed,
                                     std::size_t count, std::size_t context_bytes,
                                     std::size_t truth_bytes);

// Patches of a gray image at random, whose last rows are the truth. Throws Error when it is
// smaller than a patch.
std::vector<Window> windows_of_image(const Image& image, const std::string& name,
                                     std::uint64_t seed, std::size_t count, std::size_t width,
                                     std::size_t height, std::size_t truth_rows);

struct ComparedSampler {
  std::string spec;  // "ancestral,temperature=0.7"
  std::string name;
  SamplerOptions options;

  // Throws UsageError.
  static ComparedSampler parse(const std::string& spec);
};

// The rows of all knowledge and of none.
inline constexpr const char* kTruthModel = "truth";      // knows what follows, and draws it
inline constexpr const char* kUniformModel = "uniform";  // 8 bits for every byte
inline constexpr const char* kNoSampler = "";            // of cells of predictions

struct CellKey {
  std::size_t input = 0, window = 0;
  std::string model;    // specification as it was given
  std::string sampler;  // likewise; kNoSampler: predictions
  bool sanity = false;  // of kTruthModel and kUniformModel as bounds

  bool operator==(const CellKey&) const = default;
  bool operator<(const CellKey& other) const {
    return std::tie(input, window, model, sampler, sanity) <
           std::tie(other.input, other.window, other.model, other.sampler, other.sanity);
  }
};

struct RateAtContext {
  std::uint64_t context_bytes = 0;
  double bits_per_byte = 0;
};

struct Draw {
  Bytes bytes;
  Figures figures;
};

struct Cell {
  // Of predictions.
  std::vector<Forecast> forecasts;
  std::vector<RateAtContext> rates;
  // Of samples.
  std::vector<Draw> draws;

  Figures figures;  // of the window: means of its positions or draws
};

struct ComparisonRow {
  std::size_t input = 0;
  std::string model, sampler;
  bool sanity = false;
  std::map<std::string, Estimate, std::less<>> figures;
  std::vector<std::pair<std::uint64_t, Estimate>> rates;  // by bytes of context
};

// compute() may be called by several threads at once, each with a worker number of its own.
class Comparison {
 public:
  // Throws UsageError. `workers` is how many threads will compute.
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

  const std::vector<ComparedInput>& inputs() const { return inputs_; }
  const ComparisonSettings& settings() const { return settings_; }

 private:
  struct Judged;
  std::shared_ptr<const Judged> judged(std::size_t input, std::size_t window);
  std::shared_ptr<const Model> model(const std::string& spec, std::size_t input, unsigned worker);

  Cell predict(const CellKey& key, unsigned worker);
  Cell draw(const CellKey& key, unsigned worker);
  Bytes drawn(const CellKey& key, const Window& window, std::uint64_t stream, unsigned worker,
              double& seconds);
  Figures text_figures(const Judged& judged, ByteView sample) const;
  Figures figures_of(std::size_t input, std::size_t window, ByteView sample);

  ComparisonSettings settings_;
  std::vector<ComparedInput> inputs_;
  std::vector<std::string> models_;
  std::vector<ComparedSampler> samplers_;
  std::function<bool()> cancelled_;

  std::mutex mutex_;
  // What was learnt before serves all workers; what only measures is made for each.
  std::map<std::pair<std::string, std::size_t>, std::shared_ptr<const Model>> shared_models_;
  std::vector<std::map<std::pair<std::string, std::size_t>, std::shared_ptr<const Model>>>
      own_models_;
  std::map<std::pair<std::size_t, std::size_t>, std::shared_ptr<const Judged>> judged_;
};

}  // namespace kraft
