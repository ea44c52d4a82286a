// What MAUVE reads: samples after their prompts, and more pieces of the text.

#include "evaluate/features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/hidden_state.h"
#include "kraft/error.h"
#include "kraft/random.h"
#include "kraft/registry.h"

namespace kraft {
namespace {

using ::testing::HasSubstr;

Bytes words(std::size_t bytes, std::uint64_t seed) {
  static constexpr const char* kWords[] = {"the ", "white ", "whale ", "swam ",
                                           "and ", "sank ",  "a ",     "ship. "};
  Bytes text;
  Random random(seed);
  while (text.size() < bytes) append(text, as_bytes(std::string(kWords[random.below(8)])));
  text.resize(bytes);
  return text;
}

TEST(Features, AreHiddenStatesAfterTheEndOfTheContext) {
  const auto model = make_model("bytelm:text");
  const Bytes context = words(400, 1), one = words(30, 2), other = words(40, 3);
  const std::vector<ByteView> texts = {one, other, one};
  const std::vector<Feature> found = features_after(*model, context, texts, {});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0], found[2]);
  EXPECT_NE(found[0], found[1]);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto state = model->start(ByteView(context).last(256));
    state->observe(texts[i]);
    EXPECT_EQ(found[i], feature_of(dynamic_cast<HasHiddenState&>(*state).hidden_state()));
  }
  // A shorter context is read whole.
  const auto state = model->start(ByteView(context).last(10));
  state->observe(one);
  EXPECT_EQ(features_after(*model, ByteView(context).last(10), {texts.data(), 1}, {})[0],
            feature_of(dynamic_cast<HasHiddenState&>(*state).hidden_state()));
}

TEST(Features, ModelsThatShowNoHiddenStatesAreRefusedByName) {
  EXPECT_TRUE(has_features(*make_model("bytelm:text")));
  for (const char* spec : {"gzip:9", "ngram:3", "uniform", "mix:ngram:3,bytelm:text"}) {
    const auto model = make_model(spec);
    EXPECT_FALSE(has_features(*model)) << spec;
    try {
      features_after(*model, {}, {}, {});
      FAIL() << spec;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr(model->spec()));
    }
  }
}

ComparedInput input_of(std::size_t bytes, std::size_t windows, std::size_t context,
                       std::size_t truth) {
  ComparedInput input{.name = "text",
                      .medium = Medium::text,
                      .bytes = words(bytes, 4),
                      .fingerprint = {},
                      .windows = {}};
  input.windows = windows_of_bytes(input.bytes, "text", 1, windows, context, truth);
  return input;
}

TEST(Features, FurtherPiecesOverlapNothingAndLieInEqualParts) {
  const ComparedInput input = input_of(60'000, 20, 500, 40);
  const auto pieces = further_pieces(input, 7, 1);
  ASSERT_TRUE(pieces);
  ASSERT_EQ(pieces->size(), 20U);
  std::set<std::uint64_t> taken;  // every byte of them
  const auto take = [&taken](std::uint64_t begin) {
    for (std::uint64_t i = begin; i < begin + 40; ++i) EXPECT_TRUE(taken.insert(i).second) << i;
  };
  for (const Window& window : input.windows) take(window.begin + window.context.size());
  for (std::size_t w = 0; w < 20; ++w) {
    EXPECT_EQ((*pieces)[w].size(), 7U);
    for (const std::uint64_t begin : (*pieces)[w]) {
      take(begin);
      EXPECT_GE(begin, 256 + (60'000 - 256) * w / 20);
      EXPECT_LE(begin + 40, 256 + (60'000 - 256) * (w + 1) / 20);
    }
  }
  EXPECT_EQ(further_pieces(input, 7, 1), pieces);
  EXPECT_NE(further_pieces(input, 7, 2), pieces);
}

TEST(Features, ATextThatIsTooShortHasNoFurtherPieces) {
  const std::size_t least = 256 + 6 * 40 * 10 * (3 + 1);
  EXPECT_TRUE(further_pieces(input_of(least, 10, 300, 40), 3, 1));
  EXPECT_FALSE(further_pieces(input_of(least - 1, 10, 300, 40), 3, 1));
}

}  // namespace
}  // namespace kraft
