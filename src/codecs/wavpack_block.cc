#include "codecs/wavpack_block.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "codecs/decoding.h"
#include "kraft/error.h"

namespace kraft::wavpack {
namespace {

const std::string kName = "wavpack";

constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kMostPasses = 16;
constexpr std::uint32_t kOldest = 0x402, kNewest = 0x410;  // versions that libwavpack decodes

// Flags of the header.
constexpr std::uint32_t kMono = 1u << 2, kHybrid = 1u << 3, kJoint = 1u << 4, kFloat = 1u << 7,
                        kLowBits = 1u << 8, kFalseStereo = 1u << 30, kDsd = 1u << 31;
constexpr unsigned kShiftAt = 13;  // of 5 bits

// Pieces of a block. Those of kOptional may be passed over by who does not know them.
enum Piece : unsigned {
  kDummy = 0,
  kEncoderInfo = 1,
  kTerms = 2,
  kWeights = 3,
  kSamples = 4,
  kMedians = 5,
  kLowBitsInfo = 9,
  kWords = 10,
  kChannelInfo = 13,
  kOptional = 0x20,
};
constexpr unsigned kPieceMask = 0x3f, kOddSize = 0x40, kLarge = 0x80;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(kName + ": " + what + " is not read");
}

std::uint32_t word16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] | bytes[at + 1] << 8);
}

std::uint32_t word32(ByteView bytes, std::size_t at) {
  return word16(bytes, at) | word16(bytes, at + 2) << 16;
}

// The number of which a logarithm of base 2 was written, in units of 1/256: its mantissa is rounded
// to 9 bits.
std::int32_t power(std::int32_t logarithm) {
  if (logarithm < 0) return -power(-logarithm);
  static const std::array<std::uint32_t, 256> mantissas = [] {
    std::array<std::uint32_t, 256> all;
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] =
          static_cast<std::uint32_t>(std::lround(256 * std::exp2(static_cast<double>(i) / 256)));
    return all;
  }();
  const std::uint32_t mantissa = mantissas[static_cast<std::size_t>(logarithm & 255)];
  const int exponent = logarithm >> 8;
  if (exponent > 31) fail_damaged(kName, "a number has more than 31 bits");
  return static_cast<std::int32_t>(exponent <= 9 ? mantissa >> (9 - exponent)
                                                 : mantissa << (exponent - 9));
}

std::int32_t signed_power(ByteView bytes, std::size_t at) {
  return power(static_cast<std::int16_t>(word16(bytes, at)));
}

std::int32_t weight(Byte stored) {
  const std::int32_t weight = static_cast<std::int8_t>(stored) * 8;
  return weight > 0 ? weight + ((weight + 64) >> 7) : weight;
}

// Passes are written in the order of the encoder, which is the reverse of the decoder's.
void read_terms(ByteView piece, Block& block) {
  if (piece.size() > kMostPasses) fail_damaged(kName, "it has more than 16 passes");
  block.passes.assign(piece.size(), {});
  for (std::size_t p = 0; p < piece.size(); ++p) {
    const Byte byte = piece[piece.size() - 1 - p];
    Pass& pass = block.passes[p];
    pass.term = (byte & 31) - 5;
    pass.delta = byte >> 5;
    const bool known = (pass.term >= 1 && pass.term <= 8) || pass.term == 17 || pass.term == 18 ||
                       (pass.term < 0 && pass.term >= -3 && block.channels == 2);
    if (!known) fail_damaged(kName, "a pass has the term " + std::to_string(pass.term));
  }
}

void read_weights(ByteView piece, Block& block) {
  if (piece.size() % block.channels != 0 || piece.size() / block.channels > block.passes.size())
    fail_damaged(kName, "it has more weights than passes");
  for (std::size_t i = 0; i < piece.size(); ++i)
    block.passes[block.passes.size() - 1 - i / block.channels].weights[i % block.channels] =
        weight(piece[i]);
}

void read_samples(ByteView piece, Block& block) {
  std::size_t at = 0;
  const auto next = [&] {
    if (piece.size() - at < 2) fail_damaged(kName, "the samples before its first are cut short");
    at += 2;
    return signed_power(piece, at - 2);
  };
  for (std::size_t p = block.passes.size(); p > 0 && at < piece.size(); --p) {
    Pass& pass = block.passes[p - 1];
    if (pass.term > 8) {
      for (std::size_t c = 0; c < block.channels; ++c) {
        pass.samples[c][0] = next();
        pass.samples[c][1] = next();
      }
      continue;
    }
    const std::size_t count = pass.term > 0 ? static_cast<std::size_t>(pass.term) : 1;
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t c = 0; c < block.channels; ++c) pass.samples[c][i] = next();
    }
  }
  if (at < piece.size()) fail_damaged(kName, "it has more samples before its first than passes");
}

void read_medians(ByteView piece, Block& block) {
  if (piece.size() != 6 * block.channels) fail_damaged(kName, "its medians have another size");
  for (std::size_t i = 0; i < 3 * block.channels; ++i)
    block.medians[i / 3][i % 3] =
        static_cast<std::uint32_t>(power(static_cast<std::int32_t>(word16(piece, 2 * i))));
}

void read_low_bits(ByteView piece, Block& block) {
  if (piece.size() != 4) fail_damaged(kName, "what its low bits are has another size");
  if (piece[0] > 0) refuse("a block of samples that are wider than its words");
  constexpr std::array kinds = {Block::Low::zeros, Block::Low::ones, Block::Low::alike};
  for (std::size_t i = 0; i < kinds.size() && block.low_bits == 0; ++i) {
    block.low = kinds[i];
    block.low_bits = piece[i + 1];
  }
  if (block.low_bits == 0) block.low = Block::Low::any;
  if (block.low_bits > 24) fail_damaged(kName, "it has more low bits than samples have");
}

void check_flags(std::uint32_t flags) {
  if ((flags & kDsd) != 0) refuse("DSD");
  if ((flags & kFloat) != 0) refuse("floating point");
  if ((flags & kHybrid) != 0) refuse("a hybrid block");
  if ((flags >> kShiftAt & 31) != 0) refuse("a block of shifted samples");
}

void read_piece(unsigned piece, ByteView bytes, Block& block, bool& has_words) {
  switch (piece) {
    case kTerms:
      return read_terms(bytes, block);
    case kWeights:
      return read_weights(bytes, block);
    case kSamples:
      return read_samples(bytes, block);
    case kMedians:
      return read_medians(bytes, block);
    case kLowBitsInfo:
      return read_low_bits(bytes, block);
    case kWords:
      block.words = bytes;
      has_words = true;
      return;
    case kDummy:
    case kEncoderInfo:
    case kChannelInfo:
      return;
    default:
      if ((piece & kOptional) == 0) refuse("a piece of kind " + std::to_string(piece));
  }
}

}  // namespace

std::size_t block_bytes(ByteView bytes) {
  if (bytes.size() < kHeaderBytes) fail_truncated(kName);
  if (!std::ranges::equal(bytes.first(4), std::array<Byte, 4>{'w', 'v', 'p', 'k'}))
    fail_damaged(kName, "it does not begin with wvpk");
  const std::size_t size = std::size_t{word32(bytes, 4)} + 8;
  if (size < kHeaderBytes) fail_damaged(kName, "it is shorter than its header");
  if (size > bytes.size()) fail_truncated(kName);
  return size;
}

Block read_block(ByteView bytes) {
  const ByteView all = bytes.first(block_bytes(bytes));
  const std::uint32_t version = word16(all, 8), flags = word32(all, 24);
  if (version < kOldest || version > kNewest) refuse("version " + std::to_string(version));
  check_flags(flags);
  Block block;
  block.samples = word32(all, 20);
  block.is_doubled = (flags & (kMono | kFalseStereo)) == kFalseStereo;
  block.channels = (flags & kMono) != 0 || block.is_doubled ? 1 : 2;
  block.is_joint = (flags & kJoint) != 0 && block.channels == 2;
  bool has_words = false;
  for (ByteView rest = all.subspan(kHeaderBytes); !rest.empty();) {
    const unsigned id = rest[0];
    const std::size_t header = (id & kLarge) != 0 ? 4 : 2;
    if (rest.size() < header) fail_damaged(kName, "a piece is cut short");
    std::size_t size = rest[1];
    if (header == 4) size |= std::size_t{word16(rest, 2)} << 8;
    size *= 2;
    if (size > rest.size() - header || (size == 0 && (id & kOddSize) != 0))
      fail_damaged(kName, "a piece is cut short");
    const bool is_odd = (id & kOddSize) != 0;
    read_piece(id & kPieceMask, rest.subspan(header, size - is_odd), block, has_words);
    rest = rest.subspan(header + size);
  }
  if (block.samples > 0 && !has_words) fail_damaged(kName, "it has no samples");
  const bool has_low_bits = (flags & kLowBits) != 0;
  if (!has_low_bits) {
    block.low = Block::Low::any;
    block.low_bits = 0;
  }
  return block;
}

}  // namespace kraft::wavpack
