// One call of a sampler. Private to this folder.
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
// and one line in rows.h. Everything else is done here: the loop, the cut at the requested length,
// the sink, what the state observes, the tail, rounding to whole bytes, the filters.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "kraft/sampler.h"
#include "kraft/units.h"
#include "repetition.h"

namespace kraft {

// What a sampler decided: bytes; and, where they were drawn as units of the model, which ones.
struct Step {
  Step(ByteView its_bytes, UnitsView its_units = {}) : bytes(its_bytes), units(its_units) {}

  ByteView bytes;
  UnitsView units;
};

// Sets probability to 2^-(bits / temperature), normalised.
void normalise(std::vector<Choice>& choices, double temperature = 1);

// Whether candidates, all of them single bytes, allow a string. One thread at a time.
class WellFormed {
 public:
  explicit WellFormed(const Candidates& candidates);

  // After `text`, with `remaining_bytes` to be drawn, those of the string included.
  bool operator()(ByteView text, std::uint64_t remaining_bytes, ByteView string);

 private:
  const Candidates* candidates_;
  ByteSet bytes_;
  Bytes end_;  // scratch
  std::vector<std::uint32_t> allowed_;
};

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
  const SampleRequest& request() const { return request_; }
  State& state() { return state_; }
  Random& random() { return random_; }
  std::span<const ByteView> units() const { return units_; }  // of the candidates

  // State::measure() and State::extend() from where the choice is made, in whole bytes if asked.
  void measure(std::span<const ByteView> continuations, std::span<double> bits);
  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits);
  void extend_units(std::span<const UnitsView> prefixes, std::span<double> bits);

  // Whether the candidates, which are single bytes, allow the bytes of `span` in turn.
  bool well_formed(ByteView span) { return well_formed_(text_, remaining_bytes(), span); }

  // Filters the units, whose increments are `bits`: what may be drawn, not empty, each with its
  // probability. Valid until the next call.
  std::span<const Choice> survivors(std::span<const ByteView> units, std::span<const double> bits);

  // Draws one of the survivors; returns its index among the units.
  std::size_t choose(std::span<const ByteView> units, std::span<const double> bits);

  // Throws Cancelled when the request wants to be given up.
  void stop_if_cancelled() const;

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
  const SampleRequest& request_;
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
  struct Moved {  // a state that moves with what is drawn, and where it comes back to
    State* state;
    Mark without_tail;
  };
  std::vector<Moved> moved_;  // the state and, if there is one, the proposal's

  std::vector<ByteView> units_;
  WellFormed well_formed_;
  std::vector<Choice> choices_;  // the survivors
  std::vector<double> weights_;
};

// Replaces increments by those of whole streams of whole bytes, of which the context has
// `context_bits`.
void round_up_to_bytes(std::span<double> bits, double context_bits);

[[noreturn]] void throw_no_suffix();  // UsageError

// Throws UsageError when a hole is longer than a span: spans but the last would not see its end.
void require_whole_hole(const Drawing& drawing, int span_bytes, std::string_view sampler);

// Throw UsageError: "beam: candidates must be single bytes".
void require_single_bytes(const Candidates& candidates, std::string_view sampler);
void require_bytes_or_units(const Candidates& candidates, std::string_view sampler);

template <class Run>
class RunSampler final : public Sampler {
 public:
  explicit RunSampler(const SamplerOptions& options) : options_(options) {}

  void sample(State& state, const Candidates& candidates, const SampleRequest& request,
              Random& random, const Sink& sink) const override {
    constexpr bool kJoint = requires { Run::kJoint; };
    if (!kJoint && !request.suffix.empty()) throw_no_suffix();
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

}  // namespace kraft
