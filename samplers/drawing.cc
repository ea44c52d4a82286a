#include "samplers/drawing.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "core/observing.h"
#include "kraft/error.h"
#include "samplers/filters.h"

namespace kraft {
namespace {

SamplerOptions without_control(SamplerOptions options, bool searches) {
  if (searches) options.repeat_ngram = 0;
  return options;
}

}  // namespace

Drawing::Drawing(State& state, const Candidates& candidates, const SampleRequest& request,
                 const SamplerOptions& options, bool searches, Random& random, const Sink& sink)
    : state_(state),
      candidates_(candidates),
      request_(request),
      random_(random),
      sink_(sink),
      filter_(make_filter(without_control(options, searches))),
      limits_copies_(options.max_copy > 0),
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
  if (limits_copies_ && !searches) copy_limit_.emplace(options.max_copy, options.temperature);
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
  const bool priced = step.bits && tail_bytes_ == 0 && !whole_bytes_ && step.units.empty() &&
                      bytes.size() == step.bytes.size();
  if (!priced) {
    paid_bits_.reset();
  } else if (paid_bits_) {
    *paid_bits_ += *step.bits;
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
  if (copy_limit_) copy_limit_->apply(choices_, units, text_, drawn().size(), copy_limit_report_);
  filter_->apply(choices_, units, drawn());
  return choices_;
}

std::size_t Drawing::choose(std::span<const ByteView> units, std::span<const double> bits) {
  weights_.clear();
  for (const Choice& choice : survivors(units, bits)) weights_.push_back(choice.probability);
  return choices_[random_.choose(weights_)].unit;
}

void Drawing::stop_if_cancelled() const { stop_if(request_.cancelled); }

void Drawing::throw_impossible() const {
  throw Error("after " + grouped(text_.size()) +
              " bytes the model gives every candidate probability 0");
}

}  // namespace kraft
