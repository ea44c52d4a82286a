#include "models/brotli/dictionary.h"

#include <brotli/decode.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <string>

#include "kraft/error.h"
#include "models/brotli/symbols.h"

namespace kraft::brotli {
namespace {

constexpr std::size_t kLengths = Dictionary::kLongest - Dictionary::kShortest + 1;

// Appendix A: NDBITS of the lengths from 4 on.
constexpr std::array<std::uint8_t, kLengths> kIndexBits = {10, 10, 11, 11, 10, 10, 10, 10, 10, 9, 9,
                                                           8,  7,  7,  8,  7,  7,  6,  6,  5,  5};

// Bits from the lowest of the first byte up.
class BitWriter {
 public:
  void write(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) {
      if (used_ % 8 == 0) bytes_.push_back(0);
      bytes_.back() = static_cast<Byte>(bytes_.back() | (value >> i & 1) << (used_ % 8));
      ++used_;
    }
  }
  void fill_byte() { used_ = 8 * bytes_.size(); }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  std::size_t used_ = 0;
};

// The smallest window. Once the text fills it, the distances of the words stay the same.
constexpr std::uint64_t kTextBytes = (1 << 10) - 16;

constexpr int kWindowBits10 = 0b0100001;  // section 9.1
constexpr int kSimpleCode = 1;            // section 3.4

void write_text(BitWriter& out) {
  out.write(0, 1);  // not the last meta-block
  out.write(0, 2);  // its length is four nibbles
  out.write(kTextBytes - 1, 16);
  out.write(1, 1);  // uncompressed
  out.fill_byte();
  for (std::uint64_t i = 0; i < kTextBytes; ++i) out.write(0, 8);
}

// One block type, one context, one code for each of literals, commands and distances.
void write_header(BitWriter& out, std::size_t command, std::array<int, 4> distance_symbols) {
  out.write(0, 1);
  out.write(2, 2);               // six nibbles
  out.write((1 << 24) - 1, 24);  // more than will come
  out.write(0, 1);               // compressed
  out.write(0, 3);               // one block type each
  out.write(0, 6);               // distances as they are (NPOSTFIX, NDIRECT)
  out.write(0, 2);               // the literals' context mode
  out.write(0, 2);               // one code each
  out.write(kSimpleCode, 2);
  out.write(0, 2 + 8);  // the one literal 0
  out.write(kSimpleCode, 2);
  out.write(0, 2);
  out.write(command, 10);
  out.write(kSimpleCode, 2);
  out.write(3, 2);
  for (const int symbol : distance_symbols) out.write(static_cast<std::uint64_t>(symbol), 6);
  out.write(0, 1);  // words of two bits
}

// A stream that names the words number first to first + count - 1, without an end.
Bytes naming(std::size_t length, std::uint64_t first, std::uint64_t count) {
  const DistanceSymbols format{};
  BitWriter out;
  out.write(kWindowBits10, 7);
  write_text(out);
  const auto symbol_of = [&](std::uint64_t number) {
    return static_cast<int>(format.symbol_of(kTextBytes + 1 + number));
  };
  // They have four distance symbols at most. Those in excess are not used.
  const int last = std::max(symbol_of(first + count - 1), kRecentDistances + 3);
  const std::array<int, 4> symbols = {last - 3, last - 2, last - 1, last};
  if (symbol_of(first) < symbols[0]) throw Error("brotli's dictionary has too many words");
  const std::size_t copy = copy_code_of(length);
  write_header(out, command_of(0, copy), symbols);
  constexpr std::array<std::uint64_t, 4> kWords = {0b00, 0b10, 0b01, 0b11};  // highest bit first
  for (std::uint64_t number = first; number < first + count; ++number) {
    out.write(length - kCopyBase[copy], kCopyExtra[copy]);
    const std::uint64_t distance = kTextBytes + 1 + number;
    const std::size_t symbol = format.symbol_of(distance);
    out.write(kWords[static_cast<std::size_t>(static_cast<int>(symbol) - symbols[0])], 2);
    out.write(distance - format.first_distance(symbol), format.extra_bits(symbol));
  }
  return out.bytes();
}

Dictionary::Words decoded(std::size_t length, std::size_t transform) {
  const std::uint64_t count = std::uint64_t{1} << Dictionary::index_bits(length);
  const Bytes stream = naming(length, transform * count, count);
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), &BrotliDecoderDestroyInstance);
  if (!state) throw Error("brotli: out of memory");
  constexpr std::size_t kMostAdded = 32;
  Bytes text(kTextBytes + count * (length + kMostAdded));
  const Byte* in = stream.data();
  std::size_t in_left = stream.size(), left = text.size();
  Byte* out = text.data();
  const BrotliDecoderResult result =
      BrotliDecoderDecompressStream(state.get(), &in_left, &in, &left, &out, nullptr);
  const std::size_t size = text.size() - left;
  if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT || size < kTextBytes ||
      (size - kTextBytes) % count != 0)
    throw Error("the words of brotli's dictionary cannot be read from its decoder");
  Dictionary::Words words;
  words.text.assign(text.begin() + kTextBytes, text.begin() + static_cast<std::ptrdiff_t>(size));
  words.each_bytes = words.text.size() / count;
  words.count = count;
  return words;
}

struct Shelf {
  std::once_flag once;
  Dictionary::Words words;
};

}  // namespace

int Dictionary::index_bits(std::size_t length) {
  if (length < kShortest || length > kLongest)
    throw Error("brotli's dictionary has no words of " + std::to_string(length) + " bytes");
  return kIndexBits[length - kShortest];
}

const Dictionary::Words& Dictionary::words(std::size_t length, std::size_t transform) {
  static std::array<std::array<Shelf, kTransforms>, kLengths> shelves;
  index_bits(length);
  if (transform >= kTransforms)
    throw Error("brotli's dictionary has no transform " + std::to_string(transform));
  Shelf& shelf = shelves[length - kShortest][transform];
  std::call_once(shelf.once, [&] { shelf.words = decoded(length, transform); });
  return shelf.words;
}

ByteView Dictionary::word(std::size_t length, std::uint64_t number) {
  const int bits = index_bits(length);
  return words(length, number >> bits)[number & ((std::uint64_t{1} << bits) - 1)];
}

}  // namespace kraft::brotli
