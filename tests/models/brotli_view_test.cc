// The decoder's view of Brotli: its streams as the stock decoder reads them, prices against the
// enumeration of all ways to cut short texts into commands, and what every view promises.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>

#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/brotli/decoder_view.h"
#include "models/brotli/dictionary.h"
#include "models/brotli/prices.h"
#include "models/brotli/stream.h"
#include "models/coded.h"

namespace kraft {
namespace {

namespace b = brotli;

Bytes letters(std::size_t size, std::uint64_t different, std::uint64_t seed) {
  Random random(seed);
  Bytes bytes(size);
  for (Byte& byte : bytes) byte = static_cast<Byte>('a' + random.below(different));
  return bytes;
}

// Records of four bytes, of which two change little: what interleaved distances are for.
Bytes records(std::size_t size) {
  Random random(4);
  Bytes bytes;
  for (unsigned i = 0; bytes.size() < size; ++i) {
    for (const unsigned field : {i >> 8, i, 200 + static_cast<unsigned>(random.below(9)), 7u})
      bytes.push_back(static_cast<Byte>(field));
  }
  bytes.resize(size);
  return bytes;
}

// Words of the dictionary, as they are and in capitals, and letters of two bytes.
Bytes web_page() {
  std::string page = "<!DOCTYPE html><html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">";
  for (int i = 0; i < 4; ++i)
    page +=
        "<p>The Government of the United States, according to the Department of Education, "
        "is responsible for the development of international information. Besonders "
        "für Kinder: Всего новости россии. Copyright &copy; 2011 All rights reserved.</p>\n";
  return bytes_of(page);
}

std::optional<Bytes> stock_decoded(ByteView stream, std::size_t most_bytes) {
  static const auto codec = make_codec("brotli");
  try {
    return codec->decode(stream, most_bytes);
  } catch (const Error&) {
    return {};
  }
}

// ---- The dictionary --------------------------------------------------------------------------

std::string word(std::size_t length, std::uint64_t number) {
  const ByteView bytes = b::Dictionary::word(length, number);
  return {bytes.begin(), bytes.end()};
}

TEST(BrotliDictionary, HasTheWordsOfTheFormat) {
  EXPECT_EQ(word(4, 0), "time");
  EXPECT_EQ(word(4, 1), "down");
  std::size_t bytes = 0;
  for (std::size_t length = 4; length <= 24; ++length) {
    const b::Dictionary::Words& words = b::Dictionary::words(length, 0);
    EXPECT_EQ(words.each_bytes, length);
    EXPECT_EQ(words.count, std::size_t{1} << b::Dictionary::index_bits(length));
    bytes += words.text.size();
  }
  EXPECT_EQ(bytes, 122784u);  // RFC 7932, appendix A
}

TEST(BrotliDictionary, TransformsThem) {
  const auto transformed = [](std::uint64_t transform) { return word(4, transform << 10); };
  EXPECT_EQ(transformed(1), "time ");
  EXPECT_EQ(transformed(2), " time ");
  EXPECT_EQ(transformed(3), "ime");
  EXPECT_EQ(transformed(4), "Time ");
  EXPECT_EQ(transformed(5), "time the ");
  EXPECT_EQ(transformed(12), "tim");
  EXPECT_EQ(transformed(44), "TIME");
  EXPECT_EQ(transformed(120), " Time='");
}

TEST(BrotliDictionary, RefusesWhatItHasNot) {
  EXPECT_THROW(b::Dictionary::word(3, 0), Error);
  EXPECT_THROW(b::Dictionary::word(25, 0), Error);
  EXPECT_THROW(b::Dictionary::word(4, 121 << 10), Error);
}

// ---- Streams ---------------------------------------------------------------------------------

TEST(BrotliSymbols, SayEachDistanceOnce) {
  for (const int postfix_bits : {0, 1, 3}) {
    for (const std::uint32_t direct : {0u, 7u << postfix_bits, 15u << postfix_bits}) {
      const b::DistanceSymbols format{postfix_bits, direct};
      std::vector<int> said(3000);
      for (std::size_t symbol = b::kRecentDistances; symbol < format.count(); ++symbol) {
        for (std::uint64_t x = 0; x < std::uint64_t{1} << format.extra_bits(symbol); ++x) {
          const std::uint64_t distance = format.first_distance(symbol) + (x << postfix_bits);
          if (distance >= said.size()) break;
          ++said[distance];
          EXPECT_EQ(format.symbol_of(distance), symbol) << distance;
        }
      }
      EXPECT_EQ(said[0], 0);
      for (std::size_t d = 1; d < said.size(); ++d) ASSERT_EQ(said[d], 1) << d;
    }
  }
}

TEST(BrotliSymbols, SayEachPairOfLengthsOnce) {
  std::array<std::array<int, b::kLengthCodes>, b::kLengthCodes> said{};
  for (std::size_t symbol = 0; symbol < b::kCommands; ++symbol) {
    const b::Command command = b::command(symbol);
    if (command.last_distance) continue;
    ++said[command.run_code][command.copy_code];
    EXPECT_EQ(b::command_of(command.run_code, command.copy_code), symbol);
  }
  for (const auto& row : said) {
    for (const int count : row) EXPECT_EQ(count, 1);
  }
}

TEST(BrotliStream, DecodesToWhatWasEncoded) {
  const std::vector<Bytes> messages = {{},
                                       {7},
                                       web_page(),
                                       real_text(300),
                                       real_text(20000),
                                       records(9000),
                                       letters(5000, 3, 1),
                                       random_bytes(3000, 1),
                                       Bytes(70000, 'x')};
  for (const std::string spec :
       {"brotli:0", "brotli:1", "brotli:2", "brotli:4", "brotli:5", "brotli:7", "brotli:9",
        "brotli:10", "brotli:11", "brotli:5,window=10", "brotli:9,window=18,mode=text",
        "brotli:6,mode=font", "brotli:11,window=12,mode=text,block=16"}) {
    const auto codec = make_codec(spec);
    for (const Bytes& message : messages) {
      Bytes decoded;
      const auto blocks = b::read_stream(codec->encode(message), message.size(), decoded);
      ASSERT_TRUE(decoded == message) << spec << ", " << message.size();
      std::uint64_t bytes = 0;
      for (const b::MetaBlock& block : blocks) bytes += block.bytes;
      ASSERT_LE(bytes, message.size());
    }
  }
}

TEST(BrotliStream, SaysHowOftenEachTypeWasInUse) {
  Bytes message = real_text(30000);
  const Bytes other = records(30000);
  message.insert(message.end(), other.begin(), other.end());
  Bytes decoded;
  const auto blocks = b::read_stream(make_codec("brotli:9")->encode(message), 60000, decoded);
  ASSERT_FALSE(blocks.empty());
  std::uint64_t literals = 0;
  for (const b::MetaBlock& block : blocks) {
    for (const b::TypeRun& run : block.literal_types) {
      ASSERT_LT(run.type, block.literal_modes.size());
      literals += run.symbols;
    }
    for (const b::TypeRun& run : block.command_types)
      ASSERT_LT(run.type, block.command_codes.size());
  }
  EXPECT_GT(literals, 10000u);
  EXPECT_LT(literals, 60000u);
}

TEST(BrotliStream, UsesTheDictionary) {
  const Bytes page = web_page();
  Bytes decoded;
  const auto blocks = b::read_stream(make_codec("brotli:11")->encode(page), page.size(), decoded);
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_GT(blocks[0].words, 10u);
}

TEST(BrotliStream, DamagedIsAnErrorOrWhatTheStockDecoderMakesOfIt) {
  Random random(1);
  for (const char* const spec : {"brotli:5", "brotli:11"}) {
    const Bytes stream = make_codec(spec)->encode(web_page());
    for (std::size_t size = 0; size < stream.size(); ++size) {
      Bytes decoded;
      EXPECT_THROW(b::read_stream(ByteView(stream).first(size), 10000, decoded), Error) << size;
    }
    for (int i = 0; i < 2000; ++i) {
      Bytes damaged = stream;
      for (int k = 0; k < 2; ++k)
        damaged[random.below(damaged.size())] ^= static_cast<Byte>(1 << random.below(8));
      const std::optional<Bytes> expected = stock_decoded(damaged, 10000);
      Bytes decoded;
      try {
        b::read_stream(damaged, 10000, decoded);
        if (expected) {
          ASSERT_TRUE(decoded == *expected);
        }
      } catch (const Error& error) {
        ASSERT_FALSE(expected) << error.what();
      }
    }
  }
}

// ---- Prices ----------------------------------------------------------------------------------

std::vector<b::MetaBlock> blocks_of(const char* spec, const Bytes& message) {
  Bytes decoded;
  return b::read_stream(make_codec(spec)->encode(message), message.size(), decoded);
}

TEST(BrotliPrices, AreDistributions) {
  for (const char* const spec : {"brotli:5", "brotli:11"}) {
    for (const Bytes& message : {real_text(20000), records(20000)}) {
      const auto blocks = blocks_of(spec, message);
      ASSERT_FALSE(blocks.empty());
      const b::Prices prices(&blocks.back(), 5000);
      double commands = 0, runs = 0;
      for (const auto& row : prices.copy)
        commands = std::accumulate(row.begin(), row.end(), commands);
      for (const auto& row : prices.copy_last)
        commands = std::accumulate(row.begin(), row.end(), commands);
      runs = std::accumulate(prices.run_code.begin(), prices.run_code.end(), runs);
      EXPECT_NEAR(commands, 1, 1e-12);
      EXPECT_NEAR(runs, 1, 1e-12);
      EXPECT_NEAR(prices.longer_run[0], 1 - prices.run_code[0], 1e-12);
      for (const int last : {101, 32, 0, 255}) {
        std::array<double, 256> p;
        prices.literals(static_cast<Byte>(last), 't', p);
        EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1, 1e-12);
        EXPECT_EQ(p['a'], prices.literal(static_cast<Byte>(last), 't', 'a'));
      }
      for (const b::DistancePrices& distances : prices.distances) {
        ASSERT_EQ(distances.up_to.size(), 5001u);
        EXPECT_LE(distances.mean.up_to(5000), distances.up_to.back());
        const double within = b::Prices::kUnit * distances.up_to.back();
        EXPECT_NEAR(b::Prices::kUnit * distances.mean.up_to(5000), within, 1e-3 * within);
      }
    }
  }
}

struct Word {
  ByteView text;
  std::size_t length;
  double weight;
};

// Those of the dictionary that count, one by one.
std::vector<Word> all_words(const b::Prices& prices) {
  std::vector<Word> words;
  for (std::size_t length = 4; length <= 24; ++length) {
    for (const std::size_t transform :
         {0, 1, 2, 4, 6, 9, 12, 15, 23, 27, 30, 42, 48, 56, 59, 63, 64}) {
      const bool in_capital =
          transform == 4 || transform == 9 || transform == 15 || transform == 30;
      const b::Dictionary::Words& plain = b::Dictionary::words(length, 0);
      const b::Dictionary::Words& all = b::Dictionary::words(length, transform);
      const double weight = prices.weight_of_word(length, transform * all.count + all.count / 2);
      for (std::size_t i = 0; i < all.count && all.each_bytes > 0; ++i) {
        if (in_capital && (plain[i][0] < 'a' || plain[i][0] > 'z')) continue;
        words.push_back({all[i], length, weight});
      }
    }
  }
  return words;
}

// The mass of all commands whose text begins with `rest`, from a begin of a command on. The last
// distances are those that a stream begins with, so that it is exact for texts that no copy ends
// within, and where the last distances cost as much as if there were none.
class AllCommands {
 public:
  explicit AllCommands(const b::Prices& prices) : p_(prices) {
    if (!p_.words.has_words()) return;
    for (const Word& word : all_words(p_)) words_[word.text.front()].push_back(word);
  }

  double mass_after(const Bytes& seen, ByteView rest) {
    known_.assign(rest.size() + 1, -1);
    return mass(seen, rest);
  }

 private:
  double mass(const Bytes& seen, ByteView rest) {
    if (rest.empty()) return 1;
    if (double& known = known_[rest.size()]; known < 0) known = computed_mass(seen, rest);
    return known_[rest.size()];
  }

  double computed_mass(const Bytes& seen, ByteView rest) {
    Bytes text = seen;
    double sum = 0, literals = 1;
    for (std::size_t l = 0; l < rest.size(); ++l) {
      sum += literals * copies(text, rest.subspan(l), l);
      literals *= p_.literal(text.back(), text[text.size() - 2], rest[l]);
      text.push_back(rest[l]);
    }
    return sum + literals * p_.longer_run[rest.size() - 1];
  }

  // Runs are shorter than 6, so that each has a code of its own.
  double copies(const Bytes& text, ByteView rest, std::size_t run) {
    double sum = 0;
    for (const Word& word : words_[rest.front()]) {
      const std::size_t c = b::copy_code_of(word.length);
      const std::size_t said = std::min(word.text.size(), rest.size());
      if (!std::equal(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(said),
                      word.text.begin()))
        continue;
      Bytes after = text;
      after.insert(after.end(), word.text.begin(), word.text.end());
      sum += p_.copy[run][c] / std::exp2(b::kCopyExtra[c]) * word.weight /
             possible(text, word.length) * mass(after, rest.subspan(said));
    }
    for (std::size_t c = 0; c < b::kLengthCodes; ++c) {
      const double lengths = std::exp2(b::kCopyExtra[c]);
      for (std::uint64_t k = b::kCopyBase[c]; k < b::kCopyBase[c] + lengths; ++k) {
        // All from here on say the whole rest.
        const double alike =
            k < rest.size() ? 1 : b::kCopyBase[c] + lengths - static_cast<double>(k);
        sum += p_.copy[run][c] / lengths * alike * from_anywhere(text, rest, k);
        if (run < 8 && c < 16)
          sum += p_.copy_last[run][c] / lengths * alike * from(text, rest, k, 4);
        if (k >= rest.size()) break;
      }
    }
    return sum;
  }

  // Calls take(distance, weight).
  template <typename Take>
  void each_distance(const Bytes& text, std::uint64_t length, Take&& take) const {
    const b::DistancePrices& p = p_.distances[p_.code_of_context[b::distance_context(length)]];
    for (std::uint32_t d = 1; d <= text.size() && d < p.up_to.size(); ++d)
      take(d, b::Prices::kUnit * p.of(d));
    for (std::size_t symbol = 0; symbol < p.recent.size(); ++symbol) {
      const std::uint32_t d = b::recent_distance(b::kFirstLastDistances, symbol);
      if (d > 0 && d <= text.size() && d < p.up_to.size()) take(d, p.recent[symbol]);
    }
  }

  double possible(const Bytes& text, std::uint64_t length) const {
    double all = p_.word_weight[b::class_of_length(length)];
    each_distance(text, length, [&](std::uint32_t, double weight) { all += weight; });
    return all;
  }

  double from_anywhere(const Bytes& text, ByteView rest, std::uint64_t length) {
    double sum = 0, all = p_.word_weight[b::class_of_length(length)];
    each_distance(text, length, [&](std::uint32_t d, double weight) {
      all += weight;
      sum += weight * from(text, rest, length, d);
    });
    return sum / all;
  }

  double from(const Bytes& text, ByteView rest, std::uint64_t length, std::uint32_t d) {
    if (d > text.size()) return 0;
    Bytes after = text;
    const std::size_t said = std::min<std::size_t>(length, rest.size());
    for (std::size_t i = 0; i < said; ++i) {
      if (after[after.size() - d] != rest[i]) return 0;
      after.push_back(rest[i]);
    }
    return mass(after, rest.subspan(said));
  }

  const b::Prices& p_;
  std::array<std::vector<Word>, 256> words_;  // by their first bytes
  std::vector<double> known_;                 // by what is left
};

void expect_all_commands(const b::Prices& prices, const Bytes& context, ByteView text) {
  b::ViewParameters parameters;
  parameters.codec = make_codec("brotli:5");
  parameters.window_bytes = 5000;
  b::DecoderView view(parameters);
  view.observe(context);
  view.begin_command(std::make_shared<const b::Prices>(prices));
  AllCommands all(prices);
  Bytes rest;
  for (const Byte next : text) {
    std::array<double, 256> bits, mass;
    view.next_byte(bits);
    rest.push_back(0);
    for (std::size_t byte = 0; byte < 256; ++byte) {
      rest.back() = static_cast<Byte>(byte);
      mass[byte] = all.mass_after(context, rest);
    }
    const double sum = std::accumulate(mass.begin(), mass.end(), 0.0);
    for (std::size_t byte = 0; byte < 256; ++byte)
      ASSERT_NEAR(bits[byte], -std::log2(mass[byte] / sum), 1e-9)
          << byte << " after " << rest.size() - 1;
    view.observe(next);
    rest.back() = next;
  }
}

TEST(BrotliView, SumsOverAllCommands) {
  const Bytes text = real_text(3000);
  for (const char* const spec : {"brotli:5", "brotli:9"}) {
    const auto blocks = blocks_of(spec, text);
    ASSERT_EQ(blocks.size(), 1u);
    b::Prices prices(&blocks[0], 5000);
    // Up to two bytes no copy can have ended before the last.
    expect_all_commands(prices, Bytes(text.begin(), text.begin() + 100),
                        ByteView(text).subspan(7, 2));
    expect_all_commands(prices, Bytes(20, 'a'), Bytes(2, 'a'));
    // Any number of bytes where no copy is from the last distances.
    prices.copy_last = {};
    for (b::DistancePrices& distances : prices.distances) distances.recent = {};
    const Bytes context = letters(60, 2, 3);
    expect_all_commands(prices, context, ByteView(context).first(5));
    expect_all_commands(prices, context, bytes_of("abzab"));
    expect_all_commands(prices, Bytes(9, 'x'), Bytes(5, 'x'));
  }
}

// With lengths that do not depend on the run, and no copies from the last distances, it is exact
// for words as well. Nothing is lost, so that a mass is that of all it goes on with.
TEST(BrotliView, SumsOverTheWordsOfTheDictionary) {
  const Bytes text = real_text(6000);
  const auto blocks = blocks_of("brotli:5", text);
  ASSERT_EQ(blocks.size(), 1u);
  b::Prices prices(&blocks[0], 5000, text.size());
  ASSERT_TRUE(prices.words.has_words());
  prices.copy_last = {};
  prices.distances = {prices.distances.back()};
  prices.distances[0].recent = {};
  prices.code_of_context = {};
  prices.word_weight.fill(0.25);
  std::array<double, b::kLengthCodes> of_copy{};
  double all_copies = 0;
  for (std::size_t c = 0; c < of_copy.size(); ++c) {
    for (const auto& of_run : prices.copy) of_copy[c] += of_run[c];
    all_copies += of_copy[c];
  }
  for (std::size_t i = 0; i < prices.copy.size(); ++i) {
    for (std::size_t c = 0; c < of_copy.size(); ++c)
      prices.copy[i][c] = prices.run_code[i] * of_copy[c] / all_copies;
  }

  const Bytes context = letters(60, 26, 8);
  AllCommands all(prices);
  for (const std::string said : {"tim e", " The w", "q"}) {
    b::ViewParameters parameters;
    parameters.codec = make_codec("brotli:5");
    parameters.window_bytes = 5000;
    b::DecoderView view(parameters);
    view.observe(context);
    view.begin_command(std::make_shared<const b::Prices>(prices));
    Bytes rest;
    for (const char next : said) {
      std::array<double, 256> bits;
      view.next_byte(bits);
      rest.push_back(static_cast<Byte>(next));
      const double mass = all.mass_after(context, rest);
      for (const char other : {'e', ' ', 'T', 'z', 'q'}) {
        rest.back() = static_cast<Byte>(other);
        EXPECT_NEAR(bits[static_cast<Byte>(other)] - bits[static_cast<Byte>(next)],
                    std::log2(mass / all.mass_after(context, rest)), 1e-9)
            << other << " for " << next << " in " << said;
      }
      rest.back() = static_cast<Byte>(next);
      view.observe(rest.back());
    }
  }
}

// ---- What every view promises ----------------------------------------------------------------

TEST(BrotliView, IsADistributionAndAgreesByteByByte) {
  for (const char* const spec : {"brotli:5", "brotli:11"}) {
    b::ViewParameters parameters;
    parameters.codec = make_codec(spec);
    parameters.refresh_bytes = 1024;
    for (const Bytes& text :
         {real_text(1500), records(1500), random_bytes(1200, 3), Bytes(1500, 7)}) {
      b::DecoderView view(parameters);
      for (std::size_t at = 0; at < text.size(); ++at) {
        if (at % 97 == 0) {
          std::array<double, 256> bits;
          view.next_byte(bits);
          double sum = 0;
          for (std::size_t byte = 0; byte < 256; ++byte) {
            sum += std::exp2(-bits[byte]);
            ASSERT_EQ(bits[byte], view.bits_of(static_cast<Byte>(byte)));
          }
          ASSERT_NEAR(sum, 1, 1e-11) << at;
        }
        view.observe(text[at]);
        view.trim();
      }
    }
  }
}

void expect_same(b::DecoderView& x, b::DecoderView& y) {
  ASSERT_EQ(x.position_bytes(), y.position_bytes());
  std::array<double, 256> of_x, of_y;
  x.next_byte(of_x);
  y.next_byte(of_y);
  ASSERT_EQ(of_x, of_y);
}

TEST(BrotliView, ObservingAtOnceIsObservingOneByOne) {
  b::ViewParameters parameters;
  parameters.codec = make_codec("brotli:4");
  parameters.refresh_bytes = 2048;
  for (const std::size_t size : {0, 1, 256, 2048, 5000}) {
    const Bytes text = real_text(size);
    b::DecoderView whole(parameters), single(parameters);
    whole.observe(text);
    for (const Byte byte : text) {
      single.observe(byte);
      single.trim();
    }
    expect_same(whole, single);
  }
}

TEST(BrotliView, AfterARewindIsAsIfNothingHadBeenObserved) {
  b::ViewParameters parameters;
  parameters.codec = make_codec("brotli:5");
  parameters.refresh_bytes = 1024;
  Bytes text = real_text(2500);
  text.insert(text.end(), 1500, 'x');
  const Bytes other = random_bytes(300, 5);
  Random random(6);
  b::DecoderView view(parameters);
  std::size_t at = 0;
  for (int step = 0; step < 25; ++step) {
    const std::size_t more = random.below(std::min<std::size_t>(text.size() - at, 300));
    view.observe(ByteView(text).subspan(at, more));
    at += more;
    view.trim();
    for (int i = 0; i < 3; ++i) {
      for (std::size_t k = random.below(i == 2 ? 1500 : 40); k > 0; --k)
        view.observe(i == 1 ? Byte{'x'} : other[k % other.size()]);
      view.rewind(at);
    }
    b::DecoderView never(parameters);
    never.observe(ByteView(text).first(at));
    expect_same(view, never);
    // It goes on alike, too.
    for (const Byte byte : {text[at / 2], text[at / 3]}) {
      view.observe(byte);
      never.observe(byte);
      expect_same(view, never);
    }
    view.rewind(at);
  }
}

TEST(BrotliView, CodesTextThatComesBackAndForgetsWhatIsTakenBack) {
  const auto model = make_model("brotli:5,view=decoder,refresh=1024");
  const Bytes text = real_text(2000);
  EXPECT_LT(expect_that_it_comes_back(*model, text).size(), 1200u);
  expect_that_it_comes_back(*model, records(600));
  expect_that_rewinding_leaves_nothing(*model, text, records(300), ByteView(text).first(40), 5);
}

TEST(BrotliView, PredictsTextInFewerBitsThanBrotliNeedsForIt) {
  const Bytes text = real_text(44000);
  const ByteView context = ByteView(text).first(40000), truth = ByteView(text).subspan(40000);
  for (const char* const spec : {"brotli:5", "brotli:11"}) {
    const auto codec = make_codec(spec);
    const double own = 8.0 * (static_cast<double>(codec->encode(text).size()) -
                              static_cast<double>(codec->encode(context).size()));
    const auto state = make_model(spec + std::string(",view=decoder"))->start(context);
    double bits = 0;
    state->measure({&truth, 1}, {&bits, 1});
    EXPECT_LT(bits, 0.99 * own) << spec;
    EXPECT_GT(bits, 0.6 * own) << spec;
  }
}

TEST(BrotliView, RefusesWhatBelongsToTheOtherView) {
  EXPECT_THROW(make_model("brotli,view=decoder,context=4KiB"), UsageError);
  EXPECT_THROW(make_model("brotli,view=decoder,dither=2"), UsageError);
  EXPECT_THROW(make_model("brotli,view=decoder,large=on"), UsageError);
  EXPECT_THROW(make_model("brotli,refresh=4KiB"), UsageError);
  EXPECT_EQ(make_model("brotli:5,view=decoder,window=10")->window_bytes(), 1008u);
  EXPECT_EQ(codec_spec("brotli:5,view=decoder,refresh=2KiB"), "brotli:5");
}

}  // namespace
}  // namespace kraft
