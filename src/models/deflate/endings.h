// Where a Huffman tree no longer depends on the order of equal nodes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "models/deflate/heap_lanes.h"

namespace kraft::deflate {

// How a tree ends, whatever the order in which equal nodes, those of the same frequency and depth,
// are merged. Nodes leave the heap with rising keys, and the keys are the same for every such
// order. In the finished tree they lie higher and higher. Where a level ends between two nodes that
// differ, the key tells which side a node is on, and an exchange of equal ones changes no length.
// So zlib's heap need not be followed further than to the last level that ends between equals.
struct Ending {
  int merges = 0;               // to be made in zlib's order; two nodes or more are left
  std::uint32_t body_bits = 0;  // of the whole tree; 0: not known
  int levels = 0;               // a node left lies at 1 + how many limits its key is not above
  std::array<Key, kMaxCodeBits + 1> limit;
};

// Merges from two sorted queues, leaves and nodes made, for several trees in step.
class EndingFinder {
 public:
  static constexpr int kTrees = 4;

  // The leaves of the base, in any order.
  void set_base(std::span<const Key> frequencies);
  // The place, in order, of the last leaf of a frequency.
  int place_of(Key frequency) const {
    const auto end = base_.leaf.begin() + n_;
    return static_cast<int>(std::upper_bound(base_.leaf.begin(), end, frequency) -
                            base_.leaf.begin()) -
           1;
  }
  // Endings with one more occurrence of the leaf at each of some places, which fall. They must fall
  // from call to call, too: what lies ahead of a place is as in the base.
  void find(std::span<const int> places, std::span<Ending> endings);
  // With one more leaf, that occurs once.
  void find_new(Ending& ending);

 private:
  static constexpr int kMostMixed = 16;
  struct Queue {
    std::array<Key, kMaxLeaves + 3> leaf;
    std::array<Key, kMaxLeaves + 2> made;             // in order
    std::array<Key, kMaxLeaves + 2> first, second;    // what was merged
    std::array<std::uint32_t, kMaxLeaves + 2> body;   // of the nodes made before the merge
    std::array<std::uint16_t, kMaxLeaves + 2> taken;  // leaves, before the merge
    // Frequencies of which a deeper node was made before a less deep one: such a node's children
    // leave the heap in the other order than the nodes do.
    std::array<Key, kMostMixed> mixed;
    int mixed_count = 0;
  };

  template <int L>
  static void run(Queue* queue, int n, int from);
  static void put_in_order(Queue& queue, std::uint32_t made);
  static bool ends_level(const Queue& queue, int merges);
  static void read(const Queue& queue, int n, Ending& ending);

  int n_ = 0;
  Queue base_;
  Queue queue_[kTrees];
};

// The depths of nodes left, given by their keys. Writes up to 15 bytes too many, and reads keys as
// far. Keys are compared as signed numbers: a block has fewer than 65,536 symbols.
void find_depths(const Key* keys, int count, const Ending& ending, std::uint8_t* depth);

}  // namespace kraft::deflate
