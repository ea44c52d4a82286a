// What the filters share with the samplers that weigh choices themselves.
#pragma once

#include <string>
#include <vector>

#include "kraft/sampler.h"

namespace kraft {

// Sets probability to 2^-(bits / temperature), normalised.
void normalise(std::vector<Choice>& choices, double temperature = 1);

// The common options that mean nothing to a sampler that does not choose one unit after the other.
std::vector<std::string> filter_names();

}  // namespace kraft
