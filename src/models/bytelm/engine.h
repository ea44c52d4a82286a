// A LLaMA of bytes, evaluated in integers: from tokens to distributions.
//
//     const Engine engine(load_network("text.gguf"), 2049, fast_kernels());
//     Cache cache = engine.cache();
//     Distribution next;
//     const Question both[] = {{&cache, kBegin}, {&cache, 'A', &next}};
//     engine.evaluate(both);                            // next: what follows an A
//
// The model is that of Touvron et al. 2023 (arXiv 2302.13971), and all of it in fixed point:
//
// - What goes from layer to layer is in units of 2^-16.
// - What a matrix is multiplied by has 13 bits and a sign, and a scale of its own for each token:
//   all the sums of products are exact. Weights have 8 bits, and a scale for each row.
// - Queries have 13 bits. So have keys, and values 12, in units that were chosen when the weights
//   were read; of a token's largest ones in a head, the first 7 are kept.
// - Attention's weights have 15 bits within each 16 tokens, relative to a power of two that is not
//   below the largest of them.
//
// So a token has the same numbers by itself and beside others, whatever the processor. Immutable,
// and shared between threads.
//
// Many tokens of one sequence are spread over threads of its own: by pieces of a block, each of
// which follows the one before it through the layers, as soon as that has left its keys and values
// there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "models/bytelm/cache.h"
#include "models/bytelm/distribution.h"
#include "models/bytelm/kernels.h"
#include "models/bytelm/network.h"

namespace kraft::bytelm {

// A token to be appended to what a cache holds, and where to put what follows it, if that is asked;
// and then what the last matrix is multiplied by for that, `width` numbers, if that is.
struct Question {
  Cache* cache = nullptr;
  std::size_t token = kBegin;
  Distribution* next = nullptr;
  std::vector<float>* hidden = nullptr;
};

class Engine {
 public:
  // For sequences of at most so many tokens; 0 threads: one per processor.
  Engine(std::shared_ptr<const Network> network, std::size_t window_tokens, const Kernels& kernels,
         unsigned threads = 1);

  const Network& network() const { return *network_; }
  std::size_t window_tokens() const { return window_tokens_; }

  // An empty one.
  Cache cache() const;

  // All of them, in order; those of different caches, or of one after the other, share the work of
  // reading the weights.
  void evaluate(std::span<const Question> questions) const;

 private:
  struct Work;
  struct Inputs;
  struct Item;
  class Turn;

  void evaluate_by_threads(std::span<const Item> items) const;
  void evaluate_some(std::span<const Item> items, const Turn& turn) const;
  void normalise(Work& work, std::span<const std::int32_t> gain) const;
  void set_inputs(std::size_t item, std::size_t count, int fraction_bits, Work& work) const;
  void show_hidden(Work& work) const;
  void project(const Matrix& matrix, Work& work, std::int32_t* to, std::size_t stride) const;
  void attend(std::size_t layer, const Turn& turn, Work& work) const;
  void keep(std::size_t layer, std::size_t item, Work& work) const;
  int round_query(const std::int32_t* query, int key_exponent, Work& work,
                  std::int16_t* rounded) const;
  void mix_heads(std::size_t layer, Work& work) const;
  void feed_forward(const Layer& layer, Work& work) const;

  std::shared_ptr<const Network> network_;
  std::size_t window_tokens_;
  const Kernels& kernels_;
  std::vector<Rotation> rotations_;  // by position and pair
  int mix_shift_ = 1;
  std::int64_t query_scale_q30_ = 0;  // octaves of nats, over the root of a head's width
  mutable ThreadPool pool_;
  mutable std::mutex pool_is_used_;
};

}  // namespace kraft::bytelm
