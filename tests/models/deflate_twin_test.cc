// The twin against zlib: every comparison is between the twin's length of a stream and the bits of
// the stream that zlib writes. KRAFT_QUICK=1 takes a small share of them; contexts are also taken
// from the real files; KRAFT_SEED varies the random part.
#include "models/deflate/twin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <random>
#include <string>

#include "codecs/messages.h"
#include "models/deflate_truth.h"
#include "sanitized.h"

namespace kraft::deflate {

void PrintTo(const Parameters& p, std::ostream* out) {
  *out << "level " << p.level << ", window_bits " << p.window_bits << ", mem_level " << p.mem_level
       << ", strategy " << p.strategy;
}

namespace {

bool quick() { return kSanitized || std::getenv("KRAFT_QUICK") != nullptr; }
int rounds(int full) { return quick() ? std::max(1, full / 20) : full; }

std::uint64_t seed() {
  const char* text = std::getenv("KRAFT_SEED");
  return text ? std::strtoull(text, nullptr, 10) : 20240;
}

std::uint64_t pairs_compared = 0;

class CountPairs : public testing::Environment {
  void TearDown() override {
    std::cout << "[   PAIRS  ] " << pairs_compared << " lengths compared with zlib\n";
  }
};
const auto* const kCountPairs = testing::AddGlobalTestEnvironment(new CountPairs);

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t n) { return n == 0 ? 0 : random() % n; }

// ---- inputs ----------------------------------------------------------------------------------

Bytes uniform_symbols(Random& random, std::size_t size, std::size_t alphabet) {
  Bytes bytes(size);
  const std::size_t first = below(random, 257 - alphabet);
  for (Byte& b : bytes) b = static_cast<Byte>(first + below(random, alphabet));
  return bytes;
}

Bytes skewed_symbols(Random& random, std::size_t size) {
  Bytes bytes(size);
  std::geometric_distribution<int> rank(0.02 + 0.5 * static_cast<double>(below(random, 100)) / 100);
  const std::size_t stride = 1 + 2 * below(random, 100);
  for (Byte& b : bytes) b = static_cast<Byte>(static_cast<std::size_t>(rank(random)) * stride);
  return bytes;
}

Bytes words(Random& random, std::size_t size) {
  std::vector<Bytes> lexicon(20 + below(random, 600));
  for (Bytes& word : lexicon) {
    word = uniform_symbols(random, 1 + below(random, 8), 1);
    for (Byte& b : word) b = static_cast<Byte>('a' + below(random, 26) * below(random, 26) / 26);
    word.push_back(below(random, 9) == 0 ? '\n' : ' ');
  }
  Bytes bytes;
  std::geometric_distribution<std::size_t> rank(0.01);
  while (bytes.size() < size) append(bytes, lexicon[rank(random) % lexicon.size()]);
  bytes.resize(size);
  return bytes;
}

Bytes periodic(Random& random, std::size_t size) {
  const std::size_t period = 1 + below(random, below(random, 2) ? 8 : 70000);
  Bytes bytes = uniform_symbols(random, size, 1 + below(random, 256));
  const std::size_t slips = below(random, 4);
  for (std::size_t i = period; i < size; ++i) bytes[i] = bytes[i - period];
  for (std::size_t i = 0; i < slips && size > 0; ++i) bytes[below(random, size)] ^= 1;
  return bytes;
}

Bytes long_runs(Random& random, std::size_t size) {
  Bytes bytes;
  const std::size_t alphabet = 1 + below(random, 4);
  const std::size_t longest = 1 + below(random, below(random, 2) ? 12 : 1200);
  while (bytes.size() < size) {
    bytes.insert(bytes.end(), 1 + below(random, longest),
                 static_cast<Byte>('x' + below(random, alphabet)));
  }
  bytes.resize(size);
  return bytes;
}

// Copies of earlier pieces at all distances between noise: every length and distance code.
Bytes copies(Random& random, std::size_t size) {
  Bytes bytes = uniform_symbols(random, std::min<std::size_t>(size, 8), 256);
  while (bytes.size() < size) {
    const std::size_t length = 1 + below(random, below(random, 3) ? 12 : 300);
    if (below(random, 3) == 0) {
      append(bytes, uniform_symbols(random, length, 256));
    } else {
      std::size_t from = below(random, bytes.size());
      if (below(random, 2))
        from = bytes.size() - 1 - below(random, std::min<std::size_t>(bytes.size(), 40));
      for (std::size_t i = 0; i < length; ++i) bytes.push_back(bytes[from + i]);
    }
  }
  bytes.resize(size);
  return bytes;
}

// Rows of gray pixels: smooth in both directions, with noise.
Bytes photograph(Random& random, std::size_t size) {
  const std::size_t width = 64 + below(random, 600);
  const double noise = static_cast<double>(below(random, 8));
  std::normal_distribution<double> grain(0, 1 + noise);
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double x = static_cast<double>(i % width);
    const double y = static_cast<double>(i / width);
    const double light = 128 + 60 * std::sin(x / 37) + 50 * std::sin(y / 23 + x / 91);
    bytes[i] = static_cast<Byte>(std::clamp(light + grain(random), 0.0, 255.0));
  }
  return bytes;
}

// 8-bit samples: a few partials under a slow envelope.
Bytes speech(Random& random, std::size_t size) {
  std::normal_distribution<double> breath(0, 1.5);
  const double pitch = 20 + static_cast<double>(below(random, 60));
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double t = static_cast<double>(i);
    const double envelope = std::max(0.0, std::sin(t / 2500));
    const double wave = std::sin(t / pitch * 6.28) + 0.5 * std::sin(t / pitch * 18.8 + 1);
    bytes[i] =
        static_cast<Byte>(std::clamp(128 + 55 * envelope * wave + breath(random), 0.0, 255.0));
  }
  return bytes;
}

const std::vector<Bytes>& real_files() {
  static const std::vector<Bytes> files = {real_file("mobydick.txt"), real_file("astronaut.png"),
                                           real_file("speech.wav")};
  return files;
}

Bytes some_input(Random& random, std::size_t size) {
  const std::size_t kind = below(random, 10 + 3 * real_files().size());
  switch (kind) {
    case 0:
      return uniform_symbols(random, size, 256);
    case 1:
      return uniform_symbols(random, size, 1 + below(random, 6));
    case 2:
      return uniform_symbols(random, size, 1 + below(random, 256));
    case 3:
      return skewed_symbols(random, size);
    case 4:
      return words(random, size);
    case 5:
      return periodic(random, size);
    case 6:
      return long_runs(random, size);
    case 7:
      return copies(random, size);
    case 8:
      return photograph(random, size);
    case 9:
      return speech(random, size);
    default: {
      const Bytes& file = real_files()[(kind - 10) % real_files().size()];
      const std::size_t length = std::min(size, file.size());
      const std::size_t start = below(random, file.size() - length + 1);
      return Bytes(file.begin() + static_cast<std::ptrdiff_t>(start),
                   file.begin() + static_cast<std::ptrdiff_t>(start + length));
    }
  }
}

// Half of the time what zlib's formats make common, else anything.
Parameters some_parameters(Random& random) {
  Parameters p{.level = 1 + static_cast<int>(below(random, 9))};
  if (below(random, 2)) {
    if (below(random, 2)) p.level = 9;
    return p;
  }
  p.window_bits = 9 + static_cast<int>(below(random, 7));
  p.mem_level = 1 + static_cast<int>(below(random, 9));
  p.strategy = below(random, 2) ? 0 : static_cast<int>(below(random, 5));
  return p;
}

// Lengths near something: a full block, the window's end, its slides.
std::size_t edge_size(Random& random, const Parameters& p) {
  const std::size_t window = std::size_t{1} << p.window_bits;
  const std::size_t block = (std::size_t{1} << (p.mem_level + 6)) - 1;
  std::size_t edge = 0;
  switch (below(random, 5)) {
    case 0:
      edge = block * (1 + below(random, 2));
      break;
    case 1:
      edge = window - 262;
      break;
    case 2:
      edge = 2 * window - 262 + window * below(random, 3);
      break;
    case 3:
      edge = 2 * window + window * below(random, 3);
      break;
    case 4:
      edge = window;
      break;
  }
  return edge - std::min(edge, below(random, 300)) + below(random, 40);
}

std::vector<Byte> some_alphabet(Random& random, const Bytes& context) {
  std::vector<Byte> alphabet;
  const std::size_t size = 1 + below(random, 12);
  for (std::size_t i = 0; i < size; ++i) {
    alphabet.push_back(context.empty() || below(random, 4) == 0
                           ? static_cast<Byte>(random())
                           : context[context.size() - 1 -
                                     below(random, std::min<std::size_t>(context.size(), 3000))]);
  }
  return alphabet;
}

// Something that may follow: a piece of the context (so that matches go on), noise, or both.
Bytes some_continuation(Random& random, const Bytes& context, std::size_t longest) {
  Bytes bytes;
  const std::size_t size = below(random, longest + 1);
  while (bytes.size() < size) {
    const std::size_t length = 1 + below(random, size - bytes.size());
    if (!context.empty() && below(random, 3) != 0) {
      const std::size_t from = below(random, context.size());
      append(bytes, ByteView(context).subspan(from, std::min(length, context.size() - from)));
    } else {
      append(bytes, uniform_symbols(random, length, 256));
    }
  }
  bytes.resize(size);
  return bytes;
}

// ---- comparisons -----------------------------------------------------------------------------

Bytes join(ByteView a, ByteView b) {
  Bytes both(a.begin(), a.end());
  append(both, b);
  return both;
}

void expect_exact(Truth& truth, ByteView context, ByteView continuation, std::uint64_t bits) {
  ++pairs_compared;
  ASSERT_EQ(truth.bits(join(context, continuation)), bits)
      << "context of " << context.size() << " bytes, continuation of " << continuation.size();
}

void observe_in_pieces(Random& random, Twin& twin, ByteView bytes) {
  const std::size_t longest = 1 + below(random, below(random, 2) ? 4 : 70000);
  while (!bytes.empty()) {
    const std::size_t n = std::min(bytes.size(), 1 + below(random, longest));
    twin.observe(bytes.first(n));
    bytes = bytes.subspan(n);
  }
}

TEST(DeflateTwin, SelfCheckAcceptsTheLinkedLibrary) {
  for (int level = 0; level <= 9; ++level) EXPECT_TRUE(self_check({.level = level})) << level;
  for (const Parameters& parameters : {Parameters{7, 15, 9, 0},
                                       {5, 12, 8, 1},
                                       {2, 14, 7, 0},
                                       {9, 9, 1, 0},
                                       {1, 9, 1, 0},
                                       {9, 15, 8, 2},
                                       {6, 15, 8, 3},
                                       {6, 15, 8, 4},
                                       {6, 15, 8, 1},
                                       {6, 10, 3, 4},
                                       {9, 15, 8, 4}})
    EXPECT_TRUE(self_check(parameters)) << parameters.level << " " << parameters.strategy;
}

TEST(DeflateTwin, EmptyInputIsOneEmptyFixedBlock) {
  Twin twin(Parameters{});
  EXPECT_EQ(twin.bits(), 10u);
}

TEST(DeflateTwin, EveryPrefixOfShortInputsIsExact) {
  Random random(seed());
  for (int round = 0; round < rounds(600); ++round) {
    const Parameters p = some_parameters(random);
    SCOPED_TRACE(testing::PrintToString(p));
    Truth truth(p);
    const Bytes input = some_input(random, below(random, 120));
    Twin twin(p);
    for (std::size_t n = 0; n <= input.size(); ++n) {
      if (n > 0) twin.observe(ByteView(input).subspan(n - 1, 1));
      ASSERT_NO_FATAL_FAILURE(expect_exact(truth, ByteView(input).first(n), {}, twin.bits()));
    }
  }
}

TEST(DeflateTwin, NextByteIsExactForAll256BytesAfterShortContexts) {
  Random random(seed() + 1);
  for (int round = 0; round < rounds(300); ++round) {
    const Parameters p = some_parameters(random);
    SCOPED_TRACE(testing::PrintToString(p));
    Truth truth(p);
    const Bytes context = some_input(random, below(random, below(random, 2) ? 60 : 1500));
    Twin twin(p);
    observe_in_pieces(random, twin, context);
    std::array<std::uint64_t, 256> bits;
    twin.next_byte(bits);
    for (int b = 0; b < 256; ++b) {
      const Byte byte = static_cast<Byte>(b);
      ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, {&byte, 1}, bits[byte]));
    }
  }
}

TEST(DeflateTwin, LongContextsAreExactWhateverFollows) {
  Random random(seed() + 2);
  for (int round = 0; round < rounds(260); ++round) {
    const Parameters p = some_parameters(random);
    SCOPED_TRACE(testing::PrintToString(p));
    Truth truth(p);
    const std::size_t size =
        below(random, 3) ? edge_size(random, p) : below(random, below(random, 6) ? 70000 : 300001);
    const Bytes context = some_input(random, size);
    Twin twin(p);
    observe_in_pieces(random, twin, context);
    ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, {}, twin.bits()));
    std::array<std::uint64_t, 256> bits;
    twin.next_byte(bits);
    for (const Byte byte : some_alphabet(random, context)) {
      ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, {&byte, 1}, bits[byte]));
    }
    std::vector<Bytes> continuations;
    for (int i = 0; i < 4; ++i) continuations.push_back(some_continuation(random, context, 600));
    continuations.push_back(join(continuations[0], continuations[1]));
    const std::vector<ByteView> views(continuations.begin(), continuations.end());
    std::vector<std::uint64_t> measured(views.size());
    twin.measure(views, measured);
    for (std::size_t i = 0; i < views.size(); ++i) {
      ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, views[i], measured[i]));
    }
  }
}

// Small windows and blocks put every edge within reach of short inputs.
TEST(DeflateTwin, EdgesOfSmallWindowsAndBlocksAreExact) {
  Random random(seed() + 3);
  for (int round = 0; round < rounds(1000); ++round) {
    Parameters p = some_parameters(random);
    p.window_bits = 9 + static_cast<int>(below(random, 2));
    p.mem_level = 1 + static_cast<int>(below(random, 3));
    SCOPED_TRACE(testing::PrintToString(p));
    Truth truth(p);
    const Bytes input = some_input(random, edge_size(random, p) + 40);
    const std::size_t start = input.size() - std::min<std::size_t>(input.size(), 40);
    Twin twin(p);
    observe_in_pieces(random, twin, ByteView(input).first(start));
    for (std::size_t n = start; n < input.size(); ++n) {
      std::array<std::uint64_t, 256> bits;
      twin.next_byte(bits);
      const Byte other = static_cast<Byte>(random());
      const ByteView context = ByteView(input).first(n);
      ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, {&other, 1}, bits[other]));
      ASSERT_NO_FATAL_FAILURE(
          expect_exact(truth, context, ByteView(input).subspan(n, 1), bits[input[n]]));
      twin.observe(ByteView(input).subspan(n, 1));
    }
  }
}

// Where the window slides, the candidate at the very largest distance is lost if the input ends
// within 262 bytes. A period of that distance makes it the only candidate.
TEST(DeflateTwin, TheFarthestCandidateIsExactWhereTheWindowSlides) {
  Random random(seed() + 7);
  for (int round = 0; round < rounds(24); ++round) {
    Parameters p = some_parameters(random);
    p.window_bits = below(random, 10) ? 9 + static_cast<int>(below(random, 2)) : 15;
    SCOPED_TRACE(testing::PrintToString(p));
    Truth truth(p);
    const std::size_t window = std::size_t{1} << p.window_bits;
    const std::size_t slide = 2 * window - 262 + window * below(random, 3);
    Bytes input = uniform_symbols(random, slide + 300, 256);
    const std::size_t period = window - 262 + (below(random, 4) == 0 ? below(random, 3) - 1 : 0);
    const std::size_t copied_from = slide - below(random, 4) * below(random, 80);
    const std::size_t copied = 1 + below(random, below(random, 2) ? 20 : 300);
    for (std::size_t i = copied_from; i < std::min(input.size(), copied_from + copied); ++i) {
      input[i] = input[i - period];
    }
    Twin twin(p);
    std::size_t n = slide - 3;
    twin.observe(ByteView(input).first(n));
    for (; n < input.size(); ++n) {
      if (n < slide + 8 || (n > slide + 255 && n < slide + 268) || below(random, 16) == 0) {
        const ByteView context = ByteView(input).first(n);
        std::array<std::uint64_t, 256> bits;
        twin.next_byte(bits);
        const std::array<Byte, 3> tried = {input[n], input[n - period],
                                           static_cast<Byte>(random())};
        for (const Byte byte : tried) {
          ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, {&byte, 1}, bits[byte]));
        }
        const ByteView rest = ByteView(input).subspan(n);
        std::array<std::uint64_t, 1> measured;
        twin.measure({&rest, 1}, measured);
        ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, rest, measured[0]));
      }
      twin.observe(ByteView(input).subspan(n, 1));
    }
  }
}

// The pricer against the plain trees, on counts of its own making.
TEST(BlockPricer, PricesEveryNeighbourAsThePlainTreesDo) {
  Random random(seed() + 8);
  BlockPricer pricer;
  for (int round = 0; round < rounds(3000); ++round) {
    BlockTally base;
    const int kind = static_cast<int>(below(random, 4));
    const std::size_t used = 1 + below(random, 256);
    std::size_t left = 32000;  // a block has fewer symbols
    for (std::size_t i = 0; i < used; ++i) {
      const std::size_t steep = static_cast<std::size_t>(std::pow(1.62, below(random, 19)));
      const std::size_t f = kind == 0   ? below(random, 3)
                            : kind == 1 ? below(random, 60)
                            : kind == 2 ? std::size_t{1} << below(random, 10)
                                        : steep;
      std::uint16_t& frequency = base.literals[below(random, 2) ? i : below(random, 286)];
      left += frequency;
      frequency = static_cast<std::uint16_t>(std::min(f, left));
      left -= frequency;
    }
    base.literals[kEndOfBlock] = 1;
    for (int d = 0; d < 30; ++d)
      base.distances[d] = static_cast<std::uint16_t>(below(random, 4) * below(random, 50));
    base.extra_bits = static_cast<std::uint32_t>(below(random, 1000));
    std::vector<BlockTally> others(below(random, 7), base);
    for (BlockTally& other : others) ++other.literals[257 + below(random, 29)];
    std::vector<Byte> literals(below(random, 40));
    for (Byte& literal : literals) literal = static_cast<Byte>(random());
    std::vector<std::uint32_t> bits(literals.size());
    std::vector<std::uint32_t> others_bits(others.size());
    pricer.price(base, literals, bits, others, others_bits);
    for (std::size_t i = 0; i < literals.size(); ++i) {
      BlockTally tally = base;
      ++tally.literals[literals[i]];
      ASSERT_EQ(dynamic_bits(tally), bits[i]) << "literal " << int{literals[i]};
    }
    for (std::size_t i = 0; i < others.size(); ++i) {
      ASSERT_EQ(dynamic_bits(others[i]), others_bits[i]);
    }
  }
}

TEST(DeflateTwin, ExtendIsExactForEveryPrefixAndByte) {
  Random random(seed() + 4);
  for (int round = 0; round < rounds(250); ++round) {
    const Parameters p = some_parameters(random);
    SCOPED_TRACE(testing::PrintToString(p));
    Truth truth(p);
    const Bytes context = some_input(random, below(random, below(random, 8) ? 3000 : 40000));
    Twin twin(p);
    observe_in_pieces(random, twin, context);
    const std::vector<Byte> alphabet = some_alphabet(random, context);
    std::vector<Bytes> prefixes;
    for (int i = 0; i < 5; ++i) prefixes.push_back(some_continuation(random, context, 24));
    prefixes.push_back(prefixes[0]);
    prefixes.push_back(join(prefixes[1], prefixes[2]));
    const std::vector<ByteView> views(prefixes.begin(), prefixes.end());
    std::vector<std::uint64_t> bits(views.size() * alphabet.size());
    twin.extend(views, alphabet, bits);
    for (std::size_t i = 0; i < views.size(); ++i) {
      for (std::size_t j = 0; j < alphabet.size(); ++j) {
        ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, join(views[i], {&alphabet[j], 1}),
                                             bits[i * alphabet.size() + j]));
      }
    }
  }
}

// Empty, equal, prefixes of each other, different in the last byte only: everything a trie can be.
TEST(DeflateTwin, MeasureIsExactForTriesOfContinuations) {
  Random random(seed() + 9);
  for (int round = 0; round < rounds(300); ++round) {
    const Parameters p = some_parameters(random);
    SCOPED_TRACE(testing::PrintToString(p));
    Truth truth(p);
    const Bytes context = some_input(random, below(random, 2000));
    Twin twin(p);
    observe_in_pieces(random, twin, context);
    const std::vector<Byte> alphabet = some_alphabet(random, context);
    std::vector<Bytes> continuations(below(random, 100));
    for (Bytes& continuation : continuations) {
      continuation.resize(below(random, 5));
      for (Byte& b : continuation)
        b = alphabet[below(random, 3) * below(random, alphabet.size()) % alphabet.size()];
    }
    const std::vector<ByteView> views(continuations.begin(), continuations.end());
    std::vector<std::uint64_t> bits(views.size());
    twin.measure(views, bits);
    for (std::size_t i = 0; i < views.size(); ++i) {
      ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, views[i], bits[i]));
    }
    ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, {}, twin.bits()));
  }
}

// Whatever was tried in between, the answers afterwards are those of a twin that never left.
TEST(DeflateTwin, RewindingForgettingAndCopyingLeaveNoTrace) {
  Random random(seed() + 5);
  for (int round = 0; round < rounds(400); ++round) {
    const Parameters p = some_parameters(random);
    SCOPED_TRACE(testing::PrintToString(p));
    Truth truth(p);
    Bytes context = some_input(random, below(random, below(random, 8) ? 3000 : 140000));
    Twin twin(p);
    observe_in_pieces(random, twin, context);
    const Mark outer = twin.mark();
    const Bytes there = some_continuation(random, context, below(random, 8) ? 400 : 80000);
    observe_in_pieces(random, twin, there);
    const Mark inner = twin.mark();
    Twin copy = twin;
    twin.observe(some_continuation(random, context, 3000));
    if (below(random, 2)) twin.bits();
    twin.rewind(inner);
    ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, there, twin.bits()));
    const Bytes more = some_continuation(random, context, 50);
    copy.observe(more);
    ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, join(there, more), copy.bits()));
    if (below(random, 2)) twin.forget(inner);
    twin.rewind(outer);
    twin.observe(more);
    twin.rewind(outer);
    if (below(random, 2)) twin.forget(outer);
    const Bytes after = some_continuation(random, context, 500);
    observe_in_pieces(random, twin, after);
    ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, after, twin.bits()));
    std::array<std::uint64_t, 256> bits;
    twin.next_byte(bits);
    append(context, after);
    for (const Byte byte : some_alphabet(random, context)) {
      ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, {&byte, 1}, bits[byte]));
    }
  }
}

TEST(DeflateTwin, LevelZeroCountsStoredBlocks) {
  const Parameters p{.level = 0};
  Truth truth(p);
  Random random(seed() + 6);
  for (const std::size_t size :
       {0u, 1u, 65534u, 65535u, 65536u, 131069u, 131070u, 131071u, 250000u}) {
    const Bytes context = uniform_symbols(random, size, 256);
    Twin twin(p);
    observe_in_pieces(random, twin, context);
    ASSERT_NO_FATAL_FAILURE(expect_exact(truth, context, {}, twin.bits()));
  }
}

}  // namespace
}  // namespace kraft::deflate
