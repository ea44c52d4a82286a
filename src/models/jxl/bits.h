// The bits of a JPEG XL codestream and the integers that its headers are made of (ISO/IEC 18181-1,
// annex B): from the lowest bit of the first byte up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "kraft/bytes.h"
#include "kraft/error.h"

namespace kraft::jxl {

// For what no decoder could make sense of.
[[noreturn]] inline void fail(const std::string& what) {
  throw Error("a jxl stream cannot be read: " + what);
}

// For what other decoders may read, but this one does not.
[[noreturn]] inline void refuse(const std::string& what) {
  throw Error("this jxl stream is not among those that are read: " + what);
}

constexpr std::int32_t unpack_signed(std::uint32_t value) {
  return static_cast<std::int32_t>(value >> 1) ^ -static_cast<std::int32_t>(value & 1);
}
constexpr std::uint32_t pack_signed(std::int32_t value) {
  return static_cast<std::uint32_t>(value) << 1 ^ static_cast<std::uint32_t>(value >> 31);
}

// One of the four ways to write an integer that a U32() names: so many bits, and what is added.
struct Choice {
  std::uint32_t offset;
  int bits;
};
constexpr Choice u(int bits) { return {0, bits}; }
constexpr Choice operator+(std::uint32_t offset, Choice choice) {
  return {offset + choice.offset, choice.bits};
}
constexpr Choice value(std::uint32_t v) { return {v, 0}; }

// Reading beyond the end throws Error.
class Bits {
 public:
  explicit Bits(ByteView bytes) : bytes_(bytes) {}

  // At most 32 bits.
  std::uint32_t read(int count) {
    if (static_cast<std::size_t>(count) > 8 * bytes_.size() - at_) fail("it is truncated");
    std::uint64_t word = 0;
    const std::size_t first = at_ / 8, shift = at_ % 8;
    const std::size_t last = (at_ + static_cast<std::size_t>(count) + 7) / 8;
    for (std::size_t i = first; i < last; ++i) word |= std::uint64_t{bytes_[i]} << 8 * (i - first);
    at_ += static_cast<std::size_t>(count);
    return static_cast<std::uint32_t>(word >> shift & ((std::uint64_t{1} << count) - 1));
  }
  bool flag() { return read(1) != 0; }

  std::uint32_t number(const std::array<Choice, 4>& choices) {
    const Choice choice = choices[read(2)];
    return choice.offset + read(choice.bits);
  }

  std::uint64_t number64() {
    switch (read(2)) {
      case 0:
        return 0;
      case 1:
        return 1 + read(4);
      case 2:
        return 17 + read(8);
      default: {
        std::uint64_t number = read(12);
        for (int shift = 12; flag(); shift += 8) {
          if (shift == 60) return number | std::uint64_t{read(4)} << shift;
          number |= std::uint64_t{read(8)} << shift;
        }
        return number;
      }
    }
  }

  std::uint32_t enumerated() { return number({value(0), value(1), 2 + u(4), 18 + u(6)}); }

  // Numbers of few bits, which histograms and prefix codes begin with.
  std::uint32_t small8() { return small(3); }
  std::uint32_t small16() { return small(4); }

  // To the next whole byte; the bits between are zeros.
  void align() {
    if (at_ % 8 != 0 && read(static_cast<int>(8 - at_ % 8)) != 0) fail("its padding is not zero");
  }

  std::size_t at_bits() const { return at_; }
  std::size_t at_byte() const { return at_ / 8; }
  void skip_bytes(std::size_t count) {
    if (count > bytes_.size() - at_ / 8) fail("it is truncated");
    at_ += 8 * count;
  }

 private:
  std::uint32_t small(int width) {
    if (!flag()) return 0;
    const auto bits = static_cast<int>(read(width));
    return (1u << bits) + read(bits);
  }

  ByteView bytes_;
  std::size_t at_ = 0;
};

}  // namespace kraft::jxl
