// What zlib itself says: the length in bits of a finished raw DEFLATE stream, the slow way.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "codecs/deflate.h"
#include "kraft/bytes.h"

namespace kraft::deflate {

// Keeps its streams between calls; one thread at a time.
class Truth {
 public:
  explicit Truth(const Parameters& p) {
    check(deflateInit2(&deflate_, p.level, Z_DEFLATED, -p.window_bits, p.mem_level, p.strategy));
    check(inflateInit2(&inflate_, -15));
  }
  Truth(const Truth&) = delete;
  Truth& operator=(const Truth&) = delete;
  ~Truth() {
    deflateEnd(&deflate_);
    inflateEnd(&inflate_);
  }

  // Compresses in one call and walks the blocks of the result to find where the last one ends.
  std::uint64_t bits(ByteView message) {
    check(deflateReset(&deflate_));
    stream_.resize(deflateBound(&deflate_, message.size()) + 64);
    deflate_.next_in = const_cast<Byte*>(message.data());
    deflate_.avail_in = static_cast<uInt>(message.size());
    deflate_.next_out = stream_.data();
    deflate_.avail_out = static_cast<uInt>(stream_.size());
    if (::deflate(&deflate_, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("not finished");

    check(inflateReset(&inflate_));
    plain_.resize(message.size() + 64);
    inflate_.next_in = stream_.data();
    inflate_.avail_in = static_cast<uInt>(deflate_.total_out);
    inflate_.next_out = plain_.data();
    inflate_.avail_out = static_cast<uInt>(plain_.size());
    for (;;) {
      const int status = inflate(&inflate_, Z_BLOCK);
      const bool block_ended = (inflate_.data_type & 128) != 0;
      const bool last = (inflate_.data_type & 64) != 0;
      if (block_ended && last) break;
      if (status != Z_OK) throw std::runtime_error("the stream is broken");
    }
    return 8 * std::uint64_t{inflate_.total_in} - (inflate_.data_type & 63);
  }

 private:
  static void check(int status) {
    if (status != Z_OK) throw std::runtime_error(zError(status));
  }

  z_stream deflate_{};
  z_stream inflate_{};
  std::vector<Byte> stream_;
  std::vector<Byte> plain_;
};

}  // namespace kraft::deflate
