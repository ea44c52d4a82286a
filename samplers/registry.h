// The table of samplers. A new one is a file that defines NAME_row() and NAME's line here.
#pragma once

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

}  // namespace kraft
