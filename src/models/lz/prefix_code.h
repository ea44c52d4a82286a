// A prefix code as RFC 1951, 7932 and 9649 have it: shorter words first, and words of one length in
// the order of their symbols.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kraft::lz {

// A complete code, or one whose only symbol takes no bits.
class PrefixCode {
 public:
  static constexpr int kMostBits = 15;

  static PrefixCode of_one(std::size_t symbol, std::size_t symbols);
  // Of each symbol the bits of its word, at most kMostBits; 0: it has none. Nothing where these are
  // too many words, or too few.
  static std::optional<PrefixCode> complete(std::vector<std::uint8_t> word_bits);

  std::size_t symbols() const { return symbols_; }

  // 2^-bits of the symbol's word; 0 where it has none.
  double share(std::size_t symbol) const;

  // Takes bits one by one until they are a word.
  template <typename NextBit>
  std::size_t read(NextBit&& next_bit) const {
    if (word_bits_.empty()) return in_order_.front();
    std::uint32_t word = 0, first = 0, before = 0;
    for (std::size_t bits = 1;; ++bits) {  // complete: it ends at kMostBits at the latest
      word = word << 1 | next_bit();
      first <<= 1;
      if (word - first < words_[bits]) return in_order_[before + word - first];
      first += words_[bits];
      before += words_[bits];
    }
  }

 private:
  PrefixCode() = default;

  std::size_t symbols_ = 0;
  std::vector<std::uint8_t> word_bits_;               // none where there is one symbol only
  std::vector<std::uint16_t> in_order_;               // symbols, by their words
  std::array<std::uint32_t, kMostBits + 1> words_{};  // of so many bits
};

}  // namespace kraft::lz
