// Attention in the order that vector instructions want: of a head, all blocks of all tokens, one
// block after the other, so that each is read from memory once.
#pragma once

#include <algorithm>

#include "models/bytelm/kernels.h"

namespace kraft::bytelm {

// `Parts` has, for kMany tokens that read the same block and for one,
//     score_many, score_one (tokens, head, block)   finds the scores of a block's tokens
//     mix_many, mix_one (tokens, head, block)       adds a block's values to what is mixed
// and find_octave(token, head) of all scores, which begins a sum.
template <class Parts>
class AttendByBlocks {
 public:
  static void attend(const Attention* tokens, std::size_t count) {
    for (std::size_t head = 0; head < tokens->heads; ++head) {
      for_each_block<&Attention::keys, Parts::score_many, Parts::score_one>(tokens, count, head);
      for (const Attention* a = tokens; a != tokens + count; ++a) Parts::find_octave(*a, head);
      for_each_block<&Attention::values, Parts::mix_many, Parts::mix_one>(tokens, count, head);
    }
  }

 private:
  static constexpr std::size_t kAhead = 4;

  // What lies some blocks further on, before it is needed.
  static void prefetch(const std::int8_t* from, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; i += 64) __builtin_prefetch(from + i);
  }

  // Whether kMany tokens from this one on read the same block.
  static bool share(const Attention* tokens, std::size_t block) {
    for (std::size_t k = 0; k < Parts::kMany; ++k) {
      if (block >= tokens[k].blocks_count() || tokens[k].blocks[block] != tokens->blocks[block])
        return false;
    }
    return true;
  }

  // `Part` is where keys or values begin.
  template <std::size_t Attention::*Part, auto Many, auto One>
  static void for_each_block(const Attention* tokens, std::size_t count, std::size_t head) {
    const Attention* longest = tokens;
    for (const Attention* a = tokens; a != tokens + count; ++a) {
      if (a->tokens > longest->tokens) longest = a;
    }
    const std::size_t blocks = longest->blocks_count();
    const std::size_t of_head = longest->head_width * kBlockTokens;
    for (std::size_t b = 0; b < blocks; ++b) {
      if (b + kAhead < blocks)
        prefetch(longest->blocks[b + kAhead] + longest->*Part + head * of_head, of_head);
      for (std::size_t k = 0; k < count;) {
        const bool many = k + Parts::kMany <= count && share(tokens + k, b);
        if (many) {
          Many(tokens + k, head, b);
        } else if (b < tokens[k].blocks_count()) {
          One(tokens + k, head, b);
        }
        k += many ? Parts::kMany : 1;
      }
    }
  }
};

}  // namespace kraft::bytelm
