// How much of a FLAC frame (RFC 9639, section 9) is there only to fill its last byte.
#pragma once

#include <cstddef>

#include "kraft/bytes.h"

namespace kraft::flac {

// A frame is a whole number of bytes: between its last residual and its checksum stand 0 to 7 zero
// bits, so that its size tells what the Rice code spent only to within a byte. Their number follows
// from where the last residual ends, which takes a walk through the whole frame.
//
// `frame` is one whole frame. `depth_bits` is the depth in the stream's header, used where the
// frame's own does not say. Throws Error when it is no frame. O(samples), nothing is decoded.
unsigned padding_bits(ByteView frame, std::size_t depth_bits);

}  // namespace kraft::flac
