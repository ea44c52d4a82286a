// Codecs: bytes to a shorter stream of bytes, and back.
//
//     auto zstd = kraft::make_codec("zstd:19");                       // kraft/registry.h
//     kraft::Bytes stream = zstd->encode(kraft::as_bytes("to be or not to be"));
//     kraft::Bytes text = zstd->decode(stream);    // throws Error on a bad stream
//
// To compress many messages, keep an Encoder, which owns the library's working memory:
//
//     auto encoder = zstd->encoder();
//     double bits = encoder->code_length(message);                    // l(message), in bits
//
// A Codec is immutable and may be shared between threads. An Encoder belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "kraft/bytes.h"
#include "kraft/granularity.h"

namespace kraft {

class Encoder {
 public:
  virtual ~Encoder() = default;

  // Replaces `stream` by one whole, valid stream for `message`. Deterministic. Throws Error when
  // the library fails.
  virtual void encode(ByteView message, Bytes& stream) = 0;

  // The length in bits of that stream, without what only fills up its container: to the last bit
  // for DEFLATE and FLAC, to the last byte for .xz, whose blocks are padded to four. The default
  // encodes and counts.
  virtual double code_length(ByteView message);

 protected:
  Bytes scratch_;
};

class Codec {
 public:
  static constexpr std::size_t kNoLimit = SIZE_MAX;

  virtual ~Codec() = default;

  virtual std::unique_ptr<Encoder> encoder() const = 0;

  // Inverts encode(). Throws Error when `stream` is damaged, truncated, followed by other bytes, or
  // holds more than `limit_bytes`.
  virtual Bytes decode(ByteView stream, std::size_t limit_bytes = kNoLimit) const = 0;

  virtual Granularity granularity() const { return Granularity::byte; }

  // A message that is a part of something longer should begin at a multiple of so many bytes of
  // it: at the beginning of a row of pixels, or at a whole sample of sound.
  virtual std::size_t alignment_bytes() const { return 1; }

  // Encodes one message with an encoder of its own.
  Bytes encode(ByteView message) const;
};

}  // namespace kraft
