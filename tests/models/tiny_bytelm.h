// A LLaMA of bytes small enough for a test, as the bytes of a GGUF file, written without a library:
// weights drawn by integers, so that every machine writes the same file.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/random.h"

namespace kraft::testing {

// What is wrong with a file that should not be read: names in place of those it should have.
struct TinyBytelm {
  std::uint32_t width = 32, heads = 2, inner = 64, layers = 2, context = 64;
  bool q8 = false;   // of the matrices; else F32
  bool tied = true;  // no output.weight
  std::uint64_t seed = 1;
  std::string architecture = "llama";
  std::string first_token = "<0x00>";
  std::string extra_tensor = {};  // a vector that LLaMA does not have; empty: none
  std::uint32_t type = 0;         // of the matrices in the header, if not 0

  Bytes file() const;
};

namespace detail {

class TinyFile {
 public:
  explicit TinyFile(const TinyBytelm& model) : model_(model), random_(model.seed) {}

  Bytes write() {
    add_tensors();
    append(bytes_, as_bytes("GGUF"));
    number(3, 4);
    number(tensors_.size(), 8);
    number(10, 8);
    text("general.architecture"), number(8, 4), text(model_.architecture);
    whole("llama.context_length", model_.context);
    whole("llama.embedding_length", model_.width);
    whole("llama.block_count", model_.layers);
    whole("llama.feed_forward_length", model_.inner);
    whole("llama.attention.head_count", model_.heads);
    real("llama.rope.freq_base", 10000);
    real("llama.attention.layer_norm_rms_epsilon", 1e-5F);
    whole("tokenizer.ggml.bos_token_id", 256);
    text("tokenizer.ggml.tokens"), number(9, 4), number(8, 4), number(257, 8);
    text(model_.first_token);
    for (unsigned byte = 1; byte < 256; ++byte) {
      std::array<char, 8> name{};
      std::snprintf(name.data(), name.size(), "<0x%02X>", byte);
      text(name.data());
    }
    text("<s>");
    std::uint64_t offset = 0;
    for (const Tensor& tensor : tensors_) {
      text(tensor.name);
      number(tensor.shape.size(), 4);
      for (const std::uint64_t size : tensor.shape) number(size, 8);
      number(tensor.type, 4);
      number(offset, 8);
      offset += (tensor.values.size() + 31) / 32 * 32;
    }
    for (const Tensor& tensor : tensors_) {
      bytes_.resize((bytes_.size() + 31) / 32 * 32);
      append(bytes_, tensor.values);
    }
    return bytes_;
  }

 private:
  struct Tensor {
    std::string name;
    std::vector<std::uint64_t> shape;
    std::uint32_t type;
    Bytes values;
  };

  static void put(Bytes& to, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to.push_back(static_cast<Byte>(value >> 8 * i));
  }
  void number(std::uint64_t value, int bytes) { put(bytes_, value, bytes); }
  void text(std::string_view text) {
    number(text.size(), 8);
    append(bytes_, as_bytes(text));
  }
  void whole(std::string_view key, std::uint32_t value) {
    text(key), number(4, 4), number(value, 4);
  }
  void real(std::string_view key, float value) {
    text(key), number(6, 4), number(std::bit_cast<std::uint32_t>(value), 4);
  }

  void add_tensors() {
    const std::uint32_t width = model_.width, inner = model_.inner;
    add_matrix("token_embd.weight", width, 257);
    for (std::uint32_t l = 0; l < model_.layers; ++l) {
      const std::string block = "blk." + std::to_string(l) + ".";
      for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output"})
        add_matrix(block + name + ".weight", width, width);
      add_matrix(block + "ffn_gate.weight", width, inner);
      add_matrix(block + "ffn_up.weight", width, inner);
      add_matrix(block + "ffn_down.weight", inner, width);
      add_vector(block + "attn_norm.weight");
      add_vector(block + "ffn_norm.weight");
    }
    add_vector("output_norm.weight");
    if (!model_.tied) add_matrix("output.weight", width, 257);
    if (!model_.extra_tensor.empty()) add_vector(model_.extra_tensor);
  }

  // Sixteenths and the like, which both formats have exactly.
  std::int32_t drawn(std::uint64_t most) {
    return static_cast<std::int32_t>(random_.below(2 * most + 1)) - static_cast<std::int32_t>(most);
  }

  void add_matrix(const std::string& name, std::uint32_t columns, std::uint32_t rows) {
    Tensor tensor{name, {columns, rows}, model_.q8 ? 8U : 0U, {}};
    if (model_.type != 0) tensor.type = model_.type;
    for (std::uint32_t i = 0; i < columns * rows; ++i) {
      const std::int32_t value = drawn(127);
      if (model_.q8) {
        if (i % 32 == 0) put(tensor.values, 9U << 10, 2);  // 2^-6 in half precision
        tensor.values.push_back(static_cast<Byte>(value));
      } else {
        put(tensor.values, std::bit_cast<std::uint32_t>(static_cast<float>(value) / 64), 4);
      }
    }
    tensors_.push_back(std::move(tensor));
  }

  void add_vector(const std::string& name) {
    Tensor tensor{name, {model_.width}, 0, {}};
    for (std::uint32_t i = 0; i < model_.width; ++i)
      put(tensor.values, std::bit_cast<std::uint32_t>(1 + static_cast<float>(drawn(16)) / 32), 4);
    tensors_.push_back(std::move(tensor));
  }

  const TinyBytelm& model_;
  Random random_;
  Bytes bytes_;
  std::vector<Tensor> tensors_;
};

}  // namespace detail

inline Bytes TinyBytelm::file() const { return detail::TinyFile(*this).write(); }

}  // namespace kraft::testing
