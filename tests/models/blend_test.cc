// Learned mixtures: distributions are whole, begin as what the models say together, move to the
// models that predict better, code what comes back, and leave nothing of what was rewound.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "codecs/messages.h"
#include "kraft/choices.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/coded.h"
#include "sanitized.h"

namespace kraft {
namespace {

using Values = std::array<double, 256>;

Values bits_after(const std::string& spec, ByteView context) {
  Values bits;
  make_model(spec)->start(context)->next_byte(bits);
  return bits;
}

double bits_of_text(const std::string& spec, ByteView text) {
  return make_model(spec)->start(text)->context_bits();
}

// The sum over bytes that begin with the known bits.
double mass_below(const std::vector<double>& p, unsigned known, int depth) {
  double mass = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if ((byte | 256u) >> (8 - depth) == known) mass += p[byte];
  }
  return mass;
}

// What the models say together before anything has been learnt: at each node the mean of the log
// odds. Literal and slow; real numbers in place of integers.
std::vector<double> at_first(const std::vector<std::vector<double>>& models) {
  std::vector<double> p(256, 1.0);
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (int depth = 0; depth < 8; ++depth) {
      const unsigned known = (byte | 256u) >> (8 - depth);
      double log_odds = 0;
      for (const auto& model : models) {
        const double one = mass_below(model, known * 2 + 1, depth + 1),
                     zero = mass_below(model, known * 2, depth + 1);
        log_odds += std::log(one / zero) / static_cast<double>(models.size());
      }
      const double one = 1 / (1 + std::exp(-log_odds));
      p[byte] *= byte >> (7 - depth) & 1 ? one : 1 - one;
    }
  }
  return p;
}

// Integers of twelve bits stand for log odds, and no bit is likelier than 1 - 2^-16.
TEST(Blend, BeginsAsTheMeanOfLogOdds) {
  const std::string letters = "bytelm:text", codes = "gzip:9,view=decoder";
  const auto expected =
      at_first({probabilities(bits_after(letters, {})), probabilities(bits_after(codes, {}))});
  const auto found = probabilities(bits_after("blend:" + letters + ",\"" + codes + "\"", {}));
  for (std::size_t b = 0; b < 256; ++b)
    EXPECT_NEAR(found[b], expected[b], 5e-4 + 0.02 * expected[b]) << b;
  EXPECT_GT(*std::ranges::max_element(expected), 0.02);  // they are not all alike
}

TEST(Blend, SumsToOneAndAgreesHoweverItIsAsked) {
  const Bytes text = real_text(kSanitized ? 400 : 1500);
  const auto state = make_model("blend:ngram:2,ngram:4,\"gzip:9,view=decoder\"")->start();
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    if (at % 97 == 0) {
      Values bits;
      state->next_byte(bits);
      double sum = 0;
      for (const double b : bits) sum += std::exp2(-b);
      EXPECT_NEAR(sum, 1, 1e-9);
      const ByteView one = ByteView(text).subspan(at, 1), two = ByteView(text).subspan(at, 2);
      const std::array<ByteView, 2> strings = {one, two};
      std::array<double, 2> measured;
      state->measure(strings, measured);
      EXPECT_EQ(measured[0], bits[text[at]]);
      const auto walker = state->clone();
      walker->observe(two);
      EXPECT_NEAR(walker->context_bits() - state->context_bits(), measured[1], 1e-9);
    }
    state->observe(ByteView(text).subspan(at, 1));
  }
}

TEST(Blend, FollowsTheModelThatPredicts) {
  const Bytes text = real_text(kSanitized ? 3000 : 20000);
  const double ngram = bits_of_text("ngram:3", text);
  EXPECT_LT(bits_of_text("blend:ngram:3,uniform", text), 1.01 * ngram);
  EXPECT_LT(bits_of_text("blend:uniform,uniform,ngram:3,uniform", text), 1.02 * ngram);
}

TEST(Blend, IsBetterThanTheBestOfItsModels) {
  const Bytes text = real_text(kSanitized ? 3000 : 30000);
  double best = 1e300;
  for (const char* spec : {"ngram:2", "ngram:5", "ppmd:8"})
    best = std::min(best, bits_of_text(spec, text));
  EXPECT_LT(bits_of_text("blend:ngram:2,ngram:5,ppmd:8", text), 0.97 * best);
}

TEST(Blend, CodesWhatComesBackInTheBitsThatItSays) {
  const Bytes text = real_text(kSanitized ? 500 : 4000);
  for (const char* spec : {"blend:ngram:2,ppmd:4", "blend:uniform", "blend:lz78,\"blend:ngram:1\"",
                           "blend:\"zstd:3,view=decoder\"@3,ngram:2@0.5"}) {
    const auto model = make_model(spec);
    const Bytes stream = expect_that_it_comes_back(*model, text);
    EXPECT_NEAR(static_cast<double>(stream.size()), model->start(text)->context_bits() / 8, 2)
        << spec;
    EXPECT_EQ(stream, encoded(*make_model(model->spec()), text));
  }
}

TEST(Blend, RewindingLeavesNothing) {
  const Bytes text = real_text(1200);
  const ByteView all(text);
  expect_that_rewinding_leaves_nothing(*make_model("blend:ngram:3,\"gzip:9,view=decoder\",ppmd"),
                                       all.first(600), all.subspan(600, 300), all.subspan(900, 60),
                                       20);
}

// Marks that are forgotten under one that is kept are forgotten by the models, too.
TEST(Blend, MarksWithinMarks) {
  const Bytes text = real_text(300);
  const auto model = make_model("blend:ngram:2,lz78");
  const auto state = model->start(text), never = model->start(text);
  const Mark outer = state->mark();
  for (int i = 0; i < 5; ++i) {
    const Mark inner = state->mark();
    state->observe(as_bytes("whale"));
    state->rewind(inner);
    state->forget(inner);
    EXPECT_THROW(state->rewind(inner), Error);
  }
  state->observe(as_bytes("again"));
  state->rewind(outer);
  state->forget(outer);
  Values a, b;
  state->next_byte(a);
  never->next_byte(b);
  EXPECT_EQ(a, b);
}

TEST(Blend, WritesItsPartsInFull) {
  EXPECT_EQ(make_model("blend:gzip@0.50,ngram")->spec(), "blend:gzip:6@0.5,ngram:5");
  EXPECT_EQ(make_model("blend:gzip,ngram")->window_bytes(), std::nullopt);
  std::string many = "blend:uniform";
  for (int i = 0; i < 31; ++i) many += ",uniform";
  EXPECT_THROW(make_model(many), UsageError);
}

}  // namespace
}  // namespace kraft
