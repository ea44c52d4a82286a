// Prices many blocks that differ by a symbol or two, exactly and together.
//
// A block's price depends on its two Huffman trees to the last tie: equal frequencies are merged in
// the order in which zlib's heap happens to hold them, and the header spells out the lengths. What
// can be shared between a block and the same block with one more literal, without leaving zlib's
// heap, is this:
//
// - A literal that occurs already and whose extra occurrence turns no comparison of the heap leaves
//   the tree as it is. The price grows by the literal's length.
// - If it turns one, everything before that comparison is as it was. The build starts again from a
//   snapshot of the heap shortly before.
// - Literals that do not occur yet enter the heap between the same two neighbours, if they lie in
//   the same gap of the alphabet: one tree prices them all, only the runs of zeros differ.
//   Gaps with nothing but literals that occur once between them share it as well: the heaps hold
//   the same frequencies in the same places.
// - Which of two equal nodes is merged first only matters if a level of the finished tree ends
//   between them. A merge of sorted frequencies, far cheaper than the heap's, tells where that last
//   happens; the heap is followed no further, and depths are read off the frequencies.
// - The tree of code lengths depends on its 19 counts only, and the distance tree on its 30: both
//   are remembered, and so are the trees of some bases, which a beam search comes back to.
//   Memories are keyed by all of what they depend on, never by a hash alone.
//
// The builds that remain run four at a time, in step and without branches.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kraft/bytes.h"
#include "models/deflate/trees.h"

namespace kraft::deflate {

// Scratch memory and caches; the answers do not depend on earlier calls. Up to 800 KB.
// A copy starts empty. One thread at a time.
class BlockPricer {
 public:
  BlockPricer();
  BlockPricer(const BlockPricer&);
  BlockPricer& operator=(const BlockPricer&) { return *this; }
  BlockPricer(BlockPricer&&) = default;
  ~BlockPricer();

  // bits[i] = dynamic_bits(base + one literal[i]), and others_bits[i] = dynamic_bits(others[i]).
  // Complexity: a tree build for each gap of the alphabet touched, for each of `others` and for a
  // part of each literal in use; see above.
  void price(const BlockTally& base, std::span<const Byte> literals, std::span<std::uint32_t> bits,
             std::span<const BlockTally> others, std::span<std::uint32_t> others_bits);

 private:
  struct Workspace;
  std::unique_ptr<Workspace> work_;
};

}  // namespace kraft::deflate
