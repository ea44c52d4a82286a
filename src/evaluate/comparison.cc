#include "evaluate/comparison.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <iterator>
#include <numeric>
#include <set>
#include <type_traits>

#include "base/text.h"
#include "core/drawing.h"
#include "evaluate/copying.h"
#include "evaluate/media_metrics.h"
#include "evaluate/text_metrics.h"
#include "kraft/error.h"

namespace kraft {
namespace {

constexpr std::uint64_t kWindowStream = std::uint64_t{1} << 62;  // of the seed, samples' are below
constexpr std::size_t kJudgePromptBytes = 256;  // of the context, shown to judges before a sample
constexpr std::size_t kMostJudgeBytes = std::size_t{4} << 20;  // of held-out text
constexpr std::uint64_t kLeastRateBytes = 16;                  // of context, for the curve of rates

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

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

// What the input has before the window and after it, from what follows it on, as a ring.
Bytes held_out(const ComparedInput& input, const Window& window) {
  const ByteView all(input.bytes);
  const std::size_t end = window.begin + window.context.size() + window.truth.size();
  const ByteView after = all.subspan(std::min(end, all.size()));
  const ByteView before = all.first(std::min<std::size_t>(window.begin, all.size()));
  Bytes rest(after.begin(), after.end());
  append(rest, before);
  return rest;
}

Image picture(const ComparedInput& input, const Window& window, ByteView sample) {
  Image image{input.row_bytes, (window.context.size() + sample.size()) / input.row_bytes, 1, 8,
              window.context};
  append(image.samples, sample);
  return image;
}

Figures image_figures(const ComparedInput& input, const Window& window, ByteView sample) {
  const Image truth = picture(input, window, window.truth);
  const Image drawn = picture(input, window, sample);
  const std::size_t first_row = window.context.size() / input.row_bytes;
  return {{"rmse", root_mean_square_error(window.truth, sample)},
          {"psnr_db", psnr_db(window.truth, sample)},
          {"ssim", structural_similarity(truth, drawn, first_row)},
          {"gradient_distance", gradient_distance(truth, drawn, first_row)}};
}

Figures audio_figures(const ComparedInput& input, const Window& window, ByteView sample) {
  const Audio truth{input.rate_hz, 1, Encoding::u8, window.truth};
  const Audio drawn{input.rate_hz, 1, Encoding::u8, Bytes(sample.begin(), sample.end())};
  Figures figures = {{"log_spectral_distance_db", log_spectral_distance_db(truth, drawn)}};
  if (const auto snr = signal_to_noise_db(truth, drawn)) figures["snr_db"] = *snr;
  return figures;
}

// The whole context, a quarter of it, and so on, in whole rows; ascending.
std::vector<std::uint64_t> rate_contexts(std::uint64_t context_bytes, std::uint64_t row_bytes) {
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t bytes = context_bytes; bytes >= kLeastRateBytes; bytes /= 4) {
    const std::uint64_t whole = bytes / row_bytes * row_bytes;
    if (whole > 0 && (sizes.empty() || whole < sizes.back())) sizes.push_back(whole);
  }
  std::ranges::reverse(sizes);
  return sizes;
}

double increment_bits(State& state, ByteView continuation) {
  double bits = 0;
  state.measure({&continuation, 1}, {&bits, 1});
  return bits;
}

}  // namespace

std::vector<Window> windows_of_bytes(ByteView input, const std::string& name, std::uint64_t seed,
                                     std::size_t count, std::size_t context_bytes,
                                     std::size_t truth_bytes) {
  const std::size_t size = context_bytes + truth_bytes;
  if (input.size() / 2 < size)
    throw Error(printable(name) + ": " + grouped(input.size()) +
                " bytes are too few for windows of " + grouped(size) +
                ": expected twice as many at least");
  const std::size_t places = input.size() - size + 1;
  std::vector<Window> windows;
  Random random(seed, kWindowStream);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t from = places * i / count;
    const std::size_t room = std::max<std::size_t>(1, places * (i + 1) / count - from);
    const std::size_t begin = from + random.below(room);
    const auto at = input.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto middle = at + static_cast<std::ptrdiff_t>(context_bytes);
    windows.push_back({begin, Bytes(at, middle),
                       Bytes(middle, middle + static_cast<std::ptrdiff_t>(truth_bytes))});
  }
  return windows;
}

std::vector<Window> windows_of_image(const Image& image, const std::string& name,
                                     std::uint64_t seed, std::size_t count, std::size_t width,
                                     std::size_t height, std::size_t truth_rows) {
  if (image.width < width || image.height < height)
    throw Error(printable(name) + ": " + std::to_string(image.width) + " x " +
                std::to_string(image.height) + " pixels are too few for patches of " +
                std::to_string(width) + " x " + std::to_string(height));
  std::vector<Window> windows;
  Random random(seed, kWindowStream);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t x = random.below(image.width - width + 1);
    const std::size_t y = random.below(image.height - height + 1);
    const Image patch = cropped(image, {x, y, width, height});
    const auto middle =
        patch.samples.begin() + static_cast<std::ptrdiff_t>((height - truth_rows) * width);
    windows.push_back({y * image.width + x, Bytes(patch.samples.begin(), middle),
                       Bytes(middle, patch.samples.end())});
  }
  return windows;
}

ComparedSampler ComparedSampler::parse(const std::string& spec) {
  const Spec parsed = Spec::parse(spec);
  if (parsed.argument)
    throw UsageError("sampler '" + printable(spec) + "': expected NAME[,option=value...]");
  ComparedSampler sampler{spec, parsed.name, {}};
  for (const auto& value_given : parsed.values) {
    const std::string& name = value_given.first;
    const std::string& text = value_given.second;
    const auto option =
        std::ranges::find(sampler_options(), name, [](const SamplerOption& o) { return o.name; });
    if (option == sampler_options().end()) {
      std::vector<std::string> names;
      for (const SamplerOption& o : sampler_options()) names.push_back(o.name);
      throw UsageError("sampler '" + printable(spec) + "': unknown option '" + printable(name) +
                       "'" + did_you_mean(name, names));
    }
    double value = 0;
    const bool is_switch = text == "on" || text == "off";
    if (!is_switch && !parse_number(text, value))
      throw UsageError("sampler '" + printable(spec) + "': " + name + " '" + printable(text) +
                       "' is not " + option->range());
    std::visit(
        [&](auto field) {
          using Value = std::remove_reference_t<decltype(sampler.options.*field)>;
          if constexpr (std::is_same_v<Value, bool>) {
            if (!is_switch) throw UsageError(name + ": '" + printable(text) + "' is not on or off");
            sampler.options.*field = text == "on";
          } else {
            if (is_switch || (std::is_same_v<Value, int> && value != std::floor(value)) ||
                std::abs(value) > 1e9)
              throw UsageError(name + ": '" + printable(text) + "' is not " + option->range());
            sampler.options.*field = static_cast<Value>(value);
          }
        },
        option->field);
  }
  make_sampler(sampler.name, sampler.options);  // checks the rest
  if (sampler.options.tail > 0)
    throw UsageError("sampler '" + printable(spec) +
                     "': tail has no meaning here: there is no corpus apart from the context");
  return sampler;
}

// What a window of text is judged by. Judges have seen nothing of the context: copying from it
// does not look good to them.
struct Comparison::Judged {
  Judged(const ComparedInput& input, const Window& window, const std::vector<std::string>& specs,
         std::span<const std::shared_ptr<const Model>> models)
      : rest(held_out(input, window)), grams(rest), detector(window.context) {
    for (const std::string& word : words_of(rest)) vocabulary.insert(word);
    for (const std::string& word : words_of(window.context)) vocabulary.insert(word);
    const ByteView context(window.context);
    const ByteView prompt = context.last(std::min(context.size(), kJudgePromptBytes));
    for (std::size_t i = 0; i < models.size(); ++i) {
      auto state = models[i]->start();
      if (models[i]->parameters() == 0)
        state->observe(ByteView(rest).first(std::min(rest.size(), kMostJudgeBytes)));
      state->observe(prompt);
      state->context_bits();
      judges.emplace_back(judge_key(specs[i]), std::move(state));
    }
  }

  Bytes rest;
  Grams grams;
  CopyDetector detector;
  std::set<std::string> vocabulary;
  std::vector<std::pair<std::string, std::unique_ptr<State>>> judges;
};

Comparison::Comparison(ComparisonSettings settings, std::vector<ComparedInput> inputs,
                       std::vector<std::string> models, std::vector<ComparedSampler> samplers,
                       unsigned workers, std::function<bool()> cancelled)
    : settings_(std::move(settings)),
      inputs_(std::move(inputs)),
      models_(std::move(models)),
      samplers_(std::move(samplers)),
      cancelled_(std::move(cancelled)),
      own_models_(workers) {}

Comparison::~Comparison() = default;

std::vector<CellKey> Comparison::cells() const {
  std::vector<CellKey> keys;
  for (std::size_t input = 0; input < inputs_.size(); ++input) {
    for (std::size_t window = 0; window < inputs_[input].windows.size(); ++window) {
      for (const std::string& spec : models_) {
        for (const ComparedSampler& sampler : samplers_)
          keys.push_back({input, window, spec, sampler.spec, false});
        keys.push_back({input, window, spec, kNoSampler, false});
      }
      for (const char* bound : {kTruthModel, kUniformModel}) {
        keys.push_back({input, window, bound, "-", true});
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
  Cell cell;
  const ComparedInput& input = inputs_[key.input];
  const Window& window = input.windows[key.window];
  const ByteView context(window.context), truth(window.truth);
  const auto bytes = static_cast<double>(truth.size());
  if (key.sanity && key.model == kTruthModel) {
    cell.forecasts = {{1, true}};
    cell.figures = {{"bits_per_byte", 0},
                    {"code_bits_per_byte", 0},
                    {"top1_accuracy", 1},
                    {"top1_confidence", 1}};
    return cell;
  }
  const auto model = this->model(key.model, key.input, worker);
  for (const std::uint64_t size : rate_contexts(context.size(), input.row_bytes)) {
    if (size == context.size()) break;
    const auto shorter = model->start(context.last(size));
    cell.rates.push_back({size, increment_bits(*shorter, truth) / bytes});
  }
  const auto state = model->start(context);
  cell.rates.push_back({context.size(), increment_bits(*state, truth) / bytes});
  cell.figures["code_bits_per_byte"] = cell.rates.back().bits_per_byte;

  const std::uint64_t count = std::min<std::uint64_t>(settings_.positions, truth.size());
  std::array<double, 256> bits;
  double sum_bits = 0, seconds = 0;
  std::size_t observed = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (cancelled_ && cancelled_()) throw Cancelled("interrupted");
    const std::size_t at = (2 * i + 1) * truth.size() / (2 * count);
    // A step of drawing is timed: a byte is observed, the next one priced. What is lazy reads all
    // before that first.
    const std::size_t last = std::max(observed, at - std::min<std::size_t>(at, 1));
    state->observe(truth.subspan(observed, last - observed));
    state->context_bits();
    const auto begin = Clock::now();
    state->observe(truth.subspan(last, at - last));
    observed = at;
    state->next_byte(bits);
    seconds += seconds_since(begin);
    sum_bits += surprisal_bits(bits, truth[at]);
    const std::vector<double> p = probabilities(bits);
    const auto best = std::ranges::max_element(p);
    cell.forecasts.push_back({*best, static_cast<std::size_t>(best - p.begin()) == truth[at]});
  }
  if (count == 0) return cell;
  const auto n = static_cast<double>(count);
  double hits = 0, confidence = 0;
  for (const Forecast& forecast : cell.forecasts) {
    hits += forecast.hit ? 1 : 0;
    confidence += forecast.confidence;
  }
  cell.figures["bits_per_byte"] = sum_bits / n;
  cell.figures["top1_accuracy"] = hits / n;
  cell.figures["top1_confidence"] = confidence / n;
  if (!key.sanity && seconds > 0) cell.figures["candidates_per_second"] = 256 * n / seconds;
  return cell;
}

Bytes Comparison::drawn(const CellKey& key, const Window& window, std::uint64_t stream,
                        unsigned worker, double& seconds) {
  Random random(settings_.seed, stream);
  Bytes bytes;
  if (key.sanity) {
    for (std::size_t i = 0; i < window.truth.size(); ++i)
      bytes.push_back(static_cast<Byte>(random.below(256)));
    return bytes;
  }
  const auto sampler =
      std::ranges::find(samplers_, key.sampler, [](const ComparedSampler& s) { return s.spec; });
  const auto model = this->model(key.model, key.input, worker);
  const bool by_units =
      settings_.alphabet == "auto" && !model->units().empty() && sampler->name != "spans";
  const Candidates candidates =
      by_units ? Candidates::units_of(*model)
               : Candidates::parse(settings_.alphabet == "auto" ? "seen" : settings_.alphabet,
                                   window.context);
  const auto state = start_drawing(*model, window.context);
  state->context_bits();
  const auto begin = Clock::now();
  make_sampler(sampler->name, sampler->options)
      ->sample(
          *state, candidates,
          {.length_bytes = window.truth.size(), .history = window.context, .cancelled = cancelled_},
          random, [&](ByteView more) {
            append(bytes, more);
            return !cancelled_ || !cancelled_();
          });
  if (cancelled_ && cancelled_()) throw Cancelled("interrupted");
  seconds += seconds_since(begin);
  return bytes;
}

Cell Comparison::draw(const CellKey& key, unsigned worker) {
  Cell cell;
  const Window& window = inputs_[key.input].windows[key.window];
  const bool truth = key.sanity && key.model == kTruthModel;
  double seconds = 0;
  std::vector<Figures> all;
  const std::uint64_t count = truth ? 1 : settings_.count;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Bytes bytes = truth
                            ? window.truth
                            : drawn(key, window, key.window * settings_.count + i, worker, seconds);
    all.push_back(figures_of(key.input, key.window, bytes));
    cell.draws.push_back({bytes, all.back()});
  }
  cell.figures = mean_of(all);
  if (seconds > 0)
    cell.figures["bytes_per_second"] = static_cast<double>(count * window.truth.size()) / seconds;
  return cell;
}

Figures Comparison::figures_of(std::size_t input, std::size_t window, ByteView sample) {
  const ComparedInput& of = inputs_[input];
  if (of.medium == Medium::image) return image_figures(of, of.windows[window], sample);
  if (of.medium == Medium::audio) return audio_figures(of, of.windows[window], sample);
  return text_figures(*judged(input, window), sample);
}

Figures Comparison::text_figures(const Judged& judged, ByteView sample) const {
  Figures figures;
  const std::vector<std::size_t> begins = judged.detector.piece_begins(sample);
  std::vector<ByteView> beginnings;
  for (std::size_t size = 1; size <= sample.size(); ++size)
    beginnings.push_back(sample.first(size));
  for (const auto& [key, start] : judged.judges) {
    std::vector<double> bits(beginnings.size());
    start->clone()->measure(beginnings, bits);
    figures[key] = bits.back() / static_cast<double>(sample.size());
    if (&key != &judged.judges.front().first) continue;
    double seams = 0;
    for (const std::size_t at : begins) seams += bits[at] - (at > 0 ? bits[at - 1] : 0);
    figures["seam_bits"] = seams / static_cast<double>(begins.size());
  }
  const Copying copying = judged.detector.analyse(sample);
  figures["mean_copy_bytes"] = copying.mean_copy_bytes;
  figures["longest_copy_bytes"] = static_cast<double>(copying.longest_copy_bytes);
  figures["self_repeat_share"] = copying.self_repeat_share;
  figures["known_words"] = known_word_share(sample, judged.vocabulary);
  const Grams grams(sample);
  for (std::size_t n = 1; n <= kMostGramBytes; ++n) {
    figures["distinct_" + std::to_string(n)] = distinct_share(grams, n);
    figures["jensen_shannon_" + std::to_string(n)] = jensen_shannon_bits(grams, judged.grams, n);
  }
  figures["repetition_rate"] = repetition_rate(grams);
  figures["frontier_area"] = frontier_area(grams, judged.grams);
  return figures;
}

std::shared_ptr<const Comparison::Judged> Comparison::judged(std::size_t input,
                                                             std::size_t window) {
  const std::lock_guard lock(mutex_);
  const std::pair key(input, window);
  if (const auto found = judged_.find(key); found != judged_.end()) return found->second;
  // Cells come window by window: what nobody holds will not be asked for again.
  std::erase_if(judged_, [](const auto& entry) { return entry.second.use_count() == 1; });
  std::vector<std::shared_ptr<const Model>> models;
  for (const std::string& judge : settings_.judges) {
    auto& model = shared_models_[{judge, SIZE_MAX}];
    if (!model) model = make_model(judge, {.threads = 1, .cancelled = cancelled_});
    models.push_back(model);
  }
  const ComparedInput& of = inputs_[input];
  return judged_[key] =
             std::make_shared<const Judged>(of, of.windows[window], settings_.judges, models);
}

std::vector<ComparisonRow> Comparison::rows(const std::map<CellKey, Cell>& cells) const {
  struct Group {
    std::vector<const Cell*> predictions, samples;
  };
  const auto add_means = [](ComparisonRow& row, const std::vector<const Cell*>& group) {
    std::map<std::string, std::vector<double>, std::less<>> values;
    for (const Cell* cell : group) {
      for (const auto& [key, value] : cell->figures) values[key].push_back(value);
    }
    for (const auto& [key, list] : values) row.figures[key] = estimate(list);
  };
  const auto group_of = [&](std::size_t input, const std::string& model, const std::string& sampler,
                            bool sanity) {
    std::vector<const Cell*> group;
    for (std::size_t w = 0; w < inputs_[input].windows.size(); ++w) {
      const auto found = cells.find({input, w, model, sampler, sanity});
      if (found != cells.end()) group.push_back(&found->second);
    }
    return group;
  };
  std::vector<ComparisonRow> rows;
  const auto add_row = [&](std::size_t input, const std::string& model, const std::string& sampler,
                           bool sanity) {
    const Group group{group_of(input, model, kNoSampler, sanity),
                      group_of(input, model, sampler, sanity)};
    if (group.predictions.empty() && group.samples.empty()) return;
    ComparisonRow row{input, model, sampler, sanity, {}, {}};
    add_means(row, group.samples);
    add_means(row, group.predictions);
    std::vector<const Cell*> forecasting;
    for (const Cell* cell : group.predictions) {
      if (!cell->forecasts.empty()) forecasting.push_back(cell);
    }
    if (!forecasting.empty()) {
      row.figures["calibration_error"] = jackknife(forecasting.size(), [&](std::size_t without) {
        std::vector<Forecast> all;
        for (std::size_t i = 0; i < forecasting.size(); ++i) {
          if (i != without)
            all.insert(all.end(), forecasting[i]->forecasts.begin(),
                       forecasting[i]->forecasts.end());
        }
        return expected_calibration_error(all);
      });
    }
    std::map<std::uint64_t, std::vector<double>> rates;
    for (const Cell* cell : group.predictions) {
      for (const RateAtContext& rate : cell->rates)
        rates[rate.context_bytes].push_back(rate.bits_per_byte);
    }
    for (const auto& [bytes, list] : rates) row.rates.emplace_back(bytes, estimate(list));
    rows.push_back(std::move(row));
  };
  for (std::size_t input = 0; input < inputs_.size(); ++input) {
    add_row(input, kTruthModel, "-", true);
    for (const std::string& model : models_) {
      for (const ComparedSampler& sampler : samplers_) add_row(input, model, sampler.spec, false);
    }
    add_row(input, kUniformModel, "-", true);
  }
  return rows;
}

}  // namespace kraft
