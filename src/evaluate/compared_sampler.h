// A sampler and its options, written in a line.
#pragma once

#include <string>

#include "kraft/sampler.h"

namespace kraft {

struct ComparedSampler {
  std::string spec;  // "ancestral,temperature=0.7"
  std::string name;
  SamplerOptions options;

  // Throws UsageError.
  static ComparedSampler parse(const std::string& spec);
};

}  // namespace kraft
