// What a block of a WavPack file says of how its samples are coded: all that a decoder needs before
// the first of them.
//
//     const wavpack::Block block = wavpack::read_block(bytes);
//     block.passes;      // the predictors, in the order in which a decoder applies them
//     block.words;       // the samples, as the entropy coder wrote them
//
// The format is described in "WavPack 4 & 5 Binary File / Block Format" (David Bryant), which comes
// with WavPack, and by libwavpack.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kraft/bytes.h"

namespace kraft::wavpack {

// One of the predictors of the cascade, as it stands before the first sample. Of mono blocks only
// channel 0 counts.
struct Pass {
  // From how far back it predicts: 1 to 8, that sample of the same channel; 17, the line through
  // the last two, 18, half as steep; below 0 from the other channel: -1 the right sample from the
  // left one beside it, and the left from the last right one; -2 the other way round; -3 each from
  // the other's last one.
  int term = 1;
  int delta = 0;                                            // by how much a weight changes, 0 to 7
  std::array<std::int32_t, 2> weights = {};                 // of each channel, by 1,024
  std::array<std::array<std::int32_t, 8>, 2> samples = {};  // of each channel, before the first
};

struct Block {
  std::size_t samples = 0;   // of each channel
  std::size_t channels = 1;  // that are coded, 1 or 2
  bool is_doubled = false;   // the one that is coded stands for two that are the same
  bool is_joint = false;     // the left channel holds left - right, the right one their mean
  std::vector<Pass> passes;
  std::array<std::array<std::uint32_t, 3>, 2> medians = {};  // of each channel, by 16

  // What the low bits of all samples have in common, and is left out of them: they are zeros, ones,
  // or all like the lowest bit that is left.
  enum class Low { any, zeros, ones, alike };
  Low low = Low::any;
  unsigned low_bits = 0;

  ByteView words;  // of the bytes that were read: from the lowest bit of each byte on
};

// Reads the block that `bytes` begin with. Throws Error when it is none, is damaged, or has what
// lossless blocks of 8 and 16 bits do not: hybrid or floating-point coding, DSD, or samples that
// are wider than the words. O(1), nothing is decoded.
Block read_block(ByteView bytes);

// The bytes of the block that `bytes` begin with, by its header alone. Throws Error.
std::size_t block_bytes(ByteView bytes);

}  // namespace kraft::wavpack
