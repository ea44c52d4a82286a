// Language models small enough for a test: LLaMA's architecture with random weights, as GGUF files.
#pragma once

#include <ggml.h>
#include <gguf.h>
#include <llama.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kraft/random.h"

namespace kraft::testing {

struct TinyToken {
  std::string text;
  std::int32_t type = LLAMA_TOKEN_TYPE_NORMAL;
};

// What a token stands for, spaces aside.
inline std::string bytes_of(const TinyToken& token) {
  if (token.type != LLAMA_TOKEN_TYPE_BYTE) return token.text;
  return {static_cast<char>(std::stoi(token.text.substr(3, 2), nullptr, 16))};
}

inline TinyToken byte_token(int byte) {
  char text[8];
  std::snprintf(text, sizeof text, "<0x%02X>", static_cast<unsigned>(byte));
  return {text, LLAMA_TOKEN_TYPE_BYTE};
}

// Ids 0..255 are the bytes, 256 is the beginning of a sequence.
inline std::vector<TinyToken> byte_vocabulary() {
  std::vector<TinyToken> tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.push_back(byte_token(byte));
  tokens.push_back({"<s>", LLAMA_TOKEN_TYPE_CONTROL});
  return tokens;
}

// The shape of a model. Weights are drawn from a uniform distribution of unit variance over the
// square root of their inputs, times `spread`: the larger, the surer of itself the model is.
struct TinyModel {
  std::vector<TinyToken> tokens = byte_vocabulary();
  std::int32_t bos = 256;  // -1: none
  std::int32_t eos = -1;
  bool add_space_prefix = false;
  bool vocabulary = true;  // false: a file without one
  std::int64_t embedding = 32;
  std::int64_t layers = 2;
  std::int64_t heads = 2;
  std::int64_t feed_forward = 64;
  std::uint32_t context = 128;
  ggml_type type = GGML_TYPE_F32;  // of the matrices; GGML_TYPE_Q8_0 needs multiples of 32
  float spread = 1.5F;
  std::uint64_t seed = 1;
};

class TinyWriter {
 public:
  explicit TinyWriter(const TinyModel& model)
      : model_(model),
        random_(model.seed),
        gguf_(gguf_init_empty()),
        ggml_(ggml_init({.mem_size = bytes_needed(), .mem_buffer = nullptr, .no_alloc = false})) {}
  ~TinyWriter() {
    gguf_free(gguf_);
    ggml_free(ggml_);
  }
  TinyWriter(const TinyWriter&) = delete;
  TinyWriter& operator=(const TinyWriter&) = delete;

  void write(const std::string& path) {
    add_header();
    add_vocabulary();
    add_tensors();
    if (!gguf_write_to_file(gguf_, path.c_str(), false))
      throw std::runtime_error("cannot write " + path);
  }

 private:
  std::size_t bytes_needed() const {
    const auto n = static_cast<std::size_t>(model_.embedding);
    const auto ff = static_cast<std::size_t>(model_.feed_forward);
    const std::size_t weights = 2 * n * model_.tokens.size() +
                                static_cast<std::size_t>(model_.layers) * (4 * n + 3 * ff) * n;
    return 8 * weights + (std::size_t{1} << 20);
  }

  void add_header() {
    gguf_set_val_str(gguf_, "general.architecture", "llama");
    gguf_set_val_str(gguf_, "general.name", "tiny");
    gguf_set_val_u32(gguf_, "llama.context_length", model_.context);
    gguf_set_val_u32(gguf_, "llama.embedding_length", static_cast<std::uint32_t>(model_.embedding));
    gguf_set_val_u32(gguf_, "llama.block_count", static_cast<std::uint32_t>(model_.layers));
    gguf_set_val_u32(gguf_, "llama.feed_forward_length",
                     static_cast<std::uint32_t>(model_.feed_forward));
    gguf_set_val_u32(gguf_, "llama.attention.head_count", static_cast<std::uint32_t>(model_.heads));
    gguf_set_val_u32(gguf_, "llama.rope.dimension_count",
                     static_cast<std::uint32_t>(model_.embedding / model_.heads));
    gguf_set_val_f32(gguf_, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
  }

  void add_vocabulary() {
    std::vector<const char*> texts;
    std::vector<float> scores;
    std::vector<std::int32_t> types;
    for (const TinyToken& token : model_.tokens) {
      texts.push_back(token.text.c_str());
      scores.push_back(-static_cast<float>(scores.size()));
      types.push_back(token.type);
    }
    if (!model_.vocabulary) {
      gguf_set_val_str(gguf_, "tokenizer.ggml.model", "no_vocab");
      gguf_set_val_u32(gguf_, "llama.vocab_size", static_cast<std::uint32_t>(texts.size()));
      return;
    }
    gguf_set_val_str(gguf_, "tokenizer.ggml.model", "llama");
    gguf_set_arr_str(gguf_, "tokenizer.ggml.tokens", texts.data(), texts.size());
    gguf_set_arr_data(gguf_, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores.data(),
                      scores.size());
    gguf_set_arr_data(gguf_, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(),
                      types.size());
    // Ids that a reader would otherwise take from its own defaults.
    const auto id = [&](const char* key, std::int32_t token) {
      gguf_set_val_u32(gguf_, key, static_cast<std::uint32_t>(token));
    };
    id("tokenizer.ggml.bos_token_id", model_.bos);
    id("tokenizer.ggml.eos_token_id", model_.eos);
    id("tokenizer.ggml.unknown_token_id", -1);
    gguf_set_val_bool(gguf_, "tokenizer.ggml.add_bos_token", model_.bos >= 0);
    gguf_set_val_bool(gguf_, "tokenizer.ggml.add_space_prefix", model_.add_space_prefix);
  }

  void add_tensors() {
    const std::int64_t n = model_.embedding;
    const auto vocabulary = static_cast<std::int64_t>(model_.tokens.size());
    add_matrix("token_embd.weight", n, vocabulary);
    add_ones("output_norm.weight", n);
    add_matrix("output.weight", n, vocabulary);
    for (std::int64_t layer = 0; layer < model_.layers; ++layer) {
      const std::string block = "blk." + std::to_string(layer) + ".";
      add_ones(block + "attn_norm.weight", n);
      for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output"})
        add_matrix(block + name + ".weight", n, n);
      add_ones(block + "ffn_norm.weight", n);
      add_matrix(block + "ffn_gate.weight", n, model_.feed_forward);
      add_matrix(block + "ffn_up.weight", n, model_.feed_forward);
      add_matrix(block + "ffn_down.weight", model_.feed_forward, n);
    }
  }

  void add_ones(const std::string& name, std::int64_t size) {
    ggml_tensor* tensor = ggml_new_tensor_1d(ggml_, GGML_TYPE_F32, size);
    ggml_set_name(tensor, name.c_str());
    std::fill_n(static_cast<float*>(tensor->data), size, 1.0F);
    gguf_add_tensor(gguf_, tensor);
  }

  void add_matrix(const std::string& name, std::int64_t inputs, std::int64_t outputs) {
    const float width = model_.spread * std::sqrt(12.0F / static_cast<float>(inputs));
    std::vector<float> weights(static_cast<std::size_t>(inputs * outputs));
    for (float& weight : weights) weight = width * (static_cast<float>(random_.uniform()) - 0.5F);
    ggml_tensor* tensor = ggml_new_tensor_2d(ggml_, model_.type, inputs, outputs);
    ggml_set_name(tensor, name.c_str());
    ggml_quantize_chunk(model_.type, weights.data(), tensor->data, 0, outputs, inputs, nullptr);
    gguf_add_tensor(gguf_, tensor);
  }

  const TinyModel& model_;
  Random random_;
  gguf_context* gguf_;
  ggml_context* ggml_;
};

inline void write_gguf(const TinyModel& model, const std::string& path) {
  TinyWriter(model).write(path);
}

}  // namespace kraft::testing
