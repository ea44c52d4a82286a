// What the samplers share. Private to this folder.
//
// A sampler is a class that decides the next bytes, and a row that names it:
//
//     class Coin {
//      public:
//       static constexpr bool kSearches = false;
//       Coin(Drawing& drawing, const SamplerOptions& options);
//       ByteView next();                        // from drawing.extend(), measure() and choose()
//     };
//     SamplerRow coin_row() { return {"coin", "...", {}, make_run_sampler<Coin>}; }
//
// and one line in registry.cc. Everything else is done here: the loop, the cut at the requested
// length, the sink, what the state observes, the tail, rounding to whole bytes, the filters.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kraft/sampler.h"

namespace kraft {

using ByteSet = std::bitset<256>;

// Which bytes would complete an n-gram that is already there? Belongs to one drawing.
class RepeatIndex {
 public:
  explicit RepeatIndex(int ngram_bytes) : key_bytes_(static_cast<std::size_t>(ngram_bytes) - 1) {}

  // Sets `bytes` to those that followed an earlier occurrence of the last n-1 bytes of drawn +
  // prefix within drawn + prefix. `drawn` may only grow. O(bytes drawn since the last call + n
  // |prefix|).
  void completing(ByteView drawn, ByteView prefix, ByteSet& bytes);

 private:
  void learn(ByteView drawn);

  std::size_t key_bytes_;
  std::size_t learnt_bytes_ = 0;
  std::unordered_map<std::string, ByteSet> followers_;  // of each key of n-1 bytes
  std::string key_;
  Bytes end_;
};

// Sets probability to 2^-(bits / temperature), normalised.
void normalise(std::vector<Choice>& choices, double temperature = 1);

// One call of Sampler::sample(): what has been drawn, and everything that is needed to go on.
class Drawing {
 public:
  Drawing(State& state, const Candidates& candidates, const SampleRequest& request,
          const SamplerOptions& options, Random& random, const Sink& sink);
  ~Drawing();
  Drawing(const Drawing&) = delete;
  Drawing& operator=(const Drawing&) = delete;

  bool done() const { return stopped_ || remaining_bytes() == 0; }
  std::uint64_t remaining_bytes() const { return length_bytes_ - drawn().size(); }
  ByteView text() const { return text_; }  // history and what was drawn
  ByteView drawn() const { return ByteView(text_).subspan(history_bytes_); }
  const Candidates& candidates() const { return candidates_; }
  std::span<const ByteView> units() const { return units_; }  // of the candidates

  // State::measure() and State::extend() from where the choice is made, in whole bytes if asked.
  void measure(std::span<const ByteView> continuations, std::span<double> bits);
  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits);

  // Filters the units, whose increments are `bits`: what may be drawn, not empty, each with its
  // probability. Valid until the next call.
  std::span<const Choice> survivors(std::span<const ByteView> units, std::span<const double> bits);

  // Draws one of the survivors; returns its index among the units.
  std::size_t choose(std::span<const ByteView> units, std::span<const double> bits);

  Random& random() { return random_; }

  // No candidate is possible: throws Error.
  [[noreturn]] void throw_impossible() const;

  // Calls next() between show_tail() and hide_tail() and emits what it returns until done.
  template <class Next>
  void run(Next&& next) {
    while (!done()) {
      show_tail();
      const ByteView bytes = next();
      hide_tail();
      emit(bytes);
    }
  }

 private:
  void show_tail();
  void hide_tail();
  void emit(ByteView bytes);
  void round_up(std::span<double> bits);

  State& state_;
  const Candidates& candidates_;
  Random& random_;
  const Sink& sink_;
  std::unique_ptr<Filter> filter_;

  Bytes text_;
  std::size_t history_bytes_;
  std::uint64_t length_bytes_;
  bool stopped_ = false;

  bool whole_bytes_;
  std::optional<double> context_bits_;  // where the choice is made, once it is needed
  std::size_t tail_bytes_;
  std::size_t tail_begin_;
  Mark without_tail_;

  std::vector<ByteView> units_;
  std::vector<Choice> choices_;  // the survivors
  std::vector<double> weights_;
};

// One candidate of a beam search: a continuation of the frontier and one byte more.
struct Extension {
  double bits = 0;          // of the whole continuation
  std::uint32_t order = 0;  // of generation: continuation, then byte

  bool operator<(const Extension& other) const {  // the better one, and the earlier one if equal
    return bits != other.bits ? bits < other.bits : order < other.order;
  }
};

// The partial continuations of a search, all of the same length. Candidates must be single bytes.
class Frontier {
 public:
  Frontier(Drawing& drawing, const SamplerOptions& options);

  void reset();  // one continuation: the empty one
  std::size_t size() const { return bits_.size(); }
  std::size_t depth() const { return depth_; }
  ByteView operator[](std::size_t i) const {
    return ByteView(storage_).subspan(i * depth_, depth_);
  }
  std::span<const double> bits() const { return bits_; }

  // Measures what may follow each continuation: in generation order, the possible ones only. The
  // repetition control that would drop all of them drops none.
  std::vector<Extension>& expand();

  Byte first_byte(const Extension& extension) const;  // of the extended continuation
  void keep(std::span<const Extension> extensions);   // they become the frontier, in this order

 private:
  void find_alphabet();
  void collect(bool allow_repeats);
  ByteView continuation_of(const Extension& extension) const;
  Byte byte_of(const Extension& extension) const;

  Drawing& drawing_;
  std::optional<RepeatIndex> repeats_;
  Bytes all_bytes_;  // of the candidates

  std::size_t depth_ = 0;
  Bytes storage_;
  std::vector<double> bits_;

  Bytes alphabet_;                 // that some continuation may be followed by
  std::vector<ByteSet> allowed_;   // by each continuation; empty if there is no restriction
  std::vector<ByteSet> repeated_;  // by each continuation; empty if repetition is not controlled
  std::vector<ByteView> prefixes_;
  std::vector<double> measured_;
  std::vector<Extension> extensions_;
  Bytes next_storage_;
  std::vector<double> next_bits_;
  std::vector<std::uint32_t> indices_;
  Bytes text_end_;
};

// Keeps the `count` best extensions, best first. `extensions` is not empty, `count` not 0.
void keep_best(std::vector<Extension>& extensions, std::size_t count);

// Throws UsageError: "beam: candidates must be single bytes".
void require_single_bytes(const Candidates& candidates, std::string_view sampler);

template <class Run>
class RunSampler final : public Sampler {
 public:
  explicit RunSampler(const SamplerOptions& options) : options_(options) {}

  void sample(State& state, const Candidates& candidates, const SampleRequest& request,
              Random& random, const Sink& sink) const override {
    SamplerOptions filters = options_;
    if (Run::kSearches) filters.repeat_ngram = 0;  // the frontier controls repetition at every byte
    Drawing drawing(state, candidates, request, filters, random, sink);
    Run run(drawing, options_);
    drawing.run([&] { return run.next(); });
  }

 private:
  SamplerOptions options_;
};

template <class Run>
std::unique_ptr<Sampler> make_run_sampler(const SamplerOptions& options) {
  return std::make_unique<RunSampler<Run>>(options);
}

// The units that may come next, and what each of them costs.
class NextUnits {
 public:
  explicit NextUnits(Drawing& drawing);

  // Measures them; both spans are valid until the next call.
  void measure();
  std::span<const ByteView> units() const { return units_; }
  std::span<const double> bits() const { return bits_; }

 private:
  Drawing& drawing_;
  std::vector<std::uint32_t> allowed_;
  std::vector<ByteView> units_;
  Bytes alphabet_;  // their first bytes
  std::vector<double> bits_;
};

// Draws one candidate at a time; spans fall back to it.
class Ancestral {
 public:
  static constexpr bool kSearches = false;

  Ancestral(Drawing& drawing, const SamplerOptions& options);
  ByteView next();

 private:
  Drawing& drawing_;
  NextUnits next_units_;
};

// Throw UsageError: for a value outside its range; for an option that is not at its default
// although the sampler does not read it.
void check_options(const SamplerOptions& options, bool common_only = false);
void check_read(const SamplerRow& row, const SamplerOptions& options);

SamplerRow ancestral_row();
SamplerRow beam_row();
SamplerRow coinflips_row();
SamplerRow lookahead_row();
SamplerRow spans_row();

}  // namespace kraft
