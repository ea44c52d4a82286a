// OpenAI's completions, as far as they are about text: requests, tokens and choices.
//
// A model's tokens are its units: single bytes of nearly all, which stand in JSON as OpenAI writes
// tokens that are no UTF-8, "bytes:\xe2"; the field `bytes` beside them says it without an escape.
// Prompts are priced byte by byte, whatever the units.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kraft/model.h"
#include "serve/json.h"

namespace kraft::serve {

// A token of a text, with its price where that was asked for.
struct Token {
  Bytes bytes;
  double logprob = 0;                              // natural logarithm
  std::vector<std::pair<Bytes, double>> top = {};  // the most probable ones, and this one
};

std::string token_text(ByteView bytes);

// {"tokens", "token_logprobs", "top_logprobs", "text_offset", "bytes"}: of tokens that follow
// `before`, characters of a text.
Json logprobs_json(std::span<const Token> tokens, std::size_t before);

// Follows a text token by token, and says what each of them costs.
class Pricer {
 public:
  // `top` alternatives of each token. The state is after what precedes the text.
  Pricer(std::shared_ptr<const Model> model, std::unique_ptr<State> state, std::size_t top);

  // Prices a text byte by byte and observes it. `before` is called before each byte.
  template <class Before>
  std::vector<Token> by_bytes(ByteView text, Before before) {
    std::vector<Token> tokens;
    for (std::size_t at = 0; at < text.size(); ++at) {
      before();
      tokens.push_back(byte_token(text[at]));
    }
    return tokens;
  }

  // Prices one unit of the model, which is these bytes, and observes it. Where it is no unit, as
  // the last one that was cut, each byte of it is a token.
  std::vector<Token> unit(ByteView bytes);

 private:
  Token byte_token(Byte byte);

  std::shared_ptr<const Model> model_;
  std::unique_ptr<State> state_;
  std::size_t top_;
};

// Whether the model's units are longer than bytes.
bool has_tokens(const Model& model);

// Cuts a text before the first of some strings, while it is made piece by piece.
class StopFinder {
 public:
  explicit StopFinder(std::vector<std::string> stops) : stops_(std::move(stops)) {}

  // Adds to the text. Returns how many of its bytes are certain to belong to it: no stop begins
  // before that.
  std::size_t add(ByteView bytes);

  bool stopped() const { return stopped_; }
  // Of the text, up to where it stops.
  std::size_t size_bytes() const { return stopped_ ? end_ : text_.size(); }

 private:
  std::vector<std::string> stops_;
  std::string text_;
  std::size_t end_ = 0;  // no stop begins before
  bool stopped_ = false;
};

}  // namespace kraft::serve
