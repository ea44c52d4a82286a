// Points in a space of so many dimensions.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace kraft {

struct Points {
  std::size_t dimensions = 0;
  std::vector<double> values = {};  // point after point

  std::size_t count() const { return dimensions == 0 ? 0 : values.size() / dimensions; }
  std::span<const double> operator[](std::size_t i) const {
    return std::span(values).subspan(i * dimensions, dimensions);
  }
  std::span<double> operator[](std::size_t i) {
    return std::span(values).subspan(i * dimensions, dimensions);
  }
};

// The sum of term(i) for all i below `count`, in an order that does not depend on the machine.
template <class Term>
double sum_of(std::size_t count, const Term& term) {
  constexpr std::size_t kLanes = 4;  // as vector instructions have them
  std::array<double, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += term(i + lane);
  }
  double sum = sums[0] + sums[1] + sums[2] + sums[3];
  for (; i < count; ++i) sum += term(i);
  return sum;
}

inline double dot(std::span<const double> a, std::span<const double> b) {
  return sum_of(a.size(), [&](std::size_t i) { return a[i] * b[i]; });
}

inline double squared_distance(std::span<const double> a, std::span<const double> b) {
  return sum_of(a.size(), [&](std::size_t i) { return (a[i] - b[i]) * (a[i] - b[i]); });
}

}  // namespace kraft
