// What models expect after a context.
//
//     kraft::NextTask task;
//     task.models = {"gzip:9", "ngram:5"};
//     task.context.prompt = "banana banan";
//     for (const kraft::Expectation& of : kraft::next(task).expectations)
//       std::printf("%s: 'a' with probability %.3f\n", of.model.c_str(), of.probability['a']);
//
// A compressor knows the code length of the context itself, since it measures that anyway. A
// language model, or a pool of models, would have to predict every byte of the context for it, and
// leaves it out unless it is asked for:
//
//     task.base_bits = kraft::BaseBits::on;     // of every model, however long it takes
//
// There is a warning for a model that does not see back to the beginning of the context.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kraft/model.h"
#include "kraft/tasks/input.h"
#include "kraft/tasks/progress.h"
#include "kraft/views.h"

namespace kraft {

enum class BaseBits { automatic, on, off };

// next_options() has the ranges and meanings.
struct NextTask {
  std::vector<std::string> models;  // specifications
  ContextInput context;
  BaseBits base_bits = BaseBits::automatic;
  ChosenView view = ChosenView::given;  // as the specifications have it
  unsigned threads = 0;                 // 0: one per processor
};

const OptionTable<NextTask>& next_options();

struct Expectation {
  std::string model;  // as it calls itself
  Granularity granularity = Granularity::byte;
  std::uint64_t context_bytes = 0;  // so many of the last bytes were looked at
  std::optional<double> base_bits;  // the code length of these; nothing where it was not asked for
  std::array<double, 256> bits;     // the increment of each byte
  std::vector<double> probability;  // 2^-bits, normalised
  double entropy_bits = 0;          // of this distribution
};

struct NextResult {
  std::vector<Expectation> expectations;  // one for each model, in their order; of both
                                          // views the encoder's first
};

// Throws UsageError for an invalid task, without reading anything.
void check(const NextTask& task);

NextResult next(const NextTask& task, const Receiver& receiver = {});

}  // namespace kraft
