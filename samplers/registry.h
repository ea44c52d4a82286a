// The rows of all samplers, for registry.cc.
#pragma once

#include "kraft/sampler.h"

namespace kraft {

SamplerRow ancestral_row();
SamplerRow beam_row();
SamplerRow coinflips_row();
SamplerRow lookahead_row();
SamplerRow spans_row();
SamplerRow metropolis_row();
SamplerRow smc_row();

}  // namespace kraft
