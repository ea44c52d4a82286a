// Table 1 and figure 2 of Deletang et al. 2024: rates.
#pragma once

#include <optional>

#include "evaluate/experiment.h"
#include "evaluate/paper_data.h"

namespace kraft {

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
// width. Predictors begin each chunk afresh; as a whole, those with parameters are only measured if
// their window has no limit.
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
  struct Batch;  // of chunks: what a cell measures
  std::vector<Batch> batches(std::size_t data, const std::string& model, Layout layout) const;
  std::string key(const Batch& batch, const std::string& model) const;
  Cell compute(const Batch& batch, const std::string& model) const;

  const std::vector<PaperData>& data_;
  std::vector<std::string> models_;
  std::vector<Layout> layouts_;
  ExperimentSettings settings_;
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
