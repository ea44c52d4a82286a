// The decoder's view of Brotli: its streams as the stock decoder reads them, prices against the
// enumeration of all ways to cut short texts into commands and against coin flips into the stock
// decoder, and what every view promises.

#include <brotli/decode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "models/bit_writer.h"
#include "models/brotli/decoder_view.h"
#include "models/brotli/dictionary.h"
#include "models/brotli/prices.h"
#include "models/brotli/stream.h"
#include "models/views.h"

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
        prices.literals(static_cast<Byte>(last), 't', prices.types_at_first(), p);
        EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1, 1e-12);
        EXPECT_EQ(p['a'],
                  prices.literal(static_cast<Byte>(last), 't', 'a', prices.types_at_first()));
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

// Which type of literals is in use changes now and then, to any of them by their shares.
TEST(BrotliPrices, SumOverAllSequencesOfTypes) {
  Bytes message = real_text(30000);
  append(message, records(30000));
  const auto blocks = blocks_of("brotli:11", message);
  ASSERT_EQ(blocks.size(), 1u);
  const b::Prices prices(&blocks[0], 5000);
  const std::vector<double>& shares = prices.types_at_first();
  ASSERT_GT(shares.size(), 1u);
  EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-12);
  double literals = 0;
  for (const b::TypeRun& run : blocks[0].literal_types) literals += run.symbols;
  const double changes = (blocks[0].literal_types.size() - 1) / literals;
  const Bytes text = bytes_of("e\x07\x05s");
  const std::size_t types = shares.size();
  std::vector<std::array<double, 4>> of_type(types);  // of each byte of the text after the first
  for (std::size_t type = 0; type < types; ++type) {
    std::vector<double> only(types);
    only[type] = 1;
    for (std::size_t at = 1; at < text.size(); ++at)
      of_type[type][at] = prices.literal(text[at - 1], 0, text[at], only);
  }
  double expected = 0, found = 1;
  for (std::size_t x = 0; x < types * types * types; ++x) {
    const std::array<std::size_t, 3> sequence = {x % types, x / types % types, x / types / types};
    double p = shares[sequence[0]] * of_type[sequence[0]][1];
    for (std::size_t i = 1; i < sequence.size(); ++i) {
      const double stays = sequence[i] == sequence[i - 1] ? 1 - changes : 0;
      p *= (stays + changes * shares[sequence[i]]) * of_type[sequence[i]][i + 1];
    }
    expected += p;
  }
  std::vector<double> now = shares;
  for (std::size_t at = 1; at < text.size(); ++at) {
    found *= prices.literal(text[at - 1], 0, text[at], now);
    prices.add_literal(text[at - 1], 0, text[at], now);
  }
  EXPECT_NEAR(found, expected, 1e-12 * expected);
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
      literals *= p_.literal(text.back(), text[text.size() - 2], rest[l], p_.types_at_first());
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
    if (kSanitized && spec == std::string_view("brotli:9")) continue;
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
    const std::size_t most = kSanitized ? 3 : 5;
    expect_all_commands(prices, context, ByteView(context).first(most));
    expect_all_commands(prices, context, ByteView(bytes_of("abzab")).first(most));
    expect_all_commands(prices, Bytes(9, 'x'), Bytes(most, 'x'));
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
  const std::size_t most = kSanitized ? 3 : 6;
  for (const std::string whole : {"tim e", " The w", "q"}) {
    const std::string said = whole.substr(0, most);
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

// ---- Coin flips into the stock decoder -------------------------------------------------------

using WordBits = std::vector<std::uint8_t>;  // of each symbol; 0: it has no word

// Section 3.5: the lengths of 0 to 15 are coded by four bits each.
void write_code(BitWriter& stream, const WordBits& word_bits) {
  stream.write(0, 2);
  for (const int length : {1, 2, 3, 4, 0, 5, 17, 6, 16, 7, 8, 9, 10, 11, 12, 13, 14, 15})
    stream.write(length < 16 ? 1 : 0, 2);  // of 4 bits, or none
  std::uint32_t left = 1 << 15;
  for (std::size_t s = 0; left > 0; ++s) {
    const unsigned length = word_bits[s];
    stream.write((length & 1) << 3 | (length & 2) << 1 | (length & 4) >> 1 | (length & 8) >> 3, 4);
    if (length > 0) left -= 1u << (15 - length);
  }
}

// Section 7.3, of two codes.
void write_map(BitWriter& stream, const std::vector<std::uint8_t>& map) {
  stream.write(0b0001, 4);  // two
  stream.write(0, 1);       // no runs
  stream.write(0b0101, 4);  // a simple code of two symbols, ...
  stream.write(0b10, 2);    // ... 0 and 1
  for (const std::uint8_t code : map) stream.write(code, 1);
  stream.write(0, 1);  // as it is
}

// Two codes of literals and two of distances, by their contexts, and one of commands.
struct Codes {
  std::array<WordBits, 2> literals, distances;
  WordBits commands;
  std::vector<std::uint8_t> literal_map, distance_map = {0, 1, 0, 1};
};

// A stream of the context, as it is, up to the first command of a meta-block with these codes.
BitWriter begun_stream(ByteView context, const Codes& codes) {
  BitWriter stream;
  stream.write(0, 1);  // a window of 64 KiB
  stream.write(0, 3);  // not the last one; a length of four nibbles
  stream.write(context.size() - 1, 16);
  stream.write(1, 1);  // not compressed
  stream.write(context);
  stream.write(0b100, 3);  // of six nibbles
  stream.write((1 << 24) - 1, 24);
  stream.write(0, 4);  // compressed; one type of each kind
  stream.write(0, 6);  // no postfix, no direct distances
  stream.write(static_cast<std::uint64_t>(b::LiteralMode::lowest_6_bits), 2);
  write_map(stream, codes.literal_map);
  write_map(stream, codes.distance_map);
  for (const WordBits& code : codes.literals) write_code(stream, code);
  write_code(stream, codes.commands);
  for (const WordBits& code : codes.distances) write_code(stream, code);
  return stream;
}

b::MetaBlock meta_block_of(const Codes& codes) {
  b::MetaBlock block;
  block.literal_modes = {b::LiteralMode::lowest_6_bits};
  block.literal_map = codes.literal_map;
  block.distance_map = codes.distance_map;
  for (const WordBits& code : codes.literals)
    block.literal_codes.push_back(lz::PrefixCode::complete(code).value());
  block.command_codes.push_back(lz::PrefixCode::complete(codes.commands).value());
  for (const WordBits& code : codes.distances)
    block.distance_codes.push_back(lz::PrefixCode::complete(code).value());
  return block;
}

// The first bytes that the stock decoder makes of the stream and coin flips behind it.
Bytes drawn_by_brotli(const BitWriter& begun, std::size_t context_bytes, std::size_t size,
                      Random& random) {
  BitWriter stream = begun;
  for (int i = 0; i < 4; ++i) stream.write(random.bits(), 64);
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> decoder(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
  Bytes text(context_bytes + size);
  std::size_t room = text.size();
  const Byte* in = stream.bytes().data();
  Byte* out = text.data();
  // Byte by byte from there on: what it cannot decode further on does not matter.
  for (std::size_t given = begun.bytes().size(); room > 0; given = 1) {
    if (BrotliDecoderDecompressStream(decoder.get(), &given, &in, &room, &out, nullptr) ==
        BROTLI_DECODER_RESULT_ERROR) {
      ADD_FAILURE() << "byte " << in - stream.bytes().data() << " cannot be decoded";
      break;
    }
  }
  return {text.end() - static_cast<std::ptrdiff_t>(size), text.end()};
}

// The distances of 19 symbols reach so far, so that none means a word or what a text lacks.
constexpr std::size_t kReaching = 19;
constexpr std::size_t kFarthest = 3068;

// Compares the counts of all strings of the letters with what the view expects.
void expect_coin_flips(const Codes& codes, std::size_t alphabet, std::size_t size,
                       std::size_t hypotheses = 1) {
  constexpr int kDraws = 20000;
  const Bytes context = letters(kFarthest, alphabet, 3);  // no refresh follows soon
  b::ViewParameters parameters;
  parameters.codec = make_codec("brotli:5");
  parameters.window_bytes = static_cast<std::uint32_t>(context.size());
  b::DecoderView view(parameters);
  view.observe(context);
  const b::MetaBlock block = meta_block_of(codes);
  view.begin_command(std::make_shared<const b::Prices>(&block, parameters.window_bytes),
                     hypotheses);
  const BitWriter begun = begun_stream(context, codes);
  Random random(size);
  std::map<Bytes, int> counts;
  for (int i = 0; i < kDraws; ++i) ++counts[drawn_by_brotli(begun, context.size(), size, random)];
  expect_counts(view, counts, kDraws, alphabet, size);
}

// These symbols have words of so many bits; the others share what is left, in two lengths.
WordBits code_with(std::size_t symbols, const std::vector<std::size_t>& likely, int likely_bits) {
  const std::size_t others = symbols - likely.size();
  const std::uint32_t left =
      (1u << 15) - (static_cast<std::uint32_t>(likely.size()) << (15 - likely_bits));
  WordBits word_bits(symbols);
  for (const std::size_t s : likely) word_bits[s] = static_cast<std::uint8_t>(likely_bits);
  if (others == 0 || left == 0) return word_bits;
  int bits = 1;  // of the shorter words
  while (others << (15 - bits - 1) > left) ++bits;
  std::size_t shorter = (left >> (15 - bits - 1)) - others;
  for (std::uint8_t& word : word_bits) {
    if (word != 0) continue;
    word = static_cast<std::uint8_t>(shorter > 0 ? bits : bits + 1);
    if (shorter > 0) --shorter;
  }
  return word_bits;
}

// Runs of 0, 1, 2, 6 or 7 literals and copies of 2, 3, 4, 6 or 12 to 13 bytes, and with
// `last_distances` some from the last distance that do not say so; distances up to those of the
// context, and the last ones.
Codes codes_of(bool last_distances) {
  Codes codes;
  for (std::size_t c = 0; c < b::kLiteralContexts; ++c)
    codes.literal_map.push_back(static_cast<std::uint8_t>(c % 3 == 1));
  codes.literals = {code_with(256, {'a', 'b', 'c', 'd'}, 3), code_with(256, {'a', 'c'}, 2)};
  std::vector<std::size_t> commands;
  for (const std::size_t run : {0, 1, 2, 6}) {
    for (const std::size_t copy : {0, 1, 2, 9}) commands.push_back(b::command_of(run, copy));
  }
  codes.commands = WordBits(b::kCommands);
  for (const std::size_t symbol : commands) codes.commands[symbol] = 4;
  if (last_distances) {
    for (const std::size_t symbol : commands) codes.commands[symbol] = 5;
    for (const std::size_t symbol : {0, 1, 9, 66}) codes.commands[symbol] = 3;
  }
  // Of the last distances, those that are less than one of the last four may be 0; they have no
  // words.
  std::vector<std::size_t> said(kReaching);
  std::iota(said.begin(), said.end(), b::kRecentDistances);
  if (last_distances) said.insert(said.end(), {0, 1, 2, 3, 5, 7, 9, 11, 13, 15});
  for (std::size_t i = 0; i < 2; ++i) {
    codes.distances[i].resize(b::DistanceSymbols{}.count());
    const WordBits words = code_with(said.size(), {i, i + 2, said.size() - 4}, 3);
    for (std::size_t k = 0; k < said.size(); ++k) codes.distances[i][said[k]] = words[k];
  }
  return codes;
}

// One history of distances is exact as long as no copy has ended, and where no distance is one of
// the last. Else it would be found out (404 where 64 are expected); many pass.
TEST(BrotliView, SaysHowOftenCoinFlipsIntoTheStockDecoderDrawEachString) {
  expect_coin_flips(codes_of(true), 20, 1);
  expect_coin_flips(codes_of(true), 5, 2);
  expect_coin_flips(codes_of(false), 4, 3);
  expect_coin_flips(codes_of(false), 2, 7);
  if (!kSanitized) expect_coin_flips(codes_of(true), 2, 6, 256);
}

// ---- What every view promises ----------------------------------------------------------------

b::ViewParameters parameters_of(const char* spec, std::uint64_t refresh_bytes,
                                std::size_t hypotheses = 1) {
  b::ViewParameters parameters;
  parameters.hypotheses = hypotheses;
  parameters.codec = make_codec(spec);
  parameters.refresh_bytes = refresh_bytes;
  return parameters;
}

TEST(BrotliView, IsADistributionAndAgreesByteByByte) {
  for (const char* const spec : {"brotli:5", "brotli:11"}) {
    for (const Bytes& text : {real_text(sized(1500)), records(sized(1500)),
                              random_bytes(sized(1200), 3), Bytes(sized(1500), 7)}) {
      b::DecoderView view(parameters_of(spec, 1024));
      for (std::size_t at = 0; at < text.size(); ++at) {
        if (at % 97 == 0) expect_distribution(view);
        view.observe(text[at]);
        view.trim();
      }
    }
  }
}

TEST(BrotliView, ObservingAtOnceIsObservingOneByOne) {
  const b::DecoderView view(parameters_of("brotli:4", 2048));
  for (const std::size_t size : {0, 1, 256, 2048, 5000})
    expect_at_once_is_one_by_one(view, view, real_text(size));
}

TEST(BrotliView, AfterARewindIsAsIfNothingHadBeenObserved) {
  Bytes text = real_text(2500);
  text.insert(text.end(), 1500, 'x');
  const auto make = [] { return b::DecoderView(parameters_of("brotli:5", 1024)); };
  expect_that_rewinds_leave_nothing(make, text, 0, 25, 300);
}

TEST(BrotliView, KeepsThesePromisesWithSeveralHistories) {
  const auto make = [] { return b::DecoderView(parameters_of("brotli:5", 1024, 5)); };
  Bytes text = real_text(1300);
  text.insert(text.end(), 60, 'x');
  b::DecoderView view = make();
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at % 97 == 0) expect_distribution(view);
    view.observe(text[at]);
    view.trim();
  }
  expect_that_rewinds_leave_nothing(make, text, 0, 8, 300);
}

TEST(BrotliView, PredictsTextInFewerBitsThanBrotliNeedsForIt) {
  const Bytes text = real_text(44000);
  const ByteView context = ByteView(text).first(40000), truth = ByteView(text).subspan(40000);
  for (const char* const spec : {"brotli:5", "brotli:11"}) {
    const auto codec = make_codec(spec);
    const double own = 8.0 * (static_cast<double>(codec->encode(text).size()) -
                              static_cast<double>(codec->encode(context).size()));
    const double bits = bits_given(spec + std::string(",view=decoder"), context, truth);
    EXPECT_LT(bits, 0.99 * own) << spec;
    EXPECT_GT(bits, 0.6 * own) << spec;
  }
}

TEST(BrotliView, MakesKraftFilesThatComeBack) {
  const Bytes text = real_text(sized(20000));
  EXPECT_LT(expect_a_kraft_file("brotli:5,view=decoder", text).size(),
            make_codec("brotli:5")->encode(text).size());
}

TEST(BrotliView, RefusesWhatBelongsToTheOtherView) {
  EXPECT_THROW(make_model("brotli,view=decoder,context=4KiB"), UsageError);
  EXPECT_THROW(make_model("brotli,view=decoder,dither=2"), UsageError);
  EXPECT_THROW(make_model("brotli,view=decoder,large=on"), UsageError);
  EXPECT_THROW(make_model("brotli,refresh=4KiB"), UsageError);
  EXPECT_EQ(make_model("brotli:5,view=decoder,window=10")->window_bytes(), 1008u);
  EXPECT_EQ(codec_spec("brotli:5,view=decoder,refresh=2KiB,hypotheses=8"), "brotli:5");
}

}  // namespace
}  // namespace kraft
