// What llama.cpp says by itself, and what bytes cost by the definition: every sequence of tokens
// that covers them.
#pragma once

#include <llama.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kraft/error.h"

namespace kraft::testing {

// llama.cpp with nothing between: one token at a time in a context of its own.
class Bare {
 public:
  explicit Bare(const std::string& path) {
    llama_model_params model_params = llama_model_default_params();
    model_params.progress_callback = [](float, void*) { return true; };
    model_params.use_extra_bufts = false;
    model_.reset(llama_model_load_from_file(path.c_str(), model_params));
    llama_context_params params = llama_context_default_params();
    params.n_ctx = 512;
    params.n_threads = params.n_threads_batch = 1;
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    params.type_k = params.type_v = GGML_TYPE_F32;
    context_.reset(llama_init_from_model(model_.get(), params));
    vocabulary_ = llama_model_get_vocab(model_.get());
  }

  // -log2 of the softmax over the tokens that `counts` accepts; infinite elsewhere.
  template <class Counts>
  std::vector<double> next(std::vector<llama_token> tokens, Counts counts) {
    tokens.insert(tokens.begin(), llama_vocab_bos(vocabulary_));
    llama_memory_clear(llama_get_memory(context_.get()), true);
    for (llama_token token : tokens) {
      if (llama_decode(context_.get(), llama_batch_get_one(&token, 1)) != 0) throw Error("decode");
    }
    const float* logits = llama_get_logits_ith(context_.get(), -1);
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const auto size = static_cast<std::size_t>(llama_vocab_n_tokens(vocabulary_));
    double most = -kInfinity, sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      if (counts(i)) most = std::max<double>(most, logits[i]);
    }
    for (std::size_t i = 0; i < size; ++i) {
      if (counts(i)) sum += std::exp(logits[i] - most);
    }
    std::vector<double> bits(size, kInfinity);
    for (std::size_t i = 0; i < size; ++i) {
      if (counts(i)) bits[i] = (most + std::log(sum) - logits[i]) / std::log(2.0);
    }
    return bits;
  }

 private:
  struct Free {
    void operator()(llama_model* model) const { llama_model_free(model); }
    void operator()(llama_context* context) const { llama_free(context); }
  };
  std::unique_ptr<llama_model, Free> model_;
  std::unique_ptr<llama_context, Free> context_;
  const llama_vocab* vocabulary_ = nullptr;
};

// Every covering of a text, from the definition. A token that stands for no bytes does not count.
class Enumeration {
 public:
  Enumeration(const std::string& path, std::vector<std::string> bytes_of_tokens)
      : bare_(path), bytes_(std::move(bytes_of_tokens)) {
    for (std::size_t i = 0; i < bytes_.size(); ++i)
      if (!bytes_[i].empty()) by_bytes_.emplace(bytes_[i], static_cast<llama_token>(i));
  }

  double bits(const std::string& text) { return -std::log2(mass({}, text)); }

  // Of the coverings of a text that end where it ends, those whose last token begins in its first
  // `begin` bytes at the latest.
  double mass_ending(const std::string& text, std::size_t begin) {
    return mass_ending({}, text, 0, begin);
  }

  const std::vector<double>& next(const std::vector<llama_token>& tokens) {
    auto [found, is_new] = cache_.try_emplace(tokens);
    if (is_new)
      found->second = bare_.next(tokens, [&](std::size_t i) { return !bytes_[i].empty(); });
    return found->second;
  }

 private:
  double mass(const std::vector<llama_token>& tokens, const std::string& rest) {
    if (rest.empty()) return 1;
    const std::vector<double> bits = next(tokens);
    double sum = 0;
    for (std::size_t i = 0; i < bits.size(); ++i) {
      if (std::isinf(bits[i])) continue;
      const std::string& token = bytes_[i];
      if (token.starts_with(rest)) {
        sum += std::exp2(-bits[i]);
      } else if (rest.starts_with(token)) {
        std::vector<llama_token> more = tokens;
        more.push_back(static_cast<llama_token>(i));
        sum += std::exp2(-bits[i]) * mass(more, rest.substr(token.size()));
      }
    }
    return sum;
  }

  double mass_ending(const std::vector<llama_token>& tokens, const std::string& text,
                     std::size_t at, std::size_t begin) {
    if (at > begin) return 0;
    const std::vector<double>& bits = next(tokens);
    double sum = 0;
    for (std::size_t size = 1; size <= text.size() - at; ++size) {
      const auto [first, last] = by_bytes_.equal_range(text.substr(at, size));
      for (auto i = first; i != last; ++i) {
        const double p = std::exp2(-bits[static_cast<std::size_t>(i->second)]);
        std::vector<llama_token> more = tokens;
        more.push_back(i->second);
        sum += at + size == text.size() ? p
               : at + size > begin      ? 0
                                        : p * mass_ending(more, text, at + size, begin);
      }
    }
    return sum;
  }

  Bare bare_;
  std::vector<std::string> bytes_;  // by token
  std::multimap<std::string, llama_token> by_bytes_;
  std::map<std::vector<llama_token>, std::vector<double>> cache_;
};

}  // namespace kraft::testing
