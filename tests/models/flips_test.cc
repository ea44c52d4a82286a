// Coin flips into stock decompressors. For DEFLATE the truth is a small decoder of its own, which
// reads the same flips symbol by symbol.

#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/deflate/flips.h"
#include "models/lzma/flips.h"
#include "sanitized.h"

namespace kraft {
namespace {

Bytes text_bytes(std::size_t size) {
  // Words with the frequencies of a language, roughly.
  static const std::vector<std::string> words = {
      "the ",  "of ",    "and ",  "whale ", "a ",   "to ",   "in ",     "that ",   "his ",  "it ",
      "sea, ", "Ahab\n", "ship ", "boat; ", "old ", "white", "captain", "harpoon", "deck. "};
  Random random(7);
  Bytes text;
  while (text.size() < size) {
    const std::size_t at = random.below(random.below(words.size()) + 1);
    append(text, as_bytes(words[at]));
    if (random.below(9) == 0) text.push_back(static_cast<Byte>('a' + random.below(26)));
  }
  text.resize(size);
  return text;
}

Bytes noise(std::size_t size) {
  Random random(3);
  Bytes bytes(size);
  for (Byte& byte : bytes) byte = static_cast<Byte>(random.bits());
  return bytes;
}

// ---- DEFLATE ---------------------------------------------------------------------------------

namespace d = deflate;

// What one segment of flips says.
struct Decoded {
  Bytes bytes;
  std::uint64_t flips = 0;
  std::uint64_t refused = 0;
  std::map<int, std::uint64_t> literals, distances;
};

class SlowDecoder {
 public:
  SlowDecoder(const d::CodeLengths& lengths, ByteView window)
      : literals_(words(lengths.literals)), distances_(words(lengths.distances)), window_(window) {}

  // Reads flips from the next whole byte on.
  Decoded segment(std::size_t size, Random& random, SegmentFilter* filter = nullptr) {
    Decoded decoded;
    random_ = &random;
    text_.assign(window_.begin(), window_.end());
    while (text_.size() < window_.size() + size) {
      const std::uint64_t begin = at_;
      const std::size_t before = text_.size();
      const Result result = symbol(decoded);
      if (filter != nullptr && !stays(*filter, before - window_.size(), size)) {
        text_.resize(before);
        at_ = (at_ + 7) / 8 * 8;
        continue;
      }
      if (result == Result::refused) ++decoded.refused;
      if (result != Result::refused) decoded.flips += at_ - begin;
      if (result != Result::plain) at_ = (at_ + 7) / 8 * 8;
    }
    decoded.bytes.assign(text_.begin() + static_cast<std::ptrdiff_t>(window_.size()),
                         text_.begin() + static_cast<std::ptrdiff_t>(window_.size() + size));
    // inflate has looked at one more symbol, unless the end cuts the last one.
    if (text_.size() == window_.size() + size) {
      Decoded ignored;
      symbol(ignored);
    }
    at_ = (at_ + 7) / 8 * 8;
    return decoded;
  }

 private:
  enum class Result { plain, end_of_block, refused };
  using Words = std::map<std::pair<int, unsigned>, int>;  // by length and bits, first bit highest

  template <std::size_t kSize>
  static Words words(const std::array<std::uint8_t, kSize>& lengths) {
    Words words;
    unsigned next = 0;
    for (int bits = 1; bits <= 15; ++bits, next <<= 1) {
      for (std::size_t symbol = 0; symbol < kSize; ++symbol) {
        if (lengths[symbol] == bits) words[{bits, next++}] = static_cast<int>(symbol);
      }
    }
    return words;
  }

  // Whether the filter lets the symbol be that begins at this place.
  bool stays(SegmentFilter& filter, std::size_t place, std::size_t size) {
    const ByteView drawn = ByteView(text_)
                               .subspan(window_.size())
                               .first(std::min(size, text_.size() - window_.size()));
    const ByteView bytes = drawn.subspan(place);
    const std::size_t kept = filter.keep(place, bytes);
    if (kept == bytes.size()) return true;
    if (filter.again(place)) return false;
    filter.keep_all(place + kept, bytes.subspan(kept));
    return true;
  }

  unsigned flip() {
    while (flips_.size() <= at_ / 8) {
      const std::uint64_t word = random_->bits();
      for (int i = 0; i < 8; ++i) flips_.push_back(static_cast<Byte>(word >> (8 * i)));
    }
    const unsigned bit = flips_[at_ / 8] >> (at_ % 8) & 1u;
    ++at_;
    return bit;
  }

  unsigned bits(int count) {
    unsigned value = 0;
    for (int i = 0; i < count; ++i) value |= flip() << i;
    return value;
  }

  int read(const Words& words) {
    unsigned word = 0;
    for (int length = 1; length <= 15; ++length) {
      word = word << 1 | flip();
      const auto found = words.find({length, word});
      if (found != words.end()) return found->second;
    }
    ADD_FAILURE() << "the code is not complete";
    return 0;
  }

  Result symbol(Decoded& decoded) {
    const int literal = read(literals_);
    if (literal > 285) return Result::refused;
    if (literal <= 256) ++decoded.literals[literal];
    if (literal == 256) return Result::end_of_block;
    if (literal < 256) {
      text_.push_back(static_cast<Byte>(literal));
      return Result::plain;
    }
    // RFC 1951, section 3.2.5, the tables written as formulas.
    const int l = literal - 257;
    const int length_bits = l < 8 || l == 28 ? 0 : (l - 4) / 4;
    const unsigned length_base = l < 8 ? 3u + static_cast<unsigned>(l)
                                 : l == 28
                                     ? 258u
                                     : 3u + ((4u + static_cast<unsigned>(l) % 4) << length_bits);
    const unsigned length = length_base + bits(length_bits);
    const int distance_symbol = read(distances_);
    if (distance_symbol > 29) return Result::refused;
    const int distance_bits = distance_symbol < 2 ? 0 : (distance_symbol - 2) / 2;
    const unsigned distance_base =
        distance_symbol < 2
            ? 1u + static_cast<unsigned>(distance_symbol)
            : 1u + ((2u + static_cast<unsigned>(distance_symbol) % 2) << distance_bits);
    const unsigned distance = distance_base + bits(distance_bits);
    if (distance > text_.size()) return Result::refused;
    ++decoded.literals[literal];
    ++decoded.distances[distance_symbol];
    for (unsigned i = 0; i < length; ++i) text_.push_back(text_[text_.size() - distance]);
    return Result::plain;
  }

  Words literals_, distances_;
  ByteView window_;
  Bytes text_;
  Random* random_ = nullptr;
  Bytes flips_;
  std::uint64_t at_ = 0;
};

struct Context {
  std::string name;
  Bytes bytes;
};

std::vector<Context> contexts() {
  return {{"empty", {}},
          {"one byte", {'x'}},
          {"short", text_bytes(30)},
          {"a block", text_bytes(20000)},
          {"blocks", text_bytes(300000)},
          {"noise", noise(5000)},
          {"zeros", Bytes(100000)}};
}

TEST(DeflateFlips, AreWhatASlowDecoderMakesOfThemBitByBit) {
  for (const Context& context : contexts()) {
    for (const double temperature : {1.0, 0.7, 1.5}) {
      SCOPED_TRACE(context.name + " at " + std::to_string(temperature));
      const d::Parameters parameters{.level = 6};
      d::Flips flips(context.bytes, parameters, temperature);
      const ByteView all(context.bytes);
      SlowDecoder slow(flips.header().lengths, all.last(std::min<std::size_t>(all.size(), 32768)));
      Random random(11), again(11);
      std::uint64_t refused = 0;
      for (const std::size_t size : {1u, 2u, 3000u, 1u, 700u, 40000u, 259u}) {
        Bytes drawn(size);
        const double spent = flips.draw(drawn, random);
        const Decoded decoded = slow.segment(size, again);
        refused += decoded.refused;
        ASSERT_EQ(drawn, decoded.bytes);
        ASSERT_EQ(spent, static_cast<double>(decoded.flips));
      }
      EXPECT_EQ(flips.refused(), refused);
    }
  }
}

// No more than so many bytes in a row may occur earlier in the segment or in the context, found by
// looking everywhere; and nothing is drawn again more often than a few times in turn.
class SlowFilter final : public SegmentFilter {
 public:
  SlowFilter(ByteView context, std::size_t most_bytes, int most_again)
      : context_bytes_(context.size()),
        gram_bytes_(most_bytes + 1),
        most_again_(most_again),
        text_(context.begin(), context.end()) {}

  std::size_t keep(std::size_t place, ByteView bytes) override {
    text_.resize(context_bytes_ + place);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      text_.push_back(bytes[i]);
      if (!quotes()) continue;
      text_.pop_back();
      return i;
    }
    return bytes.size();
  }

  bool again(std::size_t place) override {
    again_ = place <= place_ ? again_ + 1 : 1;
    place_ = std::max(place, place_);
    ++again_in_all;
    let_through += again_ == most_again_;
    return again_ < most_again_;
  }

  void keep_all(std::size_t place, ByteView bytes) override {
    text_.resize(context_bytes_ + place);
    append(text_, bytes);
  }

  std::uint64_t again_in_all = 0, let_through = 0;

 private:
  bool quotes() const {
    if (text_.size() < context_bytes_ + gram_bytes_) return false;
    const auto gram = text_.end() - static_cast<std::ptrdiff_t>(gram_bytes_);
    return std::search(text_.begin(), text_.end() - 1, gram, text_.end()) != text_.end() - 1;
  }

  std::size_t context_bytes_, gram_bytes_;
  int most_again_;
  Bytes text_;
  std::size_t place_ = 0;
  int again_ = 0;
};

TEST(DeflateFlips, DrawAgainWhatAFilterDoesNotKeep) {
  for (const Context& context : contexts()) {
    for (const std::size_t most_bytes : {2u, 6u, 20u}) {
      SCOPED_TRACE(context.name + ", at most " + std::to_string(most_bytes));
      const ByteView all(context.bytes);
      const ByteView window = all.last(std::min<std::size_t>(all.size(), 3000));
      d::Flips flips(window, {.level = 6}, 1);
      SlowDecoder slow(flips.header().lengths, window);
      Random random(11), again(11);
      std::uint64_t again_in_all = 0, let_through = 0;
      for (const std::size_t size : {1u, 300u, 1200u}) {
        SlowFilter filter(window, most_bytes, 5), same(window, most_bytes, 5);
        Bytes drawn(size);
        const double spent = flips.draw_filtered(drawn, random, &filter);
        const Decoded decoded = slow.segment(size, again, &same);
        ASSERT_EQ(drawn, decoded.bytes);
        ASSERT_EQ(spent, static_cast<double>(decoded.flips));
        EXPECT_EQ(filter.let_through, same.let_through);
        EXPECT_EQ(filter.again_in_all, same.again_in_all);
        again_in_all += filter.again_in_all;
        let_through += filter.let_through;
      }
      // What was drawn at a time and is left over, and no more than that.
      int left_over = 0;
      for (; left_over <= 4096 / 8 && Random(random).bits() != Random(again).bits(); ++left_over)
        again.bits();
      EXPECT_LE(left_over, 4096 / 8);
      if (most_bytes == 2 && context.name == "a block") {
        EXPECT_GT(again_in_all, 100u);
      }
      if (context.name == "zeros") {
        EXPECT_GT(let_through, 0u);
      }
    }
  }
}

// The chi-squared statistic should not be far beyond its degrees of freedom.
void expect_code(const std::map<int, std::uint64_t>& counts,
                 std::span<const std::uint8_t> lengths) {
  std::uint64_t total = 0;
  for (const auto& [symbol, count] : counts) total += count;
  double statistic = 0, rare_expected = 0, rare_count = 0;
  int cells = 0;
  const auto add = [&](double count, double expected) {
    if (expected < 5) return;
    statistic += (count - expected) * (count - expected) / expected;
    ++cells;
  };
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    const auto found = counts.find(static_cast<int>(symbol));
    const double count = found == counts.end() ? 0 : static_cast<double>(found->second);
    if (lengths[symbol] == 0) {
      EXPECT_EQ(count, 0) << symbol;
      continue;
    }
    const double expected = static_cast<double>(total) * std::exp2(-lengths[symbol]);
    if (expected >= 5) {
      add(count, expected);
    } else {
      rare_expected += expected;
      rare_count += count;
    }
  }
  add(rare_count, rare_expected);
  ASSERT_GT(cells, 1);
  EXPECT_LT(statistic, cells - 1 + 5 * std::sqrt(2.0 * (cells - 1)));
}

TEST(DeflateFlips, DrawEachSymbolAsOftenAsItsCodeSays) {
  const Bytes context = text_bytes(60000);
  for (const double temperature : {1.0, 0.6}) {
    d::Flips flips(context, {.level = 9}, temperature);
    SlowDecoder slow(flips.header().lengths, ByteView(context).last(32768));
    Random random(5);
    const Decoded decoded = slow.segment(1 << 20, random);
    Random again(5);
    Bytes drawn(1 << 20);
    flips.draw(drawn, again);
    ASSERT_EQ(drawn, decoded.bytes);
    ASSERT_EQ(decoded.refused, 0u);
    expect_code(decoded.literals, flips.header().lengths.literals);
    expect_code(decoded.distances, flips.header().lengths.distances);
  }
}

TEST(DeflateFlips, AreSegmentsIndependentOfThoseBefore) {
  const Bytes context = text_bytes(20000);
  d::Flips used(context, {.level = 9}, 1), fresh(context, {.level = 9}, 1);
  Random first(1), second(2), again(2);
  Bytes ignored(4096), a(4096), b(4096);
  // A whole number of draws of flips: what is left over of the first belongs to the second.
  used.draw(ignored, first);
  fresh.draw(b, again);
  EXPECT_NE(ignored, b);
  double least = 1e9, most = 0;
  for (int i = 0; i < 50; ++i) {
    const double bits = used.draw(a, second);
    least = std::min(least, bits);
    most = std::max(most, bits);
  }
  EXPECT_GT(least, most / 2);  // nothing builds up
}

double kraft_sum(std::span<const std::uint8_t> lengths) {
  double sum = 0;
  for (const int bits : lengths) sum += bits == 0 ? 0 : std::exp2(-bits);
  return sum;
}

TEST(DeflateHeader, IsFoundBitByBitInWhatZlibWrites) {
  const Bytes message = text_bytes(20000);
  const d::BlockHeader header = d::last_dynamic_header(message, {.level = 9});
  // The message is one block: its stream begins with the header, marked as the last one.
  z_stream z{};
  ASSERT_EQ(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes stream(deflateBound(&z, message.size()));
  z.next_in = const_cast<Byte*>(message.data());
  z.avail_in = static_cast<uInt>(message.size());
  z.next_out = stream.data();
  z.avail_out = static_cast<uInt>(stream.size());
  ASSERT_EQ(::deflate(&z, Z_FINISH), Z_STREAM_END);
  deflateEnd(&z);
  ASSERT_GT(header.bits, 100u);
  ASSERT_EQ(stream[0], header.bytes[0] | 1);
  const std::size_t whole = header.bits / 8;
  EXPECT_TRUE(std::equal(header.bytes.begin() + 1,
                         header.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                         stream.begin() + 1));
  EXPECT_EQ(kraft_sum(header.lengths.literals), 1);
  EXPECT_EQ(kraft_sum(header.lengths.distances), 1);
}

TEST(DeflateHeader, IsFixedWhereNoBlockIsDynamic) {
  const d::BlockHeader fixed = d::fixed_header();
  for (const Bytes& message : {Bytes(), Bytes{'x'}, noise(5000)})
    EXPECT_EQ(d::last_dynamic_header(message, {.level = 9}).lengths, fixed.lengths);
  EXPECT_EQ(d::last_dynamic_header(text_bytes(9000), {.level = 0}).lengths, fixed.lengths);
  EXPECT_EQ(d::last_dynamic_header(text_bytes(9000), {.strategy = Z_FIXED}).lengths, fixed.lengths);
}

TEST(DeflateHeader, AtATemperatureIsACompleteCodeThatInflateTakes) {
  for (const Context& context : contexts()) {
    const d::BlockHeader header = d::last_dynamic_header(context.bytes, {.level = 9});
    EXPECT_EQ(d::tempered(header, 1).bytes, header.bytes);
    for (const double temperature : {1e-9, 0.05, 0.5, 0.9, 1.1, 3.0, 1e9}) {
      SCOPED_TRACE(context.name + " at " + std::to_string(temperature));
      const d::BlockHeader changed = d::tempered(header, temperature);
      EXPECT_EQ(kraft_sum(changed.lengths.literals), 1);
      EXPECT_EQ(kraft_sum(changed.lengths.distances), 1);
      z_stream z{};
      ASSERT_EQ(inflateInit2(&z, -15), Z_OK);
      z.next_in = const_cast<Byte*>(changed.bytes.data());
      z.avail_in = static_cast<uInt>(changed.bytes.size());
      Byte nowhere = 0;
      z.next_out = &nowhere;
      EXPECT_EQ(inflate(&z, Z_TREES), Z_OK);
      EXPECT_NE(z.data_type & 256, 0);
      EXPECT_EQ(8 * (changed.bytes.size() - z.avail_in) - (static_cast<unsigned>(z.data_type) & 63),
                changed.bits);
      inflateEnd(&z);
    }
  }
  const d::BlockHeader header = d::last_dynamic_header(text_bytes(9000), {.level = 9});
  for (const double bad : {0.0, -1.0, std::nan("")})
    EXPECT_THROW(d::tempered(header, bad), UsageError);
}

TEST(DeflateHeader, MadeOfTheLengthsAtOneHasTheSameCodes) {
  const d::BlockHeader header = d::last_dynamic_header(text_bytes(20000), {.level = 9});
  EXPECT_EQ(d::tempered(header, 1 + 1e-12).lengths, header.lengths);
  EXPECT_LE(d::make_header(header.lengths).bits, header.bits + 40);
}

// Against all codes of few symbols.
TEST(LimitedCode, HasTheLeastCostOfAllCodesWithinTheLimit) {
  Random random(2);
  for (int round = 0; round < 200; ++round) {
    const std::size_t n = 2 + random.below(4);
    const int limit = 3 + static_cast<int>(random.below(2));
    std::vector<double> weights(n);
    for (double& w : weights) w = static_cast<double>(random.below(100));
    const std::vector<std::uint8_t> code = d::limited_code(weights, limit);
    EXPECT_EQ(kraft_sum(code), 1);
    const auto cost = [&](std::span<const std::uint8_t> lengths) {
      return std::inner_product(weights.begin(), weights.end(), lengths.begin(), 0.0);
    };
    double best = 1e9;
    std::vector<std::uint8_t> all(n, 1);
    for (bool more = true; more;) {
      if (kraft_sum(all) <= 1) best = std::min(best, cost(all));
      more = false;
      for (std::size_t i = 0; i < n && !more; ++i) {
        more = all[i] < limit;
        all[i] = more ? all[i] + 1 : 1;
      }
    }
    EXPECT_EQ(cost(code), best);
    EXPECT_LE(*std::ranges::max_element(code), limit);
  }
}

// ---- LZMA2 -----------------------------------------------------------------------------------

lzma_options_lzma lzma_options(std::uint32_t preset) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, preset);
  options.dict_size = 1 << 16;
  return options;
}

TEST(LzmaFlips, DrawAfterAnyContextAndIndependentSegments) {
  for (const Context& context : contexts()) {
    SCOPED_TRACE(context.name);
    lzma::Flips flips(context.bytes, lzma_options(6));
    Random random(1);
    Bytes before;
    for (const std::size_t size : {1u, 2u, 900u, 900u}) {
      Bytes drawn(size);
      const double bits = flips.draw(drawn, random);
      const bool certain = context.name == "zeros";  // then next to nothing is to be decided
      EXPECT_GE(bits, size == 900 && !certain ? 100 : 0);
      EXPECT_LE(bits, 12.0 * static_cast<double>(size) + 64);
      EXPECT_TRUE(certain || drawn != before);
      before = drawn;
    }
  }
}

TEST(LzmaFlips, KeepNothingThatAFilterDoesNot) {
  for (const Context& context : contexts()) {
    for (const std::size_t most_bytes : {2u, 6u, 20u}) {
      if (kSanitized && most_bytes != 6) continue;
      SCOPED_TRACE(context.name + ", at most " + std::to_string(most_bytes));
      lzma::Flips flips(context.bytes, lzma_options(6)), again(context.bytes, lzma_options(6));
      Random random(11), same(11);
      const ByteView all(context.bytes);
      const ByteView window = all.last(std::min<std::size_t>(all.size(), 3000));
      // Nothing is let through where the text has much else to offer.
      const int most_again = context.name == "zeros" ? 5 : 100000;
      SlowFilter filter(window, most_bytes, most_again), afterwards(window, most_bytes, 1);
      Bytes drawn(600), twice(600);
      flips.draw_filtered(drawn, random, &filter);
      SlowFilter second(window, most_bytes, most_again);
      again.draw_filtered(twice, same, &second);
      EXPECT_EQ(drawn, twice);
      if (context.name == "zeros") {
        EXPECT_GT(filter.let_through, 0u);
      } else {
        EXPECT_EQ(afterwards.keep(0, drawn), drawn.size());
      }
    }
  }
}

TEST(LzmaFlips, SpendAboutWhatLzmaNeedsForTheTextsThatTheyDraw) {
  const Bytes context = text_bytes(60000);
  lzma::Flips flips(context, lzma_options(6));
  Random random(4);
  double spent = 0, measured = 0;
  const auto state = make_model("xz:6")->start(context);
  constexpr int kSegments = 40;
  constexpr std::size_t kBytes = 1000;
  for (int i = 0; i < kSegments; ++i) {
    Bytes drawn(kBytes);
    spent += flips.draw(drawn, random);
    const ByteView view(drawn);
    double bits = 0;
    state->measure({&view, 1}, {&bits, 1});
    measured += bits;
  }
  // The encoder finds about as good a parse as the one that was drawn, often a better one.
  EXPECT_GT(measured, 0.6 * spent);
  EXPECT_LT(measured, 1.1 * spent);
}

TEST(LzmaFlips, GoOnWhenAChunkIsUsedUp) {
  const Bytes context = noise(30000);  // nearly eight flips a byte: 64 KiB are soon used up
  lzma::Flips flips(context, lzma_options(1));
  Random random(4), again(4);
  Bytes drawn(400000), same(400000);
  const double bits = flips.draw(drawn, random);
  EXPECT_GT(bits, 0);
  lzma::Flips other(context, lzma_options(1));
  EXPECT_EQ(other.draw(same, again), bits);
  EXPECT_EQ(drawn, same);
}

TEST(LzmaFlips, WorkForEveryPresetAndLayoutOfProbabilities) {
  const Bytes context = text_bytes(5000);
  for (std::uint32_t preset = 0; preset <= 9; preset += 3) {
    for (const std::uint32_t lc : {0u, 4u}) {
      lzma_options_lzma options = lzma_options(preset);
      options.lc = lc;
      options.pb = 4 - lc;
      lzma::Flips flips(context, options);
      Random random(1);
      Bytes drawn(2000);
      EXPECT_GT(flips.draw(drawn, random), 0);
    }
  }
}

// ---- both ------------------------------------------------------------------------------------

TEST(CoinFlips, AreThereForStockDecompressorsOnly) {
  const Bytes context = text_bytes(3000);
  for (const char* spec : {"gzip:9", "zlib:1", "deflate:6", "gzip:9,engine=twin",
                           "gzip:9,engine=clone", "xz", "lzma:3", "gzip:6,window=9"})
    EXPECT_NE(make_model(spec)->start(context)->stock_decoder(), nullptr) << spec;
  for (const char* spec : {"gzip:9,engine=recompress", "xz:0,bits=byte", "ngram:3", "bzip2", "zstd",
                           "product:gzip^0.5,ngram:3"})
    EXPECT_EQ(make_model(spec)->start(context)->stock_decoder(), nullptr) << spec;
  EXPECT_THROW(make_model("xz")->start(context)->stock_decoder()->coin_flips(0.7), UsageError);
  EXPECT_THROW(make_model("gzip")->start(context)->stock_decoder()->coin_flips(0), UsageError);
}

TEST(CoinFlips, DependOnTheContextAndNotOnHowItWasObserved) {
  const Bytes context = text_bytes(200000);
  for (const std::string spec : {"gzip:9,engine=twin", "gzip:9,engine=clone", "xz:1"}) {
    SCOPED_TRACE(spec);
    const auto model = make_model(spec);
    const auto whole = model->start(context);
    const auto pieces = model->start();
    const Mark mark = pieces->mark();
    pieces->observe(noise(1000));
    pieces->rewind(mark);
    pieces->forget(mark);
    for (std::size_t at = 0; at < context.size(); at += 7001)
      pieces->observe(
          ByteView(context).subspan(at, std::min<std::size_t>(7001, context.size() - at)));
    const auto clone = pieces->clone();
    pieces->observe(as_bytes("something else"));
    Bytes drawn[2] = {Bytes(3000), Bytes(3000)};
    Random random[2] = {Random(1), Random(1)};
    const double bits = whole->stock_decoder()->coin_flips(1)->draw(drawn[0], random[0]);
    EXPECT_EQ(clone->stock_decoder()->coin_flips(1)->draw(drawn[1], random[1]), bits);
    EXPECT_EQ(drawn[0], drawn[1]);
  }
}

}  // namespace
}  // namespace kraft
