// Figure 4 of Deletang et al. 2024: what longer contexts are worth.
#pragma once

#include "evaluate/experiment.h"
#include "evaluate/paper_data.h"

namespace kraft {

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

}  // namespace kraft
