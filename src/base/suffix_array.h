// All suffixes of a text in order: where any string occurs in it, whatever its size.
//
//     kraft::SuffixArray suffixes(book);
//     kraft::SuffixArray::Match match = suffixes.longest_match(as_bytes("the whale, it seems"));
//     book.subspan(match.begin, match.bytes);     // "the whale, " say
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "kraft/bytes.h"

namespace kraft {

// Built in linear time by induced sorting (Nong, Zhang and Chan, "Two efficient algorithms for
// linear time suffix array construction", IEEE Transactions on Computers 60, 2011). Takes 4 bytes
// for each byte of the text, 8 from 2 GiB on, and twice as much while it is built. Immutable, and
// so safe to share between threads.
class SuffixArray {
 public:
  explicit SuffixArray(ByteView text);  // not owned

  struct Match {
    std::size_t begin = 0;  // in the text
    std::size_t bytes = 0;
  };

  // The longest beginning of `pattern` that occurs in the text, and one place where it does. Costs
  // some 2 log2(text) comparisons of strings.
  Match longest_match(ByteView pattern) const;

 private:
  ByteView text_;
  std::variant<std::vector<std::int32_t>, std::vector<std::int64_t>> begins_;
};

// Where the suffixes of a text begin, in their order; of less than 2 GiB.
std::vector<std::int32_t> suffixes_in_order(ByteView text);

}  // namespace kraft
