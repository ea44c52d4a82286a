// kraft sample: the sampler that suits, and what is known of those that were asked for.

#include <algorithm>

#include "base/text.h"
#include "cli/sample.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft::cli {
namespace {

constexpr std::uint64_t kLeastHistoryBytes = 4096;  // for spans to be taken from

// What measures a format that was made for compressing, one string against another.
bool is_codec(const std::string& model) {
  return static_cast<bool>(find_backend(Spec::parse(model).name).make_codec);
}

bool all_read_by(const std::string& sampler, const po::variables_map& values) {
  const auto row = std::ranges::find(samplers(), sampler, &SamplerRow::name);
  return std::ranges::all_of(sampler_options(), [&](const SamplerOption& option) {
    return row->reads(option) || !is_set(values, option.name);
  });
}

}  // namespace

SampleOptions chosen_for(const Model* model, std::uint64_t history_bytes,
                         const SampleOptions& options, const po::variables_map& values) {
  SampleOptions chosen = options;
  if (options.sampler != kAutoSampler) return chosen;
  const auto set = [&](const char* name, auto& field, auto value) {
    if (!is_set(values, name)) field = value;
  };
  SamplerOptions& sampling = chosen.sampling;
  if (options.joint.suffix || options.joint.suffix_file || options.joint.hole) {
    chosen.sampler = "metropolis";
    set("temperature", sampling.temperature, 0.7);
    set("steps", sampling.steps, 20'000);
  } else if (model != nullptr && is_codec(model->spec()) && options.units.empty() &&
             history_bytes >= kLeastHistoryBytes && all_read_by("spans", values)) {
    chosen.sampler = "spans";
    set("temperature", sampling.temperature, 3.5);
    set("span-length", sampling.span_length, 4);
    set("key-length", sampling.key_length, 3);
  } else {
    chosen.sampler = "ancestral";
    if (model != nullptr && model->parameters() > 0) set("temperature", sampling.temperature, 0.7);
  }
  return chosen;
}

std::string caution(const std::string& model, const SampleOptions& options) {
  const SamplerOptions& o = options.sampling;
  if (!is_codec(model) || !options.preset.empty()) return {};
  const bool looks_ahead = options.sampler == "lookahead" || options.sampler == "beam";
  const bool quotes = (looks_ahead && o.horizon >= 6 && o.repeat_ngram == 0) ||
                      (options.sampler == "spans" && o.span_length >= 8) ||
                      (options.sampler == "smc" && o.temperature <= 0.8 && o.tail == 0) ||
                      (options.sampler == "metropolis" && o.anneal);
  if (quotes) return "these options are known to quote the context at length";
  if (options.sampler == "ancestral" && o.temperature <= 0.5 && o.repeat_ngram == 0 && o.tail == 0)
    return "these options are known to repeat themselves; --repeat-ngram and --tail are against it";
  return {};
}

void refuse_unread_options(const po::variables_map& values, const SampleOptions& options) {
  const SamplerRow& chosen = options.sampler_row();
  for (const SamplerOption& option : sampler_options()) {
    if (chosen.reads(option) || !is_set(values, option.name)) continue;
    std::vector<std::string> readers;
    for (const SamplerRow& row : samplers()) {
      if (row.reads(option)) readers.push_back(row.name);
    }
    throw UsageError("--" + option.name + " has no meaning for --sampler " + options.sampler +
                     "; it is an option of " + join(readers, ", "));
  }
}

}  // namespace kraft::cli
