// The decoder's view of Zstandard: its tables as frames have them, against the enumeration of all
// ways to cut short texts into sequences and against coin flips into the stock decoder, and what
// every view promises.

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <vector>

#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/bit_writer.h"
#include "models/views.h"
#include "models/zstd/decoder_view.h"
#include "models/zstd/tables.h"
#include "sanitized.h"

namespace kraft {
namespace {

namespace z = zstd;

Bytes skewed_bytes(std::size_t size) {
  Random random(2);
  Bytes bytes(size);
  for (Byte& byte : bytes) byte = static_cast<Byte>(random.below(1 + random.below(60)));
  return bytes;
}

void expect_complete(const z::StateCounts& table) {
  EXPECT_EQ(std::accumulate(table.counts.begin(), table.counts.end(), 0), 1 << table.log);
}

TEST(ZstdTables, AreCompleteCodesAtEveryLevel) {
  for (const int level : {-3, 1, 3, 6, 12, 19}) {
    const auto codec = make_codec("zstd:" + std::to_string(level));
    for (const Bytes& message : {real_text(300), real_text(30000), skewed_bytes(200000),
                                 random_bytes(3000, 1), Bytes(5000, 'x')}) {
      z::Tables tables;
      z::read_tables(codec->encode(message), tables);
      double kraft_sum = 0;
      for (const int bits : tables.literal_bits) kraft_sum += bits == 0 ? 0 : std::exp2(-bits);
      EXPECT_TRUE(kraft_sum == 1 || kraft_sum == 0.5) << kraft_sum;  // one byte alone: half
      expect_complete(tables.literal_lengths);
      expect_complete(tables.offsets);
      expect_complete(tables.match_lengths);
    }
  }
}

TEST(ZstdTables, SayWhichLiteralsAreFrequent) {
  z::Tables tables;
  z::read_tables(make_codec("zstd:3")->encode(skewed_bytes(50000)), tables);
  EXPECT_EQ(tables.blocks, 1u);
  EXPECT_LE(tables.literal_bits[0], 4);
  EXPECT_GE(tables.literal_bits[50], 8);
  EXPECT_EQ(tables.literal_bits[61], 0);
}

TEST(ZstdTables, OfADamagedFrameAreAnErrorAndNoCrash) {
  const Bytes frame = make_codec("zstd:3")->encode(real_text(20000));
  for (std::size_t size = 0; size < 200; ++size) {
    z::Tables tables;
    EXPECT_THROW(z::read_tables(ByteView(frame).first(size), tables), Error);
  }
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    Bytes damaged = frame;
    for (int k = 0; k < 3; ++k)
      damaged[random.below(std::min<std::size_t>(damaged.size(), 150))] =
          static_cast<Byte>(random.bits());
    z::Tables tables;
    try {
      z::read_tables(damaged, tables);
    } catch (const Error&) {
    }
  }
}

// A frame of one compressed block.
Bytes frame_of(const Bytes& block) {
  BitWriter frame;
  frame.write(Bytes{0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58});
  frame.write(1 | 2 << 1 | block.size() << 3, 24);
  frame.write(block);
  return frame.bytes();
}

bool is_read(const Bytes& block) {
  z::Tables tables;
  try {
    z::read_tables(frame_of(block), tables);
  } catch (const Error&) {
    return false;
  }
  return true;
}

TEST(ZstdTables, HaveNoCodesBeyondThoseOfTheFormat) {
  const auto one_code_each = [](Byte literal_length, Byte offset, Byte match_length) {
    constexpr Byte kNoLiterals = 0, kOneSequence = 1, kOneCode = 0x54;  // in all three tables
    return is_read({kNoLiterals, kOneSequence, kOneCode, literal_length, offset, match_length});
  };
  EXPECT_TRUE(one_code_each(35, 31, 52));
  EXPECT_FALSE(one_code_each(36, 31, 52));
  EXPECT_FALSE(one_code_each(35, 32, 52));
  EXPECT_FALSE(one_code_each(35, 31, 53));
}

TEST(ZstdTables, HaveNoLongerWordsThanTheStockDecoder) {
  const auto two_equal_weights = [](unsigned weight) {  // the second one follows from the first
    BitWriter block;
    block.write(2 | 2 << 14, 24);
    block.write(Bytes{128, static_cast<Byte>(weight << 4), 0});
    return is_read(block.bytes());
  };
  EXPECT_TRUE(two_equal_weights(12));
  EXPECT_FALSE(two_equal_weights(13));
}

TEST(ZstdTables, StayAsTheyAreInABlockOfNothing) {
  const Bytes frame = frame_of({});
  EXPECT_EQ(make_codec("zstd")->decode(frame, 1), Bytes{});
  z::Tables tables;
  z::read_tables(frame, tables);
  EXPECT_EQ(tables.blocks, 0u);
}

using Offsets = std::array<std::uint32_t, 3>;

// The mass of all sequences whose text begins with `rest`, from a begin of a sequence on, where
// these were the last offsets.
class AllSequences {
 public:
  explicit AllSequences(const z::Prices& prices) : p_(prices) {}

  double mass(Bytes text, ByteView rest, const Offsets& last) const {
    double sum = 0, literals = 1;
    for (std::size_t l = 0; l < rest.size(); ++l) {
      sum += literals * p_.run[l] * copies(text, rest.subspan(l), l == 0, last);
      literals *= std::exp2(-p_.literal_bits[rest[l]]);
      text.push_back(rest[l]);
    }
    // Literals to the end: the last of them is priced as one that comes.
    const Byte end = rest.back();
    literals *= std::exp2(p_.literal_bits[end]) * p_.literal[end];
    return sum + literals * p_.longer_run[rest.size() - 1];
  }

 private:
  // RFC 8878, section 3.1.1.5.
  double copies(const Bytes& text, ByteView rest, bool at_once, const Offsets& last) const {
    const auto [first, second, third] = last;
    double sum = 0, all = 0;
    const auto add = [&](std::uint32_t distance, double share, const Offsets& next) {
      all += share;
      sum += share * copy(text, rest, distance, next);
    };
    for (std::uint32_t d = 1; d <= text.size() && d <= p_.offset.window_bytes(); ++d)
      add(d, z::Prices::kUnit * p_.offset.of(d), {d, first, second});
    if (!at_once) add(first, p_.repeated[0], last);
    add(second, p_.repeated[at_once ? 0 : 1], {second, first, third});
    add(third, p_.repeated[at_once ? 1 : 2], {third, first, second});
    if (at_once) add(first - 1, p_.repeated[2], {first - 1, first, second});
    return sum / all;
  }

  // Of one that goes beyond the rest, or ends within it.
  double copy(const Bytes& text, ByteView rest, std::uint32_t distance, const Offsets& next) const {
    if (distance == 0 || distance > text.size()) return 0;
    Bytes copied = text;
    double sum = 0;
    for (std::size_t k = 0; k < rest.size(); ++k) {
      if (k >= z::kMinMatch) sum += p_.length[k] * mass(copied, rest.subspan(k), next);
      if (copied[copied.size() - distance] != rest[k]) return sum;
      copied.push_back(rest[k]);
    }
    return sum + p_.longer[rest.size() - 1];
  }

  const z::Prices& p_;
};

TEST(ZstdView, SumsOverAllSequences) {
  const auto codec = make_codec("zstd:3");
  for (const Bytes& context : {real_text(4000), Bytes(20, 'a'), skewed_bytes(3000)}) {
    z::Tables tables;
    z::read_tables(codec->encode(context), tables);
    z::ViewParameters parameters;
    parameters.codec = codec;
    z::DecoderView view(parameters);
    view.observe(context);
    const auto prices = std::make_shared<const z::Prices>(tables, parameters.window_bytes);
    view.begin_sequence(prices);
    const AllSequences all(*prices);
    Bytes rest;
    for (const Byte next : {context[7], context[8], context[9]}) {
      std::array<double, 256> bits, mass;
      view.next_byte(bits);
      rest.push_back(0);
      for (std::size_t b = 0; b < 256; ++b) {
        rest.back() = static_cast<Byte>(b);
        mass[b] = all.mass(context, rest, {1, 4, 8});
      }
      const double sum = std::accumulate(mass.begin(), mass.end(), 0.0);
      for (std::size_t b = 0; b < 256; ++b)
        ASSERT_NEAR(bits[b], -std::log2(mass[b] / sum), 1e-9) << b << " after " << rest.size() - 1;
      view.observe(next);
      rest.back() = next;
    }
  }
}

// Copies end here, and others begin, by offsets that depend on what was copied before.
TEST(ZstdView, WithAllHistoriesIsExact) {
  Random random(5);
  Bytes text(24);
  for (Byte& byte : text) byte = static_cast<Byte>('a' + random.below(2));
  const ByteView context = ByteView(text).first(14);
  z::ViewParameters parameters;
  parameters.codec = make_codec("zstd:3");
  const auto prices = std::make_shared<const z::Prices>(z::Tables(), parameters.window_bytes);
  const auto after_context = [&](std::size_t hypotheses) {
    z::DecoderView view(parameters);
    view.observe(context);
    view.begin_sequence(prices, hypotheses);
    return view;
  };
  z::DecoderView all = after_context(1 << 20), some = after_context(8), one = after_context(1);
  double lost_by_one = 0, lost_by_some = 0;
  for (std::size_t size = 0; size < text.size() - context.size(); ++size) {
    Bytes rest(text.begin() + 14, text.begin() + 14 + static_cast<std::ptrdiff_t>(size) + 1);
    std::array<double, 2> mass{};
    for (std::size_t i = 0; i < 2; ++i) {
      rest.back() = static_cast<Byte>('a' + i);
      mass[i] = AllSequences(*prices).mass(Bytes(context.begin(), context.end()), rest, {1, 4, 8});
    }
    const double truth = std::log2(mass[0] / mass[1]);
    const auto said_by = [](z::DecoderView& view) { return view.bits_of('b') - view.bits_of('a'); };
    ASSERT_NEAR(said_by(all), truth, 1e-5) << size;
    lost_by_some = std::max(lost_by_some, std::abs(said_by(some) - truth));
    lost_by_one = std::max(lost_by_one, std::abs(said_by(one) - truth));
    for (z::DecoderView* const view : {&all, &some, &one}) view->observe(text[14 + size]);
  }
  EXPECT_GT(lost_by_some, 0);
  EXPECT_GT(lost_by_one, lost_by_some);
}

// ---- Coin flips into the stock decoder -------------------------------------------------------

// Of run lengths, offsets and copy lengths, the codes that there are, each as often as it stands
// here. Where that is a power of two, a code comes as often whatever came before. Literals are a,
// b, c and d, of two bits each.
struct Codes {
  std::array<std::size_t, 4> runs, offsets, lengths;
};
constexpr int kStatesLog = 5;
constexpr std::size_t kStatesOfEach = 8;

z::StateCounts states_of(const std::array<std::size_t, 4>& codes) {
  z::StateCounts states{kStatesLog,
                        std::vector<std::uint16_t>(*std::ranges::max_element(codes) + 1)};
  for (const std::size_t code : codes) states.counts[code] += kStatesOfEach;
  return states;
}

// RFC 8878, section 4.1.1.
void write_states(BitWriter& stream, const z::StateCounts& states) {
  stream.write(kStatesLog - 5, 4);
  std::uint64_t left = (1u << kStatesLog) + 1, threshold = 1u << kStatesLog;
  int bits = kStatesLog + 1;
  bool after_none = false;
  for (std::size_t code = 0; code < states.counts.size(); ++code) {
    if (after_none) {
      std::size_t none = 0;  // more of them
      while (states.counts[code + none] == 0) ++none;
      code += none;
      for (; none >= 3; none -= 3) stream.write(3, 2);
      stream.write(none, 2);
    }
    const std::uint64_t count = states.counts[code], spare = 2 * threshold - 1 - left;
    left -= count;
    const std::uint64_t value = count + 1 >= threshold ? count + 1 + spare : count + 1;
    stream.write(value, value < spare ? bits - 1 : bits);
    after_none = count == 0;
    while (left < threshold) {
      --bits;
      threshold /= 2;
    }
  }
}

// Sections 3.1.1.3.1 and 4.2.1: the letters have the numbers 97 to 100.
void write_literals(BitWriter& block, std::size_t count, Random& random) {
  constexpr std::size_t kLetters = 100;
  Bytes code(1 + kLetters / 2);
  code[0] = 127 + kLetters;  // so many weights follow, of four bits each; the last is what is left
  code[1 + 97 / 2] = 0x01;   // a
  code[1 + 98 / 2] = 0x11;   // b and c
  Bytes words(count / 4 + 1, 1);  // read from the end on, behind a bit that says where that is
  for (std::size_t i = 0; i + 1 < words.size(); ++i) words[i] = static_cast<Byte>(random.bits());
  block.write(2, 4);  // compressed, in one stream
  block.write(count, 10);
  block.write(code.size() + words.size(), 10);
  block.write(code);
  block.write(words);
}

// A frame of the context, as it is, and a block of so many sequences whose words are the first
// `bits` of the flips.
Bytes frame_of(ByteView context, const BitWriter& literals, const Codes& codes,
               std::size_t sequences, const std::vector<bool>& flips, std::size_t bits) {
  BitWriter block = literals;
  block.write(sequences, 8);
  block.write(0b10101000, 8);  // with distributions of their own
  for (const auto& of : {codes.runs, codes.offsets, codes.lengths}) {
    BitWriter states;
    write_states(states, states_of(of));
    block.write(states.bytes());
  }
  BitWriter words;  // read from the end on, too
  for (std::size_t i = bits; i > 0; --i) words.write(flips[i - 1] ? 1 : 0, 1);
  words.write(1, 1);
  block.write(words.bytes());

  BitWriter frame;
  frame.write(0xFD2FB528, 32);
  frame.write(0, 8);     // nothing else is said
  frame.write(0x50, 8);  // a window of 1 MiB
  frame.write(context.size() << 3, 24);
  frame.write(context);
  frame.write(block.bytes().size() << 3 | 2 << 1 | 1, 24);
  frame.write(block.bytes());
  return frame.bytes();
}

// The first bytes behind the context that the stock decoder makes of coin flips. It refuses words
// that leave bits, and makes zeros of those that are missing: the most that it takes is right.
Bytes drawn_by_zstd(ByteView context, const Codes& codes, std::size_t size, Random& random) {
  const std::size_t sequences = size / z::kMinMatch + 1;
  const std::size_t longest_run = *std::ranges::max_element(codes.runs);
  BitWriter literals;
  write_literals(literals, (sequences * longest_run + 3) / 4 * 4, random);
  // Three states at first, two bits or less for each from one sequence to the next, and offsets.
  const std::size_t least = 3 * kStatesLog;
  const std::size_t most =
      least + (sequences - 1) * 6 + sequences * *std::ranges::max_element(codes.offsets);
  std::vector<bool> flips(most);
  for (std::size_t i = 0; i < most; ++i) flips[i] = random.below(2) == 1;
  Bytes text(context.size() + 1000);
  const auto decoded = [&](std::size_t bits) {
    const Bytes frame = frame_of(context, literals, codes, sequences, flips, bits);
    return ZSTD_decompress(text.data(), text.size(), frame.data(), frame.size());
  };
  std::size_t taken = least, refused = most + 1;
  while (taken + 1 < refused) {
    const std::size_t bits = (taken + refused) / 2;
    (ZSTD_isError(decoded(bits)) != 0 ? refused : taken) = bits;
  }
  EXPECT_GE(decoded(taken), context.size() + size);
  const auto begin = text.begin() + static_cast<std::ptrdiff_t>(context.size());
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

// Those of the codes alone: without floors.
z::Prices prices_of(const Codes& codes, std::uint32_t window_bytes) {
  constexpr double kNever = 0x1p-40;
  z::Tables tables;
  for (const Byte letter : {'a', 'b', 'c', 'd'}) tables.literal_bits[letter] = 2;
  tables.literal_lengths = states_of(codes.runs);
  tables.offsets = states_of(codes.offsets);
  tables.match_lengths = states_of(codes.lengths);
  z::Prices prices(tables, window_bytes);
  for (std::size_t b = 0; b < 256; ++b) prices.literal[b] = b >= 'a' && b <= 'd' ? 0.25 : kNever;
  prices.run.assign(*std::ranges::max_element(codes.runs) + 2, kNever);
  prices.longer_run.assign(prices.run.size(), kNever);
  for (const std::size_t run : codes.runs) {
    prices.run[run] += 0.25;
    for (std::size_t l = 0; l < run; ++l) prices.longer_run[l] += 0.25;
  }
  prices.length.fill(0);
  prices.longer.fill(0);
  for (const std::size_t code : codes.lengths) {
    prices.length[z::kMatchLengthBase[code]] += 0.25;
    for (std::size_t k = 0; k < z::kMatchLengthBase[code]; ++k) prices.longer[k] += 0.25;
  }
  std::array<z::OffsetFormat::Weight, z::OffsetFormat::kClasses> weights{};
  prices.repeated = {};
  for (const std::size_t code : codes.offsets) {
    if (code == 0)
      prices.repeated[0] += 0.25;
    else if (code == 1)
      prices.repeated[1] = prices.repeated[2] = 0.125;
    else
      weights[code - z::OffsetFormat::kFirstCode] += 1u << (z::OffsetFormat::kUnitBits - 2 - code);
  }
  prices.offset = z::OffsetWeights(weights, window_bytes);
  return prices;
}

void expect_coin_flips(const Codes& codes, std::size_t alphabet, std::size_t size,
                       std::size_t hypotheses) {
  constexpr int times = 40000;
  Random random(size);
  Bytes context(600);  // no refresh follows soon
  for (Byte& byte : context) byte = static_cast<Byte>('a' + random.below(4));
  z::ViewParameters parameters;
  parameters.codec = make_codec("zstd:3");
  z::DecoderView view(parameters);
  view.observe(context);
  view.begin_sequence(std::make_shared<const z::Prices>(prices_of(codes, parameters.window_bytes)),
                      hypotheses);
  std::map<Bytes, int> counts;
  for (int i = 0; i < times; ++i) ++counts[drawn_by_zstd(context, codes, size, random)];
  expect_counts(view, counts, times, alphabet, size);
}

// Offsets of up to 508 bytes and the last three, runs of 1 to 4 literals and copies of 3 to 6
// bytes; then runs of none, too, without the offset that is one less than the last, which can be 0.
TEST(ZstdView, SaysHowOftenCoinFlipsIntoTheStockDecoderDrawEachString) {
  const Codes some = {{1, 2, 3, 4}, {0, 1, 4, 8}, {0, 1, 2, 3}};
  const Codes any = {{0, 1, 2, 3}, {0, 2, 4, 8}, {0, 1, 2, 3}};
  expect_coin_flips(some, 3, 2, 1);
  expect_coin_flips(any, 3, 3, 1);
  if (kSanitized) return;
  expect_coin_flips(some, 3, 4, 8);
  const Codes often_the_last = {{0, 0, 1, 1}, {0, 0, 4, 8}, {0, 0, 0, 0}};
  expect_coin_flips(often_the_last, 2, 5, 8);
}

// ---- What every view promises ----------------------------------------------------------------

TEST(ZstdView, IsADistributionAndAgreesByteByByte) {
  z::ViewParameters parameters;
  parameters.codec = make_codec("zstd:3");
  parameters.refresh_bytes = 1024;
  for (const Bytes& text : {real_text(3000), random_bytes(1500, 3), Bytes(2500, 7)}) {
    z::DecoderView view(parameters);
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (at % 97 == 0) expect_distribution(view);
      view.observe(text[at]);
      view.trim();
    }
  }
}

TEST(ZstdView, ObservingAtOnceIsObservingOneByOne) {
  z::ViewParameters parameters;
  parameters.codec = make_codec("zstd:1");
  parameters.refresh_bytes = 2048;
  for (const std::size_t size : {0, 1, 256, 2048, 5000}) {
    const Bytes text = real_text(size);
    z::DecoderView whole(parameters), single(parameters);
    whole.observe(text);
    for (const Byte byte : text) single.observe(byte);
    expect_same(whole, single);
  }
}

TEST(ZstdView, AfterARewindIsAsIfNothingHadBeenObserved) {
  z::ViewParameters parameters;
  parameters.codec = make_codec("zstd:1");
  parameters.refresh_bytes = 1024;
  Bytes text = real_text(2500);
  text.insert(text.end(), 1500, 'x');
  expect_that_rewinds_leave_nothing([&] { return z::DecoderView(parameters); }, text, 0, 25, 300);
}

TEST(ZstdView, KeepsThesePromisesWithSeveralHistories) {
  z::ViewParameters parameters;
  parameters.codec = make_codec("zstd:1");
  parameters.refresh_bytes = 1024;
  parameters.hypotheses = 5;
  Bytes text = real_text(1300);
  text.insert(text.end(), 60, 'x');
  z::DecoderView view(parameters);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at % 97 == 0) expect_distribution(view);
    view.observe(text[at]);
    view.trim();
  }
  expect_that_rewinds_leave_nothing([&] { return z::DecoderView(parameters); }, text, 0, 8, 300);
}

TEST(ZstdView, PredictsTextInFewerBitsThanZstdNeedsForIt) {
  const Bytes text = real_text(44000);
  const ByteView context = ByteView(text).first(40000), truth = ByteView(text).subspan(40000);
  for (const char* const spec : {"zstd:3", "zstd:19"}) {
    const auto codec = make_codec(spec);
    const double own = 8.0 * (static_cast<double>(codec->encode(text).size()) -
                              static_cast<double>(codec->encode(context).size()));
    const double bits = bits_given(spec + std::string(",view=decoder"), context, truth);
    EXPECT_LT(bits, 0.97 * own) << spec;
    EXPECT_GT(bits, 0.6 * own) << spec;
  }
}

TEST(ZstdView, RefusesWhatBelongsToTheOtherView) {
  EXPECT_THROW(make_model("zstd,view=decoder,context=4KiB"), UsageError);
  EXPECT_THROW(make_model("zstd,view=decoder,dither=2"), UsageError);
  EXPECT_THROW(make_model("zstd,refresh=4KiB"), UsageError);
  EXPECT_THROW(make_model("zstd,hypotheses=4"), UsageError);
  EXPECT_EQ(make_model("zstd,view=decoder,window=10")->window_bytes(), 1024u);
  EXPECT_EQ(codec_spec("zstd:5,view=decoder,refresh=2KiB,hypotheses=8"), "zstd:5");
}

}  // namespace
}  // namespace kraft
