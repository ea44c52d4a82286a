// An n-gram model of tokens that learns as it reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace kraft {

// Predicts each token from the `order` - 1 before it. Estimates of all orders are interpolated as
// Witten and Bell (1991) do it: after a context that was followed n times by d distinct tokens,
//
//     p_k(t) = (count of t + d * p_(k-1)(t)) / (n + d),
//
// with p_0 = 1 / vocabulary. O(order) per token; memory grows with what was read. Belongs to one
// thread.
class TokenModel {
 public:
  static constexpr std::size_t kMostOrder = 3;

  // Throws Error for an order outside 1..3, or a vocabulary that is empty or above 2^20.
  TokenModel(std::size_t vocabulary, std::size_t order);

  // Probability of the token next.
  double probability(std::uint32_t token) const;

  // Learns that it came.
  void observe(std::uint32_t token);

  // Reads them all; returns what they cost, in bits.
  double read(std::span<const std::uint32_t> tokens);

 private:
  struct Context {
    std::uint64_t count = 0, distinct = 0;
  };

  std::uint64_t context_key(std::size_t order) const;

  std::size_t vocabulary_, order_;
  std::vector<std::uint32_t> history_;  // the last order - 1 tokens, the latest last
  std::unordered_map<std::uint64_t, Context> contexts_;
  std::unordered_map<std::uint64_t, std::uint64_t> counts_;
};

}  // namespace kraft
