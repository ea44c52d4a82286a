// kraft-export: turns a checkpoint of kraft-train into a GGUF file, its matrices in Q8_0.
//
//   kraft-export text.ckpt text.gguf "what it was trained on"
#include <ggml.h>
#include <gguf.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "kraft/error.h"
#include "train/checkpoint.h"

namespace kraft::train {
namespace {

// The longest sequences that were trained on, and BOS.
constexpr std::uint32_t kContext = 2049;

// As llama.cpp numbers the types of tokens.
constexpr std::int32_t kNormal = 1;
constexpr std::int32_t kControl = 3;
constexpr std::int32_t kByte = 6;

struct Free {
  void operator()(gguf_context* file) const { gguf_free(file); }
  void operator()(ggml_context* tensors) const { ggml_free(tensors); }
};

void set_shape(gguf_context* file, const Config& config) {
  const auto number = [&](const char* key, std::int64_t value) {
    gguf_set_val_u32(file, key, static_cast<std::uint32_t>(value));
  };
  gguf_set_val_str(file, "general.architecture", "llama");
  number("llama.context_length", kContext);
  number("llama.embedding_length", config.width);
  number("llama.block_count", config.layers);
  number("llama.feed_forward_length", config.inner);
  number("llama.attention.head_count", config.heads);
  number("llama.attention.head_count_kv", config.heads);
  number("llama.rope.dimension_count", config.head_width());
  number("llama.vocab_size", config.vocabulary);
  gguf_set_val_f32(file, "llama.rope.freq_base", config.rope_base);
  gguf_set_val_f32(file, "llama.attention.layer_norm_rms_epsilon", config.epsilon);
}

void set_texts(gguf_context* file, const char* key, const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  gguf_set_arr_str(file, key, pointers.data(), pointers.size());
}

// What begins a sequence is the last token.
void set_tokens(gguf_context* file, const std::vector<std::string>& names, std::int32_t type) {
  std::vector<std::int32_t> types(names.size() - 1, type);
  types.push_back(kControl);
  const auto begin = static_cast<std::uint32_t>(names.size() - 1);
  set_texts(file, "tokenizer.ggml.tokens", names);
  gguf_set_arr_data(file, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  gguf_set_val_u32(file, "tokenizer.ggml.bos_token_id", begin);
  gguf_set_val_bool(file, "tokenizer.ggml.add_bos_token", true);
  gguf_set_val_bool(file, "tokenizer.ggml.add_eos_token", false);
  gguf_set_val_bool(file, "tokenizer.ggml.add_space_prefix", false);
}

// A token for each byte, by its value.
void set_bytes(gguf_context* file) {
  std::vector<std::string> names;
  for (int byte = 0; byte < 256; ++byte) {
    std::array<char, 8> name{};
    std::snprintf(name.data(), name.size(), "<0x%02X>", static_cast<unsigned>(byte));
    names.emplace_back(name.data());
  }
  names.emplace_back("<s>");
  const std::vector<float> scores(names.size());
  gguf_set_val_str(file, "tokenizer.ggml.model", "llama");
  set_tokens(file, names, kByte);
  gguf_set_arr_data(file, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores.data(), scores.size());
  gguf_set_val_u32(file, "tokenizer.ggml.unknown_token_id", 256);
}

// Bytes in the letters that GPT-2 writes them in: those that Latin-1 can print stand for
// themselves, the others for what follows it, in their order.
std::string in_letters(const Bytes& bytes) {
  static const std::array<std::string, 256> letters = [] {
    std::array<std::string, 256> made;
    unsigned beyond = 256;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const bool prints = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte != 0xad);
      const unsigned point = prints ? byte : beyond++;
      if (point >= 0x80) made[byte] += static_cast<char>(0xc0 | point >> 6);
      made[byte] += static_cast<char>(point < 0x80 ? point : 0x80 | (point & 0x3f));
    }
    return made;
  }();
  std::string text;
  for (const Byte byte : bytes) text += letters[byte];
  return text;
}

void set_pairs(gguf_context* file, const BytePairs& pairs) {
  std::vector<std::string> names;
  std::vector<std::string> merges;
  for (std::uint32_t token = 0; token < pairs.size(); ++token)
    names.push_back(in_letters(pairs.bytes_of(token)));
  for (const auto& [left, right] : pairs.joined())
    merges.push_back(names[left] + " " + names[right]);
  names.emplace_back("<|endoftext|>");
  gguf_set_val_str(file, "tokenizer.ggml.model", "gpt2");
  gguf_set_val_str(file, "tokenizer.ggml.pre", "gpt-2");
  set_tokens(file, names, kNormal);
  set_texts(file, "tokenizer.ggml.merges", merges);
  gguf_set_val_u32(file, "tokenizer.ggml.eos_token_id",
                   static_cast<std::uint32_t>(names.size() - 1));
}

void add_tensor(gguf_context* file, ggml_context* tensors, const Tensor& tensor,
                const std::vector<float>& parameters) {
  const float* values = parameters.data() + tensor.offset;
  const bool vector = tensor.rows == 1;
  ggml_tensor* to = vector
                        ? ggml_new_tensor_1d(tensors, GGML_TYPE_F32, tensor.columns)
                        : ggml_new_tensor_2d(tensors, GGML_TYPE_Q8_0, tensor.columns, tensor.rows);
  ggml_set_name(to, tensor.name.c_str());
  if (vector) {
    std::memcpy(to->data, values, static_cast<std::size_t>(tensor.columns) * sizeof(float));
  } else {
    ggml_quantize_chunk(GGML_TYPE_Q8_0, values, to->data, 0, tensor.rows, tensor.columns, nullptr);
  }
  gguf_add_tensor(file, to);
}

void write(const Checkpoint& state, const std::string& path, const std::string& description) {
  const Config& config = state.config;
  if (config.width % 32 != 0 || config.inner % 32 != 0)
    throw UsageError("Q8_0 needs widths that are multiples of 32");
  const std::unique_ptr<gguf_context, Free> file(gguf_init_empty());
  const std::unique_ptr<ggml_context, Free> tensors(
      ggml_init({.mem_size = state.parameters.size() * sizeof(float) + (1 << 20),
                 .mem_buffer = nullptr,
                 .no_alloc = false}));
  set_shape(file.get(), config);
  gguf_set_val_str(file.get(), "general.name",
                   std::filesystem::path(path).stem().string().insert(0, "kraft ").c_str());
  gguf_set_val_str(file.get(), "general.description", description.c_str());
  gguf_set_val_u32(file.get(), "general.file_type", 7);  // mostly Q8_0
  if (state.pairs.joined().empty()) {
    set_bytes(file.get());
  } else {
    set_pairs(file.get(), state.pairs);
  }
  for (const Tensor& tensor : train::tensors(config))
    add_tensor(file.get(), tensors.get(), tensor, state.parameters);
  const std::string temporary = path + ".tmp";
  if (!gguf_write_to_file(file.get(), temporary.c_str(), false))
    throw Error(temporary + ": cannot be written");
  std::filesystem::rename(temporary, path);
}

}  // namespace
}  // namespace kraft::train

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: kraft-export CHECKPOINT GGUF DESCRIPTION\n", stderr);
    return 2;
  }
  try {
    kraft::train::write(kraft::train::Checkpoint::load(argv[1]), argv[2], argv[3]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kraft-export: %s\n", error.what());
    return 1;
  }
}
