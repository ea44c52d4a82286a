// How much a text is like another: by its words, by its strings of one to four bytes.
// docs/compare.md defines every figure.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "kraft/bytes.h"

namespace kraft {

// The words of two letters or more, in lower case. The first and the last are left out, wherever
// the text begins and ends: they may be cut. Letters are those of ASCII.
std::vector<std::string> whole_words_of(ByteView text);

// The share of the text's words that are in the vocabulary; 0 of a text without words.
double known_word_share(ByteView text, const std::set<std::string>& vocabulary);

inline constexpr std::size_t kMostGramBytes = 4;

// How often each string of one to four bytes occurs.
class Grams {
 public:
  explicit Grams(ByteView text);

  using Counts = std::unordered_map<std::uint32_t, std::uint32_t>;
  const Counts& counts(std::size_t gram_bytes) const { return counts_[gram_bytes - 1]; }
  double total(std::size_t gram_bytes) const { return totals_[gram_bytes - 1]; }

 private:
  std::array<Counts, kMostGramBytes> counts_;
  std::array<double, kMostGramBytes> totals_{};
};

// Distinct strings of so many bytes over all of them (Li et al., "A Diversity-Promoting Objective
// Function for Neural Conversation Models", NAACL 2016), of bytes instead of words. 1 if there are
// none.
double distinct_share(const Grams& text, std::size_t gram_bytes);

// The geometric mean over n = 1..4 of the share of distinct n-grams that occur more than once
// (Cettolo, Bertoldi and Federico, "The Repetition Rate of Text as a Predictor of the Effectiveness
// of Machine Translation Adaptation", AMTA 2014), of bytes instead of words.
double repetition_rate(const Grams& text);

// Jensen-Shannon divergence in bits, 0..1, of the distributions of strings of so many bytes (Lin,
// "Divergence Measures Based on the Shannon Entropy", IEEE Transactions on Information Theory
// 37(1), 1991). O(strings of `a`).
double jensen_shannon_bits(const Grams& a, const Grams& b, std::size_t gram_bytes);

// Area under the divergence frontier of the distributions of byte pairs, 0..1, 1 if they agree
// (Pillutla et al., "MAUVE", NeurIPS 2021, where the distributions are of clusters of embeddings).
// To ten digits; O(strings of `a`).
double frontier_area(const Grams& a, const Grams& b);

}  // namespace kraft
