// The decoder's view of LZ4: against the enumeration of all parses, against coin flips into the
// stock decoder, and what every view promises.

#include <gtest/gtest.h>
#include <lz4.h>

#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>

#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/lz4/decoder_view.h"
#include "models/views.h"
#include "sanitized.h"

namespace kraft::lz4 {
namespace {

Bytes letters(std::size_t size, std::uint64_t count, std::uint64_t seed) {
  Random random(seed);
  Bytes bytes(size);
  for (Byte& byte : bytes) byte = static_cast<Byte>('a' + random.below(count));
  return bytes;
}

// By reading the bits of a nibble and of the bytes that follow it.
double share_of(std::uint32_t value) {
  if (value < 15) return 1.0 / 16;
  double share = 1.0 / 16;
  for (value -= 15; value >= 255; value -= 255) share /= 256;
  return share / 256;
}

TEST(Lz4View, SaysHowOftenANibbleAndItsBytesSayANumber) {
  double sum = 0;
  for (std::uint32_t value = 0; value < 2000; ++value) {
    EXPECT_EQ(equal_share(value), share_of(value)) << value;
    sum += share_of(value);
    EXPECT_NEAR(longer_share(value), 1 - sum, 1e-12) << value;
  }
}

// The mass of all parses whose text begins with `rest`, from the begin of a sequence on.
class AllParses {
 public:
  explicit AllParses(ByteView seen) : text_(seen.begin(), seen.end()) {}

  long double mass(ByteView rest) {
    long double sum = 0, literals = 1, longer = 1;
    std::size_t l = 0;
    for (; l < rest.size(); ++l) {
      const auto run = static_cast<std::uint32_t>(l);
      sum += literals * share_of(run) * copies(rest.subspan(l));
      longer -= share_of(run);
      literals /= 256;
      text_.push_back(rest[l]);
    }
    text_.resize(text_.size() - l);
    return sum + literals * longer;
  }

 private:
  long double copies(ByteView rest) {
    long double sum = 0;
    for (std::size_t d = 1; d <= text_.size() && d <= kWindow; ++d) {
      long double longer = 1;
      std::size_t k = 0;
      for (; k < rest.size(); ++k) {
        const Byte copied = k < d ? text_[text_.size() - d + k] : rest[k - d];
        if (copied != rest[k]) break;
        if (k + 1 == rest.size() || k + 1 < kShortestCopy) continue;
        const double equal = share_of(static_cast<std::uint32_t>(k + 1 - kShortestCopy));
        longer -= equal;
        text_.insert(text_.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(k + 1));
        sum += equal * mass(rest.subspan(k + 1));
        text_.resize(text_.size() - k - 1);
      }
      if (k == rest.size()) sum += longer;
    }
    return text_.empty()
               ? 0
               : sum / static_cast<long double>(std::min<std::size_t>(text_.size(), kWindow));
  }

  Bytes text_;
};

void expect_all_parses(ByteView seen, ByteView rest) {
  DecoderView view;
  view.observe(seen);
  view.begin_sequence();
  AllParses all(seen);
  Bytes text;
  for (const Byte next : rest) {
    std::array<double, 256> bits;
    std::array<long double, 256> mass;
    view.next_byte(bits);
    text.push_back(0);
    for (std::size_t b = 0; b < 256; ++b) {
      text.back() = static_cast<Byte>(b);
      mass[b] = all.mass(text);
    }
    const long double sum = std::accumulate(mass.begin(), mass.end(), 0.0L);
    for (std::size_t b = 0; b < 256; ++b)
      ASSERT_NEAR(bits[b], static_cast<double>(-std::log2(mass[b] / sum)), 1e-9)
          << b << " after " << text.size() - 1;
    view.observe(next);
    text.back() = next;
  }
}

TEST(Lz4View, SumsOverAllParses) {
  expect_all_parses(letters(40, 2, 1), letters(12, 2, 2));
  expect_all_parses(letters(300, 3, 3), letters(9, 3, 4));
  expect_all_parses(Bytes(5, 'a'), as_bytes("aaaaaaaab"));
  expect_all_parses({}, as_bytes("aaaaaabaa"));
  const Bytes text = real_text(3000);
  expect_all_parses(text, ByteView(text).subspan(100, 7));
}

// Runs so long that bytes follow their nibble, and that those are 255 and others follow.
TEST(Lz4View, SumsOverLongRuns) {
  const Bytes text = random_bytes(541, 9);
  DecoderView view;
  view.observe(as_bytes("seen"));
  view.begin_sequence();
  std::size_t at = 0;
  for (const std::size_t size : {14, 15, 16, 269, 270, 271, 525, 540}) {
    for (; at < size; ++at) view.observe(text[at]);
    std::array<double, 256> bits;
    std::array<long double, 256> mass;
    view.next_byte(bits);
    AllParses all(as_bytes("seen"));
    Bytes longer(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size + 1));
    for (std::size_t b = 0; b < 256; ++b) {
      longer.back() = static_cast<Byte>(b);
      mass[b] = all.mass(longer);
    }
    const long double sum = std::accumulate(mass.begin(), mass.end(), 0.0L);
    for (std::size_t b = 0; b < 256; ++b)
      ASSERT_NEAR(bits[b], static_cast<double>(-std::log2(mass[b] / sum)), 1e-9)
          << b << " " << size;
  }
}

// The first `size` bytes that the stock decoder makes of coin flips, behind a context.
Bytes drawn_by_lz4(ByteView context, std::size_t size, Random& random) {
  std::array<std::uint64_t, 32> words;
  for (std::uint64_t& word : words) word = random.bits();
  const auto flips = std::bit_cast<std::array<char, sizeof words>>(words);
  std::array<char, 256> room;
  const int got = LZ4_decompress_safe_partial_usingDict(
      flips.data(), room.data(), static_cast<int>(flips.size()), static_cast<int>(size),
      static_cast<int>(room.size()), reinterpret_cast<const char*>(context.data()),
      static_cast<int>(context.size()));
  EXPECT_EQ(got, static_cast<int>(size));
  return {room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size)};
}

// Compares the counts of all strings of the letters with what the view expects.
void expect_coin_flips(std::size_t alphabet, std::size_t size) {
  constexpr int kDraws = 40000;
  // So much context that every offset but 0 has something to copy, and no restart follows soon.
  const Bytes context = letters(70000, alphabet, alphabet);
  DecoderView view;
  view.observe(context);
  view.begin_sequence();
  Random random(size);
  std::map<Bytes, int> counts;
  for (int i = 0; i < kDraws; ++i) ++counts[drawn_by_lz4(context, size, random)];
  expect_counts(view, counts, kDraws, alphabet, size);
}

TEST(Lz4View, SaysHowOftenCoinFlipsIntoTheStockDecoderDrawEachString) {
  expect_coin_flips(40, 1);
  expect_coin_flips(5, 1);
  expect_coin_flips(5, 3);
  if (kSanitized) return;  // two letters match nearly everywhere, which takes it so long
  expect_coin_flips(2, 6);
  expect_coin_flips(2, 7);
}

TEST(Lz4View, IsADistributionAndAgreesByteByByte) {
  Bytes mixed = real_text(20000);
  append(mixed, Bytes(3000, 'x'));
  append(mixed, random_bytes(1000, 3));
  for (const Bytes& text : {mixed, random_bytes(3000, 4), Bytes(2500, 7)}) {
    DecoderView view;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (at % 97 == 0) expect_distribution(view);
      view.observe(text[at]);
      view.trim();
    }
  }
}

TEST(Lz4View, ObservingAtOnceIsObservingOneByOne) {
  for (const std::size_t size : {0, 1, 256, 16384, 20000, 100000})
    expect_at_once_is_one_by_one(DecoderView(), DecoderView(), real_text(size));
}

TEST(Lz4View, AfterARewindIsAsIfNothingHadBeenObserved) {
  Bytes text = real_text(17000);
  text.insert(text.end(), 1500, 'x');
  append(text, random_bytes(1200, 8));
  expect_that_rewinds_leave_nothing([] { return DecoderView(); }, text, 15000, 30, 400);
}

TEST(Lz4View, PredictsTextInFewerBitsThanLz4NeedsForIt) {
  const Bytes text = real_text(44000);
  const ByteView context = ByteView(text).first(40000), truth = ByteView(text).subspan(40000);
  const double bits = bits_given("lz4:9,view=decoder", context, truth);
  for (const char* const spec : {"lz4", "lz4:12"}) {
    const auto encoder = make_codec(spec)->encoder();
    const double own = encoder->code_length(text) - encoder->code_length(context);
    EXPECT_LT(bits, 0.97 * own) << spec;
  }
  EXPECT_GT(bits, 3.0 * static_cast<double>(truth.size()));
}

TEST(Lz4View, MakesKraftFilesThatComeBack) {
  Bytes text = real_text(20000);
  append(text, Bytes(2000, 'x'));
  EXPECT_LT(expect_a_kraft_file("lz4,view=decoder", text).size(),
            make_codec("lz4:12")->encode(text).size());
}

TEST(Lz4View, RefusesWhatBelongsToTheOtherView) {
  EXPECT_THROW(make_model("lz4,view=decoder,context=4KiB"), UsageError);
  EXPECT_THROW(make_model("lz4,view=decoder,linked=off"), UsageError);
  EXPECT_THROW(make_model("lz4,refresh=4KiB"), UsageError);
  EXPECT_EQ(make_model("lz4,view=decoder")->window_bytes(), 65535u);
  EXPECT_EQ(codec_spec("lz4:5,view=decoder"), "lz4:5");
}

}  // namespace
}  // namespace kraft::lz4
