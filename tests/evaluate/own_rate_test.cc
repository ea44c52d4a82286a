#include "evaluate/own_rate.h"

#include <gtest/gtest.h>

#include "evaluate/score.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft {
namespace {

Bytes text_of_lines(int lines) {
  Bytes text;
  for (int i = 0; i < lines; ++i)
    append(text,
           as_bytes("line " + std::to_string(i * i % 97) + " of a text that repeats itself\n"));
  return text;
}

TEST(OwnRate, BothViewsOfACodecHaveTheSameCodec) {
  const Bytes text = text_of_lines(60);
  for (const char* spec : {"gzip:9", "gzip:9,view=decoder", "gzip:9,engine=clone"})
    EXPECT_EQ(own_codec(spec)->encode(text), make_codec("gzip:9")->encode(text)) << spec;
  EXPECT_TRUE(has_own_codec("filtered:\"gzip:9,view=decoder\",width=8"));
}

TEST(OwnRate, PredictorsHaveNone) {
  for (const char* spec :
       {"ngram:3", "uniform", "product:gzip,xz", "filtered:ngram,width=8", "?"}) {
    EXPECT_FALSE(has_own_codec(spec)) << spec;
    EXPECT_EQ(own_codec(spec), nullptr) << spec;
  }
}

TEST(OwnRate, IsTheGrowthOfTheStream) {
  const Bytes text = text_of_lines(60);
  const ByteView context = ByteView(text).first(1500), data = ByteView(text).subspan(1500, 200);
  // bzip2 writes whole bytes: what encode() says is all there is to say.
  const auto bzip2 = make_codec("bzip2:9");
  const double grown = 8.0 * static_cast<double>(bzip2->encode(ByteView(text).first(1700)).size()) -
                       8.0 * static_cast<double>(bzip2->encode(context).size());
  EXPECT_DOUBLE_EQ(further_bits(*bzip2, context, data), grown);
  const auto gzip = make_codec("gzip:9");
  EXPECT_DOUBLE_EQ(further_bits(*gzip, context, data),
                   Scorer(make_model("gzip:9"), context).code_length(data, 0).bits);
  EXPECT_DOUBLE_EQ(further_bits(*gzip, {}, data), gzip->encoder()->code_length(data));
}

}  // namespace
}  // namespace kraft
