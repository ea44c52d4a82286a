#include "train/transformer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "train/matmul.h"
#include "train/optimizer.h"

namespace kraft::train {
namespace {

constexpr Config kTiny = {.layers = 2, .width = 16, .heads = 2, .inner = 24};
constexpr std::int64_t kLength = 70;  // more than the queries attended to at once

struct Sequences {
  std::vector<std::int32_t> tokens, targets;
};

Sequences random_sequences(std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  Sequences made;
  for (int s = 0; s < 2; ++s) {
    made.tokens.push_back(kTiny.begin());
    for (std::int64_t i = 0; i < kLength; ++i) {
      const auto byte = static_cast<std::int32_t>(engine() % 256);
      made.targets.push_back(byte);
      if (i + 1 < kLength) made.tokens.push_back(byte);
    }
  }
  return made;
}

// Every matrix away from zero, so that no gradient vanishes by itself.
std::vector<float> random_parameters(std::uint64_t seed) {
  std::vector<float> parameters = initial_parameters(kTiny, seed);
  std::mt19937_64 engine(seed);
  std::normal_distribution<float> normal(0, 0.2F);
  for (float& value : parameters) value += normal(engine);
  return parameters;
}

class TransformerTest : public testing::Test {
 protected:
  void SetUp() override { allow_bfloat16(false); }
  void TearDown() override { allow_bfloat16(true); }

  double nats(const std::vector<float>& parameters, const Sequences& data) {
    return model.run(parameters, kLength, data.tokens, data.targets, {}) * std::numbers::ln2;
  }

  Transformer model{kTiny};
};

TEST_F(TransformerTest, GradientOfEveryTensorEqualsDifferences) {
  const Sequences data = random_sequences(1);
  const std::vector<float> parameters = random_parameters(2);
  std::vector<float> gradient(parameters.size());
  model.run(parameters, kLength, data.tokens, data.targets, gradient);
  std::mt19937_64 engine(3);
  std::normal_distribution<float> normal;
  for (const Tensor& tensor : tensors(kTiny)) {
    // Along the gradient, where it is steepest, turned by some noise.
    std::vector<float> direction(parameters.size());
    double norm = 0;
    for (auto i = static_cast<std::size_t>(tensor.offset);
         i < static_cast<std::size_t>(tensor.offset + tensor.count()); ++i) {
      direction[i] = gradient[i] * (1 + 0.5F * normal(engine));
      norm += static_cast<double>(direction[i]) * direction[i];
    }
    ASSERT_GT(norm, 0) << tensor.name;
    const auto step = static_cast<float>(0.01 / std::sqrt(norm));
    double expected = 0;
    std::vector<float> ahead = parameters;
    std::vector<float> behind = parameters;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      ahead[i] += step * direction[i];
      behind[i] -= step * direction[i];
      expected += static_cast<double>(gradient[i]) * step * direction[i];
    }
    const double found = (nats(ahead, data) - nats(behind, data)) / 2;
    EXPECT_NEAR(found, expected, 0.01 * std::abs(expected) + 2e-4) << tensor.name;
  }
}

TEST_F(TransformerTest, LossDependsOnThePastAlone) {
  const std::vector<float> parameters = random_parameters(4);
  Sequences data = random_sequences(5);
  std::vector<float> before(data.targets.size());
  model.run(parameters, kLength, data.tokens, data.targets, {}, before);
  const std::size_t changed = 40;  // this input is seen by the targets from here on
  data.tokens[changed] ^= 1;
  std::vector<float> after(before.size());
  model.run(parameters, kLength, data.tokens, data.targets, {}, after);
  for (std::size_t i = 0; i < changed; ++i) EXPECT_EQ(before[i], after[i]) << i;
  EXPECT_NE(before[changed], after[changed]);
  for (auto i = static_cast<std::size_t>(kLength); i < after.size(); ++i)
    EXPECT_EQ(before[i], after[i]) << "the other sequence, " << i;
}

TEST_F(TransformerTest, ProbabilitiesSumToOne) {
  const std::vector<float> parameters = random_parameters(6);
  Sequences data = random_sequences(7);
  double sum = 0;
  for (std::int32_t target = 0; target < kTiny.vocabulary; ++target) {
    data.targets.back() = target;
    std::vector<float> bits(data.targets.size());
    model.run(parameters, kLength, data.tokens, data.targets, {}, bits);
    sum += std::exp2(-static_cast<double>(bits.back()));
  }
  EXPECT_NEAR(sum, 1, 1e-5);
}

TEST(Bfloat16Test, GradientPointsWhereTheOneInFloatDoes) {
  const Sequences data = random_sequences(8);
  const std::vector<float> parameters = random_parameters(9);
  std::vector<float> exact(parameters.size());
  std::vector<float> rounded(parameters.size());
  allow_bfloat16(false);
  Transformer(kTiny).run(parameters, kLength, data.tokens, data.targets, exact);
  allow_bfloat16(true);
  Transformer(kTiny).run(parameters, kLength, data.tokens, data.targets, rounded);
  double both = 0;
  double first = 0;
  double second = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    both += static_cast<double>(exact[i]) * rounded[i];
    first += static_cast<double>(exact[i]) * exact[i];
    second += static_cast<double>(rounded[i]) * rounded[i];
  }
  EXPECT_GT(both / std::sqrt(first * second), 0.99);
}

TEST(OptimizerTest, LearnsASequenceByHeart) {
  const Sequences data = random_sequences(10);
  std::vector<float> parameters = initial_parameters(kTiny, 11);
  Transformer model(kTiny);
  Optimizer optimizer(kTiny);
  const auto count = static_cast<double>(data.tokens.size());
  const double before = model.run(parameters, kLength, data.tokens, data.targets, {}) / count;
  for (int step = 0; step < 200; ++step) {
    std::vector<float> gradient(parameters.size());
    model.run(parameters, kLength, data.tokens, data.targets, gradient);
    for (float& value : gradient) value /= static_cast<float>(count);
    optimizer.step(1, gradient, parameters);
  }
  EXPECT_GT(before, 7.0);
  EXPECT_LT(model.run(parameters, kLength, data.tokens, data.targets, {}) / count, 2.0);
}

}  // namespace
}  // namespace kraft::train
