#include "evaluate/copying.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "base/suffix_array.h"

namespace kraft {
namespace {

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

// Made when they are first asked for: many a sample is drawn without a report.
struct CopyDetector::Suffixes {
  explicit Suffixes(ByteView text) : context(text) {}

  const SuffixArray& get() {
    std::call_once(once, [this] { array.emplace(context); });
    return *array;
  }

  ByteView context;
  std::once_flag once;
  std::optional<SuffixArray> array;
};

CopyDetector::CopyDetector(ByteView context) : suffixes_(std::make_unique<Suffixes>(context)) {}

CopyDetector::~CopyDetector() = default;

// The place is one of those where it occurs, if it has Copying::kLeastSpanBytes.
CopyDetector::Match CopyDetector::longest_match(ByteView text) const {
  const SuffixArray::Match match = suffixes_->get().longest_match(text);
  return {match.begin, match.bytes};
}

std::vector<std::size_t> CopyDetector::piece_begins(ByteView sample) const {
  std::vector<std::size_t> begins;
  for (std::size_t at = 0; at < sample.size();
       at += std::max<std::uint64_t>(longest_prefix_bytes(sample.subspan(at)), 1))
    begins.push_back(at);
  return begins;
}

// No match ends before that of an earlier place. So after a long one the next that matters begins
// where a match first ends later, which is looked for by halving; after a short one, at the next
// byte.
std::uint64_t CopyDetector::longest_copy_bytes(ByteView sample) const {
  constexpr std::size_t kLong = 32;
  std::size_t longest = 0;
  for (std::size_t at = 0; at + longest < sample.size();) {
    const std::size_t matched = longest_match(sample.subspan(at)).bytes, end = at + matched;
    longest = std::max(longest, matched);
    std::size_t low = at + 1, high = matched > kLong && end < sample.size() ? end : low;
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2, needed = end + 1 - middle;
      if (longest_match(sample.subspan(middle, needed)).bytes == needed) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    at = low;
  }
  return longest;
}

Copying CopyDetector::analyse(ByteView sample) const {
  Copying result;
  if (sample.empty()) return result;
  std::vector<std::size_t> begins = piece_begins(sample);
  result.mean_copy_bytes = static_cast<double>(sample.size()) / static_cast<double>(begins.size());
  begins.push_back(sample.size());
  for (std::size_t i = 0; i + 1 < begins.size(); ++i) {
    const std::size_t size = begins[i + 1] - begins[i];
    if (size >= Copying::kLeastSpanBytes)
      result.spans.push_back(
          {begins[i], size, longest_match(sample.subspan(begins[i], size)).begin});
  }
  result.longest_copy_bytes = longest_copy_bytes(sample);
  result.self_repeat_share = self_repeat_share(sample);
  return result;
}

}  // namespace kraft
