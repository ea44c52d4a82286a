// What the samplers share. Private to this folder.
//
// A sampler is a class that decides the next bytes, and a row that names it:
//
//     class Coin {
//      public:
//       static constexpr bool kSearches = false;
//       Coin(Drawing& drawing, const SamplerOptions& options);
//       Step next();                            // from drawing.extend(), measure() and choose()
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

// What a sampler decided: bytes; and, where they were drawn as units of the model, which ones.
struct Step {
  Step(ByteView its_bytes, UnitsView its_units = {}) : bytes(its_bytes), units(its_units) {}

  ByteView bytes;
  UnitsView units;
};

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
  void extend_units(std::span<const UnitsView> prefixes, std::span<double> bits);

  // Filters the units, whose increments are `bits`, and draws one; returns its index.
  std::size_t choose(std::span<const ByteView> units, std::span<const double> bits);

  // No candidate is possible: throws Error.
  [[noreturn]] void throw_impossible() const;

  // Calls next() between show_tail() and hide_tail() and emits what it returns until done.
  template <class Next>
  void run(Next&& next) {
    while (!done()) {
      show_tail();
      const Step step = next();
      hide_tail();
      emit(step);
    }
  }

 private:
  void show_tail();
  void hide_tail();
  void emit(const Step& step);
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
  std::vector<Choice> choices_;  // scratch of choose()
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

// The partial continuations of a search, all of as many units. Candidates must be single bytes or
// units of the model.
class Frontier {
 public:
  Frontier(Drawing& drawing, const SamplerOptions& options);

  void reset();  // one continuation: the empty one
  std::size_t size() const { return bits_.size(); }
  std::size_t depth() const { return depth_; }
  ByteView operator[](std::size_t i) const {
    return ByteView(storage_).subspan(begins_[i], begins_[i + 1] - begins_[i]);
  }
  std::span<const double> bits() const { return bits_; }

  // The first units of a continuation, to be drawn.
  Step first(std::size_t i, std::size_t units) const;

  // Measures what may follow each continuation: in generation order, the possible ones only. The
  // repetition control that would drop all of them drops none.
  std::vector<Extension>& expand();

  std::uint32_t first_unit(const Extension& extension) const;  // of the extended continuation
  void keep(std::span<const Extension> extensions);  // they become the frontier, in this order

 private:
  void measure();
  void find_alphabet();
  void collect(bool allow_repeats);
  bool repeats(std::size_t continuation, std::uint32_t unit);
  UnitsView units_of(std::size_t i) const {
    return UnitsView(unit_storage_).subspan(i * depth_, depth_);
  }
  std::size_t continuation_of(const Extension& extension) const {
    return extension.order / alphabet_.size();
  }
  std::uint32_t unit_of(const Extension& extension) const {
    return alphabet_[extension.order % alphabet_.size()];
  }

  Drawing& drawing_;
  std::optional<RepeatIndex> repeats_;
  std::vector<std::uint32_t> all_units_;  // of the candidates

  std::size_t depth_ = 0;                    // in units
  Bytes storage_;                            // of all continuations
  std::vector<std::size_t> begins_;          // of each in it, and the end of the last
  std::vector<std::uint32_t> unit_storage_;  // the same by units
  std::vector<double> bits_;

  std::vector<std::uint32_t> alphabet_;  // units that some continuation may be followed by
  Bytes alphabet_bytes_;                 // the same, where they are bytes
  std::vector<ByteSet> allowed_;         // by each continuation; empty if there is no restriction
  std::vector<ByteSet> repeated_;  // by each continuation; empty if repetition is not controlled
  std::vector<ByteView> prefixes_;
  std::vector<UnitsView> unit_prefixes_;
  std::vector<double> measured_;
  std::vector<Extension> extensions_;
  Bytes next_storage_;
  std::vector<std::size_t> next_begins_;
  std::vector<std::uint32_t> next_unit_storage_;
  std::vector<double> next_bits_;
  std::vector<std::uint32_t> indices_;
  Bytes text_end_;
};

// Keeps the `count` best extensions, best first. `extensions` is not empty, `count` not 0.
void keep_best(std::vector<Extension>& extensions, std::size_t count);

// Throw UsageError: "beam: candidates must be single bytes".
void require_single_bytes(const Candidates& candidates, std::string_view sampler);
void require_bytes_or_units(const Candidates& candidates, std::string_view sampler);

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

// Draws one candidate at a time; spans fall back to it.
class Ancestral {
 public:
  static constexpr bool kSearches = false;

  Ancestral(Drawing& drawing, const SamplerOptions& options);
  Step next();

 private:
  Step next_unit();
  void measure(std::span<const ByteView> units);

  Drawing& drawing_;
  std::vector<std::uint32_t> allowed_;
  std::vector<ByteView> units_;
  Bytes alphabet_;
  std::vector<double> bits_;
  std::uint32_t drawn_unit_ = 0;
};

// Throw UsageError: for a value outside its range; for an option that is not at its default
// although the sampler does not read it.
void check_options(const SamplerOptions& options, bool common_only = false);
void check_read(const SamplerRow& row, const SamplerOptions& options);

SamplerRow ancestral_row();
SamplerRow beam_row();
SamplerRow lookahead_row();
SamplerRow spans_row();

}  // namespace kraft
