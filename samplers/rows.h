// The table of samplers. A new one is a file that defines NAME_row() and NAME's line here.
#pragma once

#include <string>
#include <vector>

#include "kraft/sampler.h"

// clang-format off
#define KRAFT_SAMPLERS(row) \
  row(ancestral)            \
  row(beam)                 \
  row(coinflips)            \
  row(lookahead)            \
  row(spans)                \
  row(metropolis)           \
  row(smc)
// clang-format on

namespace kraft {

#define KRAFT_DECLARE_SAMPLER(name) SamplerRow name##_row();
KRAFT_SAMPLERS(KRAFT_DECLARE_SAMPLER)
#undef KRAFT_DECLARE_SAMPLER

// The common options that mean nothing to a sampler that does not choose one unit after the other.
std::vector<std::string> filter_names();

// Throw UsageError: for a value outside its range; for an option that is not at its default
// although the sampler does not read it.
void check_options(const SamplerOptions& options, bool common_only = false);
void check_read(const SamplerRow& row, const SamplerOptions& options);

// Whether an option has the same value in both.
bool same_value(const SamplerOption& option, const SamplerOptions& a, const SamplerOptions& b);

}  // namespace kraft
