// What the words of Brotli's static dictionary weigh, and which of them a text can be the begin of.
//
//     const WordPrices prices(length_share, weight);
//     each_spelling(prices, text, 26, open, whole);  // open(s): the text may end in the begin of s,
//     prices.each_next(s, take);                     // which goes on so: take(next byte, share)
//
// Of the 121 transforms, those count that prose is made with: a word, with a capital or without it,
// after a space or before it or both (eight of them), and words that end early (nine). All words of
// one length under one transform weigh alike.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "kraft/bytes.h"
#include "models/brotli/dictionary.h"

namespace kraft::brotli {

// The words as they are, by their first bytes.
class WordTree {
 public:
  static constexpr std::uint32_t kRoot = 0;
  struct Node {
    std::uint32_t parent = 0;
    std::uint32_t first_child = 0;  // children follow one another, by their bytes
    std::uint16_t children = 0;
    Byte byte = 0;
    std::uint8_t depth = 0;
    std::uint8_t words = 0;    // that end here
    bool has_capital = false;  // its first byte is a small letter of ASCII
  };

  // Made by the first call, from any thread.
  static const WordTree& get();

  // A parent is before its children.
  const std::vector<Node>& nodes() const { return nodes_; }
  std::optional<std::uint32_t> child(std::uint32_t node, Byte byte) const;

 private:
  WordTree();

  std::vector<Node> nodes_;
};

// How words begin: as they are, with a capital, after a space, after a space with a capital.
inline constexpr std::size_t kWordForms = 4;

// What of a text may be the begin of a word.
struct Spelling {
  std::size_t form;
  std::uint32_t node;
  std::size_t bytes;  // how many of the last bytes
};

class WordPrices {
 public:
  static constexpr std::size_t kLengths = Dictionary::kLongest + 1;
  static constexpr std::size_t kLongestText = Dictionary::kLongest + 2;  // with spaces

  // No words.
  WordPrices() = default;

  // `length_share` is that of copies of each length; `weight` of a word's length and number.
  WordPrices(const std::array<double, kLengths>& length_share,
             const std::function<double(std::size_t, std::uint64_t)>& weight);

  bool has_words() const { return !below_[0].empty(); }

  // Of all words of one length, the sum of their weights.
  double of_length(std::size_t length) const { return of_length_[length]; }

  // Shares of all words, given the shares of the lengths. What begins with these bytes:
  double begins(const Spelling& spelling) const { return below_[spelling.form][spelling.node]; }
  // What begins with a byte, of all words.
  const std::array<double, 256>& first() const { return first_; }
  // What ends where the spelling does.
  double ends(const Spelling& spelling) const;
  // What ends after one more byte, a space.
  double ends_in_space(const Spelling& spelling) const;

  // Calls take(next byte, share of all words).
  template <typename Take>
  void each_next(const Spelling& spelling, Take&& take) const {
    const auto& nodes = WordTree::get().nodes();
    const WordTree::Node& node = nodes[spelling.node];
    const bool in_capital = spelling.form % 2 == 1 && node.depth == 0;
    for (std::uint32_t c = node.first_child; c < node.first_child + node.children; ++c) {
      if (const double share = below_[spelling.form][c]; share > 0)
        take(in_capital ? capital(nodes[c].byte) : nodes[c].byte, share);
    }
    if (const double share = ends_in_space(spelling); share > 0) take(Byte{' '}, share);
  }

  static constexpr Byte capital(Byte byte) {
    return byte >= 'a' && byte <= 'z' ? static_cast<Byte>(byte - 'a' + 'A') : byte;
  }

 private:
  std::array<double, kLengths> of_length_{};
  // Of one word of each length, as it ends and with a space at its end, in each form.
  std::array<std::array<double, kLengths>, kWordForms> plain_{}, spaced_{};
  std::vector<double> cut_;  // of words that end early, by the node
  std::array<std::vector<double>, kWordForms> below_;
  std::array<double, 256> first_{};
};

// The spelling that these bytes are, in a form; none where no word begins so.
std::optional<Spelling> spelled(std::size_t form, ByteView said);

// What the end of a text can be the begin of: calls open(spelling); and each word that it can be
// the whole of: calls whole(bytes, share). Words begin `most_bytes` back at most.
template <typename Open, typename Whole>
void each_spelling(const WordPrices& prices, ByteView text, std::uint64_t most_bytes, Open&& open,
                   Whole&& whole) {
  const std::uint64_t most =
      std::min<std::uint64_t>({most_bytes, text.size(), WordPrices::kLongestText});
  for (std::size_t bytes = 1; bytes <= most; ++bytes) {
    const ByteView said = text.last(bytes);
    for (std::size_t form = 0; form < kWordForms; ++form) {
      const auto before = spelled(form, said.first(bytes - 1));
      if (!before) continue;
      if (const double share = prices.ends_in_space(*before); share > 0 && said.back() == ' ')
        whole(bytes, share);
      const auto now = spelled(form, said);
      if (!now) continue;
      if (const double share = prices.ends(*now); share > 0) whole(bytes, share);
      open(*now);
    }
  }
}

}  // namespace kraft::brotli
