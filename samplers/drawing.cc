#include "drawing.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "kraft/error.h"

namespace kraft {

void normalise(std::vector<Choice>& choices, double temperature) {
  double least = std::numeric_limits<double>::infinity();
  for (const Choice& choice : choices) least = std::min(least, choice.bits);
  double sum = 0;
  for (Choice& choice : choices) {
    choice.probability = std::exp2((least - choice.bits) / temperature);
    sum += choice.probability;
  }
  for (Choice& choice : choices) choice.probability /= sum;
}

void require_single_bytes(const Candidates& candidates, std::string_view sampler) {
  if (!candidates.single_bytes())
    throw UsageError(std::string(sampler) + ": candidates must be single bytes, not strings");
}

void require_bytes_or_units(const Candidates& candidates, std::string_view sampler) {
  if (!candidates.model_units()) require_single_bytes(candidates, sampler);
}

WellFormed::WellFormed(const Candidates& candidates) : candidates_(&candidates) {
  for (std::size_t i = 0; i < candidates.size(); ++i) bytes_.set(candidates[i][0]);
}

bool WellFormed::operator()(ByteView text, std::uint64_t remaining_bytes, ByteView string) {
  for (Byte byte : string) {
    if (!bytes_.test(byte)) return false;
  }
  if (!candidates_->restricted()) return true;
  constexpr std::size_t kLongestUnfinishedBytes = 3;
  end_.clear();
  append(end_, text.last(std::min(text.size(), kLongestUnfinishedBytes)));
  for (std::size_t i = 0; i < string.size(); ++i) {
    candidates_->allowed(end_, remaining_bytes - i, allowed_);
    const auto is_byte = [&](std::uint32_t unit) { return (*candidates_)[unit][0] == string[i]; };
    if (std::none_of(allowed_.begin(), allowed_.end(), is_byte)) return false;
    end_.push_back(string[i]);
  }
  return true;
}

void require_whole_hole(const Drawing& drawing, int span_bytes, std::string_view sampler) {
  if (drawing.request().suffix.empty() ||
      drawing.remaining_bytes() <= static_cast<std::uint64_t>(span_bytes))
    return;
  throw UsageError(std::string(sampler) + ": a hole of " +
                   std::to_string(drawing.remaining_bytes()) +
                   " bytes must be drawn as one span, but span is " + std::to_string(span_bytes));
}

Drawing::Drawing(State& state, const Candidates& candidates, const SampleRequest& request,
                 const SamplerOptions& options, Random& random, const Sink& sink)
    : state_(state),
      candidates_(candidates),
      request_(request),
      random_(random),
      sink_(sink),
      filter_(make_filter(options)),
      text_(request.history.begin(), request.history.end()),
      history_bytes_(request.history.size()),
      length_bytes_(request.length_bytes),
      whole_bytes_(options.whole_bytes),
      tail_bytes_(static_cast<std::size_t>(options.tail)),
      tail_begin_(static_cast<std::size_t>(request.tail_begin)),
      well_formed_(candidates) {
  if (request.tail_begin > history_bytes_)
    throw UsageError("tail_begin: " + std::to_string(request.tail_begin) +
                     " is behind the history's end: 0.." + std::to_string(history_bytes_));
  units_.reserve(candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) units_.push_back(candidates[i]);
  moved_.push_back({&state, {}});
  if (request.proposal != nullptr) moved_.push_back({request.proposal, {}});
  if (tail_bytes_ == 0) return;
  for (Moved& moved : moved_) moved.without_tail = moved.state->mark();
}

Drawing::~Drawing() {
  if (tail_bytes_ == 0) return;
  try {
    for (const Moved& moved : moved_) {
      moved.state->rewind(moved.without_tail);
      moved.state->forget(moved.without_tail);
    }
  } catch (...) {
    // Only a broken state fails here, and then the exception that ended the drawing matters more.
  }
}

namespace {

UnitState& by_units(State& state) {
  UnitState* units = state.by_units();
  if (units == nullptr) throw Error("this model has no units of its own");
  return *units;
}

}  // namespace

void Drawing::show_tail() {
  context_bits_.reset();
  if (tail_bytes_ == 0) return;
  const ByteView shown = ByteView(text_).subspan(tail_begin_);
  for (const Moved& moved : moved_)
    moved.state->observe(shown.last(std::min(tail_bytes_, shown.size())));
}

void Drawing::hide_tail() {
  if (tail_bytes_ == 0) return;
  for (const Moved& moved : moved_) moved.state->rewind(moved.without_tail);
}

void Drawing::emit(const Step& step) {
  const ByteView bytes = step.bytes.first(
      static_cast<std::size_t>(std::min<std::uint64_t>(step.bytes.size(), remaining_bytes())));
  if (tail_bytes_ == 0) {
    const bool whole_units = !step.units.empty() && bytes.size() == step.bytes.size();
    for (const Moved& moved : moved_) {
      if (whole_units && moved.state == &state_) {
        by_units(state_).observe_units(step.units);
      } else {
        moved.state->observe(bytes);
      }
    }
  }
  append(text_, bytes);
  if (sink_ && !sink_(bytes)) stopped_ = true;
}

void Drawing::measure(std::span<const ByteView> continuations, std::span<double> bits) {
  state_.measure(continuations, bits);
  round_up(bits);
}

void Drawing::extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
                     std::span<double> bits) {
  state_.extend(prefixes, alphabet, bits);
  round_up(bits);
}

void Drawing::extend_units(std::span<const UnitsView> prefixes, std::span<double> bits) {
  by_units(state_).extend_units(prefixes, bits);
  round_up(bits);
}

void Drawing::round_up(std::span<double> bits) {
  if (!whole_bytes_) return;
  if (!context_bits_) context_bits_ = state_.context_bits();
  round_up_to_bytes(bits, *context_bits_);
}

void round_up_to_bytes(std::span<double> bits, double context_bits) {
  const double context_bytes = std::ceil(context_bits / 8);
  for (double& b : bits) b = 8 * (std::ceil((context_bits + b) / 8) - context_bytes);
}

std::span<const Choice> Drawing::survivors(std::span<const ByteView> units,
                                           std::span<const double> bits) {
  choices_.clear();
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (std::isnan(bits[i]) || bits[i] == -std::numeric_limits<double>::infinity())
      throw Error("the model's code length is not a number of bits");
    if (std::isfinite(bits[i])) choices_.push_back({static_cast<std::uint32_t>(i), bits[i], 0});
  }
  if (choices_.empty()) throw_impossible();
  normalise(choices_);
  filter_->apply(choices_, units, drawn());
  return choices_;
}

std::size_t Drawing::choose(std::span<const ByteView> units, std::span<const double> bits) {
  weights_.clear();
  for (const Choice& choice : survivors(units, bits)) weights_.push_back(choice.probability);
  return choices_[random_.choose(weights_)].unit;
}

NextUnits::NextUnits(Drawing& drawing) : drawing_(drawing) {
  if (drawing.candidates().restricted()) return;
  units_.assign(drawing.units().begin(), drawing.units().end());
  for (ByteView unit : units_) alphabet_.push_back(unit[0]);
}

void NextUnits::measure() {
  const Candidates& candidates = drawing_.candidates();
  if (candidates.restricted()) {
    candidates.allowed(drawing_.text(), drawing_.remaining_bytes(), allowed_);
    units_.clear();
    alphabet_.clear();
    for (std::uint32_t index : allowed_) {
      units_.push_back(candidates[index]);
      alphabet_.push_back(candidates[index][0]);
    }
  }
  bits_.resize(units_.size());
  if (candidates.model_units()) {
    const UnitsView nothing;
    drawing_.extend_units({&nothing, 1}, bits_);
  } else if (candidates.single_bytes()) {  // models answer fastest when they are asked for bytes
    const ByteView nothing;
    drawing_.extend({&nothing, 1}, alphabet_, bits_);
  } else {
    drawing_.measure(units_, bits_);
  }
}

void Drawing::stop_if_cancelled() const {
  if (request_.cancelled && request_.cancelled()) throw Cancelled("interrupted");
}

void throw_no_suffix() {
  std::vector<std::string> joint;
  for (const SamplerRow& row : samplers()) {
    if (row.joint) joint.push_back(row.name);
  }
  throw UsageError("this sampler knows nothing of a suffix: " + join(joint, ", ") + " do");
}

void Drawing::throw_impossible() const {
  throw Error("after " + grouped(text_.size()) +
              " bytes the model gives every candidate probability 0");
}

}  // namespace kraft
