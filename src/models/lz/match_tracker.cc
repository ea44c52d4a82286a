#include "models/lz/match_tracker.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace kraft::lz {
namespace {

constexpr std::uint32_t kPair = 2;
constexpr std::uint32_t kLong = 16;  // from here on a match's length is remembered
constexpr std::size_t kPairs = std::size_t{1} << 16;

std::size_t pair_at(const Bytes& bytes, std::size_t index) {
  return static_cast<std::size_t>(bytes[index - 1]) << 8 | bytes[index];
}

}  // namespace

MatchTracker::MatchTracker(std::uint32_t window, std::uint32_t longest, std::uint64_t kept)
    : window_(window),
      longest_(longest),
      kept_(std::max<std::uint64_t>(kept, window) + longest),
      last_(kPairs, kNone),
      long_length_(window + 1),
      long_listed_(window + 1) {}

void MatchTracker::begin(std::uint64_t skipped) {
  base_ = skipped;
  bytes_.clear();
  previous_.clear();
  run_.clear();
  std::ranges::fill(last_, kNone);
  listed_position_ = UINT64_MAX;
}

void MatchTracker::push(ByteView bytes) {
  for (const Byte byte : bytes) {
    const std::size_t index = bytes_.size();
    const bool again = index > 0 && bytes_.back() == byte;
    bytes_.push_back(byte);
    run_.push_back(again ? run_.back() + 1 : 1);
    if (index == 0) {
      previous_.push_back(0);
      continue;
    }
    std::uint32_t& last = last_[pair_at(bytes_, index)];
    previous_.push_back(last == kNone ? 0 : static_cast<std::uint32_t>(index) - last);
    last = static_cast<std::uint32_t>(index);
  }
}

void MatchTracker::pop(std::uint64_t count) {
  for (; count > 0; --count) {
    const std::size_t index = bytes_.size() - 1;
    if (index > 0) {
      const std::uint32_t back = previous_.back();
      last_[pair_at(bytes_, index)] = back == 0 ? kNone : static_cast<std::uint32_t>(index) - back;
    }
    bytes_.pop_back();
    previous_.pop_back();
    run_.pop_back();
  }
  if (listed_position_ > position()) listed_position_ = UINT64_MAX;
}

void MatchTracker::trim() {
  if (bytes_.size() < 2 * kept_) return;
  const std::size_t dropped = bytes_.size() - static_cast<std::size_t>(kept_);
  const auto drop = [dropped](auto& all) {
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(dropped));
  };
  drop(bytes_);
  drop(previous_);
  drop(run_);
  base_ += dropped;
  for (std::uint32_t& last : last_) {
    if (last != kNone) last = last < dropped ? kNone : static_cast<std::uint32_t>(last - dropped);
  }
}

// How many bytes that end at `end` (its last one included) equal those that end at `other`, where
// `known` do.
std::uint32_t MatchTracker::common_suffix(std::size_t end, std::size_t other,
                                          std::uint32_t known) const {
  const auto most = static_cast<std::uint32_t>(std::min<std::size_t>(longest_, other + 1));
  std::uint32_t length = std::min(known, most);
  const Byte* const a = bytes_.data() + end + 1;
  const Byte* const b = bytes_.data() + other + 1;
  while (length + 8 <= most) {
    std::uint64_t x, y;
    std::memcpy(&x, a - length - 8, 8);
    std::memcpy(&y, b - length - 8, 8);
    if (x == y) {
      length += 8;
      continue;
    }
    if constexpr (std::endian::native == std::endian::little)
      return length + static_cast<std::uint32_t>(std::countl_zero(x ^ y)) / 8;
    else
      return length + static_cast<std::uint32_t>(std::countr_zero(x ^ y)) / 8;
  }
  while (length < most &&
         a[-1 - static_cast<std::ptrdiff_t>(length)] == b[-1 - static_cast<std::ptrdiff_t>(length)])
    ++length;
  return length;
}

std::span<const MatchTracker::Match> MatchTracker::matches(std::uint64_t position) {
  if (position == listed_position_) return matches_;
  const bool goes_on = listed_position_ != UINT64_MAX && position == listed_position_ + 1;
  listing_ += goes_on ? 1 : 2;
  listed_position_ = position;
  matches_.clear();
  if (position < base_ + kPair + 1) return matches_;
  const auto end = static_cast<std::size_t>(position - base_) - 1;
  if (run_[end] >= kPair)
    list_in_run(end, run_[end]);
  else
    list_by_pair(end);
  return matches_;
}

void MatchTracker::list_by_pair(std::size_t end) {
  std::size_t at = end;
  for (std::uint32_t back = previous_[at]; back != 0 && back <= at; back = previous_[at]) {
    at -= back;
    const auto distance = static_cast<std::uint64_t>(end - at);
    if (distance > window_) return;
    const auto d = static_cast<std::uint32_t>(distance);
    std::uint32_t length = 0;
    // Most match no more than the pair, which the text says without the larger tables.
    if (at < kPair || bytes_[at - kPair] != bytes_[end - kPair])
      length = kPair;
    else if (long_listed_[d] == listing_ - 1)
      length = std::min(long_length_[d] + 1, longest_);
    else
      length = common_suffix(end, at, kPair);
    if (length >= kLong) {
      long_length_[d] = length;
      long_listed_[d] = listing_;
    }
    matches_.push_back({d, 1, length, bytes_[at + 1]});
  }
}

// The last `run` bytes are equal: their pair ends within each run of that byte.
void MatchTracker::list_in_run(std::size_t end, std::uint32_t run) {
  std::size_t at = end;
  if (run > kPair) {
    if (!list_run(end, end - 1)) return;
    at -= run - kPair;
  }
  while (true) {
    const std::uint32_t back = previous_[at];  // to the run before
    if (back == 0 || back > at) return;
    at -= back;
    if (!list_run(end, at)) return;
    at -= run_[at] - kPair;
  }
}

// All places of one run, from its last one backwards. Where j equal bytes end, and j is less than
// the `run` bytes that are to be matched, j match; where more do, `run`; where as many do, what is
// before them may match, too. Returns whether all lie within the window.
bool MatchTracker::list_run(std::size_t end, std::size_t last) {
  const std::uint32_t run = run_[end];
  std::size_t at = last;
  std::uint32_t j = run_[at];
  while (j >= kPair) {
    std::uint32_t alike = 1;
    if (at != last && j > run) alike = j - run;
    if (at != last && j < run && j > longest_) alike = j - longest_ + 1;
    const std::size_t distance = end - at;
    if (distance > window_) return false;
    const auto within = static_cast<std::uint32_t>(window_ - distance + 1);
    const std::uint32_t length =
        j == run ? common_suffix(end, at, std::min(run, longest_)) : std::min({j, run, longest_});
    matches_.push_back(
        {static_cast<std::uint32_t>(distance), std::min(alike, within), length, bytes_[at + 1]});
    if (alike > within) return false;
    at -= alike;
    j -= alike;
  }
  return true;
}

}  // namespace kraft::lz
