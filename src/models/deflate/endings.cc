#include "models/deflate/endings.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace kraft::deflate {

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
void find_depths(const Key* keys, int count, const Ending& ending, std::uint8_t* depth) {
#if defined(__SSE2__)
  for (int i = 0; i < count; i += 16) {
    __m128i key[4], sum[4];
#pragma GCC unroll 4  // else GCC keeps key and sum in memory at -O2
    for (int j = 0; j < 4; ++j) {
      key[j] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(keys + i + 4 * j));
      sum[j] = _mm_set1_epi32(1 + ending.levels);
    }
    for (int level = 0; level < ending.levels; ++level) {
      const __m128i limit = _mm_set1_epi32(static_cast<int>(ending.limit[level]));
#pragma GCC unroll 4
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

}  // namespace kraft::deflate
