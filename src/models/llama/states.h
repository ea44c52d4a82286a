// The two kinds of state that a language model has: over bytes, and over tokens.
#pragma once

#include <memory>

#include "kraft/model.h"
#include "models/llama/engine.h"
#include "models/llama/vocabulary.h"

namespace kraft {

// What all states of a model share.
struct LlamaCore {
  LlamaCore(LlamaOptions options, bool ascii7_bytes, std::size_t beam_coverings);

  std::size_t window_tokens() const { return engine.window() - 1; }  // besides the first one

  // A byte as the model sees it, and the bits that this loses: with ascii7, byte >> 1 and one bit.
  Byte symbol(Byte byte) const { return ascii7 ? byte >> 1 : byte; }
  double lost_bits() const { return ascii7 ? 1 : 0; }

  LlamaEngine engine;
  bool ascii7;
  LlamaVocabulary vocabulary;
  std::size_t beam;
};

// For a vocabulary of bytes. Every byte is a token.
std::unique_ptr<State> make_llama_byte_state(std::shared_ptr<const LlamaCore> core);

// For any other. The probability of bytes is that of all the sequences of tokens that cover them.
std::unique_ptr<State> make_llama_covering_state(std::shared_ptr<const LlamaCore> core);

// Of a covering state: between which lengths the exact code length of what it has observed lies,
// where context_bits() is an estimate because coverings were dropped. Both are context_bits() as
// long as none was. Throws Error for other states.
struct CoveringBounds {
  double least_bits = 0;
  double most_bits = 0;
};
CoveringBounds covering_bounds(State& state);

}  // namespace kraft
