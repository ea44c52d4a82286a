#ifdef KRAFT_HAVE_LLAMA

#include "models/llama/vocabulary.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kraft/error.h"

namespace kraft {
namespace {

// The bytes that a token stands for; none for those that stand for something else.
Bytes bytes_of(const llama_vocab* vocabulary, Token token) {
  const unsigned attributes = llama_vocab_get_attr(vocabulary, token);
  constexpr unsigned kOther =
      LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN | LLAMA_TOKEN_ATTR_UNUSED;
  // A vocabulary that does not name its end of text gets a default id, which may be a byte's.
  const bool is_byte = (attributes & LLAMA_TOKEN_ATTR_BYTE) != 0;
  if ((attributes & kOther) != 0 || (llama_vocab_is_eog(vocabulary, token) && !is_byte)) return {};
  std::vector<char> piece(64);
  std::int32_t size = llama_token_to_piece(vocabulary, token, piece.data(),
                                           static_cast<std::int32_t>(piece.size()), 0, false);
  if (size < 0) {
    piece.resize(static_cast<std::size_t>(-size));
    size = llama_token_to_piece(vocabulary, token, piece.data(), -size, 0, false);
  }
  return {piece.begin(), piece.begin() + std::max(size, 0)};
}

bool is_ascii(const Bytes& bytes) {
  return std::ranges::all_of(bytes, [](Byte byte) { return byte < 128; });
}

}  // namespace

double LlamaNext::probability(std::size_t unit) const {
  return std::exp(static_cast<double>(logits[unit]) - log_sum);
}

std::vector<double> LlamaNext::probabilities() const {
  std::vector<double> all(logits.size());
  for (std::size_t unit = 0; unit < all.size(); ++unit) all[unit] = probability(unit);
  return all;
}

LlamaVocabulary::LlamaVocabulary(const llama_vocab* vocabulary, bool space_prefix,
                                 std::size_t symbols)
    : start_(llama_vocab_bos(vocabulary)), space_prefix_(space_prefix) {
  if (llama_vocab_type(vocabulary) == LLAMA_VOCAB_TYPE_NONE)
    throw Error("llama: the file has no vocabulary");
  if (start_ == LLAMA_TOKEN_NULL) start_ = llama_vocab_eos(vocabulary);
  if (start_ == LLAMA_TOKEN_NULL)
    throw Error("llama: the vocabulary has no token to begin a sequence with");

  std::vector<std::pair<Bytes, Token>> units;
  for (Token token = 0; token < llama_vocab_n_tokens(vocabulary); ++token) {
    Bytes bytes = bytes_of(vocabulary, token);
    if (!bytes.empty() && (symbols == 256 || is_ascii(bytes)))
      units.emplace_back(std::move(bytes), token);
  }
  if (units.empty()) throw Error("llama: no token of the vocabulary stands for any bytes");
  std::ranges::sort(units);
  is_bytes_ = units.size() == symbols;
  for (auto& [bytes, token] : units) {
    is_bytes_ = is_bytes_ && bytes.size() == 1 && bytes[0] == units_.size();
    longest_ = std::max(longest_, bytes.size());
    units_.push_back(std::move(bytes));
    tokens_.push_back(token);
  }
  for (std::size_t byte = 0; byte < 256; ++byte)
    by_first_[byte] = narrow(all(), 0, static_cast<Byte>(byte));
}

LlamaNext LlamaVocabulary::next(std::span<const float> logits_by_token) const {
  LlamaNext next;
  next.logits.resize(tokens_.size());
  float most = -INFINITY;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    next.logits[i] = logits_by_token[static_cast<std::size_t>(tokens_[i])];
    most = std::max(most, next.logits[i]);
  }
  if (!std::isfinite(most)) throw Error("llama: the model's output is not a distribution");
  double sum = 0;
  for (float logit : next.logits) sum += std::exp(static_cast<double>(logit) - most);
  next.log_sum = most + std::log(sum);
  if (!std::isfinite(next.log_sum)) throw Error("llama: the model's output is not a distribution");
  return next;
}

LlamaVocabulary::Range LlamaVocabulary::narrow(Range range, std::size_t depth, Byte byte) const {
  const auto begin = units_.begin() + static_cast<std::ptrdiff_t>(range.begin);
  const auto end = units_.begin() + static_cast<std::ptrdiff_t>(range.end);
  const auto key = [depth](const Bytes& unit) {  // -1: ends before
    return unit.size() > depth ? static_cast<int>(unit[depth]) : -1;
  };
  const auto first = std::ranges::lower_bound(begin, end, static_cast<int>(byte), {}, key);
  const auto last = std::ranges::upper_bound(first, end, static_cast<int>(byte), {}, key);
  return {static_cast<std::size_t>(first - units_.begin()),
          static_cast<std::size_t>(last - units_.begin())};
}

std::optional<std::uint32_t> LlamaVocabulary::find(ByteView bytes) const {
  const auto found = std::ranges::lower_bound(units_, bytes, [](ByteView a, ByteView b) {
    return std::ranges::lexicographical_compare(a, b);
  });
  if (found == units_.end() || !std::ranges::equal(*found, bytes)) return {};
  return static_cast<std::uint32_t>(found - units_.begin());
}

std::size_t LlamaVocabulary::complete(Range range, std::size_t depth) const {
  std::size_t count = 0;
  while (range.begin + count < range.end && units_[range.begin + count].size() == depth) ++count;
  return count;
}

}  // namespace kraft

#endif  // KRAFT_HAVE_LLAMA
