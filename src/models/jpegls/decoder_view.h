// The decoder's view of JPEG-LS: what does the coder expect of the next sample?
//
// Each channel is a scan of its own (models/jpegls/scan.h), in which every value has one word, so
// there is nothing to sum over: a word of n bits is what n coin flips decode to. The words that no
// value has are left out, as a decoder would refuse them:
//
//     P(x) = share(x) / sum over all y of share(y)
//
// which can only be more than what the encoder spends. Samples of 16 bits come in two bytes, the
// high one first: it has the sum over the 256 samples that begin with it. Nothing is held still,
// and the numbers are the same on every machine. Where the encoder begins a new image, after 65,535
// rows, this goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codecs/shape.h"
#include "kraft/bytes.h"
#include "models/jpegls/scan.h"
#include "models/lz/byte_masses.h"

namespace kraft::jpegls {

// An engine of lz::ViewState. Some 0.1 us a sample for observing, 2 us for a distribution. Memory
// is O(width), and what was observed since the last trim(). One thread at a time; copies are
// independent.
class DecoderView {
 public:
  explicit DecoderView(const Shape& shape);

  void observe(Byte byte);
  void observe(ByteView bytes);
  std::uint64_t position_bytes() const { return position_bytes_; }
  double bits_of(Byte byte);
  void next_byte(std::span<double, 256> bits);
  void rewind(std::uint64_t position_bytes);
  void trim();

 private:
  struct Step {  // a sample
    Scan::Undo undo;
    Byte high = 0;
  };

  bool is_wide() const { return shape_.depth_bits == 16; }
  bool is_low() const { return is_wide() && position_bytes_ % 2 == 1; }
  std::size_t channel() const;
  void prepare();

  Shape shape_;
  std::vector<Scan> scans_;
  std::vector<Step> steps_;  // since the last trim()
  std::uint64_t position_bytes_ = 0, trimmed_bytes_ = 0;
  Byte high_ = 0;  // of the sample whose low byte is next
  std::optional<Code> code_;
  bool prepared_ = false;
  lz::ByteMasses next_;
};

}  // namespace kraft::jpegls
