// What the codecs for images and sound share: samples of a given shape, and how a message of any
// length becomes whole rows of them.
//
// A stream is what the library itself writes for the completed message, followed by the number of
// bytes that completed it, which decode() takes off again: an unsigned LEB128 (one byte below 128).
// Code lengths count the library's stream alone. A file that is cut before its last byte is thus an
// ordinary image or recording.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "codecs/decoding.h"
#include "kraft/bytes.h"
#include "kraft/registry.h"

namespace kraft {

struct Shape {
  std::size_t width = 1;  // pixels of a row; 1 for sound, whose rows are frames
  std::size_t channels = 1;
  std::size_t depth_bits = 8;

  std::size_t pixel_bytes() const { return channels * depth_bits / 8; }
  std::size_t row_bytes() const { return width * pixel_bytes(); }
};

// The width that has been usual since Deletang et al. cut images into patches of 32 rows of 64.
inline Parameter width_parameter(std::int64_t widest) {
  return Parameter::integer("width", 1, widest, "64", "pixels of a row");
}

inline Shape shape_of(const Arguments& arguments) {
  Shape shape;
  if (arguments.has("width")) shape.width = static_cast<std::size_t>(arguments.integer("width"));
  shape.channels = static_cast<std::size_t>(arguments.integer("channels"));
  if (arguments.has("depth"))
    shape.depth_bits = static_cast<std::size_t>(arguments.integer("depth"));
  return shape;
}

// Sets `rows` to the message, its last row completed with its last pixel (before which there is
// black), and to `least_rows` rows at least. Returns how many bytes were added.
inline std::size_t complete(ByteView message, const Shape& shape, std::size_t least_rows,
                            Bytes& rows) {
  const std::size_t row_bytes = shape.row_bytes();
  const std::size_t count = std::max(least_rows, (message.size() + row_bytes - 1) / row_bytes);
  rows.assign(message.begin(), message.end());
  rows.resize(count * row_bytes);
  for (std::size_t i = message.size(); i < rows.size(); ++i)
    rows[i] = i < shape.pixel_bytes() ? Byte{0} : rows[i - shape.pixel_bytes()];
  return rows.size() - message.size();
}

inline void put_added(std::size_t added_bytes, Bytes& stream) {
  for (; added_bytes >= 128; added_bytes >>= 7)
    stream.push_back(static_cast<Byte>(added_bytes | 128));
  stream.push_back(static_cast<Byte>(added_bytes));
}

// An encoder of such streams: what it must know is how the library writes.
class ShapedEncoder : public Encoder {
 public:
  void encode(ByteView message, Bytes& stream) final {
    const std::size_t added_bytes = write(message, stream);
    put_added(added_bytes, stream);
  }

  double code_length(ByteView message) override {
    write(message, scratch_);
    return 8.0 * static_cast<double>(scratch_.size());
  }

 protected:
  // Replaces `stream` by the library's stream for the completed message; returns how many bytes
  // completed it.
  virtual std::size_t write(ByteView message, Bytes& stream) = 0;
};

// The same for formats whose images have at most so many rows: write_image(rows) appends one for
// each full one, and another for the rest. One row more than fills whole images is there, so that
// an image of just so many rows is always followed by another.
template <typename WriteImage>
std::size_t write_images(ByteView message, const Shape& shape, std::size_t most_rows, Bytes& rows,
                         WriteImage write_image) {
  const std::size_t most_bytes = most_rows * shape.row_bytes();
  const std::size_t whole = message.size() / most_bytes;
  const std::size_t added_bytes = complete(message, shape, whole * most_rows + 1, rows);
  for (std::size_t at = 0; at < rows.size(); at += most_bytes)
    write_image(ByteView(rows).subspan(at, std::min(most_bytes, rows.size() - at)));
  return added_bytes;
}

// Reads what put_added() wrote and takes so many bytes off the end of `rows`: what is left is the
// message. `rest` is all that follows the library's stream. Throws Error.
inline void remove_added(const std::string& codec, ByteView rest, std::size_t limit_bytes,
                         Bytes& rows) {
  std::size_t added_bytes = 0;
  for (int shift = 0;; shift += 7) {
    if (rest.empty()) fail_truncated(codec);
    const Byte byte = rest[0];
    rest = rest.subspan(1);
    added_bytes |= static_cast<std::size_t>(byte & 127) << shift;
    if (byte < 128) break;
    if (shift == 28) fail_damaged(codec, "the number of bytes added is too large");
  }
  expect_no_more(codec, rest.size());
  if (added_bytes > rows.size())
    fail_damaged(codec, std::to_string(added_bytes) + " bytes were added to fewer");
  rows.resize(rows.size() - added_bytes);
  if (rows.size() > limit_bytes) fail_too_long(codec, limit_bytes);
}

// Checks before decoding: at most a row may be taken off again.
inline void expect_within(const std::string& codec, std::uint64_t rows, const Shape& shape,
                          std::size_t limit_bytes) {
  if (rows > 2 && rows - 2 > limit_bytes / shape.row_bytes()) fail_too_long(codec, limit_bytes);
}

// Samples as encoders of sound see them: of 8 bits less 128; of 16 bits the low byte comes first.
inline std::int32_t sample_at(const Byte* bytes, std::size_t depth_bits) {
  if (depth_bits == 8) return bytes[0] - 128;
  return static_cast<std::int16_t>(bytes[0] | bytes[1] << 8);
}

}  // namespace kraft
