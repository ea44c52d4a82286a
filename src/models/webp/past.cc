#include "models/webp/past.h"

#include <algorithm>
#include <utility>

namespace kraft::webp {
namespace {
constexpr int kBucketBits = 14;
}  // namespace

Past::Past(std::uint32_t longest)
    : longest_(longest), last_(std::size_t{1} << kBucketBits, kNone) {}

std::size_t Past::bucket(Argb pixel) {
  return static_cast<std::uint32_t>(pixel * 0x9e3779b1u) >> (32 - kBucketBits);
}

void Past::push(Argb pixel) {
  std::uint32_t& last = last_[bucket(pixel)];
  previous_.push_back(last);
  last = static_cast<std::uint32_t>(pixels_.size());
  pixels_.push_back(pixel);
}

void Past::pop() {
  last_[bucket(pixels_.back())] = previous_.back();
  pixels_.pop_back();
  previous_.pop_back();
  listed_ = 0;
}

// How many pixels up to each of these places are the same.
std::uint32_t Past::common(std::size_t end, std::size_t other) const {
  std::uint32_t length = 0;
  while (length < longest_ && length <= other && pixels_[end - length] == pixels_[other - length])
    ++length;
  return length;
}

std::span<const Past::Match> Past::matches() {
  if (pixels_.empty()) return {};
  if (listed_ == pixels_.size()) return matches_;
  const bool goes_on = listed_ > 0 && listed_ + 1 == pixels_.size();
  std::swap(before_, matches_);
  if (!goes_on) before_.clear();
  matches_.clear();
  listed_ = pixels_.size();
  const std::size_t end = pixels_.size() - 1;
  std::size_t old = 0;
  for (std::uint32_t at = previous_[end]; at != kNone && matches_.size() < kMostMatches;
       at = previous_[at]) {
    if (pixels_[at] != pixels_[end]) continue;
    const auto distance = static_cast<std::uint32_t>(end - at);
    std::uint32_t length = 1;
    if (at > 0 && pixels_[at - 1] == pixels_[end - 1]) {
      while (old < before_.size() && before_[old].distance < distance) ++old;
      const bool listed = old < before_.size() && before_[old].distance == distance;
      length = listed ? std::min(before_[old].length + 1, longest_) : common(end, at);
    }
    matches_.push_back({distance, length, pixels_[at + 1]});
  }
  return matches_;
}

}  // namespace kraft::webp
