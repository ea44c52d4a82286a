// Streams of bits, made by hand.
#pragma once

#include <cstdint>

#include "kraft/bytes.h"

namespace kraft {

// Fills each byte from its lowest bit on.
class BitWriter {
 public:
  void write(std::uint64_t value, int bits) {
    for (int i = 0; i < bits; ++i, ++written_) {
      if (written_ % 8 == 0) bytes_.push_back(0);
      bytes_.back() |= static_cast<Byte>((value >> i & 1) << written_ % 8);
    }
  }
  void write(ByteView bytes) {
    append(bytes_, bytes);
    written_ = 8 * bytes_.size();
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  std::uint64_t written_ = 0;
};

}  // namespace kraft
