// The weights of a LLaMA of bytes, in integers.
//
//     const auto network = kraft::bytelm::load_network("text.gguf");
//     network->width;                                        // 320, say
//
// Every number of the file is taken as the fraction that its bits say, and rounded to fixed point
// by integers alone: the same weights on every machine. A matrix becomes rows of 8 bits with a
// scale each; what was in Q8_0, with a scale for each 32 columns, changes by less than 1/254 of the
// largest number of its row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kraft/bytes.h"
#include "models/bytelm/fixed_point.h"
#include "models/bytelm/kernels.h"

namespace kraft::bytelm {

inline constexpr std::size_t kBegin = 256;       // the token before the first byte
inline constexpr std::size_t kVocabulary = 257;  // the bytes, and that

// value = weight * scale * 2^-exponent. Rows are filled up with zeros to a multiple of kRowsAtOnce.
struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<std::int8_t> weights;   // by row / 16, column / 2, row % 16 and column % 2
  std::vector<std::uint16_t> scales;  // of the rows
  int exponent = 0;

  std::size_t blocks() const { return scales.size() / kRowsAtOnce; }
};

struct Layer {
  std::vector<std::int32_t> attention_gain, feed_gain;  // Q20
  Matrix query, key, value, attention_out, gate, up, down;

  // Of each head: its keys and values are kept in units of 2^-exponent, chosen by what they can be
  // at most, so that they fit kKeyBits and kValueBits.
  std::vector<int> key_exponents, value_exponents;
};

inline constexpr int kResidualBits = 16;                        // of what goes from layer to layer
inline constexpr int kValueBits = kKeptBits + kMostValueShift;  // beside the sign
inline constexpr std::size_t kMostHeadWidth = 512;
int key_bits(std::size_t head_width);  // beside the sign; products of that many fit 32 bits

struct Network {
  std::size_t layer_count = 0, width = 0, heads = 0, inner = 0;
  std::size_t context = 0;        // tokens that it was trained with
  std::uint64_t epsilon_q32 = 0;  // of the norms
  std::uint64_t rope_base_q16 = 0;
  std::uint64_t parameters = 0;

  std::vector<std::int32_t> embedding;  // Q16, by token
  std::vector<Layer> layers;
  std::vector<std::int32_t> last_gain;  // Q20
  Matrix output;                        // of the 256 bytes

  std::size_t head_width() const { return width / heads; }
};

// Of bytes of a file in memory. Throws Error: not a LLaMA, tokens that are not the bytes and one
// that begins a sequence, matrices in other formats than Q8_0 and F32, numbers that are none.
Network read_network(ByteView file);

// Shared by all who load the same file as long as it stays as it is. Throws Error that names it.
std::shared_ptr<const Network> load_network(const std::string& path);

}  // namespace kraft::bytelm
