#include "evaluate/metrics.h"

#include "evaluate/text_metrics.h"

namespace kraft {
namespace {

using Kind = Metric::Kind;

void add_prediction(std::vector<Metric>& metrics) {
  metrics.insert(
      metrics.end(),
      {{"bits_per_byte", "bits/byte", "bits", Kind::prediction, Aim::lower, 2, true,
        "-log2 of the normalised probability of the truth's bytes"},
       {"code_bits_per_byte", "code", "bits", Kind::prediction, Aim::lower, 2, true,
        "code length increment of the whole truth after the context, per byte"},
       {"top1_accuracy", "top-1", "%", Kind::prediction, Aim::higher, 0, false,
        "how often the most probable byte is the true one", 100},
       {"top1_confidence", "confidence", "%", Kind::prediction, Aim::truth, 0, false,
        "mean probability of the most probable byte; calibrated if it equals top-1", 100},
       {"calibration_error", "ECE", "%", Kind::prediction, Aim::lower, 0, false,
        "expected calibration error of the most probable byte", 100}});
}

void add_text(std::vector<Metric>& metrics, std::span<const std::string> judges) {
  for (const std::string& judge : judges)
    metrics.push_back({judge_key(judge), "judge " + judge, "bits", Kind::sample, Aim::truth, 2,
                       true, "bits per byte of the sample under the judge " + judge});
  metrics.push_back({"known_words", "words", "%", Kind::sample, Aim::higher, 0, true,
                     "share of words that the rest of the corpus has", 100});
  for (std::size_t n = 1; n <= kMostGramBytes; ++n) {
    const std::string digit = std::to_string(n);
    metrics.push_back({"distinct_" + digit, "distinct-" + digit, "", Kind::sample, Aim::truth, 2,
                       false, "distinct strings of so many bytes over all of them"});
  }
  metrics.insert(
      metrics.end(),
      {{"repetition_rate", "repetition", "", Kind::sample, Aim::truth, 2, false,
        "share of strings of 1 to 4 bytes that occur more than once, geometric mean"},
       {"mean_copy_bytes", "copy", "bytes", Kind::sample, Aim::truth, 1, true,
        "mean piece of the greedy parse into copies from the context"},
       {"longest_copy_bytes", "longest", "bytes", Kind::sample, Aim::truth, 0, true,
        "longest such piece"},
       {"seam_bits", "seam", "bits", Kind::sample, Aim::truth, 1, true,
        "bits of the first byte of each such piece under the first judge"},
       {"self_repeat_share", "repeats", "%", Kind::sample, Aim::truth, 0, false,
        "share of bytes inside a repeat of 12 bytes or more of the sample itself", 100}});
  for (std::size_t n = 1; n <= kMostGramBytes; ++n) {
    const std::string digit = std::to_string(n);
    metrics.push_back({"jensen_shannon_" + digit, "JS-" + digit, "bits", Kind::sample, Aim::lower,
                       2, false,
                       "Jensen-Shannon divergence of strings of so many bytes from held-out text"});
  }
  metrics.push_back({"frontier_area", "frontier", "", Kind::sample, Aim::higher, 2, true,
                     "area under the divergence frontier to held-out text, of pairs of bytes"});
}

void add_image(std::vector<Metric>& metrics) {
  metrics.insert(
      metrics.end(),
      {{"rmse", "RMSE", "levels", Kind::sample, Aim::lower, 1, true,
        "root of the mean squared difference from the truth"},
       {"psnr_db", "PSNR", "dB", Kind::sample, Aim::higher, 1, true, "peak signal-to-noise ratio"},
       {"ssim", "SSIM", "", Kind::sample, Aim::higher, 3, true,
        "mean structural similarity of the rows that were drawn"},
       {"gradient_distance", "gradients", "levels", Kind::sample, Aim::lower, 1, true,
        "earth mover's distance of the histograms of gradients"}});
}

void add_audio(std::vector<Metric>& metrics) {
  metrics.insert(metrics.end(), {{"snr_db", "SNR", "dB", Kind::sample, Aim::higher, 1, true,
                                  "signal-to-noise ratio against the truth"},
                                 {"log_spectral_distance_db", "LSD", "dB", Kind::sample, Aim::lower,
                                  1, true, "log-spectral distance to the truth"}});
}

void add_cost(std::vector<Metric>& metrics) {
  metrics.insert(
      metrics.end(),
      {{"bytes_per_second", "bytes/s", "bytes/s", Kind::cost, Aim::higher, 1, true,
        "bytes drawn in a second of one thread"},
       {"candidates_per_second", "candidates/s", "1/s", Kind::cost, Aim::higher, 0, false,
        "next bytes priced in a second of one thread"},
       {"peak_memory_bytes", "memory", "MiB", Kind::cost, Aim::lower, 1, false,
        "peak memory of loading, reading the context and pricing the next byte", 1.0 / (1 << 20)}});
}

}  // namespace

std::string judge_key(std::string_view judge) {
  return "judge_bits_per_byte:" + std::string(judge);
}

std::vector<Metric> metrics_of(Medium medium, std::span<const std::string> judges) {
  std::vector<Metric> metrics;
  add_prediction(metrics);
  if (medium == Medium::image) {
    add_image(metrics);
  } else if (medium == Medium::audio) {
    add_audio(metrics);
  } else {
    add_text(metrics, judges);
  }
  add_cost(metrics);
  return metrics;
}

}  // namespace kraft
