#include "evaluate/context_experiment.h"

#include <algorithm>

namespace kraft {
namespace {

constexpr std::size_t kCellChunks = 4;

}  // namespace

ContextExperiment::ContextExperiment(const PaperData& data, const std::vector<std::string>& models,
                                     ExperimentSettings settings)
    : data_(data),
      models_(canonical_once(models)),
      settings_(std::move(settings)),
      chunks_(evenly_spread(data.chunks(), settings_.chunks)),
      shared_(settings_.threads, settings_.cancelled) {
  for (const std::string& model : models_) {
    if (!is_codec(model)) shared_.get(model, data_.geometry());
  }
}

std::string ContextExperiment::key(const std::string& model, std::size_t first) const {
  return std::string(paper_name(data_.medium)) + " | context | " + model + " | " +
         std::to_string(chunks_.size()) + " chunks, from " + std::to_string(chunks_[first]);
}

std::vector<ExperimentCell> ContextExperiment::cells() const {
  std::vector<ExperimentCell> cells;
  for (const std::string& model : models_) {
    for (std::size_t first = 0; first < chunks_.size(); first += kCellChunks)
      cells.push_back({key(model, first), model, data_.geometry(),
                       [this, model, first] { return compute(model, first); }});
  }
  return cells;
}

Cell ContextExperiment::compute(const std::string& model, std::size_t first) const {
  std::map<std::uint64_t, double> bits;
  const bool codec = is_codec(model);
  // Of images, what is longer than a row keeps the patch's rows.
  Streams streams(model, data_.geometry().width.value_or(0));
  const std::size_t end = std::min(chunks_.size(), first + kCellChunks);
  for (std::size_t i = first; i < end; ++i) {
    const ByteView chunk = data_.chunk(chunks_[i]);
    const auto state = codec ? nullptr : shared_.get(model, data_.geometry())->start();
    const double header_bits = codec ? 8.0 * static_cast<double>(streams.header_bytes()) - 8 : 0;
    for (std::size_t size = 1; size <= chunk.size(); size *= 2) {
      if (codec) {
        bits[size] += 8.0 * static_cast<double>(streams.bytes(chunk.first(size))) - header_bits;
      } else {
        const auto begin = static_cast<std::size_t>(state->position_bytes());
        state->observe(chunk.subspan(begin, size - begin));
        bits[size] += state->context_bits();
      }
    }
  }
  Cell cell;
  cell.figures["chunks"] = static_cast<double>(end - first);
  for (const auto& [size, sum] : bits)
    cell.rates.push_back({size, sum / static_cast<double>((end - first) * size)});
  return cell;
}

std::vector<std::pair<std::uint64_t, double>> ContextExperiment::curve(
    const std::string& model, const CellResults& results) const {
  std::map<std::uint64_t, double> sums;
  for (std::size_t first = 0; first < chunks_.size(); first += kCellChunks) {
    const std::string name = key(model, first);
    const double chunks = figure(results, name, "chunks");
    for (const RateAtContext& rate : results.at(name).rates)
      sums[rate.context_bytes] += chunks * rate.bits_per_byte;
  }
  std::vector<std::pair<std::uint64_t, double>> curve;
  for (const auto& [size, sum] : sums)
    curve.emplace_back(size, 100 * sum / (8 * static_cast<double>(chunks_.size())));
  return curve;
}

}  // namespace kraft
