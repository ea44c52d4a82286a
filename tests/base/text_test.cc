#include "base/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/numbers.h"

namespace kraft {
namespace {

using namespace std::string_literals;

TEST(Text, JoinsWithSeparatorsBetweenOnly) {
  EXPECT_EQ(join(std::vector<std::string>{}, ", "), "");
  EXPECT_EQ(join(std::vector<std::string>{"a"}, ", "), "a");
  EXPECT_EQ(join(std::vector<std::string>{"a", "b", "c"}, ", "), "a, b, c");
}

TEST(Text, SuggestsNamesWithinTwoEditsOrThatBeginAlike) {
  const std::vector<std::string> names = {"gzip", "bzip2", "ngram", "uniform"};
  EXPECT_EQ(did_you_mean("gizp", names), " (did you mean gzip?)");
  EXPECT_EQ(did_you_mean("bzip", names), " (did you mean gzip or bzip2?)");
  EXPECT_EQ(did_you_mean("NGRAM", names), " (did you mean ngram?)");
  EXPECT_EQ(did_you_mean("uni", names), " (did you mean uniform?)");
  EXPECT_EQ(did_you_mean("ngrams:3", names), " (did you mean ngram?)");
  EXPECT_EQ(did_you_mean("flac", names), "");
  EXPECT_EQ(did_you_mean("g", names), "");  // one letter says nothing
  EXPECT_EQ(did_you_mean("", names), "");
}

TEST(Text, GroupsThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(grouped(std::numeric_limits<std::uint64_t>::max()), "18,446,744,073,709,551,615");
}

TEST(Text, WritesNumbersAsShortAsTheyReadBack) {
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(3), "3");
  EXPECT_EQ(shortest(-2.5), "-2.5");
  for (const double number : {1.0 / 3, 1e300, 5e-324, 0.1 + 0.2}) {
    double back = 0;
    ASSERT_TRUE(parse_number(shortest(number), back)) << number;
    EXPECT_EQ(back, number);
  }
}

std::string parsed_integer(std::string_view text) {
  std::int64_t value = 0;
  return parse_integer(text, value) ? std::to_string(value) : "none";
}

TEST(Text, ParsesWholeIntegersWithUnits) {
  EXPECT_EQ(parsed_integer("0"), "0");
  EXPECT_EQ(parsed_integer("-12"), "-12");
  EXPECT_EQ(parsed_integer("2KiB"), "2048");
  EXPECT_EQ(parsed_integer("-3MiB"), "-3145728");
  EXPECT_EQ(parsed_integer("8191MiB"), "8588886016");
  EXPECT_EQ(parsed_integer("1GiB"), "1073741824");
  EXPECT_EQ(parsed_integer("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(parsed_integer("8589934591GiB"), "9223372035781033984");
  for (const char* text : {"", "+1", " 1", "1 ", "1k", "1kib", "KiB", "1.5", "0x10", "1KiBs",
                           "9223372036854775808", "8589934592GiB", "-8589934592GiB", "ten"})
    EXPECT_EQ(parsed_integer(text), "none") << text;
}

std::string parsed_number(std::string_view text) {
  double value = 0;
  return parse_number(text, value) ? shortest(value) : "none";
}

TEST(Text, ParsesWholeFiniteNumbers) {
  EXPECT_EQ(parsed_number("0.25"), "0.25");
  EXPECT_EQ(parsed_number("-1e3"), "-1000");
  EXPECT_EQ(parsed_number(".5"), "0.5");
  for (const char* text : {"", "inf", "nan", "-inf", "1e999", "1,5", "1 ", " 1", "+1", "1x", "."})
    EXPECT_EQ(parsed_number(text), "none") << text;
}

TEST(Text, KnowsWellFormedUtf8) {
  for (const std::string& text : {""s, "a\0b"s, "\u00e9"s, "\u20ac"s, "\U0001f40b"s,
                                  "\xed\x9f\xbf"s, "\xee\x80\x80"s, "\xf4\x8f\xbf\xbf"s})
    EXPECT_TRUE(is_utf8(text)) << printable(text);
  // A lone continuation, overlong forms, a surrogate, what is past U+10FFFF, and cut-off ends.
  for (const std::string& text :
       {"\x80"s, "\xc0\x80"s, "\xc1\xbf"s, "\xe0\x9f\xbf"s, "\xf0\x8f\xbf\xbf"s, "\xed\xa0\x80"s,
        "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xff"s, "\xc3"s, "\xe2\x82"s, "\xf0\x9f\x90"s,
        "\xe2\x82"
        "a"s,
        "\xc3\x28"s})
    EXPECT_FALSE(is_utf8(text)) << printable(text);
}

TEST(Text, PrintableTextIsOneLineWithoutControlCharacters) {
  EXPECT_EQ(printable("plain \u00e9 \U0001f40b"), "plain \u00e9 \U0001f40b");
  EXPECT_EQ(printable("a\nb\tc\x1b[31m\x7f"), "a\\x0ab\\x09c\\x1b[31m\\x7f");
  EXPECT_EQ(printable("a\0b"s), "a\\x00b");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m");  // a control character of U+0080..9F
  EXPECT_EQ(printable("\xc2\xa0"), "\xc2\xa0");
  EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");
}

TEST(Numbers, HaveAFixedNumberOfDigits) {
  EXPECT_EQ(fixed(48.125, 2), "48.12");
  EXPECT_EQ(fixed(-0.5, 1), "-0.5");
  EXPECT_EQ(fixed(7, 0), "7");
  EXPECT_EQ(fixed(std::numeric_limits<double>::infinity(), 2), "inf");
  EXPECT_EQ(fixed(-std::numeric_limits<double>::infinity(), 2), "-inf");
  EXPECT_EQ(fixed(std::nan(""), 2), "nan");
  EXPECT_EQ(fixed(std::numeric_limits<double>::max(), 0).size(), 309U);
  EXPECT_EQ(hexadecimal(0), "0000000000000000");
  EXPECT_EQ(hexadecimal(0xfedcba9876543210), "fedcba9876543210");
}

TEST(Numbers, ExactTextReadsBackAsTheSameNumber) {
  for (const double number : {0.0, 1.0 / 3, -1e-310, 6.02e23, std::numeric_limits<double>::max(),
                              std::numeric_limits<double>::infinity()})
    EXPECT_EQ(exact_number(exact_text(number)), number);
  EXPECT_TRUE(std::signbit(exact_number(exact_text(-0.0))));
  EXPECT_TRUE(std::isnan(exact_number(exact_text(std::nan("")))));
  EXPECT_EQ(exact_number("other"), 0);
}

}  // namespace
}  // namespace kraft
