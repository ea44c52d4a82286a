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

  // The inverse. Throws Error when the stream has ended.
  virtual Byte decode(RangeDecoder& decoder) = 0;

 protected:
  ~ChoiceState() = default;
};

}  // namespace kraft
