// The symbols of Brotli's codes, and the values that they stand for (RFC 7932, sections 4 to 6).
//
// A command is a run of literals and then a copy. One symbol says the code of both lengths, and for
// some whether the copy is from the last distance; then come the extra bits of either. Symbols of
// distances mean one of the last four or a value close to the last two (0 to 15), one of the
// shortest (NDIRECT of them), or a range; ranges are interleaved by the distance's NPOSTFIX lowest
// bits.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace kraft::brotli {

inline constexpr std::size_t kLengthCodes = 24;  // of runs, and of copies
inline constexpr std::size_t kCommands = 704;
inline constexpr int kRecentDistances = 16;

// Section 5.
inline constexpr std::array<std::uint32_t, kLengthCodes> kRunBase = {
    0,  1,  2,  3,  4,   5,   6,   8,   10,   14,   18,   26,
    34, 50, 66, 98, 130, 194, 322, 578, 1090, 2114, 6210, 22594};
inline constexpr std::array<std::uint8_t, kLengthCodes> kRunExtra = {
    0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10, 12, 14, 24};
inline constexpr std::array<std::uint32_t, kLengthCodes> kCopyBase = {
    2,  3,  4,  5,  6,  7,   8,   9,   10,  12,  14,   18,
    22, 30, 38, 54, 70, 102, 134, 198, 326, 582, 1094, 2118};
inline constexpr std::array<std::uint8_t, kLengthCodes> kCopyExtra = {
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10, 24};

// The symbols fall into cells of 64: eight codes of runs times eight of copies, which begin here.
inline constexpr std::array<std::uint8_t, 11> kCellRun = {0, 0, 0, 0, 8, 8, 0, 16, 8, 16, 16};
inline constexpr std::array<std::uint8_t, 11> kCellCopy = {0, 8, 0, 8, 0, 8, 16, 0, 16, 8, 16};

struct Command {
  std::size_t run_code, copy_code;
  bool last_distance;  // no distance follows: it is the last one
};

constexpr Command command(std::size_t symbol) {
  const std::size_t cell = symbol >> 6;
  return {kCellRun[cell] + (symbol >> 3 & 7), kCellCopy[cell] + (symbol & 7), cell < 2};
}

// The symbol of a command with a distance.
constexpr std::size_t command_of(std::size_t run_code, std::size_t copy_code) {
  std::size_t cell = 2;
  while (kCellRun[cell] != (run_code & ~std::size_t{7}) ||
         kCellCopy[cell] != (copy_code & ~std::size_t{7}))
    ++cell;
  return cell << 6 | (run_code & 7) << 3 | (copy_code & 7);
}

constexpr std::size_t copy_code_of(std::size_t length) {
  return static_cast<std::size_t>(std::ranges::upper_bound(kCopyBase, length) - kCopyBase.begin()) -
         1;
}

// Section 7.2: distances have a context, by the length of the copy.
inline constexpr std::size_t kDistanceContexts = 4;
constexpr std::size_t distance_context(std::uint64_t length) {
  return length > 4 ? 3 : static_cast<std::size_t>(length) - 2;
}

// Section 4, for the symbols from kRecentDistances on.
struct DistanceSymbols {
  int postfix_bits = 0;      // NPOSTFIX
  std::uint32_t direct = 0;  // NDIRECT

  std::size_t count() const {
    return kRecentDistances + direct + (std::size_t{48} << postfix_bits);
  }
  int extra_bits(std::size_t symbol) const {
    if (symbol < kRecentDistances + direct) return 0;
    return 1 + static_cast<int>((symbol - kRecentDistances - direct) >> (postfix_bits + 1));
  }
  // That of the extra bits x is farther away by x << postfix_bits.
  std::uint64_t first_distance(std::size_t symbol) const {
    if (symbol < kRecentDistances + direct) return symbol - kRecentDistances + 1;
    const std::size_t number = symbol - kRecentDistances - direct;
    const std::uint64_t high = number >> postfix_bits & 1;
    const std::uint64_t low = number & ((std::size_t{1} << postfix_bits) - 1);
    const std::uint64_t offset = ((2 + high) << extra_bits(symbol)) - 4;
    return (offset << postfix_bits) + low + direct + 1;
  }
  std::size_t symbol_of(std::uint64_t distance) const {
    if (distance <= direct) return kRecentDistances + static_cast<std::size_t>(distance) - 1;
    const std::uint64_t number = distance - direct - 1;
    const std::uint64_t low = number & ((std::uint64_t{1} << postfix_bits) - 1);
    const std::uint64_t range = (number >> postfix_bits) + 4;  // its two highest bits say which
    const int bits = static_cast<int>(std::bit_width(range)) - 2;
    const auto code = static_cast<std::uint64_t>(2 * (bits - 1)) + (range >> bits & 1);
    return kRecentDistances + direct + static_cast<std::size_t>(code << postfix_bits | low);
  }
};

// Sections 4 and 10: what the symbols up to 15 mean, and the last distances where a stream begins.
using LastDistances = std::array<std::uint32_t, 4>;  // the last one first
inline constexpr LastDistances kFirstLastDistances = {4, 11, 15, 16};
struct RecentDistance {
  std::uint8_t which;
  std::int8_t plus;
};
inline constexpr std::array<RecentDistance, kRecentDistances> kRecent = {{{0, 0},
                                                                          {1, 0},
                                                                          {2, 0},
                                                                          {3, 0},
                                                                          {0, -1},
                                                                          {0, 1},
                                                                          {0, -2},
                                                                          {0, 2},
                                                                          {0, -3},
                                                                          {0, 3},
                                                                          {1, -1},
                                                                          {1, 1},
                                                                          {1, -2},
                                                                          {1, 2},
                                                                          {1, -3},
                                                                          {1, 3}}};

// 0 where it would not be positive.
constexpr std::uint32_t recent_distance(const LastDistances& last, std::size_t symbol) {
  const std::int64_t distance = std::int64_t{last[kRecent[symbol].which]} + kRecent[symbol].plus;
  return distance > 0 ? static_cast<std::uint32_t>(distance) : 0;
}

// A distance that was not written as the symbol 0 becomes the last one.
constexpr void push(LastDistances& last, std::uint32_t distance) {
  last = {distance, last[0], last[1], last[2]};
}

// Section 7.1: the context of a literal, of the last byte and the one before, in one of four modes.
enum class LiteralMode : std::uint8_t { lowest_6_bits, highest_6_bits, utf8, signed_bytes };
inline constexpr std::size_t kLiteralContexts = 64;
std::size_t literal_context(LiteralMode mode, std::uint8_t last, std::uint8_t before);

}  // namespace kraft::brotli
