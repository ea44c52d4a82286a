// Combined models are what they are said to be: pools of the distributions of the next byte.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "sanitized.h"

namespace kraft {
namespace {

using Values = std::array<double, 256>;

std::vector<double> probabilities_after(const std::string& spec, ByteView context) {
  Values bits;
  make_model(spec)->start(context)->next_byte(bits);
  return probabilities(bits);
}

std::vector<double> normalised(std::vector<double> p) {
  double sum = 0;
  for (double value : p) sum += value;
  for (double& value : p) value /= sum;
  return p;
}

void expect_equal(const std::vector<double>& a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < 256; ++i) EXPECT_NEAR(a[i], b[i], 1e-12) << i;
}

TEST(Pool, ProductMultipliesDistributions) {
  const Bytes context = real_text(700);
  const auto gzip = probabilities_after("gzip:9", context);
  const auto ngram = probabilities_after("ngram:2", context);
  std::vector<double> expected(256);
  for (std::size_t b = 0; b < 256; ++b) expected[b] = std::sqrt(gzip[b]) * std::pow(ngram[b], 1.5);
  expect_equal(probabilities_after("product:gzip:9^0.5,ngram:2^1.5", context),
               normalised(expected));
}

TEST(Pool, MixIsTheWeightedMeanOfDistributions) {
  const Bytes context = real_text(700);
  const auto gzip = probabilities_after("gzip:9", context);
  const auto ngram = probabilities_after("ngram:2", context);
  std::vector<double> expected(256);
  for (std::size_t b = 0; b < 256; ++b) expected[b] = 0.75 * gzip[b] + 0.25 * ngram[b];
  expect_equal(probabilities_after("mix:gzip:9@3,ngram:2", context), expected);
}

TEST(Pool, OneModelToThePowerOfOneIsThatModel) {
  const Bytes context = real_text(700);
  for (const char* list : {"product:gzip", "mix:gzip", "product:\"mix:gzip@7\""})
    expect_equal(probabilities_after(list, context), probabilities_after("gzip", context));
}

// The bits of a string are those of its bytes, one after the other, however they are asked for.
TEST(Pool, BitsOfAStringAreTheSumOverItsBytes) {
  const Bytes text = real_text(800);
  const std::string spec = "product:gzip:9^0.5,ngram:3";
  const auto state = make_model(spec)->start(ByteView(text).first(600));
  for (std::size_t size : {1, 2, 20, 64, 65, 150}) {
    const ByteView string = ByteView(text).subspan(600, size);
    double sum = 0;
    const auto walker = state->clone();
    for (Byte byte : string) {
      Values bits;
      walker->next_byte(bits);
      sum += bits[byte];
      walker->observe({&byte, 1});
    }
    double bits = 0;
    state->measure({&string, 1}, {&bits, 1});
    EXPECT_NEAR(bits, sum, 1e-9) << size;
    EXPECT_NEAR(walker->context_bits() - state->context_bits(), sum, 1e-6);
  }
}

// More strings than the state remembers at a time, and again after it has moved.
TEST(Pool, ManyStringsAreMeasuredAsOneByOne) {
  const Bytes text = real_text(5000);
  const auto model = make_model("mix:ngram:2,\"product:ngram:1,uniform^0.5\"");
  const auto state = model->start(ByteView(text).first(1000));
  for (int round = 0; round < 2; ++round) {
    std::vector<ByteView> strings;
    for (std::size_t i = 0; i < (kSanitized ? 70 : 300); ++i)
      strings.push_back(ByteView(text).subspan(7 * i, i % 70));
    std::vector<double> bits(strings.size());
    state->measure(strings, bits);
    for (std::size_t i = 0; i < strings.size(); i += 17) {
      double alone = 0;
      state->clone()->measure({&strings[i], 1}, {&alone, 1});
      EXPECT_NEAR(bits[i], alone, 1e-9);
    }
    state->observe(ByteView(text).subspan(1000, 50));
  }
}

TEST(Pool, SumsToOneWithoutNormalising) {
  const auto state = make_model("product:gzip^0.3,ngram:3")->start(real_text(500));
  Values bits;
  state->next_byte(bits);
  double sum = 0;
  for (double b : bits) sum += std::exp2(-b);
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(Pool, WritesItsPartsInFull) {
  EXPECT_EQ(make_model("product:gzip^0.50,ngram")->spec(), "product:gzip:6^0.5,ngram:5");
  EXPECT_EQ(make_model("mix:\"zstd:19,window=17\"@2,xz")->spec(),
            "mix:\"zstd:19,window=17\"@2,xz:6");
  const std::string nested = "product:\"mix:gzip:9@3,\\\"zstd:3,window=12\\\"\"^0.5,ngram:3";
  EXPECT_EQ(make_model(nested)->spec(), nested);
  EXPECT_EQ(make_model(make_model(nested)->spec())->spec(), nested);
  EXPECT_EQ(Spec::parse(nested).text(), nested);
}

TEST(Pool, TellsItsPartsTheGeometry) {
  EXPECT_EQ(make_model("product:png,ngram:1", {.geometry = {.width = 12}})->spec(),
            "product:\"png:6,width=12\",ngram:1");
}

TEST(Pool, ReachesAsFarAsItsLongestPart) {
  EXPECT_EQ(make_model("product:gzip,deflate:9,lz4")->window_bytes(), 32768u);
  EXPECT_EQ(make_model("product:gzip,ngram")->window_bytes(), std::nullopt);
}

std::string message_of(const std::string& spec) {
  try {
    make_model(spec);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Pool, SaysWhatIsWrongWithAList) {
  EXPECT_EQ(message_of("product:gzip^2000"), "product: the weight 2000 is out of range: (0, 1000]");
  EXPECT_EQ(message_of("product:gzip^-1"), "product: the weight -1 is out of range: (0, 1000]");
  EXPECT_EQ(message_of("product:gzip^half"), "product: the weight after ^ is a number, not 'half'");
  EXPECT_EQ(message_of("mix:gzip,"), "model specification 'gzip,' has an empty model in its list");
  EXPECT_EQ(message_of("mix:\"gzip"), "model specification '\"gzip' ends inside a quoted value");
  EXPECT_EQ(message_of("mix:\"gzip\"9,xz"),
            "model specification '\"gzip\"9,xz' needs a comma after a quoted model");
  EXPECT_EQ(message_of("mix:gzip:99"), "gzip: level 99 is out of range: 0..9");
  EXPECT_EQ(message_of("product:zstd,window=9"),
            "product: 'window=9' is no model; one with commas in it stands between double quotes");
}

}  // namespace
}  // namespace kraft
