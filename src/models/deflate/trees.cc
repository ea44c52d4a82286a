#include "models/deflate/trees.h"

#include <algorithm>

namespace kraft::deflate {
namespace {

constexpr int kMaxLeaves = kLiteralCodes;
constexpr std::array<std::uint8_t, kCodeLengthCodes> kCodeLengthOrder = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

class HuffmanBuilder {
 public:
  HuffmanBuilder(std::span<const std::uint16_t> frequencies, int max_bits)
      : symbols_(static_cast<int>(frequencies.size())), max_bits_(max_bits) {
    collect_leaves(frequencies);
    merge_all();
    assign_lengths(frequencies);
  }

  const HuffmanCode& code() const { return code_; }

 private:
  // frequency << 15 | depth << 10 | node: one integer comparison orders nodes as zlib does.
  using Key = std::uint32_t;
  static constexpr Key kNode = 1023;
  static bool smaller(Key a, Key b) { return a <= (b | kNode); }

  void collect_leaves(std::span<const std::uint16_t> frequencies) {
    for (int s = 0; s < symbols_; ++s) {
      const Key f = frequencies[static_cast<std::size_t>(s)];
      if (f == 0) continue;
      heap_[++heap_size_] = f << 15 | static_cast<Key>(s);
      code_.max_symbol = s;
    }
    // A tree has at least two leaves: zlib adds symbols that never occur.
    while (heap_size_ < 2) {
      const int s = code_.max_symbol < 2 ? ++code_.max_symbol : 0;
      heap_[++heap_size_] = Key{1} << 15 | static_cast<Key>(s);
    }
    for (int k = heap_size_ / 2; k >= 1; --k) sift_down(k);
  }

  void sift_down(int k) {
    const Key v = heap_[k];
    for (int j = 2 * k; j <= heap_size_; j = 2 * k) {
      if (j < heap_size_ && smaller(heap_[j + 1], heap_[j])) ++j;
      if (smaller(v, heap_[j])) break;
      heap_[k] = heap_[j];
      k = j;
    }
    heap_[k] = v;
  }

  void merge_all() {
    int node = symbols_;
    do {
      const Key a = heap_[1];
      heap_[1] = heap_[heap_size_--];
      sift_down(1);
      const Key b = heap_[1];
      const Key depth = std::max(a >> 10 & 31, b >> 10 & 31) + 1;
      order_[ordered_++] = a & kNode;
      order_[ordered_++] = b & kNode;
      parent_[a & kNode] = parent_[b & kNode] = node;
      heap_[1] = ((a >> 15) + (b >> 15)) << 15 | depth << 10 | static_cast<Key>(node++);
      sift_down(1);
    } while (heap_size_ >= 2);
    root_ = node - 1;
  }

  void assign_lengths(std::span<const std::uint16_t> frequencies) {
    std::array<int, kMaxCodeBits + 1> per_length{};
    std::array<std::uint8_t, 2 * kMaxLeaves + 1> depth;
    int overflow = 0;
    depth[root_] = 0;
    for (int i = ordered_ - 1; i >= 0; --i) {
      const int node = order_[i];
      int bits = depth[parent_[node]] + 1;
      if (bits > max_bits_) {
        bits = max_bits_;
        ++overflow;
      }
      depth[node] = static_cast<std::uint8_t>(bits);
      if (node >= symbols_) continue;
      code_.lengths[node] = depth[node];
      ++per_length[bits];
    }
    if (overflow > 0) shorten(per_length, overflow);
    for (int s = 0; s < symbols_; ++s) {
      code_.body_bits += std::uint32_t{frequencies[static_cast<std::size_t>(s)]} * code_.lengths[s];
    }
  }

  // Codes that came out too long: zlib's repair, which keeps the order of the merges.
  void shorten(std::array<int, kMaxCodeBits + 1>& per_length, int overflow) {
    do {
      int bits = max_bits_ - 1;
      while (per_length[bits] == 0) --bits;
      --per_length[bits];
      per_length[bits + 1] += 2;
      --per_length[max_bits_];
      overflow -= 2;
    } while (overflow > 0);
    int next = 0;
    for (int bits = max_bits_; bits != 0; --bits) {
      for (int left = per_length[bits]; left != 0;) {
        const int node = order_[next++];
        if (node >= symbols_) continue;
        code_.lengths[node] = static_cast<std::uint8_t>(bits);
        --left;
      }
    }
  }

  int symbols_;
  int max_bits_;
  int heap_size_ = 0;
  int ordered_ = 0;
  int root_ = 0;
  std::array<Key, kMaxLeaves + 2> heap_;
  std::array<int, 2 * kMaxLeaves + 1> order_;  // nodes in the order in which they were merged
  std::array<int, 2 * kMaxLeaves + 1> parent_;
  HuffmanCode code_;
};

}  // namespace

HuffmanCode build_code(std::span<const std::uint16_t> frequencies, int max_bits) {
  return HuffmanBuilder(frequencies, max_bits).code();
}

// Cuts the list of code lengths into runs where zlib cuts it.
void count_code_lengths(const HuffmanCode& code, CodeLengthCounts& counts) {
  int previous = -1;
  int run = 0;
  for (int s = 0; s <= code.max_symbol; s += run) {
    const int length = code.lengths[s];
    const int longest = length == 0 ? 138 : length == previous ? 6 : 7;
    const int shortest = length == 0 || length == previous ? 3 : 4;
    for (run = 1; run < longest && s + run <= code.max_symbol && code.lengths[s + run] == length;) {
      ++run;
    }
    if (run < shortest) {
      counts[length] = static_cast<std::uint16_t>(counts[length] + run);
    } else if (length != 0) {
      if (length != previous) ++counts[length];
      ++counts[16];
    } else {
      ++counts[run <= 10 ? 17 : 18];
    }
    previous = length;
  }
}

std::uint32_t header_bits(const CodeLengthCounts& counts) {
  const HuffmanCode code = build_code(counts, 7);
  int sent = kCodeLengthCodes;
  while (sent > 4 && code.lengths[kCodeLengthOrder[sent - 1]] == 0) --sent;
  const auto repeats = static_cast<std::uint32_t>(2 * counts[16] + 3 * counts[17] + 7 * counts[18]);
  return 5 + 5 + 4 + 3 * static_cast<std::uint32_t>(sent) + code.body_bits + repeats;
}

std::uint32_t dynamic_bits(const BlockTally& tally) {
  const HuffmanCode literals =
      build_code(std::span(tally.literals).first(kLiteralCodes), kMaxCodeBits);
  const HuffmanCode distances =
      build_code(std::span(tally.distances).first(kDistanceCodes), kMaxCodeBits);
  CodeLengthCounts counts{};
  count_code_lengths(literals, counts);
  count_code_lengths(distances, counts);
  return tally.extra_bits + literals.body_bits + distances.body_bits + header_bits(counts);
}

}  // namespace kraft::deflate
