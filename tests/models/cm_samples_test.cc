// Context mixing of pictures and sound: what it codes comes back, whatever the shape says of it;
// its distributions are whole; nothing is left of what was rewound; and what was written is read
// for ever.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <thread>

#include "codecs/messages.h"
#include "core/drawing.h"
#include "kraft/error.h"
#include "kraft/random.h"
#include "kraft/registry.h"
#include "models/cm/least_squares.h"
#include "models/cm/pictures.h"
#include "models/cm/sign_lms.h"
#include "models/cm/sound.h"
#include "models/cm/spread.h"
#include "models/coded.h"
#include "sanitized.h"

namespace kraft {
namespace {

// Two tones and some noise in each channel, which resembles the one before it.
std::vector<int> tones(std::size_t frames, std::size_t channels) {
  Random random(11);
  std::vector<int> samples;
  // A resonance is a recurrence: x[n] = c x[n-1] - x[n-2], c in units of 2^-14.
  std::array<std::int64_t, 2> low = {0, 3000 << 8}, high = {0, 700 << 8};
  const auto advance = [](std::array<std::int64_t, 2>& last, std::int64_t c) {
    const std::int64_t next = (c * last[1] >> 14) - last[0];
    last = {last[1], std::clamp<std::int64_t>(next, -(9000 << 8), 9000 << 8)};
    return last[1] >> 8;
  };
  for (std::size_t i = 0; i < frames; ++i) {
    const auto sound = static_cast<int>(advance(low, 32600) + advance(high, 29000));
    for (std::size_t channel = 0; channel < channels; ++channel)
      samples.push_back(sound + static_cast<int>(random.below(24)) -
                        static_cast<int>(40 * channel));
  }
  return samples;
}

Bytes in_16_bits(const std::vector<int>& samples) {
  Bytes bytes;
  for (const int sample : samples) {
    bytes.push_back(static_cast<Byte>(sample));
    bytes.push_back(static_cast<Byte>(sample >> 8));
  }
  return bytes;
}

Bytes in_8_bits(const std::vector<int>& samples) {
  Bytes bytes;
  for (const int sample : samples) bytes.push_back(static_cast<Byte>(128 + (sample >> 8)));
  return bytes;
}

// Slopes with an edge and some noise, channels that resemble one another.
Bytes picture(std::size_t width, std::size_t height, std::size_t channels) {
  Random random(5);
  Bytes samples;
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t light = (2 * x > y ? 90 : 30) + (x + 2 * y) % 100 + random.below(5);
      for (std::size_t color = 0; color < channels; ++color)
        samples.push_back(static_cast<Byte>(light + 9 * color + random.below(3)));
    }
  }
  return samples;
}

const std::array<std::string, 2> kEfforts = {"cm,mem=32MiB", "cm:max,mem=32MiB"};

struct Case {
  std::string shape;
  Bytes data;
};

std::vector<Case> cases() {
  return {
      {",rate=8000,channels=1,depth=16", in_16_bits(tones(700, 1))},
      {",rate=8000,channels=2,depth=16", in_16_bits(tones(400, 2))},
      {",rate=8000,channels=2,depth=8", in_8_bits(tones(400, 2))},
      {",rate=8000", in_8_bits(tones(600, 1))},
      {",width=32,pixels=fitted", picture(32, 24, 1)},
      {",width=20,channels=3,pixels=fitted", picture(20, 16, 3)},
  };
}

TEST(MixedSamples, WhatIsCodedComesBack) {
  for (const std::string& effort : kEfforts) {
    for (const Case& each : cases())
      expect_that_it_comes_back(*make_model(effort + each.shape), each.data);
  }
}

// Rows of one pixel, pictures of one row, samples that end in the middle, bytes that are no samples
// of the kind at all.
TEST(MixedSamples, OddShapesComeBack) {
  const Bytes pixels = picture(37, 5, 3), noise = random_bytes(300, 3);
  const Bytes sound = in_16_bits(tones(150, 3));
  for (const std::string& effort : kEfforts) {
    for (const char* shape :
         {",width=1,pixels=fitted", ",width=1,channels=4,pixels=fitted",
          ",width=37,channels=2,pixels=fitted", ",width=5000,channels=3,pixels=fitted",
          ",width=8192,channels=4,pixels=fitted", ",rate=1,channels=4,depth=16",
          ",rate=8000,channels=3,depth=16", ",rate=8000,channels=3,depth=8"}) {
      const auto model = make_model(effort + shape);
      for (const Bytes& data : {pixels, sound, noise, Bytes(), Bytes{7}, Bytes(400, Byte{255})}) {
        expect_that_it_comes_back(*model, data);
        if (data.size() > 101) expect_that_it_comes_back(*model, ByteView(data).first(101));
      }
    }
  }
}

// Full swings from the least to the most value, which bring the sums to their bounds.
TEST(MixedSamples, TheLoudestSoundComesBack) {
  std::vector<int> square, spikes;
  for (int i = 0; i < 1'500; ++i) {
    square.push_back(i / 3 % 2 == 0 ? 32'767 : -32'768);
    spikes.push_back(i % 97 == 0 ? -32'768 : i % 2 * 32'767);
  }
  const auto model = make_model("cm:max,mem=32MiB,rate=8000,channels=1,depth=16");
  for (const auto& samples : {square, spikes})
    EXPECT_LT(expect_that_it_comes_back(*model, in_16_bits(samples)).size(), 1'200);
}

TEST(MixedSamples, NextByteIsWhatCodingPays) {
  for (const std::string& effort : kEfforts) {
    for (const Case& each : cases())
      expect_that_next_byte_is_what_coding_pays(*make_model(effort + each.shape),
                                                ByteView(each.data).first(300));
  }
}

TEST(MixedSamples, WhatWasRewoundLeavesNothing) {
  const Bytes noise = random_bytes(501, 8);
  for (const std::string& effort : kEfforts) {
    for (const Case& each : cases())
      expect_that_rewinding_leaves_nothing(*make_model(effort + each.shape),
                                           ByteView(each.data).first(401), noise,
                                           ByteView(each.data).subspan(401, 60), 20);
  }
}

TEST(MixedSamples, AKnownShapeTakesFewerBytes) {
  const Bytes sound = in_16_bits(tones(4'000, 2)), pixels = picture(64, 64, 3);
  for (const std::string& effort : kEfforts) {
    const auto size = [&effort](const std::string& shape, const Bytes& data) {
      return encoded(*make_model(effort + shape), data).size();
    };
    EXPECT_LT(10 * size(",rate=8000,channels=2,depth=16", sound),
              9 * size(",channels=2,depth=16", sound));
    EXPECT_LT(size(",width=64,channels=3,pixels=fitted", pixels),
              size(",width=64,channels=3", pixels));
  }
}

TEST(MixedSamples, TwoThreadsWriteTheSameBytes) {
  for (const Case& each : cases()) {
    const auto model = make_model("cm,mem=32MiB" + each.shape);
    const Bytes alone = encoded(*model, each.data);
    std::array<Bytes, 2> together;
    {
      std::array<std::jthread, 2> threads;
      for (std::size_t i = 0; i < 2; ++i)
        threads[i] = std::jthread([&, i] { together[i] = encoded(*model, each.data); });
    }
    for (const Bytes& stream : together) EXPECT_EQ(stream, alone) << each.shape;
  }
}

TEST(MixedSamples, WithoutVectorInstructionsTheSameBits) {
  const Bytes sound = in_16_bits(tones(300, 2)), pixels = picture(20, 16, 3);
  for (const cm::Effort effort : {cm::Effort::normal, cm::Effort::max}) {
    const auto bits_of = [](auto predictor, const Bytes& data) {
      double bits = 0;
      for (const Byte byte : data) bits += predictor.observe(byte);
      return bits;
    };
    constexpr std::size_t kMemory = std::size_t{32} << 20;
    const cm::SoundFront heard({2, 2}, effort);
    EXPECT_EQ(bits_of(cm::SamplePredictor(heard, kMemory, cm::plain_kernels()), sound),
              bits_of(cm::SamplePredictor(heard, kMemory), sound));
    const cm::PictureFront seen({20, 3}, effort);
    EXPECT_EQ(bits_of(cm::SamplePredictor(seen, kMemory, cm::plain_kernels()), pixels),
              bits_of(cm::SamplePredictor(seen, kMemory), pixels));
  }
}

// The specification says how a picture is predicted, so that files of either kind are read.
TEST(MixedSamples, WhatIsKnownToBeAPictureIsFitted) {
  const auto spec = [](const std::string& text, const Geometry& geometry) {
    return check_spec(text, geometry);
  };
  const Geometry rgb{.width = 64, .channels = 3, .depth = 8};
  EXPECT_EQ(spec("cm", rgb), "cm:normal,width=64,channels=3,depth=8,pixels=fitted");
  EXPECT_EQ(spec("cm,pixels=hashed", rgb), "cm:normal,width=64,channels=3,depth=8,pixels=hashed");
  EXPECT_EQ(spec("cm,width=10", rgb), "cm:normal,width=10,channels=3,depth=8");
  EXPECT_EQ(spec("cm:normal,width=64,channels=3,depth=8", {}),
            "cm:normal,width=64,channels=3,depth=8");
  EXPECT_EQ(spec("cm", {.width = 64, .channels = 1, .depth = 16}),
            "cm:normal,width=64,channels=1,depth=16");
  EXPECT_EQ(spec("cm", {.width = 65536, .channels = 3, .depth = 8}),
            "cm:normal,width=65536,channels=3,depth=8");
  EXPECT_EQ(spec("cm", {.rate = 8000, .channels = 2, .depth = 16}),
            "cm:normal,rate=8000,channels=2,depth=16");
  for (const char* refused : {"cm,pixels=fitted", "cm,pixels=fitted,width=9,depth=16",
                              "cm,pixels=fitted,width=10923,channels=3"})
    EXPECT_THROW(make_model(refused), UsageError) << refused;
}

// What has been written is read for ever: the sizes of streams, and a checksum of their bytes.
TEST(MixedSamples, StreamsStayAsTheyAre) {
  std::string found;
  for (const std::string& effort : kEfforts) {
    for (const Case& each : cases()) {
      const Bytes stream = encoded(*make_model(effort + each.shape), each.data);
      std::uint64_t hash = 14695981039346656037u;  // FNV-1a
      for (const Byte byte : stream) hash = (hash ^ byte) * 1099511628211u;
      found += std::to_string(stream.size()) + " " + std::to_string(hash) + "\n";
    }
  }
  EXPECT_EQ(found,
            "673 4605478695967007481\n839 2041631168655061654\n157 3311239738151626635\n"
            "128 15078034340803037282\n339 7617219627497830854\n366 4970996096753274587\n"
            "646 1337109109184185279\n797 18419660795215929876\n145 9094708207786822129\n"
            "118 14001182180631893705\n340 17704366844726312789\n368 14357653662823716515\n");
}

double total_bits(State& state, ByteView bytes) {
  const double before = state.context_bits();
  state.observe(bytes);
  return state.context_bits() - before;
}

// What is drawn over and over gets no cheaper, as it does where it is learnt.
TEST(MixedSamples, WhatIsDrawnIsNotLearnt) {
  struct Drawn {
    std::string spec;
    Bytes context, drawn;
  };
  const Bytes text = real_text(12'000);
  const Bytes again(text.begin() + 9'000, text.begin() + 9'800);
  const Bytes sound = in_16_bits(tones(4'000, 1)), pixels = picture(32, 64, 1);
  const std::vector<Drawn> all = {
      {"cm,mem=32MiB", Bytes(text.begin(), text.begin() + 8'000), again},
      {"cm:max,mem=32MiB", Bytes(text.begin(), text.begin() + 8'000), again},
      {"cm,mem=32MiB,rate=8000,channels=1,depth=16", sound, random_bytes(2'000, 4)},
      {"cm,mem=32MiB,width=32,pixels=fitted", pixels, random_bytes(32 * 40, 4)},
      {"cm,mem=32MiB,width=32", pixels, random_bytes(32 * 40, 4)},
  };
  for (const Drawn& each : all) {
    std::array<std::array<double, 3>, 2> costs;
    for (const bool learns : {false, true}) {
      const auto model = make_model(each.spec + (learns ? ",learn=on" : ",learn=off"));
      const auto state = start_drawing(*model, each.context);
      EXPECT_EQ(state->context_bits(), make_model(each.spec)->start(each.context)->context_bits());
      for (double& cost : costs[learns ? 1 : 0]) cost = total_bits(*state, each.drawn);
    }
    const auto& [still, learnt] = costs;
    EXPECT_NEAR(still[2] / still[1], 1, 0.01) << each.spec;
    EXPECT_LT(learnt[2], 0.997 * learnt[1]) << each.spec;
    EXPECT_LT(learnt[1], still[1]) << each.spec;
  }
}

TEST(MixedSamples, WhatIsDrawnOfATextIsNotLearntByDefault) {
  for (const char* spec : {"cm", "cm:max", "blend:cm", "product:cm,uniform"})
    EXPECT_FALSE(learns_what_is_drawn(*make_model(spec)->start())) << spec;
  for (const char* spec : {"cm,learn=on", "cm,width=8", "cm,rate=8000", "ppmd", "gzip"})
    EXPECT_TRUE(learns_what_is_drawn(*make_model(spec)->start())) << spec;
  EXPECT_FALSE(learns_what_is_drawn(*make_model("cm,learn=off,rate=8000")->start()));
}

TEST(MixedSamples, AFrozenModelIsWhole) {
  const Bytes text = real_text(3'000), noise = random_bytes(400, 6);
  for (const std::string& spec :
       {std::string("cm,mem=32MiB,learn=off"), std::string("cm:max,mem=32MiB,learn=off"),
        std::string("cm,mem=32MiB,learn=off,rate=8000,depth=16"),
        std::string("cm,mem=32MiB,learn=off,width=30,pixels=fitted")}) {
    const auto model = make_model(spec);
    const auto state = start_drawing(*model, ByteView(text).first(2'000));
    const auto never = start_drawing(*model, ByteView(text).first(2'000));
    const Mark mark = state->mark();
    std::array<double, 256> bits, expected;
    // The sum is one, a string costs what its bytes cost, and rewinding leaves nothing.
    for (std::size_t i = 0; i < 100; ++i) {
      state->next_byte(bits);
      double sum = 0;
      for (const double b : bits) sum += std::exp2(-b);
      ASSERT_NEAR(sum, 1, 1e-9);
      const ByteView byte = ByteView(text).subspan(2'000 + i, 1);
      ASSERT_NEAR(total_bits(*state, byte), bits[byte[0]], 1e-6);
    }
    const ByteView whole = ByteView(text).subspan(2'000, 100);
    double cost = 0;
    never->measure({&whole, 1}, {&cost, 1});
    EXPECT_NEAR(cost, total_bits(*never, whole), 1e-6);
    state->observe(noise);
    state->rewind(mark);
    state->observe(whole);
    state->next_byte(bits);
    never->next_byte(expected);
    EXPECT_EQ(bits, expected) << spec;
  }
}

// What is given again after a hole is learnt; a mark comes back to what held there.
TEST(MixedSamples, WhatIsGivenAgainIsLearnt) {
  const Bytes text = real_text(6'000);
  const ByteView given = ByteView(text).first(3'000), more = ByteView(text).subspan(3'000, 1'000);
  for (const char* spec : {"cm,mem=32MiB,learn=off", "cm:max,mem=32MiB,learn=off"}) {
    const auto model = make_model(spec);
    const auto state = start_drawing(*model, given), learning = model->start(given);
    const Mark mark = state->mark();
    set_drawing(*state, false);
    EXPECT_EQ(total_bits(*state, more), total_bits(*learning, more)) << spec;
    EXPECT_LT(total_bits(*state, more), 200) << spec;
    state->rewind(mark);
    const double first = total_bits(*state, more), second = total_bits(*state, more);
    EXPECT_GT(second, 0.9 * first) << spec;
  }
}

// Models of others pass it on; the bits of a pool's context are those that were paid.
TEST(MixedSamples, ModelsOfOthersDrawFromFrozenParts) {
  const Bytes text = real_text(3'000);
  const ByteView given = ByteView(text).first(2'000), drawn = ByteView(text).subspan(2'000, 300);
  for (const std::string around :
       {"product:\"cm,mem=32MiB,learn=off\",uniform^0.001",
        "mix:\"cm,mem=32MiB,learn=off\",uniform@0.001", "blend:\"cm,mem=32MiB,learn=off\"",
        "filtered:\"cm,mem=32MiB,learn=off\",filter=none,width=1"}) {
    if (kSanitized && !around.starts_with("blend") && !around.starts_with("mix")) continue;
    const auto state = start_drawing(*make_model(around), given);
    double paid = 0, second = 0;
    std::array<double, 256> bits;
    for (double* sum : {&paid, &second}) {
      for (const Byte byte : drawn) {
        state->next_byte(bits);
        *sum += surprisal_bits(bits, byte);
        state->observe({&byte, 1});
      }
    }
    EXPECT_GT(second, 0.6 * paid) << around;  // a blend's own weights learn
    if (!around.starts_with("filtered")) {
      EXPECT_NEAR(state->context_bits() - make_model(around)->start(given)->context_bits(),
                  paid + second, 0.01 * paid)
          << around;
    }
  }
}

TEST(LeastSquares, FindsTheWeightsThatMadeTheValues) {
  Random random(3);
  constexpr cm::LeastSquaresSettings kSettings{.inputs = 4, .memory_bits = 9, .every = 4};
  cm::LeastSquares<4> squares;
  for (int i = 0; i < 400; ++i) {
    std::array<std::int32_t, 4> inputs;
    for (auto& input : inputs) input = static_cast<std::int32_t>(random.below(20'001)) - 10'000;
    const std::int32_t value = (3 * inputs[0] - 2 * inputs[1] + inputs[3]) / 4;
    if (i > 100) {
      EXPECT_NEAR(static_cast<double>(squares.predict(inputs.data(), 4)) / (1 << 20), value, 2);
    }
    squares.learn(kSettings, inputs.data(), value, 1 + i % 100);
  }
}

// Inputs that are equal, always zero, or constant leave no more than one way to predict.
TEST(LeastSquares, SingularEquationsHaveASolution) {
  constexpr cm::LeastSquaresSettings kSettings{.inputs = 4, .memory_bits = 7, .every = 1};
  cm::LeastSquares<4> squares;
  for (int i = 0; i < 5'000; ++i) {
    const std::int32_t x = i % 2 == 0 ? 32'767 : -32'768;
    const std::array<std::int32_t, 4> inputs = {x, x, 0, 5};
    if (i > 100) {
      EXPECT_NEAR(static_cast<double>(squares.predict(inputs.data(), 4)) / (1 << 20), x, 50);
    }
    squares.learn(kSettings, inputs.data(), x, 1);
  }
}

TEST(SignLms, FollowsAToneAndStandsStillWhenItDoesNotLearn) {
  cm::SignLms<32> filter;
  const std::vector<int> sound = tones(6'000, 1);
  double first = 0, last = 0;
  for (std::size_t i = 0; i < sound.size(); ++i) {
    const double error = std::abs(sound[i] - filter.predict());
    (i < 1'000 ? first : last) += i < 1'000 || i >= 5'000 ? error : 0;
    filter.observe(sound[i], filter.predict(), true);
  }
  EXPECT_LT(last, 0.5 * first);
  cm::SignLms<32> still = filter;
  for (int i = 0; i < 32; ++i) still.observe(1'000, still.predict(), false);
  const std::int32_t before = still.predict();
  for (int i = 0; i < 1'000; ++i) still.observe(1'000, before, false);
  EXPECT_EQ(still.predict(), before);
}

// The distribution function, in real numbers.
double below(double distance, double scale) {
  const auto logistic = [](double x) { return 1 / (1 + std::exp(-x)); };
  return (31 * logistic(distance / scale) + logistic(distance / scale / 6)) / 32;
}

double share(const cm::Spread& spread, unsigned from, unsigned to) {
  return static_cast<double>(spread.below(to) - spread.below(from)) /
         static_cast<double>(spread.below(256) - spread.below(0));
}

TEST(Spread, OfABytesHasTheMassesOfItsDistribution) {
  for (const double scale : {1.0, 5.0, 40.0}) {
    for (const double middle : {100.0, 130.5}) {
      const auto spread = cm::Spread::of_byte(
          {static_cast<std::int32_t>(16 * middle), static_cast<std::int32_t>(16 * scale)}, 0, 1);
      for (unsigned b = 1; b < 255; ++b) {
        EXPECT_GT(spread.below(b + 1), spread.below(b));
        const double expected = below(b + 0.5 - middle, scale) - below(b - 0.5 - middle, scale);
        EXPECT_NEAR(share(spread, b, b + 1), expected, 0.02 * expected + 2e-6);
      }
    }
  }
}

// The low byte, then the high one: together, the mass of the sample.
TEST(Spread, OfTwoBytesHasTheMassesOfItsDistribution) {
  for (const double scale : {0.7, 3.0, 30.0, 100.0, 900.0}) {
    for (const int middle : {-300, 5, 12'345}) {
      const cm::Expected expected{16 * middle, static_cast<std::int32_t>(16 * scale)};
      const auto low = cm::Spread::of_low_byte(expected);
      for (const double away : {0.0, -0.7, 1.5, 4.0}) {
        const int sample = middle + static_cast<int>(away * scale);
        const auto low_byte = static_cast<unsigned>(sample & 255),
                   high_byte = static_cast<unsigned>(sample >> 8 & 255);
        const auto high = cm::Spread::of_high_byte(expected, low_byte);
        for (unsigned b = 0; b < 256; ++b) {
          ASSERT_GT(low.below(b + 1), low.below(b));
          ASSERT_GT(high.below(b + 1), high.below(b));
        }
        const double mass =
            below(sample + 0.5 - middle, scale) - below(sample - 0.5 - middle, scale);
        const double found =
            share(low, low_byte, low_byte + 1) * share(high, high_byte, high_byte + 1);
        EXPECT_NEAR(std::log2(found), std::log2(mass), 0.35)
            << scale << " " << middle << " " << away;
      }
    }
  }
}

TEST(Spread, TheRatioOfMassesIsStretched) {
  for (const std::uint32_t a : {1u, 2u, 3u, 1'000u, 123'456'789u}) {
    for (const std::uint32_t b : {1u, 5u, 999u, 1'000'000u, 268'435'456u}) {
      const double expected =
          std::clamp(170 * std::log(static_cast<double>(a) / b), -2047.0, 2047.0);
      EXPECT_NEAR(cm::stretched_ratio(a, b), expected, 1.1) << a << " " << b;
    }
  }
}

}  // namespace
}  // namespace kraft
