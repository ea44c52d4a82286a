#include "serve/copies.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

namespace kraft::serve {
namespace {

constexpr std::size_t kKeyBytes = Copying::kLeastSpanBytes;
constexpr std::uint32_t kNowhere = std::numeric_limits<std::uint32_t>::max();

// The places of every string of four bytes, the latest first.
class Places {
 public:
  explicit Places(ByteView bytes) : bytes_(bytes), before_(bytes.size(), kNowhere) {
    std::size_t size = 1024;
    while (size < bytes.size()) size *= 2;
    latest_.assign(size, kNowhere);
  }

  void add(std::size_t at) {
    if (at + kKeyBytes > bytes_.size()) return;
    std::uint32_t& latest = latest_[key(at)];
    before_[at] = latest;
    latest = static_cast<std::uint32_t>(at);
  }

  CopiedSpan longest_at(std::size_t at) const {
    CopiedSpan best;
    if (at + kKeyBytes > bytes_.size()) return best;
    std::uint32_t place = latest_[key(at)];
    for (int tried = 0; place != kNowhere && tried < kTriedPlaces; ++tried) {
      const std::size_t common = common_bytes(place, at);
      if (common > best.bytes) best = {at, common, place};
      place = before_[place];
    }
    return best;
  }

 private:
  std::size_t key(std::size_t at) const {
    std::uint32_t four;
    std::memcpy(&four, bytes_.data() + at, sizeof four);
    return (four * 2654435761u >> 7) & (latest_.size() - 1);
  }

  std::size_t common_bytes(std::size_t earlier, std::size_t later) const {
    const ByteView rest = bytes_.subspan(later);
    return static_cast<std::size_t>(
        std::ranges::mismatch(rest, bytes_.subspan(earlier, rest.size())).in1 - rest.begin());
  }

  ByteView bytes_;
  std::vector<std::uint32_t> latest_, before_;
};

}  // namespace

std::vector<CopiedSpan> copies_in(ByteView bytes, std::size_t begin) {
  Places places(bytes);
  for (std::size_t at = 0; at < begin; ++at) places.add(at);
  std::vector<CopiedSpan> spans;
  for (std::size_t at = begin; at < bytes.size();) {
    CopiedSpan span = places.longest_at(at);
    const std::size_t end = at + std::max<std::size_t>(span.bytes >= kKeyBytes ? span.bytes : 1, 1);
    for (; at < end; ++at) places.add(at);
    if (span.bytes < kKeyBytes) continue;
    span.begin -= begin;
    spans.push_back(span);
  }
  return spans;
}

}  // namespace kraft::serve
