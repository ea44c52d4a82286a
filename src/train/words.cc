#include "train/words.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace kraft::train {
namespace {

constexpr std::size_t kLongestWord = 256;

enum class Kind { space, letter, number, other };

struct Sign {
  std::size_t bytes = 1;
  Kind kind = Kind::other;
};

Kind kind_of(utf8proc_int32_t point) {
  if ((point >= '\t' && point <= '\r') || point == 0x85) return Kind::space;
  switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return Kind::letter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return Kind::number;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return Kind::space;
    default:
      return Kind::other;
  }
}

// The first one of a text that is not empty.
Sign first_sign(ByteView text) {
  utf8proc_int32_t point = 0;
  const utf8proc_ssize_t bytes =
      utf8proc_iterate(text.data(), static_cast<utf8proc_ssize_t>(text.size()), &point);
  if (bytes < 1) return {};
  return {static_cast<std::size_t>(bytes), kind_of(point)};
}

// How many bytes at the beginning are of one kind.
std::size_t run_of(ByteView text, Kind kind) {
  std::size_t at = 0;
  while (at < text.size()) {
    const Sign sign = first_sign(text.subspan(at));
    if (sign.kind != kind) break;
    at += sign.bytes;
  }
  return at;
}

// White space but for the last of it, where something else follows and there is more than one.
std::size_t run_of_spaces(ByteView text) {
  std::size_t at = 0;
  std::size_t last = 0;
  while (at < text.size()) {
    const Sign sign = first_sign(text.subspan(at));
    if (sign.kind != Kind::space) return last > 0 ? last : at;
    last = at;
    at += sign.bytes;
  }
  return at;
}

std::size_t first_word(ByteView text) {
  constexpr std::array<std::string_view, 7> kEndings = {"'s", "'t",  "'re", "'ve",
                                                        "'m", "'ll", "'d"};
  for (const std::string_view ending : kEndings)
    if (as_text(text).starts_with(ending)) return ending.size();
  const std::size_t space = text[0] == ' ' && text.size() > 1 ? 1 : 0;
  const ByteView rest = text.subspan(space);
  const Kind kind = first_sign(rest).kind;
  return kind == Kind::space ? run_of_spaces(text) : space + run_of(rest, kind);
}

}  // namespace

std::vector<ByteView> gpt2_words(ByteView text) {
  std::vector<ByteView> words;
  while (!text.empty()) {
    ByteView word = text.first(first_word(text));
    text = text.subspan(word.size());
    for (; !word.empty(); word = word.subspan(std::min(word.size(), kLongestWord)))
      words.push_back(word.first(std::min(word.size(), kLongestWord)));
  }
  return words;
}

std::vector<std::uint16_t> tokens_of(const BytePairs& pairs, ByteView text) {
  if (pairs.joined().empty()) return {text.begin(), text.end()};
  const std::vector<std::uint32_t> tokens = pairs.encode_words(gpt2_words(text));
  return {tokens.begin(), tokens.end()};
}

}  // namespace kraft::train
