#include <algorithm>
#include <cmath>
#include <limits>

#include "kraft/error.h"
#include "sampler_support.h"

namespace kraft {

Frontier::Frontier(Drawing& drawing, const SamplerOptions& options) : drawing_(drawing) {
  if (options.repeat_ngram > 0) repeats_.emplace(options.repeat_ngram);
  for (ByteView unit : drawing.units()) all_bytes_.push_back(unit[0]);
  reset();
}

void Frontier::reset() {
  depth_ = 0;
  storage_.clear();
  bits_.assign(1, 0.0);
}

std::vector<Extension>& Frontier::expand() {
  find_distinct();
  find_alphabet();
  repeated_.resize(repeats_ ? size() : 0);
  for (std::size_t i = 0; i < repeated_.size(); ++i)
    repeats_->completing(drawing_.drawn(), (*this)[i], repeated_[i]);

  measured_.resize(prefixes_.size() * alphabet_.size());
  drawing_.extend(prefixes_, alphabet_, measured_);
  collect(/*allow_repeats=*/false);
  if (extensions_.empty() && repeats_) collect(/*allow_repeats=*/true);
  return extensions_;
}

// Particles that have branched from one are measured once.
void Frontier::find_distinct() {
  prefixes_.clear();
  distinct_.clear();
  prefix_of_.clear();
  for (std::size_t i = 0; i < size(); ++i) {
    const auto [place, is_new] = distinct_.try_emplace(as_text((*this)[i]), prefixes_.size());
    if (is_new) prefixes_.push_back((*this)[i]);
    prefix_of_.push_back(place->second);
  }
}

void Frontier::find_alphabet() {
  if (!drawing_.candidates().restricted()) {
    alphabet_ = all_bytes_;
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
    for (std::uint32_t index : indices_) allowed_[i].set(all_bytes_[index]);
    any |= allowed_[i];
  }
  alphabet_.clear();
  for (Byte byte : all_bytes_) {
    if (any.test(byte)) alphabet_.push_back(byte);
  }
}

void Frontier::collect(bool allow_repeats) {
  const bool control_repeats = repeats_ && !allow_repeats;
  extensions_.clear();
  std::uint32_t order = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    const double* measured = &measured_[prefix_of_[i] * alphabet_.size()];
    for (Byte byte : alphabet_) {
      const Extension extension{*measured++, order};
      ++order;
      if (!allowed_.empty() && !allowed_[i].test(byte)) continue;
      if (control_repeats && repeated_[i].test(byte)) continue;
      if (std::isfinite(extension.bits)) {
        extensions_.push_back(extension);
      } else if (!(extension.bits > 0)) {
        throw Error("the model's code length is not a number of bits");
      }
    }
  }
}

ByteView Frontier::continuation_of(const Extension& extension) const {
  return (*this)[parent(extension)];
}

Byte Frontier::byte_of(const Extension& extension) const {
  return alphabet_[extension.order % alphabet_.size()];
}

std::size_t Frontier::parent(const Extension& extension) const {
  return extension.order / alphabet_.size();
}

Byte Frontier::first_byte(const Extension& extension) const {
  return depth_ == 0 ? byte_of(extension) : continuation_of(extension)[0];
}

void Frontier::keep(std::span<const Extension> extensions) {
  next_storage_.clear();
  next_bits_.clear();
  for (const Extension& extension : extensions) {
    append(next_storage_, continuation_of(extension));
    next_storage_.push_back(byte_of(extension));
    next_bits_.push_back(extension.bits);
  }
  storage_.swap(next_storage_);
  bits_.swap(next_bits_);
  ++depth_;
}

void Frontier::select(std::span<const Extension> continuations) {
  next_storage_.clear();
  next_bits_.clear();
  for (const Extension& continuation : continuations) {
    append(next_storage_, (*this)[continuation.order]);
    next_bits_.push_back(continuation.bits);
  }
  storage_.swap(next_storage_);
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
