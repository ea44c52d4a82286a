// Samplers: turn bits into choices.
//
//     auto model = kraft::make_model("gzip");
//     auto state = model->start(context);
//     auto sampler = kraft::make_sampler("ancestral", {.top_k = 40, .temperature = 0.7});
//     kraft::Random random(/*seed=*/1);
//     kraft::Bytes drawn = kraft::sample(*sampler, *state, kraft::Candidates::seen(context),
//                                        {.length_bytes = 100, .history = context}, random);
//
// Invalid options throw UsageError:
//
//     kraft::make_sampler("ancestor");                   // unknown sampler "ancestor": expected ...
//     kraft::make_sampler("beam", {.top_p = 1.5});       // top-p 1.5 is out of range: (0, 1]
//     kraft::make_sampler("ancestral", {.horizon = 9});  // ancestral has no option horizon
//
// A sampler needs a State and nothing else: one sampler serves compressors, n-grams and language
// models. The same seed, options and library versions give the same bytes on any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/candidates.h"
#include "kraft/model.h"
#include "kraft/random.h"

namespace kraft {

// Every option of every sampler. The filters and the options about the model are read by all of
// them but those whose row says otherwise; the row also names the others that it reads.
// sampler_options() has the ranges.
struct SamplerOptions {
  // Filters, in the order in which they apply, with llama.cpp's names and meanings.
  int max_copy = 0;          // (0: off) quote at most so many bytes: samplers/copy_limit.h
  int repeat_ngram = 0;      // (0: off) no unit that completes an n-gram of bytes already drawn
  int top_k = 0;             // (0: off) keep the k most probable units
  double typical = 1.0;      // (1: off) locally typical sampling with this mass
  double top_p = 1.0;        // (1: off) keep the smallest set of units with this mass
  double min_p = 0.0;        // (0: off) drop units below this share of the most probable one
  double temperature = 1.0;  // (1: off) divide the bits of the survivors; 0: the most probable unit

  // What the model is asked.
  bool whole_bytes = false;  // round lengths of whole streams up to bytes, as the file would be
  int tail = 0;              // (0: off) show the model only this much of the end, see Sampler

  // Look-ahead.
  int horizon = 8;      // bytes of look-ahead
  int beam_width = 32;  // partial continuations kept at each byte
  int commit = 1;       // bytes of each plan that are kept (0: all of the plan)

  // Candidates taken from the history.
  int span_length = 12;  // bytes of each candidate
  int span_limit = 256;  // most recent distinct candidates that are measured
  int key_length = 4;    // bytes at the current end that must have come before a candidate

  // Spans drawn jointly.
  int span = 60;        // bytes that are drawn jointly, the next ones after them given these
  int steps = 2000;     // Metropolis: steps of each chain that count
  int burn_in = 1000;   // Metropolis: steps of each chain before those
  int thin = 1;         // Metropolis: keep the bits of every n-th step for the report
  int chains = 4;       // Metropolis: independent chains; the first one's last state is drawn
  bool anneal = false;  // Metropolis: lower the temperature to 0, draw the cheapest span found
  int particles = 64;   // sequential Monte Carlo: partial spans that compete

  // Coin flips into a decompressor.
  int segment = 1024;  // bytes that are drawn before the decoder goes back to the context
};

// One row of the table of options: `--help`, the ranges and the flags are generated from it.
struct SamplerOption {
  using Field =
      std::variant<bool SamplerOptions::*, int SamplerOptions::*, double SamplerOptions::*>;

  std::string name;  // as on the command line: "top-k"
  Field field;       // the initial value is that of SamplerOptions{}
  double min = 0;    // of numbers
  double max = 0;
  bool min_open = false;  // whether the bound itself is out of range
  bool max_open = false;
  bool common = false;  // read by every sampler
  char letter = 0;      // on the command line: 't' for -t; 0: none
  std::string meaning;  // "keep the k most probable units; 0: all"

  std::string range() const;  // "1..1024" for integers, "(0, 1]" for numbers, "on|off"
};

std::span<const SamplerOption> sampler_options();

// One unit under consideration.
struct Choice {
  std::uint32_t unit = 0;  // index into the units
  double bits = 0;         // increment of the code length; finite
  double probability = 0;  // normalised over the units still considered
};

// A filter drops choices or changes their probabilities; what it leaves is normalised and not
// empty. Choices come and go in ascending order of unit, and between equals the lowest unit wins:
// units are in the order of their bytes. A filter belongs to one drawing, since it may keep what it
// learnt about the bytes drawn.
class Filter {
 public:
  virtual ~Filter() = default;

  // `units` are the byte strings that Choice::unit counts; `drawn` is what has been drawn so far
  // and only grows from call to call.
  virtual void apply(std::vector<Choice>& choices, std::span<const ByteView> units,
                     ByteView drawn) = 0;
};

// The chain of all filters that are not at their disabled value, itself a filter. Throws UsageError
// for a value outside its range. samplers/filters.cc says precisely what each one does.
std::unique_ptr<Filter> make_filter(const SamplerOptions& options);

// What a sampler that draws spans jointly tells about each of them: enough to judge whether its
// draws are what they are meant to be. Bits are l(x s y) - l(x), for the context x, the span s and
// what follows a hole y.
struct SpanReport {
  std::uint64_t size_bytes = 0;
  double bits = 0;  // of the span that was drawn
  double seconds = 0;

  // Metropolis.
  std::vector<std::vector<double>> chains_bits = {};  // of each chain, at every `thin`-th step
  std::size_t burn_in = 0;      // so many values at the beginning of each chain do not count
  std::uint64_t steps = 0;      // of all chains together, burn-in included
  std::uint64_t proposals = 0;  // of all chains together, after the burn-in
  std::uint64_t accepted = 0;   // of those

  // Sequential Monte Carlo.
  std::vector<double> effective_particles = {};  // after each byte, before any resampling
  std::uint64_t resamplings = 0;
  double log2_sum = 0;  // estimate of log2 of the sum over all spans s of 2^-(bits / temperature)

  // Coin flips: all segments are one span, and `bits` are the flips that were spent on it.
  std::string decoder = {};   // whose decompressor it was; empty: none
  std::uint64_t refused = 0;  // times that it refused flips, so that others were drawn
};

// What SamplerOptions::max_copy did to a drawing.
struct CopyLimitReport {
  std::uint64_t limited = 0;   // times that choices were dropped
  std::uint64_t exceeded = 0;  // times that none was, since every choice quoted too much

  // What that cost: -log2 of the share of the probability that was left, at the temperature of the
  // drawing, summed over those times. Samplers that look ahead count the next unit, particles their
  // mean; of stock decompressors it is an estimate, by how often something was drawn again.
  double bits = 0;

  // False of Markov chains: of the spans that they pass over, neither number nor cost is known, and
  // `limited` and `bits` are 0.
  bool is_counted = true;
};

// How much to draw, what comes before it and what after it.
struct SampleRequest {
  std::uint64_t length_bytes = 0;
  ByteView history = {};         // what the state has observed, or its end: UTF-8, spans and the
                                 // tail look at it
  std::uint64_t tail_begin = 0;  // where in the history a tail may begin: after the corpus, say

  // For samplers that draw spans jointly (SamplerRow::joint); the others throw UsageError.
  ByteView suffix = {};       // what follows: a hole is to be filled
  State* proposal = nullptr;  // another model that proposes what the model itself then weighs
                              // (SamplerRow::proposes): it has observed the same, and moves along
  unsigned threads = 1;       // Metropolis: for the chains (0: one per processor)

  // The caller needs the state no more: it need not observe what is drawn, which for coin flips
  // takes longer than drawing it.
  bool state_is_spent = false;

  // All of them may be empty.
  std::function<void(const SpanReport&)> report = {};
  // What was drawn costs so many bits, the sum of the increments that it was chosen by; called at
  // the end, if the sampler knows: not where the model was asked something else, as with a tail,
  // whole bytes, or units of its own.
  std::function<void(double bits)> paid = {};
  // Called at the end, if there is such a limit.
  std::function<void(const CopyLimitReport&)> copy_limit = {};
  // Asked now and then; true ends the drawing with Cancelled.
  std::function<bool()> cancelled = {};
};

// Receives the bytes as they are drawn; returns false to stop early. May be empty.
using Sink = std::function<bool(ByteView)>;

// Immutable, and shared between threads.
//
// With a tail (SamplerOptions::tail > 0) the model keeps seeing the corpus instead of its own
// output: the caller's state has observed the corpus alone, and before every choice the sampler
// shows it the last `tail` bytes of history[tail_begin..] and of what was drawn, and takes them
// back afterwards.
class Sampler {
 public:
  virtual ~Sampler() = default;

  // Draws until `length_bytes` bytes are there, cutting the last unit, or the sink says stop. The
  // state has then observed every byte that the sink was given, unless the request says that it is
  // spent; with a tail, it is as it was before. No mark is left behind. Throws Error when the model
  // gives every candidate probability 0.
  virtual void sample(State& state, const Candidates& candidates, const SampleRequest& request,
                      Random& random, const Sink& sink) const = 0;
};

struct SamplerRow {
  std::string name;
  std::string summary;
  std::vector<std::string> options;  // names of the options it reads besides the common ones
  std::function<std::unique_ptr<Sampler>(const SamplerOptions&)> make;  // of checked options
  std::vector<std::string> not_read = {};  // names of common options that it does not read
  bool joint = false;     // draws spans jointly: reads suffix and report of a request
  bool proposes = false;  // reads proposal of a request
  bool traces = false;    // fills in chains_bits of a report

  bool reads(const SamplerOption& option) const;
};

std::span<const SamplerRow> samplers();

// Throws UsageError for an unknown name, a value outside its range, a combination that contradicts
// itself, or an option that is changed although the sampler does not read it.
std::unique_ptr<Sampler> make_sampler(std::string_view name, const SamplerOptions& options = {});

// Draws into memory.
Bytes sample(const Sampler& sampler, State& state, const Candidates& candidates,
             const SampleRequest& request, Random& random);

// A published program's behaviour as a set of options.
struct SamplerPreset {
  std::string name;
  std::string summary;
  std::string model;              // specification
  std::string sampler;            // name
  std::string alphabet;           // for Candidates::parse, with the whole corpus and the prompt
  std::uint64_t prime_bytes = 0;  // first bytes of the corpus that the state observes (0: all)
  SamplerOptions options;
};

std::span<const SamplerPreset> sampler_presets();

// Throws UsageError for an unknown name.
const SamplerPreset& sampler_preset(std::string_view name);

}  // namespace kraft
