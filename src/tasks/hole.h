// Images and recordings alike: bytes, some of which are given and some of which are drawn. Private
// to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kraft/tasks/complete.h"

namespace kraft {

// A part of the bytes, all given or all drawn.
struct HolePart {
  std::size_t begin = 0, end = 0;
  bool drawn = false;
};

// In ascending order; a model sees each given part and draws each other one in turn, from a fresh
// start. Sequences are independent of each other.
using HoleSequence = std::vector<HolePart>;

// What is to be completed, with the truth where it is known.
struct Hole {
  Bytes bytes;
  std::vector<HoleSequence> sequences;
  std::size_t unit_bytes = 1;  // of a whole candidate
  Geometry geometry = {};      // for the models

  std::uint64_t drawn_bytes() const;
};

struct FilledHole {
  Completion completion;
  Bytes bytes;
};

struct FilledHoles {
  std::vector<FilledHole> filled;  // for each model and sample, in this order
  std::string sampler;
  bool cancelled = false;  // then they are incomplete
};

// Uses the threads that the task allows for independent sequences and completions; the result does
// not depend on how many these are.
FilledHoles fill(const CompletionTask& task, const Hole& hole, const Receiver& receiver);

// Throws UsageError for what can be said before there is a hole.
void check_completion(const CompletionTask& task);

}  // namespace kraft
