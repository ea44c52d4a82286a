// The decoder's view of DEFLATE: against the enumeration of all parses, a plain loop over the whole
// window, and the stock inflate fed with coin flips.

#include "models/deflate/decoder_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>

#include "base/portable_log2.h"
#include "codecs/messages.h"
#include "kraft/coder.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/views.h"
#include "models/views.h"
#include "sanitized.h"

namespace kraft {
namespace {

namespace d = deflate;

// RFC 1951, section 3.2.5, as its tables have it.
constexpr std::array<unsigned, 29> kLengthBase = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                  15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                  67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr std::array<int, 29> kLengthExtra = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                              2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr std::array<unsigned, 30> kDistanceBase = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
constexpr std::array<int, 30> kDistanceExtra = {0, 0, 0,  0,  1,  1,  2,  2,  3,  3,
                                                4, 4, 5,  5,  6,  6,  7,  7,  8,  8,
                                                9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

// The probabilities of words, from the lengths of the code alone.
struct Words {
  Words(const d::CodeLengths& lengths, d::Floor floor) {
    const auto p = [floor](int bits) {
      const bool none = bits == 0 && floor == d::Floor::none;
      return none ? 0.0L : std::exp2(-static_cast<long double>(bits == 0 ? 15 : bits));
    };
    for (std::size_t b = 0; b < 256; ++b) literal[b] = p(lengths.literals[b]);
    for (std::size_t c = 0; c < 29; ++c) {
      for (unsigned extra = 0; extra < (1u << kLengthExtra[c]); ++extra)
        length[kLengthBase[c] + extra] += p(lengths.literals[257 + c]) / (1 << kLengthExtra[c]);
    }
    for (std::size_t c = 0; c < 30; ++c) {
      for (unsigned extra = 0; extra < (1u << kDistanceExtra[c]); ++extra)
        distance[kDistanceBase[c] + extra] = p(lengths.distances[c]) / (1 << kDistanceExtra[c]);
    }
  }
  std::array<long double, 256> literal{};
  std::array<long double, 259> length{};
  std::array<long double, 32769> distance{};

  long double tokens_at(std::uint64_t position, std::uint64_t window) const {
    long double copies = 0;
    for (std::uint64_t x = 1; x <= std::min(position, window); ++x) copies += distance[x];
    return std::accumulate(literal.begin(), literal.end(), 0.0L) +
           std::accumulate(length.begin(), length.end(), 0.0L) * copies;
  }
};

// The probability that what follows `seen` begins with `rest`, as the sum over every sequence of
// tokens, one by one.
long double all_parses(const Words& words, const Bytes& seen, ByteView rest, std::uint64_t window) {
  if (rest.empty()) return 1;
  const long double tokens = words.tokens_at(seen.size(), window);
  Bytes text = seen;
  text.push_back(rest[0]);
  long double sum = words.literal[rest[0]] * all_parses(words, text, rest.subspan(1), window);
  for (std::uint64_t distance = 1; distance <= std::min<std::uint64_t>(seen.size(), window);
       ++distance) {
    if (words.distance[distance] == 0) continue;
    text = seen;
    long double longer = 0;
    for (unsigned length = 1; length <= 258; ++length) {
      text.push_back(text[text.size() - distance]);
      if (text.back() != rest[length - 1]) break;
      if (length == rest.size()) {  // this copy, or a longer one
        for (unsigned l = length; l <= 258; ++l) longer += words.length[l];
        break;
      }
      if (words.length[length] > 0)
        sum += words.distance[distance] * words.length[length] *
               all_parses(words, text, rest.subspan(length), window);
    }
    sum += words.distance[distance] * longer;
  }
  return sum / tokens;
}

// Leaves the view as it was.
long double probability(d::DecoderView& view, ByteView rest) {
  const std::uint64_t position = view.position_bytes();
  double bits = 0;
  for (const Byte byte : rest) {
    bits += view.bits_of(byte);
    view.observe(byte);
  }
  view.rewind(position);
  return std::exp2(-static_cast<long double>(bits));
}

TEST(DecoderView, SumsOverAllParsesFromTheStart) {
  for (const char* const text :
       {"", "a", "aaaaaaa", "abababab", "abcabcabc", "aabaabaab", "abcdabc"}) {
    d::DecoderView view({});
    const Words words(d::fixed_header().lengths, d::Floor::longest_word);
    const long double expected = all_parses(words, {}, as_bytes(text), 32768);
    EXPECT_NEAR(static_cast<double>(probability(view, as_bytes(text)) / expected), 1, 1e-12)
        << text;
  }
}

TEST(DecoderView, SumsOverAllParsesAfterATokenOfAContext) {
  for (const int window_bits : {9, 15}) {
    for (const d::Floor floor : {d::Floor::none, d::Floor::longest_word}) {
      const Bytes context = real_text(5000);
      d::ViewParameters parameters{.deflate = {}, .floor = floor};
      parameters.deflate.window_bits = window_bits;
      d::DecoderView view(parameters);
      view.observe(context);
      view.begin_token();
      const Words words(view.header().lengths, floor);
      EXPECT_NE(view.header().lengths, d::fixed_header().lengths);
      for (const char* const rest : {"t", "the", "and t", " \r\n", "eeee"}) {
        const long double expected =
            all_parses(words, context, as_bytes(rest), std::uint64_t{1} << window_bits);
        EXPECT_NEAR(static_cast<double>(probability(view, as_bytes(rest)) / expected), 1, 1e-11)
            << rest;
      }
    }
  }
}

TEST(DecoderView, OfAllStringsOfALengthHasMassOne) {
  // Strings over the letters that can follow: the others' mass is what is missing.
  const Bytes context = real_text(3000);
  const auto state = make_model("gzip:9,view=decoder")->start(context);
  std::vector<Bytes> strings;
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) strings.push_back({static_cast<Byte>(a), static_cast<Byte>(b)});
  }
  const std::vector<ByteView> views(strings.begin(), strings.end());
  std::vector<double> bits(views.size());
  state->measure(views, bits);
  double sum = 0;
  for (const double b : bits) sum += std::exp2(-b);
  EXPECT_NEAR(sum, 1, 1e-9);
}

// Everything by its definition, with loops over all distances.
class SlowView {
 public:
  explicit SlowView(const d::ViewParameters& parameters)
      : p_(parameters), window_(std::uint64_t{1} << parameters.deflate.window_bits) {}

  std::array<long double, 256> next_byte(ByteView text) {
    const std::uint64_t t = text.size();
    const std::uint64_t begin = t >= p_.refresh_bytes ? t / p_.refresh_bytes * p_.refresh_bytes
                                : t < 256             ? 0
                                                      : std::bit_floor(t);
    const ByteView before = text.first(begin);
    const Words words(
        d::last_dynamic_header(before.last(std::min<std::uint64_t>(before.size(), p_.source_bytes)),
                               p_.deflate, p_.fewest_bytes)
            .lengths,
        p_.floor);
    const std::uint64_t first = begin < 516 ? 0 : begin - 516;
    std::vector<long double> starts(t + 1);  // A, of each position
    starts[first] = 1 / words.tokens_at(first, window_);
    for (std::uint64_t at = first + 1; at <= t; ++at) {
      long double mass = starts[at - 1] * words.literal[text[at - 1]];
      for (std::uint64_t x = 1; x <= std::min(at - 1, window_); ++x) {
        if (words.distance[x] == 0) continue;
        const std::uint64_t m = matching(text.first(at), x);
        for (std::uint64_t k = 3; k <= std::min(m, at - first); ++k)
          mass += words.distance[x] * starts[at - k] * words.length[k];
      }
      starts[at] = mass / words.tokens_at(at, window_);
    }
    std::array<long double, 259> longer{};
    for (std::size_t k = 258; k-- > 0;) longer[k] = longer[k + 1] + words.length[k + 1];
    std::array<long double, 256> p{};
    for (std::size_t b = 0; b < 256; ++b) p[b] = starts[t] * words.literal[b];
    for (std::uint64_t x = 1; x <= std::min(t, window_); ++x) {
      const std::uint64_t m = matching(text, x);
      for (std::uint64_t k = 0; k <= std::min(m, t - first); ++k)
        p[text[t - x]] += words.distance[x] * starts[t - k] * longer[k];
    }
    const long double sum = std::accumulate(p.begin(), p.end(), 0.0L);
    for (long double& x : p) x /= sum;
    return p;
  }

 private:
  static std::uint64_t matching(ByteView text, std::uint64_t distance) {
    std::uint64_t m = 0;
    while (m < 258 && m + distance < text.size() &&
           text[text.size() - 1 - m] == text[text.size() - 1 - m - distance])
      ++m;
    return m;
  }

  d::ViewParameters p_;
  std::uint64_t window_;
};

void expect_slow(const d::ViewParameters& parameters, ByteView text,
                 std::span<const std::size_t> positions) {
  d::DecoderView view(parameters);
  std::size_t at = 0;
  for (const std::size_t position : positions) {
    for (; at < position; ++at) view.observe(text[at]);
    std::array<double, 256> bits;
    view.next_byte(bits);
    const auto expected = SlowView(parameters).next_byte(text.first(position));
    double sum = 0;
    for (std::size_t b = 0; b < 256; ++b) {
      sum += std::exp2(-bits[b]);
      ASSERT_NEAR(bits[b], static_cast<double>(-std::log2(expected[b])), 1e-9)
          << "byte " << b << " at " << position;
      ASSERT_EQ(bits[b], view.bits_of(static_cast<Byte>(b)));
    }
    EXPECT_NEAR(sum, 1, 1e-12);
  }
}

std::vector<Bytes> long_texts() {
  Bytes runs;
  Random random(1);
  while (runs.size() < 1300)
    runs.insert(runs.end(), 1 + random.below(400), static_cast<Byte>(random.below(3)));
  runs.resize(1300);
  Bytes letters(1300);
  for (Byte& byte : letters) byte = static_cast<Byte>('a' + random.below(2));
  return {real_text(1300), runs, letters, random_bytes(1300, 2), Bytes(1300, 0)};
}

TEST(DecoderView, IsThePlainLoopOverTheWindow) {
  const std::array<std::size_t, 8> positions = {0, 1, 5, 255, 256, 700, 1024, 1300};
  for (const Bytes& text : long_texts()) {
    for (const int window_bits : {9, 15}) {
      if (window_bits == 15 && (kSanitized || text != long_texts().front()))
        continue;  // it takes so long
      d::ViewParameters parameters{.deflate = {}, .refresh_bytes = 1024};
      parameters.deflate.window_bits = window_bits;
      expect_slow(parameters, text, positions);
    }
  }
}

TEST(DecoderView, IsThePlainLoopOverAWholeWindow) {
  const Bytes text = real_text(37000);
  d::ViewParameters parameters;
  d::DecoderView view(parameters);
  view.observe(ByteView(text).first(36900));
  std::array<double, 256> bits;
  view.next_byte(bits);
  const auto expected = SlowView(parameters).next_byte(ByteView(text).first(36900));
  for (std::size_t b = 0; b < 256; ++b)
    ASSERT_NEAR(bits[b], static_cast<double>(-std::log2(expected[b])), 1e-9);
}

TEST(DecoderView, ObservingAtOnceIsObservingOneByOne) {
  for (const std::size_t size : {0, 1, 255, 256, 1024, 4095, 4096, 4100, 5000, 20000})
    expect_at_once_is_one_by_one(d::DecoderView({}), d::DecoderView({}), real_text(size));
}

TEST(DecoderView, AfterARewindIsAsIfNothingHadBeenObserved) {
  const Bytes text = real_text(6000), other = random_bytes(300, 5);
  d::ViewParameters parameters{.deflate = {}, .refresh_bytes = 1024};
  Random random(6);
  d::DecoderView view(parameters);
  std::size_t at = 0;
  for (int step = 0; step < 40; ++step) {
    const std::size_t more = random.below(std::min<std::size_t>(text.size() - at, 300));
    view.observe(ByteView(text).subspan(at, more));
    at += more;
    view.trim();
    // Aside, across a refresh now and then, and back.
    for (int i = 0; i < 3; ++i) {
      for (std::size_t k = random.below(i == 2 ? 1500 : 40); k > 0; --k)
        view.observe(other[k % other.size()]);
      if (i == 1) view.begin_token();
      if (i == 0) view.bits_of('e');
      view.rewind(at);
    }
    d::DecoderView never(parameters);
    never.observe(ByteView(text).first(at));
    expect_same(view, never);
  }
  EXPECT_THROW(view.rewind(at + 1), Error);
}

TEST(DecoderView, GivesNoByteTheProbabilityZero) {
  for (Bytes text : {Bytes(3000, 'x'), real_text(4000), Bytes()}) {
    d::DecoderView view({});
    view.observe(text);
    for (int i = 0; i < 600; ++i) {
      const Byte byte = static_cast<Byte>(i < 300 ? 255 - i % 7 : 'x');
      const double bits = view.bits_of(byte);
      ASSERT_LT(bits, 60);
      ASSERT_GT(bits, 0);
      view.observe(byte);
    }
  }
}

// Draws strings with the stock inflate and compares how often each comes with what the view says.
void expect_coin_flips(const Bytes& context, std::size_t size, int times) {
  d::ViewParameters parameters{.deflate = {}, .floor = d::Floor::none};
  d::DecoderView view(parameters);
  view.observe(context);
  const auto flips = view.coin_flips(1);
  view.begin_token();
  Random random(9);
  std::map<Bytes, int> counts;
  for (int i = 0; i < times; ++i) {
    Bytes drawn(size);
    flips->draw(drawn, random);
    ++counts[drawn];
  }
  double statistic = 0, rest = times;
  int cells = 0, rest_count = times;
  for (const auto& [string, count] : counts) {
    const double expected = times * static_cast<double>(probability(view, string));
    ASSERT_GT(expected, 0);
    if (expected < 8) continue;
    statistic += (count - expected) * (count - expected) / expected;
    rest -= expected;
    rest_count -= count;
    ++cells;
  }
  ASSERT_GT(rest, -1e-6 * times);
  if (rest > 8) {
    statistic += (rest_count - rest) * (rest_count - rest) / rest;
    ++cells;
  }
  ASSERT_GT(cells, 10);
  EXPECT_LT(statistic, cells - 1 + 5 * std::sqrt(2.0 * (cells - 1)));
}

TEST(DecoderView, SaysHowOftenCoinFlipsIntoInflateDrawEachString) {
  expect_coin_flips(real_text(40000), 1, 40000);
  expect_coin_flips(real_text(40000), 3, 40000);
  expect_coin_flips(real_text(600), 4, 20000);  // copies from before the text are refused
  Bytes letters(9000);
  Random random(3);
  for (Byte& byte : letters) byte = static_cast<Byte>('a' + random.below(2));
  expect_coin_flips(letters, 6, 40000);
}

// What the sum over parses is for: it never costs more than the code's own parse.
TEST(DecoderView, PredictsTextInFewerBitsThanDeflateNeedsForIt) {
  const Bytes text = real_text(44000);
  const ByteView context = ByteView(text).first(40000), truth = ByteView(text).subspan(40000);
  const d::Parameters parameters;
  const auto own = static_cast<double>(d::compressed_bits(text, parameters) -
                                       d::compressed_bits(context, parameters));
  const double bits = bits_given("deflate:9,view=decoder", context, truth);
  EXPECT_LT(bits, 0.95 * own);
  EXPECT_GT(bits, 0.7 * own);
}

TEST(DecoderView, MakesKraftFilesThatAreSmallerThanGzips) {
  const Bytes text = real_text(12000);
  EXPECT_LT(expect_a_kraft_file("gzip:9,view=decoder", text).size(),
            make_codec("gzip:9")->encode(text).size());
}

TEST(DecoderView, IsTheSameInEveryContainer) {
  const Bytes text = real_text(3000);
  std::array<double, 256> a, b;
  make_model("gzip:9,view=decoder")->start(text)->next_byte(a);
  make_model("deflate:9,view=decoder")->start(text)->next_byte(b);
  EXPECT_EQ(a, b);
}

TEST(DecoderView, PricesALongContextWhenItIsAskedFor) {
  const Bytes text = real_text(20000);
  const auto model = make_model("zlib,view=decoder");
  const auto whole = model->start(text), single = model->start();
  for (const Byte byte : text) single->observe({&byte, 1});
  const auto branch = whole->clone();
  EXPECT_NEAR(whole->context_bits(), single->context_bits(), 1e-6);
  branch->observe(as_bytes("more"));
  EXPECT_GT(branch->context_bits(), whole->context_bits());
}

TEST(DecoderView, RefusesWhatBelongsToTheOtherView) {
  EXPECT_THROW(make_model("gzip,view=decoder,engine=twin"), UsageError);
  EXPECT_THROW(make_model("gzip,refresh=4096"), UsageError);
  EXPECT_THROW(make_model("gzip,view=decoder,refresh=100"), UsageError);
  EXPECT_THROW(make_codec("gzip,view=decoder"), UsageError);
  EXPECT_EQ(codec_spec("gzip:9,view=decoder"), "gzip:9");
  EXPECT_TRUE(measures_codec("gzip:9"));
  EXPECT_FALSE(measures_codec("gzip:9,view=decoder"));
  EXPECT_FALSE(measures_codec("ngram"));
  EXPECT_TRUE(measures_codec("filtered:gzip:9,filter=up"));
  EXPECT_TRUE(measures_codec("filtered"));
  EXPECT_FALSE(measures_codec("filtered:ngram:2"));
  EXPECT_FALSE(measures_codec("filtered:filtered:ngram"));
}

TEST(PortableLog2, IsTheLogarithm) {
  Random random(1);
  for (int i = 0; i < 100000; ++i) {
    const double x =
        std::ldexp(0.5 + 0.5 * random.uniform(), static_cast<int>(random.below(600)) - 300);
    ASSERT_NEAR(portable_log2(x), std::log2(x), 1e-13 * (1 + std::abs(std::log2(x))));
  }
  EXPECT_EQ(portable_log2(1), 0);
  EXPECT_EQ(portable_log2(0.125), -3);
}

}  // namespace
}  // namespace kraft
