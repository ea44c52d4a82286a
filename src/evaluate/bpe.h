// Byte-pair encoding: a vocabulary of byte strings learnt from a text (Gage 1994; Sennrich, Haddow
// and Birch, ACL 2016).
//
//     const auto pairs = kraft::BytePairs::learn(text, /*vocabulary=*/5000);
//     std::vector<std::uint32_t> tokens = pairs.first(1000).encode(text);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kraft/bytes.h"

namespace kraft {

// The first 256 tokens are the bytes; each further one is two earlier ones joined. No two are the
// same bytes, and none reaches over the beginning of a word.
class BytePairs {
 public:
  static constexpr std::size_t kMostTokens = std::size_t{1} << 20;
  using Pair = std::pair<std::uint32_t, std::uint32_t>;

  // Joins the most frequent pair (of equals, the one with the lowest numbers) until there are
  // `vocabulary` tokens, or no pair is left that occurs twice. Throws Error for fewer than 256 or
  // more than kMostTokens. About O(n log n) for a text of n bytes.
  static BytePairs learn_words(const std::vector<ByteView>& words, std::size_t vocabulary);
  static BytePairs learn(ByteView text, std::size_t vocabulary);  // from its words_of()

  // What joined() gave. Throws Error for a pair of tokens that are not there before it, or whose
  // bytes are.
  static BytePairs from(std::span<const Pair> joined);

  // The same with fewer tokens: what learn() would have made of them.
  BytePairs first(std::size_t vocabulary) const;

  std::size_t size() const { return 256 + joined_.size(); }
  Bytes bytes_of(std::uint32_t token) const;
  Bytes bytes_of(Pair pair) const;

  // What the tokens from number 256 on were made of.
  const std::vector<Pair>& joined() const { return joined_; }

  // The pairs of each word are joined in the order in which they were learnt.
  std::vector<std::uint32_t> encode_words(const std::vector<ByteView>& words) const;
  std::vector<std::uint32_t> encode(ByteView text) const;  // its words_of()

 private:
  std::vector<std::uint32_t> encode_word(ByteView word) const;
  void append(Pair pair);

  std::vector<Pair> joined_;
  std::unordered_map<std::uint64_t, std::uint32_t> token_of_pair_;
};

// The words of a text, one after the other; all of them together are the text. One begins where
// white space follows something else. Longer ones than 64 bytes are cut.
std::vector<ByteView> words_of(ByteView text);

}  // namespace kraft
