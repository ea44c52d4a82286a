#include "models/bytelm/network.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/text.h"
#include "kraft/error.h"
#include "models/llama/gguf_file.h"

namespace kraft::bytelm {
namespace {

// Numbers of a file as integers: in units of 2^-40, below 2^20.
constexpr int kExactBits = 40;
constexpr int kMostExactBits = kExactBits + 20;
constexpr std::uint32_t kF32 = 0, kQ8 = 8;  // as ggml numbers them
constexpr std::size_t kQ8Values = 32, kQ8Bytes = 34;
constexpr int kMostWeight = 127;

// Sums of products by weights fit 32 bits: columns * 127 * 8191 < 2^31.
constexpr std::uint64_t kMostColumns = 2048;
constexpr std::uint64_t kMostLayers = 256;

int width_of(std::uint64_t bits) { return static_cast<int>(std::bit_width(bits)); }

[[noreturn]] void fail_out_of_range(const std::string& name) {
  throw Error(name + " has a value that is out of range: expected less than 2^" +
              std::to_string(kMostExactBits - kExactBits));
}

// significand * 2^exponent in units of 2^-40, rounded to the nearest.
std::int64_t exact(std::uint64_t significand, int exponent, bool negative,
                   const std::string& name) {
  if (significand == 0) return 0;
  const int left = exponent + kExactBits;
  if (width_of(significand) + left > kMostExactBits) fail_out_of_range(name);
  const std::int64_t size = scaled_down(static_cast<std::int64_t>(significand), -left);
  return negative ? -size : size;
}

// IEEE 754 half precision.
std::int64_t half(std::uint32_t bits, const std::string& name) {
  const auto exponent = static_cast<int>(bits >> 10 & 31);
  const std::uint32_t fraction = bits & 1023;
  if (exponent == 31) fail_out_of_range(name);
  return exact(exponent == 0 ? fraction : fraction | 1024, std::max(exponent, 1) - 25,
               (bits >> 15 & 1) != 0, name);
}

// Single precision.
std::int64_t single(std::uint32_t bits, const std::string& name) {
  const auto exponent = static_cast<int>(bits >> 23 & 255);
  const std::uint32_t fraction = bits & ((1U << 23) - 1);
  if (exponent == 255) fail_out_of_range(name);
  return exact(exponent == 0 ? fraction : fraction | 1U << 23, std::max(exponent, 1) - 150,
               bits >> 31 != 0, name);
}

// Rows of numbers in units of 2^-40.
struct Exact {
  std::size_t rows = 0, columns = 0;
  std::vector<std::int64_t> values;

  std::span<const std::int64_t> row(std::size_t r) const {
    return std::span(values).subspan(r * columns, columns);
  }
};

std::uint64_t size_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value < 0 ? -value : value);
}

std::uint64_t largest(std::span<const std::int64_t> values) {
  std::uint64_t most = 0;
  for (const std::int64_t value : values) most = std::max(most, size_of(value));
  return most;
}

// Weights of a row, so that the largest is 127.
void round_row(std::span<const std::int64_t> row, std::uint64_t most, std::size_t r,
               Matrix& matrix) {
  if (most == 0) return;
  const int right = std::max(0, width_of(most) - 52);  // so that products fit 64 bits
  const auto whole = static_cast<std::int64_t>(most >> right);
  std::int8_t* const to =
      matrix.weights.data() + r / kRowsAtOnce * kRowsAtOnce * matrix.columns + r % kRowsAtOnce * 2;
  for (std::size_t c = 0; c < row.size(); ++c) {
    const std::int64_t size = static_cast<std::int64_t>(size_of(row[c]) >> right);
    const auto weight = static_cast<std::int8_t>((2 * kMostWeight * size + whole) / (2 * whole));
    to[c / 2 * 2 * kRowsAtOnce + c % 2] = static_cast<std::int8_t>(row[c] < 0 ? -weight : weight);
  }
}

Matrix rounded(const Exact& exact, std::size_t rows) {
  Matrix matrix;
  matrix.rows = rows;
  matrix.columns = exact.columns;
  const std::size_t padded = (rows + kRowsAtOnce - 1) / kRowsAtOnce * kRowsAtOnce;
  matrix.weights.resize(padded * exact.columns);
  matrix.scales.resize(padded);
  std::vector<std::uint64_t> most(rows);
  for (std::size_t r = 0; r < rows; ++r) most[r] = largest(exact.row(r));
  // A row's scale is most / 127 * 2^-40; the largest of them gets all 16 bits.
  const std::uint64_t top = *std::ranges::max_element(most);
  const int left = top == 0 ? 0 : 16 + 6 - width_of(top);
  matrix.exponent = kExactBits + left;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::int64_t scaled = scaled_down(static_cast<std::int64_t>(most[r]), -left - 8);
    matrix.scales[r] = static_cast<std::uint16_t>(
        std::min<std::int64_t>((scaled / kMostWeight + 128) >> 8, 65535));
    round_row(exact.row(r), most[r], r, matrix);
  }
  return matrix;
}

std::int8_t weight_at(const Matrix& matrix, std::size_t row, std::size_t column) {
  return matrix.weights[row / kRowsAtOnce * kRowsAtOnce * matrix.columns +
                        column / 2 * 2 * kRowsAtOnce + row % kRowsAtOnce * 2 + column % 2];
}

// The square of the length of a row, its columns weighted by gains: in units of the row's scale and
// of 2^-20.
Wide square_of_row(const Matrix& matrix, std::size_t row, std::span<const std::int32_t> gain) {
  Wide sum = 0;
  for (std::size_t c = 0; c < matrix.columns; ++c) {
    const std::uint64_t size = size_of(std::int64_t{weight_at(matrix, row, c)} * gain[c]);
    sum += Wide{size} * size;
  }
  return sum;
}

// What `rows` rows can yield together at most: the length of what is normalised is at most the root
// of its width, and no product is larger than that of the lengths (Cauchy and Schwarz). As the
// exponent of a power of two above it.
int bound_exponent(const Matrix& matrix, std::size_t row, std::size_t rows,
                   std::span<const std::int32_t> gain) {
  Wide total = 0;
  for (std::size_t r = row; r < row + rows; ++r) {
    const std::uint64_t length = wide_square_root(square_of_row(matrix, r, gain) * gain.size());
    const Wide scaled = Wide{length} * matrix.scales[r] >> 16;  // below 2^60
    total += scaled * scaled;
  }
  const std::uint64_t root = wide_square_root(total);
  return width_of(root) + 16 - kGainBits - matrix.exponent;
}

// The units of each head, by its `together` rows that are largest.
std::vector<int> head_exponents(const Matrix& matrix, std::size_t heads, std::size_t together,
                                int bits, std::span<const std::int32_t> gain) {
  const std::size_t head_width = matrix.rows / heads;
  std::vector<int> exponents;
  for (std::size_t head = 0; head < heads; ++head) {
    int most = -kMostExactBits;
    for (std::size_t r = 0; r < head_width; r += together)
      most = std::max(most, bound_exponent(matrix, head * head_width + r, together, gain));
    exponents.push_back(std::clamp(bits - most, -30, 40));
  }
  return exponents;
}

class Reader {
 public:
  explicit Reader(ByteView file) : file_(file) {
    ByteView rest = file;
    header_ = parse_gguf(
        [&rest](std::span<Byte> to) {
          const std::size_t count = std::min(to.size(), rest.size());
          std::copy_n(rest.begin(), count, to.begin());
          rest = rest.subspan(count);
          return count;
        },
        file.size());
  }

  Network read() {
    check_architecture();
    check_tokens();
    read_shape();
    const Exact embedding = matrix("token_embd.weight", kVocabulary, network_.width);
    for (const std::int64_t value : embedding.values)
      network_.embedding.push_back(saturated(scaled_down(value, kExactBits - kResidualBits)));
    for (std::size_t l = 0; l < network_.layer_count; ++l)
      network_.layers.push_back(layer("blk." + std::to_string(l) + "."));
    network_.last_gain = gain("output_norm.weight");
    const bool tied = find("output.weight") == nullptr;
    network_.output =
        rounded(tied ? embedding : matrix("output.weight", kVocabulary, network_.width), kBegin);
    check_that_all_was_read();
    return std::move(network_);
  }

 private:
  void check_architecture() const {
    const std::string* architecture = header_.text("general.architecture");
    if (*architecture != "llama")
      throw Error("it is a model of the architecture '" + printable(*architecture) +
                  "', expected llama");
    for (const auto& [key, value] : header_.values) {
      if (key.starts_with("llama.rope.scaling.") || key.starts_with("llama.expert_"))
        throw Error("it has " + printable(key) + ", which is not supported");
    }
  }

  void check_tokens() const {
    const GgufArray* tokens = header_.array("tokenizer.ggml.tokens");
    const auto fail = [](const std::string& what) {
      throw Error("its tokens are not the 256 bytes and a beginning: " + what);
    };
    if (tokens == nullptr) fail("there are none");
    if (tokens->texts.size() != kVocabulary)
      fail("there are " + std::to_string(tokens->texts.size()));
    for (std::size_t byte = 0; byte < kBegin; ++byte) {
      std::array<char, 8> name{};
      std::snprintf(name.data(), name.size(), "<0x%02X>", static_cast<unsigned>(byte));
      if (tokens->texts[byte] != name.data())
        fail("token " + std::to_string(byte) + " is '" + printable(tokens->texts[byte]) + "'");
    }
    if (header_.integer("tokenizer.ggml.bos_token_id").value_or(0) != kBegin)
      fail("sequences do not begin with token 256");
  }

  std::size_t number(const char* name, std::uint64_t least, std::uint64_t most) const {
    const std::string key = std::string("llama.") + name;
    const auto value = header_.integer(key);
    if (!value) throw Error("it has no " + key);
    if (*value < least || *value > most)
      throw Error(key + " is " + grouped(*value) + ", expected " + std::to_string(least) + ".." +
                  std::to_string(most));
    return static_cast<std::size_t>(*value);
  }

  // A number of the file times 2^bits.
  std::uint64_t real(const char* name, double otherwise, int bits, std::uint64_t most) const {
    const std::string key = std::string("llama.") + name;
    const auto found = header_.values.find(key);
    double value = otherwise;
    if (found != header_.values.end()) {
      const auto* stated = std::get_if<double>(&found->second);
      if (stated == nullptr) throw Error(key + " is no real number");
      value = *stated;
    }
    value *= static_cast<double>(std::uint64_t{1} << bits);  // exact, and so is what follows
    if (!(value >= 0 && value <= static_cast<double>(most))) throw Error(key + " is out of range");
    return static_cast<std::uint64_t>(value);
  }

  void read_shape() {
    network_.context = number("context_length", 2, std::uint64_t{1} << 24);
    network_.width = number("embedding_length", 8, kMostColumns);
    network_.layer_count = number("block_count", 1, kMostLayers);
    network_.inner = number("feed_forward_length", 2, kMostColumns);
    network_.heads = number("attention.head_count", 1, network_.width);
    const std::uint64_t key_heads =
        header_.integer("llama.attention.head_count_kv").value_or(network_.heads);
    if (key_heads != network_.heads)
      throw Error("heads share keys: " + std::to_string(network_.heads) + " queries, " +
                  grouped(key_heads) + " keys");
    if (network_.width % network_.heads != 0 || network_.head_width() % 8 != 0 ||
        network_.head_width() > kMostHeadWidth)
      throw Error("its heads have " + std::to_string(network_.width) + "/" +
                  std::to_string(network_.heads) + " numbers, expected a multiple of 8 up to 512");
    if (network_.inner % 2 != 0) throw Error("llama.feed_forward_length is odd");
    for (const char* name : {"llama.rope.dimension_count", "llama.attention.key_length",
                             "llama.attention.value_length"}) {
      if (header_.integer(name).value_or(network_.head_width()) != network_.head_width())
        throw Error(std::string(name) + " is not the width of a head, " +
                    std::to_string(network_.head_width()));
    }
    network_.epsilon_q32 =
        real("attention.layer_norm_rms_epsilon", 1e-5, 32, std::uint64_t{1} << 32);
    network_.rope_base_q16 = real("rope.freq_base", 10000, 16, std::uint64_t{1} << 46);
    if (network_.rope_base_q16 < std::uint64_t{1} << 16)
      throw Error("llama.rope.freq_base is below 1");
  }

  const GgufTensor* find(const std::string& name) const {
    const auto found = std::ranges::find(header_.tensors, name, &GgufTensor::name);
    return found == header_.tensors.end() ? nullptr : &*found;
  }

  Exact matrix(const std::string& name, std::size_t rows, std::size_t columns) {
    const GgufTensor* tensor = find(name);
    if (tensor == nullptr) throw Error("it has no tensor '" + name + "'");
    std::vector<std::uint64_t> shape = {columns};
    if (rows > 1) shape.push_back(rows);
    if (tensor->shape != shape)
      throw Error("the tensor '" + name + "' has another shape than " + std::to_string(rows) +
                  " rows of " + std::to_string(columns));
    ++tensors_read_;
    network_.parameters += rows * columns;
    Exact exact{rows, columns, std::vector<std::int64_t>(rows * columns)};
    // parse_gguf() has made sure that the file has as many bytes.
    const Byte* from = file_.data() + tensor->begin;
    if (tensor->type == kF32) {
      for (std::int64_t& value : exact.values) {
        value = single(from[0] | std::uint32_t{from[1]} << 8 | std::uint32_t{from[2]} << 16 |
                           std::uint32_t{from[3]} << 24,
                       name);
        from += 4;
      }
    } else if (tensor->type == kQ8) {
      for (std::size_t i = 0; i < exact.values.size(); i += kQ8Values, from += kQ8Bytes) {
        const std::int64_t scale = half(from[0] | std::uint32_t{from[1]} << 8, name);
        if (width_of(size_of(scale)) > kMostExactBits - 7) fail_out_of_range(name);
        for (std::size_t j = 0; j < kQ8Values; ++j)
          exact.values[i + j] = scale * static_cast<std::int8_t>(from[2 + j]);
      }
    } else {
      throw Error("the tensor '" + name + "' is of type " + std::to_string(tensor->type) +
                  ", expected 0 (F32) or 8 (Q8_0)");
    }
    return exact;
  }

  std::vector<std::int32_t> gain(const std::string& name) {
    std::vector<std::int32_t> gains;
    for (const std::int64_t value : matrix(name, 1, network_.width).values) {
      const std::int64_t gain = scaled_down(value, kExactBits - kGainBits);
      if (size_of(gain) >= std::uint64_t{1} << 30) fail_out_of_range(name);
      gains.push_back(static_cast<std::int32_t>(gain));
    }
    return gains;
  }

  Layer layer(const std::string& block) {
    const std::size_t width = network_.width, inner = network_.inner;
    const auto square = [&](const char* name) {
      return rounded(matrix(block + name, width, width), width);
    };
    Layer layer;
    layer.attention_gain = gain(block + "attn_norm.weight");
    layer.feed_gain = gain(block + "ffn_norm.weight");
    layer.query = square("attn_q.weight");
    layer.key = square("attn_k.weight");
    layer.value = square("attn_v.weight");
    layer.attention_out = square("attn_output.weight");
    layer.gate = rounded(matrix(block + "ffn_gate.weight", inner, width), inner);
    layer.up = rounded(matrix(block + "ffn_up.weight", inner, width), inner);
    layer.down = rounded(matrix(block + "ffn_down.weight", width, inner), width);
    layer.key_exponents = head_exponents(layer.key, network_.heads, 2,
                                         key_bits(network_.head_width()), layer.attention_gain);
    layer.value_exponents =
        head_exponents(layer.value, network_.heads, 1, kValueBits, layer.attention_gain);
    return layer;
  }

  // Biases and the like would change what is predicted.
  void check_that_all_was_read() const {
    if (header_.tensors.size() != tensors_read_)
      throw Error("it has " + std::to_string(header_.tensors.size()) + " tensors, expected " +
                  std::to_string(tensors_read_));
  }

  ByteView file_;
  GgufFile header_;
  Network network_;
  std::size_t tensors_read_ = 0;
};

}  // namespace

int key_bits(std::size_t head_width) { return head_width <= 32 ? 13 : head_width <= 128 ? 12 : 11; }

Network read_network(ByteView file) { return Reader(file).read(); }

}  // namespace kraft::bytelm
