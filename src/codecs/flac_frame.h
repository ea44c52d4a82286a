// What a FLAC frame (RFC 9639, section 9) says of its channels.
//
//     const flac::Frame frame = flac::read_frame(bytes, /*depth_bits=*/16);
//     frame.channels[0].coefficients;    // of the predictor that the encoder chose
//     frame.padding_bits;
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kraft/bytes.h"

namespace kraft::flac {

// How a channel of a frame is coded.
struct Subframe {
  enum class Kind { constant, verbatim, predicted };

  Kind kind = Kind::verbatim;
  unsigned wasted_bits = 0;  // low bits that are zero in all of its samples, and left out below

  // A sample is expected to be the sum of coefficients[j] times the (j + 1)-th sample before it, by
  // 2^shift, rounded down.
  std::vector<std::int32_t> coefficients = {};
  unsigned shift = 0;

  // What its residuals are coded by, in partitions of equal length: by Rice codes of this
  // parameter, or in so many bits each.
  struct Partition {
    bool is_rice = true;
    unsigned parameter = 0;
  };
  std::vector<Partition> partitions = {};
};

struct Frame {
  std::size_t samples = 0;  // of each channel
  std::vector<Subframe> channels;

  // A frame is a whole number of bytes: between its last residual and its checksum stand 0 to 7
  // zero bits, so that its size tells what the Rice codes spent only to within a byte.
  unsigned padding_bits = 0;
};

// `frame` is one whole frame. `depth_bits` is the depth in the stream's header, used where the
// frame's own does not say. Throws Error when it is no frame. O(samples), nothing is decoded.
Frame read_frame(ByteView frame, std::size_t depth_bits);

}  // namespace kraft::flac
