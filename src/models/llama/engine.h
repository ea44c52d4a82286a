// llama.cpp as a function from tokens to logits. Built only where there is a llama.cpp.
#pragma once

#include <llama.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace kraft {

using Token = llama_token;

// A question: the logits after tokens[0..i], for every i >= first_wanted. Token 0 stands at
// position 0 of the model's window.
struct TokenPath {
  std::vector<Token> tokens;
  std::size_t first_wanted = 0;
};

struct LlamaOptions {
  std::string file;
  std::uint32_t context = 0;  // tokens of the window (0: what the model was trained with)
  std::uint32_t threads = 1;  // of one evaluation
  std::uint32_t gpu_layers = 0;
  std::uint32_t sequences = 0;  // evaluated at once (0: 1 for few tokens and weights, else 8)
  std::size_t contexts = 2;     // at most; each belongs to one evaluation at a time
  std::function<bool()> cancelled = {};
};

// The weights, which engines of the same file share, and a bounded number of llama.cpp's contexts
// whose key-value caches remember what was asked before: an evaluation takes the one that shares
// the longest beginning with its question, takes back what differs, and evaluates the rest. So
// states need no context of their own, may be copied at no cost, and rewind by asking for less.
//
// The answer does not depend on that. With the cache in single precision, no flash attention, a
// cache for each sequence and a fixed order of summation, llama.cpp's processor backend computes
// the same bits for a token by itself and in a batch, alone and beside other sequences, on any
// number of threads (llama_test.cc). Other backends promise less.
//
// Safe to share between threads. Memory: the weights, and for each context
// sequences * window * (size of a token's keys and values).
class LlamaEngine {
 public:
  // Throws Error: one line with the file and what is wrong with it.
  explicit LlamaEngine(LlamaOptions options);
  ~LlamaEngine();

  const llama_model* model() const { return model_.get(); }
  const llama_vocab* vocabulary() const { return llama_model_get_vocab(model_.get()); }
  std::uint32_t window() const { return options_.context; }  // tokens

  // Calls receive(path, index, logits) for all that is wanted, where logits has one float for each
  // token of the vocabulary; in order within a path. Paths that stand beside each other should
  // begin alike: each sequence walks through a stretch of them, as through a tree. Throws Error and
  // Cancelled.
  using Receive = std::function<void(std::size_t, std::size_t, std::span<const float>)>;
  void evaluate(std::span<const TokenPath> paths, const Receive& receive) const;

  // How many tokens have been evaluated so far.
  std::uint64_t evaluated_tokens() const { return evaluated_tokens_; }

  // The last layer's activations after the final norm, of the last of these tokens, one at least.
  // Throws Error, also where llama.cpp gives none, and Cancelled.
  std::vector<float> hidden_state(const std::vector<Token>& tokens) const;

 private:
  class Context;
  class Lease;

  static void try_out(LlamaOptions options);
  Context* acquire(const std::vector<Token>& tokens) const;
  void release(Context* context) const;

  LlamaOptions options_;
  std::shared_ptr<llama_model> model_;
  mutable std::atomic<std::uint64_t> evaluated_tokens_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable released_;
  mutable std::vector<std::unique_ptr<Context>> contexts_;
  mutable std::vector<Context*> idle_;  // the one used last at the end
};

// Which llama.cpp this is: "llama.cpp 0.5.0".
std::string llama_library();

}  // namespace kraft
