// A long adaptive filter whose weights move by fixed steps, by the signs of its error and of what
// it saw (sign-sign least mean squares, the filter of Monkey's Audio), in integers.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace kraft::cm {

template <std::size_t kLength>
class SignLms {
 public:
  // Of the next value, by the last kLength ones.
  std::int32_t predict() const {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < kLength; ++i) sum += std::int32_t{values_[i]} * weights_[i];
    return static_cast<std::int32_t>(sum >> kWeightBits);
  }

  // What came, and what predict() said of it. The weights stay as they are unless it learns.
  void observe(std::int32_t value, std::int32_t predicted, bool learns) {
    const int sign = learns ? (value > predicted) - (value < predicted) : 0;
    for (std::size_t i = 0; sign != 0 && i < kLength; ++i)
      weights_[i] = static_cast<std::int16_t>(
          std::clamp(weights_[i] + sign * moves_[i], -kMostWeight, kMostWeight));
    std::copy_backward(values_.begin(), values_.end() - 1, values_.end());
    std::copy_backward(moves_.begin(), moves_.end() - 1, moves_.end());
    values_[0] = static_cast<std::int16_t>(std::clamp(value, -kMostWeight, kMostWeight));
    moves_[0] = static_cast<std::int16_t>(move_of(values_[0]));
    mean_ += (std::abs(std::int32_t{values_[0]}) * 16 - mean_) / 16;
  }

 private:
  static constexpr int kWeightBits = 15, kMostWeight = 32767;
  static constexpr int kStep = kLength > 128 ? 2 : kLength > 24 ? 4 : 8;

  // The larger the value is beside the others, the farther its weight moves.
  int move_of(std::int32_t value) const {
    const std::int32_t size = std::abs(value) * 16;
    if (size == 0) return 0;
    const int steps = size > mean_ * 3 ? 4 : size > mean_ * 4 / 3 ? 2 : 1;
    return (value < 0 ? -steps : steps) * kStep;
  }

  std::array<std::int16_t, kLength> values_{}, moves_{}, weights_{};  // the latest value first
  std::int32_t mean_ = 0;                                             // of sizes, in sixteenths
};

}  // namespace kraft::cm
