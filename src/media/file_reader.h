// Reads the numbers of a file from left to right, or at a place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kraft/bytes.h"
#include "kraft/error.h"

namespace kraft {

// What lies beyond the end is an Error: "BMP: the file is truncated". Does not own the bytes.
class FileReader {
 public:
  enum class Order { little, big };

  FileReader(std::string_view format, ByteView file, Order order = Order::little)
      : format_(format), file_(file), order_(order) {}

  std::size_t size() const { return file_.size(); }
  std::size_t at() const { return at_; }
  std::size_t left() const { return file_.size() - at_; }

  void seek(std::uint64_t at) {
    if (at > file_.size()) fail_truncated();
    at_ = static_cast<std::size_t>(at);
  }
  void skip(std::uint64_t bytes) { take(bytes); }

  ByteView take(std::uint64_t bytes) {
    if (bytes > left()) fail_truncated();
    const ByteView piece = file_.subspan(at_, static_cast<std::size_t>(bytes));
    at_ += piece.size();
    return piece;
  }

  std::uint64_t number(std::size_t bytes) {
    const ByteView piece = take(bytes);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      value = value << 8 | piece[order_ == Order::big ? i : bytes - 1 - i];
    return value;
  }
  Byte u8() {
    if (at_ == file_.size()) fail_truncated();
    return file_[at_++];
  }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }
  std::string_view name(std::size_t bytes) { return as_text(take(bytes)); }

  [[noreturn]] void fail(const std::string& reason) const { throw Error(format_ + ": " + reason); }
  [[noreturn]] void fail_truncated() const { fail("the file is truncated"); }

 private:
  std::string format_;
  ByteView file_;
  Order order_;
  std::size_t at_ = 0;
};

}  // namespace kraft
