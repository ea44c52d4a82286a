// What is portable codes by integers: no real number is rounded on the way to its masses, and the
// sums of costs that it keeps beside them have no say.

#include <fenv.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "codecs/messages.h"
#include "kraft/coder.h"
#include "kraft/registry.h"
#include "models/coded.h"

namespace kraft {
namespace {

constexpr const char* kPortable[] = {"ngram:0",
                                     "ngram:5",
                                     "ppmd",
                                     "lz78",
                                     "lz78,backoff=8,ensemble=3",
                                     "cm",
                                     "cm:max",
                                     "cm,width=20,channels=3,pixels=fitted",
                                     "cm,rate=8000,channels=2,depth=16",
                                     "uniform",
                                     "blend:ngram:2@0.3,ppmd,lz78@2",
                                     "blend:cm,\"blend:ngram:1,uniform\""};
constexpr const char* kOther[] = {"ngram#1:5",         "blend#1:ppmd,ngram",   "blend:ppmd,ngram#1",
                                  "mix:ngram:1,ngram", "product:ppmd,uniform", "gzip:9",
                                  "blend:gzip,ngram",  "filtered:ngram:2"};

TEST(Portable, IsWhatCodesByIntegersAlone) {
  for (const char* spec : kPortable) EXPECT_TRUE(make_model(spec)->portable()) << spec;
  for (const char* spec : kOther) EXPECT_FALSE(make_model(spec)->portable()) << spec;
  EXPECT_TRUE(make_model("bytelm:text")->portable());
}

// Whether the masses of the next byte came with a real number that was rounded.
bool rounds(State& state) {
  IntegerDistribution distribution;
  feclearexcept(FE_ALL_EXCEPT);
  state.next_distribution(distribution);
  const bool rounded = fetestexcept(FE_INEXACT | FE_OVERFLOW | FE_UNDERFLOW) != 0;
  feclearexcept(FE_ALL_EXCEPT);
  return rounded;
}

TEST(Portable, MassesComeWithoutRealNumbers) {
  Bytes text = real_text(150);
  append(text, random_bytes(50, 3));
  for (const char* spec : kPortable) {
    const auto state = make_model(spec)->start();
    for (std::size_t at = 0; at < text.size(); at += 25) {
      EXPECT_FALSE(rounds(*state)) << spec << " after " << at << " bytes";
      state->observe(ByteView(text).subspan(at, 25));
    }
  }
  EXPECT_FALSE(rounds(*make_model("bytelm:text")->start(ByteView(text).first(30))));
  for (const char* spec : {"ngram#1:5", "blend#1:ppmd,ngram#1", "mix:ngram:1,ppmd"})
    EXPECT_TRUE(rounds(*make_model(spec)->start(text))) << spec;
}

class Rounding {
 public:
  explicit Rounding(int mode) : before_(fegetround()) { fesetround(mode); }
  ~Rounding() { fesetround(before_); }
  Rounding(const Rounding&) = delete;
  Rounding& operator=(const Rounding&) = delete;

 private:
  int before_;
};

TEST(Portable, HoweverTheProcessorRoundsTheStreamIsTheSame) {
  Bytes text = real_text(200);
  append(text, random_bytes(50, 4));
  for (const char* spec : kPortable) {
    const auto model = make_model(spec);
    const Bytes expected = encoded(*model, text);
    for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
      const Rounding rounding(mode);
      EXPECT_EQ(encoded(*model, text), expected) << spec;
      RangeDecoder decoder(expected);
      EXPECT_EQ(decode_bytes(*model->start(), text.size(), decoder), text) << spec;
    }
  }
}

// What models code by is what a blend asks of them: the costs of its own choices are those masses'.
TEST(Portable, MassesAreWhatNextByteSays) {
  const Bytes text = real_text(1'000);
  for (const char* spec : kPortable) {
    const auto state = make_model(spec)->start();
    for (std::size_t at = 0; at < text.size(); at += 250) {
      state->observe(ByteView(text).subspan(at, 250));
      std::array<double, 256> bits;
      state->next_byte(bits);
      IntegerDistribution distribution;
      state->next_distribution(distribution);
      for (std::size_t b = 0; b < 256; ++b) {
        const double p = std::exp2(-bits[b]);
        ASSERT_NEAR(std::exp2(-distribution.bits(b)), p, 1e-8 * p + 1e-11) << spec;
      }
    }
  }
}

}  // namespace
}  // namespace kraft
