// What zlib's formats have in common: the parameters of the compressor and the exact length of a
// stream in bits.
#pragma once

#include <cstdint>

#include "kraft/bytes.h"
#include "kraft/registry.h"

namespace kraft::deflate {

// The container around the raw DEFLATE stream (RFC 1951).
enum class Container { raw, zlib, gzip };  // -, RFC 1950, RFC 1952

// Bits that the container adds to the raw stream once its last byte is complete.
inline std::uint64_t container_bits(Container container) {
  return container == Container::raw ? 0 : container == Container::zlib ? 8 * 6 : 8 * 18;
}

// zlib's own names and numbers; see deflateInit2 in zlib.h.
struct Parameters {
  int level = 9;
  int window_bits = 15;
  int mem_level = 8;
  int strategy = 0;

  bool operator==(const Parameters&) const = default;
};

// The bits of a complete raw DEFLATE stream up to the end of its last block, without the padding to
// a whole byte. Decodes the stream: O(its message). Throws Error on a bad stream.
std::uint64_t stream_bits(ByteView raw_stream);

// The exact length of the raw stream that the linked zlib writes for the message: the slow truth.
std::uint64_t compressed_bits(ByteView message, const Parameters& parameters);

Parameters parameters_of(const Arguments& arguments);

// The row of gzip, zlib or deflate, as far as the compressor goes: src/models/deflate/backends.cc
// adds the model.
Backend codec_row(Container container);

}  // namespace kraft::deflate
