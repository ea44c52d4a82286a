// zlib's heap of Huffman nodes, several at a time: what the pricer builds its trees with.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "models/deflate/symbols.h"

namespace kraft::deflate {

// A node of a heap: frequency << 15 | depth << 10 | node. Leaves are numbered in the order of
// their symbols, inner nodes follow in the order of their making.
using Key = std::uint32_t;
inline constexpr Key kNode = 1023;
inline constexpr Key kOne = Key{1} << 15;  // one more occurrence
inline constexpr Key kNothing = ~Key{0};   // fills the heap behind its end: larger than all

inline constexpr int kMaxLeaves = kLiteralCodes;
inline constexpr int kLanes = 4;
inline constexpr int kSnapshotEvery = 4;  // merges
inline constexpr std::uint16_t kNever = 0xffff;

constexpr Key frequency_part(Key key) { return key & ~(kOne - 1); }
constexpr Key depth_part(Key key) { return key & (kOne - 1) & ~kNode; }
inline constexpr Key kDepthOne = 1024;

// The node made of two.
constexpr Key merged(Key a, Key b, Key node) {
  return (frequency_part(a) + frequency_part(b)) |
         (std::max(depth_part(a), depth_part(b)) + kDepthOne) | node;
}
// Heaps that are worked on together. Between builds each heap is kNothing all through.
struct Lanes {
  alignas(64) Key heap[kLanes][2 * kMaxLeaves + 8];
  std::uint16_t parent[kLanes][2 * kMaxLeaves + 4];
  std::uint32_t body_bits[kLanes];
  int node[kLanes];  // the next inner node
  int leaves[kLanes];

  Lanes() { std::memset(heap, 0xff, sizeof heap); }
};

inline int levels_below(int k, int size) {
  return std::bit_width(static_cast<unsigned>(size / k)) - 1;
}

// One level of the sift of a node v, given without its number, from k down. Moves the smaller child
// of k up; if v may stay at k, k stays as well, and the child moved up is overwritten in the end.
// Which way it goes cannot be predicted, so nothing here may become a branch; compilers make one of
// the plain text below.
inline __attribute__((always_inline)) void sift_level(Key* heap, std::uint64_t& k, Key v) {
  std::uint64_t child = 2 * k;
  Key smaller = heap[child];
  const Key right = heap[child + 1];
#if defined(__x86_64__) && defined(__GNUC__)
  asm("cmpl %[limit], %[right]\n\t"
      "cmovbl %[right], %[smaller]\n\t"
      "adcq $0, %[child]"
      : [smaller] "+&r"(smaller), [child] "+&r"(child)
      : [right] "r"(right), [limit] "r"(smaller | kNode)
      : "cc");
  heap[k] = smaller;
  asm("cmpl %[v], %[smaller]\n\t"
      "cmovbq %[child], %[k]"
      : [k] "+&r"(k)
      : [v] "r"(v), [smaller] "r"(smaller), [child] "r"(child)
      : "cc");
#else
  if (right < (smaller | kNode)) {
    smaller = right;
    ++child;
  }
  heap[k] = smaller;
  if (smaller < v) k = child;
#endif
}

// Puts v[i] in place of the root of the subheap at `start` of each of L lanes, going down as many
// levels as there are.
template <int L>
inline __attribute__((always_inline)) void sift_down(Lanes& lanes, int lane, int start, int levels,
                                                     const Key (&v)[L]) {
  std::uint64_t k[L];
#pragma GCC unroll 4
  for (int i = 0; i < L; ++i) k[i] = static_cast<std::uint64_t>(start);
  for (; levels > 0; --levels) {
#pragma GCC unroll 4
    for (int i = 0; i < L; ++i) sift_level(lanes.heap[lane + i], k[i], v[i] & ~kNode);
  }
#pragma GCC unroll 4
  for (int i = 0; i < L; ++i) lanes.heap[lane + i][k[i]] = v[i];
}

template <int L>
void make_heaps(Lanes& lanes, int lane, int size) {
  for (int k = size / 2; k >= 1; --k) {
    Key v[L];
#pragma GCC unroll 4
    for (int i = 0; i < L; ++i) v[i] = lanes.heap[lane + i][k];
    sift_down<L>(lanes, lane, k, levels_below(k, size), v);
  }
}

// Merges nodes until `until` are left; all lanes have `size` nodes.
template <int L>
void merge(Lanes& lanes, int lane, int size, int until) {
  std::uint32_t node[L];
  std::uint32_t body[L];
#pragma GCC unroll 4
  for (int i = 0; i < L; ++i) {
    node[i] = static_cast<std::uint32_t>(lanes.node[lane + i]);
    body[i] = lanes.body_bits[lane + i];
  }
  while (size > until) {
    Key a[L], v[L];
#pragma GCC unroll 4
    for (int i = 0; i < L; ++i) {
      a[i] = lanes.heap[lane + i][1];
      v[i] = lanes.heap[lane + i][size];
      lanes.heap[lane + i][size] = kNothing;
    }
    --size;
    const int levels = levels_below(1, size);
    sift_down<L>(lanes, lane, 1, levels, v);
#pragma GCC unroll 4
    for (int i = 0; i < L; ++i) {
      const Key b = lanes.heap[lane + i][1];
      lanes.parent[lane + i][a[i] & kNode] = static_cast<std::uint16_t>(node[i]);
      lanes.parent[lane + i][b & kNode] = static_cast<std::uint16_t>(node[i]);
      v[i] = merged(a[i], b, node[i]++);
      body[i] += v[i] >> 15;
    }
    sift_down<L>(lanes, lane, 1, levels, v);
  }
#pragma GCC unroll 4
  for (int i = 0; i < L; ++i) {
    lanes.node[lane + i] = static_cast<int>(node[i]);
    lanes.body_bits[lane + i] = body[i];
  }
}

}  // namespace kraft::deflate
