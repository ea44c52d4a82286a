// What the decoders share: output that grows as it arrives, and one wording for each kind of bad
// stream. A stream's own claims about its size are never trusted with memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "kraft/bytes.h"
#include "kraft/codec.h"
#include "kraft/error.h"

namespace kraft {

[[noreturn]] inline void fail_truncated(const std::string& codec) {
  throw Error(codec + ": the stream is truncated");
}

[[noreturn]] inline void fail_damaged(const std::string& codec, const std::string& why) {
  throw Error(codec + ": the stream is damaged: " + why);
}

[[noreturn]] inline void fail_too_long(const std::string& codec, std::size_t limit_bytes) {
  throw Error(codec + ": the stream holds more than " + std::to_string(limit_bytes) + " bytes");
}

inline void expect_no_more(const std::string& codec, std::size_t trailing_bytes) {
  if (trailing_bytes == 0) return;
  throw Error(codec + ": the stream is followed by " + std::to_string(trailing_bytes) +
              (trailing_bytes == 1 ? " other byte" : " other bytes"));
}

// Decoded bytes, at most `limit_bytes` of them; never holds more than twice what was decoded, plus
// a constant.
class DecodedBytes {
 public:
  DecodedBytes(std::string codec, std::size_t limit_bytes)
      : codec_(std::move(codec)), limit_bytes_(limit_bytes) {}

  // Where the next bytes go: never empty. One byte more than the limit fits, because only a decoder
  // that has room left can show that a stream of just the limit's length is at its end.
  std::span<Byte> room() {
    if (size_ == bytes_.size()) {
      const std::size_t most = std::max(limit_bytes_, limit_bytes_ + 1);
      bytes_.resize(std::min(most, std::max(kFirstBytes, 2 * size_)));
    }
    return std::span(bytes_).subspan(size_);
  }

  // Keeps the first `count` bytes of room(). Throws Error beyond the limit.
  void keep(std::size_t count) {
    size_ += count;
    if (size_ > limit_bytes_) fail_too_long(codec_, limit_bytes_);
  }

  Bytes take() {
    bytes_.resize(size_);
    return std::move(bytes_);
  }

 private:
  static constexpr std::size_t kFirstBytes = 16 << 10;

  std::string codec_;
  std::size_t limit_bytes_;
  std::size_t size_ = 0;
  Bytes bytes_;
};

}  // namespace kraft
