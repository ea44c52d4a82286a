#include <algorithm>

#include "kraft/compressor_model.h"
#include "kraft/sampler_choice.h"
#include "kraft/text_temperature.h"

namespace kraft {
namespace {

constexpr std::uint64_t kLeastHistoryBytes = 4096;  // for spans to be taken from

bool is_set(const SamplerQuestion& question, std::string_view option) {
  return question.is_set && question.is_set(option);
}

bool all_read_by(std::string_view sampler, const SamplerQuestion& question) {
  const auto row = std::ranges::find(samplers(), sampler, &SamplerRow::name);
  return std::ranges::all_of(sampler_options(), [&](const SamplerOption& option) {
    return row->reads(option) || !is_set(question, option.name);
  });
}

}  // namespace

SamplerChoice choose_sampler(const Model& model, const SamplerQuestion& question) {
  SamplerChoice choice{question.sampler, question.options, SamplerReason::asked};
  if (question.sampler != kAutoSampler) return choice;
  const auto set = [&](const char* name, auto& field, auto value) {
    if (!is_set(question, name)) field = value;
  };
  SamplerOptions& options = choice.options;
  choice.sampler = sampler_of_any_model(question);
  if (question.has_hole) {
    choice.reason = SamplerReason::hole;
    set("temperature", options.temperature, 0.7);
    set("steps", options.steps, 20'000);
  } else if (measures_compressor(model) && !question.own_candidates &&
             question.history_bytes >= kLeastHistoryBytes && all_read_by("spans", question)) {
    choice.sampler = "spans";
    choice.reason = SamplerReason::strings;
    set("temperature", options.temperature, 3.5);
    set("span-length", options.span_length, 4);
    set("key-length", options.key_length, 3);
  } else {
    choice.reason = SamplerReason::predicts;
    set("temperature", options.temperature, text_temperature(model));
  }
  return choice;
}

std::string sampler_of_any_model(const SamplerQuestion& question) {
  if (question.sampler != kAutoSampler) return question.sampler;
  return question.has_hole ? "metropolis" : "ancestral";
}

SamplerCaution caution(const Model& model, std::string_view sampler, const SamplerOptions& o) {
  if (!measures_compressor(model)) return SamplerCaution::none;
  const bool looks_ahead = sampler == "lookahead" || sampler == "beam";
  const bool quotes = (looks_ahead && o.horizon >= 6 && o.repeat_ngram == 0) ||
                      (sampler == "spans" && o.span_length >= 8) ||
                      (sampler == "smc" && o.temperature <= 0.8 && o.tail == 0) ||
                      (sampler == "metropolis" && o.anneal);
  if (quotes && o.max_copy == 0) return SamplerCaution::quotes;
  const bool repeats =
      sampler == "ancestral" && o.temperature <= 0.5 && o.repeat_ngram == 0 && o.tail == 0;
  return repeats ? SamplerCaution::repeats : SamplerCaution::none;
}

}  // namespace kraft
