#include "kraft/codec.h"

namespace kraft {

double Encoder::code_length(ByteView message) {
  encode(message, scratch_);
  return 8.0 * static_cast<double>(scratch_.size());
}

Bytes Codec::encode(ByteView message) const {
  Bytes stream;
  encoder()->encode(message, stream);
  return stream;
}

}  // namespace kraft
