#include "codecs/flac_frame.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "codecs/decoding.h"

namespace kraft::flac {
namespace {

constexpr std::size_t kChecksumBytes = 2;

// Reads from the most significant bit of each byte on.
class Bits {
 public:
  explicit Bits(ByteView bytes) : bytes_(bytes) {}

  std::size_t at() const { return at_; }

  std::uint32_t read(unsigned count) {  // at most 32
    if (count == 0) return 0;
    const auto value = static_cast<std::uint32_t>(window() >> (64 - count));
    skip(count);
    return value;
  }

  void skip(std::size_t count) {
    if (count > 8 * bytes_.size() - at_) fail_truncated("flac frame");
    at_ += count;
  }

  // Reads zeros and the one after them; returns how many zeros there were.
  std::size_t unary() {
    std::size_t zeros = 0;
    for (;;) {
      const auto here = static_cast<std::size_t>(std::countl_zero(window()));
      if (here < kWindowBits) {
        skip(here + 1);
        return zeros + here;
      }
      skip(kWindowBits);
      zeros += kWindowBits;
    }
  }

 private:
  static constexpr unsigned kWindowBits = 57;  // of a window that are bits of the frame at least

  // The next bits, the first one highest; zeros behind the end.
  std::uint64_t window() const {
    const Byte* next = bytes_.data() + at_ / 8;
    const std::size_t count = std::min<std::size_t>(8, bytes_.size() - at_ / 8);
    std::uint64_t value = 0;
    if (count == 8) {  // compilers make one instruction of it
      for (std::size_t i = 0; i < 8; ++i) value = value << 8 | next[i];
    } else {
      for (std::size_t i = 0; i < count; ++i) value |= std::uint64_t{next[i]} << (56 - 8 * i);
    }
    return value << at_ % 8;
  }

  ByteView bytes_;
  std::size_t at_ = 0;  // at most 8 * bytes_.size()
};

struct Header {
  std::size_t samples = 0;  // of each channel
  std::size_t channels = 0;
  std::size_t depth_bits = 0;
  std::size_t side_channel = SIZE_MAX;  // the one with a bit more
};

std::size_t block_samples(Bits& bits, unsigned code) {
  if (code == 0) fail_damaged("flac frame", "its block size is reserved");
  if (code == 1) return 192;
  if (code < 6) return std::size_t{576} << (code - 2);
  if (code < 8) return bits.read(code == 6 ? 8 : 16) + 1;
  return std::size_t{256} << (code - 8);
}

Header read_header(Bits& bits, std::size_t depth_bits) {
  if (bits.read(15) != 0x7ffc) fail_damaged("flac frame", "it does not begin like one");
  bits.skip(1);  // fixed or variable block size
  const unsigned size_code = bits.read(4);
  const unsigned rate_code = bits.read(4);
  const unsigned channel_code = bits.read(4);
  const unsigned depth_code = bits.read(3);
  bits.skip(1);
  // The frame's number, in the manner of UTF-8: as many bytes as the first has leading ones.
  const auto ones = static_cast<unsigned>(std::countl_one(static_cast<Byte>(bits.read(8))));
  if (ones == 1 || ones == 8) fail_damaged("flac frame", "its number is none");
  bits.skip(8 * (ones == 0 ? 0 : ones - 1));

  constexpr std::size_t kDepths[] = {0, 8, 12, 0, 16, 20, 24, 32};
  Header header;
  header.samples = block_samples(bits, size_code);
  header.depth_bits = depth_code == 0 ? depth_bits : kDepths[depth_code];
  header.channels = channel_code < 8 ? channel_code + 1 : 2;
  if (channel_code == 9) header.side_channel = 0;                        // side, right
  if (channel_code == 8 || channel_code == 10) header.side_channel = 1;  // left or middle, side
  if (channel_code > 10 || header.depth_bits == 0)
    fail_damaged("flac frame", "its channels or their depth are reserved");
  bits.skip(rate_code == 12 ? 8 : rate_code == 13 || rate_code == 14 ? 16 : 0);
  bits.skip(8);  // checksum of the header
  return header;
}

// Rice codes of the samples after the predictor's first ones, in partitions with a parameter each.
void read_residual(Bits& bits, std::size_t samples, Subframe& channel) {
  const std::size_t order = channel.coefficients.size();
  const unsigned method = bits.read(2);
  if (method > 1) fail_damaged("flac frame", "its residual's method is reserved");
  const unsigned parameter_bits = 4 + method;
  const unsigned partition_order = bits.read(4);
  const std::size_t partition_samples = samples >> partition_order;
  if (partition_samples << partition_order != samples || partition_samples < order)
    fail_damaged("flac frame", "its partitions do not fit");
  for (std::size_t p = 0; p < std::size_t{1} << partition_order; ++p) {
    const std::size_t count = partition_samples - (p == 0 ? order : 0);
    unsigned parameter = bits.read(parameter_bits);
    const bool is_rice = parameter != (1u << parameter_bits) - 1;
    if (is_rice) {
      for (std::size_t i = 0; i < count; ++i) {
        bits.unary();
        bits.skip(parameter);
      }
    } else {
      parameter = bits.read(5);
      bits.skip(count * parameter);
    }
    channel.partitions.push_back({is_rice, parameter});
  }
}

std::int32_t read_signed(Bits& bits, unsigned count) {
  const auto value = static_cast<std::int32_t>(bits.read(count));
  return value >= 1 << (count - 1) ? value - (1 << count) : value;
}

Subframe read_subframe(Bits& bits, std::size_t samples, std::size_t depth_bits) {
  Subframe channel;
  bits.skip(1);
  const unsigned type = bits.read(6);
  if (bits.read(1)) {
    channel.wasted_bits = static_cast<unsigned>(bits.unary()) + 1;
    if (channel.wasted_bits >= depth_bits) fail_damaged("flac frame", "it wastes all of its bits");
    depth_bits -= channel.wasted_bits;
  }
  if (type <= 1) {
    channel.kind = type == 0 ? Subframe::Kind::constant : Subframe::Kind::verbatim;
    bits.skip((type == 0 ? 1 : samples) * depth_bits);
    return channel;
  }
  const bool linear = type >= 32;
  if (!linear && (type < 8 || type > 12)) fail_damaged("flac frame", "its predictor is reserved");
  const std::size_t order = linear ? type - 31 : type - 8;
  bits.skip(order * depth_bits);
  channel.kind = Subframe::Kind::predicted;
  if (linear) {
    const unsigned precision_bits = bits.read(4) + 1;
    const std::int32_t shift = read_signed(bits, 5);
    if (shift < 0) fail_damaged("flac frame", "its predictor is shifted to the left");
    channel.shift = static_cast<unsigned>(shift);
    for (std::size_t i = 0; i < order; ++i)
      channel.coefficients.push_back(read_signed(bits, precision_bits));
  } else {  // the differences of samples, order times
    static const std::vector<std::int32_t> kFixed[] = {
        {}, {1}, {2, -1}, {3, -3, 1}, {4, -6, 4, -1}};
    channel.coefficients = kFixed[order];
  }
  read_residual(bits, samples, channel);
  return channel;
}

}  // namespace

Frame read_frame(ByteView bytes, std::size_t depth_bits) {
  if (bytes.size() < kChecksumBytes) fail_truncated("flac frame");
  bytes = bytes.first(bytes.size() - kChecksumBytes);
  Bits bits(bytes);
  const Header header = read_header(bits, depth_bits);
  Frame frame;
  frame.samples = header.samples;
  for (std::size_t channel = 0; channel < header.channels; ++channel)
    frame.channels.push_back(read_subframe(
        bits, header.samples, header.depth_bits + (channel == header.side_channel ? 1 : 0)));
  const std::size_t left_bits = 8 * bytes.size() - bits.at();
  if (left_bits >= 8) fail_damaged("flac frame", "it goes on behind its last channel");
  frame.padding_bits = static_cast<unsigned>(left_bits);
  return frame;
}

}  // namespace kraft::flac
