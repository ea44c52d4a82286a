// Table 2 of Deletang et al. 2024: what the vocabulary does to the rate.
#pragma once

#include <memory>
#include <mutex>

#include "evaluate/bpe.h"
#include "evaluate/rate_experiment.h"

namespace kraft {

// The paper trains transformers of three sizes on text under six vocabularies. Here n-gram models
// of three orders take their place: they and the vocabularies are learnt from the first half of the
// text, and the rate is that of the second half, from which the models go on learning. Models of
// the registry predict the same half byte by byte, in chunks, each with the vocabulary that it has.
class TokenExperiment {
 public:
  TokenExperiment(const PaperData& text, const std::vector<std::string>& models,
                  ExperimentSettings settings);

  std::vector<ExperimentCell> cells() const;

  static const std::vector<std::size_t>& vocabularies();  // as wanted; a short text has fewer pairs
  static constexpr std::size_t kOrders = 3;

  struct Entry {
    double percent = 0;
    double standard_error = 0;     // of models of the registry, over chunks
    std::uint64_t vocabulary = 0;  // tokens that there are
    double bytes_per_token = 0;    // of the second half; of n-gram models only
  };
  Entry ngram(std::size_t order, std::size_t vocabulary, const CellResults& results) const;
  Entry model(const std::string& spec, const CellResults& results) const;

  const std::vector<std::string>& models() const { return rates_->models(); }
  std::uint64_t learnt_bytes() const { return learnt_.size(); }
  std::uint64_t measured_bytes() const { return measured_[0].bytes.size(); }

 private:
  std::string key(std::size_t order, std::size_t vocabulary) const;
  Cell compute(std::size_t order, std::size_t vocabulary) const;
  const BytePairs& pairs() const;  // learnt when first asked for

  ByteView learnt_;
  std::vector<PaperData> measured_;  // the second half
  std::unique_ptr<RateExperiment> rates_;
  mutable std::once_flag learnt_once_;
  mutable BytePairs pairs_;
};

}  // namespace kraft
