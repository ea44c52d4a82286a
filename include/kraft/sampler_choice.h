// Which sampler suits a model and what it continues, and what is known of a choice.
//
//     auto model = kraft::make_model("gzip:9");
//     kraft::SamplerChoice choice = kraft::choose_sampler(*model, {.history_bytes = 250'000});
//     auto sampler = kraft::make_sampler(choice.sampler, choice.options);     // spans
//
// Tasks that draw go by this where their sampler is "auto" (kraft/tasks/sample.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "kraft/model.h"
#include "kraft/sampler.h"

namespace kraft {

// Leaves the choice to choose_sampler().
inline constexpr const char* kAutoSampler = "auto";

struct SamplerQuestion {
  std::string sampler = kAutoSampler;
  SamplerOptions options = {};
  std::function<bool(std::string_view option)> is_set = {};  // which were asked for; empty: none
  bool has_hole = false;        // something follows what is to be drawn
  bool own_candidates = false;  // strings to choose from are given
  std::uint64_t history_bytes = 0;
};

// Why a sampler was chosen.
enum class SamplerReason {
  asked,     // it was asked for by name
  hole,      // it sees what follows
  strings,   // a compressor compares strings that have followed the same bytes before
  predicts,  // the model's own distribution is what is meant
};

struct SamplerChoice {
  std::string sampler;
  SamplerOptions options;
  SamplerReason reason = SamplerReason::asked;
};

// A sampler that was asked for stays as it is. Otherwise a hole wants one that sees what follows
// it; what measures a compressor chooses between strings that the text has, which writes best
// without quoting much (the table of docs/samplers.md), if there is a text to speak of; what
// predicts draws by its own distribution. Options that were set stay; one that the strings' sampler
// does not read rules it out.
SamplerChoice choose_sampler(const Model& model, const SamplerQuestion& question);

// The same before there is a model: whether it will be one that draws spans jointly.
std::string sampler_of_any_model(const SamplerQuestion& question);

// What is known of drawing from compressors.
enum class SamplerCaution {
  none,
  quotes,   // these options quote the context at length
  repeats,  // these options repeat themselves
};
SamplerCaution caution(const Model& model, std::string_view sampler, const SamplerOptions& options);

}  // namespace kraft
