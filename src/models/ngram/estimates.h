// Witten-Bell interpolation of the counts of a trie. For a context h of k bytes with total count
// c(h), T(h) distinct successors and successor counts c(h, b), the estimate is
//
//     p(b | h) = (c(h, b) + T(h) p(b | h')) / (c(h) + T(h))
//
// where h' is h without its first byte, and below the empty context stands the uniform 1/256. This
// is the interpolated form (Chen and Goodman 1998, section 2.4) of method C of Witten and Bell,
// "The zero-frequency problem", IEEE Transactions on Information Theory 37(4), 1991.
//
// There are two arithmetics of it, one for each revision of `ngram`.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "base/portable_log2.h"
#include "kraft/coder.h"
#include "models/ngram/trie.h"

namespace kraft::ngram {

// Revision 2, in integers: the formula from the longest context to the shortest. Of the mass R that
// is left to a context and those below it, each occurrence of a byte in it takes
// floor(R / (c(h) + T(h))), and what remains goes on to h'; what the empty context leaves is shared
// among all bytes. So the masses sum to what there was, whatever is rounded.
class Shares {
 public:
  static constexpr bool kIntegers = true;

  explicit Shares(const Trie& trie) : trie_(trie) {
    for (std::size_t k = trie.contexts().size(); k-- > 0;) {
      const Trie::Node& context = trie[trie.contexts()[k]];
      if (context.total == 0) continue;
      of_one_[k] = left_ / (std::uint64_t{context.total} + context.distinct);
      left_ -= of_one_[k] * context.total;
    }
  }

  // As IntegerDistribution has it: with the 1 that each symbol has.
  std::uint64_t mass(Byte byte) const {
    std::uint64_t mass = 1 + unseen(byte);
    for (std::size_t k = 0; k < trie_.contexts().size(); ++k)
      if (of_one_[k] > 0) mass += of_one_[k] * trie_.count_of(trie_.contexts()[k], byte);
    return mass;
  }

  double bits(Byte byte) const { return bits_of(mass(byte)); }

  void all_bits(std::span<double, 256> bits) const {
    std::array<std::uint64_t, 256> weights;
    all_weights(weights);
    for (std::size_t b = 0; b < 256; ++b) bits[b] = bits_of(1 + weights[b]);
  }

  void assign_to(IntegerDistribution& distribution) const {
    std::array<std::uint64_t, 256> weights;
    all_weights(weights);
    distribution.assign(weights);
  }

 private:
  static double bits_of(std::uint64_t mass) {
    return IntegerDistribution::kTotalBits - portable_log2(static_cast<double>(mass));
  }

  std::uint64_t unseen(std::size_t byte) const {
    return left_ / 256 + (byte < left_ % 256 ? 1 : 0);
  }

  // Their sum is all that there is beside the minimum, so that assign() takes them as they are.
  void all_weights(std::array<std::uint64_t, 256>& weights) const {
    for (std::size_t b = 0; b < 256; ++b) weights[b] = unseen(b);
    for (std::size_t k = 0; k < trie_.contexts().size(); ++k) {
      if (of_one_[k] == 0) continue;
      trie_.each_count(trie_.contexts()[k], [&](Byte byte, std::uint32_t count) {
        weights[byte] += of_one_[k] * count;
      });
    }
  }

  const Trie& trie_;
  std::array<std::uint64_t, kMostOrder + 1> of_one_{};      // by bytes of the context
  std::uint64_t left_ = IntegerDistribution::kTotal - 256;  // for bytes that have not occurred
};

// Revision 1, in doubles: from the shortest context to the longest. Files written by it can be read
// wherever a compiler keeps to IEEE 754 and does not contract.
class Doubles {
 public:
  static constexpr bool kIntegers = false;

  explicit Doubles(const Trie& trie) : trie_(trie) {}

  double bits(Byte byte) const {
    double p = 1.0 / 256;
    for (const Trie::NodeId id : trie_.contexts()) {
      const Trie::Node& context = trie_[id];
      if (context.total == 0) break;  // a longer context has not been seen either
      const double count = trie_.count_of(id, byte);
      p = (count + context.distinct * p) / (static_cast<double>(context.total) + context.distinct);
    }
    return -portable_log2(p);
  }

  void all_bits(std::span<double, 256> bits) const {
    std::array<double, 256> p;
    p.fill(1.0 / 256);
    for (const Trie::NodeId id : trie_.contexts()) {
      const Trie::Node& context = trie_[id];
      if (context.total == 0) break;
      const double denominator = static_cast<double>(context.total) + context.distinct;
      std::array<double, 256> counts{};
      trie_.each_count(id, [&](Byte byte, std::uint32_t count) { counts[byte] = count; });
      // The same expression as in bits(), so that both give the same number.
      for (std::size_t b = 0; b < 256; ++b)
        p[b] = (counts[b] + context.distinct * p[b]) / denominator;
    }
    std::ranges::transform(p, bits.begin(), [](double one) { return -portable_log2(one); });
  }

  void assign_to(IntegerDistribution& distribution) const {
    std::array<double, 256> bits;
    all_bits(bits);
    distribution.assign(bits);
  }

 private:
  const Trie& trie_;
};

}  // namespace kraft::ngram
