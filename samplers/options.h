// Checks of the options of samplers.
#pragma once

#include "kraft/sampler.h"

namespace kraft {

// Throw OptionError for a value outside its range, UsageError for an option that is not at its
// default although the sampler does not read it.
void check_options(const SamplerOptions& options, bool common_only = false);
void check_read(const SamplerRow& row, const SamplerOptions& options);

// Whether an option has the same value in both.
bool same_value(const SamplerOption& option, const SamplerOptions& a, const SamplerOptions& b);

}  // namespace kraft
