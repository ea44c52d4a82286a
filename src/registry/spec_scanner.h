// Reads the text of a specification from left to right, and writes it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"
#include "kraft/error.h"

namespace kraft {

class SpecScanner {
 public:
  explicit SpecScanner(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  bool at(char expected) const { return !at_end() && text_[at_] == expected; }

  bool take(char expected) {
    if (!at(expected)) return false;
    ++at_;
    return true;
  }

  // Up to one of `stops`, or to the end.
  std::string word(std::string_view stops) {
    const std::size_t end = std::min(text_.find_first_of(stops, at_), text_.size());
    std::string piece(text_.substr(at_, end - at_));
    at_ = end;
    return piece;
  }

  std::string rest() { return word({}); }

  // A quoted string, or everything up to a comma.
  std::string value() {
    if (!take('"')) return word(",");
    std::string piece;
    while (!take('"')) {
      if (take('\\') && !at_end() && text_[at_] != '"' && text_[at_] != '\\') piece += '\\';
      if (at_end()) fail("ends inside a quoted value");
      piece += text_[at_++];
    }
    return piece;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw UsageError("model specification '" + printable(text_) + "' " + what);
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// Between double quotes where the value has a comma, a quote, a space or one of `others` in it.
inline std::string quoted_if_needed(const std::string& value, std::string_view others = {}) {
  if (value.find_first_of(",\" ") == std::string::npos &&
      value.find_first_of(others) == std::string::npos)
    return value;
  std::string quoted = "\"";
  for (char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace kraft
