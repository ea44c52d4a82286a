// Sampling as a task: models continue a text, or fill a hole in it.
//
//     kraft::SampleTask task;
//     task.models = {"gzip:9", "ngram:5"};
//     task.context.prime = text;                       // the corpus to imitate
//     task.context.prompt = "The whale ";
//     task.length = 160;
//     kraft::SampleResult result = kraft::sample(task);
//     for (const kraft::Sample& sample : result.samples)
//       std::printf("%.0f bits\n", sample.bits);
//
// What is not set is chosen: the sampler suits the model (SampledModel says which it was and why),
// candidates are what the model predicts or what occurs in the context. To choose oneself:
//
//     task.sampler = "lookahead";
//     task.sampling.set(&kraft::SamplerOptions::horizon, 6);
//     task.sampling.set(&kraft::SamplerOptions::temperature, 0.7);
//
// A hole is filled by what suits both of its sides:
//
//     task.context.prompt = "Captain Ahab ___ to the deck.";
//     task.hole = "___";
//
// Bytes can be had while they are drawn, and the work be stopped; what was drawn until then is in
// the result, which is then `cancelled`:
//
//     kraft::SampleReceiver receiver;
//     receiver.bytes = [](kraft::ByteView drawn) { std::printf("+%zu bytes\n", drawn.size()); };
//     receiver.cancelled = [] { return std::feof(stdin) != 0; };
//     result = kraft::sample(task, receiver);
//
// Invalid requests throw OptionError, or another UsageError; a model that fails throws Error. The
// same task gives the same bytes on any number of threads. sample_options() is the table of all
// options: names, ranges, defaults, meanings.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/copying.h"
#include "kraft/model.h"
#include "kraft/sampler.h"
#include "kraft/sampler_choice.h"
#include "kraft/tasks/input.h"
#include "kraft/tasks/options.h"
#include "kraft/tasks/progress.h"

namespace kraft {

inline constexpr std::int64_t kSuffixFirst = 1024, kSampleLength = 200;

// What every task that draws may be told: of what, and how.
struct DrawingTask {
  std::vector<std::string> models;                        // specifications
  std::vector<std::shared_ptr<const Model>> made_models;  // and models that were made already
  std::optional<std::string> sampler = {};  // (default: "auto", what suits model and context)
  PartialSamplerOptions sampling;           // those that are not set are the sampler's own
  // For Candidates::parse(), or "auto" (the default): what the model predicts, or seen.
  std::optional<std::string> alphabet = {};
  std::string proposal;  // metropolis, smc: another model (default: none)
  // Look at so many bytes after a hole only (0: all; default: kSuffixFirst).
  std::optional<std::int64_t> suffix_first = {};
  std::int64_t count = 1;  // samples of each model
  std::int64_t seed = 1;   // sample k draws with stream k of it
  unsigned threads = 0;    // for measuring (0: one per processor)
};

struct SampleTask : DrawingTask {
  ContextInput context = {};                // corpus, file and prompt
  std::optional<std::int64_t> length = {};  // bytes to draw (default: kSampleLength)
  std::optional<Bytes> units = {};          // strings to choose from, one a line
  std::string preset = {};  // sampler, candidates and options of a published program

  // What follows: none of them, or one.
  std::optional<std::string> suffix = {};
  std::optional<Bytes> suffix_file = {};
  std::optional<std::string> hole = {};  // a mark in file and prompt that stands in its place

  // What the result is to say of each sample.
  bool wants_bytes = true;
  bool wants_bits = true;
  bool wants_copying = true;
  bool wants_traces = false;  // a sampler without Markov chains is refused
};

// How a model was drawn from.
struct SampledModel {
  std::string spec;  // as the model calls itself
  std::string sampler;
  SamplerOptions options;
  SamplerReason reason = SamplerReason::asked;    // why this sampler
  SamplerCaution caution = SamplerCaution::none;  // what is known of such options
};

struct Sample {
  std::size_t model = 0;  // index into SampleResult::models
  std::int64_t index = 0;
  std::uint64_t size_bytes = 0;
  Bytes bytes;                       // if wanted
  double bits = 0;                   // if wanted: l(x s) - l(x), or coin flips
  double suffix_bits = 0;            // if wanted: of what follows the hole, after the sample
  Copying copying;                   // if wanted
  std::uint64_t analysed_bytes = 0;  // so many of the first ones were looked at for that
  CopyLimitReport copy_limit;        // what SamplerOptions::max_copy did
  std::vector<SpanReport> spans;     // of samplers that draw jointly, or of coin flips
  double seconds = 0;                // for drawing
  bool complete = true;              // false: cancelled, and neither measured nor analysed

  // Whether a decompressor has drawn it: then its bits are flips.
  bool flips() const { return !spans.empty() && !spans[0].decoder.empty(); }
};

struct SampleResult {
  std::vector<SampledModel> models;  // in the task's order, as far as it came
  std::vector<Sample> samples;       // all of the first model, then of the next
  Bytes prompt;                      // file and prompt, up to a hole
  Bytes suffix;                      // what follows the hole
  bool cancelled = false;
};

struct SampleReceiver : Receiver {
  // What stands around every sample: file and prompt up to a hole, and what follows it.
  std::function<void(ByteView prompt, ByteView suffix)> context = {};
  std::function<void(const SampledModel&)> model_begins = {};
  // What is known before anything is drawn: model, index.
  std::function<void(const SampledModel&, const Sample&)> sample_begins = {};
  std::function<void(ByteView)> bytes = {};
  // Asked after each of these; true ends the sample, which is complete.
  std::function<bool()> enough = {};
  std::function<void(const SampledModel&, const Sample&)> drawn = {};  // not yet measured
  std::function<void(const SampledModel&, const Sample&)> sample_ends = {};
};

// Returns what it has when it is cancelled.
SampleResult sample(const SampleTask& task, const SampleReceiver& receiver = {});

// Throws what sample() would throw before it makes a model. Contents of files that have not been
// read yet may be empty.
void check(const SampleTask& task);

const OptionTable<DrawingTask>& drawing_options();
const OptionTable<SampleTask>& text_options();    // what SampleTask has besides
const OptionTable<SampleTask>& sample_options();  // both

}  // namespace kraft
