// A sampler and its options, written in a line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kraft/model.h"
#include "kraft/sampler.h"

namespace kraft {

struct ComparedSampler {
  std::string spec;  // "ancestral,temperature=0.7"
  std::string name;  // or kAutoSampler
  SamplerOptions options;
  std::vector<std::string> given = {};  // the options that the line names

  // Throws UsageError.
  static ComparedSampler parse(const std::string& spec);

  // Itself; of kAutoSampler what choose_sampler() finds for the model and so much context, whose
  // spec says which it is: "spans,temperature=3.5,span-length=4,key-length=3". Pixels and samples
  // of sound are drawn from the model's own distribution. Throws UsageError when that does not read
  // an option that was given.
  ComparedSampler chosen_for(const Model& model, std::uint64_t context_bytes,
                             bool has_samples) const;
};

// Each specification at each temperature; without temperatures each as it is. At 1, which is what a
// sampler has unless it says otherwise, nothing but kAutoSampler is told so. Throws UsageError
// where a specification has a temperature already.
std::vector<ComparedSampler> at_temperatures(const std::vector<std::string>& specs,
                                             const std::vector<double>& temperatures);

}  // namespace kraft
