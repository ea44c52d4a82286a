#include "evaluate/metrics.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "evaluate/media_metrics.h"
#include "evaluate/text_metrics.h"

namespace kraft {
namespace {

using Kind = FigureKind;
using Value = std::optional<double>;

const std::vector<Medium> kText = {Medium::text, Medium::bytes};
constexpr const char* kOfPredictions = "docs/compare.md#prediction";
constexpr const char* kOfText = "docs/compare.md#text";
constexpr const char* kOfMauve = "docs/compare.md#mauve";
constexpr const char* kOfMedia = "docs/compare.md#images-and-sound";
constexpr const char* kOfCosts = "docs/compare.md#cost";

template <class Get>
Value mean_of(const std::vector<Forecast>& forecasts, Get get) {
  if (forecasts.empty()) return std::nullopt;
  double sum = 0;
  for (const Forecast& forecast : forecasts) sum += get(forecast);
  return sum / static_cast<double>(forecasts.size());
}

Value mean_surprisal(const Prediction& p) {
  if (p.surprisal_bits.empty()) return std::nullopt;
  return std::accumulate(p.surprisal_bits.begin(), p.surprisal_bits.end(), 0.0) /
         static_cast<double>(p.surprisal_bits.size());
}

// Of all forecasts together.
double calibration_error(std::span<const Cell* const> cells) {
  std::vector<Forecast> all;
  for (const Cell* cell : cells)
    all.insert(all.end(), cell->forecasts.begin(), cell->forecasts.end());
  return expected_calibration_error(all);
}

constexpr const char* kPredicted = "bits_per_byte";
constexpr const char* kOwnRate = "own_bits_per_byte";

bool has_both_rates(const Cell& cell) {
  return cell.figures.contains(kPredicted) && cell.figures.contains(kOwnRate);
}

// Of the sums: a window that costs next to nothing weighs next to nothing. Where codecs pay less
// for more (whole bytes of a short truth), there is no ratio.
double rate_ratio(std::span<const Cell* const> cells) {
  double predicted = 0, own = 0;
  for (const Cell* cell : cells) {
    predicted += cell->figures.find(kPredicted)->second;
    own += cell->figures.find(kOwnRate)->second;
  }
  return own > 0 ? predicted / own : std::numeric_limits<double>::quiet_NaN();
}

Value seam_bits(const SampleView& view) {
  if (view.text().judges.empty()) return std::nullopt;
  const std::vector<double>& bits = view.judge_bits(0);
  double sum = 0;
  for (const std::size_t at : view.piece_begins()) sum += bits[at] - (at > 0 ? bits[at - 1] : 0);
  return sum / static_cast<double>(view.piece_begins().size());
}

Audio sound_of(const SampleView& view, ByteView samples) {
  return {view.input().rate_hz, 1, Encoding::u8, Bytes(samples.begin(), samples.end())};
}

// The row of a figure of strings of so many bytes.
Metric of_grams(Metric row, std::size_t n) {
  row.key += std::to_string(n);
  row.title += std::to_string(n);
  return row;
}

// clang-format off
std::vector<Metric> rows_of_predictions() {
  return {
      {{kPredicted, "bits/byte", "bits", Kind::prediction, Aim::lower, 2, true,
        "-log2 of the normalised probability of the truth's bytes", 1, kOfPredictions},
       {}, false, mean_surprisal},
      {{kOwnRate, "own rate", "bits", Kind::prediction, Aim::lower, 2, true,
        "what the codec itself needs for the truth after the context, per byte", 1, kOfPredictions},
       {}, false, [](const Prediction& p) -> Value {
         return p.own_bits ? Value(*p.own_bits / static_cast<double>(p.truth_bytes)) : std::nullopt; }},
      {{"own_rate_ratio", "ratio", "", Kind::prediction, Aim::lower, 3, true,
        "bits/byte over own rate, of all windows together: below 1, the view knows more than the codec pays for", 1, kOfPredictions},
       {}, false, {}, {}, {}, has_both_rates, rate_ratio},
      {{"code_bits_per_byte", "code", "bits", Kind::prediction, Aim::lower, 2, false,
        "code length increment of the whole truth after the context, per byte", 1, kOfPredictions},
       {}, false, [](const Prediction& p) -> Value { return p.code_bits / static_cast<double>(p.truth_bytes); }},
      {{"top1_accuracy", "top-1", "%", Kind::prediction, Aim::higher, 0, false,
        "how often the most probable byte is the true one", 100, kOfPredictions},
       {}, true, [](const Prediction& p) { return mean_of(p.forecasts, [](const Forecast& f) { return f.hit ? 1.0 : 0.0; }); }},
      {{"top1_confidence", "confidence", "%", Kind::prediction, Aim::truth, 0, false,
        "mean probability of the most probable byte; calibrated if it equals top-1", 100, kOfPredictions},
       {}, true, [](const Prediction& p) { return mean_of(p.forecasts, [](const Forecast& f) { return f.confidence; }); }},
      {{"calibration_error", "ECE", "%", Kind::prediction, Aim::lower, 0, false,
        "expected calibration error of the most probable byte: |top-1 - confidence| in ten bins of confidence, weighted by their shares", 100, kOfPredictions},
       {}, true, {}, {}, {}, [](const Cell& cell) { return !cell.forecasts.empty(); }, calibration_error},
  };
}

Metric row_of_judge(const std::string& spec, std::size_t judge) {
  return {{judge_key(spec), "judge " + spec, "bits", Kind::sample, Aim::truth, 2, true,
           "bits per byte of the sample under the judge " + spec, 1, kOfText},
          kText, false, {}, [judge](const SampleView& v) -> Value {
            return v.judge_bits(judge).back() / static_cast<double>(v.sample().size()); }};
}

std::vector<Metric> rows_of_text() {
  std::vector<Metric> rows = {
      {{"known_words", "words", "%", Kind::sample, Aim::higher, 0, true,
        "share of words that the rest of the corpus has", 100, kOfText},
       kText, true, {}, [](const SampleView& v) -> Value { return known_word_share(v.sample(), v.text().vocabulary); }}};
  for (std::size_t n = 1; n <= kMostGramBytes; ++n)
    rows.push_back(of_grams(
      {{"distinct_", "distinct-", "", Kind::sample, Aim::truth, 2, false,
        "distinct strings of so many bytes over all of them", 1, kOfText},
       kText, true, {}, [n](const SampleView& v) -> Value { return distinct_share(v.grams(), n); }}, n));
  const std::vector<Metric> of_copies = {
      {{"repetition_rate", "repetition", "", Kind::sample, Aim::truth, 2, false,
        "share of strings of 1 to 4 bytes that occur more than once, geometric mean", 1, kOfText},
       kText, true, {}, [](const SampleView& v) -> Value { return repetition_rate(v.grams()); }},
      {{"mean_copy_bytes", "copy", "bytes", Kind::sample, Aim::truth, 1, true,
        "mean piece of the greedy parse into copies from the context", 1, kOfText},
       kText, false, {}, [](const SampleView& v) -> Value { return v.copying().mean_copy_bytes; }},
      {{"longest_copy_bytes", "longest", "bytes", Kind::sample, Aim::truth, 0, true,
        "longest string of it that occurs in the context", 1, kOfText},
       kText, false, {}, [](const SampleView& v) -> Value { return static_cast<double>(v.copying().longest_copy_bytes); }},
      {{"seam_bits", "seam", "bits", Kind::sample, Aim::truth, 1, true,
        "bits of the first byte of each such piece under the first judge", 1, kOfText},
       kText, false, {}, seam_bits},
      {{"self_repeat_share", "repeats", "%", Kind::sample, Aim::truth, 0, false,
        "share of bytes inside a repeat of 12 bytes or more of the sample itself", 100, kOfText},
       kText, true, {}, [](const SampleView& v) -> Value { return v.copying().self_repeat_share; }}};
  rows.insert(rows.end(), of_copies.begin(), of_copies.end());
  for (std::size_t n = 1; n <= kMostGramBytes; ++n)
    rows.push_back(of_grams(
      {{"jensen_shannon_", "JS-", "bits", Kind::sample, Aim::lower, 2, false,
        "Jensen-Shannon divergence of strings of so many bytes from held-out text", 1, kOfText},
       kText, true, {}, [n](const SampleView& v) -> Value { return jensen_shannon_bits(v.grams(), v.text().grams, n); }}, n));
  rows.push_back(
      {{"frontier_area", "frontier", "", Kind::sample, Aim::higher, 2, true,
        "area under the divergence frontier to held-out text, of pairs of bytes", 1, kOfText},
       kText, true, {}, [](const SampleView& v) -> Value { return frontier_area(v.grams(), v.text().grams); }});
  return rows;
}

MauveValue mauve_of(std::span<const Cell* const> cells) {
  std::vector<const MauveCounts*> windows;
  for (const Cell* cell : cells) windows.push_back(cell->mauve.get());
  return mauve(windows);
}

bool has_mauve(const Cell& cell) { return cell.mauve != nullptr; }

std::vector<Metric> rows_of_mauve() {
  return {
      {{"mauve", "MAUVE", "", Kind::sample, Aim::higher, 2, true,
        "area under the divergence frontier to other real text, of clusters of a language model's hidden states, of all windows together", 1, kOfMauve},
       kText, true, {}, {}, {}, has_mauve, [](auto cells) { return mauve_of(cells).mean; }},
      {{"mauve_spread", "MAUVE spread", "", Kind::sample, Aim::lower, 3, false,
        "standard deviation of MAUVE over five clusterings of the same features", 1, kOfMauve},
       kText, true, {}, {}, {}, has_mauve, [](auto cells) { return mauve_of(cells).spread; }}};
}

std::vector<Metric> rows_of_media() {
  const std::vector<Medium> image = {Medium::image}, audio = {Medium::audio};
  return {
      {{"rmse", "RMSE", "levels", Kind::sample, Aim::lower, 1, true,
        "root of the mean squared difference from the truth", 1, kOfMedia},
       image, false, {}, [](const SampleView& v) -> Value { return root_mean_square_error(v.window().truth, v.sample()); }},
      {{"psnr_db", "PSNR", "dB", Kind::sample, Aim::higher, 1, true,
        "peak signal-to-noise ratio, 20 log10(255 / RMSE)", 1, kOfMedia},
       image, false, {}, [](const SampleView& v) -> Value { return psnr_db(v.window().truth, v.sample()); }},
      {{"ssim", "SSIM", "", Kind::sample, Aim::higher, 3, true,
        "mean structural similarity of the rows that were drawn to the true ones (Wang et al. 2004)", 1, kOfMedia},
       image, false, {}, [](const SampleView& v) -> Value { return structural_similarity(v.true_picture(), v.drawn_picture(), v.first_drawn_row()); }},
      {{"gradient_distance", "gradients", "levels", Kind::sample, Aim::lower, 1, true,
        "earth mover's distance of the histogram of gradients from the truth's: are there as many edges?", 1, kOfMedia},
       image, false, {}, [](const SampleView& v) -> Value { return gradient_distance(v.true_picture(), v.drawn_picture(), v.first_drawn_row()); }},
      {{"snr_db", "SNR", "dB", Kind::sample, Aim::higher, 1, true,
        "signal-to-noise ratio, 10 log10 of the truth's power over that of the difference from it", 1, kOfMedia},
       audio, false, {}, [](const SampleView& v) { return signal_to_noise_db(sound_of(v, v.window().truth), sound_of(v, v.sample())); }},
      {{"log_spectral_distance_db", "LSD", "dB", Kind::sample, Aim::lower, 1, true,
        "log-spectral distance to the truth: root of the mean squared difference of levels over frequencies, mean over frames of 32 ms", 1, kOfMedia},
       audio, false, {}, [](const SampleView& v) -> Value { return log_spectral_distance_db(sound_of(v, v.window().truth), sound_of(v, v.sample())); }},
  };
}

std::vector<Metric> rows_of_costs() {
  const auto rate = [](double amount, const Work& work) -> Value {
    return amount > 0 && work.seconds > 0 ? Value(amount / work.seconds) : std::nullopt;
  };
  return {
      {{"bytes_per_second", "bytes/s", "bytes/s", Kind::cost, Aim::higher, 1, true,
        "bytes drawn in a second of one thread", 1, kOfCosts},
       {}, false, {}, {}, [rate](const Work& w) { return rate(static_cast<double>(w.bytes_drawn), w); }},
      {{"candidates_per_second", "candidates/s", "1/s", Kind::cost, Aim::higher, 0, false,
        "next bytes priced in a second of one thread", 1, kOfCosts},
       {}, false, {}, {}, [rate](const Work& w) { return rate(256 * static_cast<double>(w.bytes_priced), w); }},
      {{"peak_memory_bytes", "memory", "MiB", Kind::cost, Aim::lower, 1, false,
        "peak memory of loading, reading the context and pricing the next byte", 1.0 / (1 << 20), kOfCosts},
       {}, false, {}, {}, [](const Work& w) { return w.peak_memory_bytes > 0 ? Value(static_cast<double>(w.peak_memory_bytes)) : std::nullopt; }},
  };
}
// clang-format on

template <class Of, class From>
Figures computed(std::span<const Metric> metrics, Of of, const From& from) {
  Figures figures;
  for (const Metric& metric : metrics) {
    const auto& function = metric.*of;
    if (!function) continue;
    if (const Value value = function(from)) figures[metric.key] = *value;
  }
  return figures;
}

}  // namespace

struct SampleView::Computed {
  std::optional<Grams> grams;
  std::optional<Copying> copying;
  std::optional<std::vector<std::size_t>> piece_begins;
  std::vector<std::vector<double>> judge_bits;
  std::optional<Image> true_picture, drawn_picture;
};

SampleView::SampleView(const ComparedInput& input, const Window& window, ByteView sample,
                       const JudgedText* text)
    : input_(input),
      window_(window),
      sample_(sample),
      text_(text),
      computed_(std::make_unique<Computed>()) {
  if (text != nullptr) computed_->judge_bits.resize(text->judges.size());
}

SampleView::~SampleView() = default;

const Grams& SampleView::grams() const {
  if (!computed_->grams) computed_->grams.emplace(sample_);
  return *computed_->grams;
}

const Copying& SampleView::copying() const {
  if (!computed_->copying) computed_->copying = text_->detector.analyse(sample_);
  return *computed_->copying;
}

const std::vector<std::size_t>& SampleView::piece_begins() const {
  if (!computed_->piece_begins) computed_->piece_begins = text_->detector.piece_begins(sample_);
  return *computed_->piece_begins;
}

const std::vector<double>& SampleView::judge_bits(std::size_t judge) const {
  std::vector<double>& bits = computed_->judge_bits.at(judge);
  if (bits.empty()) {
    std::vector<ByteView> beginnings;
    for (std::size_t size = 1; size <= sample_.size(); ++size)
      beginnings.push_back(sample_.first(size));
    bits.resize(beginnings.size());
    text_->judges[judge]->clone()->measure(beginnings, bits);
  }
  return bits;
}

namespace {

Image picture(const SampleView& view, ByteView below) {
  const Bytes& above = view.window().context;
  const std::size_t width = view.input().row_bytes;
  Image image{width, (above.size() + below.size()) / width, 1, 8, above};
  append(image.samples, below);
  return image;
}

}  // namespace

const Image& SampleView::true_picture() const {
  if (!computed_->true_picture) computed_->true_picture = picture(*this, window_.truth);
  return *computed_->true_picture;
}

const Image& SampleView::drawn_picture() const {
  if (!computed_->drawn_picture) computed_->drawn_picture = picture(*this, sample_);
  return *computed_->drawn_picture;
}

std::string judge_key(std::string_view judge) {
  return "judge_bits_per_byte:" + std::string(judge);
}

std::vector<Metric> metrics_of(Medium medium, std::span<const std::string> judges, bool mauve) {
  const std::array all_rows = {rows_of_text(), mauve ? rows_of_mauve() : std::vector<Metric>(),
                               rows_of_media(), rows_of_costs()};
  std::vector<Metric> metrics = rows_of_predictions();
  for (std::size_t i = 0; i < judges.size(); ++i) metrics.push_back(row_of_judge(judges[i], i));
  for (const std::vector<Metric>& rows : all_rows)
    metrics.insert(metrics.end(), rows.begin(), rows.end());
  std::erase_if(metrics, [&](const Metric& metric) {
    return !metric.media.empty() && std::ranges::find(metric.media, medium) == metric.media.end();
  });
  return metrics;
}

Figures figures_of(std::span<const Metric> metrics, const Prediction& prediction) {
  return computed(metrics, &Metric::of_prediction, prediction);
}

Figures figures_of(std::span<const Metric> metrics, const SampleView& sample) {
  return computed(metrics, &Metric::of_sample, sample);
}

Figures figures_of(std::span<const Metric> metrics, const Work& work) {
  return computed(metrics, &Metric::of_work, work);
}

}  // namespace kraft
