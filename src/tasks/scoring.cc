#include "tasks/scoring.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <sstream>
#include <utility>

#include "base/numbers.h"
#include "base/text.h"
#include "base/wire.h"
#include "core/observing.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "kraft/tasks/options.h"
#include "kraft/views.h"
#include "tasks/lines.h"
#include "tasks/models.h"
#include "version.h"

namespace kraft {
namespace {

std::string shape_text(const Geometry& geometry) {
  std::string text;
  for (const auto& [name, value] : geometry.values())
    text += (text.empty() ? "" : ", ") + name + " " + std::to_string(value);
  return text;
}

}  // namespace

Scoring::Scoring(const ScoreTask& task, const Receiver& receiver) : task_(task) {
  for (const NamedBytes& input : task.inputs) {
    samples_.push_back(samples_of(input));
    warn_about(input.name, samples_.back().warnings, receiver);
  }
  if (task.prime) read_prime();
  for (std::size_t i = 0; i < samples_.size(); ++i) add_texts(i);
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const Scorer>> made;
  for (const MediaSamples& samples : samples_) {
    scorers_.emplace_back();
    for (const std::string& spec : task.models) {
      auto& scorer = made[{spec, shape_text(samples.geometry)}];
      if (!scorer)
        scorer =
            std::make_shared<Scorer>(make_model(spec, samples.geometry, task.threads, receiver),
                                     prime_.bytes, task.threads, receiver.cancelled);
      scorers_.back().push_back(scorer);
    }
  }
}

MediaSamples Scoring::samples_of(const NamedBytes& input) const {
  if (input.bytes.empty()) throw Error(printable(input.name) + " is empty");
  const auto read = [&] { return read_samples(task_.media, input.bytes, input.name); };
  MediaSamples samples = read_named(input.name, read);
  if (samples.bytes.empty()) throw Error(printable(input.name) + " holds no samples");
  if (task_.lines && has_samples(samples.medium))
    throw OptionError({"", "lines",
                       std::string(" has no meaning for ") + name_of(samples.medium) +
                           "; it is an option of text (",
                       "as", " bytes)"});
  return samples;
}

// The context is taken for the same medium as the inputs, whose shape it must have.
void Scoring::read_prime() {
  MediaInput media = task_.media;
  media.as = samples_[0].medium;
  prime_ = read_samples(media, *task_.prime);
  for (std::size_t i = 0; i < samples_.size(); ++i) {
    const std::string shape = shape_text(samples_[i].geometry);
    if (shape == shape_text(prime_.geometry)) continue;
    const auto named = [](const std::string& text) { return text.empty() ? "no samples" : text; };
    throw OptionError({"", "prime",
                       " has another shape (" + named(shape_text(prime_.geometry)) + ") than " +
                           printable(task_.inputs[i].name) + " (" + named(shape) + ")"});
  }
}

void Scoring::add_texts(std::size_t input) {
  const std::string& name = task_.inputs[input].name;
  if (!task_.lines) {
    texts_.push_back({name, samples_[input].bytes, input});
    return;
  }
  for (const Line& line : lines_of(name, samples_[input].bytes))
    texts_.push_back({line.name, line.text, input});
}

ScoreRow Scoring::empty_row(std::size_t cell) const {
  const Text& text = text_of_cell(cell);
  const Scorer& scorer = scorer_of_cell(cell);
  return {.model = scorer.model().spec(),
          .input = text.name,
          .bytes = text.bytes.size(),
          .chunk_bytes = chunk_bytes(),
          .prime_bytes = prime_.bytes.size(),
          .by_prediction = scorer.by_prediction(),
          .parameters = scorer.model().parameters()};
}

ScoreRow Scoring::compute(std::size_t cell, const Receiver& receiver) const {
  const Text& text = text_of_cell(cell);
  const Scorer& scorer = scorer_of_cell(cell);
  const CodeLength code = scorer.code_length(text.bytes, chunk_bytes());
  ScoreRow row = empty_row(cell);
  row.compressed_bytes = code.compressed_bytes;
  row.bits = code.bits;
  if (task_.positions == 0) return row;
  const StratifiedPlaces places =
      stratified_places(text.bytes.size(), task_.positions, static_cast<std::uint64_t>(task_.seed));
  const std::string what = row.model + " " + printable(text.name);
  const Prequential found =
      scorer.prequential(text.bytes, chunk_bytes(), places, [&](std::uint64_t done) {
        stop_if(receiver.cancelled);
        receiver.report(
            {.what = what, .done = done, .total = places.places.size(), .unit = "positions"});
      });
  row.prequential = {.bits_per_byte = found.bits_per_byte,
                     .standard_error = found.standard_error,
                     .positions = found.positions};
  return row;
}

// What a codec writes is what it writes, however far its predictions reach.
void Scoring::warn(const Receiver& receiver) const {
  if (task_.prime) {
    for (const auto& scorer : scorers_[0]) {
      if (task_.positions != 0 || !measures_codec(scorer->model().spec()))
        warn_if_cut(scorer->model(), prime_.bytes.size(), receiver);
    }
    return;
  }
  if (task_.positions == 0) return;
  for (std::size_t cell = 0; cell < cells(); ++cell) {
    const std::uint64_t all = text_of_cell(cell).bytes.size();
    const auto chunk = chunk_bytes();
    warn_if_cut(scorer_of_cell(cell).model(), chunk == 0 ? all : std::min(chunk, all), receiver);
  }
}

std::string Scoring::identity() const {
  std::string text = std::string(kVersion) + " " + std::to_string(chunk_bytes()) + " " +
                     std::to_string(task_.positions) + " " + std::to_string(task_.seed) + " " +
                     std::to_string(checksum(prime_.bytes));
  for (const auto& scorers : scorers_) {
    for (const auto& scorer : scorers) {
      const ModelIdentity model = identify(scorer->model());
      text += "\n" + model.spec + " " + model.library + " " + model.fingerprint + " " +
              std::to_string(model.probe);
    }
  }
  for (const Text& of : texts_) text += "\n" + std::to_string(checksum(of.bytes));
  return std::to_string(checksum(as_bytes(text)));
}

std::string Scoring::figures_of(const ScoreRow& row) {
  std::string text = std::to_string(row.compressed_bytes) + " " + exact_text(row.bits);
  if (!row.prequential) return text;
  text += " " + std::to_string(row.prequential->positions) + " " +
          exact_text(row.prequential->bits_per_byte);
  if (row.prequential->standard_error) text += " " + exact_text(*row.prequential->standard_error);
  return text;
}

ScoreRow Scoring::row_of(std::size_t cell, const std::string& figures) const {
  std::istringstream stream(figures);
  std::vector<std::string> words(std::istream_iterator<std::string>(stream), {});
  if (words.size() < 2 || words.size() == 3 || words.size() > 5)
    throw Error("these are no figures of a cell: '" + printable(figures) + "'");
  ScoreRow row = empty_row(cell);
  row.compressed_bytes = std::stoll(words[0]);
  row.bits = exact_number(words[1]);
  if (words.size() == 2) return row;
  row.prequential = {.bits_per_byte = exact_number(words[3]), .positions = std::stoull(words[2])};
  if (words.size() == 5) row.prequential->standard_error = exact_number(words[4]);
  return row;
}

}  // namespace kraft
