// Byte-pair encoding: a vocabulary of byte strings learnt from a text (Gage 1994; Sennrich, Haddow
// and Birch, ACL 2016).
//
//     const auto pairs = kraft::BytePairs::learn(text, /*vocabulary=*/5000);
//     std::vector<std::uint32_t> tokens = pairs.first(1000).encode(text);
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kraft/bytes.h"

namespace kraft {

// The first 256 tokens are the bytes; each further one is two earlier ones joined. No token reaches
// over the beginning of a word, which is where white space follows something else.
class BytePairs {
 public:
  static constexpr std::size_t kMostTokens = std::size_t{1} << 20;

  // Joins the most frequent pair (of equals, the one with the lowest numbers) until there are
  // `vocabulary` tokens, or no pair is left that occurs twice. Throws Error for fewer than 256 or
  // more than kMostTokens. About O(n log n) for a text of n bytes.
  static BytePairs learn(ByteView text, std::size_t vocabulary);

  // The same with fewer tokens: what learn() would have made of them.
  BytePairs first(std::size_t vocabulary) const;

  std::size_t size() const { return 256 + joined_.size(); }
  Bytes bytes_of(std::uint32_t token) const;

  // The pairs of each word are joined in the order in which they were learnt.
  std::vector<std::uint32_t> encode(ByteView text) const;

 private:
  std::vector<std::uint32_t> encode_word(ByteView word) const;

  std::vector<std::pair<std::uint32_t, std::uint32_t>> joined_;
  std::unordered_map<std::uint64_t, std::uint32_t> token_of_pair_;
};

// The words of a text, one after the other; all of them together are the text. Longer ones than 64
// bytes are cut.
std::vector<ByteView> words_of(ByteView text);

}  // namespace kraft
