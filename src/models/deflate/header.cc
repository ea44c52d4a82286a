#include "models/deflate/header.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "base/text.h"
#include "kraft/error.h"
#include "models/deflate/zlib_arena.h"

namespace kraft::deflate {
namespace {

constexpr unsigned kFixedType = 1;
constexpr unsigned kDynamicType = 2;
constexpr int kCodeLengthSymbols = 19;
constexpr int kMaxCodeLengthBits = 7;
constexpr std::size_t kFewestLiterals = 257;
constexpr std::array<std::uint8_t, kCodeLengthSymbols> kCodeLengthOrder = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

// Bits of a stream, the lowest of each byte first.
class BitReader {
 public:
  explicit BitReader(ByteView bytes, std::size_t at_bit = 0) : bytes_(bytes), at_(at_bit) {}

  unsigned bits(int count) {
    unsigned value = 0;
    for (int i = 0; i < count; ++i, ++at_)
      value |= static_cast<unsigned>(bytes_[at_ / 8] >> (at_ % 8) & 1) << i;
    return value;
  }

 private:
  ByteView bytes_;
  std::size_t at_;
};

class BitWriter {
 public:
  explicit BitWriter(BlockHeader& header) : header_(header) {}

  void put(unsigned value, int count) {
    for (int i = 0; i < count; ++i, ++header_.bits) {
      if (header_.bits % 8 == 0) header_.bytes.push_back(0);
      header_.bytes.back() |= static_cast<Byte>((value >> i & 1) << (header_.bits % 8));
    }
  }

 private:
  BlockHeader& header_;
};

// The canonical code of RFC 1951, section 3.2.2: words of one length count upwards, symbol by
// symbol. They stand in the stream with their highest bit first.
std::vector<unsigned> canonical_words(std::span<const std::uint8_t> lengths) {
  std::vector<unsigned> words(lengths.size());
  unsigned next = 0;
  for (int bits = 1; bits <= kMaxCodeBits; ++bits, next <<= 1) {
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      if (lengths[symbol] != bits) continue;
      unsigned reversed = 0;
      for (int i = 0; i < bits; ++i) reversed |= (next >> i & 1) << (bits - 1 - i);
      words[symbol] = reversed;
      ++next;
    }
  }
  return words;
}

unsigned read_symbol(BitReader& reader, std::span<const std::uint8_t> lengths,
                     std::span<const unsigned> words) {
  unsigned word = 0;
  for (int bits = 1; bits <= kMaxCodeLengthBits; ++bits) {
    word |= reader.bits(1) << (bits - 1);
    for (unsigned symbol = 0; symbol < lengths.size(); ++symbol) {
      if (lengths[symbol] == bits && words[symbol] == word) return symbol;
    }
  }
  throw Error("zlib wrote a header without sense");
}

// After the three bits that say that the block is dynamic.
CodeLengths read_lengths(BitReader& reader) {
  const std::size_t literals = kFewestLiterals + reader.bits(5);
  const std::size_t distances = 1 + reader.bits(5);
  const unsigned sent = 4 + reader.bits(4);
  std::array<std::uint8_t, kCodeLengthSymbols> code{};
  for (unsigned i = 0; i < sent; ++i)
    code[kCodeLengthOrder[i]] = static_cast<std::uint8_t>(reader.bits(3));
  const std::vector<unsigned> words = canonical_words(code);
  std::vector<std::uint8_t> all;
  while (all.size() < literals + distances) {
    const unsigned symbol = read_symbol(reader, code, words);
    if (symbol < 16) {
      all.push_back(static_cast<std::uint8_t>(symbol));
      continue;
    }
    const std::uint8_t repeated = symbol == 16 ? all.back() : std::uint8_t{0};
    const unsigned times = symbol == 16   ? 3 + reader.bits(2)
                           : symbol == 17 ? 3 + reader.bits(3)
                                          : 11 + reader.bits(7);
    all.insert(all.end(), times, repeated);
  }
  CodeLengths lengths;
  std::copy_n(all.begin(), literals, lengths.literals.begin());
  std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(literals), distances,
              lengths.distances.begin());
  return lengths;
}

// Code lengths as they are sent: a symbol, and what the repeating ones have behind them.
struct SentLength {
  unsigned symbol;
  unsigned extra = 0;
  int extra_bits = 0;
};

void send_run(std::vector<SentLength>& sent, std::uint8_t length, unsigned times) {
  const auto repeat = [&](unsigned symbol, unsigned fewest, int extra_bits) {
    const unsigned most = fewest + (1u << extra_bits) - 1;
    while (times >= fewest) {
      const unsigned now = std::min(times, most);
      sent.push_back({symbol, now - fewest, extra_bits});
      times -= now;
    }
  };
  if (length == 0) {
    repeat(18, 11, 7);
    repeat(17, 3, 3);
  } else {
    sent.push_back({length});
    --times;
    repeat(16, 3, 2);
  }
  for (; times > 0; --times) sent.push_back({length});
}

std::vector<SentLength> run_lengths(std::span<const std::uint8_t> all) {
  std::vector<SentLength> sent;
  for (std::size_t at = 0; at < all.size();) {
    std::size_t end = at;
    while (end < all.size() && all[end] == all[at]) ++end;
    send_run(sent, all[at], static_cast<unsigned>(end - at));
    at = end;
  }
  return sent;
}

// inflate() wants this code to be complete, so that at least two symbols have one.
std::array<std::uint8_t, kCodeLengthSymbols> code_for(std::span<const SentLength> sent) {
  std::array<double, kCodeLengthSymbols> counts{};
  for (const SentLength& s : sent) ++counts[s.symbol];
  std::vector<std::size_t> used;
  for (std::size_t symbol = 0; symbol < counts.size(); ++symbol) {
    if (counts[symbol] > 0) used.push_back(symbol);
  }
  for (std::size_t symbol = 0; used.size() < 2; ++symbol) {
    if (counts[symbol] == 0) used.push_back(symbol);
  }
  std::vector<double> weights;
  for (const std::size_t symbol : used) weights.push_back(counts[symbol]);
  const std::vector<std::uint8_t> bits = limited_code(weights, kMaxCodeLengthBits);
  std::array<std::uint8_t, kCodeLengthSymbols> lengths{};
  for (std::size_t i = 0; i < used.size(); ++i) lengths[used[i]] = bits[i];
  return lengths;
}

template <std::size_t kSize>
void temper(std::array<std::uint8_t, kSize>& lengths, std::size_t symbols, double temperature) {
  std::vector<std::size_t> used;
  int shortest = kMaxCodeBits;
  for (std::size_t symbol = 0; symbol < symbols; ++symbol) {
    if (lengths[symbol] == 0) continue;
    used.push_back(symbol);
    shortest = std::min<int>(shortest, lengths[symbol]);
  }
  std::vector<double> weights;
  for (const std::size_t symbol : used)
    weights.push_back(std::exp2((shortest - lengths[symbol]) / temperature));
  const std::vector<std::uint8_t> bits = limited_code(weights, kMaxCodeBits);
  lengths.fill(0);
  for (std::size_t i = 0; i < used.size(); ++i) lengths[used[i]] = bits[i];
}

Bytes raw_stream(ByteView message, const Parameters& parameters) {
  ZlibArena arena;
  z_stream& z = arena.stream;
  const int status = deflateInit2(&z, parameters.level, Z_DEFLATED, -parameters.window_bits,
                                  parameters.mem_level, parameters.strategy);
  if (status != Z_OK) throw Error(std::string("zlib: deflateInit2: ") + zError(status));
  Bytes stream(deflateBound(&z, message.size()));
  z.next_in = const_cast<Bytef*>(message.data());
  z.avail_in = static_cast<uInt>(message.size());
  z.next_out = stream.data();
  z.avail_out = static_cast<uInt>(stream.size());
  if (::deflate(&z, Z_FINISH) != Z_STREAM_END) throw Error("zlib: deflate did not finish");
  stream.erase(stream.end() - z.avail_out, stream.end());
  return stream;
}

// Copies bits [begin, end) of the stream: a dynamic block's header.
BlockHeader cut_header(ByteView stream, std::size_t begin, std::size_t end) {
  BlockHeader header;
  BitReader reader(stream, begin);
  BitWriter writer(header);
  writer.put(reader.bits(3) & ~1u, 3);  // the lowest bit says whether the block is the last one
  BitReader lengths = reader;
  header.lengths = read_lengths(lengths);
  for (std::size_t at = begin + 3; at < end; ++at) writer.put(reader.bits(1), 1);
  return header;
}

}  // namespace

std::vector<std::uint8_t> limited_code(std::span<const double> weights, int max_bits) {
  const std::size_t n = weights.size();
  if (n < 2) return std::vector<std::uint8_t>(n, 1);
  struct Package {
    double weight;
    std::vector<std::uint16_t> symbols;
  };
  const auto lighter = [](const Package& a, const Package& b) { return a.weight < b.weight; };
  std::vector<Package> leaves;
  for (std::size_t i = 0; i < n; ++i) leaves.push_back({weights[i], {static_cast<uint16_t>(i)}});
  std::ranges::stable_sort(leaves, lighter);
  std::vector<Package> row = leaves;
  for (int level = 1; level < max_bits; ++level) {
    std::vector<Package> pairs;
    for (std::size_t i = 0; i + 1 < row.size(); i += 2) {
      Package pair = std::move(row[i]);
      pair.weight += row[i + 1].weight;
      pair.symbols.insert(pair.symbols.end(), row[i + 1].symbols.begin(), row[i + 1].symbols.end());
      pairs.push_back(std::move(pair));
    }
    row.clear();
    std::ranges::merge(leaves, pairs, std::back_inserter(row), lighter);
  }
  std::vector<std::uint8_t> lengths(n);
  for (std::size_t i = 0; i < 2 * n - 2; ++i) {
    for (const std::uint16_t symbol : row[i].symbols) ++lengths[symbol];
  }
  return lengths;
}

BlockHeader fixed_header() {
  BlockHeader header;
  BitWriter(header).put(kFixedType << 1, 3);
  for (std::size_t symbol = 0; symbol < header.lengths.literals.size(); ++symbol)
    header.lengths.literals[symbol] =
        static_cast<std::uint8_t>(fixed_bits(static_cast<int>(symbol)));
  header.lengths.distances.fill(kFixedDistanceBits);
  return header;
}

BlockHeader last_dynamic_header(ByteView message, const Parameters& parameters,
                                std::uint64_t fewest_bytes) {
  BlockHeader header = fixed_header(), current;
  std::uint64_t header_bytes = 0, current_bytes = 0;  // that their blocks hold
  const Bytes stream = raw_stream(message, parameters);
  ZlibArena arena;
  z_stream& z = arena.stream;
  if (inflateInit2(&z, -MAX_WBITS) != Z_OK) throw Error("zlib: inflateInit2 failed");
  z.next_in = const_cast<Bytef*>(stream.data());
  z.avail_in = static_cast<uInt>(stream.size());
  std::array<Byte, 32768> discarded;
  for (std::size_t begin = 0;;) {
    z.next_out = discarded.data();
    z.avail_out = discarded.size();
    const int status = inflate(&z, Z_TREES);
    current_bytes += discarded.size() - z.avail_out;
    const auto at = static_cast<unsigned>(z.data_type);  // see stream_bits()
    const std::size_t bit = 8 * (stream.size() - z.avail_in) - (at & 63);
    const bool after_header = (at & 256) != 0, after_block = (at & 128) != 0;
    // A header of some bits may have been read before, so that this call found nothing to do.
    const bool moved = status == Z_BUF_ERROR && (after_header || after_block);
    if (status != Z_OK && status != Z_STREAM_END && !moved)
      throw Error("zlib wrote what it does not read");
    if (after_header && BitReader(stream, begin + 1).bits(2) == kDynamicType)
      current = cut_header(stream, begin, bit);
    if (after_block) {
      const bool enough = current_bytes >= fewest_bytes || current_bytes > header_bytes;
      if (current.bits > 0 && enough) {
        header = std::move(current);
        header_bytes = current_bytes;
      }
      current = {};
      current_bytes = 0;
      begin = bit;
    }
    if (status == Z_STREAM_END || (after_block && (at & 64) != 0)) return header;
  }
}

BlockHeader make_header(const CodeLengths& lengths) {
  const auto used = [](const auto& all) {
    const auto last = std::find_if(all.rbegin(), all.rend(), [](int bits) { return bits != 0; });
    return static_cast<std::size_t>(all.rend() - last);
  };
  const std::size_t literals = std::max(kFewestLiterals, used(lengths.literals));
  const std::size_t distances = std::max<std::size_t>(1, used(lengths.distances));
  std::vector<std::uint8_t> all(lengths.literals.begin(),
                                lengths.literals.begin() + static_cast<std::ptrdiff_t>(literals));
  all.insert(all.end(), lengths.distances.begin(),
             lengths.distances.begin() + static_cast<std::ptrdiff_t>(distances));
  const std::vector<SentLength> sent = run_lengths(all);
  const auto code = code_for(sent);
  const std::vector<unsigned> words = canonical_words(code);
  unsigned in_order = kCodeLengthSymbols;
  while (in_order > 4 && code[kCodeLengthOrder[in_order - 1]] == 0) --in_order;

  BlockHeader header;
  header.lengths = lengths;
  BitWriter writer(header);
  writer.put(kDynamicType << 1, 3);
  writer.put(static_cast<unsigned>(literals - kFewestLiterals), 5);
  writer.put(static_cast<unsigned>(distances - 1), 5);
  writer.put(in_order - 4, 4);
  for (unsigned i = 0; i < in_order; ++i) writer.put(code[kCodeLengthOrder[i]], 3);
  for (const SentLength& s : sent) {
    writer.put(words[s.symbol], code[s.symbol]);
    writer.put(s.extra, s.extra_bits);
  }
  return header;
}

BlockHeader tempered(const BlockHeader& header, double temperature) {
  if (!(temperature > 0) || !std::isfinite(temperature))
    throw UsageError("a Huffman code has no temperature " + shortest(temperature) +
                     ": it must be above 0");
  if (temperature == 1) return header;
  CodeLengths lengths = header.lengths;
  temper(lengths.literals, kLiteralCodes, temperature);
  temper(lengths.distances, kDistanceCodes, temperature);
  return make_header(lengths);
}

}  // namespace kraft::deflate
