#include "models/cm/least_squares.h"

#include <algorithm>
#include <bit>

#include "coding/wide.h"

namespace kraft::cm {
namespace {

// Fixed points: the equations are scaled to kEquationBits, factors of the triangle have
// kFactorBits after the point.
constexpr int kEquationBits = 44, kFactorBits = 32, kReciprocalBits = 75;
constexpr std::int64_t kLeastPivot = std::int64_t{1} << 19;

std::int64_t shifted(std::int64_t value, int left) {
  return left >= 0 ? value << left : value >> -left;
}

// What rounding could make of nearly singular equations stays within bounds.
std::int64_t narrowed(SignedWide value) {
  constexpr SignedWide kMost = SignedWide{1} << 58;
  return static_cast<std::int64_t>(value > kMost ? kMost : value < -kMost ? -kMost : value);
}

std::int64_t times(std::int64_t a, std::int64_t b, int right) {
  return narrowed((SignedWide{a} * b) >> right);
}

}  // namespace

// By products = L D L^T.
void solve_squares(std::span<const std::int64_t> products, std::span<const std::int64_t> with_value,
                   std::int64_t noise, std::span<std::int32_t> weights) {
  const std::size_t n = weights.size();
  noise = std::min(noise, std::int64_t{1} << 60);
  std::int64_t most = std::max<std::int64_t>(noise, 1);
  for (std::size_t i = 0; i < n; ++i) most = std::max(most, products[i * (i + 3) / 2]);
  const int left =
      kEquationBits - static_cast<int>(std::bit_width(static_cast<std::uint64_t>(most)));
  const std::int64_t more = shifted(noise, left) + kLeastPivot;

  std::array<std::array<std::int64_t, kMostSquaresInputs>, kMostSquaresInputs> factors;  // L
  std::array<std::int64_t, kMostSquaresInputs> reciprocals, scaled, solution;
  const std::int64_t* product = products.data();
  for (std::size_t i = 0; i < n; ++i) {
    const auto& row = factors[i];
    SignedWide of_value = SignedWide{shifted(with_value[i], left)} << kFactorBits;
    SignedWide pivot = SignedWide{shifted(product[i], left) + more} << kFactorBits;
    for (std::size_t j = 0; j < i; ++j) {
      SignedWide sum = SignedWide{shifted(product[j], left)} << kFactorBits;
      for (std::size_t k = 0; k < j; ++k) sum -= SignedWide{scaled[k]} * factors[j][k];
      scaled[j] = narrowed(sum >> kFactorBits);
      factors[i][j] = times(scaled[j], reciprocals[j], kReciprocalBits - kFactorBits);
      pivot -= SignedWide{scaled[j]} * row[j];
      of_value -= SignedWide{solution[j]} * row[j];
    }
    product += i + 1;
    const std::int64_t d = std::max(narrowed(pivot >> kFactorBits), kLeastPivot);
    reciprocals[i] = static_cast<std::int64_t>((SignedWide{1} << kReciprocalBits) / d);
    solution[i] = narrowed(of_value >> kFactorBits);
  }
  for (std::size_t i = n; i-- > 0;) {
    SignedWide sum = SignedWide{times(solution[i], reciprocals[i], kReciprocalBits - kFactorBits)}
                     << kFactorBits;
    for (std::size_t k = i + 1; k < n; ++k) sum -= SignedWide{solution[k]} * factors[k][i];
    solution[i] = narrowed(sum >> kFactorBits);
  }
  constexpr std::int64_t kMost = std::int64_t{1} << 27;
  for (std::size_t i = 0; i < n; ++i)
    weights[i] = static_cast<std::int32_t>(
        std::clamp(solution[i] >> (kFactorBits - kSquaresWeightBits), -kMost, kMost));
}

}  // namespace kraft::cm
