// A text taken apart before it is cut into tokens, as GPT-2 does it (Radford et al. 2019;
// encoder.py of openai/gpt-2), which llama.cpp knows as the pre-tokenizer "gpt-2":
//
//     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// Letters and numbers are those of Unicode. A byte that is no UTF-8 is a sign by itself.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluate/bpe.h"
#include "kraft/bytes.h"

namespace kraft::train {

// All of them together are the text. Longer ones than 256 bytes are cut.
std::vector<ByteView> gpt2_words(ByteView text);

// A text in the tokens of some pairs. Without pairs they are its bytes.
std::vector<std::uint16_t> tokens_of(const BytePairs& pairs, ByteView text);

}  // namespace kraft::train
