// Attention in the order that all kernels share: a head of all tokens after the other, and in it
// first the weights of all blocks, then what their values make. So each block is read from memory
// once, by as many tokens as have it in common.
#pragma once

#include <algorithm>

#include "models/bytelm/kernels.h"
#include "models/bytelm/loops.h"

namespace kraft::bytelm {

// `Parts` has, for blocks [first, last) of a head of kMany tokens that read them, or of one,
//     weigh<Tokens>(tokens, head, first, last)      finds weights, octaves and sums
//     mix<Tokens>(tokens, head, first, last)        adds their values to what is mixed
// which give tokens that a token does not have no weight, and
//     settle(token, head, last)                     loops::settle()
// between them. The longest sequence of `tokens` is that whose blocks are read.
template <class Parts>
class Attend {
 public:
  static void attend(const Attention* tokens, std::size_t count) {
    const std::size_t shared = Parts::kMany == 1 ? 0 : blocks_in_common(tokens, count);
    for (std::size_t head = 0; head < tokens->heads; ++head) {
      const auto weigh = [head]<int Tokens>(const Attention* some, std::size_t first,
                                            std::size_t last) {
        Parts::template weigh<Tokens>(some, head, first, last);
      };
      const auto mix = [head]<int Tokens>(const Attention* some, std::size_t first,
                                          std::size_t last) {
        Parts::template mix<Tokens>(some, head, first, last);
      };
      for_all(tokens, count, shared, weigh);
      for (const Attention* a = tokens; a != tokens + count; ++a)
        Parts::settle(*a, head, std::max(shared, a->blocks_count()));
      for_all(tokens, count, shared, mix);
    }
  }

 private:
  // How many blocks, from the first on, are the same for all that have them.
  static std::size_t blocks_in_common(const Attention* tokens, std::size_t count) {
    const Attention& longest = *std::max_element(
        tokens, tokens + count,
        [](const Attention& a, const Attention& b) { return a.tokens < b.tokens; });
    std::size_t common = longest.blocks_count();
    for (const Attention* a = tokens; a != tokens + count; ++a) {
      if (a->blocks == longest.blocks) continue;
      const std::size_t both = std::min(common, a->blocks_count());
      const auto other = std::mismatch(a->blocks, a->blocks + both, longest.blocks).first;
      common = static_cast<std::size_t>(other - a->blocks);
    }
    return common;
  }

  // Calls work<Tokens>(tokens, first, last) for what tokens have in common, and for what they have
  // by themselves.
  template <typename Work>
  static void for_all(const Attention* tokens, std::size_t count, std::size_t shared,
                      const Work& work) {
    in_tiles<Parts::kMany>(tokens, count, shared, work);
    for (const Attention* a = tokens; a != tokens + count; ++a) {
      if (shared < a->blocks_count()) work.template operator()<1>(a, shared, a->blocks_count());
    }
  }

  template <int Tokens, typename Work>
  static void in_tiles(const Attention* tokens, std::size_t count, std::size_t last,
                       const Work& work) {
    for (; count >= Tokens; count -= Tokens, tokens += Tokens)
      work.template operator()<Tokens>(tokens, 0, last);
    if constexpr (Tokens > 1) in_tiles<Tokens / 2>(tokens, count, last, work);
  }
};

}  // namespace kraft::bytelm
