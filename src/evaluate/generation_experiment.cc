#include "evaluate/generation_experiment.h"

#include <algorithm>
#include <chrono>

#include "core/drawing.h"
#include "kraft/error.h"
#include "kraft/sampler.h"

namespace kraft {
namespace {

constexpr std::size_t kTextContext = 1948;
constexpr std::size_t kCellRows = 10;

Bytes stretch(ByteView bytes, std::size_t begin, std::size_t size) {
  const ByteView view = bytes.subspan(begin, size);
  return {view.begin(), view.end()};
}

}  // namespace

GenerationTask text_task(const PaperData& text) {
  const ByteView chunk = text.chunk(text.chunks() / 2);
  return {Medium::text,
          text.source,
          text.geometry(),
          {stretch(chunk, 0, kTextContext)},
          {stretch(chunk, kTextContext, kPaperChunkBytes - kTextContext)},
          /*by_letters=*/true};
}

GenerationTask image_task(const Image& image, const std::string& source) {
  const Image gray = scaled(to_gray(image), kPaperImageWidth, kPaperImageHeight);
  if (gray.depth_bits != 8) throw Error("the image of figure 3 must have 8 bits");
  GenerationTask task;
  task.medium = Medium::image;
  task.source = source;
  task.geometry = gray.geometry();
  constexpr std::size_t kHalf = kPaperImageWidth / 2;
  for (std::size_t y = 0; y < kPaperImageHeight; ++y) {
    task.given.push_back(stretch(gray.samples, y * kPaperImageWidth, kHalf));
    task.truth.push_back(stretch(gray.samples, y * kPaperImageWidth + kHalf, kHalf));
  }
  return task;
}

GenerationTask audio_task(const Audio& audio, const std::string& source) {
  const std::size_t half = std::min<std::size_t>(audio.rate_hz, audio.samples.size() / 2);
  if (half == 0) throw Error("the recording of figure 3 is empty");
  return {Medium::audio,
          source,
          audio.geometry(),
          {stretch(audio.samples, 0, half)},
          {stretch(audio.samples, half, half)}};
}

GenerationExperiment::GenerationExperiment(std::vector<GenerationTask> tasks,
                                           std::vector<std::vector<std::string>> models,
                                           Settings settings)
    : tasks_(std::move(tasks)),
      models_(std::move(models)),
      settings_(std::move(settings)),
      shared_(settings_.threads, settings_.cancelled) {
  for (std::size_t task = 0; task < tasks_.size(); ++task) {
    for (std::string& model : models_[task]) {
      model = canonical_spec(model);
      shared_.get(model, tasks_[task].geometry);  // all errors before any work
    }
  }
}

std::string GenerationExperiment::key(std::size_t task, const std::string& model,
                                      std::size_t first) const {
  return std::string(paper_name(tasks_[task].medium)) + " | seed " +
         std::to_string(settings_.seed) + " | " + model + " | rows from " + std::to_string(first);
}

std::vector<ExperimentCell> GenerationExperiment::cells() const {
  std::vector<ExperimentCell> cells;
  for (std::size_t task = tasks_.size(); task-- > 0;) {  // sound takes the longest
    for (const std::string& model : models_[task]) {
      for (std::size_t first = 0; first < tasks_[task].given.size(); first += kCellRows)
        cells.push_back({key(task, model, first), model, tasks_[task].geometry,
                         [this, task, model, first] { return compute(task, model, first); }});
    }
  }
  return cells;
}

Cell GenerationExperiment::compute(std::size_t task, const std::string& model,
                                   std::size_t first) const {
  const GenerationTask& of = tasks_[task];
  const auto predictor = shared_.get(model, of.geometry);
  const auto sampler = make_sampler("ancestral");
  const auto begin = std::chrono::steady_clock::now();
  Cell cell;
  const std::size_t end = std::min(of.given.size(), first + kCellRows);
  for (std::size_t row = first; row < end; ++row) {
    const Bytes& given = of.given[row];
    const bool own_units = !predictor->units().empty();
    const Candidates candidates = !of.by_letters ? Candidates::all()
                                  : own_units    ? Candidates::units_of(*predictor)
                                                 : Candidates::seen(given);
    Random random(settings_.seed, row);
    const auto state = start_drawing(*predictor, given, settings_.cancelled);
    const auto priced = state->clone();
    Draw draw;
    draw.bytes = sample(*sampler, *state, candidates,
                        {.length_bytes = of.truth[row].size(),
                         .history = given,
                         .state_is_spent = true,
                         .cancelled = settings_.cancelled},
                        random);
    const ByteView drawn(draw.bytes);
    double bits = 0;
    priced->measure({&drawn, 1}, {&bits, 1});
    draw.figures["bits"] = bits;
    cell.draws.push_back(std::move(draw));
  }
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  cell.figures["seconds"] = spent.count();
  return cell;
}

GenerationExperiment::Generated GenerationExperiment::generated(std::size_t task,
                                                                const std::string& model,
                                                                const CellResults& results) const {
  Generated generated;
  for (std::size_t first = 0; first < tasks_[task].given.size(); first += kCellRows) {
    const Cell& cell = results.at(key(task, model, first));
    generated.seconds += cell.figures.at("seconds");
    for (const Draw& draw : cell.draws) {
      generated.rows.push_back(draw.bytes);
      generated.bits += draw.figures.at("bits");
    }
  }
  return generated;
}

}  // namespace kraft
