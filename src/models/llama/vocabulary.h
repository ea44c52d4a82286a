// What the tokens of a language model stand for.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kraft/bytes.h"
#include "models/llama/engine.h"

namespace kraft {

// A distribution over the units of a vocabulary.
struct LlamaNext {
  std::vector<float> logits;  // by unit
  double log_sum = 0;         // of their exponentials

  double bits(std::size_t unit) const {
    constexpr double kBitsPerNat = 1.4426950408889634;
    return (log_sum - static_cast<double>(logits[unit])) * kBitsPerNat;
  }
  double probability(std::size_t unit) const;
  std::vector<double> probabilities() const;  // by unit
};

// The units of a model: its tokens that stand for bytes, in the order of those bytes, and of their
// ids where bytes are equal. Control tokens, unknown and unused ones are left out: the distribution
// is the model's softmax over the rest. Immutable.
class LlamaVocabulary {
 public:
  // `symbols` is 256, or 128 for those units alone that are ASCII. Throws Error when the model has
  // no vocabulary, or nothing to begin a sequence with.
  LlamaVocabulary(const llama_vocab* vocabulary, bool space_prefix, std::size_t symbols);

  std::span<const Bytes> units() const { return units_; }
  Token token(std::size_t unit) const { return tokens_[unit]; }

  // The token that every sequence begins with: BOS, or EOS where there is none.
  Token start() const { return start_; }

  // Whether the units are single bytes, each of them once: then unit i is symbol i.
  bool is_bytes() const { return is_bytes_; }

  // Whether the model was trained on texts with a space before them.
  bool space_prefix() const { return space_prefix_; }
  std::size_t longest_unit_bytes() const { return longest_; }

  // A model's logits by units.
  LlamaNext next(std::span<const float> logits_by_token) const;

  // Units [begin, end): all that begin with some bytes.
  struct Range {
    std::size_t begin = 0, end = 0;
    bool empty() const { return begin == end; }
  };
  Range all() const { return {0, units_.size()}; }

  // Of a range of units that agree in their first `depth` bytes, those with `byte` after them.
  Range narrow(Range range, std::size_t depth, Byte byte) const;

  // The first unit of these bytes, if there is one.
  std::optional<std::uint32_t> find(ByteView bytes) const;

  // Calls visit(byte, range) for the bytes that are next in a range of units that agree in their
  // first `depth` bytes and are all longer, in order, each with those that have it.
  template <class Visit>
  void each_next(Range range, std::size_t depth, Visit visit) const {
    if (depth == 0 && range.begin == 0 && range.end == units_.size()) {
      for (std::size_t byte = 0; byte < 256; ++byte)
        if (!by_first_[byte].empty()) visit(static_cast<Byte>(byte), by_first_[byte]);
      return;
    }
    while (!range.empty()) {
      const Byte byte = units_[range.begin][depth];
      const Range same = narrow(range, depth, byte);
      visit(byte, same);
      range.begin = same.end;
    }
  }

  // Of such a range, how many units have no byte after that. They come first.
  std::size_t complete(Range range, std::size_t depth) const;

 private:
  std::vector<Bytes> units_;
  std::vector<Token> tokens_;
  std::array<Range, 256> by_first_ = {};  // the units that begin with each byte
  Token start_ = LLAMA_TOKEN_NULL;
  bool is_bytes_ = false;
  bool space_prefix_ = false;
  std::size_t longest_ = 0;
};

// The first token that is still in the window when `tokens` tokens have been observed and the
// window holds `capacity` of them. When it is full, its older half is dropped and the rest
// evaluated anew: the last capacity/2 to capacity tokens are in sight, by their number alone.
inline std::size_t window_begin(std::size_t tokens, std::size_t capacity) {
  if (tokens <= capacity) return 0;
  const std::size_t dropped = capacity - capacity / 2;
  return (tokens - capacity + dropped - 1) / dropped * dropped;
}

}  // namespace kraft
