#include "evaluate/rate_experiment.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/observing.h"

namespace kraft {
namespace {

// Chunks of one cell: enough to be worth the trouble, few enough to be divided.
constexpr std::size_t kCodecChunks = 128, kPredictorChunks = 4;

}  // namespace

// Chunks that one cell measures; of an unchunked layout, all of the data at once.
struct RateExperiment::Batch {
  std::size_t data = 0;
  Layout layout = Layout::chunked;
  std::vector<std::size_t> chunks;
};

RateExperiment::RateExperiment(const std::vector<PaperData>& data,
                               const std::vector<std::string>& models, std::vector<Layout> layouts,
                               ExperimentSettings settings)
    : data_(data),
      models_(canonical_once(models)),
      layouts_(std::move(layouts)),
      settings_(std::move(settings)),
      shared_(settings_.threads, settings_.cancelled) {
  for (const std::string& model : models_) {  // all errors before any work
    if (!is_codec(model)) shared_.get(model, {});
  }
}

std::vector<RateExperiment::Batch> RateExperiment::batches(std::size_t data,
                                                           const std::string& model,
                                                           Layout layout) const {
  const bool codec = is_codec(model);
  const PaperData& of = data_[data];
  const auto predictor = codec ? nullptr : shared_.get(model, of.geometry());
  const bool sampled = predictor && predictor->parameters() > 0;
  if (layout == Layout::unchunked) {
    if (sampled && predictor->window_bytes()) return {};
    return {{data, layout, {}}};
  }
  const std::vector<std::size_t> chunks =
      evenly_spread(of.chunks(), sampled ? settings_.chunks : 0);
  const std::size_t step = codec ? kCodecChunks : kPredictorChunks;
  std::vector<Batch> batches;
  for (std::size_t at = 0; at < chunks.size(); at += step) {
    const auto first = chunks.begin() + static_cast<std::ptrdiff_t>(at);
    const auto size = static_cast<std::ptrdiff_t>(std::min(step, chunks.size() - at));
    batches.push_back({data, layout, {first, first + size}});
  }
  return batches;
}

std::string RateExperiment::key(const Batch& batch, const std::string& model) const {
  std::string key = std::string(paper_name(data_[batch.data].medium)) + " | " +
                    name_of(batch.layout) + " | " + model;
  if (!batch.chunks.empty())
    key += " | " + std::to_string(batch.chunks.size()) + " chunks from " +
           std::to_string(batch.chunks.front()) + " to " + std::to_string(batch.chunks.back());
  return key;
}

std::vector<ExperimentCell> RateExperiment::cells() const {
  std::vector<ExperimentCell> predictors, codecs;
  for (std::size_t data = 0; data < data_.size(); ++data) {
    for (const std::string& model : models_) {
      for (const Layout layout : layouts_) {
        for (const Batch& batch : batches(data, model, layout))
          (is_codec(model) ? codecs : predictors)
              .push_back({key(batch, model), model, data_[data].geometry(),
                          [this, batch, model] { return compute(batch, model); }});
      }
    }
  }
  // The dearest first, so that no thread is left alone with them.
  predictors.insert(predictors.end(), std::make_move_iterator(codecs.begin()),
                    std::make_move_iterator(codecs.end()));
  return predictors;
}

Cell RateExperiment::compute(const Batch& batch, const std::string& model) const {
  const PaperData& data = data_[batch.data];
  std::vector<ByteView> messages;
  for (const std::size_t chunk : batch.chunks) messages.push_back(data.chunk(chunk));
  if (batch.layout == Layout::unchunked) messages.emplace_back(data.bytes);
  Cell cell;
  cell.figures["messages"] = static_cast<double>(messages.size());
  if (is_codec(model)) {
    Streams streams(model);
    std::uint64_t stream_bytes = 0;
    for (const ByteView message : messages) stream_bytes += streams.bytes(message);
    cell.figures["stream_bytes"] = static_cast<double>(stream_bytes);
    cell.figures["header_bytes"] = static_cast<double>(streams.header_bytes());
    return cell;
  }
  const auto predictor = shared_.get(model, data.geometry());
  double bits = 0, squares = 0;
  for (const ByteView message : messages) {
    const double cost = start(*predictor, message, settings_.cancelled)->context_bits();
    bits += cost;
    squares += cost * cost;
  }
  cell.figures["bits"] = bits;
  cell.figures["bits_squared"] = squares;
  return cell;
}

std::optional<PaperRate> RateExperiment::rate(std::size_t data, const std::string& model,
                                              Layout layout, const CellResults& results) const {
  const PaperData& of = data_[data];
  double messages = 0, bits = 0, squares = 0, header_bytes = 0;
  std::uint64_t measured_bytes = 0;
  for (const Batch& batch : batches(data, model, layout)) {
    const std::string name = key(batch, model);
    messages += figure(results, name, "messages");
    measured_bytes +=
        batch.chunks.empty() ? of.bytes.size() : batch.chunks.size() * kPaperChunkBytes;
    if (is_codec(model)) {
      bits += 8 * figure(results, name, "stream_bytes");
      header_bytes = figure(results, name, "header_bytes");
    } else {
      bits += figure(results, name, "bits");
      squares += figure(results, name, "bits_squared");
    }
  }
  if (messages == 0) return std::nullopt;
  PaperRate rate;
  rate.measured_bytes = measured_bytes;
  const double raw_bits = 8 * static_cast<double>(measured_bytes);
  rate.percent = 100 * (bits - 8 * header_bytes * (messages - 1)) / raw_bits;
  if (!is_codec(model) && measured_bytes < of.bytes.size() && messages > 1) {
    const double variance = std::max(0.0, squares - bits * bits / messages) / (messages - 1);
    rate.standard_error = 100 * std::sqrt(variance * messages) / raw_bits;
  }
  if (!is_codec(model)) rate.parameters = shared_.get(model, of.geometry())->parameters();
  rate.adjusted_percent = rate.percent + 200 * static_cast<double>(rate.parameters) /
                                             static_cast<double>(of.bytes.size());
  return rate;
}

const std::vector<PublishedRates>& published_rates() {
  static const std::vector<PublishedRates> rates = {
      {"gzip", "gzip:9", Layout::unchunked, {32.3, 70.7, 36.4, 100.0}},
      {"LZMA2", "xz:6", Layout::unchunked, {23.0, 57.9, 29.9, 100.0}},
      {"PNG", "png:9", Layout::unchunked, {42.9, 58.5, 32.2, 100.0}},
      {"FLAC", "flac:8", Layout::unchunked, {89.5, 61.9, 30.9, 107.8}},
      {"gzip", "gzip:9", Layout::chunked, {48.1, 68.6, 38.5, 100.1}},
      {"LZMA2", "xz:6", Layout::chunked, {50.0, 62.4, 38.2, 100.0}},
      {"PNG", "png:9", Layout::chunked, {80.6, 61.7, 37.6, 103.2}},
      {"FLAC", "flac:8", Layout::chunked, {88.9, 60.9, 30.3, 107.2}},
      {"Transformer 3.2M", nullptr, Layout::chunked, {17.0, 215.8, 228.2, 224.0}},
      {"Llama 2 7B", nullptr, Layout::chunked, {8.9, 53.4, 23.1, 103.2}},
      {"Chinchilla 70B", nullptr, Layout::chunked, {8.3, 48.0, 21.0, 100.8}},
  };
  return rates;
}

}  // namespace kraft
