// LLaMAs of bytes in integers: as good as in floating point, the same by every kernel, by itself
// and beside others, and after a rewind.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numbers>

#include "base/wire.h"
#include "codecs/messages.h"
#include "core/hidden_state.h"
#include "kraft/choices.h"
#include "kraft/coder.h"
#include "kraft/error.h"
#include "kraft/random.h"
#include "kraft/registry.h"
#include "kraft/tasks/pack.h"
#include "models/bytelm/engine.h"
#include "models/bytelm/guesses.h"
#include "models/bytelm/tree.h"
#include "models/bytelm/windows.h"
#include "models/coded.h"
#include "models/llama/gguf_file.h"
#include "models/llama/weights.h"
#include "models/tiny_bytelm.h"
#include "sanitized.h"

namespace kraft {
namespace {

using bytelm::Cache;
using bytelm::Distribution;
using bytelm::Engine;
using bytelm::Kernels;
using bytelm::Network;
using bytelm::Question;
using testing::TinyBytelm;

TEST(BytelmFixedPoint, RootsAreTheLargestThatFit) {
  Random random(1);
  for (int round = 0; round < 2000; ++round) {
    const std::uint64_t square = random.bits() >> random.below(64);
    const std::uint64_t root = bytelm::square_root(square);
    ASSERT_LE(Wide{root} * root, square);
    ASSERT_GT(Wide{root + 1} * (root + 1), square);
    const Wide wide = Wide{random.bits()} * random.bits() >> random.below(120);
    const std::uint64_t wide_root = bytelm::wide_square_root(wide);
    ASSERT_TRUE(Wide{wide_root} * wide_root <= wide);
    ASSERT_TRUE((Wide{wide_root} + 1) * (Wide{wide_root} + 1) > wide);
  }
}

TEST(BytelmFixedPoint, PowersAndSigmoidsAreThoseOfRealNumbers) {
  for (std::uint64_t octaves = 0; octaves < std::uint64_t{30} << 24; octaves += 1'234'567) {
    const double expected = std::exp2(32 - static_cast<double>(octaves) / (1 << 24));
    ASSERT_NEAR(static_cast<double>(bytelm::power_of_half(octaves)), expected, 2) << octaves;
  }
  EXPECT_EQ(bytelm::power_of_half(0), std::uint64_t{1} << 32);
  EXPECT_EQ(bytelm::power_of_half(std::uint64_t{1} << 62), 0U);
  for (std::int32_t x = -20 << 16; x < 20 << 16; x += 997) {
    const double expected = 1 / (1 + std::exp(-x / 65536.0));
    ASSERT_NEAR(bytelm::sigmoid_q30(x, bytelm::sigmoids()) / 1073741824.0, expected, 1e-6) << x;
  }
  EXPECT_EQ(bytelm::sigmoid_q30(std::numeric_limits<std::int32_t>::min(), bytelm::sigmoids()), 0);
}

TEST(BytelmFixedPoint, RotationsAreThoseOfRealAngles) {
  constexpr std::size_t kPairs = 16, kPositions = 3000;
  const auto table = bytelm::rotations(kPositions, kPairs, std::uint64_t{10'000} << 16);
  for (std::size_t position = 0; position < kPositions; position += 7) {
    for (std::size_t pair = 0; pair < kPairs; ++pair) {
      const double angle =
          static_cast<double>(position) * std::pow(10'000.0, -static_cast<double>(pair) / kPairs);
      const auto [cosine, sine] = table[position * kPairs + pair];
      ASSERT_NEAR(cosine / 1073741824.0, std::cos(angle), 2e-9);
      ASSERT_NEAR(sine / 1073741824.0, std::sin(angle), 2e-9);
    }
  }
}

TEST(BytelmKernels, TheSameProductsWithVectorInstructionsAndWithout) {
  Random random(2);
  for (int round = 0; round < 60; ++round) {
    const std::size_t blocks = 1 + random.below(20), columns = 2 * (1 + random.below(200));
    const std::size_t count = 1 + random.below(bytelm::kMostInputs);
    const bool extreme = round % 4 == 0;  // the largest sums that there can be
    std::vector<std::int8_t> weights(blocks * bytelm::kRowsAtOnce * columns);
    for (auto& weight : weights)
      weight = static_cast<std::int8_t>(extreme ? -127 : static_cast<int>(random.below(255)) - 127);
    std::vector<std::int16_t> inputs(count * columns);
    for (auto& input : inputs)
      input =
          static_cast<std::int16_t>(extreme ? 8191 : static_cast<int>(random.below(16383)) - 8191);
    const std::size_t rows = blocks * bytelm::kRowsAtOnce;
    std::vector<std::int32_t> plain(count * rows), fast(plain.size());
    std::array<const std::int16_t*, bytelm::kMostInputs> from{};
    std::array<std::int32_t*, bytelm::kMostInputs> to_plain{}, to_fast{};
    for (std::size_t k = 0; k < count; ++k) {
      from[k] = inputs.data() + k * columns;
      to_plain[k] = plain.data() + k * rows;
      to_fast[k] = fast.data() + k * rows;
    }
    bytelm::plain_kernels().multiply(weights.data(), blocks, columns, from.data(), count,
                                     to_plain.data());
    for (const Kernels* kernels : bytelm::all_kernels()) {
      kernels->multiply(weights.data(), blocks, columns, from.data(), count, to_fast.data());
      ASSERT_EQ(plain, fast);
    }
    std::int32_t first = 0;
    for (std::size_t c = 0; c < columns; ++c)
      first += weights[c / 2 * 2 * bytelm::kRowsAtOnce + c % 2] * inputs[c];
    ASSERT_EQ(plain[0], first);
  }
}

TEST(BytelmKernels, TheSameAttentionWithVectorInstructionsAndWithout) {
  Random random(3);
  const auto number = [&random](int most) {
    return static_cast<std::int16_t>(
        static_cast<int>(random.below(static_cast<std::uint64_t>(2 * most + 1))) - most);
  };
  for (int round = 0; round < 200; ++round) {
    const std::size_t head_width = 8 * (1 + random.below(4)), heads = 1 + random.below(3);
    const std::size_t width = heads * head_width, most_tokens = 100;
    const std::size_t shifts_at = 2 * 16 * width, of_block = shifts_at + 2 * 16 * heads;
    const std::size_t blocks = (most_tokens + 15) / 16;
    const std::size_t count = 1 + random.below(bytelm::kMostInputs);
    const bool extreme = round % 5 == 0;
    std::vector<std::int16_t> queries(count * width);
    for (auto& value : queries) value = extreme ? 8191 : number(8191);
    std::vector<std::int8_t> cache(blocks * of_block);
    for (std::size_t i = 0; i < cache.size(); ++i) {
      const std::size_t at = i % of_block;
      if (at >= shifts_at) {
        const std::uint64_t most = (at - shifts_at) % 32 < 16 ? 6 : bytelm::kMostValueShift;
        cache[i] = static_cast<std::int8_t>(extreme ? most : random.below(most + 1));
      } else if (extreme) {
        cache[i] = at < shifts_at / 2 ? 127 : -127;
      } else {
        cache[i] = static_cast<std::int8_t>(number(127));
      }
    }
    // Every other token has some blocks of its own, where the first are not shared.
    const std::size_t shared = random.below(blocks + 1);
    std::array<std::vector<const std::int8_t*>, 2> places;
    for (std::size_t b = 0; b < blocks; ++b) {
      places[0].push_back(cache.data() + b * of_block);
      places[1].push_back(cache.data() + (b < shared ? b : blocks - 1 - b) * of_block);
    }
    std::vector<int> shifts(count * heads);
    for (int& shift : shifts) shift = 2 + static_cast<int>(random.below(30));
    std::vector<std::size_t> tokens(count);
    for (std::size_t& size : tokens) size = 1 + random.below(most_tokens);
    struct Result {
      std::vector<std::int32_t> mixed;
      std::vector<std::uint64_t> weights;
    };
    const std::size_t room = bytelm::Attention::most_blocks(most_tokens);
    const auto attended = [&](const Kernels& kernels) {
      Result result{std::vector<std::int32_t>(count * width),
                    std::vector<std::uint64_t>(count * heads)};
      std::vector<std::int16_t> of_tokens(count * room * 16);
      std::vector<std::int32_t> octaves(count * room), sums(count * room);
      std::vector<bytelm::Attention> attentions;
      for (std::size_t k = 0; k < count; ++k)
        attentions.push_back({.blocks = places[round % 3 == 0 ? k % 2 : 0].data(),
                              .keys = 0,
                              .values = shifts_at / 2,
                              .shifts = shifts_at,
                              .tokens = tokens[k],
                              .heads = heads,
                              .head_width = head_width,
                              .mix_shift = 4,
                              .queries = queries.data() + k * width,
                              .score_shifts = shifts.data() + k * heads,
                              .of_tokens = of_tokens.data() + k * room * 16,
                              .octaves = octaves.data() + k * room,
                              .sums = sums.data() + k * room,
                              .mixed = result.mixed.data() + k * width,
                              .weights = result.weights.data() + k * heads});
      kernels.attend(attentions.data(), count);
      return result;
    };
    const Result plain = attended(bytelm::plain_kernels());
    for (const Kernels* kernels : bytelm::all_kernels()) {
      const Result fast = attended(*kernels);
      ASSERT_EQ(plain.weights, fast.weights) << round;
      ASSERT_EQ(plain.mixed, fast.mixed) << round;
    }
  }
}

// Of numbers of all sizes, the largest and the least ones among them.
TEST(BytelmKernels, TheSameLoopsWithVectorInstructionsAndWithout) {
  Random random(4);
  const auto of_bits = [&random](int most_bits) {
    const auto bits = static_cast<int>(random.below(static_cast<std::uint64_t>(most_bits) + 1));
    const auto size = static_cast<std::int64_t>(random.below(std::uint64_t{1} << bits));
    return random.below(2) == 0 ? size : -size;
  };
  for (int round = 0; round < 400; ++round) {
    const std::size_t count = 2 * (1 + random.below(100));
    std::vector<std::int32_t> numbers(count), gains(count);
    std::vector<std::int64_t> wide(count);
    std::vector<std::uint16_t> scales(count);
    std::vector<bytelm::Rotation> rotation(count / 2);
    const int bits = 1 + static_cast<int>(random.below(31));
    for (std::size_t i = 0; i < count; ++i) {
      numbers[i] = static_cast<std::int32_t>(of_bits(bits));
      gains[i] = static_cast<std::int32_t>(of_bits(31));
      wide[i] = of_bits(61);
      scales[i] = static_cast<std::uint16_t>(random.below(65536));
    }
    for (auto& turn : rotation)
      turn = {static_cast<std::int32_t>(of_bits(30)), static_cast<std::int32_t>(of_bits(30))};
    if (round % 10 == 0) {
      numbers[0] = std::numeric_limits<std::int32_t>::max();
      numbers[1] = std::numeric_limits<std::int32_t>::min();
    }
    const auto factor = static_cast<std::int32_t>(random.below(65536));
    const int right = static_cast<int>(random.below(80)) - 10;
    const auto all = [&](const Kernels& kernels) {
      std::vector<std::vector<std::int64_t>> results;
      const auto keep = [&results](const auto& values) {
        results.emplace_back(values.begin(), values.end());
      };
      std::vector<std::int32_t> narrow(count);
      std::vector<std::int64_t> room(count);
      std::vector<std::int16_t> inputs(count);
      kernels.scale(scales.data(), factor, numbers.data(), count, right, narrow.data());
      keep(narrow);
      const bytelm::Scale scale =
          kernels.normalise(numbers.data(), gains.data(), count, 42950, room.data(), inputs.data());
      keep(inputs);
      keep(std::vector<std::int64_t>{scale.factor, scale.exponent});
      keep(std::vector<int>{kernels.round(wide.data(), count, 13, inputs.data())});
      keep(inputs);
      keep(std::vector<int>{
          kernels.narrow(numbers.data(), count, std::max(right, 0), 4095, inputs.data())});
      keep(inputs);
      narrow = numbers;
      kernels.turn(rotation.data(), count / 2, narrow.data());
      keep(narrow);
      kernels.mix(numbers.data(), count, factor, 1 + round % 40, round % 20, room.data());
      keep(room);
      kernels.activate(numbers.data(), gains.data(), count, bytelm::sigmoids(), room.data());
      keep(room);
      return results;
    };
    const auto plain = all(bytelm::plain_kernels());
    for (const Kernels* kernels : bytelm::all_kernels()) ASSERT_EQ(plain, all(*kernels)) << round;
    // What a number becomes, one by one.
    std::vector<std::int32_t> scaled(count);
    bytelm::fast_kernels().scale(scales.data(), factor, numbers.data(), count, right,
                                 scaled.data());
    for (std::size_t i = 0; i < count; ++i)
      ASSERT_EQ(scaled[i],
                bytelm::saturated(bytelm::scaled_down(
                    ((std::int64_t{scales[i]} * factor + 16384) >> 15) * numbers[i], right)));
  }
}

std::shared_ptr<const Network> network_of(const TinyBytelm& model) {
  return std::make_shared<const Network>(bytelm::read_network(model.file()));
}

// What follows each byte of a text, so many places at once.
std::vector<Distribution> predicted(const Engine& engine, ByteView text, std::size_t at_once) {
  std::vector<Distribution> next(text.size());
  Cache cache = engine.cache();
  for (std::size_t first = 0; first < text.size(); first += at_once) {
    std::vector<Question> questions;
    for (std::size_t i = first; i < std::min(first + at_once, text.size()); ++i)
      questions.push_back({&cache, i == 0 ? bytelm::kBegin : text[i - 1], &next[i]});
    engine.evaluate(questions);
  }
  return next;
}

TEST(BytelmEngine, MassesOfAllBytesSumToTheTotal) {
  const Engine engine(network_of({}), 64, bytelm::fast_kernels());
  for (const Distribution& next : predicted(engine, random_bytes(64, 5), 1)) {
    std::uint64_t sum = 0;
    for (int byte = 0; byte < 256; ++byte) {
      const auto mass = next.mass(static_cast<Byte>(byte));
      ASSERT_GE(mass, 1U);
      ASSERT_EQ(next.before(static_cast<Byte>(byte)), sum);
      ASSERT_EQ(next.find(sum), byte);
      ASSERT_EQ(next.find(sum + mass - 1), byte);
      sum += mass;
    }
    ASSERT_EQ(sum, Distribution::kTotal);
  }
}

TEST(BytelmEngine, TheSameByItselfAndBesideOthersByEveryKernel) {
  const Bytes noise = random_bytes(100, 6);
  for (const TinyBytelm& model : {TinyBytelm{.context = 128}, TinyBytelm{.width = 64,
                                                              .heads = 2,
                                                              .inner = 96,
                                                              .layers = 1,
                                                              .context = 128,
                                                              .q8 = true,
                                                              .tied = false}}) {
    const auto network = network_of(model);
    const Engine plain(network, 128, bytelm::plain_kernels());
    const Engine fast(network, 128, bytelm::fast_kernels());
    const auto expected = predicted(plain, noise, 1);
    for (const std::size_t at_once : {1, 2, 3, 5, 16, 17, 100}) {
      EXPECT_TRUE(predicted(plain, noise, at_once) == expected) << at_once;
      EXPECT_TRUE(predicted(fast, noise, at_once) == expected) << at_once;
    }
  }
}

TEST(BytelmEngine, ThreadsDoNotChangeWhatComesOut) {
  const auto network = network_of({.layers = 3, .context = 512});
  const Bytes noise = random_bytes(500, 20);
  const auto expected = predicted(Engine(network, 512, bytelm::fast_kernels()), noise, 16);
  for (const unsigned threads : {2U, 3U, 7U}) {
    const Engine engine(network, 512, bytelm::fast_kernels(), threads);
    for (const std::size_t at_once : {64, 71, 500})
      EXPECT_TRUE(predicted(engine, noise, at_once) == expected) << threads << ", " << at_once;
  }
}

TEST(BytelmEngine, RealWeightsGiveTheSameByEveryKernelAndInBatches) {
  const auto network = bytelm::load_network(find_weights("audio"));
  const Bytes text = real_text(kSanitized ? 100 : 400);
  const Engine plain(network, 1024, bytelm::plain_kernels());
  const Engine fast(network, 1024, bytelm::fast_kernels());
  const auto expected = predicted(plain, text, 16);
  EXPECT_TRUE(predicted(fast, text, 16) == expected);
  EXPECT_TRUE(predicted(fast, text, 1) == expected);
  EXPECT_TRUE(predicted(fast, text, 7) == expected);
}

TEST(BytelmEngine, SequencesSideBySideDoNotMix) {
  const Engine engine(network_of({}), 64, bytelm::fast_kernels());
  const Bytes noise = random_bytes(64, 7);
  std::vector<Cache> caches(9, engine.cache());
  std::array<Distribution, 9> next;
  const ByteView rest = noise;
  for (std::size_t at = 0; at < 6; ++at) {
    std::vector<Question> questions;
    for (std::size_t s = 0; s < caches.size(); ++s)
      questions.push_back({&caches[s], at == 0 ? bytelm::kBegin : rest[s * 6 + at - 1], &next[s]});
    engine.evaluate(questions);
  }
  for (std::size_t s = 0; s < caches.size(); ++s)
    EXPECT_TRUE(next[s] == predicted(engine, rest.subspan(s * 6, 6), 1).back()) << s;
}

TEST(BytelmEngine, CopiesOfACacheGoTheirOwnWays) {
  const Engine engine(network_of({}), 64, bytelm::fast_kernels());
  const Bytes noise = random_bytes(40, 8);
  const auto expected = predicted(engine, noise, 1);
  Cache cache = engine.cache();
  Distribution next;
  for (std::size_t i = 0; i < noise.size(); ++i) {
    Cache copy = cache;  // reads something else, and so does what is taken back
    const std::array<Question, 2> others = {Question{&copy, 1, &next}, Question{&cache, 2, &next}};
    engine.evaluate(others);
    cache.truncate(cache.tokens() - 1);
    const Question question{&cache, i == 0 ? bytelm::kBegin : noise[i - 1], &next};
    engine.evaluate({&question, 1});
    ASSERT_TRUE(next == expected[i]) << i;
  }
}

Bytes repeated(std::string_view text, std::size_t size) {
  Bytes bytes;
  while (bytes.size() < size) append(bytes, as_bytes(text));
  bytes.resize(size);
  return bytes;
}

TEST(BytelmGuesses, WhatFollowedTheSameBeforeIsGuessedUntilItFails) {
  bytelm::Guesses guesses;
  const Bytes text = repeated("so much depends upon a red wheel ", 210);
  const Bytes expected = repeated("so much depends upon a red wheel ", 217);
  EXPECT_EQ(guesses.after(text, 7), Bytes(expected.end() - 7, expected.end()));
  EXPECT_EQ(guesses.after(text, 0), Bytes());
  EXPECT_EQ(guesses.after({}, 7), Bytes());
  EXPECT_EQ(guesses.after(ByteView(text).first(1), 7), Bytes());
  for (int i = 0; i < 100; ++i) guesses.failed(7);
  EXPECT_EQ(guesses.after(text, 7), Bytes());
  for (int i = 0; i < 1000; ++i) guesses.after(text, 7);  // it is tried again
  EXPECT_NE(guesses.after(text, 7), Bytes());
  std::size_t guessed = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    guessed += bytelm::Guesses().after(random_bytes(1000, seed), 7).size();
  EXPECT_LT(guessed, 10U);
}

// What is said to follow, on ways forward and back that come upon what was guessed, and upon
// something else.
TEST(BytelmGuesses, DoNotChangeWhatIsPredicted) {
  const auto engine = std::make_shared<const Engine>(network_of({}), 64, bytelm::fast_kernels());
  const Bytes text = repeated("so much depends upon ", 4000), noise = random_bytes(4000, 21);
  Random random(22);
  bytelm::Windows windows(engine);
  Bytes bytes;
  std::size_t foreseen = 0;
  for (int step = 0; step < 3000; ++step) {
    switch (random.below(40)) {
      case 0:
        bytes.resize(bytes.size() - random.below(std::min<std::size_t>(bytes.size(), 90) + 1));
        windows.rewind(bytes.size());
        break;
      case 1: {
        const bytelm::Windows copy = windows;
        windows = copy;
        break;
      }
      case 2: {
        const std::size_t first =
            bytes.size() - random.below(std::min<std::size_t>(bytes.size(), 9) + 1);
        windows.predict(bytes, first, bytes.size(), 0, [](std::size_t, const Distribution&) {});
        break;
      }
      case 3:
        windows.branch(bytes, bytes.size(), bytes.size());
        break;
      default:
        for (std::uint64_t i = random.below(4); i > 0; --i) {
          bytes.push_back(random.below(30) == 0 ? noise[bytes.size()] : text[bytes.size()]);
          windows.follow(bytes);
        }
    }
    foreseen += windows.guessed_bytes();
    Distribution expected;
    bytelm::Windows(engine).predict(
        bytes, bytes.size(), bytes.size(), bytes.size(),
        [&expected](std::size_t, const Distribution& next) { expected = next; });
    ASSERT_TRUE(windows.next(bytes, 0, random.below(8) != 0) == expected) << step;
  }
  EXPECT_GT(foreseen, 500U);
}

// The same model in floating point, from the file's own numbers.
class RealModel {
 public:
  explicit RealModel(const Bytes& file) : file_(file) {
    ByteView rest = file_;
    header_ = parse_gguf(
        [&rest](std::span<Byte> to) {
          const std::size_t count = std::min(to.size(), rest.size());
          std::copy_n(rest.begin(), count, to.begin());
          rest = rest.subspan(count);
          return count;
        },
        file_.size());
    width_ = *header_.integer("llama.embedding_length");
    inner_ = *header_.integer("llama.feed_forward_length");
    heads_ = *header_.integer("llama.attention.head_count");
    for (std::size_t l = 0; l < *header_.integer("llama.block_count"); ++l) {
      const std::string block = "blk." + std::to_string(l) + ".";
      Layer layer;
      for (const char* name : {"attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm",
                               "ffn_gate", "ffn_up", "ffn_down"})
        layer.weights.push_back(tensor(block + name + ".weight"));
      layers_.push_back(std::move(layer));
    }
    embedding_ = tensor("token_embd.weight");
    last_norm_ = tensor("output_norm.weight");
  }

  // What the last bits were made of.
  const std::vector<double>& hidden() const { return hidden_; }

  // Bits of all bytes to come after what was read and this token.
  std::vector<double> read(std::size_t token) {
    Row x(embedding_.begin() + static_cast<std::ptrdiff_t>(token * width_),
          embedding_.begin() + static_cast<std::ptrdiff_t>((token + 1) * width_));
    for (Layer& layer : layers_) {
      add(x, attend(layer, normed(x, layer.weights[0])));
      const Row in = normed(x, layer.weights[5]);
      Row gate = times(layer.weights[6], in);
      const Row up = times(layer.weights[7], in);
      for (std::size_t i = 0; i < inner_; ++i) gate[i] *= up[i] / (1 + std::exp(-gate[i]));
      add(x, times(layer.weights[8], gate));
    }
    ++position_;
    hidden_ = normed(x, last_norm_);
    Row logits = times(embedding_, hidden_);
    logits.resize(256);
    const double most = *std::ranges::max_element(logits);
    double sum = 0;
    for (const double logit : logits) sum += std::exp(logit - most);
    for (double& logit : logits) logit = (most + std::log(sum) - logit) / std::numbers::ln2;
    return logits;
  }

 private:
  using Row = std::vector<double>;
  struct Layer {
    std::vector<Row> weights;
    std::vector<Row> keys, values;  // by position
  };

  Row tensor(const std::string& name) const {
    const auto found = std::ranges::find(header_.tensors, name, &GgufTensor::name);
    if (found == header_.tensors.end()) throw std::runtime_error("no " + name);
    std::size_t count = 1;
    for (const std::uint64_t size : found->shape) count *= size;
    const Byte* from = file_.data() + found->begin;
    Row row;
    const auto number = [&from](int bytes) {
      std::uint32_t value = 0;
      for (int i = 0; i < bytes; ++i) value |= std::uint32_t{*from++} << 8 * i;
      return value;
    };
    while (row.size() < count) {
      if (found->type == 0) {
        row.push_back(std::bit_cast<float>(number(4)));
        continue;
      }
      const std::uint32_t half = number(2);
      const int exponent = static_cast<int>(half >> 10 & 31);
      const double fraction = (half & 1023) + (exponent > 0 ? 1024.0 : 0.0);
      const double scale =
          std::ldexp(half >> 15 ? -fraction : fraction, std::max(exponent, 1) - 25);
      for (int i = 0; i < 32; ++i) row.push_back(scale * static_cast<std::int8_t>(*from++));
    }
    return row;
  }

  static void add(Row& to, const Row& from) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
  }

  static Row times(const Row& matrix, const Row& in) {
    Row out(matrix.size() / in.size());
    for (std::size_t r = 0; r < out.size(); ++r) {
      for (std::size_t c = 0; c < in.size(); ++c) out[r] += matrix[r * in.size() + c] * in[c];
    }
    return out;
  }

  static Row normed(const Row& x, const Row& gain) {
    double sum = 0;
    for (const double value : x) sum += value * value;
    const double scale = 1 / std::sqrt(sum / static_cast<double>(x.size()) + 1e-5);
    Row out(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) out[i] = x[i] * scale * gain[i];
    return out;
  }

  void rotate(Row& row) const {
    const std::size_t head_width = width_ / heads_;
    for (std::size_t i = 0; i < width_; i += 2) {
      const double angle =
          static_cast<double>(position_) * std::pow(10'000.0, -static_cast<double>(i % head_width) /
                                                                  static_cast<double>(head_width));
      const double a = row[i], b = row[i + 1];
      row[i] = a * std::cos(angle) - b * std::sin(angle);
      row[i + 1] = a * std::sin(angle) + b * std::cos(angle);
    }
  }

  Row attend(Layer& layer, const Row& in) {
    Row query = times(layer.weights[1], in), key = times(layer.weights[2], in);
    rotate(query);
    rotate(key);
    layer.keys.push_back(std::move(key));
    layer.values.push_back(times(layer.weights[3], in));
    const std::size_t head_width = width_ / heads_;
    Row mixed(width_);
    for (std::size_t first = 0; first < width_; first += head_width) {
      Row scores;
      for (const Row& of : layer.keys) {
        double score = 0;
        for (std::size_t i = first; i < first + head_width; ++i) score += query[i] * of[i];
        scores.push_back(score / std::sqrt(static_cast<double>(head_width)));
      }
      const double most = *std::ranges::max_element(scores);
      double sum = 0;
      for (double& score : scores) sum += score = std::exp(score - most);
      for (std::size_t t = 0; t < scores.size(); ++t) {
        for (std::size_t i = first; i < first + head_width; ++i)
          mixed[i] += scores[t] / sum * layer.values[t][i];
      }
    }
    return times(layer.weights[4], mixed);
  }

  const Bytes& file_;
  GgufFile header_;
  std::size_t width_ = 0, inner_ = 0, heads_ = 0, position_ = 0;
  Row embedding_, last_norm_, hidden_;
  std::vector<Layer> layers_;
};

TEST(BytelmEngine, IntegersCostAtMostHalfAPercentMoreThanRealNumbers) {
  const std::string path = find_weights("text");
  std::ifstream stream(path, std::ios::binary);
  const Bytes file(std::istreambuf_iterator<char>(stream), {});
  const std::size_t size = kSanitized ? 100 : 600;
  const Bytes book = real_text(300'000 + size);
  const ByteView text = ByteView(book).last(size);
  RealModel real(file);
  const Engine engine(bytelm::load_network(path), 2049, bytelm::fast_kernels());
  const auto next = predicted(engine, text, 16);
  double real_bits = 0, bits = 0, divergence_bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto expected = real.read(i == 0 ? bytelm::kBegin : text[i - 1]);
    real_bits += expected[text[i]];
    bits += next[i].bits(text[i]);
    for (int byte = 0; byte < 256; ++byte) {
      const double expected_bits = expected[static_cast<std::size_t>(byte)];
      divergence_bits +=
          std::exp2(-expected_bits) * (next[i].bits(static_cast<Byte>(byte)) - expected_bits);
    }
  }
  // What coding costs more on average over what the real model expects, whatever this text is.
  EXPECT_GE(divergence_bits, 0);
  EXPECT_LT(divergence_bits, 0.005 * real_bits);
  EXPECT_LT(bits, 1.005 * real_bits);
  RecordProperty("loss", std::to_string(bits / real_bits - 1));
}

// A folder with models, which `bytelm` finds, for as long as a test runs.
class Bytelm : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("kraft-bytelm-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    write("tiny.gguf", TinyBytelm{}.file());
  }
  void TearDown() override {
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  void write(const std::string& name, const Bytes& bytes) const {
    std::ofstream file(path(name), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }

  std::shared_ptr<const Model> tiny(const std::string& more = "") const {
    return make_model("bytelm:" + path("tiny.gguf") + more);
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(Bytelm, WhatIsCodedComesBack) {
  const Bytes noise = random_bytes(300, 9);  // several windows
  expect_that_it_comes_back(*tiny(), noise);
  expect_that_it_comes_back(*tiny(",ctx=17"), noise);
  expect_that_it_comes_back(*tiny(), {});
}

TEST_F(Bytelm, ManyBytesAtOnceAreCodedAsOneByOne) {
  const auto model = tiny();
  for (const std::size_t context : {0, 3, 60, 63, 64, 90}) {
    const Bytes text = random_bytes(context, 16), message = random_bytes(200, 17);
    const auto at_once = model->start(text), one_by_one = model->start(text);
    RangeEncoder expected, found;
    for (const Byte byte : message) one_by_one->by_choices()->encode(byte, expected);
    std::size_t done_bytes = 0;
    at_once->by_choices()->encode_all(message, found, [&done_bytes](std::size_t bytes) {
      ASSERT_EQ(bytes, done_bytes + 1);
      done_bytes = bytes;
    });
    EXPECT_EQ(done_bytes, message.size());
    EXPECT_EQ(found.finish(), expected.finish()) << context;
    EXPECT_EQ(at_once->context_bits(), one_by_one->context_bits()) << context;
    std::array<double, 256> next_of_one, next_of_other;
    at_once->next_byte(next_of_one);
    one_by_one->next_byte(next_of_other);
    EXPECT_EQ(next_of_one, next_of_other) << context;
  }
}

// With marks in windows long left, most of which are not kept.
TEST_F(Bytelm, OldMarksFindWhatTheyLeft) {
  const auto model = tiny();
  const Bytes text = random_bytes(500, 18);
  const auto state = model->start();
  std::vector<Mark> marks;
  std::vector<std::array<double, 256>> expected;
  for (std::size_t at = 0; at < text.size(); at += 50) {
    marks.push_back(state->mark());
    state->next_byte(expected.emplace_back());
    state->observe(ByteView(text).subspan(at, 50));
  }
  for (std::size_t i = marks.size(); i-- > 0;) {
    std::array<double, 256> found;
    state->context_bits();
    state->rewind(marks[i]);
    state->next_byte(found);
    EXPECT_EQ(found, expected[i]) << i;
    state->observe(random_bytes(70, 19));
  }
}

std::vector<float> hidden_state_of(State& state) {
  return dynamic_cast<HasHiddenState&>(state).hidden_state();
}

double cosine(std::span<const float> a, std::span<const double> b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

TEST_F(Bytelm, TheHiddenStateIsTheSameHoweverItIsReached) {
  const auto model = tiny();
  for (const std::size_t size : {0, 1, 63, 64, 150}) {  // of windows of 64 tokens
    const Bytes text = random_bytes(size, 20);
    const auto at_once = model->start(text), one_by_one = model->start(),
               there_and_back = model->start(text);
    std::array<double, 256> bits;
    for (const Byte byte : text) {
      one_by_one->next_byte(bits);
      one_by_one->observe({&byte, 1});
    }
    const Mark mark = there_and_back->mark();
    there_and_back->observe(random_bytes(40, 21));
    const std::vector<float> elsewhere = hidden_state_of(*there_and_back);
    there_and_back->rewind(mark);
    const std::vector<float> expected = hidden_state_of(*at_once);
    EXPECT_EQ(expected.size(), 32U);
    EXPECT_EQ(hidden_state_of(*one_by_one), expected) << size;
    EXPECT_EQ(hidden_state_of(*there_and_back), expected) << size;
    EXPECT_EQ(hidden_state_of(*at_once->clone()), expected) << size;
    EXPECT_NE(elsewhere, expected) << size;
    // And asking for it changes nothing.
    std::array<double, 256> found;
    one_by_one->next_byte(bits);
    at_once->next_byte(found);
    EXPECT_EQ(found, bits);
  }
}

TEST_F(Bytelm, TheHiddenStateTimesTheLastMatrixIsThePrediction) {
  const auto network = bytelm::load_network(find_weights("text"));
  const bytelm::Matrix& matrix = network->output;
  const auto state = make_model("bytelm:text")->start(real_text(200));
  const std::vector<float> hidden = hidden_state_of(*state);
  ASSERT_EQ(hidden.size(), network->width);
  std::vector<double> bits(256);
  double sum = 0;
  for (std::size_t r = 0; r < 256; ++r) {
    double logit = 0;
    constexpr std::size_t kRows = bytelm::kRowsAtOnce;
    for (std::size_t c = 0; c < matrix.columns; ++c)
      logit +=
          hidden[c] *
          matrix.weights[(r / kRows * matrix.columns + c / 2 * 2) * kRows + r % kRows * 2 + c % 2];
    logit = std::ldexp(logit * matrix.scales[r], -matrix.exponent);
    sum += std::exp(logit);
    bits[r] = -logit / std::numbers::ln2;
  }
  std::array<double, 256> expected;
  state->next_byte(expected);
  int likely = 0;
  for (std::size_t b = 0; b < 256; ++b) {
    if (expected[b] > 16) continue;  // below that, masses are small integers
    ASSERT_NEAR(bits[b] + std::log2(sum), expected[b], 0.002);
    ++likely;
  }
  EXPECT_GT(likely, 20);
}

TEST_F(Bytelm, TheHiddenStateIsThatOfRealNumbers) {
  std::ifstream stream(find_weights("text"), std::ios::binary);
  const Bytes file(std::istreambuf_iterator<char>(stream), {});
  const Bytes text = real_text(60);
  RealModel real(file);
  real.read(bytelm::kBegin);
  for (const Byte byte : text) real.read(byte);
  EXPECT_GT(cosine(hidden_state_of(*make_model("bytelm:text")->start(text)), real.hidden()), 0.999);
}

TEST_F(Bytelm, RealTextIsSmall) {
  const Bytes text = real_text(kSanitized ? 300 : 3000);
  const Bytes stream = expect_that_it_comes_back(*make_model("bytelm:text"), text);
  EXPECT_LT(8 * stream.size(), 3 * text.size());
}

TEST_F(Bytelm, WhatWasRewoundLeavesNothing) {
  const Bytes text = random_bytes(90, 10), noise = random_bytes(90, 11),
              next = random_bytes(80, 12);
  expect_that_rewinding_leaves_nothing(*tiny(), text, noise, next);
  expect_that_rewinding_leaves_nothing(*tiny(), ByteView(text).first(60), noise, next);
}

TEST_F(Bytelm, ContinuationsCostTheirBytesOneByOne) {
  const auto model = tiny();
  Random random(13);
  // Contexts that end before, at and behind the place where a window is full.
  for (const std::size_t size : {0, 5, 58, 61, 62, 63, 64, 70, 93, 94, 95, 96, 130}) {
    const Bytes context = random_bytes(size, 14);
    const auto state = model->start(context);
    std::vector<Bytes> continuations = {{}};
    for (int i = 0; i < 40; ++i) {
      continuations.push_back(random_bytes(1 + random.below(6), 100 + i / 2));
      if (i % 3 == 0) continuations.push_back(continuations[random.below(continuations.size())]);
    }
    std::vector<ByteView> views(continuations.begin(), continuations.end());
    std::vector<double> bits(views.size());
    state->measure(views, bits);
    for (std::size_t c = 0; c < views.size(); ++c) {
      const auto slow = model->start(context);
      double expected = 0;
      std::array<double, 256> next;
      for (std::size_t i = 0; i < views[c].size(); ++i) {
        slow->next_byte(next);
        expected += next[views[c][i]];
        slow->observe(views[c].subspan(i, 1));
      }
      ASSERT_EQ(bits[c], expected) << size << ", continuation " << c;
    }
    std::vector<double> extended(views.size() * 2);
    const std::array<Byte, 2> alphabet = {7, 200};
    state->extend(views, alphabet, extended);
    for (std::size_t c = 0; c < views.size(); ++c) {
      Bytes longer = continuations[c];
      longer.push_back(200);
      const ByteView view = longer;
      double expected = 0;
      state->measure({&view, 1}, {&expected, 1});
      ASSERT_EQ(extended[2 * c + 1], expected);
    }
  }
}

TEST_F(Bytelm, ContextBitsAreWhatItsBytesCostWheneverTheyAreAsked) {
  const Bytes text = random_bytes(150, 15);
  const auto model = tiny();
  const auto asked_late = model->start(text), asked_early = model->start(), never = model->start();
  double sum = 0;
  std::array<double, 256> next;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % 7 == 0) {
      ASSERT_NEAR(asked_early->context_bits(), sum, 1e-9) << i;
    }
    never->next_byte(next);
    sum += next[text[i]];
    asked_early->observe(ByteView(text).subspan(i, 1));
    never->observe(ByteView(text).subspan(i, 1));
  }
  EXPECT_NEAR(asked_late->context_bits(), sum, 1e-9);
  EXPECT_NEAR(never->context_bits(), sum, 1e-9);
  EXPECT_EQ(asked_late->clone()->context_bits(), asked_late->context_bits());
}

// A file that the first version wrote: the arithmetic may never change.
constexpr std::string_view kGolden =
    "8b6b726166741a0a014c10627974656c6d3a74696e792e676775660b6b7261667420302e312e30203134363937"
    "653735393739373934646236383561613833396132323834323766c373feb9f5a4d2880300808040006ec2eb9b"
    "1a5f573b8801ce03918628ab90fcda80e25deb844c3b20638f0024e60b363ffac6c22aba87cbe4ceaa16febc57"
    "271ea9b93d05e1c77207038d55ed6db589ac955cb5657078cdb1f7cda329e760eec4eefcb7e8edc2e1c192b8d4"
    "2d302e63ad6a60a33e1bf5295d25c910b38e74905dc65d60fc1d748639e8628ac9d4eccd0f067e556dd3f53a6d"
    "03b52bc9d9b19ea30f55e79cee148a7158aa57871b7d2ec4f70c8d18b1f9bcb063af7b584bc16a31bba3a3f3ad"
    "393663f006b8a54a570ed143dc041a11846070431d5c3fc7a6fd0357f1f3c9f06e067d3138dd34d79ede7379c0"
    "e3fcb76eec1d0b2bdec0efde96abbffefaec742e29e4e2aecc216217a757c54d9e0bb58ad7d8dc63a05f95e335"
    "f67395a28a90a78fd2e3d940d4da439e3dd9deaa876aaba25a6b25cc1f28d3ae8d2fc668f78a16522b53a0a18b"
    "99e35634366d19bd2c890e8a9f35bb516e9ff7933b9c408436908ce9fb47f48d0ddeb79a6b93e08b1453447fd3"
    "70521321412a059c241e227f4b10f6a75f7b6f31c8d5616eb5bd6cafed618f26992026bb15c637e6804ef8e085"
    "fff5864536ca0d79db955ffaf846da18a5957ffe1b19b40f155f840da85743286df7ea4519eb11ca73b9f65944"
    "0da8700591c05fa3eb15fe682fde9bb183bb70e2cd03c274c0c70977008801e2b6088f94e2092a";

Bytes golden_text() {
  Bytes text;
  for (int i = 0; i < 8; ++i) append(text, as_bytes("line " + std::to_string(i) + " of a text\n"));
  return text;
}

TEST_F(Bytelm, AFileOfTheFirstVersionIsReadForEver) {
  Bytes file;
  for (std::size_t i = 0; i < kGolden.size(); i += 2)
    file.push_back(static_cast<Byte>(std::stoi(std::string(kGolden.substr(i, 2)), nullptr, 16)));
  Bytes text;
  decompress(reading(file), writing(text), {.model = tiny()});
  EXPECT_EQ(text, golden_text());
}

// Of other shapes, what the first version coded.
TEST(BytelmEngine, TheArithmeticStaysThatOfTheFirstVersion) {
  struct Case {
    TinyBytelm model;
    std::size_t bytes;
    std::uint64_t checksum;
  };
  const std::array cases = {
      Case{{.context = 64}, 300, 8936746647821100817U},
      Case{{.width = 64,
            .heads = 2,
            .inner = 96,
            .layers = 1,
            .context = 2048,
            .q8 = true,
            .tied = false},
           1500,
           17923030298913782239U},
      Case{{.width = 40, .heads = 5, .inner = 66, .layers = 3, .context = 100},
           100,
           4660480197634371612U},
      Case{{.width = 256, .heads = 2, .inner = 128, .layers = 1, .context = 100},
           100,
           7918365898201973174U},
      Case{{.width = 264, .heads = 1, .inner = 128, .layers = 1, .context = 100},
           100,
           6126104932648049959U},
  };
  for (const Case& c : cases) {
    const auto network = network_of(c.model);
    Bytes text = golden_text();
    while (text.size() < c.bytes) append(text, Bytes(text));
    for (const Kernels* kernels : {&bytelm::plain_kernels(), &bytelm::fast_kernels()}) {
      bytelm::Windows windows(std::make_shared<const Engine>(network, c.model.context, *kernels));
      Bytes masses;
      windows.predict(text, 0, c.bytes, 0, [&masses](std::size_t, const Distribution& next) {
        for (int byte = 0; byte < 256; ++byte) put_u64(masses, next.mass(static_cast<Byte>(byte)));
      });
      EXPECT_EQ(checksum(masses), c.checksum) << c.model.width;
    }
  }
}

TEST_F(Bytelm, FilesThatAreNotItsOwnAreRefused) {
  const auto refusal = [](const TinyBytelm& model) -> std::string {
    try {
      bytelm::read_network(model.file());
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(refusal({}), "none");
  EXPECT_EQ(refusal({.architecture = "gpt2"}),
            "it is a model of the architecture 'gpt2', expected llama");
  EXPECT_EQ(refusal({.first_token = "the"}),
            "its tokens are not the 256 bytes and a beginning: token 0 is 'the'");
  EXPECT_EQ(refusal({.extra_tensor = "blk.0.attn_q.bias"}), "it has 21 tensors, expected 20");
  EXPECT_EQ(refusal({.heads = 8}),
            "its heads have 32/8 numbers, expected a multiple of 8 up to 512");
  EXPECT_EQ(refusal({.type = 26}),
            "the tensor 'token_embd.weight' is of type 26, expected 0 (F32) or 8 (Q8_0)");
  Bytes file = TinyBytelm{}.file();
  const Bytes whole = file;
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    EXPECT_THROW(bytelm::read_network(ByteView(whole).first(size)), Error) << size;
  }
  for (std::size_t i = 0; i < 4; ++i) file[file.size() - 1 - i] = 0xFF;  // not a number
  EXPECT_THROW(bytelm::read_network(file), Error);
}

TEST_F(Bytelm, LlamaNamesItsModels) {
  EXPECT_EQ(check_spec("llama"), "bytelm:text");
  EXPECT_EQ(check_spec("llama:default", {.width = 8}), "bytelm:image");
  EXPECT_EQ(check_spec("llama", {.rate = 8000}), "bytelm:audio");
  EXPECT_EQ(check_spec("llama:text,ctx=64", {.width = 8}), "bytelm:text,ctx=64");
  EXPECT_EQ(check_spec("mix:gzip,llama", {.rate = 8000}), "mix:gzip:6,bytelm:audio");
  EXPECT_EQ(make_model("llama:text,ctx=64")->spec(), "bytelm:text,ctx=64");
  try {
    check_spec("llama:text,threads=2");
    ADD_FAILURE() << "taken";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "llama: text is bytelm:text, which has no parameter 'threads'; llama#1:text runs "
                 "on llama.cpp");
  }
}

TEST_F(Bytelm, AWindowLongerThanTrainedIsRefused) {
  EXPECT_THROW(tiny(",ctx=65"), UsageError);
  EXPECT_EQ(tiny(",ctx=64")->window_bytes(), 63U);
}

}  // namespace
}  // namespace kraft
