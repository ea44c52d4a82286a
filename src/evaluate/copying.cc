#include "evaluate/copying.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace kraft {
namespace {

constexpr std::uint32_t kNowhere = 0xffffffff;
constexpr int kHashBits = 18;
constexpr int kMostPlaces = 1 << 15;

std::uint32_t gram(const Byte* at, int bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | at[i];
  return value;
}

std::uint32_t hash4(const Byte* at) { return gram(at, 4) * 2654435761u >> (32 - kHashBits); }

double self_repeat_share(ByteView sample) {
  constexpr std::size_t kRepeatBytes = 12;
  if (sample.size() <= kRepeatBytes) return 0;
  std::unordered_set<std::string_view> earlier;
  std::size_t repeated_bytes = 0, counted_until = 0;
  for (std::size_t at = 0; at + kRepeatBytes <= sample.size(); ++at) {
    if (earlier.insert(as_text(sample.subspan(at, kRepeatBytes))).second) continue;
    const std::size_t end = at + kRepeatBytes;
    repeated_bytes += end - std::max(at, counted_until);
    counted_until = end;
  }
  return static_cast<double>(repeated_bytes) / static_cast<double>(sample.size());
}

}  // namespace

CopyDetector::CopyDetector(ByteView context)
    : context_(context.last(std::min<std::size_t>(context.size(), kNowhere))),
      seen1_(1 << 8),
      seen2_(1 << 16),
      seen3_(1 << 24),
      head_(1 << kHashBits, kNowhere),
      next_(context_.size(), kNowhere) {
  for (std::size_t at = 0; at < context_.size(); ++at) {
    const std::size_t left = context_.size() - at;
    const Byte* bytes = context_.data() + at;
    seen1_[gram(bytes, 1)] = true;
    if (left >= 2) seen2_[gram(bytes, 2)] = true;
    if (left >= 3) seen3_[gram(bytes, 3)] = true;
    if (left >= 4) {
      std::uint32_t& head = head_[hash4(bytes)];
      next_[at] = head;
      head = static_cast<std::uint32_t>(at);
    }
  }
}

CopyDetector::Match CopyDetector::longest_match(ByteView text) const {
  std::size_t longest = 0, place = 0;
  if (text.size() >= 4) {
    int looked_at = 0;
    for (std::uint32_t at = head_[hash4(text.data())]; at != kNowhere; at = next_[at]) {
      if (longest == text.size() || ++looked_at > kMostPlaces) break;
      const ByteView there = context_.subspan(at);
      // A longer match agrees where the longest so far ends.
      if (there.size() <= longest || there[longest] != text[longest]) continue;
      const auto end = std::mismatch(there.begin(), there.end(), text.begin(), text.end()).second;
      const auto bytes = static_cast<std::size_t>(end - text.begin());
      if (bytes <= longest) continue;
      longest = bytes;
      place = at;
    }
  }
  if (longest >= Copying::kLeastSpanBytes) return {place, longest};
  if (text.size() >= 3 && seen3_[gram(text.data(), 3)]) return {0, 3};
  if (text.size() >= 2 && seen2_[gram(text.data(), 2)]) return {0, 2};
  return {0, !text.empty() && seen1_[text[0]] ? std::size_t{1} : 0};
}

std::vector<std::size_t> CopyDetector::piece_begins(ByteView sample) const {
  std::vector<std::size_t> begins;
  for (std::size_t at = 0; at < sample.size();
       at += std::max<std::uint64_t>(longest_prefix_bytes(sample.subspan(at)), 1))
    begins.push_back(at);
  return begins;
}

Copying CopyDetector::analyse(ByteView sample) const {
  Copying result;
  if (sample.empty()) return result;
  std::vector<std::size_t> begins = piece_begins(sample);
  result.mean_copy_bytes = static_cast<double>(sample.size()) / static_cast<double>(begins.size());
  begins.push_back(sample.size());
  for (std::size_t i = 0; i + 1 < begins.size(); ++i) {
    const std::size_t size = begins[i + 1] - begins[i];
    if (size > 1 || longest_prefix_bytes(sample.subspan(begins[i], 1)) == 1)
      result.longest_copy_bytes = std::max<std::uint64_t>(result.longest_copy_bytes, size);
    if (size >= Copying::kLeastSpanBytes)
      result.spans.push_back(
          {begins[i], size, longest_match(sample.subspan(begins[i], size)).begin});
  }
  result.self_repeat_share = self_repeat_share(sample);
  return result;
}

}  // namespace kraft
