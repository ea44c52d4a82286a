#include "evaluate/comparison.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "base/subprocess.h"
#include "core/drawing.h"
#include "core/observing.h"
#include "evaluate/features.h"
#include "evaluate/own_rate.h"
#include "kraft/error.h"
#include "kraft/sampler_choice.h"

namespace kraft {
namespace {

// Each figure's mean over those that have it.
Figures mean_of(std::span<const Figures> all) {
  std::map<std::string, std::vector<double>, std::less<>> values;
  for (const Figures& figures : all) {
    for (const auto& [key, value] : figures) values[key].push_back(value);
  }
  Figures means;
  for (const auto& [key, list] : values)
    means[key] = std::accumulate(list.begin(), list.end(), 0.0) / static_cast<double>(list.size());
  return means;
}

constexpr std::size_t kMostJudged = 4;  // windows whose judges are kept for their next cells

double increment_bits(State& state, ByteView continuation) {
  double bits = 0;
  state.measure({&continuation, 1}, {&bits, 1});
  return bits;
}

}  // namespace

Comparison::Comparison(ComparisonSettings settings, std::vector<ComparedInput> inputs,
                       const std::vector<Entrants>& entrants, unsigned workers,
                       std::function<bool()> cancelled)
    : settings_(std::move(settings)),
      inputs_(std::move(inputs)),
      cancelled_(std::move(cancelled)),
      own_models_(workers) {
  for (std::size_t input = 0; input < inputs_.size(); ++input) {
    if (draws_enough(input) && !inputs_[input].bytes.empty())
      pieces_.push_back(further_pieces(inputs_[input], 2 * settings_.count - 1, settings_.seed));
    else
      pieces_.emplace_back();
    metrics_.push_back(metrics_of(inputs_[input].medium, settings_.judges, has_mauve(input)));
  }
  for (std::size_t input = 0; input < entrants.size(); ++input) {
    for (const std::string& spec : entrants[input].models) {
      if (std::ranges::find(models_, spec) == models_.end()) models_.push_back(spec);
      std::vector<ComparedSampler>& chosen = samplers_[{input, spec}];
      for (const ComparedSampler& sampler : entrants[input].samplers) {
        const ComparedSampler one =
            sampler.name == kAutoSampler
                ? sampler.chosen_for(*model(spec, input, 0),
                                     inputs_[input].windows[0].context.size(),
                                     has_samples(inputs_[input].medium))
                : sampler;
        if (std::ranges::find(chosen, one.spec, &ComparedSampler::spec) == chosen.end())
          chosen.push_back(one);
      }
    }
  }
}

Comparison::Comparison(ComparisonSettings settings, std::vector<ComparedInput> inputs,
                       std::vector<std::string> models, Samplers samplers)
    : Comparison(std::move(settings), std::move(inputs), {}, 0, {}) {
  models_ = std::move(models);
  samplers_ = std::move(samplers);
}

Comparison::~Comparison() = default;

bool Comparison::draws_enough(std::size_t input) const {
  const ComparedInput& of = inputs_[input];
  return !settings_.features.empty() && !has_samples(of.medium) &&
         of.windows.size() * settings_.count >= kLeastMauveSamples;
}

bool Comparison::has_mauve(std::size_t input) const {
  return draws_enough(input) && (pieces_[input] || inputs_[input].bytes.empty());
}

const std::vector<ComparedSampler>& Comparison::samplers(std::size_t input,
                                                         const std::string& model) const {
  static const std::vector<ComparedSampler> kNone;
  const auto found = samplers_.find({input, model});
  return found == samplers_.end() ? kNone : found->second;
}

std::vector<CellKey> Comparison::cells() const {
  std::vector<CellKey> keys;
  for (std::size_t input = 0; input < inputs_.size(); ++input) {
    for (std::size_t window = 0; window < inputs_[input].windows.size(); ++window) {
      for (const std::string& spec : models_) {
        if (samplers(input, spec).empty()) continue;
        for (const ComparedSampler& sampler : samplers(input, spec))
          keys.push_back({input, window, spec, sampler.spec, false});
        keys.push_back({input, window, spec, kNoSampler, false});
      }
      for (const char* bound : {kTruthModel, kUniformModel}) {
        keys.push_back({input, window, bound, kBoundSampler, true});
        keys.push_back({input, window, bound, kNoSampler, true});
      }
    }
  }
  return keys;
}

std::shared_ptr<const Model> Comparison::model(const std::string& spec, std::size_t input,
                                               unsigned worker) {
  const std::pair key(spec, input);
  auto& own = own_models_.at(worker);
  if (const auto found = own.find(key); found != own.end()) return found->second;
  const std::lock_guard lock(mutex_);
  auto& shared = shared_models_[key];
  if (shared) return shared;
  const auto made = make_model(
      spec, {.threads = 1, .geometry = inputs_[input].geometry, .cancelled = cancelled_});
  if (made->parameters() > 0) return shared = made;
  return own[key] = made;
}

Cell Comparison::compute(const CellKey& key, unsigned worker) {
  return key.sampler == kNoSampler ? predict(key, worker) : draw(key, worker);
}

Cell Comparison::predict(const CellKey& key, unsigned worker) {
  const double began = processor_seconds();
  Cell cell;
  const ComparedInput& input = inputs_[key.input];
  const Window& window = input.windows[key.window];
  const ByteView context(window.context), truth(window.truth);
  const auto bytes = static_cast<double>(truth.size());
  Prediction prediction{
      .truth_bytes = truth.size(), .own_bits = {}, .surprisal_bits = {}, .forecasts = {}};
  if (key.bound && key.model == kTruthModel) {
    prediction.surprisal_bits = {0};
    prediction.forecasts = {{1, true}};
    return {.forecasts = prediction.forecasts,
            .rates = {},
            .draws = {},
            .features = {},
            .figures = figures_of(metrics_[key.input], prediction)};
  }
  const auto model = this->model(key.model, key.input, worker);
  for (const std::uint64_t size : rate_contexts(context.size(), input.row_bytes)) {
    if (size == context.size()) break;
    const auto shorter = start(*model, context.last(size), cancelled_);
    cell.rates.push_back({size, increment_bits(*shorter, truth) / bytes});
  }
  if (const auto codec = key.bound ? nullptr : own_codec(key.model, input.geometry))
    prediction.own_bits = further_bits(*codec, context, truth);
  const auto state = start(*model, context, cancelled_);
  prediction.code_bits = increment_bits(*state, truth);
  cell.rates.push_back({context.size(), prediction.code_bits / bytes});

  const std::uint64_t count = std::min<std::uint64_t>(settings_.positions, truth.size());
  std::array<double, 256> bits;
  Work work{.bytes_priced = count};
  std::size_t observed = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    stop_if(cancelled_);
    const std::size_t at = (2 * i + 1) * truth.size() / (2 * count);
    // A step of drawing is timed: a byte is observed, the next one priced. What is lazy reads all
    // before that first.
    const std::size_t last = std::max(observed, at - std::min<std::size_t>(at, 1));
    observe(*state, truth.subspan(observed, last - observed), cancelled_);
    state->context_bits();
    const double begin = processor_seconds();
    state->observe(truth.subspan(last, at - last));
    observed = at;
    state->next_byte(bits);
    work.seconds += processor_seconds() - begin;
    prediction.surprisal_bits.push_back(surprisal_bits(bits, truth[at]));
    const std::vector<double> p = probabilities(bits);
    const auto best = std::ranges::max_element(p);
    prediction.forecasts.push_back(
        {*best, static_cast<std::size_t>(best - p.begin()) == truth[at]});
  }
  cell.figures = figures_of(metrics_[key.input], prediction);
  if (!key.bound) cell.figures.merge(figures_of(metrics_[key.input], work));
  cell.forecasts = std::move(prediction.forecasts);
  if (!key.bound) cell.seconds = processor_seconds() - began;
  return cell;
}

Bytes Comparison::drawn(const CellKey& key, const Window& window, std::uint64_t stream,
                        unsigned worker, DrawingSeconds& seconds) {
  Random random(settings_.seed, stream);
  Bytes bytes;
  if (key.bound) {
    for (std::size_t i = 0; i < window.truth.size(); ++i)
      bytes.push_back(static_cast<Byte>(random.below(256)));
    return bytes;
  }
  const auto sampler =
      std::ranges::find(samplers(key.input, key.model), key.sampler, &ComparedSampler::spec);
  const auto model = this->model(key.model, key.input, worker);
  const bool automatic = settings_.alphabet == kAutoAlphabet;
  const bool by_units = automatic && !model->units().empty() && sampler->name != "spans";
  const Candidates candidates =
      by_units ? Candidates::units_of(*model)
               : Candidates::parse(automatic ? "seen" : settings_.alphabet, window.context);
  const double began = processor_seconds();
  const auto state = start_drawing(*model, window.context, cancelled_);
  state->context_bits();
  const double begin = processor_seconds();
  make_sampler(sampler->name, sampler->options)
      ->sample(
          *state, candidates,
          {.length_bytes = window.truth.size(), .history = window.context, .cancelled = cancelled_},
          random, [&](ByteView more) {
            append(bytes, more);
            return !cancelled_ || !cancelled_();
          });
  stop_if(cancelled_);
  const double end = processor_seconds();
  seconds.drawing += end - begin;
  seconds.all += end - began;
  return bytes;
}

Cell Comparison::draw(const CellKey& key, unsigned worker) {
  Cell cell;
  const Window& window = inputs_[key.input].windows[key.window];
  const bool truth = key.bound && key.model == kTruthModel;
  const std::uint64_t count = truth ? 1 : settings_.count;
  Work work{.bytes_drawn = count * window.truth.size()};
  DrawingSeconds seconds;
  std::vector<Figures> all;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t stream = key.window * settings_.count + i;
    const Bytes bytes = truth ? window.truth : drawn(key, window, stream, worker, seconds);
    all.push_back(sample_figures(key, bytes));
    cell.draws.push_back({bytes, all.back()});
  }
  work.seconds = seconds.drawing;
  cell.seconds = seconds.all;
  cell.figures = mean_of(all);
  cell.figures.merge(figures_of(metrics_[key.input], work));
  return cell;
}

Figures Comparison::sample_figures(const CellKey& key, ByteView sample) {
  const ComparedInput& input = inputs_[key.input];
  const auto against = has_samples(input.medium) ? nullptr : judged(key.input, key.window);
  return figures_of(metrics_[key.input],
                    SampleView(input, input.windows[key.window], sample, against.get()));
}

std::vector<CellKey> Comparison::feature_cells(const std::map<CellKey, Cell>& drawn) const {
  std::vector<CellKey> keys;
  for (const auto& [key, cell] : drawn) {
    if (key.sampler == kNoSampler || key.features || !pieces_[key.input]) continue;
    keys.push_back(key);
    keys.back().features = true;
  }
  return keys;
}

// Of real text they are the window's truth, and more pieces: `count` that samples are compared
// with, then `count` that stand for samples of the best there can be.
Cell Comparison::features(const CellKey& key, const Cell& drawn) {
  const auto model = [&] {
    const std::lock_guard lock(mutex_);
    auto& shared = shared_models_[{settings_.features, SIZE_MAX}];
    if (!shared) shared = make_model(settings_.features, {.threads = 1, .cancelled = cancelled_});
    return shared;
  }();
  const ComparedInput& input = inputs_[key.input];
  const Window& window = input.windows[key.window];
  Cell cell;
  if (!key.bound || key.model != kTruthModel) {
    std::vector<ByteView> texts;
    for (const Draw& draw : drawn.draws) texts.emplace_back(draw.bytes);
    cell.features = features_after(*model, window.context, texts, cancelled_);
    return cell;
  }
  const ByteView truth(window.truth), all(input.bytes);
  cell.features = features_after(*model, window.context, {&truth, 1}, cancelled_);
  for (const std::uint64_t begin : (*pieces_[key.input])[key.window]) {
    const ByteView piece = all.subspan(begin, truth.size());
    cell.features.push_back(
        features_after(*model, all.first(begin), {&piece, 1}, cancelled_).front());
  }
  return cell;
}

std::shared_ptr<const JudgedText> Comparison::judged(std::size_t input, std::size_t window) {
  const std::lock_guard lock(mutex_);
  const std::pair key(input, window);
  if (const auto found = judged_.find(key); found != judged_.end()) return found->second;
  // Cells of an input come window by window: what nobody holds will not be asked for again.
  std::erase_if(judged_, [&](const auto& entry) {
    return entry.second.use_count() == 1 &&
           (entry.first.first == input || judged_.size() > kMostJudged);
  });
  std::vector<std::shared_ptr<const Model>> models;
  for (const std::string& judge : settings_.judges) {
    auto& model = shared_models_[{judge, SIZE_MAX}];
    if (!model) model = make_model(judge, {.threads = 1, .cancelled = cancelled_});
    models.push_back(model);
  }
  const ComparedInput& of = inputs_[input];
  return judged_[key] =
             std::make_shared<const JudgedText>(of, of.windows[window], models, cancelled_);
}

}  // namespace kraft
