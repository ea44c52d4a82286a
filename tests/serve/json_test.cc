#include "serve/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serve/failure.h"
#include "serve/openai.h"

namespace kraft::serve {
namespace {

using testing::ElementsAre;

TEST(ServeJson, ReplacesWhatIsNoUtf8AsDecodersDo) {
  EXPECT_EQ(as_utf8("abc"), "abc");
  EXPECT_EQ(as_utf8("\xc3\xa9"), "\xc3\xa9");
  EXPECT_EQ(as_utf8("\xff\xc3"), "\xef\xbf\xbd\xef\xbf\xbd");
  // The longest beginning of a code point is replaced as one.
  EXPECT_EQ(as_utf8("\xe2\x82x"), "\xef\xbf\xbdx");
  EXPECT_EQ(as_utf8("\xed\xa0\x80").size(), 9U) << "a surrogate is three bytes that do not fit";
}

TEST(ServeJson, CountsCharactersOfBytes) {
  EXPECT_THAT(characters_of("a\xc3\xa9z"), ElementsAre(0, 1, 1, 2));
  EXPECT_THAT(characters_of("\xff\xe2\x82x"), ElementsAre(0, 1, 1, 2));
}

TEST(ServeJson, KnowsAnUnfinishedCodePoint) {
  EXPECT_EQ(unfinished_bytes("abc"), 0U);
  EXPECT_EQ(unfinished_bytes("a\xc3"), 1U);
  EXPECT_EQ(unfinished_bytes("a\xf0\x9f\x90"), 3U);
  EXPECT_EQ(unfinished_bytes("a\xf0\x9f\x90\x8b"), 0U);
  EXPECT_EQ(unfinished_bytes("a\xff"), 0U) << "which never is one";
  EXPECT_EQ(unfinished_bytes("\x80\x80\x80"), 0U);
}

TEST(ServeJson, RefusesWhatIsNestedMoreDeeplyThanAnyRequest) {
  EXPECT_NO_THROW(parse_json("[[[[[[[[1]]]]]]]]"));
  EXPECT_THROW(parse_json(std::string(1 << 20, '[')), Failure);
  EXPECT_THROW(parse_json("{\"a\": "), Failure);
}

TEST(ServeJson, ShowsTokensThatAreNoUtf8AsOpenAiDoes) {
  EXPECT_EQ(token_text(Bytes{'T'}), "T");
  EXPECT_EQ(token_text(Bytes{0xe2}), "bytes:\\xe2");
  EXPECT_EQ(token_text(Bytes{0xe2, 0x82, 0xac}), "\xe2\x82\xac");
}

TEST(ServeJson, SaysWhatAFailureIsAbout) {
  const Json json = Failure::invalid("n 0 is out of range: 1..128", "n").json();
  EXPECT_EQ(json.dump(),
            R"({"error":{"message":"n 0 is out of range: 1..128","type":"invalid_request_error",)"
            R"("param":"n","code":null}})");
}

TEST(StopFinder, EndsTheTextBeforeTheFirstStop) {
  StopFinder finder({"stop", "halt"});
  EXPECT_EQ(finder.add(as_bytes("go on s")), 6U) << "a stop may begin with s";
  EXPECT_EQ(finder.add(as_bytes("o ha")), 9U);
  EXPECT_FALSE(finder.stopped());
  EXPECT_EQ(finder.add(as_bytes("ltstop")), 9U);
  EXPECT_TRUE(finder.stopped());
  EXPECT_EQ(finder.size_bytes(), 9U);
}

TEST(StopFinder, LooksForAStopAcrossAnyPieces) {
  const std::string text = "aabaabaac and more";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    StopFinder finder({"aabaac"});
    for (std::size_t at = 0; at < text.size(); at += piece)
      finder.add(as_bytes(std::string_view(text).substr(at, piece)));
    EXPECT_TRUE(finder.stopped());
    EXPECT_EQ(finder.size_bytes(), 3U) << "in pieces of " << piece;
  }
}

TEST(StopFinder, HoldsNothingBackWithoutStops) {
  StopFinder finder({});
  EXPECT_EQ(finder.add(as_bytes("abc")), 3U);
  EXPECT_FALSE(finder.stopped());
}

}  // namespace
}  // namespace kraft::serve
