#include "serve/json.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/base64.h"
#include "base/text.h"
#include "serve/failure.h"

namespace kraft::serve {
namespace {

constexpr int kDeepest = 16;

// The length of the longest beginning of `text` that is, or may become, a code point; and whether
// it is one already. Unicode 15, table 3-7.
struct CodePoint {
  std::size_t bytes = 0;  // 0: not even the first byte fits
  bool whole = false;
};

CodePoint first_code_point(std::string_view text) {
  const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xc2 || lead > 0xf4) return {};
  const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (std::size_t i = 1; i < size; ++i) {
    if (i == text.size()) return {i, false};
    unsigned least = 0x80, most = 0xbf;
    if (i == 1 && lead == 0xe0) least = 0xa0;
    if (i == 1 && lead == 0xed) most = 0x9f;
    if (i == 1 && lead == 0xf0) least = 0x90;
    if (i == 1 && lead == 0xf4) most = 0x8f;
    if (at(i) < least || at(i) > most) return {i, false};
  }
  return {size, true};
}

}  // namespace

Json parse_json(std::string_view text) {
  bool too_deep = false;
  const auto watch = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kDeepest;
    if (too_deep) throw Failure::invalid("the JSON is nested more deeply than any request is");
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::parse_error& error) {
    throw Failure::invalid("the body is no JSON: at byte " + std::to_string(error.byte) +
                           " of it something else was expected");
  }
}

std::string json_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void put_bytes(Json& json, const std::string& name, ByteView bytes) {
  if (is_utf8(as_text(bytes))) {
    json[name] = as_text(bytes);
  } else {
    json[name + "_base64"] = base64(bytes);
  }
}

std::string byte_text(Byte byte) {
  switch (byte) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
  }
  if (byte >= 0x20 && byte < 0x7f) return std::string(1, static_cast<char>(byte));
  char text[8];
  std::snprintf(text, sizeof text, "\\x%02x", static_cast<unsigned>(byte));
  return text;
}

Json json_number(double number) { return std::isfinite(number) ? Json(number) : Json(nullptr); }

std::string as_utf8(std::string_view bytes) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const CodePoint first = first_code_point(bytes);
    const std::size_t taken = std::max<std::size_t>(first.bytes, 1);
    text += first.whole ? bytes.substr(0, taken) : kReplacement;
    bytes.remove_prefix(taken);
  }
  return text;
}

std::vector<std::size_t> characters_of(std::string_view bytes) {
  std::vector<std::size_t> characters;
  characters.reserve(bytes.size());
  for (std::size_t character = 0; !bytes.empty(); ++character) {
    const std::size_t taken = std::max<std::size_t>(first_code_point(bytes).bytes, 1);
    characters.insert(characters.end(), taken, character);
    bytes.remove_prefix(taken);
  }
  return characters;
}

std::size_t unfinished_bytes(std::string_view bytes) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, bytes.size()); ++back) {
    const std::string_view end = bytes.substr(bytes.size() - back);
    const auto lead = static_cast<unsigned char>(end[0]);
    if (lead < 0x80) return 0;
    if (lead < 0xc0) continue;  // in the middle of one
    const CodePoint first = first_code_point(end);
    return !first.whole && first.bytes == back ? back : 0;
  }
  return 0;
}

}  // namespace kraft::serve
