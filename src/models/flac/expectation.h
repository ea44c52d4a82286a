// What a channel of a FLAC frame expects of its next sample (RFC 9639, sections 9.2.4 to 9.2.7).
//
// A sample is predicted from those before it, and the residual e, folded to u = 2 e or -2 e - 1, is
// written by a Rice code: u / 2^k zeros, a one, and k bits. So P(e) = 2^-(u / 2^k + 1 + k), and
// that is the distribution of all values, about the prediction:
//
//     predicted, Rice codes    P(x) = 2^-(u / 2^k + 1 + k)     or 0 from 64 zeros on
//     predicted, w bits each   P(x) = 2^-w for -2^(w-1) <= e < 2^(w-1)
//     constant                 P(x) = 1 for the last value
//     verbatim                 P(x) = 2^-depth for all
//
// A frame ends after some thousand samples, and the next one may be coded otherwise. Without that,
// values that its code has no word for would be impossible: one time in kFrame, any value comes,
//
//     share(x) = (1 - 1 / kFrame) P(x) + 1 / kFrame 2^-depth
//
// Where the frame has wasted bits, P is that of the sample without them, and 0 for others.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "codecs/flac_frame.h"

namespace kraft::flac {

inline constexpr double kFrame = 4096;

class Expectation {
 public:
  // `past` are the samples of the channel, the last one last; those before the first are 0.
  Expectation(const Subframe& channel, int depth_bits, std::span<const std::int32_t> past);

  // Of a sample's value, from -2^(depth-1) on. Their sum over all values is nearly 1.
  double share(std::int32_t value) const;

  // shares[b] of all values whose lowest byte is b; O(depth + zeros of the longest word) where no
  // bits are wasted, else O(values).
  void low_byte_shares(std::span<double, 256> shares) const;

 private:
  double word_share(std::int32_t value) const;
  // Adds that of the values from first to last, which all have the same.
  void add_equal(std::int64_t first, std::int64_t last, double share,
                 std::span<double, 257> steps, double& everywhere) const;

  Subframe::Kind kind_;
  bool is_rice_;
  int parameter_, wasted_bits_, depth_bits_;
  std::int64_t expected_ = 0;  // in units of the wasted bits
  std::int64_t lowest_, highest_;
};

}  // namespace kraft::flac
