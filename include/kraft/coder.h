// Coders: turn choices into bits, and bits into choices.
//
// A distribution in integers and a range coder store any sequence of symbols in as many bits as the
// distributions say, and less than a byte more:
//
//     kraft::IntegerDistribution distribution;
//     distribution.assign(bits);                     // code lengths of the symbols, in bits
//
//     kraft::RangeEncoder encoder;
//     encoder.encode(distribution, 7);               // and so on, a distribution for each symbol
//     kraft::Bytes stream = encoder.finish();
//
//     kraft::RangeDecoder decoder(stream);
//     std::size_t symbol = decoder.decode(distribution);  // 7
//     decoder.finish();                              // throws Error if the stream is another one
//
// With a model's distributions, these are bytes:
//
//     kraft::encode_bytes(*model->start(), text, encoder);
//     kraft::Bytes text = kraft::decode_bytes(*model->start(), size, decoder);
//
// which makes every model a codec, as model_of() makes every codec a model:
//
//     auto codec = kraft::codec_of(kraft::make_model("ngram:5"));
//     kraft::Bytes stream = codec->encode(text);
//
// Fair coin flips in place of a stream draw from the model (Knuth and Yao 1976 have what that costs
// in flips): the bytes that come out have the probabilities that the model gives them.
//
//     kraft::RangeDecoder coins([&] { return static_cast<kraft::Byte>(random.bits()); });
//     kraft::Bytes drawn = kraft::decode_bytes(*model->start(), 100, coins);
//
// kraft/container.h makes files of it that describe themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/codec.h"
#include "kraft/model.h"

namespace kraft {

// Probabilities in fixed point, as a coder needs them: encoder and decoder must agree to the last
// unit, whatever machine they run on.
//
// - Every symbol has a mass of at least 1, also one that the model takes for impossible: any input
//   can be coded, at 48 bits for each such surprise.
// - The masses sum to kTotal = 2^48 exactly.
// - No symbol has all of the mass, unless it is the only one: then it is certain, its mass is
//   kTotal, and it costs nothing.
//
// What the minimum takes away from the others is less than size() / 2^48 of their mass. Belongs to
// one thread at a time; keeps its memory from one assign() to the next.
class IntegerDistribution {
 public:
  static constexpr int kTotalBits = 48;
  static constexpr std::uint64_t kTotal = std::uint64_t{1} << kTotalBits;
  static constexpr std::size_t kMostSymbols = std::size_t{1} << 19;

  // Masses in proportion to 2^-bits[i], beside the minimum. Infinite bits mean impossible; where
  // all are, all symbols are alike. The differences to the least of the bits are rounded to
  // multiples of 2^-24, and from there on all is integers: equal bits give equal masses on every
  // machine with IEEE 754 doubles. O(n). Throws Error when there is no symbol, or more than
  // kMostSymbols, or when bits are NaN or -infinity.
  void assign(std::span<const double> bits);

  // Masses in proportion to the weights, beside the minimum; where all weights are 0, all symbols
  // are alike. All of it is integers. O(n). The sum of the weights is below 2^63. Throws Error when
  // there is no symbol, or more than kMostSymbols.
  void assign(std::span<const std::uint64_t> weights);

  std::size_t size() const { return begins_.size() - 1; }
  std::uint64_t mass(std::size_t symbol) const { return begins_[symbol + 1] - begins_[symbol]; }

  // The masses of all symbols before this one.
  std::uint64_t begin(std::size_t symbol) const { return begins_[symbol]; }

  // The symbol with begin(symbol) <= target < begin(symbol) + mass(symbol), for target < kTotal.
  // O(log n).
  std::size_t find(std::uint64_t target) const;

  // What the symbol costs: -log2(mass / kTotal).
  double bits(std::size_t symbol) const;

 private:
  void share_out(std::uint64_t sum, std::size_t heaviest);

  std::vector<std::uint64_t> begins_ = {0};  // of each symbol, and the end of the last
};

// A range coder (Martin 1979) with 64 bits of state, which shrinks the interval [low, low + range)
// to a symbol's share of it and writes the bytes of `low` that are settled; a carry runs back into
// those already written (Schindler 1998). After every step range >= 2^56, so that a symbol's share
// is off by less than 2^-8 of one unit of mass. Belongs to one thread at a time.
class RangeEncoder {
 public:
  // O(1), but for carries, which take O(1) on average.
  void encode(const IntegerDistribution& distribution, std::size_t symbol);

  // A choice with the probability mass / total, of those whose masses are `before` in sum come
  // before it. Needs 1 <= mass, before + mass <= total <= 2^32.
  void encode(std::uint64_t before, std::uint64_t mass, std::uint64_t total);

  // The shortest stream that decodes to what was encoded; the encoder begins anew.
  Bytes finish();

 private:
  void narrow(std::uint64_t begin, std::uint64_t range);
  void carry();
  void shift();

  std::uint64_t low_ = 0;
  std::uint64_t range_ = UINT64_MAX;
  Bytes stream_;
};

// Belongs to one thread at a time.
class RangeDecoder {
 public:
  // `stream` must outlive the decoder.
  explicit RangeDecoder(ByteView stream);

  // Takes its bytes from anywhere, random ones for instance. Any bytes decode to something.
  explicit RangeDecoder(std::function<Byte()> source);

  // O(log n). Throws Error when a stream has ended long before.
  std::size_t decode(const IntegerDistribution& distribution);

  // For choices of a total: a number below it, which lies within before and before + mass of what
  // was encoded; and then the choice that it was. Throws Error likewise.
  std::uint64_t target(std::uint64_t total) const;
  void take(std::uint64_t before, std::uint64_t mass, std::uint64_t total);

  // Throws Error unless the stream is, byte for byte, what an encoder writes for the symbols
  // decoded: truncated, followed by other bytes, or damaged.
  void finish() const;

 private:
  void begin();
  void shift();
  void narrow(std::uint64_t begin, std::uint64_t range);
  Byte next();

  ByteView stream_;
  std::function<Byte()> source_;  // empty: from the stream
  std::size_t taken_bytes_ = 0;
  std::uint64_t code_ = 0;   // the last 8 bytes taken
  std::uint64_t value_ = 0;  // where they lie in the interval: code - low
  std::uint64_t range_ = UINT64_MAX;
  bool no_encoder_wrote_it_ = false;
};

// Called with the number of bytes coded so far, every now and then. May be empty.
using CodingProgress = std::function<void(std::size_t)>;

// Codes `message` after what the state has observed, one byte at a time: by the choices of its own
// that a state has (kraft/choices.h), or else by State::next_distribution(). The state
// observes it.
void encode_bytes(State& state, ByteView message, RangeEncoder& encoder,
                  const CodingProgress& progress = {});

// The inverse, with a state that has observed the same bytes in the same pieces. What is allocated
// grows with what has been decoded.
Bytes decode_bytes(State& state, std::size_t count, RangeDecoder& decoder,
                   const CodingProgress& progress = {});

// Any model as a codec, by arithmetic coding: the inverse of model_of(codec). A message costs the
// bits of its bytes, each normalised over all 256, rounded up to bytes; code_length() is their sum
// before that, as a real number. The stream has the message's length and a checksum before it (8 to
// 17 bytes, which code_length() does not count). Whoever decodes needs a model that computes the
// same bits to 2^-24 or better: see kraft/container.h for files that make sure of that.
std::shared_ptr<const Codec> codec_of(std::shared_ptr<const Model> model);

}  // namespace kraft
