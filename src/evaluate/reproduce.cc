#include "evaluate/reproduce.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft {
namespace {

// Chunks of one cell: enough to be worth the trouble, few enough to be divided.
constexpr std::size_t kCodecChunks = 128, kPredictorChunks = 4;

// Widths are those of the paper's images, or what a codec for images is shown of other bytes.
std::string shaped(const std::string& spec, std::size_t width) {
  Spec parsed = Spec::parse(spec);
  const auto is_width = [](const auto& named) { return named.name == "width"; };
  const auto given = [](const auto& value) { return value.first == "width"; };
  if (std::ranges::none_of(find_backend(parsed.name).parameters, is_width) ||
      std::ranges::any_of(parsed.values, given))
    return spec;
  parsed.values.emplace_back("width", std::to_string(width));
  return parsed.text();
}

// Encoders of a codec for messages of any size.
class Streams {
 public:
  // Width 0: as near_square_width() says.
  explicit Streams(const std::string& spec, std::size_t width = 0)
      : spec_(codec_spec(spec)), width_(width) {}

  std::uint64_t bytes(ByteView message) {
    const std::size_t width =
        width_ == 0 ? near_square_width(message.size()) : std::min(width_, message.size());
    const std::string spec = shaped(spec_, width);
    auto& encoder = encoders_[spec];
    if (!encoder) encoder = make_codec(spec)->encoder();
    encoder->encode(message, stream_);
    return stream_.size();
  }

  std::uint64_t header_bytes() {
    const Byte zero = 0;
    return bytes({&zero, 1});
  }

 private:
  std::string spec_;
  std::size_t width_;
  std::map<std::string, std::unique_ptr<Encoder>> encoders_;
  Bytes stream_;
};

std::vector<std::string> canonical_once(const std::vector<std::string>& specs) {
  std::vector<std::string> models;
  for (const std::string& spec : specs) {
    std::string canonical = canonical_spec(spec);
    if (std::ranges::find(models, canonical) == models.end())
      models.push_back(std::move(canonical));
  }
  return models;
}

double figure(const CellResults& results, const std::string& key, const char* name) {
  const auto cell = results.find(key);
  if (cell == results.end()) throw Error("the cell " + key + " was not computed");
  const auto found = cell->second.figures.find(name);
  if (found == cell->second.figures.end()) throw Error("the cell " + key + " has no " + name);
  return found->second;
}

}  // namespace

const char* name_of(PaperMedium medium) {
  switch (medium) {
    case PaperMedium::text:
      return "text";
    case PaperMedium::images:
      return "images";
    case PaperMedium::audio:
      return "audio";
    case PaperMedium::random:
      return "random";
  }
  throw Error("no such medium");
}

const char* name_of(Layout layout) { return layout == Layout::chunked ? "chunked" : "unchunked"; }

Geometry PaperData::geometry() const {
  if (medium == PaperMedium::images)
    return {.width = static_cast<std::int64_t>(kPaperPatchWidth), .channels = 1, .depth = 8};
  if (medium == PaperMedium::audio)
    return {.rate = std::int64_t{kPaperRateHz}, .channels = 1, .depth = 8};
  return {};
}

PaperData paper_data(PaperMedium medium, std::string source, Bytes bytes,
                     std::uint64_t most_bytes) {
  const std::size_t available = std::min<std::uint64_t>(bytes.size(), most_bytes);
  bytes.resize(available / kPaperChunkBytes * kPaperChunkBytes);
  if (bytes.empty())
    throw Error(std::string(name_of(medium)) + ": " + grouped(available) +
                " bytes are not one chunk of " + grouped(kPaperChunkBytes));
  return {medium, std::move(source), std::move(bytes)};
}

void append_patches(const Image& gray, Bytes& to) {
  if (gray.channels != 1 || gray.depth_bits != 8) throw Error("patches are taken from 8-bit gray");
  for (std::size_t y = 0; y + kPaperPatchHeight <= gray.height; y += kPaperPatchHeight) {
    for (std::size_t x = 0; x + kPaperPatchWidth <= gray.width; x += kPaperPatchWidth) {
      for (std::size_t row = y; row < y + kPaperPatchHeight; ++row)
        append(to, ByteView(gray.samples).subspan(row * gray.width + x, kPaperPatchWidth));
    }
  }
}

Bytes noise_bytes(std::uint64_t seed, std::size_t size) {
  Random random(seed);
  Bytes bytes(size);
  for (Byte& byte : bytes) byte = static_cast<Byte>(random.below(256));
  return bytes;
}

std::size_t near_square_width(std::size_t bytes) {
  if (bytes == 0) return 1;
  auto root = static_cast<std::size_t>(std::sqrt(static_cast<double>(bytes)));
  while (root * root > bytes) --root;
  std::size_t height = root;
  while (bytes % height != 0) --height;
  const std::size_t width = bytes / height;
  if (width <= 4 * height) return width;
  return root * root == bytes ? root : root + 1;
}

std::string canonical_spec(const std::string& spec) {
  const Spec parsed = Spec::parse(spec);
  return check(parsed, find_backend(parsed.name)).spec();
}

bool is_codec(const std::string& spec) {
  return find_backend(Spec::parse(spec).name).make_codec != nullptr;
}

std::vector<std::size_t> evenly_spread(std::size_t total, std::uint64_t count) {
  if (count == 0 || count > total) count = total;
  std::vector<std::size_t> chosen;
  for (std::uint64_t i = 0; i < count; ++i)  // the middle of each of `count` equal stretches
    chosen.push_back(static_cast<std::size_t>((2 * i + 1) * total / (2 * count)));
  return chosen;
}

std::shared_ptr<const Model> SharedModels::get(const std::string& spec,
                                               const Geometry& geometry) const {
  const std::lock_guard lock(mutex_);
  auto& model = models_[{spec, geometry.values()}];
  if (!model)
    model = make_model(spec, {.threads = threads_, .geometry = geometry, .cancelled = cancelled_});
  return model;
}

// Chunks that one cell measures; of an unchunked layout, all of the data at once.
struct RateExperiment::Part {
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

std::vector<RateExperiment::Part> RateExperiment::parts(std::size_t data, const std::string& model,
                                                        Layout layout) const {
  const bool codec = is_codec(model);
  const PaperData& of = data_[data];
  const auto predictor = codec ? nullptr : shared_.get(model, of.geometry());
  if (layout == Layout::unchunked) {
    if (predictor && predictor->window_bytes()) return {};
    return {{data, layout, {}}};
  }
  const bool sampled = predictor && predictor->parameters() > 0;
  const std::vector<std::size_t> chunks =
      evenly_spread(of.chunks(), sampled ? settings_.chunks : 0);
  const std::size_t step = codec ? kCodecChunks : kPredictorChunks;
  std::vector<Part> parts;
  for (std::size_t at = 0; at < chunks.size(); at += step) {
    const auto first = chunks.begin() + static_cast<std::ptrdiff_t>(at);
    const auto size = static_cast<std::ptrdiff_t>(std::min(step, chunks.size() - at));
    parts.push_back({data, layout, {first, first + size}});
  }
  return parts;
}

std::string RateExperiment::key(const Part& part, const std::string& model) const {
  std::string key =
      std::string(name_of(data_[part.data].medium)) + " | " + name_of(part.layout) + " | " + model;
  if (!part.chunks.empty())
    key += " | " + std::to_string(part.chunks.size()) + " chunks from " +
           std::to_string(part.chunks.front()) + " to " + std::to_string(part.chunks.back());
  return key;
}

std::vector<ExperimentCell> RateExperiment::cells() const {
  std::vector<ExperimentCell> predictors, codecs;
  for (std::size_t data = 0; data < data_.size(); ++data) {
    for (const std::string& model : models_) {
      for (const Layout layout : layouts_) {
        for (const Part& part : parts(data, model, layout))
          (is_codec(model) ? codecs : predictors)
              .push_back({key(part, model), model, data_[data].geometry(),
                          [this, part, model] { return compute(part, model); }});
      }
    }
  }
  // The dearest first, so that no thread is left alone with them.
  predictors.insert(predictors.end(), std::make_move_iterator(codecs.begin()),
                    std::make_move_iterator(codecs.end()));
  return predictors;
}

Cell RateExperiment::compute(const Part& part, const std::string& model) const {
  const PaperData& data = data_[part.data];
  std::vector<ByteView> messages;
  for (const std::size_t chunk : part.chunks) messages.push_back(data.chunk(chunk));
  if (part.layout == Layout::unchunked) messages.emplace_back(data.bytes);
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
    const double cost = predictor->start(message)->context_bits();
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
  for (const Part& part : parts(data, model, layout)) {
    const std::string name = key(part, model);
    messages += figure(results, name, "messages");
    measured_bytes += part.chunks.empty() ? of.bytes.size() : part.chunks.size() * kPaperChunkBytes;
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
  return std::string(name_of(data_.medium)) + " | context | " + model + " | " +
         std::to_string(chunks_.size()) + " chunks, from " + std::to_string(chunks_[first]);
}

std::vector<ExperimentCell> ContextExperiment::cells() const {
  std::vector<ExperimentCell> cells;
  for (const std::string& model : models_) {
    for (std::size_t first = 0; first < chunks_.size(); first += kPredictorChunks)
      cells.push_back({key(model, first), model, data_.geometry(),
                       [this, model, first] { return compute(model, first); }});
  }
  return cells;
}

Cell ContextExperiment::compute(const std::string& model, std::size_t first) const {
  std::map<std::uint64_t, double> bits;
  const bool codec = is_codec(model);
  // Of images, what is longer than a row keeps the patch's rows.
  Streams streams(model, data_.medium == PaperMedium::images ? kPaperPatchWidth : 0);
  const std::size_t end = std::min(chunks_.size(), first + kPredictorChunks);
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
  for (std::size_t first = 0; first < chunks_.size(); first += kPredictorChunks) {
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
