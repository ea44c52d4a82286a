// What a terminal may be shown of bytes that may be anything.
//
//     TerminalFilter filter;
//     std::string shown = filter("caf\xc3\xa9 \x1b[2J");    // "café .[2J"
#pragma once

#include <string>
#include <string_view>

namespace kraft {

// Replaces control characters by dots, so that a terminal obeys none of them: those below 0x20 but
// for line feed and tab, 0x7f, and 0x80 to 0x9f, as bytes by themselves or as c2 80 to c2 9f in
// UTF-8. A sequence of UTF-8 may be cut between two calls. O(1) a byte.
class TerminalFilter {
 public:
  std::string operator()(std::string_view text);

 private:
  char harmless(char c);

  unsigned char lead_ = 0;
  int expected_ = 0;  // bytes that are missing of a UTF-8 sequence
};

}  // namespace kraft
