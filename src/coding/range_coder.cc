#include <algorithm>
#include <utility>

#include "base/text.h"
#include "coding/wide.h"
#include "kraft/coder.h"
#include "kraft/error.h"

namespace kraft {
namespace {

constexpr std::uint64_t kLeastRange = std::uint64_t{1} << 56;
constexpr std::size_t kStateBytes = 8;

std::uint64_t share(std::uint64_t range, std::uint64_t mass) {
  return static_cast<std::uint64_t>(Wide{range} * mass >> IntegerDistribution::kTotalBits);
}

// How a stream ends: with the number in [low, low + range) that has the fewest bytes. Behind the
// end the decoder reads zeros; since range >= 2^56, one byte is always enough.
struct Ending {
  std::size_t bytes = 0;    // 0 or 1
  std::uint64_t above = 0;  // the number, less low
};

Ending ending(std::uint64_t low, std::uint64_t range) {
  const std::uint64_t to_carry = 0 - low;  // up to the next number that has no byte at all
  if (to_carry < range) return {0, to_carry};
  return {1, to_carry & (kLeastRange - 1)};
}

}  // namespace

void RangeEncoder::encode(const IntegerDistribution& distribution, std::size_t symbol) {
  const std::uint64_t begin = share(range_, distribution.begin(symbol));
  const std::uint64_t end = share(range_, distribution.begin(symbol) + distribution.mass(symbol));
  narrow(begin, end - begin);
}

void RangeEncoder::encode(std::uint64_t before, std::uint64_t mass, std::uint64_t total) {
  const std::uint64_t unit = range_ / total;
  narrow(before * unit, mass * unit);
}

void RangeEncoder::narrow(std::uint64_t begin, std::uint64_t range) {
  low_ += begin;
  if (low_ < begin) carry();
  range_ = range;
  while (range_ < kLeastRange) shift();
}

// There is always a byte to carry into: all that was encoded lies below 1.
void RangeEncoder::carry() {
  std::size_t at = stream_.size();
  while (++stream_[--at] == 0) {
  }
}

void RangeEncoder::shift() {
  stream_.push_back(static_cast<Byte>(low_ >> 56));
  low_ <<= 8;
  range_ <<= 8;
}

Bytes RangeEncoder::finish() {
  const Ending end = ending(low_, range_);
  low_ += end.above;
  if (low_ < end.above) carry();
  if (end.bytes == 1) shift();
  low_ = 0;
  range_ = UINT64_MAX;
  return std::exchange(stream_, {});
}

RangeDecoder::RangeDecoder(ByteView stream) : stream_(stream) { begin(); }

RangeDecoder::RangeDecoder(std::function<Byte()> source) : source_(std::move(source)) { begin(); }

void RangeDecoder::begin() {
  for (std::size_t i = 0; i < kStateBytes; ++i) code_ = code_ << 8 | next();
  value_ = code_;
  if (value_ < range_) return;
  // The interval begins one short of 2^64: the last number belongs to nobody.
  no_encoder_wrote_it_ = true;
  value_ = range_ - 1;
}

Byte RangeDecoder::next() {
  ++taken_bytes_;
  if (source_) return source_();
  return taken_bytes_ <= stream_.size() ? stream_[taken_bytes_ - 1] : Byte{0};
}

std::size_t RangeDecoder::decode(const IntegerDistribution& distribution) {
  // The symbol is the last one with share(range, begin) <= value.
  const auto target = static_cast<std::uint64_t>(
      (((Wide{value_} + 1) << IntegerDistribution::kTotalBits) - 1) / range_);
  const std::size_t symbol = distribution.find(target);
  const std::uint64_t begin = share(range_, distribution.begin(symbol));
  const std::uint64_t end = share(range_, distribution.begin(symbol) + distribution.mass(symbol));
  narrow(begin, end - begin);
  return symbol;
}

// What lies beyond the last whole unit belongs to nobody: no encoder comes there.
std::uint64_t RangeDecoder::target(std::uint64_t total) const {
  return std::min(value_ / (range_ / total), total - 1);
}

void RangeDecoder::take(std::uint64_t before, std::uint64_t mass, std::uint64_t total) {
  const std::uint64_t unit = range_ / total;
  if (value_ - before * unit >= mass * unit) {
    no_encoder_wrote_it_ = true;
    value_ = before * unit + mass * unit - 1;
  }
  narrow(before * unit, mass * unit);
}

void RangeDecoder::narrow(std::uint64_t begin, std::uint64_t range) {
  value_ -= begin;
  range_ = range;
  while (range_ < kLeastRange) shift();
  if (!source_ && taken_bytes_ > stream_.size() + kStateBytes)
    throw Error("the coded stream is truncated");
}

void RangeDecoder::shift() {
  const Byte byte = next();
  code_ = code_ << 8 | byte;
  value_ = value_ << 8 | byte;
  range_ <<= 8;
}

void RangeDecoder::finish() const {
  const Ending end = ending(code_ - value_, range_);
  const std::size_t expected_bytes = taken_bytes_ - kStateBytes + end.bytes;
  if (stream_.size() < expected_bytes) throw Error("the coded stream is truncated");
  if (stream_.size() > expected_bytes)
    throw Error("the coded stream is followed by " + grouped(stream_.size() - expected_bytes) +
                " other bytes");
  if (no_encoder_wrote_it_ || value_ != end.above) throw Error("the coded stream is damaged");
}

}  // namespace kraft
