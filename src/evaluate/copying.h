// How much of a sample is quotation. A sample's quality means nothing without this beside it.
#pragma once

#include <cstdint>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/copying.h"

namespace kraft {

// Finds what was copied from one context, for any number of samples. Building takes O(context) time
// and about 8 bytes of memory for each of its bytes.
class CopyDetector {
 public:
  explicit CopyDetector(ByteView context);  // not owned

  // The greedy parse cuts the sample from left to right into the longest strings that occur in the
  // context; a byte that does not occur there is a piece by itself.
  Copying analyse(ByteView sample) const;

  // Where the pieces of that parse begin in the sample, in ascending order.
  std::vector<std::size_t> piece_begins(ByteView sample) const;

  // The longest beginning of `text` that occurs in the context, and one place where it does, if it
  // has Copying::kLeastSpanBytes. Of the places where its first four bytes stand, the latest 32,768
  // are looked at, so that its cost has a bound.
  struct Match {
    std::size_t begin = 0;
    std::size_t bytes = 0;
  };
  Match longest_match(ByteView text) const;
  std::uint64_t longest_prefix_bytes(ByteView text) const { return longest_match(text).bytes; }

 private:
  ByteView context_;
  std::vector<bool> seen1_, seen2_, seen3_;
  std::vector<std::uint32_t> head_, next_;  // places of each hash of 4 bytes, newest first
};

}  // namespace kraft
