#include "models/lz/prefix_code.h"

#include <utility>

namespace kraft::lz {

PrefixCode PrefixCode::of_one(std::size_t symbol, std::size_t symbols) {
  PrefixCode code;
  code.symbols_ = symbols;
  code.in_order_ = {static_cast<std::uint16_t>(symbol)};
  return code;
}

std::optional<PrefixCode> PrefixCode::complete(std::vector<std::uint8_t> word_bits) {
  PrefixCode code;
  code.symbols_ = word_bits.size();
  code.word_bits_ = std::move(word_bits);
  std::uint64_t sum = 0;
  for (const std::uint8_t bits : code.word_bits_) {
    if (bits == 0) continue;
    ++code.words_[bits];
    sum += std::uint64_t{1} << (kMostBits - bits);
  }
  if (sum != std::uint64_t{1} << kMostBits) return {};
  for (int bits = 1; bits <= kMostBits; ++bits) {
    if (code.words_[static_cast<std::size_t>(bits)] == 0) continue;
    for (std::size_t s = 0; s < code.symbols_; ++s) {
      if (code.word_bits_[s] == bits) code.in_order_.push_back(static_cast<std::uint16_t>(s));
    }
  }
  return code;
}

double PrefixCode::share(std::size_t symbol) const {
  if (word_bits_.empty()) return symbol == in_order_.front() ? 1 : 0;
  return word_bits_[symbol] == 0 ? 0 : 1.0 / static_cast<double>(1u << word_bits_[symbol]);
}

}  // namespace kraft::lz
