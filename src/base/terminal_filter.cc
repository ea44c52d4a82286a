#include "base/terminal_filter.h"

#include <algorithm>

namespace kraft {

std::string TerminalFilter::operator()(std::string_view text) {
  std::string shown(text);
  for (char& c : shown) c = harmless(c);
  return shown;
}

char TerminalFilter::harmless(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool continues = byte >= 0x80 && byte < 0xc0;
  const bool control = (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f ||
                       (byte >= 0x80 && byte < 0xa0 && (expected_ == 0 || lead_ == 0xc2));
  if (continues) {
    expected_ = std::max(0, expected_ - 1);
  } else {
    lead_ = byte;
    expected_ = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc0 ? 1 : 0;
  }
  return control ? '.' : c;
}

}  // namespace kraft
