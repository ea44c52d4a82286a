// How much of a sample is quotation. A sample's quality means nothing without this beside it.
#pragma once

#include <cstdint>
#include <vector>

namespace kraft {

// A piece of a sample that was copied: where it begins in the sample, how long it is, and one place
// in the context where it stands.
struct CopiedSpan {
  std::uint64_t begin = 0;
  std::uint64_t bytes = 0;
  std::uint64_t context_begin = 0;

  bool operator==(const CopiedSpan&) const = default;
};

struct Copying {
  double mean_copy_bytes = 0;            // of the pieces of the greedy parse
  std::uint64_t longest_copy_bytes = 0;  // the longest string of it that occurs there
  double self_repeat_share = 0;          // of bytes inside a repeat of 12 bytes or more of itself
  std::vector<CopiedSpan> spans = {};    // the pieces of kLeastSpanBytes or more

  static constexpr std::uint64_t kLeastSpanBytes = 4;
};

}  // namespace kraft
