// Models of a learner that codes by choices: the state and the model around it.
//
// A Learner has next_byte(bits), next_weights(weights), which are integers, bits_of(byte),
// observe(byte) -> bits, encode(byte, encoder), decode(decoder, bits), mark() -> Place,
// rewind(place), keep_marks(count), clone() -> Learner that shares its memory, forget(place) if it
// has marks of others to forget, and set_drawing(drawing) and learns_what_is_drawn() if it may be
// that it does not.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/drawing.h"
#include "core/marks.h"
#include "core/observing.h"
#include "kraft/choices.h"
#include "kraft/coder.h"
#include "kraft/model.h"
#include "kraft/text_temperature.h"

namespace kraft {

// Observing a byte costs what the learner's step does; so does rewinding it. A clone shares what
// neither has written since. `cancelled` is asked while a long string is measured.
template <typename Learner>
class ChoiceModelState final : public State, public ChoiceState, public DrawnState {
 public:
  ChoiceModelState(Learner learner, std::function<bool()> cancelled)
      : learner_(std::move(learner)), cancelled_(std::move(cancelled)) {}

  void observe(ByteView bytes) override {
    for (const Byte byte : bytes) total_bits_ += learner_.observe(byte);
    position_bytes_ += bytes.size();
  }

  std::uint64_t position_bytes() const override { return position_bytes_; }
  double context_bits() override { return total_bits_; }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    for (std::size_t i = 0; i < continuations.size(); ++i) bits[i] = bits_of(continuations[i]);
  }

  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    std::array<double, 256> next;
    std::size_t at = 0;
    for (const ByteView prefix : prefixes) {
      const Excursion excursion(*this);
      double prefix_bits = 0;
      for (const Byte byte : prefix) prefix_bits += learner_.observe(byte);
      learner_.next_byte(next);
      for (const Byte byte : alphabet) bits[at++] = prefix_bits + next[byte];
    }
  }

  void next_distribution(IntegerDistribution& distribution) override {
    std::array<std::uint64_t, 256> weights;
    learner_.next_weights(weights);
    distribution.assign(weights);
  }

  ChoiceState* by_choices() override { return this; }

  void encode(Byte byte, RangeEncoder& encoder) override {
    total_bits_ += learner_.encode(byte, encoder);
    ++position_bytes_;
  }

  Byte decode(RangeDecoder& decoder) override {
    ++position_bytes_;
    return learner_.decode(decoder, total_bits_);
  }

  void set_drawing(bool drawing) override {
    if constexpr (requires { learner_.set_drawing(drawing); }) learner_.set_drawing(drawing);
  }
  bool learns_what_is_drawn() const override {
    if constexpr (requires { learner_.learns_what_is_drawn(); })
      return learner_.learns_what_is_drawn();
    return true;
  }

  Mark mark() override { return marks_.push({learner_.mark(), position_bytes_, total_bits_}); }

  void rewind(Mark mark) override {
    const Saved& saved = marks_.back_to(mark);
    learner_.rewind(saved.place);
    position_bytes_ = saved.position_bytes;
    total_bits_ = saved.total_bits;
    learner_.keep_marks(!marks_.empty());
  }

  void forget(Mark mark) override {
    if constexpr (requires(const typename Learner::Place& place) { learner_.forget(place); }) {
      if (const Saved* saved = marks_.find(mark)) learner_.forget(saved->place);
    }
    marks_.forget(mark);
    learner_.keep_marks(!marks_.empty());
  }

  std::unique_ptr<State> clone() const override {
    auto copy = std::make_unique<ChoiceModelState>(learner_.clone(), cancelled_);
    copy->position_bytes_ = position_bytes_;
    copy->total_bits_ = total_bits_;
    return copy;
  }

 private:
  struct Saved {
    typename Learner::Place place;
    std::uint64_t position_bytes;
    double total_bits;
  };

  double bits_of(ByteView continuation) {
    if (continuation.size() == 1) return learner_.bits_of(continuation[0]);
    const Excursion excursion(*this);
    double bits = 0;
    in_pieces(continuation, cancelled_, [&](ByteView piece) {
      for (const Byte byte : piece) bits += learner_.observe(byte);
    });
    return bits;
  }

  Learner learner_;
  std::function<bool()> cancelled_;
  std::uint64_t position_bytes_ = 0;
  double total_bits_ = 0;
  MarkStack<Saved> marks_;
};

// Its states begin as copies of one learner that has seen nothing.
template <typename Learner>
class ChoiceModel final : public Model, public WritesAtTemperature {
 public:
  ChoiceModel(std::string spec, Learner learner, std::function<bool()> cancelled)
      : spec_(std::move(spec)), learner_(learner.clone()), cancelled_(std::move(cancelled)) {}

  std::unique_ptr<State> start() const override {
    return std::make_unique<ChoiceModelState<Learner>>(learner_.clone(), cancelled_);
  }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return Granularity::fractional; }
  std::optional<std::uint64_t> window_bytes() const override { return std::nullopt; }
  double text_temperature() const override { return kHedgedTextTemperature; }
  bool portable() const override { return true; }

 private:
  std::string spec_;
  Learner learner_;
  std::function<bool()> cancelled_;
};

}  // namespace kraft
