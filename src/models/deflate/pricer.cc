#include "models/deflate/pricer.h"

#include <algorithm>
#include <bit>
#include <bitset>
#include <cstring>
#include <tuple>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace kraft::deflate {
namespace {

// A node of a heap: frequency << 15 | depth << 10 | node. Leaves are numbered in the order of
// their symbols, inner nodes follow in the order of their making.
using Key = std::uint32_t;
constexpr Key kNode = 1023;
constexpr Key kOne = Key{1} << 15;  // one more occurrence
constexpr Key kNothing = ~Key{0};   // fills the heap behind its end: larger than all

constexpr int kMaxLeaves = kLiteralCodes;
constexpr int kLanes = 4;
constexpr int kSnapshotEvery = 4;  // merges
constexpr std::uint16_t kNever = 0xffff;

constexpr Key frequency_part(Key key) { return key & ~(kOne - 1); }
constexpr Key depth_part(Key key) { return key & (kOne - 1) & ~kNode; }
constexpr Key kDepthOne = 1024;

// The node made of two.
constexpr Key merged(Key a, Key b, Key node) {
  return (frequency_part(a) + frequency_part(b)) |
         (std::max(depth_part(a), depth_part(b)) + kDepthOne) | node;
}

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

  RunTables() {
    for (int n = 0; n < static_cast<int>(zeros.size()); ++n) {
      zeros[n].add(18, n / 138);
      const int rest = n % 138;
      if (rest < 3) {
        zeros[n].add(0, rest);
      } else {
        zeros[n].add(rest <= 10 ? 17 : 18, 1);
      }
    }
    for (int n = 0; n < static_cast<int>(others.size()); ++n) {
      Repeats r{static_cast<std::int16_t>(n), 0};
      if (n >= 4) {
        const int rest = n > 7 ? n - 7 : 0;
        r.written = static_cast<std::int16_t>(1 + (rest % 6 < 3 ? rest % 6 : 0));
        r.repeats = static_cast<std::int16_t>(1 + rest / 6 + (rest % 6 >= 3 ? 1 : 0));
      }
      others[n] = r;
    }
  }
};
const RunTables kRuns;

// One code of each length: the two words of Counts that hold lengths.
struct alignas(16) LengthUnit {
  std::uint64_t w[2];
};
constexpr std::array<LengthUnit, 32> make_length_units() {
  std::array<LengthUnit, 32> units{};
  for (int length = 1; length <= 15; ++length) {
    units[length].w[Counts::kPlaces[length].word] = std::uint64_t{1}
                                                    << Counts::kPlaces[length].shift;
  }
  return units;
}
constexpr auto kLengthUnits = make_length_units();

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

void Leaves::collect(std::span<const std::uint16_t> frequencies) {
  n = 0;
  adjacent = {};
  zero_runs = {};
  int expected = 0;
  for (int s = 0; s < static_cast<int>(frequencies.size()); ++s) {
    if (frequencies[static_cast<std::size_t>(s)] == 0) continue;
    if (s == expected) {
      if (n > 0) adjacent.set(n - 1);
    } else {
      zero_runs += kRuns.zeros[s - expected];
    }
    symbol[n] = static_cast<std::uint16_t>(s);
    frequency[n++] = static_cast<Key>(frequencies[static_cast<std::size_t>(s)]) << 15;
    expected = s + 1;
  }
}

// A finished tree, as far as its price needs it.
struct Tree {
  std::uint32_t body_bits = 0;
  Counts lengths;  // how many codes of each length
  // By leaf. Runs are looked for 64 leaves at a time, each beside the next.
  alignas(16) std::array<std::uint8_t, 64 * 5 + 16> length;
};

// Heaps that are worked on together. Between builds each heap is kNothing all through.
struct Lanes {
  alignas(64) Key heap[kLanes][2 * kMaxLeaves + 8];
  std::uint16_t parent[kLanes][2 * kMaxLeaves + 4];
  std::uint32_t body_bits[kLanes];
  int node[kLanes];  // the next inner node
  int leaves[kLanes];

  Lanes() { std::memset(heap, 0xff, sizeof heap); }
};

int levels_below(int k, int size) { return std::bit_width(static_cast<unsigned>(size / k)) - 1; }

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

template <int L>
void EndingFinder::run(Queue* queue, int n, int from) {
  std::uint32_t i[L], body[L];
  for (int q = 0; q < L; ++q) {
    i[q] = queue[q].taken[from];
    body[q] = queue[q].body[from];
  }
  const auto merges = static_cast<std::uint32_t>(n - 1);
  for (auto t = static_cast<std::uint32_t>(from); t < merges; ++t) {
#pragma GCC unroll 4
    for (int q = 0; q < L; ++q) {
      Queue& to = queue[q];
      to.made[t] = kNothing;
      Key leaf = to.leaf[i[q]];
      Key node = to.made[2 * t - i[q]];
      const Key first = std::min(leaf, node);
      i[q] += leaf <= node;
      leaf = to.leaf[i[q]];
      node = to.made[2 * t + 1 - i[q]];
      const Key second = std::min(leaf, node);
      i[q] += leaf <= node;
      const Key both = merged(first, second, 0);
      to.made[t] = both;
      to.first[t] = first;
      to.second[t] = second;
      body[q] += both >> 15;
      to.taken[t + 1] = static_cast<std::uint16_t>(i[q]);
      to.body[t + 1] = body[q];
      if (t > 0 && both < to.made[t - 1]) put_in_order(to, t);
    }
  }
}

void EndingFinder::put_in_order(Queue& queue, std::uint32_t made) {
  if (queue.mixed_count < kMostMixed) {
    queue.mixed[queue.mixed_count] = frequency_part(queue.made[made]);
  }
  ++queue.mixed_count;
  for (; made > 0 && queue.made[made] < queue.made[made - 1]; --made) {
    std::swap(queue.made[made], queue.made[made - 1]);
  }
}

// Whether the nodes of the merges ahead of this one differ from those behind, so that a level may
// end here.
bool EndingFinder::ends_level(const Queue& queue, int merges) {
  const Key before = queue.second[merges - 1];
  const Key behind = queue.first[merges];
  if (before == behind) return false;
  if (frequency_part(before) != frequency_part(behind)) return true;
  if (queue.mixed_count > kMostMixed) return false;
  const auto end = queue.mixed.begin() + queue.mixed_count;
  return std::find(queue.mixed.begin(), end, frequency_part(before)) == end;
}

// Looks for the ends of levels from the root on: there are twice as many nodes on a level as there
// are inner nodes on the level above.
void EndingFinder::read(const Queue& queue, int n, Ending& ending) {
  ending.body_bits = queue.body[n - 1];
  ending.levels = 0;
  int end = n - 1;    // of the level, in merges
  int start = n - 2;  // ... and where it starts
  while (start > 0 && ending.levels < static_cast<int>(ending.limit.size())) {
    if (!ends_level(queue, start)) break;
    ending.limit[ending.levels++] = queue.second[start - 1] | kNode;
    const int inner = 2 * (end - start) - (queue.taken[end] - queue.taken[start]);
    end = start;
    start -= inner;
  }
  ending.merges = start;
}

void EndingFinder::set_base(std::span<const Key> frequencies) {
  n_ = static_cast<int>(frequencies.size());
  std::copy(frequencies.begin(), frequencies.end(), base_.leaf.begin());
  std::sort(base_.leaf.begin(), base_.leaf.begin() + n_);
  base_.leaf[n_] = kNothing;
  base_.taken[0] = 0;
  base_.body[0] = 0;
  base_.mixed_count = 0;
  run<1>(&base_, n_, 0);
  for (Queue& queue : queue_) queue = base_;
}

void EndingFinder::find(std::span<const int> places, std::span<Ending> endings) {
  // The last merge ahead of which no changed leaf has been taken, nor nodes been put in order with
  // later ones.
  const auto taken = base_.taken.begin();
  int from = static_cast<int>(std::upper_bound(taken, taken + n_, places.back()) - taken) - 1;
  const auto frequency_made = [&](int merge) { return frequency_part(base_.made[merge]); };
  while (from > 0 && frequency_made(from - 1) == frequency_made(from)) --from;
  for (std::size_t q = 0; q < kTrees; ++q) {
    Queue& queue = queue_[q];
    std::copy_n(base_.leaf.begin(), n_, queue.leaf.begin());
    queue.leaf[places[std::min(q, places.size() - 1)]] += kOne;
    std::copy_n(base_.made.begin(), from, queue.made.begin());
    queue.mixed = base_.mixed;
    queue.mixed_count = base_.mixed_count;
  }
  run<kTrees>(queue_, n_, from);
  for (std::size_t q = 0; q < places.size(); ++q) read(queue_[q], n_, endings[q]);
}

void EndingFinder::find_new(Ending& ending) {
  Queue& queue = queue_[0];
  queue.leaf[0] = kOne;
  std::copy_n(base_.leaf.begin(), n_ + 1, queue.leaf.begin() + 1);
  queue.taken[0] = 0;
  queue.body[0] = 0;
  queue.mixed_count = 0;
  run<1>(&queue, n_ + 1, 0);
  read(queue, n_ + 1, ending);
}

// The depths of nodes left, given by their keys. Writes up to 15 bytes too many, and reads keys as
// far. Keys are compared as signed numbers: a block has fewer than 65,536 symbols.
void find_depths(const Key* keys, int count, const Ending& ending, std::uint8_t* depth) {
#if defined(__SSE2__)
  for (int i = 0; i < count; i += 16) {
    __m128i key[4], sum[4];
    for (int j = 0; j < 4; ++j) {
      key[j] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(keys + i + 4 * j));
      sum[j] = _mm_set1_epi32(1 + ending.levels);
    }
    for (int level = 0; level < ending.levels; ++level) {
      const __m128i limit = _mm_set1_epi32(static_cast<int>(ending.limit[level]));
      for (int j = 0; j < 4; ++j) sum[j] = _mm_add_epi32(sum[j], _mm_cmpgt_epi32(key[j], limit));
    }
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(depth + i),
        _mm_packus_epi16(_mm_packs_epi32(sum[0], sum[1]), _mm_packs_epi32(sum[2], sum[3])));
  }
#else
  for (int i = 0; i < count; ++i) {
    depth[i] = 1;
    for (int level = 0; level < ending.levels; ++level) depth[i] += keys[i] <= ending.limit[level];
  }
#endif
}

void count_lengths(int leaves, Tree& tree) {
#if defined(__SSE2__)
  __m128i sum = _mm_setzero_si128();
  for (int leaf = 0; leaf < leaves; ++leaf) {
    sum = _mm_add_epi64(
        sum, _mm_load_si128(reinterpret_cast<const __m128i*>(&kLengthUnits[tree.length[leaf]])));
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(tree.lengths.w), sum);
#else
  tree.lengths.w[0] = tree.lengths.w[1] = 0;
  for (int leaf = 0; leaf < leaves; ++leaf) {
    tree.lengths.w[0] += kLengthUnits[tree.length[leaf]].w[0];
    tree.lengths.w[1] += kLengthUnits[tree.length[leaf]].w[1];
  }
#endif
  tree.lengths.w[2] = 0;
}

// In place of the parent of a node without one: the node is at this depth.
constexpr std::uint16_t kAtDepth = 2 * kMaxLeaves;

// Depths of the leaves from the parents of `nodes` nodes. Lengths must not exceed 15.
void measure_tree(const std::uint16_t* parent, int leaves, int nodes, Tree& tree) {
  std::array<std::uint8_t, kAtDepth + 32> below;  // length of a child of the node
  for (int depth = 0; depth < 32; ++depth) {
    below[kAtDepth + depth] = static_cast<std::uint8_t>(depth);
  }
  for (int node = nodes - 1; node >= leaves; --node) {
    below[node] = static_cast<std::uint8_t>(below[parent[node]] + 1);
  }
#if defined(__SSE2__)
  __m128i sum = _mm_setzero_si128();
  for (int leaf = 0; leaf < leaves; ++leaf) {
    const std::uint8_t length = below[parent[leaf]];
    tree.length[leaf] = length;
    sum =
        _mm_add_epi64(sum, _mm_load_si128(reinterpret_cast<const __m128i*>(&kLengthUnits[length])));
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(tree.lengths.w), sum);
#else
  tree.lengths.w[0] = tree.lengths.w[1] = 0;
  for (int leaf = 0; leaf < leaves; ++leaf) {
    const std::uint8_t length = below[parent[leaf]];
    tree.length[leaf] = length;
    tree.lengths.w[0] += kLengthUnits[length].w[0];
    tree.lengths.w[1] += kLengthUnits[length].w[1];
  }
#endif
  tree.lengths.w[2] = 0;
}

// Corrects counts for runs of four and more equal lengths of neighbouring symbols, which are coded
// as repeats.
void count_repeats(const std::uint8_t* length, int leaves, const Bits& adjacent, Counts& counts) {
  Bits same;
  int words = 0;
  for (int i = 0; i < leaves - 1; ++words) {
    std::uint64_t word = 0;
#if defined(__SSE2__)
    for (int part = 0; part < 64; part += 16, i += 16) {
      const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(length + i));
      const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(length + i + 1));
      const auto mask = static_cast<std::uint64_t>(
          static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(here, next))));
      word |= mask << part;
    }
#else
    for (int bit = 0; bit < 64; ++bit, ++i) {
      word |= std::uint64_t{length[i] == length[i + 1]} << bit;
    }
#endif
    same.w[words] = word & adjacent.w[words];
  }
  for (int w = 0; w < words; ++w) {
    const std::uint64_t next = same.w[w + 1];
    std::uint64_t long_runs =
        same.w[w] & (same.w[w] >> 1 | next << 63) & (same.w[w] >> 2 | next << 62);
    while (long_runs != 0) {
      const int first = 64 * w + std::countr_zero(long_runs);
      // A run that began in the word before was counted there.
      const bool begun = first > 0 && same.test(first - 1);
      int run = 4;
      while (same.test(first + run - 1)) ++run;
      if (!begun) {
        const RunTables::Repeats r = kRuns.others[run];
        counts.add(length[first], r.written - run);
        counts.add(16, r.repeats);
      }
      const int end = first + run - 64 * w;
      if (end >= 64) break;
      long_runs &= ~std::uint64_t{0} << end;
    }
  }
}

}  // namespace

struct BlockPricer::Workspace {
  // The build of the base's literal tree, with what it tells about builds for one more occurrence.
  struct Base {
    Leaves leaves;
    Tree tree;
    std::array<std::uint16_t, 2 * kMaxLeaves> parent;
    // The merge at which one more occurrence first turns a comparison (1, 2, ...; 0: while the heap
    // is made): of the node itself while building, then also of the nodes above it.
    std::array<std::uint16_t, 2 * kMaxLeaves> turns;
    std::vector<Key> snapshots;  // heaps ahead of some merges
    std::array<std::uint32_t, kMaxLeaves / kSnapshotEvery + 2> snapshot_start;
  };

  struct HeaderEntry {
    Counts counts;
    std::uint32_t bits = 0;
  };
  struct DistanceEntry {
    std::array<std::uint16_t, 32> frequencies{};
    Counts counts;
    std::uint32_t body_bits = 0;
    bool known = false;
  };

  // What a block's price takes of its literal tree.
  struct Summary {
    std::uint32_t body_bits = 0;
    Counts counts;
  };
  // The trees for one more of each literal: beams come back to the same symbols in another order,
  // or with matches of another distance.
  struct KnownBase {
    std::array<std::uint16_t, 288> frequencies{};
    std::bitset<256> known;
    std::array<Summary, 256> literal;
  };

  // A literal tree to build for a tally that differs from the base.
  struct Job {
    enum Kind { kMore, kNew, kOther } kind;
    int index;     // kMore: leaf of the base; kNew: the first it is put ahead of; kOther: which one
    int snapshot;  // to start from; -1: from the frequencies
    int ending;    // which of the endings
  };

  std::vector<HeaderEntry> headers = std::vector<HeaderEntry>(4096);
  std::vector<DistanceEntry> distances = std::vector<DistanceEntry>(64);
  Lanes lanes;
  Base base;
  std::vector<Leaves> other_leaves;
  std::vector<Job> jobs;
  EndingFinder finder;
  std::vector<Ending> endings;
  std::vector<std::unique_ptr<KnownBase>> known_bases = std::vector<std::unique_ptr<KnownBase>>(64);

  // The question being answered.
  const BlockTally* base_tally;
  KnownBase* answers;
  std::bitset<256> wanted;  // and not known
  std::span<const BlockTally> others;
  std::span<std::uint32_t> others_bits;

  std::uint32_t cached_header_bits(const Counts& counts);
  const DistanceEntry& distance_tree(const std::array<std::uint16_t, 32>& frequencies);
  bool build_base();
  template <class Turned>
  static void sift_watching(Key* heap, int start, Key v, Turned turned);
  KnownBase& known_base(const std::array<std::uint16_t, 288>& frequencies);
  void plan(std::span<const Byte> literals);
  void plan_literals();
  void plan_endings();
  void settle_at_once(const Job& job);
  void settle_tree(Tree& tree, const Job& job, bool too_long);
  std::uint32_t block_bits(std::uint32_t extra_bits, const DistanceEntry& distance,
                           const Summary& tree);
  void run_restarts(std::span<const Job> batch);
  void run_from_scratch(std::span<const Job> batch);
  int load_frequencies(int lane, const Job& job);
  void load_snapshot(int lane, const Job& job, int snapshot);
  void merge_lanes(int count, int size, int until);
  void settle(int lane, const Job& job, int size);
  int size_at_end(const Job& job) const;
  void settle_gap(const Tree& tree, int at, bool too_long);
  void run_jobs();
  Summary plain_tree(int literal) const;
  static Summary summary_of(const HuffmanCode& code);
};

// ---- caches ----------------------------------------------------------------------------------

std::uint32_t BlockPricer::Workspace::cached_header_bits(const Counts& counts) {
  std::uint64_t h = counts.w[0] * 0x9e3779b97f4a7c15u ^ counts.w[1] * 0xc2b2ae3d27d4eb4fu ^
                    counts.w[2] * 0x165667b19e3779f9u;
  h ^= h >> 32;
  HeaderEntry& entry = headers[(h * 0x9e3779b97f4a7c15u >> 40) % headers.size()];
  if (entry.bits == 0 || entry.counts != counts) {
    CodeLengthCounts plain;
    for (int s = 0; s < kCodeLengthCodes; ++s) plain[s] = counts.get(s);
    entry = {counts, header_bits(plain)};
  }
  return entry.bits;
}

BlockPricer::Workspace::Summary BlockPricer::Workspace::summary_of(const HuffmanCode& code) {
  CodeLengthCounts plain{};
  count_code_lengths(code, plain);
  Summary summary{code.body_bits, {}};
  for (int s = 0; s < kCodeLengthCodes; ++s) summary.counts.add(s, plain[s]);
  return summary;
}

const BlockPricer::Workspace::DistanceEntry& BlockPricer::Workspace::distance_tree(
    const std::array<std::uint16_t, 32>& frequencies) {
  std::uint64_t h = 0;
  for (int i = 0; i < 32; i += 4) {
    std::uint64_t four;
    std::memcpy(&four, &frequencies[i], sizeof four);
    h = (h ^ four) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
  }
  DistanceEntry& entry = distances[(h >> 32) % distances.size()];
  if (!entry.known || entry.frequencies != frequencies) {
    const HuffmanCode code = build_code(std::span(frequencies).first(kDistanceCodes), kMaxCodeBits);
    const Summary tree = summary_of(code);
    entry = {frequencies, tree.counts, tree.body_bits, true};
  }
  return entry;
}

BlockPricer::Workspace::KnownBase& BlockPricer::Workspace::known_base(
    const std::array<std::uint16_t, 288>& frequencies) {
  std::uint64_t h[4] = {1, 2, 3, 4};
  for (std::size_t i = 0; i < frequencies.size(); i += 16) {
    std::uint64_t four[4];
    std::memcpy(four, &frequencies[i], sizeof four);
    for (int k = 0; k < 4; ++k) h[k] = (std::rotl(h[k], 23) ^ four[k]) * 0x9e3779b97f4a7c15u;
  }
  const std::uint64_t hash =
      (h[0] ^ std::rotl(h[1], 17) ^ std::rotl(h[2], 31) ^ std::rotl(h[3], 47)) *
      0xc2b2ae3d27d4eb4fu;
  std::unique_ptr<KnownBase>& entry = known_bases[(hash >> 32) % known_bases.size()];
  if (entry == nullptr) entry = std::make_unique<KnownBase>();
  if (entry->frequencies != frequencies) {
    entry->frequencies = frequencies;
    entry->known.reset();
  }
  return *entry;
}

// ---- the base --------------------------------------------------------------------------------

// One sift of the base's build. turned(node) is called for the node, if any, whose one more
// occurrence would have led somewhere else.
template <class Turned>
void BlockPricer::Workspace::sift_watching(Key* heap, int start, Key v, Turned turned) {
  // How much larger w is than u, 32 to an occurrence; zlib takes u for the smaller from 0 up.
  const auto excess = [](Key u, Key w) {
    return static_cast<int>(w >> 10) - static_cast<int>(u >> 10);
  };
  // Whether one more occurrence of the smaller would make it the larger.
  const auto close = [](int d) { return static_cast<unsigned>(d + 32) < 64; };
  int k = start;
  for (;;) {
    const int left = 2 * k;
    if (heap[left] == kNothing) break;
    const int siblings = excess(heap[left + 1], heap[left]);
    const int child = left + (siblings >= 0);
    const Key c = heap[child];
    const int fit = excess(v, c);
    if (close(fit)) turned((fit >= 0 ? v : c) & kNode);
    if (fit >= 0) break;
    // Which child is the smaller only matters if it moves up.
    if (close(siblings)) turned(c & kNode);
    heap[k] = c;
    k = child;
  }
  heap[k] = v;
}

// False: a code came out longer than 15 bits.
bool BlockPricer::Workspace::build_base() {
  const int n = base.leaves.n;
  Key* const heap = lanes.heap[0];
  std::fill_n(base.turns.begin(), 2 * n, kNever);
  for (int i = 0; i < n; ++i) heap[i + 1] = base.leaves.frequency[i] | static_cast<Key>(i);
  for (int k = n / 2; k >= 1; --k) {
    sift_watching(heap, k, heap[k], [&](Key node) { base.turns[node] = 0; });
  }
  std::uint32_t body_bits = 0;
  std::size_t stored = 0;
  int size = n;
  for (int step = 1; step < n; ++step) {
    if (step % kSnapshotEvery == 1) {
      const int snapshot = step / kSnapshotEvery;
      base.snapshot_start[snapshot] = static_cast<std::uint32_t>(stored);
      if (base.snapshots.size() < stored + size) base.snapshots.resize(stored + size);
      std::memcpy(&base.snapshots[stored], heap + 1, static_cast<std::size_t>(size) * sizeof(Key));
      stored += static_cast<std::size_t>(size);
    }
    const auto turned = [&](Key node) {
      base.turns[node] = std::min(base.turns[node], static_cast<std::uint16_t>(step));
    };
    const Key a = heap[1];
    const Key last = heap[size];
    heap[size--] = kNothing;
    sift_watching(heap, 1, last, turned);
    const Key b = heap[1];
    const Key node = static_cast<Key>(n + step - 1);
    base.parent[a & kNode] = base.parent[b & kNode] = static_cast<std::uint16_t>(node);
    const Key both = merged(a, b, node);
    body_bits += both >> 15;
    sift_watching(heap, 1, both, turned);
  }
  const Key root = heap[1];
  heap[1] = kNothing;
  if (depth_part(root) >> 10 > kMaxCodeBits) return false;
  base.tree.body_bits = body_bits;
  for (int node = 2 * n - 3; node >= 0; --node) {
    base.turns[node] = std::min(base.turns[node], base.turns[base.parent[node]]);
  }
  base.parent[2 * n - 2] = kAtDepth;
  measure_tree(base.parent.data(), n, 2 * n - 1, base.tree);
  base.tree.lengths += base.leaves.zero_runs;
  count_repeats(base.tree.length.data(), n, base.leaves.adjacent, base.tree.lengths);
  return true;
}

// ---- the builds ------------------------------------------------------------------------------

// What each wanted literal needs: nothing, a restart, or a tree of its own.
void BlockPricer::Workspace::plan_literals() {
  const Leaves& leaves = base.leaves;
  int leaf = 0;
  bool planned_gap = false;
  for (int literal = 0; literal < 256; ++literal) {
    const bool used = leaves.symbol[leaf] == literal;
    if (wanted[literal]) {
      if (!used) {
        if (!planned_gap) jobs.push_back({Job::kNew, leaf, -1, -1});
        planned_gap = true;
      } else if (base.turns[leaf] == kNever) {
        answers->literal[literal] = {base.tree.body_bits + base.tree.length[leaf],
                                     base.tree.lengths};
      } else {
        const int step = base.turns[leaf];
        jobs.push_back({Job::kMore, leaf, step == 0 ? -1 : (step - 1) / kSnapshotEvery, -1});
      }
    }
    // Heaps are the same if but leaves that occur once, too, lie between the gaps.
    if (used && leaves.frequency[leaf] != kOne) planned_gap = false;
    leaf += used;
  }
}

// Finds the ending of each job: one for all literals of a frequency, one for all new literals.
void BlockPricer::Workspace::plan_endings() {
  if (jobs.empty()) return;
  finder.set_base(std::span(base.leaves.frequency).first(base.leaves.n));
  std::array<std::int16_t, kMaxLeaves> ending_of;  // by place
  ending_of.fill(-1);
  int ending_of_new = -1;
  for (Job& job : jobs) {
    if (job.kind != Job::kMore) continue;
    job.ending = finder.place_of(base.leaves.frequency[job.index]);
    ending_of[job.ending] = 0;
  }
  std::array<int, EndingFinder::kTrees> places;
  std::size_t waiting = 0;
  const auto find = [&] {
    endings.resize(endings.size() + waiting);
    finder.find(std::span(places).first(waiting), std::span(endings).last(waiting));
    waiting = 0;
  };
  for (int place = base.leaves.n - 1; place >= 0; --place) {
    if (ending_of[place] < 0) continue;
    ending_of[place] = static_cast<std::int16_t>(endings.size() + waiting);
    places[waiting++] = place;
    if (waiting == places.size()) find();
  }
  if (waiting > 0) find();
  for (Job& job : jobs) {
    if (job.kind == Job::kMore) {
      job.ending = ending_of[job.ending];
    } else {
      if (ending_of_new < 0) {
        ending_of_new = static_cast<int>(endings.size());
        finder.find_new(endings.emplace_back());
      }
      job.ending = ending_of_new;
    }
    if (job.snapshot < 0) continue;
    // A snapshot at which the ending has begun needs no merges at all, the earlier the better.
    const int merges = endings[job.ending].merges;
    job.snapshot = std::min(job.snapshot, (merges + kSnapshotEvery - 1) / kSnapshotEvery);
  }
}

// Fills a lane's heap, not yet ordered, and returns its size.
int BlockPricer::Workspace::load_frequencies(int lane, const Job& job) {
  const Leaves& leaves = job.kind == Job::kOther ? other_leaves[job.index] : base.leaves;
  Key* const heap = lanes.heap[lane] + 1;
  int n = leaves.n;
  for (int i = 0; i < n; ++i) heap[i] = leaves.frequency[i] | static_cast<Key>(i);
  if (job.kind == Job::kMore) heap[job.index] += kOne;
  if (job.kind == Job::kNew) {
    for (int i = n; i > job.index; --i) heap[i] = heap[i - 1] + 1;
    heap[job.index] = kOne | static_cast<Key>(job.index);
    ++n;
  }
  lanes.leaves[lane] = n;
  lanes.node[lane] = n;
  lanes.body_bits[lane] = 0;
  return n;
}

// Brings a lane to where the base stood ahead of a merge, but for one more of a leaf.
void BlockPricer::Workspace::load_snapshot(int lane, const Job& job, int snapshot) {
  const int n = base.leaves.n;
  const int step = snapshot * kSnapshotEvery + 1;
  const int size = n - step + 1;
  Key* const heap = lanes.heap[lane] + 1;
  std::memcpy(heap, &base.snapshots[base.snapshot_start[snapshot]],
              static_cast<std::size_t>(size) * sizeof(Key));
  std::memcpy(lanes.parent[lane], base.parent.data(), sizeof(std::uint16_t) * 2 * n);
  int node = job.index;
  while (base.parent[node] < n + step - 1) node = base.parent[node];
  int at = 0;
  while ((heap[at] & kNode) != static_cast<Key>(node)) ++at;
  heap[at] += kOne;
  lanes.leaves[lane] = n;
  lanes.node[lane] = n + step - 1;
  lanes.body_bits[lane] = 0;  // the ending knows them all
}

void BlockPricer::Workspace::merge_lanes(int count, int size, int until) {
  switch (count) {
    case 1:
      merge<1>(lanes, 0, size, until);
      break;
    case 2:
      merge<2>(lanes, 0, size, until);
      break;
    case 3:
      merge<3>(lanes, 0, size, until);
      break;
    default:
      merge<4>(lanes, 0, size, until);
      break;
  }
}

// How many nodes are left where a job's ending begins.
int BlockPricer::Workspace::size_at_end(const Job& job) const {
  const int n =
      job.kind == Job::kOther ? other_leaves[job.index].n : base.leaves.n + (job.kind == Job::kNew);
  return n - endings[job.ending].merges;
}

// Jobs that start from snapshots; the earliest of them does for all, and so does the latest ending.
void BlockPricer::Workspace::run_restarts(std::span<const Job> batch) {
  const int count = static_cast<int>(batch.size());
  int snapshot = batch[0].snapshot;
  int until = kMaxLeaves;
  for (const Job& job : batch) {
    snapshot = std::min(snapshot, job.snapshot);
    until = std::min(until, size_at_end(job));
  }
  for (int i = 0; i < count; ++i) load_snapshot(i, batch[i], snapshot);
  const int size = base.leaves.n - snapshot * kSnapshotEvery;
  until = std::min(until, size);
  merge_lanes(count, size, until);
  for (int i = 0; i < count; ++i) settle(i, batch[i], until);
}

void BlockPricer::Workspace::run_from_scratch(std::span<const Job> batch) {
  const int count = static_cast<int>(batch.size());
  std::array<int, kLanes> size;
  int until = kMaxLeaves;
  for (int i = 0; i < count; ++i) {
    size[i] = load_frequencies(i, batch[i]);
    until = std::min(until, size_at_end(batch[i]));
  }
  const auto [smallest, largest] = std::minmax_element(size.begin(), size.begin() + count);
  if (count == kLanes && *smallest == *largest) {
    make_heaps<kLanes>(lanes, 0, size[0]);
  } else {
    for (int i = 0; i < count; ++i) {
      make_heaps<1>(lanes, i, size[i]);
      merge<1>(lanes, i, size[i], *smallest);
    }
  }
  until = std::min(until, *smallest);
  merge_lanes(count, *smallest, until);
  for (int i = 0; i < count; ++i) settle(i, batch[i], until);
}

// ---- the prices ------------------------------------------------------------------------------

std::uint32_t BlockPricer::Workspace::block_bits(std::uint32_t extra_bits,
                                                 const DistanceEntry& distance,
                                                 const Summary& tree) {
  Counts counts = tree.counts;
  counts += distance.counts;
  return extra_bits + tree.body_bits + distance.body_bits + cached_header_bits(counts);
}

// The base and one more literal the plain way, for codes that have to be shortened.
BlockPricer::Workspace::Summary BlockPricer::Workspace::plain_tree(int literal) const {
  std::array<std::uint16_t, 288> frequencies = base_tally->literals;
  ++frequencies[literal];
  return summary_of(build_code(std::span(frequencies).first(kLiteralCodes), kMaxCodeBits));
}

// Answers what a lane was built for. Two or more nodes are left, and the ending tells their depths.
void BlockPricer::Workspace::settle(int lane, const Job& job, int size) {
  const Ending& ending = endings[job.ending];
  Key* const heap = lanes.heap[lane] + 1;
  Tree tree;
  tree.body_bits = ending.body_bits;
  if (tree.body_bits == 0) {
    tree.body_bits = lanes.body_bits[lane] + (heap[0] >> 15) + (heap[1] >> 15);
  }
  std::array<std::uint8_t, kMaxLeaves + 16> depth;
  find_depths(heap, size, ending, depth.data());
  Key longest = 0;
  for (int i = 0; i < size; ++i) {
    lanes.parent[lane][heap[i] & kNode] = static_cast<std::uint16_t>(kAtDepth + depth[i]);
    longest = std::max(longest, (depth_part(heap[i]) >> 10) + depth[i]);
    heap[i] = kNothing;
  }
  const bool too_long = longest > kMaxCodeBits;
  if (!too_long) measure_tree(lanes.parent[lane], lanes.leaves[lane], lanes.node[lane], tree);
  settle_tree(tree, job, too_long);
}

// Answers a job whose ending begins with the leaves.
void BlockPricer::Workspace::settle_at_once(const Job& job) {
  const Ending& ending = endings[job.ending];
  const Leaves& leaves = base.leaves;
  Tree tree;
  tree.body_bits = ending.body_bits;
  const bool too_long = ending.levels + 1 > kMaxCodeBits;
  if (!too_long) {
    int n = leaves.n;
    if (job.kind == Job::kMore) {
      find_depths(leaves.frequency.data(), n, ending, tree.length.data());
      const Key more = leaves.frequency[job.index] + kOne;
      int length = 1;
      for (int level = 0; level < ending.levels; ++level) length += more <= ending.limit[level];
      tree.length[job.index] = static_cast<std::uint8_t>(length);
    } else {
      std::array<Key, kMaxLeaves + 18> frequency;
      std::copy_n(leaves.frequency.begin(), job.index, frequency.begin());
      frequency[job.index] = kOne;
      std::copy(leaves.frequency.begin() + job.index, leaves.frequency.begin() + n,
                frequency.begin() + job.index + 1);
      find_depths(frequency.data(), ++n, ending, tree.length.data());
    }
    count_lengths(n, tree);
  }
  settle_tree(tree, job, too_long);
}

void BlockPricer::Workspace::settle_tree(Tree& tree, const Job& job, bool too_long) {
  if (job.kind == Job::kNew) {
    const Leaves& leaves = base.leaves;
    for (int at = job.index;; ++at) {
      settle_gap(tree, at, too_long);
      if (leaves.frequency[at] != kOne || leaves.symbol[at] >= 256) break;
    }
    return;
  }
  const Leaves& leaves = job.kind == Job::kOther ? other_leaves[job.index] : base.leaves;
  Summary summary;
  if (!too_long) {
    tree.lengths += leaves.zero_runs;
    count_repeats(tree.length.data(), leaves.n, leaves.adjacent, tree.lengths);
    summary = {tree.body_bits, tree.lengths};
  }
  if (job.kind == Job::kMore) {
    const int literal = leaves.symbol[job.index];
    answers->literal[literal] = too_long ? plain_tree(literal) : summary;
  } else {
    const BlockTally& tally = others[job.index];
    others_bits[job.index] =
        too_long ? dynamic_bits(tally)
                 : block_bits(tally.extra_bits, distance_tree(tally.distances), summary);
  }
}

// The literals of a gap have one tree; they differ in how they cut the gap's run of zeros, and at
// its ends in whether the new length may join a run of equal ones.
void BlockPricer::Workspace::settle_gap(const Tree& tree, int at, bool too_long) {
  const Leaves& leaves = base.leaves;
  const int first = at > 0 ? leaves.symbol[at - 1] + 1 : 0;
  const int end = leaves.symbol[at];
  Counts around = leaves.zero_runs;
  around -= kRuns.zeros[end - first];
  around += tree.lengths;
  Bits adjacent = leaves.adjacent.with_gap_at(at);
  std::array<Counts, 4> joined;  // by whether it touches the leaf before, the leaf behind
  std::array<bool, 4> known{};
  for (int literal = first; literal < std::min(end, 256); ++literal) {
    if (!wanted[literal]) continue;
    if (too_long) {
      answers->literal[literal] = plain_tree(literal);
      continue;
    }
    const bool left = at > 0 && literal == first;
    const bool right = literal + 1 == end;
    Counts& counts = joined[2 * left + right];
    if (!known[2 * left + right]) {
      known[2 * left + right] = true;
      counts = around;
      if (left) adjacent.set(at - 1);
      if (right) adjacent.set(at);
      count_repeats(tree.length.data(), leaves.n + 1, adjacent, counts);
      if (left) adjacent.clear(at - 1);
      if (right) adjacent.clear(at);
    }
    Counts all = counts;
    all += kRuns.zeros[literal - first];
    all += kRuns.zeros[end - 1 - literal];
    answers->literal[literal] = {tree.body_bits, all};
  }
}

BlockPricer::BlockPricer() : work_(std::make_unique<Workspace>()) {}
BlockPricer::BlockPricer(const BlockPricer&) : BlockPricer() {}
BlockPricer::~BlockPricer() = default;

// Finds out which trees are still to be built for these literals.
void BlockPricer::Workspace::plan(std::span<const Byte> literals) {
  answers = &known_base(base_tally->literals);
  wanted.reset();
  for (const Byte literal : literals) wanted.set(literal);
  wanted &= ~answers->known;
  if (wanted.none()) return;
  base.leaves.collect(std::span(base_tally->literals).first(kLiteralCodes));
  if (base.leaves.n >= 2 && build_base()) {
    plan_literals();
    plan_endings();
  } else {
    for (int literal = 0; literal < 256; ++literal) {
      if (wanted[literal]) answers->literal[literal] = plain_tree(literal);
    }
  }
  answers->known |= wanted;
}

void BlockPricer::price(const BlockTally& base, std::span<const Byte> literals,
                        std::span<std::uint32_t> bits, std::span<const BlockTally> others,
                        std::span<std::uint32_t> others_bits) {
  Workspace& work = *work_;
  work.base_tally = &base;
  work.others = others;
  work.others_bits = others_bits;
  work.jobs.clear();
  work.endings.clear();
  if (!literals.empty()) work.plan(literals);
  if (work.other_leaves.size() < others.size()) work.other_leaves.resize(others.size());
  for (std::size_t i = 0; i < others.size(); ++i) {
    work.other_leaves[i].collect(std::span(others[i].literals).first(kLiteralCodes));
    if (work.other_leaves[i].n < 2) {
      others_bits[i] = dynamic_bits(others[i]);
    } else {
      work.jobs.push_back(
          {Workspace::Job::kOther, static_cast<int>(i), -1, static_cast<int>(work.endings.size())});
      Ending& plain = work.endings.emplace_back();
      plain.merges = work.other_leaves[i].n - 2;
    }
  }
  work.run_jobs();
  const Workspace::DistanceEntry& distance = work.distance_tree(base.distances);
  for (std::size_t i = 0; i < literals.size(); ++i) {
    bits[i] = work.block_bits(base.extra_bits, distance, work.answers->literal[literals[i]]);
  }
}

void BlockPricer::Workspace::run_jobs() {
  std::erase_if(jobs, [&](const Job& job) {
    const bool at_once = job.kind != Job::kOther && endings[job.ending].merges == 0;
    if (at_once) settle_at_once(job);
    return at_once;
  });
  // Jobs with as many merges to make are run together.
  const auto order = [&](const Job& job) {
    const int merges = endings[job.ending].merges;
    const bool none = job.snapshot >= 0 && job.snapshot * kSnapshotEvery >= merges;
    return std::tuple(job.snapshot >= 0, none ? 0 : 1 + merges / 16, job.snapshot, job.kind);
  };
  std::sort(jobs.begin(), jobs.end(),
            [&](const Job& a, const Job& b) { return order(a) < order(b); });
  std::size_t i = 0;
  while (i < jobs.size()) {
    const bool restart = jobs[i].snapshot >= 0;
    const int group = std::get<1>(order(jobs[i]));
    std::size_t end = i + 1;
    if (!restart || group != 0) {
      while (end < jobs.size() && end < i + kLanes && (jobs[end].snapshot >= 0) == restart) ++end;
    }
    const auto batch = std::span<const Job>(jobs).subspan(i, end - i);
    restart ? run_restarts(batch) : run_from_scratch(batch);
    i = end;
  }
}

}  // namespace kraft::deflate
