// Every filter against its definition, read off all pairs of choices rather than a sorted list.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "toy_models.h"

namespace kraft::testing {
namespace {

struct Units {
  explicit Units(std::vector<std::string> strings) : texts(std::move(strings)) {
    for (const std::string& text : texts) views.push_back(as_bytes(text));
  }
  std::vector<std::string> texts;
  std::vector<ByteView> views;
};

Units letters(std::size_t count) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i)
    texts.push_back(std::string(1, static_cast<char>('a' + i)));
  return Units(texts);
}

std::vector<Choice> choices_of(const std::vector<double>& bits) {
  std::vector<Choice> choices;
  double sum = 0;
  for (double b : bits) sum += std::exp2(-b);
  for (std::size_t i = 0; i < bits.size(); ++i)
    choices.push_back({static_cast<std::uint32_t>(i), bits[i], std::exp2(-bits[i]) / sum});
  return choices;
}

std::vector<Choice> filtered(const SamplerOptions& options, const std::vector<double>& bits,
                             const std::string& drawn = "") {
  std::vector<Choice> choices = choices_of(bits);
  const Units units = letters(bits.size());
  make_filter(options)->apply(choices, units.views, as_bytes(drawn));
  return choices;
}

std::vector<std::uint32_t> units_of(const std::vector<Choice>& choices) {
  std::vector<std::uint32_t> units;
  for (const Choice& choice : choices) units.push_back(choice.unit);
  return units;
}

using Kept = std::vector<std::uint32_t>;

// Random bits with many ties and steps of a quarter, so that sums of weights are seldom equal.
std::vector<double> random_bits(Random& random) {
  std::vector<double> bits(1 + random.below(9));
  for (double& b : bits) b = static_cast<double>(random.below(20)) / 4 - 1;
  return bits;
}

bool before(const Choice& a, const Choice& b) {
  return a.bits < b.bits || (a.bits == b.bits && a.unit < b.unit);
}

// The mass of the choices that come before `choice`.
template <class Before>
double mass_before(const std::vector<Choice>& choices, const Choice& choice, Before&& is_before) {
  double mass = 0;
  for (const Choice& other : choices) {
    if (is_before(other, choice)) mass += other.probability;
  }
  return mass;
}

template <class Keeps>
void expect_kept(const SamplerOptions& options, const std::vector<double>& bits, Keeps&& keeps) {
  const std::vector<Choice> all = choices_of(bits);
  Kept expected;
  double mass = 0;
  for (const Choice& choice : all) {
    if (!keeps(all, choice)) continue;
    expected.push_back(choice.unit);
    mass += choice.probability;
  }
  const std::vector<Choice> kept = filtered(options, bits);
  ASSERT_EQ(units_of(kept), expected);
  for (const Choice& choice : kept)
    EXPECT_NEAR(choice.probability, all[choice.unit].probability / mass, 1e-12);
}

TEST(TopK, KeepsTheKMostProbable) {
  Random random(1);
  for (int i = 0; i < 500; ++i) {
    const int k = 1 + static_cast<int>(random.below(10));
    expect_kept({.top_k = k}, random_bits(random), [&](const auto& all, const Choice& choice) {
      return std::count_if(all.begin(), all.end(),
                           [&](const Choice& other) { return before(other, choice); }) < k;
    });
  }
}

TEST(TopK, LowestUnitsWinTies) {
  EXPECT_EQ(units_of(filtered({.top_k = 2}, {3, 3, 3, 3})), (Kept{0, 1}));
  EXPECT_EQ(units_of(filtered({.top_k = 2}, {3, 3, 1, 3})), (Kept{0, 2}));
}

TEST(TopP, KeepsTheSmallestSetWithTheMass) {
  Random random(2);
  for (int i = 0; i < 500; ++i) {
    const double p = 0.01 + 0.98 * random.uniform();
    expect_kept({.top_p = p}, random_bits(random), [&](const auto& all, const Choice& choice) {
      return mass_before(all, choice, before) < p;
    });
  }
}

TEST(TopP, StopsWhereTheMassIsReachedExactly) {
  EXPECT_EQ(units_of(filtered({.top_p = 0.5}, {1, 2, 2})), (Kept{0}));
  EXPECT_EQ(units_of(filtered({.top_p = 0.75}, {2, 1, 2})), (Kept{0, 1}));
  EXPECT_EQ(units_of(filtered({.top_p = 1e-9}, {2, 1, 2})), (Kept{1}));
}

TEST(MinP, DropsWhatIsBelowTheShareOfTheMostProbable) {
  Random random(3);
  for (int i = 0; i < 500; ++i) {
    const double share = random.uniform();
    expect_kept({.min_p = share}, random_bits(random), [&](const auto& all, const Choice& choice) {
      return std::all_of(all.begin(), all.end(), [&](const Choice& other) {
        return choice.probability >= share * other.probability;
      });
    });
  }
}

TEST(MinP, KeepsWhatIsAtTheShare) {
  EXPECT_EQ(units_of(filtered({.min_p = 0.25}, {3, 1, 4, 2})), (Kept{0, 1, 3}));
  EXPECT_EQ(units_of(filtered({.min_p = 1}, {2, 1, 1})), (Kept{1, 2}));
}

TEST(Typical, KeepsTheNearestToTheEntropyUntilTheMassIsExceeded) {
  Random random(4);
  for (int i = 0; i < 500; ++i) {
    const double mass = 0.01 + 0.98 * random.uniform();
    std::vector<double> bits = random_bits(random);
    for (double& b : bits) b += 1e-3 * random.uniform();  // no ties in the distance
    double entropy = 0;
    for (const Choice& choice : choices_of(bits))
      entropy -= choice.probability * std::log2(choice.probability);
    const auto nearer = [&](const Choice& a, const Choice& b) {
      return std::abs(-std::log2(a.probability) - entropy) <
             std::abs(-std::log2(b.probability) - entropy);
    };
    expect_kept({.typical = mass}, bits, [&](const auto& all, const Choice& choice) {
      return mass_before(all, choice, nearer) <= mass;
    });
  }
}

TEST(Typical, MayDropTheMostProbable) {
  // 0.4 and six times 0.1: 2.5 bits of entropy, to which the six with 3.3 bits are nearest.
  const double rare = std::log2(10);
  EXPECT_EQ(
      units_of(filtered({.typical = 0.35}, {std::log2(2.5), rare, rare, rare, rare, rare, rare})),
      (Kept{1, 2, 3, 4}));
}

TEST(Typical, SurvivesProbabilitiesThatRoundToZero) {
  EXPECT_EQ(units_of(filtered({.typical = 0.9}, {5000, 0, 9000})), (Kept{1}));
}

TEST(Temperature, DividesTheBits) {
  const std::vector<double> bits = {1, 2, 4.5};
  for (double temperature : {0.5, 0.7, 2.0, 100.0}) {
    double sum = 0;
    for (double b : bits) sum += std::exp2(-b / temperature);
    const auto kept = filtered({.temperature = temperature}, bits);
    ASSERT_EQ(kept.size(), 3u);
    for (const Choice& choice : kept)
      EXPECT_NEAR(choice.probability, std::exp2(-bits[choice.unit] / temperature) / sum, 1e-12);
  }
}

TEST(Temperature, NearZeroNeitherOverflowsNorVanishes) {
  const auto kept = filtered({.temperature = 1e-300}, {-5, 3, -5, 1e6});
  EXPECT_EQ(kept[0].probability, 0.5);
  EXPECT_EQ(kept[1].probability, 0);
  EXPECT_EQ(kept[2].probability, 0.5);
}

TEST(Temperature, ZeroKeepsTheMostProbableAndOfEqualsTheLowest) {
  const auto kept = filtered({.temperature = 0}, {4, 2, 3, 2});
  ASSERT_EQ(units_of(kept), (Kept{1}));
  EXPECT_EQ(kept[0].probability, 1);
}

// By the definition: unit after unit of bytes, is there an n-gram that was there before?
bool repeats(const std::string& drawn, const std::string& unit, std::size_t n) {
  std::string text = drawn;
  for (char c : unit) {
    const std::string before_c = text;
    text += c;
    if (text.size() >= n && before_c.find(text.substr(text.size() - n)) != std::string::npos)
      return true;
  }
  return false;
}

TEST(RepeatNgram, DropsWhatWouldCompleteAnNgramAlreadyDrawn) {
  Random random(5);
  const Units units(strings_over("ab", 3));
  for (int n = 1; n <= 5; ++n) {
    for (int i = 0; i < 60; ++i) {
      const auto filter = make_filter({.repeat_ngram = n});
      std::string drawn;
      while (drawn.size() < 14) {  // one filter sees the text grow
        std::vector<Choice> choices = choices_of(std::vector<double>(units.texts.size(), 3));
        Kept expected;
        for (const Choice& choice : choices) {
          if (!repeats(drawn, units.texts[choice.unit], static_cast<std::size_t>(n)))
            expected.push_back(choice.unit);
        }
        if (expected.empty()) {
          for (const Choice& choice : choices) expected.push_back(choice.unit);
        }
        filter->apply(choices, units.views, as_bytes(drawn));
        ASSERT_EQ(units_of(choices), expected) << n << " after " << drawn;
        EXPECT_NEAR(choices[0].probability, 1.0 / static_cast<double>(expected.size()), 1e-12);
        for (std::uint64_t more = 1 + random.below(3); more > 0; --more)
          drawn += random.below(2) == 0 ? 'a' : 'b';
      }
    }
  }
}

TEST(RepeatNgram, DropsNothingWhereItWouldDropEverything) {
  EXPECT_EQ(units_of(filtered({.repeat_ngram = 1}, {1, 2, 3}, "abc")), (Kept{0, 1, 2}));
  EXPECT_EQ(units_of(filtered({.repeat_ngram = 1}, {1, 2, 3}, "ac")), (Kept{1}));
}

TEST(RepeatNgram, WeighsWhatItLeavesEvenIfThatWasAsGoodAsImpossible) {
  const auto kept = filtered({.repeat_ngram = 1}, {0, 5000, 5001}, "a");
  ASSERT_EQ(units_of(kept), (Kept{1, 2}));
  EXPECT_NEAR(kept[0].probability, 2.0 / 3, 1e-12);
}

TEST(FilterChain, AppliesInLlamaCppsOrder) {
  // top-k leaves 1/2 and 1/4 of 3/4; of that, 0.6 of mass is the first alone. In the other order
  // both would stay.
  EXPECT_EQ(units_of(filtered({.top_k = 2, .top_p = 0.6}, {1, 2, 3, 3})), (Kept{0}));
  // min-p comes before temperature, which would have flattened the difference.
  EXPECT_EQ(units_of(filtered({.min_p = 0.6, .temperature = 100}, {1, 2, 3, 3})), (Kept{0}));
}

TEST(FilterChain, DisabledValuesChangeNothing) {
  const std::vector<double> bits = {1, 2, 3, 3};
  const auto kept = filtered({}, bits);
  const auto all = choices_of(bits);
  ASSERT_EQ(units_of(kept), units_of(all));
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(kept[i].probability, all[i].probability);
}

TEST(FilterOptions, AreCheckedAgainstTheirRanges) {
  const auto error = [](const SamplerOptions& options) {
    return usage_error([&] { make_filter(options); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(error({.repeat_ngram = -1}), "repeat-ngram -1 is out of range: 0..1024");
  EXPECT_EQ(error({.top_k = -3}), "top-k -3 is out of range: 0..2147483647");
  EXPECT_EQ(error({.typical = 0}), "typical 0 is out of range: (0, 1]");
  EXPECT_EQ(error({.top_p = 1.5}), "top-p 1.5 is out of range: (0, 1]");
  EXPECT_EQ(error({.top_p = nan}), "top-p nan is out of range: (0, 1]");
  EXPECT_EQ(error({.min_p = 1.25}), "min-p 1.25 is out of range: [0, 1]");
  EXPECT_EQ(error({.min_p = nan}), "min-p nan is out of range: [0, 1]");
  EXPECT_EQ(error({.typical = nan}), "typical nan is out of range: (0, 1]");
  EXPECT_EQ(error({.temperature = -0.5}), "temperature -0.5 is out of range: [0, inf)");
  EXPECT_EQ(error({.temperature = kInfinity}), "temperature inf is out of range: [0, inf)");
  EXPECT_EQ(error({.temperature = nan}), "temperature nan is out of range: [0, inf)");
  EXPECT_EQ(error({.top_k = 3, .typical = 0.9, .top_p = 1, .min_p = 0.1, .temperature = 0}),
            "no error");
}

}  // namespace
}  // namespace kraft::testing
