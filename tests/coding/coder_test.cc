// Integer distributions, the range coder, and models as codecs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "codecs/messages.h"
#include "kraft/coder.h"
#include "kraft/error.h"
#include "samplers/toy_models.h"
#include "sanitized.h"

namespace kraft {
namespace {

using ::testing::HasSubstr;
using testing::kInfinity;

template <class Work>
std::string error_of(Work&& work) {
  try {
    work();
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

// Code lengths of every shape that models give.
std::vector<std::vector<double>> shapes() {
  std::vector<std::vector<double>> all = {{0},
                                          {kInfinity},
                                          {3, 3},
                                          {0, 1e-9},
                                          {0, 4000},
                                          {-5e6, 5e6},
                                          {0, kInfinity},
                                          {kInfinity, kInfinity, kInfinity},
                                          {-3, -2, -1, kInfinity}};
  Random random(5);
  for (std::size_t n : {2u, 3u, 256u, 300'000u, 524'288u}) {
    std::vector<double> noise(n), one(n, 60.0), geometric(n), rising(n);
    for (std::size_t i = 0; i < n; ++i) {
      noise[i] = -std::log2(random.uniform() + 1e-12);
      geometric[i] = static_cast<double>(i + 1);
      rising[i] = 12 * std::log2(static_cast<double>(i + 1));
    }
    one[n / 2] = 0;
    for (auto& shape : {noise, one, geometric, rising}) all.push_back(shape);
  }
  return all;
}

TEST(IntegerDistribution, KeepsItsContract) {
  IntegerDistribution distribution;
  for (const auto& bits : shapes()) {
    distribution.assign(bits);
    ASSERT_EQ(distribution.size(), bits.size());
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bits.size(); ++i) {
      ASSERT_EQ(distribution.begin(i), sum);
      ASSERT_GE(distribution.mass(i), 1u);
      if (bits.size() > 1) {
        ASSERT_LT(distribution.mass(i), IntegerDistribution::kTotal);
      }
      sum += distribution.mass(i);
    }
    EXPECT_EQ(sum, IntegerDistribution::kTotal);
  }
}

TEST(IntegerDistribution, IsTheNormalisedModelUpToItsUnits) {
  IntegerDistribution distribution;
  for (const auto& bits : shapes()) {
    if (!std::ranges::any_of(bits, [](double b) { return std::isfinite(b); })) continue;
    distribution.assign(bits);
    const std::vector<double> model = probabilities(bits);
    const auto n = static_cast<double>(bits.size());
    for (std::size_t i = 0; i < bits.size(); i += 1 + bits.size() / 1000) {
      const double p = model[i];
      const double q = static_cast<double>(distribution.mass(i)) / 0x1p48;
      // Half a unit of the rounded bits, a unit of the weights and one of the masses, the minimum.
      EXPECT_NEAR(q, p, p * 0x1p-24 + n * 0x1p-44) << i << " of " << n;
    }
  }
}

TEST(IntegerDistribution, GivesTheImpossibleTheLeastMassAndEqualsTheSame) {
  IntegerDistribution distribution;
  distribution.assign(std::vector<double>{7, kInfinity, 7, 1e300});
  EXPECT_EQ(distribution.mass(1), 1u);
  EXPECT_EQ(distribution.mass(3), 1u);
  EXPECT_NEAR(static_cast<double>(distribution.mass(0)) - static_cast<double>(distribution.mass(2)),
              0, 16);
  EXPECT_EQ(distribution.bits(1), 48);
  distribution.assign(std::vector<double>(3, kInfinity));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(distribution.bits(i), std::log2(3), 1e-9);
}

TEST(IntegerDistribution, OfWeightsIsInTheirProportion) {
  IntegerDistribution distribution;
  const std::vector<std::vector<std::uint64_t>> all = {
      {5},
      {0},
      {0, 0, 0},
      {1, 0, 3},
      {1, 1, 1},
      {std::uint64_t{1} << 62, 1, 77, (std::uint64_t{1} << 62) - 100},
      std::vector<std::uint64_t>(300'000, 9)};
  for (const auto& weights : all) {
    distribution.assign(weights);
    ASSERT_EQ(distribution.size(), weights.size());
    const auto n = static_cast<double>(weights.size());
    double total = 0;
    for (const std::uint64_t weight : weights) total += static_cast<double>(weight);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      ASSERT_EQ(distribution.begin(i), sum);
      sum += distribution.mass(i);
      ASSERT_GE(distribution.mass(i), 1u);
      const double p = total > 0 ? static_cast<double>(weights[i]) / total : 1 / n;
      EXPECT_NEAR(static_cast<double>(distribution.mass(i)) / 0x1p48, p, n * 0x1p-44);
    }
    EXPECT_EQ(sum, IntegerDistribution::kTotal);
  }
  EXPECT_THROW(distribution.assign(std::span<const std::uint64_t>()), Error);
}

// Those that sum to what there is to share are taken as they are.
TEST(IntegerDistribution, TakesWholeWeightsAsTheyAre) {
  Random random(9);
  std::vector<std::uint64_t> weights(256);
  std::uint64_t left = IntegerDistribution::kTotal - 256;
  for (std::size_t i = 255; i > 0; --i) left -= weights[i] = random.below(left / 8);
  weights[0] = left;
  IntegerDistribution distribution;
  distribution.assign(weights);
  for (std::size_t i = 0; i < 256; ++i) EXPECT_EQ(distribution.mass(i), 1 + weights[i]);
}

TEST(IntegerDistribution, OfOneSymbolIsCertain) {
  IntegerDistribution distribution;
  distribution.assign(std::vector<double>{11});
  EXPECT_EQ(distribution.mass(0), IntegerDistribution::kTotal);
  RangeEncoder encoder;
  for (int i = 0; i < 1000; ++i) encoder.encode(distribution, 0);
  const Bytes stream = encoder.finish();
  EXPECT_TRUE(stream.empty());
  RangeDecoder decoder(stream);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(decoder.decode(distribution), 0u);
  decoder.finish();
}

// The very integers, so that a change of the arithmetic shows: files depend on them.
TEST(IntegerDistribution, IsTheSameOnEveryMachine) {
  std::array<double, 256> bits;
  for (std::size_t i = 0; i < 256; ++i)
    bits[i] = static_cast<double>(i * i % 251) / 8 + static_cast<double>(i) / 1024;
  IntegerDistribution distribution;
  distribution.assign(bits);
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < 256; ++i) hash = (hash ^ distribution.mass(i)) * 0x9e3779b97f4a7c15u;
  EXPECT_EQ(distribution.mass(0), 17270967002132u);  // 17270967001987.5 and what was left
  EXPECT_EQ(distribution.mass(1), 15826829738693u);  // 15826829738687.1
  EXPECT_EQ(distribution.mass(100), 185461u);        // 185462.2
  EXPECT_EQ(hash, 8633959046932543036u);
}

TEST(IntegerDistribution, RefusesWhatIsNoDistribution) {
  IntegerDistribution d;
  EXPECT_THAT(error_of([&] { d.assign(std::vector<double>()); }), HasSubstr("over 0 symbols"));
  EXPECT_THAT(error_of([&] { d.assign(std::vector<double>(524'289)); }), HasSubstr("524289"));
  EXPECT_THAT(error_of([&] {
                d.assign(std::vector<double>{1, std::nan("")});
              }),
              HasSubstr("not a number of bits"));
  EXPECT_THAT(error_of([&] {
                d.assign(std::vector<double>{1, -kInfinity});
              }),
              HasSubstr("not a number of bits"));
}

TEST(IntegerDistribution, FindsTheSymbolOfEveryTarget) {
  IntegerDistribution distribution;
  for (const auto& bits : shapes()) {
    distribution.assign(bits);
    for (std::size_t i = 0; i < bits.size(); i += 1 + bits.size() / 500) {
      EXPECT_EQ(distribution.find(distribution.begin(i)), i);
      EXPECT_EQ(distribution.find(distribution.begin(i) + distribution.mass(i) - 1), i);
    }
  }
}

TEST(RangeCoder, DecodesWhatItEncodedInAnyMixtureOfDistributions) {
  std::vector<IntegerDistribution> distributions;
  for (const auto& bits : shapes()) distributions.emplace_back().assign(bits);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    std::vector<std::pair<std::size_t, std::size_t>> coded;
    RangeEncoder encoder;
    for (std::uint64_t left = random.below(200); left > 0; --left) {
      const std::size_t d = random.below(distributions.size());
      // Likely symbols, unlikely ones, and the first and the last.
      const IntegerDistribution& distribution = distributions[d];
      std::size_t symbol = distribution.find(random.bits() >> 16);
      if (random.below(3) == 0) symbol = random.below(distribution.size());
      if (random.below(9) == 0) symbol = distribution.size() - 1;
      encoder.encode(distribution, symbol);
      coded.emplace_back(d, symbol);
    }
    const Bytes stream = encoder.finish();
    RangeDecoder decoder(stream);
    for (const auto& [d, symbol] : coded) ASSERT_EQ(decoder.decode(distributions[d]), symbol);
    decoder.finish();
  }
}

// Symbols that decode from 7f ff ff ff ...: their interval reaches up to 80 00 00 00 ..., and it is
// the last symbol, or the end, that carries through all that was written.
TEST(RangeCoder, CarriesThroughBytesWrittenLongAgo) {
  IntegerDistribution thirds;
  thirds.assign(std::vector<double>{1, 1, 1});
  for (std::size_t count : {5u, 60u, 1000u, 20'000u}) {
    bool first = true;
    RangeDecoder nearly_a_half(
        [&] { return std::exchange(first, false) ? Byte{0x7f} : Byte{0xff}; });
    std::vector<std::size_t> symbols;
    while (symbols.size() < count) symbols.push_back(nearly_a_half.decode(thirds));
    std::set<Byte> first_bytes;
    for (std::size_t last : {0u, 1u, 2u}) {
      symbols.back() = last;
      RangeEncoder encoder;
      for (std::size_t symbol : symbols) encoder.encode(thirds, symbol);
      const Bytes stream = encoder.finish();
      first_bytes.insert(stream[0]);
      RangeDecoder decoder(stream);
      for (std::size_t symbol : symbols) ASSERT_EQ(decoder.decode(thirds), symbol);
      decoder.finish();
    }
    EXPECT_TRUE(first_bytes.contains(0x80)) << count;
  }
}

// Less than 0.01 % and 8 bytes above the ideal length, on a megabyte of symbols.
TEST(RangeCoder, WastesLessThanATenThousandth) {
  Random random(2);
  for (std::size_t n : {2u, 3u, 256u, 300'000u}) {
    for (double steepness : {0.0, 0.3, 1.0, 3.0, 12.0}) {
      std::vector<double> bits(n);
      for (std::size_t i = 0; i < n; ++i)
        bits[i] = steepness * std::log2(static_cast<double>(i + 1));
      IntegerDistribution distribution;
      distribution.assign(bits);
      std::vector<double> surprisals(n);
      double least = 0, sum = 0;
      for (double b : bits) sum += std::exp2(least - b);
      for (std::size_t i = 0; i < n; ++i) surprisals[i] = bits[i] + std::log2(sum);

      RangeEncoder encoder;
      double ideal_bits = 0;
      std::size_t count = 0;
      for (; ideal_bits < 8.0 * (1 << 20) && count < 4'000'000; ++count) {
        const std::size_t symbol = distribution.find(random.bits() >> 16);
        encoder.encode(distribution, symbol);
        ideal_bits += surprisals[symbol];
      }
      const auto bytes = static_cast<double>(encoder.finish().size());
      EXPECT_LE(bytes, ideal_bits / 8 * 1.0001 + 8) << n << " symbols, steepness " << steepness;
      EXPECT_GE(bytes, ideal_bits / 8 * 0.9999 - 8) << n << " symbols, steepness " << steepness;
    }
  }
}

TEST(RangeCoder, AcceptsNoStreamButTheEncoders) {
  IntegerDistribution distribution;
  distribution.assign(std::vector<double>{0.2, 3, 9, 30});
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const std::size_t count = 1 + random.below(40);
    RangeEncoder encoder;
    std::vector<std::size_t> symbols;
    for (std::size_t i = 0; i < count; ++i) symbols.push_back(random.below(4));
    for (std::size_t symbol : symbols) encoder.encode(distribution, symbol);
    const Bytes stream = encoder.finish();

    // The symbols that a stream decodes to, or none if it is refused.
    const auto decoded = [&](const Bytes& bytes) -> std::vector<std::size_t> {
      try {
        RangeDecoder decoder(bytes);
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < count; ++i) found.push_back(decoder.decode(distribution));
        decoder.finish();
        return found;
      } catch (const Error&) {
        return {};
      }
    };
    ASSERT_EQ(decoded(stream), symbols);
    for (std::size_t bit = 0; bit < 8 * stream.size(); ++bit) {
      Bytes flipped = stream;
      flipped[bit / 8] ^= static_cast<Byte>(1 << bit % 8);
      EXPECT_NE(decoded(flipped), symbols) << seed << " " << bit;
    }
    for (std::size_t size = 0; size < stream.size(); ++size)
      EXPECT_NE(decoded(Bytes(stream.begin(), stream.begin() + static_cast<long>(size))), symbols);
    for (Byte more : {0, 1, 255}) {
      Bytes longer = stream;
      longer.push_back(more);
      EXPECT_EQ(decoded(longer), std::vector<std::size_t>{});
    }
  }
}

TEST(RangeCoder, DecodesAnyBytesToSomething) {
  IntegerDistribution distribution;
  distribution.assign(std::vector<double>{0.2, 3, 9, 30});
  for (Byte byte : {0, 1, 127, 255}) {
    RangeDecoder decoder([byte] { return byte; });
    for (int i = 0; i < 1000; ++i) ASSERT_LT(decoder.decode(distribution), 4u);
  }
  const Bytes ones(8, 255);
  RangeDecoder decoder(ones);
  decoder.decode(distribution);
  EXPECT_THROW(decoder.finish(), Error);
}

TEST(RangeCoder, DrawsFromTheDistributionWhenFedWithCoinFlips) {
  const std::vector<double> bits = {0.5, 2, 3.25, 9, kInfinity};
  IntegerDistribution distribution;
  distribution.assign(bits);
  Random random(8);
  RangeDecoder decoder([&] { return static_cast<Byte>(random.bits()); });
  std::map<std::string, int> counts;
  for (int i = 0; i < draws(200'000); ++i) ++counts[std::to_string(decoder.decode(distribution))];
  testing::expect_distribution(counts,
                               testing::from_bits({{"0", 0.5}, {"1", 2}, {"2", 3.25}, {"3", 9}}));
}

// Remembers what it measured: the reference models compress for every byte.
class Remembering final : public Model {
 public:
  explicit Remembering(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  using Model::start;
  std::unique_ptr<State> start() const override { return std::make_unique<Here>(*this, ""); }
  const std::string& spec() const override { return model_->spec(); }
  Granularity granularity() const override { return model_->granularity(); }
  std::optional<std::uint64_t> window_bytes() const override { return {}; }

  const std::array<double, 256>& next(const std::string& text) const {
    const auto [known, is_new] = known_.try_emplace(text);
    if (is_new) model_->start(as_bytes(text))->next_byte(known->second);
    return known->second;
  }

 private:
  class Here final : public State {
   public:
    Here(const Remembering& model, std::string text) : model_(model), text_(std::move(text)) {}
    void observe(ByteView bytes) override { text_ += as_text(bytes); }
    std::uint64_t position_bytes() const override { return text_.size(); }
    double context_bits() override { return 0; }
    void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
      for (std::size_t i = 0; i < continuations.size(); ++i)
        bits[i] = model_.next(text_)[continuations[i][0]];  // single bytes are all that is asked
    }
    Mark mark() override { throw Error("no marks"); }
    void rewind(Mark) override {}
    void forget(Mark) override {}
    std::unique_ptr<State> clone() const override { return std::make_unique<Here>(model_, text_); }

   private:
    const Remembering& model_;
    std::string text_;
  };

  std::shared_ptr<const Model> model_;
  mutable std::map<std::string, std::array<double, 256>> known_;
};

// The two adapters are each other's inverse: random bits into the decoder of a compressor that was
// made a model that was made a compressor draw what the sampler draws from the model.
TEST(FrontDoor, DrawingFromTheCodecIsDrawingFromTheModel) {
  const auto gzip = std::make_shared<Remembering>(model_of(make_codec("gzip:9"), "gzip:9"));
  const Bytes context = bytes_of("abracadabra abracadab");
  constexpr int kDraws = draws(20'000);

  testing::Distribution expected;
  for (const auto& [first, p] : [&] {
         testing::Distribution one;
         const auto q = probabilities(gzip->next(std::string(as_text(context))));
         for (std::size_t b = 0; b < 256; ++b) one[std::string(1, static_cast<char>(b))] = q[b];
         return one;
       }()) {
    const auto q = probabilities(gzip->next(std::string(as_text(context)) + first));
    for (std::size_t b = 0; b < 256; ++b) expected[first + static_cast<char>(b)] = p * q[b];
  }

  std::map<std::string, int> decoded, sampled;
  Random flips(1), choices(2);
  const auto ancestral = make_sampler("ancestral");
  for (int i = 0; i < kDraws; ++i) {
    RangeDecoder decoder([&] { return static_cast<Byte>(flips.bits()); });
    ++decoded[std::string(as_text(decode_bytes(*gzip->start(context), 2, decoder)))];
    ++sampled[std::string(as_text(sample(*ancestral, *gzip->start(context), Candidates::all(),
                                         {.length_bytes = 2, .history = context}, choices)))];
  }
  testing::expect_distribution(decoded, expected);
  testing::expect_distribution(sampled, expected);
}

TEST(FrontDoor, TheModelOfTheCodecOfAModelIsTheModel) {
  for (const char* spec : {"ngram:3", "gzip:9", "uniform"}) {
    const auto model = make_model(spec);
    const auto back = model_of(codec_of(model), spec);
    const Bytes context = real_text(120);
    std::array<double, 256> bits, again;
    model->start(context)->next_byte(bits);
    back->start(context)->next_byte(again);
    const auto p = probabilities(bits);
    for (std::size_t b = 0; b < 256; ++b) EXPECT_NEAR(again[b], -std::log2(p[b]), 1e-6) << spec;
  }
}

TEST(CodecOfAModel, IsACodec) {
  for (const char* spec : {"ngram:3", "ngram:0", "gzip:6", "uniform"}) {
    const auto codec = codec_of(make_model(spec));
    for (const Bytes& message : small_messages()) {
      if (message.size() > 1000) continue;
      const auto encoder = codec->encoder();
      Bytes stream;
      encoder->encode(message, stream);
      EXPECT_EQ(codec->decode(stream), message);
      EXPECT_EQ(codec->encode(message), stream);
      const double bits = encoder->code_length(message);
      const auto code_bytes = static_cast<double>(stream.size());
      EXPECT_GE(code_bytes, bits / 8);
      EXPECT_LE(code_bytes, bits / 8 * 1.0001 + 13) << spec << " " << message.size();
      if (!message.empty()) {
        EXPECT_THROW(codec->decode(stream, message.size() - 1), Error);
      }
    }
  }
}

TEST(CodecOfAModel, RefusesDamagedStreams) {
  const auto codec = codec_of(make_model("ngram:2"));
  const Bytes message = real_text(120);
  const Bytes stream = codec->encode(message);
  for (std::size_t bit = 0; bit < 8 * stream.size(); ++bit) {
    Bytes flipped = stream;
    flipped[bit / 8] ^= static_cast<Byte>(1 << bit % 8);
    EXPECT_THROW(codec->decode(flipped, 1000), Error) << bit;
  }
  for (std::size_t size = 0; size < stream.size(); ++size)
    EXPECT_THROW(codec->decode(ByteView(stream).first(size), 1000), Error) << size;
  Bytes longer = stream;
  longer.push_back(0);
  EXPECT_THROW(codec->decode(longer), Error);
}

// A message of bytes that the model takes for impossible is coded, at 48 bits each.
TEST(CodecOfAModel, CodesTheImpossible) {
  const auto codec = codec_of(make_model("png,width=8,channels=1,filter=sub"));
  const Bytes message = random_bytes(64, 3);
  const Bytes stream = codec->encode(message);
  EXPECT_EQ(codec->decode(stream), message);
}

}  // namespace
}  // namespace kraft
