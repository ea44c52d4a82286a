#include "evaluate/views_experiment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/text.h"
#include "core/observing.h"
#include "evaluate/own_rate.h"
#include "evaluate/paper_data.h"
#include "evaluate/statistics.h"
#include "kraft/error.h"

namespace kraft {
namespace {

constexpr const char* kOwn = "own";
constexpr const char* kEncoder = "encoder";
constexpr const char* kDecoder = "decoder";

std::size_t whole_rows(std::size_t bytes, std::size_t row_bytes) {
  return std::max(bytes - bytes % row_bytes, row_bytes);
}

// Of all of the context: where it recompresses, a model does so by itself with the end of it only.
std::shared_ptr<const Model> encoder_model(const std::string& spec, const Geometry& geometry) {
  const ModelOptions options{.threads = 1, .geometry = geometry};
  try {
    return make_model(spec + ",context=0", options);
  } catch (const UsageError&) {  // it always sees all
    return make_model(spec, options);
  }
}

double encoder_bits(const std::string& spec, const Geometry& geometry, ByteView context,
                    ByteView truth, const std::vector<std::size_t>& positions,
                    const std::function<bool()>& cancelled) {
  const auto state = start(*encoder_model(spec, geometry), context, cancelled);
  std::array<double, 256> bits;
  double sum = 0;
  std::size_t at = 0;
  for (const std::size_t next : positions) {
    stop_if(cancelled);
    state->observe(truth.subspan(at, next - at));
    at = next;
    state->next_byte(bits);
    sum += surprisal_bits(bits, truth[at]);
  }
  return sum / static_cast<double>(positions.size());
}

double decoder_bits(const std::string& spec, const Geometry& geometry, ByteView context,
                    ByteView truth, const std::function<bool()>& cancelled) {
  const auto model = make_model(spec, {.threads = 1, .geometry = geometry});
  const auto state = start(*model, context, cancelled);
  double bits = 0;
  state->measure({&truth, 1}, {&bits, 1});
  return bits;
}

// Of all but one of them.
double sum_without(const std::vector<double>& values, std::size_t without) {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += i == without ? 0 : values[i];
  return sum;
}

}  // namespace

ViewsExperiment::ViewsExperiment(ViewsData data, std::vector<ViewedCodec> codecs,
                                 std::size_t places, ExperimentSettings settings)
    : data_(std::move(data)),
      codecs_(std::move(codecs)),
      places_(places),
      settings_(std::move(settings)) {
  const std::size_t least = std::max(kLeastBytes, 16 * data_.row_bytes);
  if (data_.bytes.size() < least)
    throw Error(data_.source + ": " + grouped(data_.bytes.size()) +
                " bytes are too few for views; " + grouped(least) + " would do");
}

std::size_t ViewsExperiment::context_bytes() const {
  return whole_rows(std::min(kContextBytes, data_.bytes.size() / 2), data_.row_bytes);
}

std::size_t ViewsExperiment::truth_bytes() const {
  return whole_rows(std::min(kTruthBytes + data_.row_bytes - 1, data_.bytes.size() / 8),
                    data_.row_bytes);
}

std::string ViewsExperiment::key(const ViewedCodec& codec, std::size_t place) const {
  return std::string(paper_name(data_.medium)) + " | views | " + codec.codec + " | place " +
         std::to_string(place) + " of " + std::to_string(places_);
}

std::vector<ExperimentCell> ViewsExperiment::cells() const {
  std::vector<ExperimentCell> cells;
  for (const ViewedCodec& codec : codecs_) {
    for (std::size_t place = 0; place < places_; ++place)
      cells.push_back({key(codec, place), codec.codec, data_.geometry,
                       [this, &codec, place] { return compute(codec, place); }});
  }
  return cells;
}

std::vector<std::size_t> ViewsExperiment::positions(std::size_t place) const {
  std::vector<std::size_t> positions;
  const double quarter = static_cast<double>(truth_bytes()) / static_cast<double>(kPositions);
  for (std::size_t i = 0; i < kPositions; ++i) {
    const auto drawn = static_cast<double>(place * kPositions + i + 1);
    const double within = data_.row_bytes > 1 ? std::fmod(drawn * std::numbers::phi, 1.0) : 0;
    positions.push_back(static_cast<std::size_t>((static_cast<double>(i) + within) * quarter));
  }
  return positions;
}

Cell ViewsExperiment::compute(const ViewedCodec& codec, std::size_t place) const {
  const std::size_t before = context_bytes(), after = truth_bytes();
  const std::size_t room = data_.bytes.size() - before - after;
  const std::size_t wanted = places_ < 2 ? 0 : room * place / (places_ - 1);
  const std::size_t begin = wanted - wanted % data_.row_bytes;
  const ByteView context = ByteView(data_.bytes).subspan(begin, before);
  const ByteView truth = ByteView(data_.bytes).subspan(begin + before, after);
  const auto bytes = static_cast<double>(after);
  Cell cell;
  cell.figures[kOwn] =
      further_bits(*own_codec(codec.codec, data_.geometry), context, truth) / bytes;
  cell.figures[kEncoder] = encoder_bits(codec.encoder, data_.geometry, context, truth,
                                        positions(place), settings_.cancelled);
  if (codec.decoder)
    cell.figures[kDecoder] =
        decoder_bits(*codec.decoder, data_.geometry, context, truth, settings_.cancelled) / bytes;
  return cell;
}

ViewRates ViewsExperiment::rates(const ViewedCodec& codec, const CellResults& results) const {
  const auto all = [&](const char* name) {
    std::vector<double> values;
    for (std::size_t place = 0; place < places_; ++place)
      values.push_back(figure(results, key(codec, place), name));
    return values;
  };
  const std::vector<double> own = all(kOwn);
  ViewRates rates{
      .own = estimate(own), .encoder = estimate(all(kEncoder)), .decoder = {}, .ratio = {}};
  if (!codec.decoder) return rates;
  const std::vector<double> decoder = all(kDecoder);
  rates.decoder = estimate(decoder);
  rates.ratio = jackknife(places_, [&](std::size_t without) {
    return sum_without(decoder, without) / sum_without(own, without);
  });
  return rates;
}

}  // namespace kraft
