// What a channel of a FLAC frame expects of its next sample (RFC 9639, sections 9.2.4 to 9.2.7).
//
// A sample is predicted from those before it, and the residual e, folded to u = 2 e or -2 e - 1, is
// written by a Rice code: u / 2^k zeros, a one, and k bits. The parameter k stands in front of each
// partition, some 64 samples long. Whoever decodes knows it; to predict is to sum over all of them:
//
//     P(x) = sum over k of w_k 2^-(u / 2^k + 1 + k)       about the predicted value
//     w_k  in proportion to w_k 2^-(...), by each sample of the partition
//
// and where a partition ends, w_k becomes the sum over j of w_j T(k - j), with T as often as
// parameters of the frame that was frozen differ from those before them. In the other subframes
//
//     constant     P(x) = 1 for the last value
//     verbatim     P(x) = 2^-depth for all
//
// A frame ends after some thousand samples, and the next one may be coded otherwise. Without that,
// values that its code has no word for would be impossible: one time in kFrame, any value comes,
//
//     share(x) = (1 - 1 / kFrame) P(x) + 1 / kFrame 2^-depth
//
// Where the frame has wasted bits, P is that of the sample without them, and 0 for others. Words of
// 64 zeros and more count as none.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "codecs/flac_frame.h"

namespace kraft::flac {

inline constexpr double kFrame = 4096;
inline constexpr std::size_t kLongestPartition = 256;  // longer ones count as several

// How likely each parameter is: as many as there are that can be of use, depth + 1.
using Weights = std::vector<double>;

// What is frozen of a channel.
class Channel {
 public:
  Channel() = default;  // verbatim
  Channel(const Subframe& subframe, std::size_t frame_samples, int depth_bits);

  const Subframe& subframe() const { return subframe_; }
  std::size_t partition_samples() const { return partition_samples_; }

  // In the partition after the frame, and in the one after another. Empty where there are none.
  Weights first() const;
  Weights after(const Weights& weights) const;

 private:
  Subframe subframe_;
  std::size_t partition_samples_ = kLongestPartition;
  int depth_bits_ = 8;
  std::vector<double> steps_;  // T(d) at [d + depth]
};

class Expectation {
 public:
  // `past` are the samples of the channel, the last one last; those before the first are 0. The
  // next one is one of 2^depth_bits values, from `lowest` on.
  Expectation(const Channel& channel, int depth_bits, std::int32_t lowest,
              std::span<const std::int32_t> past);

  // Of one of the values. Their sum over all of them is at most 1.
  double share(std::int32_t value, const Weights& weights) const;

  // shares[b] of all values whose lowest byte is b; O(zeros of the longest words) where no bits are
  // wasted, else O(values).
  void low_byte_shares(const Weights& weights, std::span<double, 256> shares) const;

  // After the sample, within a partition.
  void learn(std::int32_t value, Weights& weights) const;

 private:
  bool is_possible(std::int32_t value) const;
  double word_share(std::int32_t value, int parameter) const;
  double word_share(std::int32_t value, const Weights& weights) const;

  Subframe::Kind kind_;
  int wasted_bits_, depth_bits_;
  std::int64_t expected_ = 0;  // in units of the wasted bits
  std::int64_t lowest_, highest_;
};

}  // namespace kraft::flac
