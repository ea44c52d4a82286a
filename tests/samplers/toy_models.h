// Toy models for the samplers' tests, small enough to enumerate, and the chi-squared test.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "kraft/error.h"
#include "kraft/model.h"
#include "kraft/sampler.h"
#include "sanitized.h"

namespace kraft::testing {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The length in bits of a whole text.
using Length = std::function<double(const std::string&)>;

// A state that measures with a length function and fails the test when marks are not nested.
class ToyState : public State {
 public:
  explicit ToyState(Length length, std::string text = "")
      : length_(std::move(length)), text_(std::move(text)) {}

  void observe(ByteView bytes) override { text_ += as_text(bytes); }
  std::uint64_t position_bytes() const override { return text_.size(); }
  double context_bits() override { return length_(text_); }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    asked_.insert(text_);
    const double base = length_(text_);
    for (std::size_t i = 0; i < continuations.size(); ++i)
      bits[i] = length_(text_ + std::string(as_text(continuations[i]))) - base;
  }

  Mark mark() override {
    marks_.push_back({++last_serial_, text_.size()});
    return {last_serial_};
  }
  void rewind(Mark mark) override {
    drop_after(mark);
    if (!marks_.empty()) text_.resize(marks_.back().size);
  }
  void forget(Mark mark) override {
    drop_after(mark);
    if (!marks_.empty()) marks_.pop_back();
  }
  std::unique_ptr<State> clone() const override {
    return std::make_unique<ToyState>(length_, text_);
  }

  const std::string& text() const { return text_; }
  std::size_t open_marks() const { return marks_.size(); }
  const std::set<std::string>& asked() const { return asked_; }  // contexts of all measurements

 private:
  struct Place {
    std::uint64_t serial;
    std::size_t size;
  };

  void drop_after(Mark mark) {
    while (!marks_.empty() && marks_.back().serial > mark.serial) marks_.pop_back();
    if (marks_.empty() || marks_.back().serial != mark.serial) ADD_FAILURE() << "not a valid mark";
  }

  Length length_;
  std::string text_;
  std::vector<Place> marks_;
  std::uint64_t last_serial_ = 0;
  std::set<std::string> asked_;
};

// A causal model: p(byte | the last two bytes) from a table of arbitrary weights.
inline double table_length(const std::string& text) {
  const auto weight = [&](char a, char b, char c) {
    return 1.0 + static_cast<double>((a * 7 + b * 13 + c * 29 + a * c) % 11);
  };
  double bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char a = i >= 2 ? text[i - 2] : '.';
    const char b = i >= 1 ? text[i - 1] : '.';
    double sum = 0;
    for (char c : {'a', 'b', 'c'}) sum += weight(a, b, c);
    bits -= std::log2(weight(a, b, text[i]) / sum);
  }
  return bits;
}

// A codec-like length: phrases as in LZ78, priced by the whole text, neither causal nor monotone.
inline double codec_length(const std::string& text) {
  std::set<std::string> phrases;
  std::set<char> bytes(text.begin(), text.end());
  std::string phrase;
  double bits = 0;
  for (char c : text) {
    phrase += c;
    if (phrases.insert(phrase).second) {
      bits += 1.3 + 0.25 * static_cast<double>(phrases.size());
      phrase.clear();
    }
  }
  return bits + 2.1 * static_cast<double>(bytes.size()) - (phrase.size() > 1 ? 0.7 : 0.0);
}

// Every string of `length` bytes over the alphabet, in the order of their bytes.
inline std::vector<std::string> strings_over(const std::string& alphabet, std::size_t length) {
  std::vector<std::string> strings = {""};
  for (std::size_t i = 0; i < length; ++i) {
    std::vector<std::string> longer;
    for (const std::string& s : strings) {
      for (char c : alphabet) longer.push_back(s + c);
    }
    strings = std::move(longer);
  }
  return strings;
}

using Distribution = std::map<std::string, double>;

// 2^-(bits / temperature), normalised.
inline Distribution from_bits(const Distribution& bits, double temperature = 1) {
  Distribution p;
  double sum = 0;
  for (const auto& [outcome, b] : bits) sum += p[outcome] = std::exp2(-b / temperature);
  for (auto& [outcome, probability] : p) probability /= sum;
  return p;
}

struct ChiSquared {
  double statistic = 0;
  double critical = 0;  // exceeded with probability 1e-4 when the distribution is right
  bool passes() const { return statistic < critical; }
};

// Pearson's test. Outcomes expected fewer than 5 times are pooled; an impossible one that was drawn
// makes the statistic infinite. The critical value is Wilson and Hilferty's (1931).
inline ChiSquared chi_squared(const std::map<std::string, int>& counts,
                              const Distribution& expected) {
  double draws = 0;
  for (const auto& [outcome, count] : counts) draws += count;
  ChiSquared test;
  double pooled_expected = 0;
  double pooled_count = 0;
  int cells = 0;
  const auto add = [&](double count, double mean) {
    test.statistic += (count - mean) * (count - mean) / mean;
    ++cells;
  };
  for (const auto& [outcome, p] : expected) {
    const auto found = counts.find(outcome);
    const double count = found == counts.end() ? 0 : found->second;
    if (p * draws >= 5) {
      add(count, p * draws);
    } else {
      pooled_expected += p * draws;
      pooled_count += count;
    }
  }
  if (pooled_expected > 0) add(pooled_count, pooled_expected);
  for (const auto& [outcome, count] : counts) {
    const auto found = expected.find(outcome);
    if (found == expected.end() || found->second == 0) test.statistic = kInfinity;
  }
  const double freedom = std::max(1, cells - 1);
  const double z = 3.719;
  const double h = 2 / (9 * freedom);
  test.critical = freedom * std::pow(1 - h + z * std::sqrt(h), 3);
  return test;
}

// The same with a quarter of the mass of the likeliest outcome given to the least likely one.
inline Distribution wrong(Distribution p) {
  auto most = p.begin();
  auto least = p.begin();
  for (auto i = p.begin(); i != p.end(); ++i) {
    if (i->second > most->second) most = i;
    if (i->second <= least->second) least = i;
  }
  const double moved = most->second / 4;
  most->second -= moved;
  least->second += moved;
  return p;
}

// Draws once from a toy model and checks what every sampler promises.
inline std::string draw(const Sampler& sampler, const Length& length, const Candidates& candidates,
                        const SampleRequest& request, Random& random) {
  ToyState state(length, std::string(as_text(request.history)));
  const Bytes drawn = sample(sampler, state, candidates, request, random);
  EXPECT_EQ(drawn.size(), request.length_bytes);
  EXPECT_EQ(state.text(), std::string(as_text(request.history)) + std::string(as_text(drawn)));
  EXPECT_EQ(state.open_marks(), 0u);
  return std::string(as_text(drawn));
}

inline std::map<std::string, int> draw_many(const Sampler& sampler, const Length& length,
                                            const Candidates& candidates,
                                            const SampleRequest& request, int times) {
  std::map<std::string, int> counts;
  Random random(20240517);
  for (int i = 0; i < times; ++i) ++counts[draw(sampler, length, candidates, request, random)];
  return counts;
}

// The drawn frequencies are those of `expected`, and the test would have noticed if they were not
// (which takes all draws).
inline void expect_distribution(const std::map<std::string, int>& counts,
                                const Distribution& expected) {
  const ChiSquared test = chi_squared(counts, expected);
  EXPECT_TRUE(test.passes()) << test.statistic << " against " << test.critical;
  if (!kSanitized) {
    EXPECT_FALSE(chi_squared(counts, wrong(expected)).passes());
  }
}

inline Candidates abc() { return Candidates::bytes(as_bytes("abc")); }

template <class Function>
std::string usage_error(Function&& function) {
  try {
    function();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace kraft::testing
