// From weights or code lengths to masses, the same on every machine: beyond one subtraction,
// multiplication and rounding of code lengths, which IEEE 754 fixes to the bit, nothing here is
// floating point.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "coding/wide.h"
#include "kraft/coder.h"
#include "kraft/error.h"

namespace kraft {
namespace {

constexpr int kFractionBits = 24;  // of a code length
constexpr int kWeightBits = 44;    // the weight of the likeliest symbol is 2^44: sums stay below
                                   // 2^44 * kMostSymbols = 2^63
constexpr int kRootBits = 63;      // of the factors below
constexpr int kScaleBits = 59;     // of the factor from weights to masses

constexpr std::uint64_t square_root(Wide square) {
  std::uint64_t root = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const std::uint64_t larger = root | std::uint64_t{1} << bit;
    if (Wide{larger} * larger <= square) root = larger;
  }
  return root;
}

constexpr std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>(Wide{a} * b >> kRootBits);
}

// 2^-f for a fraction f of 24 bits is a product of three factors, one for each of its bytes:
// factors[0][i] = 2^-(i/2^8), factors[1][i] = 2^-(i/2^16), factors[2][i] = 2^-(i/2^24), all times
// 2^63. They in turn are products of the square roots of the square roots of 1/2.
using Factors = std::array<std::array<std::uint64_t, 256>, 3>;

constexpr Factors make_factors() {
  std::array<std::uint64_t, kFractionBits> roots{};  // 2^-(2^-(k+1))
  Wide square = Wide{1} << (2 * kRootBits - 1);      // one half
  for (std::uint64_t& root : roots) {
    root = square_root(square);
    square = Wide{root} << kRootBits;
  }
  Factors factors{};
  for (std::size_t byte = 0; byte < 3; ++byte) {
    for (std::size_t i = 0; i < 256; ++i) {
      std::uint64_t factor = std::uint64_t{1} << kRootBits;
      for (std::size_t bit = 0; bit < 8; ++bit) {
        if (i >> (7 - bit) & 1) factor = product(factor, roots[8 * byte + bit]);
      }
      factors[byte][i] = factor;
    }
  }
  return factors;
}

constexpr Factors kFactors = make_factors();

// 2^-more_bits in units of 2^-44, for more_bits >= 0, +infinity included.
std::uint64_t weight_of(double more_bits) {
  if (!(more_bits < kWeightBits + 1)) return 0;
  const auto fixed =
      static_cast<std::uint64_t>(more_bits * static_cast<double>(1 << kFractionBits) + 0.5);
  const std::uint64_t coarse =
      product(kFactors[0][fixed >> 16 & 255], kFactors[1][fixed >> 8 & 255]);
  const std::uint64_t fraction = product(coarse, kFactors[2][fixed & 255]);
  const std::uint64_t shift = kRootBits - kWeightBits + (fixed >> kFractionBits);
  return shift < 64 ? fraction >> shift : 0;
}

void expect_size(std::size_t n) {
  if (n == 0 || n > IntegerDistribution::kMostSymbols)
    throw Error("a distribution over " + std::to_string(n) + " symbols cannot be coded: 1.." +
                std::to_string(IntegerDistribution::kMostSymbols));
}

double least_of(std::span<const double> bits) {
  double least = std::numeric_limits<double>::infinity();
  for (double b : bits) {
    if (std::isnan(b) || b == -std::numeric_limits<double>::infinity())
      throw Error("the model's code length is not a number of bits");
    least = std::min(least, b);
  }
  return least;
}

}  // namespace

void IntegerDistribution::assign(std::span<const double> bits) {
  const std::size_t n = bits.size();
  expect_size(n);
  const double least = least_of(bits);
  begins_.resize(n + 1);

  std::uint64_t sum = 0;
  std::size_t heaviest = n;
  for (std::size_t i = 0; i < n; ++i) {
    // Infinity less infinity would not be a number.
    const std::uint64_t weight = bits[i] == least ? weight_of(0) : weight_of(bits[i] - least);
    begins_[i] = weight;
    sum += weight;
    if (heaviest == n && bits[i] == least) heaviest = i;
  }
  share_out(sum, heaviest);
}

void IntegerDistribution::assign(std::span<const std::uint64_t> weights) {
  expect_size(weights.size());
  const std::uint64_t sum = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
  const auto heaviest =
      static_cast<std::size_t>(std::ranges::max_element(weights) - weights.begin());
  begins_.resize(weights.size() + 1);
  if (sum == 0) {
    std::ranges::fill(begins_, std::uint64_t{1} << kWeightBits);
    share_out(weights.size() << kWeightBits, 0);
    return;
  }
  const int shift = std::max(0, kWeightBits + 1 - static_cast<int>(std::bit_width(sum)));
  for (std::size_t i = 0; i < weights.size(); ++i) begins_[i] = weights[i] << shift;
  share_out(sum << shift, heaviest);
}

// From weights in begins_, of a sum from 2^44 on.
void IntegerDistribution::share_out(std::uint64_t sum, std::size_t heaviest) {
  const std::size_t n = size();
  const std::uint64_t to_share = kTotal - n;  // beyond the minimum of 1 for each
  const auto scale = static_cast<std::uint64_t>((Wide{to_share} << kScaleBits) / sum);
  std::uint64_t shared = 0;
  for (std::size_t i = 0; i < n; ++i) {
    begins_[i] = static_cast<std::uint64_t>(Wide{begins_[i]} * scale >> kScaleBits);
    shared += begins_[i];
  }
  begins_[heaviest] += to_share - shared;  // what rounding down has left

  std::uint64_t end = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t mass = 1 + begins_[i];
    begins_[i] = end;
    end += mass;
  }
  begins_[n] = end;
}

std::size_t IntegerDistribution::find(std::uint64_t target) const {
  const auto after = std::upper_bound(begins_.begin(), begins_.end(), target);
  return static_cast<std::size_t>(after - begins_.begin()) - 1;
}

double IntegerDistribution::bits(std::size_t symbol) const {
  return kTotalBits - std::log2(static_cast<double>(mass(symbol)));
}

}  // namespace kraft
