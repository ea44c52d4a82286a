#include "evaluate/text_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string_view>

#include "evaluate/copying.h"
#include "kraft/random.h"

namespace kraft {
namespace {

using ::testing::ElementsAre;

Bytes random_text(std::uint64_t seed, std::size_t bytes, std::size_t letters) {
  Random random(seed);
  Bytes text;
  for (std::size_t i = 0; i < bytes; ++i)
    text.push_back(static_cast<Byte>('a' + random.below(letters)));
  return text;
}

std::map<std::string, double> shares(ByteView text, std::size_t n) {
  std::map<std::string, double> shares;
  for (std::size_t at = 0; at + n <= text.size(); ++at)
    shares[std::string(as_text(text.subspan(at, n)))] +=
        1.0 / static_cast<double>(text.size() - n + 1);
  return shares;
}

double at(const std::map<std::string, double>& shares, const std::string& gram) {
  const auto found = shares.find(gram);
  return found == shares.end() ? 0 : found->second;
}

// Sum of p log(p / q), where p is not 0.
double divergence(const std::map<std::string, double>& p, const std::map<std::string, double>& q) {
  double sum = 0;
  for (const auto& [gram, share] : p) sum += share * std::log(share / at(q, gram));
  return sum;
}

std::map<std::string, double> mixed(const std::map<std::string, double>& p,
                                    const std::map<std::string, double>& q, double weight) {
  std::map<std::string, double> mixture;
  for (const auto& [gram, share] : p) mixture[gram] += weight * share;
  for (const auto& [gram, share] : q) mixture[gram] += (1 - weight) * share;
  return mixture;
}

TEST(TextMetrics, WordsAreWholeLowerCaseAndOfTwoLettersOrMore) {
  EXPECT_THAT(whole_words_of(as_bytes("hale The Whale's 42 a sea-captain spo")),
              ElementsAre("the", "whale", "sea", "captain"));
  EXPECT_TRUE(whole_words_of(as_bytes("")).empty());
  EXPECT_TRUE(whole_words_of(as_bytes("unbroken")).empty());
  EXPECT_THAT(whole_words_of(as_bytes("a \xe9nd bc d")), ElementsAre("nd", "bc"));
  // Left out wherever they end.
  EXPECT_THAT(whole_words_of(as_bytes(" one two three. ")), ElementsAre("two"));
  EXPECT_TRUE(whole_words_of(as_bytes(" one two. ")).empty());
}

TEST(TextMetrics, KnownWordsAreAShareOfAllWords) {
  const std::set<std::string> vocabulary = {"the", "whale"};
  EXPECT_DOUBLE_EQ(known_word_share(as_bytes(". the white whale the end."), vocabulary), 2.0 / 3);
  EXPECT_DOUBLE_EQ(known_word_share(as_bytes("12 34"), vocabulary), 0);
}

TEST(TextMetrics, DistinctSharesCountStringsOnce) {
  const Grams grams(as_bytes("abab"));  // a b | ab ba ab | aba bab | abab
  EXPECT_DOUBLE_EQ(distinct_share(grams, 1), 2.0 / 4);
  EXPECT_DOUBLE_EQ(distinct_share(grams, 2), 2.0 / 3);
  EXPECT_DOUBLE_EQ(distinct_share(grams, 3), 1);
  EXPECT_DOUBLE_EQ(distinct_share(grams, 4), 1);
  EXPECT_DOUBLE_EQ(distinct_share(Grams(as_bytes("a")), 4), 1);
}

TEST(TextMetrics, TheRepetitionRateIsTheGeometricMeanOfRepeatedShares) {
  // abcabca: a b c of 3 types all repeat; ab bc ca all repeat; abc bca of 3 repeat (abc, bca, cab);
  // abca of 3 repeats (abca, bcab, cabc).
  EXPECT_NEAR(repetition_rate(Grams(as_bytes("abcabca"))), std::pow(1.0 * 1 * 2 / 3 * 1 / 3, 0.25),
              1e-12);
  EXPECT_DOUBLE_EQ(repetition_rate(Grams(as_bytes("abcdef"))), 0);
  EXPECT_DOUBLE_EQ(repetition_rate(Grams(as_bytes("aaaaaaaa"))), 1);
}

TEST(TextMetrics, JensenShannonIsItsDefinition) {
  const Bytes a = random_text(1, 60, 5), b = random_text(2, 300, 7);
  for (std::size_t n = 1; n <= 4; ++n) {
    const auto p = shares(a, n), q = shares(b, n), m = mixed(p, q, 0.5);
    const double expected = (divergence(p, m) + divergence(q, m)) / 2 / std::log(2);
    EXPECT_NEAR(jensen_shannon_bits(Grams(a), Grams(b), n), expected, 1e-12) << n;
    EXPECT_NEAR(jensen_shannon_bits(Grams(b), Grams(a), n), expected, 1e-12) << n;
  }
}

TEST(TextMetrics, JensenShannonIsBoundedByEqualAndDisjointTexts) {
  const Grams a(as_bytes("abcabd")), b(as_bytes("xyz"));
  EXPECT_DOUBLE_EQ(jensen_shannon_bits(a, a, 2), 0);
  EXPECT_DOUBLE_EQ(jensen_shannon_bits(a, b, 2), 1);
  EXPECT_DOUBLE_EQ(jensen_shannon_bits(a, Grams(as_bytes("")), 1), 1);
}

TEST(TextMetrics, TheFrontierIsTheAreaUnderItsCurve) {
  const Bytes a = random_text(3, 80, 4), b = random_text(4, 200, 5);
  const auto p = shares(a, 2), q = shares(b, 2);
  // By Richardson's extrapolation of the trapezoidal rule over w = u^2 (3 - 2 u), whose ends are
  // flat enough for it.
  const auto trapezoid = [&](int steps) {
    const auto point = [&](double w) {
      const auto mixture = mixed(p, q, w);
      return std::pair(w <= 0 && !std::isfinite(divergence(p, q))
                           ? 0
                           : std::exp(-divergence(p, w <= 0 ? q : mixture)),
                       w >= 1 && !std::isfinite(divergence(q, p))
                           ? 0
                           : std::exp(-divergence(q, w >= 1 ? p : mixture)));
    };
    auto last = point(0);
    double area = last.first;
    for (int i = 1; i <= steps; ++i) {
      const double u = static_cast<double>(i) / steps;
      const auto next = point(u * u * (3 - 2 * u));
      area += (next.first - last.first) * (next.second + last.second) / 2;
      last = next;
    }
    return area;
  };
  const double rough = trapezoid(400), fine = trapezoid(800);
  EXPECT_NEAR(frontier_area(Grams(a), Grams(b)), fine + (fine - rough) / 3, 1e-6);
}

TEST(TextMetrics, TheFrontierHasTheAreaOfItsClosedForms) {
  // P = {ab}, Q = {ab: 1/2, bb: 1/2}: x = (1 + w) / 2, y = sqrt((1 + w) (1 - w)).
  const double pi = std::acos(-1);
  EXPECT_NEAR(frontier_area(Grams(as_bytes("ab")), Grams(as_bytes("abb"))), 0.5 + pi / 8, 1e-10);
  // P = {ab: 1/2, bb: 1/2}, Q = {ab}: the same curve, mirrored.
  EXPECT_NEAR(frontier_area(Grams(as_bytes("abb")), Grams(as_bytes("ab"))), 0.5 + pi / 8, 1e-10);
}

TEST(TextMetrics, TheFrontierIsOneForEqualTextsAndLeastForDisjointOnes) {
  const Grams a(as_bytes("abcabdabe")), near(as_bytes("abcabdabf")), far(as_bytes("xyzxyw"));
  EXPECT_NEAR(frontier_area(a, a), 1, 1e-12);
  EXPECT_GT(frontier_area(a, near), frontier_area(a, far));
  // Disjoint: KL(a || w a + (1 - w) b) = -ln w, so the curve is x + y = 1.
  EXPECT_NEAR(frontier_area(a, far), 0.5, 1e-12);
}

TEST(TextMetrics, PiecesOfTheGreedyParseBeginWhereCopiesEnd) {
  const CopyDetector detector(as_bytes("the white whale and the sea"));
  EXPECT_THAT(detector.piece_begins(as_bytes("the whale!!and")), ElementsAre(0, 6, 9, 10, 11));
  const Copying copying = detector.analyse(as_bytes("the whale!!and"));
  EXPECT_DOUBLE_EQ(copying.mean_copy_bytes, 14.0 / 5);
  EXPECT_EQ(copying.longest_copy_bytes, 7U);
  EXPECT_EQ(detector.analyse(as_bytes("!!")).longest_copy_bytes, 0U);
  EXPECT_TRUE(detector.piece_begins({}).empty());
}

// A quotation that the greedy parse cuts in two is one, and so is one in any other place.
TEST(TextMetrics, TheLongestQuotationIsThatOfBruteForce) {
  Random random(7);
  const auto letters = [&](std::size_t size) {
    Bytes text(size);
    for (Byte& byte : text) byte = static_cast<Byte>('a' + random.below(3));
    return text;
  };
  for (int round = 0; round < 40; ++round) {
    const Bytes context = letters(400);
    Bytes sample = letters(30);
    for (int i = 0; i < 3; ++i) {
      const std::size_t begin = random.below(300);
      append(sample, ByteView(context).subspan(begin, random.below(100)));
      append(sample, letters(random.below(4)));
    }
    std::size_t longest = 0;
    for (std::size_t at = 0; at < sample.size(); ++at) {
      while (at + longest < sample.size() && as_text(context).find(as_text(ByteView(sample).subspan(
                                                 at, longest + 1))) != std::string_view::npos)
        ++longest;
    }
    EXPECT_EQ(CopyDetector(context).longest_copy_bytes(sample), longest);
  }
  Bytes quotation(150), context(1, 'Q');
  for (std::size_t i = 0; i < quotation.size(); ++i)
    quotation[i] = static_cast<Byte>(33 + i * i % 90);
  append(context, ByteView(quotation).first(75));
  append(context, as_bytes(" and "));
  append(context, quotation);
  Bytes sample(1, 'Q');
  append(sample, quotation);
  EXPECT_EQ(CopyDetector(context).analyse(sample).longest_copy_bytes, 150U);
}

// However often its beginning occurs elsewhere: a quotation from the first page is one.
TEST(TextMetrics, AQuotationIsFoundBeforeAnyNumberOfOthersThatBeginLikeIt) {
  Bytes context;
  append(context, as_bytes("abcd"));
  for (int i = 0; i < 146; ++i) context.push_back(static_cast<Byte>(128 + i % 100));
  const Bytes quotation = context;
  for (int i = 0; i < 100'000; ++i) append(context, as_bytes("abcd\x80."));
  const Copying copying = CopyDetector(context).analyse(quotation);
  EXPECT_EQ(copying.longest_copy_bytes, 150U);
  EXPECT_DOUBLE_EQ(copying.mean_copy_bytes, 150);
}

}  // namespace
}  // namespace kraft
