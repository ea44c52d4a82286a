// What streams and files of ours are written in: integers of 8 bytes, low byte first, or of as many
// as they need (unsigned LEB128); strings after their lengths; checksums.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kraft/bytes.h"
#include "kraft/error.h"

namespace kraft {

// What is read is not what could have been written.
class Malformed : public Error {
 public:
  using Error::Error;
};

// XXH3, 64 bits. Finds damage, not forgery.
std::uint64_t checksum(ByteView bytes);

inline void put_u64(Bytes& to, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) to.push_back(static_cast<Byte>(value >> shift));
}

inline void put_varint(Bytes& to, std::uint64_t value) {
  for (; value >= 128; value >>= 7) to.push_back(static_cast<Byte>(value | 128));
  to.push_back(static_cast<Byte>(value));
}

inline void put_string(Bytes& to, ByteView text) {
  put_varint(to, text.size());
  append(to, text);
}

// Reads the same with `take`, a function that returns the next byte or throws. Each number has one
// form: 0 at the end of a longer one is an error.
template <class Take>
std::uint64_t take_varint(Take&& take) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const Byte byte = take();
    const bool too_large = shift == 63 && byte > 1;
    const bool padded = shift > 0 && byte == 0;
    if (too_large || padded) throw Malformed("a number is malformed");
    value |= static_cast<std::uint64_t>(byte & 127) << shift;
    if (byte < 128) return value;
  }
  throw Malformed("a number is malformed");
}

template <class Take>
std::uint64_t take_u64(Take&& take) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 8) value |= static_cast<std::uint64_t>(take()) << shift;
  return value;
}

// Takes pieces off the front of what is in memory.
class Pieces {
 public:
  explicit Pieces(ByteView bytes) : rest_(bytes) {}

  ByteView rest() const { return rest_; }

  ByteView bytes(std::uint64_t count) {
    if (count > rest_.size()) throw Malformed("it is truncated");
    const ByteView piece = rest_.first(static_cast<std::size_t>(count));
    rest_ = rest_.subspan(piece.size());
    return piece;
  }
  Byte byte() { return bytes(1)[0]; }
  std::uint64_t varint() {
    return take_varint([this] { return byte(); });
  }
  std::uint64_t u64() {
    return take_u64([this] { return byte(); });
  }
  std::string string() { return std::string(as_text(bytes(varint()))); }

 private:
  ByteView rest_;
};

}  // namespace kraft
