// The decoder's view of FLAC: what does its frame expect of the next sample?
//
// An encoder cuts sound into frames of a few thousand samples, looks for the best predictor and the
// best Rice parameters for each, and writes them in front of it (RFC 9639, section 9.2). In that
// code every value of a sample has one word, which is its price (models/flac/expectation.h). What a
// frame holds still is taken from the past: now and then (lz/schedule.h, in samples) the stock
// encoder codes the last few hundred samples as a frame of their own. Its predictor prices what
// follows; the Rice parameter, which changes from partition to partition, is summed over.
//
// Of stereo sound the right channel, which comes second, is coded by itself or as what the left one
// exceeds it by, whatever takes the encoder fewer bytes; the middle of both is left out, for the
// left sample would have to be priced without the right one. Of samples of 16 bits the low byte
// comes first, and has the sum over all 256 samples that end in it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "codecs/flac.h"
#include "kraft/bytes.h"
#include "models/flac/expectation.h"
#include "models/lz/byte_masses.h"
#include "models/lz/schedule.h"

namespace kraft::flac {

struct ViewParameters {
  std::uint64_t refresh_samples = 64;  // from one frame that is frozen to the next
  std::size_t frame_samples = 512;     // of those, at least refresh_samples
};

// An engine of lz::ViewState. Memory is O(samples of a frame), and what was observed since the last
// trim(). One thread at a time; copies are independent.
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
  struct Block {
    std::uint64_t begin_samples = 0;
    std::vector<Channel> channels;
    bool has_side = false;  // for the second of two channels: the first less the second
  };

  bool is_wide() const { return settings_.shape.depth_bits == 16; }
  bool is_second() const { return is_wide() && position_bytes_ % 2 == 1; }
  std::size_t channel() const;
  std::uint64_t position_samples() const { return position_bytes_ / settings_.shape.row_bytes(); }
  void push(Byte byte);
  void begin_block(std::uint64_t position_samples);
  void make_weights();
  bool is_side(std::size_t channel) const { return channel == 1 && blocks_.back().has_side; }
  std::int32_t coded(std::size_t channel, std::int32_t value, std::size_t at) const;
  Expectation expectation(std::size_t channel, std::size_t at) const;
  void learn(std::size_t channel, std::size_t at);
  std::size_t samples_of_block(std::size_t channel) const;
  void prepare();

  Settings settings_;
  ViewParameters view_;
  lz::Schedule schedule_;
  std::unique_ptr<FrameChooser> chooser_;  // made when first needed
  std::vector<Block> blocks_;
  std::vector<std::vector<std::int32_t>> samples_;  // the last ones of each channel
  std::uint64_t position_bytes_ = 0, trimmed_bytes_ = 0;
  Byte low_ = 0;                  // of the sample whose high byte is next
  std::vector<Weights> weights_;  // of each channel, for its next sample; empty: not yet made
  std::optional<Expectation> expectation_;
  bool prepared_ = false;
  lz::ByteMasses next_;
};

}  // namespace kraft::flac
