// The decoder's view of WavPack: what does its block expect of the next sample?
//
// A WavPack block says at its start which predictors it has, and where they and the medians of the
// entropy coder stand. From there on both adapt to each sample, in integers, and whoever decodes
// follows (models/wavpack/decorrelation.h, words.h). In that code every value of a sample has one
// word, which is its price; those that a sample cannot have are left out. What stands at the start
// is taken from the past: now and then (lz/schedule.h, in frames) the stock encoder codes the last
// frames as a block of their own, and the view runs through it up to its end.
//
// Of stereo the left sample comes first. Where the block holds the difference of both and their
// mean, it is the sum over all differences (models/wavpack/joint.h). More channels than two are
// each a stream of their own, as libwavpack has it too. Of samples of 16 bits the low byte comes
// first, and has the sum over all 256 samples that end in it.
//
// Where all samples of a block have low bits in common, or both of its channels are the same, they
// are left out of it, and it has no word for others: one time in kBlock any value comes. The first
// such sample begins a new block.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "codecs/wavpack.h"
#include "kraft/bytes.h"
#include "models/lz/byte_masses.h"
#include "models/lz/schedule.h"
#include "models/wavpack/decorrelation.h"
#include "models/wavpack/joint.h"
#include "models/wavpack/words.h"

namespace kraft::wavpack {

inline constexpr double kBlock = 32768;

struct ViewParameters {
  std::uint64_t refresh_frames = 16384;  // from one block that is made anew to the next
  std::size_t block_frames = 8192;       // of those
};

// The code of one or two channels from some place of a block on. A value.
class Follower {
 public:
  Follower() = default;  // before the first block: all values are equally likely
  explicit Follower(const Block& block);

  // Whether the block has a word for the next sample, of channel `c`.
  bool has(std::size_t c, std::int32_t sample) const;

  // What is expected of the next sample, of channel `c`; for its `depth_bits`.
  class Expectation;
  Expectation expectation(std::size_t c, int depth_bits) const;

  // Goes on after the sample, if the block has a word for it.
  void push(std::size_t c, std::int32_t sample);

 private:
  void push_held(std::size_t c, std::int32_t held);

  bool is_known_ = false;
  Block::Low low_ = Block::Low::any;
  int low_bits_ = 0;
  bool is_doubled_ = false;
  bool is_joint_ = false;
  std::int32_t left_ = 0;  // of the frame whose right sample is next
  Decorrelation decorrelation_;
  Words words_;
};

// Whether `sample` has the low bits that all samples of a block have.
bool has_low_bits(Block::Low low, int bits, std::int32_t sample);

class Follower::Expectation {
 public:
  // shares[b] of the values whose highest byte is b, of 16 bits with `low` below it.
  void high_byte_shares(Byte low, std::span<double, 256> shares) const;

  // shares[b] of all values whose lowest byte is b, of 16 bits.
  void low_byte_shares(std::span<double, 256> shares) const;

  // Of one value, where the block is no joint stereo.
  double share(std::int32_t sample) const;

 private:
  friend class Follower;

  std::int32_t lowest() const { return -(std::int32_t{1} << (depth_bits_ - 1)); }
  std::int32_t highest() const { return -1 - lowest(); }
  double floored(double share) const;
  void floor_all(std::span<double, 256> shares) const;
  void joint_shares(Byte low, std::span<double, 256> shares) const;

  bool is_known_ = false;
  Block::Low low_ = Block::Low::any;
  int low_bits_ = 0;
  int depth_bits_ = 8;
  std::int64_t expected_ = 0;              // of what the block holds
  std::optional<std::int32_t> only_ = {};  // the one value that the block has a word for
  Words::Expectation words_;
  std::optional<Joint> joint_ = {};
  bool is_right_ = false;  // of joint stereo
  std::int32_t left_ = 0;  // where that is so
};

// An engine of lz::ViewState. Some 5 us a sample with its distribution, in stereo 16 us of 8 bits
// and 31 us of 16; a new block takes the encoder about 1 ms. Memory is O(frames of a block), and
// what was observed since the last trim(). One thread at a time; copies are independent.
class DecoderView {
 public:
  DecoderView(const Settings& settings, const ViewParameters& view);
  DecoderView(const DecoderView& other);
  DecoderView(DecoderView&& other) = default;
  DecoderView& operator=(const DecoderView&) = delete;
  ~DecoderView() = default;

  void observe(Byte byte);
  void observe(ByteView bytes);
  std::uint64_t position_bytes() const { return position_bytes_; }
  double bits_of(Byte byte);
  void next_byte(std::span<double, 256> bits);
  void rewind(std::uint64_t position_bytes);
  void trim();

 private:
  struct Place {
    std::uint64_t position_samples;  // of all channels together
    std::vector<Follower> followers;
    bool is_broken;
  };

  bool is_wide() const { return settings_.shape.depth_bits == 16; }
  bool is_second() const { return is_wide() && position_bytes_ % 2 == 1; }
  std::uint64_t position_samples() const {
    return position_bytes_ / (settings_.shape.depth_bits / 8);
  }
  std::uint64_t position_frames() const { return position_bytes_ / settings_.shape.row_bytes(); }
  bool is_at_frame() const { return position_bytes_ % settings_.shape.row_bytes() == 0; }
  std::size_t channel() const;
  bool push(Byte byte);
  void follow(std::uint64_t sample, std::int32_t value);
  void begin_block();
  void keep_place();
  void prepare();

  Settings settings_;
  ViewParameters view_;
  lz::Schedule schedule_;
  std::size_t channels_of_stream_;
  std::unique_ptr<BlockMaker> maker_;  // made when first needed
  std::vector<Follower> followers_;    // of each stream
  std::vector<Place> places_;          // since the last trim(), that one first
  std::vector<std::int32_t> samples_;  // the last ones
  std::uint64_t position_bytes_ = 0, trimmed_bytes_ = 0;
  bool is_broken_ = false;  // the block has no word for a sample of this frame
  Byte low_ = 0;            // of the sample whose high byte is next
  std::optional<Follower::Expectation> expectation_;
  bool prepared_ = false;
  lz::ByteMasses next_;
};

}  // namespace kraft::wavpack
