#include "models/deflate/pricer.h"

#include <algorithm>
#include <bitset>
#include <tuple>

#include "models/deflate/code_lengths.h"
#include "models/deflate/endings.h"
#include "models/deflate/heap_lanes.h"

namespace kraft::deflate {

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
