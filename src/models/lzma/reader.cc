#include "models/lzma/reader.h"

#include <algorithm>
#include <cmath>

#include "kraft/error.h"
#include "models/lzma/layout.h"

namespace kraft::lzma {
namespace {

constexpr std::size_t kCodeBytes = 5;  // the zero that the coder begins with, and a code

[[noreturn]] void fail(const char* what) {
  throw Error(std::string("liblzma wrote a chunk that ") + what);
}

std::uint32_t big_endian_16(ByteView bytes) {
  return std::uint32_t{bytes[0]} << 8 | std::uint32_t{bytes[1]};
}

ByteView checked_first(ByteView bytes, std::size_t size) {
  if (bytes.size() < size) fail("is cut off");
  return bytes.first(size);
}

}  // namespace

struct Reader::Decoder {
  Decoder(ByteView bytes, std::uint16_t* table) : payload(bytes), probabilities(table) {
    if (payload.size() < kCodeBytes || payload[0] != 0) fail("does not begin as LZMA does");
    for (at = 1; at < kCodeBytes; ++at) code = code << 8 | payload[at];
  }

  // The encoder, too, widens its interval only just before it narrows it again.
  void normalise() {
    if (range >= std::uint32_t{1} << 24) return;
    if (at == payload.size()) fail("ends too early");
    range <<= 8;
    code = code << 8 | payload[at++];
  }

  std::uint32_t bit(std::size_t index) {
    normalise();
    std::uint16_t& probability = probabilities[index];
    const std::uint32_t bound = (range >> 11) * probability;
    if (code < bound) {
      range = bound;
      probability = static_cast<std::uint16_t>(probability + ((2048 - probability) >> 5));
      return 0;
    }
    range -= bound;
    code -= bound;
    probability = static_cast<std::uint16_t>(probability - (probability >> 5));
    return 1;
  }

  std::uint32_t even_bits(unsigned count) {
    std::uint32_t value = 0;
    for (; count > 0; --count) {
      normalise();
      range >>= 1;
      const std::uint32_t set = code >= range ? 1 : 0;
      if (set != 0) code -= range;
      value = value << 1 | set;
    }
    return value;
  }

  std::uint32_t tree(std::size_t index, unsigned bits) {
    std::uint32_t node = 1;
    for (unsigned i = 0; i < bits; ++i) node = node << 1 | bit(index + node);
    return node - (1u << bits);
  }

  std::uint32_t reverse_tree(std::size_t index, unsigned bits) {
    std::uint32_t node = 1, value = 0;
    for (unsigned i = 0; i < bits; ++i) {
      const std::uint32_t set = bit(index + node);
      node = node << 1 | set;
      value |= set << i;
    }
    return value;
  }

  // Bits of the interval, after the last decision: the code has been shifted by a byte for each
  // that followed the first.
  double bits() {
    normalise();
    if (at != payload.size() || code != 0) fail("does not end with its interval's lower end");
    return 8.0 * static_cast<double>(at - kCodeBytes) + 32 - std::log2(range);
  }

  ByteView payload;
  std::uint16_t* probabilities;
  std::size_t at = 0;
  std::uint32_t range = UINT32_MAX;
  std::uint32_t code = 0;
};

Reader::Reader(std::uint32_t lc, std::uint32_t lp, std::uint32_t pb)
    : lc_(lc), lp_(lp), pb_(pb), probabilities_(kLiteral + (kLiteralCoder << (lc + lp))) {
  reset();
}

void Reader::reset() {
  std::ranges::fill(probabilities_, std::uint16_t{1024});
  state_ = 0;
  distances_ = {};
}

// Tokens, or stored bytes, begin at every position from here up to `last`.
void Reader::note(std::uint64_t last) {
  if (position_ <= note_at_) noted_ = {std::min(last, note_at_), state_, distances_};
}

void Reader::read(ByteView stream, const Text& text) {
  while (!stream.empty()) {
    const Byte control = stream[0];
    if (control == 0) {
      if (stream.size() > 1) fail("is followed by others after the last one");
      return;
    }
    stream = stream.subspan(control < 0x80 ? read_stored(stream, text) : read_chunk(stream, text));
  }
}

// Returns the size of the chunk in the stream.
std::uint64_t Reader::read_stored(ByteView stream, const Text& text) {
  constexpr std::size_t kHeader = 3;
  const std::size_t size = big_endian_16(checked_first(stream, kHeader).subspan(1)) + 1;
  const ByteView bytes = checked_first(stream, kHeader + size).subspan(kHeader);
  if (position_ + size > text.end()) fail("is longer than the message");
  for (std::size_t i = 0; i < size; ++i) {
    if (bytes[i] != text[position_ + i]) fail("stores another message");
  }
  note(position_ + size);
  position_ += size;
  stored_ += size;
  bits_ += 8.0 * static_cast<double>(size);
  return kHeader + size;
}

std::uint64_t Reader::read_chunk(ByteView stream, const Text& text) {
  const unsigned resets = stream[0] >> 5 & 3;  // 1: the state; 2: and new properties follow
  const std::size_t header = resets >= 2 ? 6 : 5;
  const ByteView head = checked_first(stream, header);
  const std::uint64_t bytes =
      (std::uint64_t{head[0]} & 31) << 16 | std::uint64_t{big_endian_16(head.subspan(1))};
  const std::size_t payload = big_endian_16(head.subspan(3)) + 1;
  if (resets >= 2 && head[5] != (pb_ * 5 + lp_) * 9 + lc_) fail("has other properties");
  if (resets >= 1) reset();
  read_symbols(checked_first(stream, header + payload).subspan(header), bytes + 1, text);
  return header + payload;
}

void Reader::read_symbols(ByteView payload, std::uint64_t bytes, const Text& text) {
  if (position_ + bytes > text.end()) fail("is longer than the message");
  Decoder decoder(payload, probabilities_.data());
  const std::uint64_t end = position_ + bytes;
  while (position_ < end) {
    note(position_);
    const auto place = static_cast<std::uint32_t>(position_ & ((1u << pb_) - 1));
    if (decoder.bit(kIsMatch + state_ * kPlaces + place) == 0) {
      read_literal(decoder, text);
      continue;
    }
    const bool repeat = decoder.bit(kIsRepeat + state_) != 0;
    const std::uint32_t length = repeat ? read_repeat(decoder, place) : read_match(decoder, place);
    if (length > end - position_) fail("copies beyond its end");
    copy(length, text);
  }
  bits_ += decoder.bits();
}

void Reader::read_literal(Decoder& decoder, const Text& text) {
  const std::uint32_t before = position_ == 0 ? 0 : text[position_ - 1];
  const auto low = static_cast<std::uint32_t>(position_ & ((1u << lp_) - 1));
  const std::size_t coder = kLiteral + kLiteralCoder * ((low << lc_) + (before >> (8 - lc_)));
  std::uint32_t symbol = 1;
  if (state_ >= kFirstMatchedState) {
    // What a longer match would have copied is known not to be next: its bits tell something.
    if (distances_[0] >= position_ - text.begin) fail("copies from before the message");
    std::uint32_t expected = text[position_ - distances_[0] - 1];
    while (symbol < 0x100) {
      const std::uint32_t expected_bit = expected >> 7 & 1;
      expected <<= 1;
      const std::uint32_t bit = decoder.bit(coder + ((1 + expected_bit) << 8) + symbol);
      symbol = symbol << 1 | bit;
      if (bit != expected_bit) break;
    }
  }
  while (symbol < 0x100) symbol = symbol << 1 | decoder.bit(coder + symbol);
  if ((symbol & 0xFF) != text[position_]) fail("codes another message");
  ++position_;
  state_ = after_literal(state_);
}

std::uint32_t Reader::read_match(Decoder& decoder, std::uint32_t place) {
  const std::uint32_t length = read_length(decoder, kMatchLength, place);
  const std::uint32_t distance = read_distance(decoder, length);
  distances_ = {distance, distances_[0], distances_[1], distances_[2]};
  state_ = after_match(state_);
  return length;
}

std::uint32_t Reader::read_repeat(Decoder& decoder, std::uint32_t place) {
  if (decoder.bit(kIsRepeat0 + state_) == 0) {
    if (decoder.bit(kIsRepeat0Long + state_ * kPlaces + place) == 0) {
      state_ = after_short_repeat(state_);
      return 1;
    }
  } else {
    std::size_t which = 1;
    if (decoder.bit(kIsRepeat1 + state_) != 0) which = 2 + decoder.bit(kIsRepeat2 + state_);
    std::rotate(distances_.begin(), distances_.begin() + static_cast<std::ptrdiff_t>(which),
                distances_.begin() + static_cast<std::ptrdiff_t>(which) + 1);
  }
  const std::uint32_t length = read_length(decoder, kRepeatLength, place);
  state_ = after_repeat(state_);
  return length;
}

std::uint32_t Reader::read_length(Decoder& decoder, std::size_t coder, std::uint32_t place) {
  if (decoder.bit(coder) == 0)
    return kShortestMatch + decoder.tree(coder + kLengthShort + place * 8, 3);
  if (decoder.bit(coder + 1) == 0)
    return kShortestMatch + 8 + decoder.tree(coder + kLengthMiddle + place * 8, 3);
  return kShortestMatch + 16 + decoder.tree(coder + kLengthLong, 8);
}

std::uint32_t Reader::read_distance(Decoder& decoder, std::uint32_t length) {
  const std::uint32_t by_length = std::min<std::uint32_t>(length - kShortestMatch, 3);
  const std::uint32_t slot = decoder.tree(kSlot + by_length * kSlotTree, 6);
  if (slot < 4) return slot;
  const unsigned low_bits = (slot >> 1) - 1;
  const std::uint32_t base = (2 | (slot & 1)) << low_bits;
  if (slot < 14) return base + decoder.reverse_tree(kMiddle + base - slot, low_bits);
  const std::uint32_t even = decoder.even_bits(low_bits - 4) << 4;
  return base + even + decoder.reverse_tree(kAlign, 4);
}

void Reader::copy(std::uint32_t length, const Text& text) {
  const std::uint64_t distance = std::uint64_t{distances_[0]} + 1;
  if (distance > position_ - text.begin) fail("copies from before the message");
  for (std::uint32_t i = 0; i < length; ++i, ++position_) {
    if (text[position_] != text[position_ - distance]) fail("copies another message");
  }
}

}  // namespace kraft::lzma
