// The contexts of the next byte, and what they are made from.

#include <algorithm>
#include <array>

#include "models/cm/predictor.h"

namespace kraft::cm {
namespace {

bool is_letter(unsigned byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte >= 128;
}

// What hardly occurs in text.
bool is_strange(unsigned byte) {
  return byte < 9 || (byte > 13 && byte < 32) || byte == 127 || byte > 247;
}

// How many of the latest bytes must have occurred before.
constexpr std::array<unsigned, 2> kMatchBytes = {6, 12}, kMatchBytesOfMax = {5, 10};
// A match this long goes on after a byte that it did not expect, up to so many times.
constexpr std::uint32_t kTrusted = 16, kMostMissed = 8;
// Data is binary when a sixteenth of its bytes hardly occur in text; in units of 2^-12.
constexpr std::uint32_t kBinary = 256;
constexpr std::uint32_t kMostMatch = 65535, kLongestLook = 400;
constexpr std::uint32_t kMatchClasses = 32;

}  // namespace

std::uint32_t Predictor::class_of_match(std::uint32_t length) {
  if (length < 16) return length;
  if (length < 32) return 16 + (length - 16) / 4;
  return std::min(kMatchClasses - 1, 20 + (length - 32) / 16);
}

const Predictor::Match& Predictor::longer_match() const {
  return at_.matches[1].length > 0 ? at_.matches[1] : at_.matches[0];
}

unsigned Predictor::expected_byte() const {
  const Match& match = longer_match();
  return match.length > 0 ? history_at(match.at) | 256u : 0;
}

void Predictor::set_contexts() {
  if (in_picture()) {
    set_pixel_contexts();
  } else if (at_.binary > kBinary) {
    set_binary_contexts();
  } else {
    set_text_contexts();
  }
}

// Those that refine one another in the chain come first.
void Predictor::set_text_contexts() {
  Registers& r = at_;
  const std::uint64_t last = r.last;
  const auto latest = [last](unsigned bytes) {
    return last & ((std::uint64_t{1} << 8 * bytes) - 1);
  };
  const unsigned c1 = last & 255;
  const std::uint32_t word = r.words[0];
  std::size_t n = 0;
  const auto add = [&](std::uint64_t a, std::uint64_t b = 0) {
    r.contexts[n] = hash_of(a, b * 64 + n);
    ++n;
  };
  for (unsigned order = 1; order <= 6; ++order) add(latest(order));
  add(word, is_letter(c1) ? 0 : c1 + 1);
  add(word, r.words[1]);
  add(last);
  add(last & 0xff00ff);
  add(r.words[1], c1);
  if (effort_ == Effort::normal) return;
  const std::uint64_t column = std::min<std::uint64_t>(r.position - r.line_begin, 255);
  const std::uint32_t above =
      r.line_before + std::min(static_cast<std::uint32_t>(column), r.line_begin - r.line_before);
  const unsigned after_one = *memory_.read<std::uint16_t>(indirect_ + c1 * 4);
  const unsigned after_two =
      *memory_.read<std::uint16_t>(indirect_ + 1024 + static_cast<Address>(last & 0xffff) * 4);
  add(word, r.words[2]);
  add(latest(3) >> 8);
  add(latest(4) >> 8);
  add(latest(4) >> 16);
  add(last & 0xf0f0f0f0, 1);
  add(r.letters & 0xffffffffff);
  add(hash_of(word, r.words[1]), r.words[2]);
  add(column, history_at(above));
  add(latest(7));
  add(word, r.words[3]);
  add(expected_byte(), class_of_match(longer_match().length) << 8 | c1);
  add(after_one, c1);
  add(after_two, latest(2));
  add(after_two & 255, latest(1));
  add(r.letters & 0xffffff);
  add(r.letters & 0xffffffffffffff);
  add(column, is_letter(c1) ? 256 : c1);
  add(word, hash_of(r.words[2], r.words[3]));
  add(hash_of(word, r.words[1]), hash_of(r.words[2], r.words[3]));
  add(last & 0xff00ffff);
  add(c1, r.letters >> 8 & 0xffff);
}

// Of machine code and tables of numbers: bytes at some distance, and where in a word they stand.
void Predictor::set_binary_contexts() {
  Registers& r = at_;
  const std::uint64_t last = r.last;
  const auto latest = [last](unsigned bytes) {
    return last & ((std::uint64_t{1} << 8 * bytes) - 1);
  };
  const unsigned c1 = last & 255;
  const auto phase = static_cast<unsigned>(r.position & 3);
  std::size_t n = 0;
  const auto add = [&](std::uint64_t a, std::uint64_t b = 0) {
    r.contexts[n] = hash_of(a, b * 64 + n + (std::uint64_t{1} << 40));
    ++n;
  };
  for (unsigned order = 1; order <= 6; ++order) add(latest(order));
  add(last & 0xff00, phase);
  add(last & 0xffff00);
  add(last & 0xff00ff);
  add(last & 0xffff0000);
  add(last & 0xf8f0f8f8);
  if (effort_ == Effort::normal) return;
  const unsigned after_one = *memory_.read<std::uint16_t>(indirect_ + c1 * 4);
  const unsigned after_two =
      *memory_.read<std::uint16_t>(indirect_ + 1024 + static_cast<Address>(last & 0xffff) * 4);
  add(last & 0xff0000, phase);
  add(last & 0xff000000, phase);
  add(last & 0xff00ff00);
  add(last & 0xffffff00);
  add(last & 0xff0000ff);
  add(last & 0xff00ffff);
  add(last & 0xffff00ff);
  add(last & 0xff00000000000000);
  add(last & 0xff000000ff000000);
  add(last & 0xffff000000000000);
  add(last & 0xffff00000000);
  add(last & 0xff00000000, 1);
  add(latest(7));
  add(last);
  add(after_one, c1);
  add(after_two, latest(2));
  add(last & 0xe0e0e0e0e0e0, 2);
  add(last & 0xf0ff, phase);
  add(c1, r.position & 15);
  add(expected_byte(), class_of_match(longer_match().length) << 8 | c1);
  add(r.before & 0xff, last >> 56);
}

// All that contexts are made from learns the byte.
void Predictor::remember(Byte byte) {
  Registers& r = at_;
  if (effort_ == Effort::max && r.learns) {
    const auto one = static_cast<Address>(r.last & 255),
               two = static_cast<Address>(r.last & 0xffff);
    for (const Address at : {indirect_ + one * 4, indirect_ + 1024 + two * 4}) {
      auto& after = *memory_.write<std::uint16_t>(at);
      after = static_cast<std::uint16_t>(after << 8 | byte);
    }
  }
  *memory_.write<Byte>(history_ + static_cast<Address>(r.position & (history_bytes_ - 1))) = byte;
  ++r.position;
  r.before = r.before << 8 | r.last >> 56;
  r.last = r.last << 8 | byte;
  if (is_letter(byte)) {
    const unsigned lower = byte >= 'A' && byte <= 'Z' ? byte + 32u : byte;
    r.words[0] = hash_of(r.words[0], lower);
    r.letters = r.letters << 8 | lower;
  } else {
    if (r.words[0] != 0) {
      std::copy_backward(r.words.begin(), r.words.end() - 1, r.words.end());
      r.words[0] = 0;
    }
    const unsigned shown = byte > ' ' ? byte : unsigned{' '};
    if (shown != ' ' || (r.letters & 255) != ' ') r.letters = r.letters << 8 | shown;
  }
  r.binary += (is_strange(byte) ? 64 : 0) - (r.binary >> 6);
  if (byte == '\n') {
    r.line_before = r.line_begin;
    r.line_begin = static_cast<std::uint32_t>(r.position);
  }
}

// Goes on with what is matched, or looks for a new match in the table of the latest places. Where
// nothing is learnt, matches end with what was learnt.
void Predictor::update_matches() {
  const std::uint64_t position = at_.position;
  const Byte byte = static_cast<Byte>(at_.last);
  for (std::size_t m = 0; m < kMatches; ++m) {
    Match& match = at_.matches[m];
    if (match.length > 0 && history_at(match.at) == byte) {
      match.length = std::min(match.length + 1, kMostMatch);
      ++match.at;
      if (match.length == kTrusted) match.missed = 0;
    } else if (match.length > 0 && (match.length >= kTrusted || match.missed > 0) &&
               match.missed < kMostMissed) {
      match.length = 1;
      ++match.missed;
      ++match.at;
    } else {
      match.length = match.missed = 0;
    }
    if (!at_.learns && match.at >= at_.learnt_end) match = {};
    const unsigned bytes = (effort_ == Effort::max ? kMatchBytesOfMax : kMatchBytes)[m];
    if (position < bytes) continue;
    const std::uint32_t hash = bytes <= 8 ? hash_of(at_.last << 8 * (8 - bytes), 1)
                                          : hash_of(at_.last, at_.before << 8 * (16 - bytes));
    const Address place =
        match_table_ +
        (static_cast<Address>(m) * match_entries_ + (hash & (match_entries_ - 1))) * 4;
    const std::uint32_t latest = *memory_.read<std::uint32_t>(place);
    const bool weak = match.length == 0 || (match.missed > 0 && match.length < kTrusted);
    if (weak && latest != 0 && position - latest < history_bytes_) {
      const std::uint64_t most =
          std::min<std::uint64_t>({latest, history_bytes_ - (position - latest), kLongestLook});
      std::uint32_t length = 0;
      while (length < most && history_at(latest - 1 - length) == history_at(position - 1 - length))
        ++length;
      if (length >= bytes && length > match.length) match = {latest, length, 0};
    }
    if (at_.learns) *memory_.write<std::uint32_t>(place) = static_cast<std::uint32_t>(position);
  }
}

}  // namespace kraft::cm
