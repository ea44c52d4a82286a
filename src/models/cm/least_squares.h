// Least squares as samples come, in integers: the weights by which known samples predict the next
// one best, where old samples count less and less (Meyer and Tischer, "TMW - a new method for
// lossless image compression", 1997, has such weights for pictures).
//
//     constexpr LeastSquaresSettings kSettings{.inputs = 16, .memory_bits = 9};
//     LeastSquares<16> squares;
//     const std::int64_t expected = squares.predict(known, 16);    // in units of 2^-20
//     squares.learn(kSettings, known, sample, 1);
//
// The normal equations are kept in 64 bits and solved by Cholesky's method with 128 bits in
// between, so that every machine finds the same weights.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kraft::cm {

inline constexpr int kSquaresWeightBits = 20;
inline constexpr std::size_t kMostSquaresInputs = 32;

struct LeastSquaresSettings {
  std::size_t inputs = 16;
  int memory_bits = 9;     // an observation counts half after 0.7 * 2^memory_bits others
  int every = 8;           // observations from one solution to the next
  std::int64_t noise = 1;  // variance of the noise that the inputs are taken to have
};

// products * weights = with_value, where `products` is the lower triangle, row by row.
// O(n^3) for n weights.
void solve_squares(std::span<const std::int64_t> products, std::span<const std::int64_t> with_value,
                   std::int64_t noise, std::span<std::int32_t> weights);

// All zero at first, so that it may lie in JournaledMemory.
template <std::size_t kMost>
class LeastSquares {
  static_assert(kMost <= kMostSquaresInputs);

 public:
  // Of inputs below 2^16, in units of 2^-kSquaresWeightBits.
  std::int64_t predict(const std::int32_t* inputs, std::size_t count) const {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += std::int64_t{weights_[i]} * inputs[i];
    return sum;
  }

  // An observation counts for `importance`, 1 to 2^7. O(inputs^2). In place of what is old
  // shrinking, what is new grows; now and then, all shrinks.
  void learn(const LeastSquaresSettings& settings, const std::int32_t* inputs, std::int32_t value,
             std::int64_t importance) {
    const std::int64_t weight = ((kFirstGrowth + growth_) >> kGrowthBits) * importance;
    std::int64_t* product = products_.data();
    for (std::size_t i = 0; i < settings.inputs; ++i) {
      const std::int64_t weighted = inputs[i] * weight;
      for (std::size_t j = 0; j <= i; ++j) product[j] += weighted * inputs[j];
      product += i + 1;
      with_value_[i] += weighted * value;
    }
    counted_ += weight;
    growth_ += (kFirstGrowth + growth_) >> settings.memory_bits;
    if (growth_ >= kFirstGrowth << kGrowthBits) shrink();
    if (++since_solved_ < settings.every) return;
    since_solved_ = 0;
    const std::size_t n = settings.inputs;
    solve_squares({products_.data(), n * (n + 1) / 2}, {with_value_.data(), n},
                  counted_ * settings.noise, {weights_.data(), n});
  }

  void set_weight(std::size_t input, std::int32_t weight) { weights_[input] = weight; }

 private:
  static constexpr int kGrowthBits = 10, kShrinkBits = 5;
  static constexpr std::int64_t kFirstGrowth = 1 << kGrowthBits;

  void shrink() {
    growth_ = ((kFirstGrowth + growth_) >> kShrinkBits) - kFirstGrowth;
    counted_ >>= kShrinkBits;
    for (auto& sum : products_) sum >>= kShrinkBits;
    for (auto& sum : with_value_) sum >>= kShrinkBits;
  }

  std::int64_t growth_ = 0;   // what an observation counts more than kFirstGrowth
  std::int64_t counted_ = 0;  // what all count together
  int since_solved_ = 0;
  std::array<std::int32_t, kMost> weights_{};
  std::array<std::int64_t, kMost> with_value_{};
  std::array<std::int64_t, kMost*(kMost + 1) / 2> products_{};
};

}  // namespace kraft::cm
