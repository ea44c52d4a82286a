// Base64 (RFC 4648, section 4), for bytes that are not text in JSON.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "kraft/bytes.h"

namespace kraft {

inline constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline std::string base64(ByteView bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    unsigned group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < count ? bytes[at + i] : 0u);
    for (std::size_t i = 0; i < 4; ++i)
      text += i <= count ? kBase64Digits[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

// The inverse; what is no digit ends it.
inline Bytes from_base64(std::string_view text) {
  Bytes bytes;
  unsigned group = 0, bits = 0;
  for (const char c : text) {
    const std::size_t digit = kBase64Digits.find(c);
    if (digit == kBase64Digits.npos) break;
    group = group << 6 | static_cast<unsigned>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<Byte>(group >> bits & 255));
  }
  return bytes;
}

}  // namespace kraft
