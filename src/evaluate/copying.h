// How much of a sample is quotation. A sample's quality means nothing without this beside it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/copying.h"

namespace kraft {

// Finds what was copied from one context, for any number of samples, exactly. The first question
// takes the time and the memory of a SuffixArray. Safe to share between threads.
class CopyDetector {
 public:
  explicit CopyDetector(ByteView context);  // not owned
  ~CopyDetector();

  // The greedy parse cuts the sample from left to right into the longest strings that occur in the
  // context; a byte that does not occur there is a piece by itself.
  Copying analyse(ByteView sample) const;

  // Where the pieces of that parse begin in the sample, in ascending order.
  std::vector<std::size_t> piece_begins(ByteView sample) const;

  // The longest beginning of `text` that occurs in the context, and one place where it does.
  struct Match {
    std::size_t begin = 0;
    std::size_t bytes = 0;
  };
  Match longest_match(ByteView text) const;
  std::uint64_t longest_prefix_bytes(ByteView text) const { return longest_match(text).bytes; }

  // The longest string of the sample that occurs in the context, whatever the parse cuts.
  std::uint64_t longest_copy_bytes(ByteView sample) const;

 private:
  struct Suffixes;
  std::unique_ptr<Suffixes> suffixes_;
};

}  // namespace kraft
