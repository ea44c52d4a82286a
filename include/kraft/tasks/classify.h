// To which of several corpora a text belongs, by code lengths alone.
//
//     kraft::ClassifyTask task;
//     task.model = "xz";
//     task.corpora = {{"english", moby}, {"german", faust}};
//     task.inputs = {{"letter", letter}};
//     const kraft::ClassifyResult result = kraft::classify(task);
//     const kraft::Classification& of = result.inputs[0];
//     const kraft::Verdict& verdict = of.verdict(result.by);
//     std::printf("%s, ahead by %.4f\n", result.corpora[verdict.nearest].c_str(), verdict.margin);
//
// A text belongs to the nearest corpus. Several that are equally near are a tie: the verdict lists
// them all, and names the one of them that is nearest by the other measure, or else the one whose
// name comes first in the order of its bytes. So a verdict does not depend on the order in which
// corpora are given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kraft/tasks/input.h"
#include "kraft/tasks/progress.h"

namespace kraft {

// How far a text x is from a corpus k. C is the length of a codec's stream, to the bit where its
// format has bits and without what only pads its container; or the bits of a predictor. The
// normalised compression distance is by Cilibrasi and Vitanyi, "Clustering by Compression" (2005).
enum class Distance {
  conditional,  // (C(kx) - C(k)) / |x|, in bits per byte: what the text costs given the corpus
  ncd,          // (C(kx) - min(C(k), C(x))) / max(C(k), C(x))
};

// classify_options() has the ranges and meanings.
struct ClassifyTask {
  std::string model = "gzip:9";     // specification
  std::vector<NamedBytes> corpora;  // two at least
  std::vector<NamedBytes> inputs;   // texts
  Distance by = Distance::conditional;
  bool lines = false;    // each line is a text
  unsigned threads = 0;  // 0: one per processor
};

const OptionTable<ClassifyTask>& classify_options();

struct Verdict {
  std::size_t nearest = 0;        // corpus, by its place in the task
  double margin = 0;              // by how much the next one is farther away; 0 in a tie
  std::vector<std::size_t> tied;  // all that are equally near, by name; empty where one is alone
};

// The rule above, for corpora of these names, distances from each, and those by the other measure.
// Distances that differ by rounding only (1e-9) are equal.
Verdict verdict_between(const std::vector<std::string>& corpora,
                        const std::vector<double>& distances,
                        const std::vector<double>& other_distances);

struct Classification {
  std::string input;  // its name; of a line, NAME:NUMBER
  std::uint64_t bytes = 0;
  std::vector<double> conditional_bits_per_byte, ncd;  // from each corpus
  Verdict by_conditional, by_ncd;

  const Verdict& verdict(Distance by) const {
    return by == Distance::ncd ? by_ncd : by_conditional;
  }
  const std::vector<double>& distances(Distance by) const {
    return by == Distance::ncd ? ncd : conditional_bits_per_byte;
  }
};

struct ClassifyResult {
  std::string model;  // as it calls itself
  Distance by = Distance::conditional;
  std::vector<std::string> corpora;  // their names
  std::vector<Classification> inputs;
};

// Throws UsageError for an invalid task, without reading anything.
void check(const ClassifyTask& task);

// There is a warning for a corpus that the model does not see back to its beginning.
ClassifyResult classify(const ClassifyTask& task, const Receiver& receiver = {});

}  // namespace kraft
