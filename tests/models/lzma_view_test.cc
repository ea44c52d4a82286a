// The decoder's view of LZMA: against the enumeration of all parses, against coin flips into the
// stock decoder, and what every view promises.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/lzma/decoder_view.h"
#include "models/views.h"
#include "sanitized.h"

namespace kraft::lzma {
namespace {

constexpr std::size_t kAll = std::size_t{1} << 30;  // hypotheses

lzma_options_lzma options_of(std::uint32_t preset, std::uint32_t dictionary_bytes) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, preset);
  options.dict_size = dictionary_bytes;
  return options;
}

struct Learned {
  std::shared_ptr<const Prices> prices;
  Boundary boundary;
};

// What a decoder knows after the stock encoder's stream of a text.
Learned learned(Engine& engine, const lzma_options_lzma& options, ByteView text) {
  const Reader reader =
      engine.read_up_to(*engine.start(), {.begin = 0, .context = text}, text.size(), text.size());
  return {std::make_shared<const Prices>(reader.probabilities(), options.lc, options.lp, options.pb,
                                         options.dict_size),
          reader.boundary()};
}

// The same of a stream that ends there, as the coin flips follow it.
Learned learned_at_the_end(lzma_options_lzma options, ByteView text) {
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  Bytes stream(lzma_stream_buffer_bound(text.size()));
  std::size_t size = 0;
  EXPECT_EQ(lzma_raw_buffer_encode(filters, nullptr, text.data(), text.size(), stream.data(), &size,
                                   stream.size()),
            LZMA_OK);
  stream.resize(size);
  Reader reader(options.lc, options.lp, options.pb);
  reader.read(stream, {.begin = 0, .context = text});
  return {std::make_shared<const Prices>(reader.probabilities(), options.lc, options.lp, options.pb,
                                         options.dict_size),
          reader.boundary()};
}

// The mass of all sequences of tokens whose text begins with `rest`.
class AllParses {
 public:
  AllParses(const Prices& prices, ByteView seen, std::uint64_t position)
      : p_(prices), text_(seen.begin(), seen.end()), offset_(position - seen.size()) {}

  using Distances = std::array<std::uint32_t, 4>;

  double mass(ByteView rest, std::uint32_t state, const Distances& last) {
    known_.clear();
    return mass_of(rest, state, last);
  }

 private:
  double mass_of(ByteView rest, std::uint32_t state, const Distances& last) {
    if (rest.empty()) return 1;
    const auto [known, is_new] = known_.try_emplace({rest.size(), state, last}, 0.0);
    if (is_new) known->second = sum_of(rest, state, last);
    return known->second;
  }

  double sum_of(ByteView rest, std::uint32_t state, const Distances& last) {
    const std::uint64_t position = offset_ + text_.size();
    const Prices::Kinds& kinds = p_.kinds(state, p_.place(position));
    double tokens = kinds.literal, sum = 0;
    const bool valid = last[0] <= text_.size();
    const Byte before = text_.empty() ? Byte{0} : text_.back();
    const Byte expected = valid ? text_[text_.size() - last[0]] : Byte{0};
    const double literal = state < 7 ? p_.plain_literal(position, before, rest[0])
                                     : p_.matched_literal(position, before, expected, rest[0]);
    sum += kinds.literal * literal * after(rest, 1, after_literal(state), last);
    if (valid) tokens += kinds.short_repeat;
    if (valid && rest[0] == expected)
      sum += kinds.short_repeat * after(rest, 1, after_short_repeat(state), last);
    for (std::size_t i = 0; i < 4; ++i) {
      if (last[i] > text_.size()) continue;
      tokens += kinds.repeat[i];
      Distances now = last;
      std::rotate(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(i),
                  now.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      const Prices::Lengths& lengths = p_.repeat_lengths(p_.place(position));
      sum += kinds.repeat[i] * copies(rest, last[i], [&](std::uint32_t k, bool cut) {
               return cut ? lengths.longer[k - 1]
                          : lengths.equal[k] * after(rest, k, after_repeat(state), now);
             });
    }
    const Prices::Lengths& lengths = p_.match_lengths(p_.place(position));
    tokens += kinds.match * matches(lengths);
    for (std::uint32_t d = 1; d <= text_.size() && d <= p_.window_bytes(); ++d) {
      sum += kinds.match * copies(rest, d, [&](std::uint32_t k, bool cut) {
               if (!cut)
                 return lengths.equal[k] * p_.distance(Prices::group(k), d) *
                        after(rest, k, after_match(state), {d, last[0], last[1], last[2]});
               double longer = 0;
               for (k = std::max(k, kShortestMatch); k <= kLongestMatch; ++k)
                 longer += lengths.equal[k] * p_.distance(Prices::group(k), d);
               return longer;
             });
    }
    return sum / tokens;
  }

  // All that can begin here.
  double matches(const Prices::Lengths& lengths) const {
    std::array<double, Prices::kGroups> of_group{};
    for (std::uint32_t k = 2; k <= kLongestMatch; ++k)
      of_group[Prices::group(k)] += lengths.equal[k];
    double sum = 0;
    for (std::uint32_t d = 1; d <= text_.size() && d <= p_.window_bytes(); ++d) {
      for (std::uint32_t g = 0; g < Prices::kGroups; ++g) sum += of_group[g] * p_.distance(g, d);
    }
    return sum;
  }

  double after(ByteView rest, std::size_t count, std::uint32_t state, const Distances& last) {
    text_.insert(text_.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
    const double result = mass_of(rest.subspan(count), state, last);
    text_.resize(text_.size() - count);
    return result;
  }

  // Calls of_length(k, cut) for each length of a copy that agrees with what is left; the last one
  // is cut off by its end.
  template <typename OfLength>
  double copies(ByteView rest, std::uint32_t distance, OfLength&& of_length) {
    double sum = 0;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      const Byte copied = i < distance ? text_[text_.size() - distance + i] : rest[i - distance];
      if (copied != rest[i]) return sum;
      const auto k = static_cast<std::uint32_t>(i + 1);
      if (i + 1 == rest.size()) return sum + of_length(k, true);
      if (k >= kShortestMatch) sum += of_length(k, false);
    }
    return sum;
  }

  const Prices& p_;
  Bytes text_;
  std::uint64_t offset_;
  // By what is left, the state and the last distances.
  std::map<std::tuple<std::size_t, std::uint32_t, Distances>, double> known_;
};

void expect_all_parses(const lzma_options_lzma& options, const Bytes& teacher, const Bytes& seen,
                       ByteView rest, std::uint32_t state, const AllParses::Distances& last,
                       double tolerance) {
  if (kSanitized && rest.size() > 3) rest = rest.first(rest.size() - 1);  // half of all parses
  auto engine = std::make_shared<Engine>(options, 1, nullptr);
  Learned now = learned(*engine, options, teacher);
  now.boundary = {seen.size(), state, {}};
  for (std::size_t i = 0; i < 4; ++i) now.boundary.distances[i] = last[i] - 1;
  DecoderView view({.options = options, .refresh_bytes = 1 << 16}, engine);
  view.observe(seen);
  view.begin_token(now.boundary, now.prices, kAll);
  AllParses all(*now.prices, seen, seen.size());
  Bytes text;
  for (const Byte next : rest) {
    std::array<double, 256> bits, mass;
    view.next_byte(bits);
    text.push_back(0);
    for (std::size_t b = 0; b < 256; ++b) {
      text.back() = static_cast<Byte>(b);
      mass[b] = all.mass(text, state, last);
    }
    const double sum = std::accumulate(mass.begin(), mass.end(), 0.0);
    for (std::size_t b = 0; b < 256; ++b)
      ASSERT_NEAR(bits[b], -std::log2(mass[b] / sum), tolerance)
          << b << " after " << text.size() - 1;
    view.observe(next);
    text.back() = next;
  }
}

Bytes two_letters(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  Bytes bytes(size);
  for (Byte& byte : bytes) byte = static_cast<Byte>('a' + random.below(2));
  return bytes;
}

TEST(LzmaView, SumsOverAllParses) {
  const lzma_options_lzma options = options_of(6, 1 << 16);
  const auto bytes = [](const char* text) {
    return Bytes(as_bytes(text).begin(), as_bytes(text).end());
  };
  // Short windows, where distances have a price each; every kind of state.
  expect_all_parses(options, real_text(20000), bytes("abcabdab"), as_bytes("cabdx"), 0,
                    {3, 1, 2, 8}, 1e-9);
  expect_all_parses(options, real_text(20000), bytes("abcabdab"), as_bytes("cabda"), 8,
                    {3, 5, 2, 8}, 1e-9);
  expect_all_parses(options, two_letters(5000, 1), two_letters(40, 2), two_letters(6, 3), 11,
                    {7, 40, 9, 2}, 1e-9);
  expect_all_parses(options, two_letters(5000, 1), Bytes(9, 'a'), as_bytes("aaaaba"), 10,
                    {1, 2, 1, 4}, 1e-9);
  expect_all_parses(options, real_text(3000), {}, as_bytes("aab"), 0, {1, 1, 1, 1}, 1e-9);
  lzma_options_lzma others = options;
  others.lc = 0;
  others.lp = 2;
  others.pb = 0;
  expect_all_parses(others, real_text(20000), two_letters(100, 5), two_letters(5, 6), 7,
                    {90, 3, 5, 1}, 1e-9);
  others.pb = 4;
  expect_all_parses(others, real_text(20000), two_letters(100, 5), two_letters(5, 6), 5,
                    {90, 3, 5, 1}, 1e-9);
}

// The weights of far distances are whole numbers, of 2^-30.
TEST(LzmaView, SumsOverAllParsesOfALongerWindow) {
  const lzma_options_lzma options = options_of(6, 1 << 16);
  const Bytes text = real_text(24000);
  const Bytes seen(text.end() - 3000, text.end());
  expect_all_parses(options, text, seen, ByteView(text).subspan(7, 3), 0, {2900, 300, 5, 1}, 1e-3);
  expect_all_parses(options, text, seen, ByteView(text).subspan(70, 3), 9, {90, 1300, 5, 1}, 1e-3);
}

TEST(LzmaView, SaysHowOftenCoinFlipsIntoTheStockDecoderDrawEachByte) {
  // As long as no distance of the slots in use is too far.
  const lzma_options_lzma options = options_of(6, 1 << 17);
  Bytes noisy = real_text(49152);
  Random random(4);
  for (std::size_t i = 0; i < noisy.size(); i += 4) noisy[i] = static_cast<Byte>(random.below(4));
  for (const Bytes& context : {real_text(49152), noisy}) {
    auto engine = std::make_shared<Engine>(options, 1, nullptr);
    DecoderView view({.options = options}, engine);
    view.observe(context);
    const auto flips = view.coin_flips(1);
    const Learned now = learned_at_the_end(options, context);
    view.begin_token(now.boundary, now.prices, 1);
    std::array<double, 256> bits;
    view.next_byte(bits);
    constexpr int kDraws = draws(40000);
    std::array<int, 256> counts{};
    for (int i = 0; i < kDraws; ++i) {
      Byte drawn = 0;
      flips->draw({&drawn, 1}, random);
      ++counts[drawn];
    }
    double statistic = 0, rest = 0;
    int cells = 0, rest_count = 0;
    for (std::size_t b = 0; b < 256; ++b) {
      const double expected = kDraws * std::exp2(-bits[b]);
      if (expected < 8) {
        rest += expected;
        rest_count += counts[b];
        continue;
      }
      statistic += (counts[b] - expected) * (counts[b] - expected) / expected;
      ++cells;
    }
    if (rest > 8) {
      statistic += (rest_count - rest) * (rest_count - rest) / rest;
      ++cells;
    }
    ASSERT_GT(cells, 10);
    EXPECT_LT(statistic, cells - 1 + 5 * std::sqrt(2.0 * (cells - 1)));
  }
}

DecoderView view_of(std::uint64_t refresh_bytes, std::uint32_t preset = 1,
                    std::uint32_t dictionary_bytes = 1 << 12) {
  const lzma_options_lzma options = options_of(preset, dictionary_bytes);
  return DecoderView({.options = options, .refresh_bytes = refresh_bytes},
                     std::make_shared<Engine>(options, 1, nullptr));
}

TEST(LzmaView, IsADistributionAndAgreesByteByByte) {
  Bytes mixed = real_text(1500);
  append(mixed, Bytes(700, 'x'));
  append(mixed, random_bytes(300, 3));
  append(mixed, real_text(900));
  for (const Bytes& text :
       {real_text(kSanitized ? 2000 : 6000), random_bytes(1500, 3), Bytes(2500, 7), mixed}) {
    DecoderView view = view_of(512);
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (at % 97 == 0) expect_distribution(view);
      view.observe(text[at]);
      view.trim();
    }
  }
}

TEST(LzmaView, ObservingAtOnceIsObservingOneByOne) {
  for (const std::size_t size : {0, 1, 64, 1024, 5000, 12345})
    expect_at_once_is_one_by_one(view_of(1024), view_of(1024), real_text(size));
}

TEST(LzmaView, AfterARewindIsAsIfNothingHadBeenObserved) {
  Bytes text = real_text(5500);
  text.insert(text.end(), 1200, 'x');
  append(text, real_text(1500));
  expect_that_rewinds_leave_nothing([] { return view_of(512); }, text, 0, 30, 600);
}

TEST(LzmaView, LosesLittleByTheHypothesesThatItMerges) {
  const Bytes text = real_text(12000);
  const ByteView context = ByteView(text).first(11000),
                 truth = ByteView(text).subspan(11000, kSanitized ? 250 : 1000);
  const auto bits_with = [&](const std::string& hypotheses) {
    return bits_given("xz:6,view=decoder,hypotheses=" + hypotheses, context, truth);
  };
  const double few = bits_with("16"), many = bits_with("400");
  EXPECT_NEAR(few / many, 1, 0.002);
}

TEST(LzmaView, PredictsTextInFewerBitsThanXzNeedsForIt) {
  const Bytes text = real_text(44000);
  const ByteView context = ByteView(text).first(40000), truth = ByteView(text).subspan(40000);
  for (const char* const spec : {"xz:1", "xz:6"}) {
    const auto encoder = make_codec(spec)->encoder();
    const double own = encoder->code_length(text) - encoder->code_length(context);
    const double bits = bits_given(spec + std::string(",view=decoder"), context, truth);
    EXPECT_LT(bits, 0.99 * own) << spec;
    EXPECT_GT(bits, 0.7 * own) << spec;
  }
}

TEST(LzmaView, MakesKraftFilesThatComeBack) {
  Bytes text = real_text(9000);
  append(text, Bytes(500, 'x'));
  EXPECT_LT(expect_a_kraft_file("xz:6,view=decoder", text).size(),
            make_codec("xz:6")->encode(text).size());
}

TEST(LzmaView, IsTheSameInBothContainers) {
  const Bytes text = real_text(3000);
  std::array<double, 256> a, b;
  make_model("xz:6,view=decoder")->start(text)->next_byte(a);
  make_model("lzma:6,view=decoder")->start(text)->next_byte(b);
  EXPECT_EQ(a, b);
}

TEST(LzmaView, RefusesWhatBelongsToTheOtherView) {
  EXPECT_THROW(make_model("xz,view=decoder,tail=64"), UsageError);
  EXPECT_THROW(make_model("xz,view=decoder,bits=byte"), UsageError);
  EXPECT_THROW(make_model("lzma,view=decoder,dither=2"), UsageError);
  EXPECT_THROW(make_model("xz,refresh=4KiB"), UsageError);
  EXPECT_THROW(make_model("xz,hypotheses=4"), UsageError);
  EXPECT_THROW(make_model("xz,view=decoder,dict=8MiB"), UsageError);
  EXPECT_EQ(make_model("xz,view=decoder,dict=4KiB")->window_bytes(), 4096u);
  EXPECT_EQ(codec_spec("xz:6,view=decoder,refresh=2KiB,hypotheses=8"), "xz:6");
}

}  // namespace
}  // namespace kraft::lzma
