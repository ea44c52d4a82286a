// Images and recordings alike: bytes, some of which are given and some of which are drawn.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cli/sample.h"
#include "kraft/candidates.h"

namespace kraft::cli {

// A part of the bytes, all given or all drawn.
struct Span {
  std::size_t begin = 0, end = 0;
  bool drawn = false;
};

// Spans in ascending order; a model sees each given one and draws each other one in turn, from a
// fresh start. Sequences are independent of each other.
using Sequence = std::vector<Span>;

// What is to be completed, with the truth where it is known.
struct Hole {
  Bytes bytes;
  std::vector<Sequence> sequences;
  std::string unit;            // "pixels"
  std::size_t unit_bytes = 1;  // of a whole candidate
  Geometry geometry;           // for the models

  std::uint64_t drawn_bytes() const;
};

struct Completion {
  std::string model;  // as on the command line
  std::string spec;   // as the model calls itself
  int index = 0;      // of the sample
  Bytes bytes;
  double bits = 0;  // of the drawn bytes, given all before them
  double seconds = 0;
};

// One completion for each model and sample, in this order. Uses the threads that the options allow
// for independent sequences and completions; the result does not depend on how many these are.
// Shows progress. After an interrupt they are incomplete.
std::vector<Completion> complete(const SampleOptions& options, const po::variables_map& values,
                                 const Hole& hole);

// Throws UsageError when the result would have nowhere to go, or several results one file.
void check_outputs(const SampleOptions& options, const po::variables_map& values);

// "x,y,w,h"; throws UsageError.
Box parse_box(const std::string& option, const std::string& text);

// Writes the file whole or not at all.
void write_file(const std::string& path, ByteView bytes);

}  // namespace kraft::cli
