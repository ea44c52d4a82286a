// One call of Sampler::sample(): the loop, the cut at the requested length, the sink, what the
// state observes, the tail, rounding to whole bytes, the filters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "kraft/sampler.h"
#include "kraft/units.h"
#include "samplers/copy_limit.h"
#include "samplers/well_formed.h"

namespace kraft {

// What a sampler decided: bytes; where they were drawn as units of the model, which ones; and what
// all these bytes cost, where that was measured.
struct Step {
  Step(ByteView its_bytes, UnitsView its_units = {}, std::optional<double> its_bits = {})
      : bytes(its_bytes), units(its_units), bits(its_bits) {}

  ByteView bytes;
  UnitsView units;
  std::optional<double> bits;
};

// One call of Sampler::sample(): what has been drawn, and everything that is needed to go on.
class Drawing {
 public:
  // A sampler that `searches` controls what is repeated at every byte of its plans itself.
  Drawing(State& state, const Candidates& candidates, const SampleRequest& request,
          const SamplerOptions& options, bool searches, Random& random, const Sink& sink);
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

  // Whether the bytes, drawn next, would be too long a quotation. False without max_copy.
  bool quotes(ByteView bytes) {
    return copy_limit_ && copy_limit_->quotes(text_, drawn().size(), bytes);
  }
  CopyLimitReport& copy_limit_report() { return copy_limit_report_; }

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
    if (paid_bits_ && request_.paid) request_.paid(*paid_bits_);
    if (limits_copies_ && request_.copy_limit) request_.copy_limit(copy_limit_report_);
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
  bool limits_copies_;
  std::optional<CopyLimit> copy_limit_;  // of one unit after the other
  CopyLimitReport copy_limit_report_;

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

  std::optional<double> paid_bits_ = 0;  // for what was drawn; nothing: not known

  std::vector<ByteView> units_;
  WellFormed well_formed_;
  std::vector<Choice> choices_;  // the survivors
  std::vector<double> weights_;
};

// Replaces increments by those of whole streams of whole bytes, of which the context has
// `context_bits`.
void round_up_to_bytes(std::span<double> bits, double context_bits);

}  // namespace kraft
