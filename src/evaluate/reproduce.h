// The experiments of Deletang et al., "Language Modeling Is Compression" (ICLR 2024), as lists of
// cells that are computed one by one, in any order, and summed up.
//
//     kraft::RateExperiment table1(data, models, {.threads = 2});
//     kraft::CellResults results;
//     for (const kraft::ExperimentCell& cell : table1.cells()) results[cell.key] = cell.compute();
//     auto rate = table1.rate(/*data=*/0, "gzip:9", kraft::Layout::chunked, results);
//
// What a cell holds depends on the data, the settings and its model alone, so that the cells of one
// experiment can be divided between threads and processes. docs/reproduce.md has the protocols.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/comparison.h"
#include "kraft/media.h"
#include "kraft/registry.h"

namespace kraft {

inline constexpr std::size_t kPaperChunkBytes = 2048;
inline constexpr std::size_t kPaperPatchWidth = 64, kPaperPatchHeight = 32;
inline constexpr std::uint32_t kPaperRateHz = 16000;

// A piece of work. compute() may be called by several threads at once; it throws Error. The
// experiment that it belongs to must outlive it.
struct ExperimentCell {
  std::string key;    // unique within the experiment, and the same in every run of it
  std::string model;  // whose work it is: a canonical specification; empty: none of the registry's
  Geometry geometry;  // with which that model is made
  std::function<Cell()> compute;
};

using CellResults = std::map<std::string, Cell, std::less<>>;

enum class PaperMedium { text, images, audio, random };
inline constexpr PaperMedium kPaperMedia[] = {PaperMedium::text, PaperMedium::images,
                                              PaperMedium::audio, PaperMedium::random};
const char* name_of(PaperMedium medium);

// What models are measured on: whole chunks of kPaperChunkBytes. A chunk of images is a patch.
struct PaperData {
  PaperMedium medium = PaperMedium::text;
  std::string source;  // in words
  Bytes bytes;

  std::size_t chunks() const { return bytes.size() / kPaperChunkBytes; }
  ByteView chunk(std::size_t i) const {
    return ByteView(bytes).subspan(i * kPaperChunkBytes, kPaperChunkBytes);
  }
  Geometry geometry() const;
};

// Cuts off what is not a whole chunk, and what exceeds `most_bytes`. Throws Error when not one is
// left.
PaperData paper_data(PaperMedium medium, std::string source, Bytes bytes, std::uint64_t most_bytes);

// Appends the patches of an 8-bit gray image, from left to right and top to bottom; what is no
// whole patch at its right and lower edges is left out.
void append_patches(const Image& gray, Bytes& to);

Bytes noise_bytes(std::uint64_t seed, std::size_t size);

// The shape in which codecs for images see bytes that are none: the largest divisor of `bytes` up
// to its root is the height. Where that would be wider than 4:1, the root rounded up is the width,
// and the codec completes the last row.
std::size_t near_square_width(std::size_t bytes);

// The specification with its argument filled in, as models call themselves. Throws UsageError.
std::string canonical_spec(const std::string& spec);

// Whether the backend writes streams of its own; else it is a predictor, whose bits are summed.
bool is_codec(const std::string& spec);

// `count` of `total`, evenly spread (all of them if it is 0 or more than that).
std::vector<std::size_t> evenly_spread(std::size_t total, std::uint64_t count);

// Predictors, made once for each kind of data and shared by all threads.
class SharedModels {
 public:
  SharedModels(unsigned threads, std::function<bool()> cancelled)
      : threads_(threads), cancelled_(std::move(cancelled)) {}
  std::shared_ptr<const Model> get(const std::string& spec, const Geometry& geometry) const;

 private:
  unsigned threads_;
  std::function<bool()> cancelled_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<std::string, std::vector<std::pair<std::string, std::int64_t>>>,
                   std::shared_ptr<const Model>>
      models_;
};

struct ExperimentSettings {
  // How many chunks a model with parameters predicts (0: all); they are evenly spread.
  std::uint64_t chunks = 16;
  unsigned threads = 1;  // that will compute
  std::function<bool()> cancelled = {};
};

enum class Layout { chunked, unchunked };
const char* name_of(Layout layout);

// compressed / raw, in percent.
struct PaperRate {
  double percent = 0;
  double standard_error = 0;    // of that mean over chunks; 0 where all were measured
  double adjusted_percent = 0;  // with the model, at two bytes a parameter, as part of what is sent
  std::uint64_t parameters = 0;
  std::uint64_t measured_bytes = 0;
};

// Table 1: every model on every kind of data, in chunks and as a whole. Figure 2 as well, which
// shows the same rates with the model's size over other amounts of data.
//
// Codecs are measured as the paper's script does it: the sizes of their streams are summed, less
// (chunks - 1) times the size of the stream of a single byte. As a whole, the data are one stream.
// Codecs for images see rows as wide as near_square_width() says, unless their specification has a
// width. Predictors begin each chunk afresh; as a whole only those whose window has no limit are
// measured.
class RateExperiment {
 public:
  RateExperiment(const std::vector<PaperData>& data, const std::vector<std::string>& models,
                 std::vector<Layout> layouts, ExperimentSettings settings);

  std::vector<ExperimentCell> cells() const;

  // Nothing where the model is not measured in that way.
  std::optional<PaperRate> rate(std::size_t data, const std::string& model, Layout layout,
                                const CellResults& results) const;

  const std::vector<PaperData>& data() const { return data_; }
  const std::vector<std::string>& models() const { return models_; }  // canonical, each once

 private:
  struct Part;  // of the data: what a cell measures
  std::vector<Part> parts(std::size_t data, const std::string& model, Layout layout) const;
  std::string key(const Part& part, const std::string& model) const;
  Cell compute(const Part& part, const std::string& model) const;

  const std::vector<PaperData>& data_;
  std::vector<std::string> models_;
  std::vector<Layout> layouts_;
  ExperimentSettings settings_;
  SharedModels shared_;
};

// Figure 4: the rate of the first n bytes of chunks, for n = 1, 2, 4, ... 2048, all models on the
// same chunks. A codec's header is the stream of a single byte, less that byte: so a single byte
// costs 8 bits, and what is measured is what longer contexts are worth.
class ContextExperiment {
 public:
  ContextExperiment(const PaperData& data, const std::vector<std::string>& models,
                    ExperimentSettings settings);

  std::vector<ExperimentCell> cells() const;

  // By length in bytes: mean rates in percent.
  std::vector<std::pair<std::uint64_t, double>> curve(const std::string& model,
                                                      const CellResults& results) const;
  const std::vector<std::string>& models() const { return models_; }
  std::size_t measured_chunks() const { return chunks_.size(); }

 private:
  std::string key(const std::string& model, std::size_t first) const;
  Cell compute(const std::string& model, std::size_t first) const;

  const PaperData& data_;
  std::vector<std::string> models_;
  ExperimentSettings settings_;
  std::vector<std::size_t> chunks_;
  SharedModels shared_;
};

// What the paper has, for comparison: rates of Table 1 in percent, in the order of kPaperMedia.
struct PublishedRates {
  const char* name;   // in the paper
  const char* model;  // ours of the same kind; null where there is none
  Layout layout;
  double percent[4];
};
const std::vector<PublishedRates>& published_rates();

}  // namespace kraft
