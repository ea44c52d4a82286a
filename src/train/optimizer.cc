#include "train/optimizer.h"

#include <algorithm>
#include <cmath>

#include "train/matmul.h"

namespace kraft::train {
namespace {

constexpr float kMomentum = 0.95F;
constexpr double kMuonRate = 0.02;
constexpr double kMuonDecay = 0.02;
constexpr double kAdamRate = 0.004;
constexpr float kAdamFirst = 0.9F;
constexpr float kAdamSecond = 0.98F;
constexpr float kTiny = 1e-10F;

}  // namespace

Optimizer::Optimizer(const Config& config)
    : first(static_cast<std::size_t>(parameter_count(config))),
      second(first.size()),
      tensors_(tensors(config)) {}

void Optimizer::step(double rate, std::span<const float> gradient, std::span<float> parameters) {
  ++steps;
  for (const Tensor& tensor : tensors_) {
    if (tensor.rows > 1 && !tensor.is_embedding()) {
      muon(tensor, rate, gradient, parameters);
    } else {
      adam(tensor, rate, gradient, parameters);
    }
  }
}

void Optimizer::adam(const Tensor& tensor, double rate, std::span<const float> gradient,
                     std::span<float> parameters) {
  const auto t = static_cast<double>(steps);
  const auto length = static_cast<float>(
      rate * kAdamRate * std::sqrt(1 - std::pow(static_cast<double>(kAdamSecond), t)) /
      (1 - std::pow(static_cast<double>(kAdamFirst), t)));
  for (auto i = static_cast<std::size_t>(tensor.offset);
       i < static_cast<std::size_t>(tensor.offset + tensor.count()); ++i) {
    first[i] = kAdamFirst * first[i] + (1 - kAdamFirst) * gradient[i];
    second[i] = kAdamSecond * second[i] + (1 - kAdamSecond) * gradient[i] * gradient[i];
    parameters[i] -= length * first[i] / (std::sqrt(second[i]) + kTiny);
  }
}

void Optimizer::muon(const Tensor& tensor, double rate, std::span<const float> gradient,
                     std::span<float> parameters) {
  const auto offset = static_cast<std::size_t>(tensor.offset);
  const auto count = static_cast<std::size_t>(tensor.count());
  x_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    float& momentum = first[offset + i];
    momentum = kMomentum * momentum + gradient[offset + i];
    x_[i] = gradient[offset + i] + kMomentum * momentum;  // Nesterov's
  }
  orthogonalise(tensor.rows, tensor.columns);
  const double tall = std::sqrt(
      std::max(1.0, static_cast<double>(tensor.rows) / static_cast<double>(tensor.columns)));
  const auto length = static_cast<float>(rate * kMuonRate * tall);
  const auto keep = static_cast<float>(1 - rate * kMuonRate * kMuonDecay);
  for (std::size_t i = 0; i < count; ++i)
    parameters[offset + i] = parameters[offset + i] * keep - length * x_[i];
}

// Brings all singular values of x_ near 1 by five Newton-Schulz steps of the quintic of Jordan.
void Optimizer::orthogonalise(std::int64_t rows, std::int64_t columns) {
  constexpr float a = 3.4445F;
  constexpr float b = -4.7750F;
  constexpr float c = 2.0315F;
  double square = 0;
  for (const float value : x_) square += static_cast<double>(value) * value;
  const auto shrink = static_cast<float>(1 / (std::sqrt(square) + 1e-20));
  for (float& value : x_) value *= shrink;

  const bool wide = rows <= columns;  // then x x' is the smaller product, else x' x
  const std::int64_t n = std::min(rows, columns);
  xx_.resize(static_cast<std::size_t>(n * n));
  polynomial_.resize(xx_.size());
  product_.resize(x_.size());
  for (int i = 0; i < 5; ++i) {
    matmul(wide ? Turn::no : Turn::yes, wide ? Turn::yes : Turn::no, n, n, std::max(rows, columns),
           x_.data(), x_.data(), xx_.data());
    matmul(Turn::no, Turn::no, n, n, n, xx_.data(), xx_.data(), polynomial_.data());
    for (std::size_t j = 0; j < xx_.size(); ++j) polynomial_[j] = b * xx_[j] + c * polynomial_[j];
    matmul(Turn::no, Turn::no, rows, columns, n, wide ? polynomial_.data() : x_.data(),
           wide ? x_.data() : polynomial_.data(), product_.data());
    for (std::size_t j = 0; j < x_.size(); ++j) x_[j] = a * x_[j] + product_[j];
  }
}

}  // namespace kraft::train
