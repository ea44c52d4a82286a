#include "serve/openai.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numbers>
#include <numeric>
#include <string_view>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/units.h"

namespace kraft::serve {
namespace {

// Probability 0 is no number that JSON has; this is what OpenAI says for it.
constexpr double kLeastLogprob = -9999;

double logprob_of(double bits) {
  return std::isfinite(bits) ? -bits * std::numbers::ln2 : kLeastLogprob;
}

// Indexes of the cheapest, in that order.
std::vector<std::size_t> cheapest(std::span<const double> bits, std::size_t count) {
  std::vector<std::size_t> order(bits.size());
  std::iota(order.begin(), order.end(), 0);
  count = std::min(count, order.size());
  std::ranges::partial_sort(
      order, order.begin() + static_cast<std::ptrdiff_t>(count),
      [&](std::size_t a, std::size_t b) { return bits[a] != bits[b] ? bits[a] < bits[b] : a < b; });
  order.resize(count);
  return order;
}

// The token `chosen` of those whose bits these are; bytes_of(i) says what token i is.
template <class BytesOf>
Token token_of(std::span<const double> bits, std::size_t chosen, std::size_t top,
               BytesOf bytes_of) {
  Token token{.bytes = bytes_of(chosen), .logprob = logprob_of(surprisal_bits(bits, chosen))};
  std::vector<std::size_t> shown = cheapest(bits, top);
  if (std::ranges::find(shown, chosen) == shown.end()) shown.push_back(chosen);
  for (const std::size_t index : shown)
    token.top.emplace_back(bytes_of(index), logprob_of(surprisal_bits(bits, index)));
  return token;
}

}  // namespace

bool has_tokens(const Model& model) {
  return std::ranges::any_of(model.units(), [](const Bytes& unit) { return unit.size() > 1; });
}

std::string token_text(ByteView bytes) {
  if (is_utf8(as_text(bytes))) return std::string(as_text(bytes));
  std::string text = "bytes:";
  for (const Byte byte : bytes) {
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(byte));
    text += escape;
  }
  return text;
}

Json logprobs_json(std::span<const Token> tokens, std::size_t before) {
  Json json = {{"tokens", Json::array()},
               {"token_logprobs", Json::array()},
               {"top_logprobs", Json::array()},
               {"text_offset", Json::array()},
               {"bytes", Json::array()}};
  Bytes text;
  for (const Token& token : tokens) append(text, token.bytes);
  const std::vector<std::size_t> characters = characters_of(as_text(text));
  std::size_t at = 0;
  for (const Token& token : tokens) {
    Json top = Json::object();
    for (const auto& [bytes, logprob] : token.top) top[token_text(bytes)] = logprob;
    json["tokens"].push_back(token_text(token.bytes));
    json["token_logprobs"].push_back(token.logprob);
    json["top_logprobs"].push_back(std::move(top));
    json["text_offset"].push_back(before + (at < characters.size() ? characters[at] : 0));
    json["bytes"].push_back(token.bytes);
    at += token.bytes.size();
  }
  return json;
}

Pricer::Pricer(std::shared_ptr<const Model> model, std::unique_ptr<State> state, std::size_t top)
    : model_(std::move(model)), state_(std::move(state)), top_(top) {}

Token Pricer::byte_token(Byte byte) {
  std::array<double, 256> bits;
  state_->next_byte(bits);
  Token token =
      token_of(bits, byte, top_, [](std::size_t index) { return Bytes{static_cast<Byte>(index)}; });
  state_->observe({&byte, 1});
  return token;
}

// Several units may be the same bytes: the most probable one is meant.
std::vector<Token> Pricer::unit(ByteView bytes) {
  const auto by_byte = [&] { return by_bytes(bytes, [] {}); };
  if (!has_tokens(*model_)) return by_byte();
  const std::span<const Bytes> units = model_->units();
  UnitState* state = state_->by_units();
  if (state == nullptr) return by_byte();
  std::vector<double> bits(units.size());
  const UnitsView nothing;
  state->extend_units({&nothing, 1}, bits);
  std::optional<std::uint32_t> chosen;
  const auto equal = std::equal_range(
      units.begin(), units.end(), bytes,
      [](ByteView a, ByteView b) { return std::ranges::lexicographical_compare(a, b); });
  for (auto at = equal.first; at != equal.second; ++at) {
    const auto index = static_cast<std::uint32_t>(at - units.begin());
    if (!chosen || bits[index] < bits[*chosen]) chosen = index;
  }
  if (!chosen || !std::isfinite(bits[*chosen])) return by_byte();
  Token token = token_of(bits, *chosen, top_, [&](std::size_t index) { return units[index]; });
  const std::uint32_t unit = *chosen;
  state->observe_units({&unit, 1});
  return {std::move(token)};
}

std::size_t StopFinder::add(ByteView bytes) {
  if (stopped_) return end_;
  text_ += as_text(bytes);
  std::size_t first = text_.npos;
  for (const std::string& stop : stops_) {
    if (!stop.empty()) first = std::min(first, text_.find(stop, end_));
  }
  if (first != text_.npos) {
    stopped_ = true;
    return end_ = first;
  }
  // A stop may have begun at the end.
  std::size_t safe = text_.size();
  for (const std::string& stop : stops_) {
    for (std::size_t begun = std::min(stop.size(), text_.size() - end_ + 1); begun-- > 1;) {
      if (begun >= stop.size() || !std::string_view(text_).ends_with(stop.substr(0, begun)))
        continue;
      safe = std::min(safe, text_.size() - begun);
      break;
    }
  }
  return end_ = std::max(end_, safe);
}

}  // namespace kraft::serve
