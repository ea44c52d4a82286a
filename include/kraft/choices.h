// Choices: a model that codes by integers of its own, the same on every machine.
//
//     auto state = kraft::make_model("ppmd")->start();
//     if (kraft::ChoiceState* choices = state->by_choices()) {
//       kraft::RangeEncoder encoder;                          // kraft/coder.h
//       for (kraft::Byte byte : text) choices->encode(byte, encoder);
//       kraft::Bytes stream = encoder.finish();
//     }
//
// State::next_byte() gives the costs of these choices as real numbers. Coding by them would need
// the same rounding wherever a file is read; coding by the choices themselves needs integers only,
// and takes one step for each choice in place of a distribution over 256 bytes.
#pragma once

#include <cstddef>
#include <functional>

#include "kraft/bytes.h"

namespace kraft {

class RangeEncoder;
class RangeDecoder;

// The capability of states whose model codes a byte as a few choices. It is the same state: what is
// coded through it has been observed by the State.
class ChoiceState {
 public:
  // Codes a byte after what has been observed, and observes it.
  virtual void encode(Byte byte, RangeEncoder& encoder) = 0;

  // The same for many bytes, one after the other: a model may look at several of them at once.
  // `progress` hears how many are done, unless it is empty.
  virtual void encode_all(ByteView bytes, RangeEncoder& encoder,
                          const std::function<void(std::size_t)>& progress) {
    std::size_t done_bytes = 0;
    for (const Byte byte : bytes) {
      encode(byte, encoder);
      if (progress) progress(++done_bytes);
    }
  }

  // The inverse of encode(). Throws Error when the stream has ended.
  virtual Byte decode(RangeDecoder& decoder) = 0;

 protected:
  ~ChoiceState() = default;
};

}  // namespace kraft
