#include "models/bytelm/guesses.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace kraft::bytelm {
namespace {

constexpr std::size_t kWindowBytes = 2048;
constexpr std::size_t kLongestMatch = 16;

// A byte that is evaluated beside others costs a third or a quarter of what it costs alone.
constexpr double kLeastShare = 0.3;

constexpr double kStep = 1.0 / 16;       // of trust, by a failure
constexpr double kRecovery = 1.0 / 512;  // by a byte without guesses

struct Guess {
  Byte byte = 0;
  double share = 0;  // of the votes
};

// What follows the `size` bytes that end before `end`.
Guess guess(const Byte* end, std::size_t size) {
  // Where the last byte stood before.
  std::array<std::uint16_t, kWindowBytes> places;
  std::size_t count = 0;
  for (std::size_t back = 1; back < size; ++back) {
    places[count] = static_cast<std::uint16_t>(back);
    count += *(end - 1 - back) == *(end - 1) ? 1 : 0;
  }
  std::array<std::uint64_t, 256> votes{};
  std::uint64_t all = 16;
  Guess best;
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Byte* const then = end - places[i];
    const std::size_t longest = std::min(kLongestMatch, size - places[i]);
    std::size_t match = 1;
    while (match < longest && *(then - 1 - match) == *(end - 1 - match)) ++match;
    const std::uint64_t vote = std::uint64_t{1} << 2 * match;
    all += vote;
    votes[*then] += vote;
    if (votes[*then] > most) {
      most = votes[*then];
      best.byte = *then;
    }
  }
  best.share = static_cast<double>(most) / static_cast<double>(all);
  return best;
}

}  // namespace

Bytes Guesses::after(ByteView bytes, std::size_t most) {
  Bytes guesses;
  const ByteView last = bytes.last(std::min(bytes.size(), kWindowBytes - most));
  Bytes text(last.begin(), last.end());
  double share = 1;
  while (guesses.size() < most && text.size() > 1) {
    const Guess next = guess(text.data() + text.size(), text.size());
    share *= next.share * trust_;
    if (share < kLeastShare) break;
    guesses.push_back(next.byte);
    text.push_back(next.byte);
  }
  if (guesses.empty()) trust_ += (1 - trust_) * kRecovery;
  return guesses;
}

void Guesses::came_true(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) trust_ += (1 - trust_) * kStep / 2;
}

void Guesses::failed(std::size_t count) {
  if (count > 0) trust_ -= trust_ * kStep;
}

}  // namespace kraft::bytelm
