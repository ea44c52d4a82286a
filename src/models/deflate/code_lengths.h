// The code lengths of a tree, as the header of a block spells them out.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "models/deflate/heap_lanes.h"

namespace kraft::deflate {

// The 19 counts of the code-length alphabet, packed so that they can be added, subtracted and
// compared three words at a time. There are at most 316 code lengths in a block, and two trees can
// hold at most 4 codes of one bit, 8 of two bits and so on.
struct Counts {
  std::uint64_t w[3] = {0, 0, 0};

  Counts& operator+=(const Counts& o) {
    for (int i = 0; i < 3; ++i) w[i] += o.w[i];
    return *this;
  }
  Counts& operator-=(const Counts& o) {
    for (int i = 0; i < 3; ++i) w[i] -= o.w[i];
    return *this;
  }
  bool operator==(const Counts&) const = default;

  struct Place {
    int word, shift, width;
  };
  static constexpr Place kPlaces[19] = {{2, 0, 9},  {0, 0, 3},  {0, 3, 4},  {0, 7, 5},  {0, 12, 6},
                                        {0, 18, 7}, {0, 25, 8}, {0, 33, 9}, {0, 42, 9}, {0, 51, 9},
                                        {1, 0, 9},  {1, 9, 9},  {1, 18, 9}, {1, 27, 9}, {1, 36, 9},
                                        {1, 45, 9}, {2, 9, 9},  {2, 18, 9}, {2, 27, 9}};

  void add(int symbol, int n) {
    const Place p = kPlaces[symbol];
    w[p.word] += static_cast<std::uint64_t>(n) << p.shift;
  }
  std::uint16_t get(int symbol) const {
    const Place p = kPlaces[symbol];
    return static_cast<std::uint16_t>(w[p.word] >> p.shift & ((1u << p.width) - 1));
  }
};

// How a run of zeros, and a run of one other length, is coded (RFC 1951, section 3.2.7).
struct RunTables {
  std::array<Counts, kMaxLeaves + 2> zeros;
  struct Repeats {
    std::int16_t written, repeats;
  };
  std::array<Repeats, kMaxLeaves + 2> others;

  RunTables();
};
extern const RunTables kRuns;

// A set of positions, one bit each.
struct Bits {
  std::array<std::uint64_t, 6> w{};

  void set(int i) { w[i >> 6] |= std::uint64_t{1} << (i & 63); }
  void clear(int i) { w[i >> 6] &= ~(std::uint64_t{1} << (i & 63)); }

  // The same when something is put ahead of position i: nothing holds of i - 1 and i any more, and
  // what held behind is one further on.
  Bits with_gap_at(int i) const {
    Bits moved;
    for (int k = 0; k < 6; ++k) moved.w[k] = w[k] << 1 | (k > 0 ? w[k - 1] >> 63 : 0);
    const int word = i >> 6;
    const std::uint64_t below = (std::uint64_t{1} << (i & 63)) - 1;
    for (int k = 0; k < word; ++k) moved.w[k] = w[k];
    moved.w[word] = (w[word] & below) | (moved.w[word] & ~below);
    moved.clear(i);
    if (i > 0) moved.clear(i - 1);
    return moved;
  }
  bool test(int i) const { return (w[i >> 6] >> (i & 63) & 1) != 0; }
};

// The symbols in use, in order.
struct Leaves {
  int n = 0;
  std::array<std::uint16_t, kMaxLeaves + 2> symbol;
  std::array<Key, kMaxLeaves + 18> frequency{};  // << 15
  Bits adjacent;                                 // bit i: symbol[i + 1] == symbol[i] + 1
  Counts zero_runs;

  void collect(std::span<const std::uint16_t> frequencies);
};

// A finished tree, as far as its price needs it.
struct Tree {
  std::uint32_t body_bits = 0;
  Counts lengths;  // how many codes of each length
  // By leaf. Runs are looked for 64 leaves at a time, each beside the next.
  alignas(16) std::array<std::uint8_t, 64 * 5 + 16> length;
};

// Sets the counts of lengths from the length of each leaf.
void count_lengths(int leaves, Tree& tree);

// In place of the parent of a node without one: the node is at this depth.
inline constexpr std::uint16_t kAtDepth = 2 * kMaxLeaves;

// Depths of the leaves from the parents of `nodes` nodes. Lengths must not exceed 15.
void measure_tree(const std::uint16_t* parent, int leaves, int nodes, Tree& tree);

// Corrects counts for runs of four and more equal lengths of neighbouring symbols, which are coded
// as repeats.
void count_repeats(const std::uint8_t* length, int leaves, const Bits& adjacent, Counts& counts);

}  // namespace kraft::deflate
