#include "evaluate/token_model.h"

#include <cmath>
#include <string>

#include "kraft/error.h"

namespace kraft {
namespace {

constexpr int kTokenBits = 20;  // three of them and the order are a key

}  // namespace

TokenModel::TokenModel(std::size_t vocabulary, std::size_t order)
    : vocabulary_(vocabulary), order_(order) {
  if (order < 1 || order > kMostOrder)
    throw Error("a token model of order " + std::to_string(order) + ": expected 1..3");
  if (vocabulary < 1 || vocabulary > std::size_t{1} << kTokenBits)
    throw Error("a token model of " + std::to_string(vocabulary) + " tokens: expected 1..1048576");
}

// The order and the tokens of the context, with room for the token that follows.
std::uint64_t TokenModel::context_key(std::size_t order) const {
  std::uint64_t key = order;
  for (std::size_t i = history_.size() - (order - 1); i < history_.size(); ++i)
    key = key << kTokenBits | history_[i];
  return key << kTokenBits;
}

double TokenModel::probability(std::uint32_t token) const {
  double p = 1 / static_cast<double>(vocabulary_);
  for (std::size_t order = 1; order <= order_ && order - 1 <= history_.size(); ++order) {
    const std::uint64_t key = context_key(order);
    const auto context = contexts_.find(key);
    if (context == contexts_.end()) break;  // nor is any longer one known
    const auto found = counts_.find(key | token);
    const double count = found == counts_.end() ? 0 : static_cast<double>(found->second);
    const auto distinct = static_cast<double>(context->second.distinct);
    p = (count + distinct * p) / (static_cast<double>(context->second.count) + distinct);
  }
  return p;
}

void TokenModel::observe(std::uint32_t token) {
  for (std::size_t order = 1; order <= order_ && order - 1 <= history_.size(); ++order) {
    const std::uint64_t key = context_key(order);
    std::uint64_t& count = counts_[key | token];
    Context& context = contexts_[key];
    if (count++ == 0) ++context.distinct;
    ++context.count;
  }
  history_.push_back(token);
  if (history_.size() >= order_) history_.erase(history_.begin());
}

double TokenModel::read(std::span<const std::uint32_t> tokens) {
  double bits = 0;
  for (const std::uint32_t token : tokens) {
    bits -= std::log2(probability(token));
    observe(token);
  }
  return bits;
}

}  // namespace kraft
