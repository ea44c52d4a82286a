#include "samplers/frontier.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kraft/error.h"

namespace kraft {

Frontier::Frontier(Drawing& drawing, const SamplerOptions& options, State* asked)
    : drawing_(drawing), asked_(asked) {
  if (options.repeat_ngram > 0) repeats_.emplace(options.repeat_ngram);
  if (options.max_copy > 0) quotes_.emplace(options.max_copy);
  all_units_.resize(drawing.units().size());
  std::iota(all_units_.begin(), all_units_.end(), std::uint32_t{0});
  reset();
}

void Frontier::reset() {
  depth_ = 0;
  storage_.clear();
  begins_.assign(2, 0);
  unit_storage_.clear();
  bits_.assign(1, 0.0);
}

std::vector<Extension>& Frontier::expand() {
  find_distinct();
  find_alphabet();
  repeated_.resize(repeats_ ? size() : 0);
  for (std::size_t i = 0; i < repeated_.size(); ++i)
    repeats_->completing(drawing_.drawn(), (*this)[i], repeated_[i]);

  ends_.clear();
  if (quotes_) {
    quotes_->learn(drawing_.text());
    for (std::size_t i = 0; i < size(); ++i)
      ends_.push_back(quotes_->end(drawing_.text(), drawing_.drawn().size(), (*this)[i]));
  }

  measure();
  collect(/*controlled=*/true);
  if (extensions_.empty() && (repeats_ || quotes_)) {
    collect(/*controlled=*/false);
    if (quotes_ && !extensions_.empty()) ++drawing_.copy_limit_report().exceeded;
  }
  return extensions_;
}

void Frontier::measure() {
  measured_.resize(prefixes_.size() * alphabet_.size());
  if (drawing_.candidates().model_units()) {
    drawing_.extend_units(unit_prefixes_, measured_);
    return;
  }
  alphabet_bytes_.clear();
  for (std::uint32_t unit : alphabet_) alphabet_bytes_.push_back(drawing_.units()[unit][0]);
  if (asked_ != nullptr) {
    asked_->extend(prefixes_, alphabet_bytes_, measured_);
  } else {
    drawing_.extend(prefixes_, alphabet_bytes_, measured_);
  }
}

// Particles that have branched from one are measured once.
void Frontier::find_distinct() {
  prefixes_.clear();
  unit_prefixes_.clear();
  distinct_.clear();
  prefix_of_.clear();
  for (std::size_t i = 0; i < size(); ++i) {
    const UnitsView units = units_of(i);
    const std::string_view key(reinterpret_cast<const char*>(units.data()), units.size_bytes());
    const auto [place, is_new] = distinct_.try_emplace(key, prefixes_.size());
    if (is_new) {
      prefixes_.push_back((*this)[i]);
      unit_prefixes_.push_back(units);
    }
    prefix_of_.push_back(place->second);
  }
}

void Frontier::find_alphabet() {
  if (!drawing_.candidates().restricted()) {
    alphabet_ = all_units_;
    return;
  }
  constexpr std::size_t kLongestUnfinishedBytes = 3;
  const ByteView text = drawing_.text();
  const std::uint64_t remaining = drawing_.remaining_bytes();
  const std::uint64_t left = remaining > depth_ ? remaining - depth_ : Candidates::kNoEnd;
  ByteSet any;
  allowed_.assign(size(), ByteSet());
  for (std::size_t i = 0; i < size(); ++i) {
    text_end_.clear();
    append(text_end_, text.last(std::min(text.size(), kLongestUnfinishedBytes)));
    append(text_end_, (*this)[i]);
    drawing_.candidates().allowed(text_end_, left, indices_);
    for (std::uint32_t index : indices_) allowed_[i].set(drawing_.units()[index][0]);
    any |= allowed_[i];
  }
  alphabet_.clear();
  for (std::uint32_t unit : all_units_) {
    if (any.test(drawing_.units()[unit][0])) alphabet_.push_back(unit);
  }
}

// Whether the unit completes an n-gram that was there, as if its bytes were drawn one by one.
bool Frontier::repeats(std::size_t continuation, std::uint32_t unit) {
  const ByteView bytes = drawing_.units()[unit];
  if (repeated_[continuation].test(bytes[0])) return true;
  ByteSet later;
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    text_end_.assign((*this)[continuation].begin(), (*this)[continuation].end());
    append(text_end_, bytes.first(i));
    repeats_->completing(drawing_.drawn(), text_end_, later);
    if (later.test(bytes[i])) return true;
  }
  return false;
}

void Frontier::collect(bool controlled) {
  const bool control_repeats = repeats_ && controlled;
  const bool limit_quotes = quotes_ && controlled;
  quoted_.clear();
  extensions_.clear();
  std::uint32_t order = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    const double* measured = &measured_[prefix_of_[i] * alphabet_.size()];
    for (std::uint32_t unit : alphabet_) {
      const Extension extension{*measured++, order};
      ++order;
      if (!allowed_.empty() && !allowed_[i].test(drawing_.units()[unit][0])) continue;
      if (control_repeats && repeats(i, unit)) continue;
      if (std::isfinite(extension.bits)) {
        const bool quotes = limit_quotes && ends_[i].completes(drawing_.units()[unit]);
        (quotes ? quoted_ : extensions_).push_back(extension);
      } else if (!(extension.bits > 0)) {
        throw Error("the model's code length is not a number of bits");
      }
    }
  }
}

void Frontier::count_limit(double temperature) {
  if (quoted_.empty() || extensions_.empty()) return;
  const double t = temperature > 0 ? temperature : 1;
  std::vector<double> left(size()), all(size());
  const auto add = [&](std::span<const Extension> extensions, bool is_left) {
    for (const Extension& extension : extensions) {
      const std::size_t i = parent(extension);
      const double weight = std::exp2((bits_[i] - extension.bits) / t);
      all[i] += weight;
      if (is_left) left[i] += weight;
    }
  };
  add(extensions_, true);
  add(quoted_, false);
  double bits = 0;
  std::size_t alive = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    if (left[i] == 0) continue;
    bits += cost_bits(left[i] / all[i]);
    ++alive;
  }
  CopyLimitReport& report = drawing_.copy_limit_report();
  ++report.limited;
  if (alive > 0) report.bits += bits / static_cast<double>(alive);
}

std::size_t Frontier::parent(const Extension& extension) const {
  return extension.order / alphabet_.size();
}

std::uint32_t Frontier::first_unit(const Extension& extension) const {
  return depth_ == 0 ? unit_of(extension) : units_of(parent(extension))[0];
}

Step Frontier::first(std::size_t i, std::size_t units) const {
  const UnitsView chosen = units_of(i).first(std::min(units, depth_));
  std::size_t bytes = 0;
  for (std::uint32_t unit : chosen) bytes += drawing_.units()[unit].size();
  return {(*this)[i].first(bytes), drawing_.candidates().model_units() ? chosen : UnitsView()};
}

void Frontier::keep(std::span<const Extension> extensions) {
  clear_next();
  for (const Extension& extension : extensions) {
    const std::uint32_t unit = unit_of(extension);
    add_next(parent(extension), extension.bits, {&unit, 1});
  }
  swap_next();
  ++depth_;
}

void Frontier::select(std::span<const Extension> continuations) {
  clear_next();
  for (const Extension& continuation : continuations)
    add_next(continuation.order, continuation.bits);
  swap_next();
}

void Frontier::clear_next() {
  next_storage_.clear();
  next_begins_.assign(1, 0);
  next_unit_storage_.clear();
  next_bits_.clear();
}

void Frontier::add_next(std::size_t continuation, double bits, UnitsView more) {
  append(next_storage_, (*this)[continuation]);
  const UnitsView units = units_of(continuation);
  next_unit_storage_.insert(next_unit_storage_.end(), units.begin(), units.end());
  for (std::uint32_t unit : more) append(next_storage_, drawing_.units()[unit]);
  next_unit_storage_.insert(next_unit_storage_.end(), more.begin(), more.end());
  next_begins_.push_back(next_storage_.size());
  next_bits_.push_back(bits);
}

void Frontier::swap_next() {
  storage_.swap(next_storage_);
  begins_.swap(next_begins_);
  unit_storage_.swap(next_unit_storage_);
  bits_.swap(next_bits_);
}

// Most extensions are worse than `count` others before them and cost one comparison: whenever twice
// that many have passed, the better half stays and its worst is the one to beat. O(n + count log
// count) for extensions in random order.
void keep_best(std::vector<Extension>& extensions, std::size_t count) {
  const auto begin = extensions.begin();
  const auto worst = begin + static_cast<std::ptrdiff_t>(std::min(count, extensions.size())) - 1;
  Extension limit{.bits = std::numeric_limits<double>::infinity()};
  auto end = begin;
  for (const Extension extension : extensions) {
    if (!(extension < limit)) continue;
    *end++ = extension;
    if (static_cast<std::size_t>(end - begin) < 2 * count) continue;
    std::nth_element(begin, worst, end);
    limit = *worst;
    end = worst + 1;
  }
  if (end - begin > worst - begin + 1) {
    std::nth_element(begin, worst, end);
    end = worst + 1;
  }
  std::sort(begin, end);
  extensions.erase(end, extensions.end());
}

}  // namespace kraft
