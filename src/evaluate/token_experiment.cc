#include "evaluate/token_experiment.h"

#include <algorithm>

#include "evaluate/token_model.h"
#include "kraft/error.h"

namespace kraft {

const std::vector<std::size_t>& TokenExperiment::vocabularies() {
  static const std::vector<std::size_t> sizes = {256, 1000, 2000, 5000, 10000, 20000};
  return sizes;
}

TokenExperiment::TokenExperiment(const PaperData& text, const std::vector<std::string>& models,
                                 ExperimentSettings settings) {
  if (text.chunks() < 2) throw Error("table2 needs two chunks of text at least");
  const std::size_t half = text.chunks() / 2 * kPaperChunkBytes;
  learnt_ = ByteView(text.bytes).first(half);
  const ByteView rest = ByteView(text.bytes).subspan(half);
  measured_.push_back({Medium::text, text.source, Bytes(rest.begin(), rest.end())});
  rates_ = std::make_unique<RateExperiment>(measured_, models, std::vector{Layout::chunked},
                                            std::move(settings));
}

std::string TokenExperiment::key(std::size_t order, std::size_t vocabulary) const {
  return "tokens | order " + std::to_string(order) + " | vocabulary " + std::to_string(vocabulary);
}

std::vector<ExperimentCell> TokenExperiment::cells() const {
  std::vector<ExperimentCell> cells = rates_->cells();
  for (std::size_t order = 1; order <= kOrders; ++order) {
    for (const std::size_t vocabulary : vocabularies())
      cells.push_back({key(order, vocabulary), "", {}, [this, order, vocabulary] {
                         return compute(order, vocabulary);
                       }});
  }
  return cells;
}

const BytePairs& TokenExperiment::pairs() const {
  std::call_once(learnt_once_, [this] {
    pairs_ = BytePairs::learn(learnt_, *std::ranges::max_element(vocabularies()));
  });
  return pairs_;
}

Cell TokenExperiment::compute(std::size_t order, std::size_t vocabulary) const {
  const BytePairs tokens = pairs().first(vocabulary);
  TokenModel model(tokens.size(), order);
  model.read(tokens.encode(learnt_));
  const std::vector<std::uint32_t> rest = tokens.encode(measured_[0].bytes);
  Cell cell;
  cell.figures["bits"] = model.read(rest);
  cell.figures["tokens"] = static_cast<double>(rest.size());
  cell.figures["vocabulary"] = static_cast<double>(tokens.size());
  return cell;
}

TokenExperiment::Entry TokenExperiment::ngram(std::size_t order, std::size_t vocabulary,
                                              const CellResults& results) const {
  const Figures& figures = results.at(key(order, vocabulary)).figures;
  const auto bytes = static_cast<double>(measured_bytes());
  return {.percent = 100 * figures.at("bits") / (8 * bytes),
          .standard_error = 0,
          .vocabulary = static_cast<std::uint64_t>(figures.at("vocabulary")),
          .bytes_per_token = bytes / figures.at("tokens")};
}

TokenExperiment::Entry TokenExperiment::model(const std::string& spec,
                                              const CellResults& results) const {
  const auto rate = rates_->rate(0, spec, Layout::chunked, results);
  if (!rate) throw Error(spec + " was not measured");
  const std::size_t units = is_codec(spec) ? 0 : make_model(spec)->units().size();
  return {.percent = rate->percent,
          .standard_error = rate->standard_error,
          .vocabulary = units == 0 ? 256 : units,
          .bytes_per_token = 0};
}

}  // namespace kraft
