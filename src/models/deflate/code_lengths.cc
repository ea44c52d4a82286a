#include "models/deflate/code_lengths.h"

#include <bit>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace kraft::deflate {
namespace {

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

}  // namespace

RunTables::RunTables() {
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

const RunTables kRuns;

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

}  // namespace kraft::deflate
