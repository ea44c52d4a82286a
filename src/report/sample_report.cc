// What is said of samples: JSON, lines of text, and plots of Markov chains.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/text.h"
#include "evaluate/convergence.h"
#include "kraft/report.h"
#include "report/copy_limit.h"
#include "report/trace_plot.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

double rate(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// Of the values after the burn-in.
Convergence convergence_of(const SpanReport& span) {
  std::vector<std::vector<double>> kept;
  for (const std::vector<double>& chain : span.chains_bits)
    kept.emplace_back(
        chain.begin() + static_cast<std::ptrdiff_t>(std::min(span.burn_in, chain.size() - 1)),
        chain.end());
  return convergence(kept);
}

// A chain that is annealed has no distribution to converge to.
bool has_chains(const SpanReport& span) {
  return !span.chains_bits.empty() && !span.chains_bits[0].empty();
}

Json json_number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json chains_json(const SpanReport& span, bool anneal) {
  Json json;
  json["chains"] = span.chains_bits.size();
  json["steps"] = span.steps;
  json["burn_in_values"] = span.burn_in;
  json["acceptance_rate"] = rate(span.accepted, span.proposals);
  if (!anneal) {
    const Convergence c = convergence_of(span);
    json["r_hat"] = json_number(c.r_hat);
    json["bulk_effective"] = json_number(c.bulk_effective);
    json["tail_effective"] = json_number(c.tail_effective);
    json["mean_bits"] = json_number(c.mean);
    json["mean_bits_error"] = json_number(c.mean_error);
  }
  json["bits_trace"] = span.chains_bits;
  return json;
}

std::string chains_text(const std::vector<SpanReport>& spans, bool anneal) {
  std::uint64_t steps = 0, proposals = 0, accepted = 0;
  double seconds = 0, r_hat = 0, bulk = std::numeric_limits<double>::infinity(), tail = bulk;
  for (const SpanReport& span : spans) {
    steps += span.steps;
    proposals += span.proposals;
    accepted += span.accepted;
    seconds += span.seconds;
    if (anneal || !has_chains(span)) continue;
    const Convergence c = convergence_of(span);
    if (std::isnan(c.r_hat)) continue;
    r_hat = std::max(r_hat, c.r_hat);
    bulk = std::min(bulk, c.bulk_effective);
    tail = std::min(tail, c.tail_effective);
  }
  char text[240];
  std::snprintf(text, sizeof text, "%zu span%s by %zu chain%s, %.1f %% of proposals accepted",
                spans.size(), spans.size() == 1 ? "" : "s", spans[0].chains_bits.size(),
                spans[0].chains_bits.size() == 1 ? "" : "s", 100 * rate(accepted, proposals));
  std::string line = text;
  if (r_hat > 0) {
    std::snprintf(text, sizeof text,
                  "; R-hat at most %.3f (converged: 1.01), effective sample size at least %.0f, "
                  "in the tails %.0f",
                  r_hat, bulk, tail);
    line += text;
  }
  return line + "; " +
         grouped(static_cast<std::uint64_t>(static_cast<double>(steps) / std::max(seconds, 1e-9))) +
         " steps a second";
}

std::string particles_text(const std::vector<SpanReport>& spans, int particles) {
  double least = particles, seconds = 0;
  std::uint64_t resamplings = 0;
  for (const SpanReport& span : spans) {
    least = std::min(least, *std::ranges::min_element(span.effective_particles));
    resamplings += span.resamplings;
    seconds += span.seconds;
  }
  char text[200];
  std::snprintf(text, sizeof text,
                "%zu span%s by %d particles; effective sample size at least %.1f, resampled %llu "
                "times; %.2f s",
                spans.size(), spans.size() == 1 ? "" : "s", particles, least,
                static_cast<unsigned long long>(resamplings), seconds);
  return text;
}

// What was drawn is not what the model's code lengths would have drawn, which must be said.
std::string flips_text(const SpanReport& span, int segment) {
  std::string text = grouped(static_cast<std::uint64_t>(span.bits)) + " flips into " +
                     span.decoder + ", which draws parses as the code has them, not texts";
  if (span.size_bytes > static_cast<std::uint64_t>(segment))
    text += ", and goes back to the context every " + grouped(static_cast<std::uint64_t>(segment)) +
            " bytes";
  return text + "; it refused " + grouped(span.refused) + (span.refused == 1 ? " time" : " times");
}

Json diagnostics_json(const std::vector<SpanReport>& spans, const SamplerOptions& options) {
  Json all = Json::array();
  for (const SpanReport& span : spans) {
    Json json = {{"size_bytes", span.size_bytes}, {"bits", span.bits}, {"seconds", span.seconds}};
    if (has_chains(span)) json.update(chains_json(span, options.anneal));
    if (!span.effective_particles.empty()) {
      json["effective_particles"] = span.effective_particles;
      json["resamplings"] = span.resamplings;
      json["log2_sum"] = span.log2_sum;
    }
    if (!span.decoder.empty()) {
      json["decoder"] = span.decoder;
      json["refused"] = span.refused;
    }
    all.push_back(std::move(json));
  }
  return all;
}

// Places count from the beginning of what the model has observed: the corpus, the file, the prompt.
Json copies_json(const std::vector<CopiedSpan>& spans) {
  Json all = Json::array();
  for (const CopiedSpan& span : spans)
    all.push_back({{"begin", span.begin},
                   {"length_bytes", span.bytes},
                   {"context_begin", span.context_begin}});
  return all;
}

// As text where it is some.
void put(Json& json, const std::string& name, ByteView bytes) {
  if (is_utf8(as_text(bytes))) {
    json[name] = as_text(bytes);
  } else {
    json[name + "_base64"] = base64(bytes);
  }
}

Json to_json(const SampleTask& task, const SampleResult& result, const Sample& sample,
             bool context) {
  const SampledModel& model = result.models[sample.model];
  Json json = {{"model", model.spec},
               {"sampler", model.sampler},
               {"seed", task.seed},
               {"index", sample.index},
               {"length_bytes", sample.bytes.size()}};
  if (context) put(json, "prompt", result.prompt);
  put(json, "text", sample.bytes);
  if (context && !result.suffix.empty()) put(json, "suffix", result.suffix);
  json["bits"] = sample.bits;
  json["bits_per_byte"] =
      sample.bytes.empty() ? 0 : sample.bits / static_cast<double>(sample.bytes.size());
  if (!result.suffix.empty()) json["suffix_bits"] = sample.suffix_bits;
  json["mean_copy_bytes"] = sample.copying.mean_copy_bytes;
  json["longest_copy_bytes"] = sample.copying.longest_copy_bytes;
  json["self_repeat_share"] = sample.copying.self_repeat_share;
  json["copies"] = copies_json(sample.copying.spans);
  if (model.options.max_copy > 0)
    json["copy_limit"] = copy_limit_json(model.options.max_copy, sample.copy_limit);
  if (!sample.spans.empty()) json["spans"] = diagnostics_json(sample.spans, model.options);
  return json;
}

// "60 bytes at 2.345 bits each; copies from ..."
std::string summary_of(const Sample& sample) {
  char text[200];
  std::snprintf(text, sizeof text,
                "%llu bytes at %.3f %s each; copies from the context: mean %.1f, longest %llu "
                "bytes; %.0f %% repeats itself",
                static_cast<unsigned long long>(sample.size_bytes),
                sample.bits / static_cast<double>(sample.size_bytes),
                sample.flips() ? "flips" : "bits", sample.copying.mean_copy_bytes,
                static_cast<unsigned long long>(sample.copying.longest_copy_bytes),
                100 * sample.copying.self_repeat_share);
  const bool cut = sample.analysed_bytes < sample.size_bytes;
  return text + (cut ? " (of the first " + grouped(sample.analysed_bytes) + ")" : "");
}

// What samplers that draw spans jointly tell of all spans together, the worst of each.
std::string diagnostics_of(const SampledModel& model, const Sample& sample) {
  const std::vector<SpanReport>& spans = sample.spans;
  if (spans.empty()) return {};
  if (!spans[0].decoder.empty()) return flips_text(spans[0], model.options.segment);
  if (!spans[0].chains_bits.empty()) return chains_text(spans, model.options.anneal);
  if (!spans[0].effective_particles.empty()) return particles_text(spans, model.options.particles);
  return {};
}

// Appends a trace for each span that has chains.
void add_traces(std::vector<Trace>& traces, const SampledModel& model, const Sample& sample) {
  std::uint64_t begin = 0;
  for (const SpanReport& span : sample.spans) {
    const std::string title = model.spec + ", sample " + std::to_string(sample.index + 1) +
                              ", bytes " + grouped(begin) + " to " +
                              grouped(begin + span.size_bytes) + ": bits";
    if (has_chains(span))
      traces.push_back(
          {title, span.chains_bits, span.burn_in, static_cast<std::size_t>(model.options.thin)});
    begin += span.size_bytes;
  }
}

// Also those that were not drawn any more.
bool asks_for_several(const SampleTask& task) {
  const std::size_t models = task.models.size() + task.made_models.size();
  return models > 1 || task.count > 1;
}

}  // namespace

std::vector<std::string> sample_lines(const SampledModel& model, const Sample& sample) {
  if (sample.size_bytes == 0) return {};
  std::vector<std::string> lines = {summary_of(sample),
                                    copy_limit_text(model.options.max_copy, sample.copy_limit),
                                    diagnostics_of(model, sample)};
  std::erase(lines, "");
  return lines;
}

std::string sample_json(const SampleTask& task, const SampleResult& result, bool context) {
  Json json = Json::array();
  for (const Sample& sample : result.samples)
    json.push_back(to_json(task, result, sample, context));
  if (!asks_for_several(task)) json = json.empty() ? Json(nullptr) : Json(json[0]);
  return json.dump(2) + "\n";
}

std::string sample_plot(const SampleResult& result) {
  std::vector<Trace> traces;
  for (const Sample& sample : result.samples)
    add_traces(traces, result.models[sample.model], sample);
  return traces.empty() ? "" : trace_plot_svg(traces);
}

}  // namespace kraft
