#include "models/bytelm/fixed_point.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace kraft::bytelm {
namespace {

__extension__ using SignedWide = __int128;

constexpr int kAngleBits = 62;
constexpr std::uint64_t kAngleOne = std::uint64_t{1} << kAngleBits;

std::uint64_t product_q62(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>(Wide{a} * b >> kAngleBits);
}

std::uint64_t product_q63(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>(Wide{a} * b >> 63);
}

// 2^-f for a fraction f of 24 bits is a product of three factors, one for each of its bytes:
// factors[k][i] = 2^-(i / 2^(8 + 8k)), in units of 2^-63.
using Factors = std::array<std::array<std::uint64_t, 256>, 3>;

Factors make_factors() {
  Factors factors{};
  Wide square = Wide{1} << 125;  // of the root of one half
  for (auto& of_byte : factors) {
    std::array<std::uint64_t, 8> roots{};  // 2^-(1/2), 2^-(1/4), ...
    for (std::uint64_t& root : roots) {
      root = wide_square_root(square);
      square = Wide{root} << 63;
    }
    for (std::size_t i = 0; i < of_byte.size(); ++i) {
      std::uint64_t factor = std::uint64_t{1} << 63;
      for (std::size_t bit = 0; bit < 8; ++bit) {
        if (i >> (7 - bit) & 1) factor = product_q63(factor, roots[bit]);
      }
      of_byte[i] = factor;
    }
  }
  return factors;
}

std::array<std::int32_t, kSigmoidSteps + 1> make_sigmoids() {
  constexpr std::uint64_t kDecay = 4575797593107614194U;  // exp(-1/128), in units of 2^-62
  std::array<std::int32_t, kSigmoidSteps + 1> table{};
  std::uint64_t power = kAngleOne;
  for (std::int32_t& value : table) {
    value = static_cast<std::int32_t>((Wide{kAngleOne} << 30) / (Wide{kAngleOne} + power));
    power = product_q62(power, kDecay);
  }
  return table;
}

// The largest number below 1 whose power, times base, is not above 1.
std::uint64_t root_of_inverse(std::uint64_t base_q16, std::size_t exponent) {
  std::uint64_t root = 0;
  for (int bit = kAngleBits; bit >= 0; --bit) {
    const std::uint64_t larger = root | std::uint64_t{1} << bit;
    std::uint64_t power = kAngleOne;
    if (larger > kAngleOne) continue;
    for (std::size_t i = 0; i < exponent; ++i) power = product_q62(power, larger);
    if (Wide{power} * base_q16 <= Wide{kAngleOne} << 16) root = larger;
  }
  return root;
}

struct Turn {
  std::int64_t cosine = 0, sine = 0;  // in units of 2^-62
};

// By the series, for an angle of at most 1.
Turn turn_by(std::uint64_t angle) {
  Turn turn{std::int64_t{1} << kAngleBits, 0};
  std::uint64_t term = kAngleOne;
  for (unsigned n = 1; term != 0; ++n) {
    term = product_q62(term, angle) / n;
    const auto signed_term = static_cast<std::int64_t>(n & 2 ? ~term + 1 : term);
    (n & 1 ? turn.sine : turn.cosine) += signed_term;
  }
  return turn;
}

Turn turned(const Turn& a, const Turn& b) {
  const auto product = [](std::int64_t x, std::int64_t y) { return SignedWide{x} * y; };
  return {static_cast<std::int64_t>((product(a.cosine, b.cosine) - product(a.sine, b.sine)) >>
                                    kAngleBits),
          static_cast<std::int64_t>((product(a.sine, b.cosine) + product(a.cosine, b.sine)) >>
                                    kAngleBits)};
}

std::int32_t q30(std::int64_t q62) {
  return static_cast<std::int32_t>((q62 + (std::int64_t{1} << 31)) >> 32);
}

}  // namespace

std::uint32_t square_root(std::uint64_t square) {
  std::uint64_t root = 0, rest = square;
  for (std::uint64_t bit = std::uint64_t{1} << 62; bit != 0; bit >>= 2) {
    if (rest >= root + bit) {
      rest -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return static_cast<std::uint32_t>(root);
}

std::uint64_t wide_square_root(Wide square) {
  std::uint64_t root = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const std::uint64_t larger = root | std::uint64_t{1} << bit;
    if (Wide{larger} * larger <= square) root = larger;
  }
  return root;
}

std::uint64_t power_of_half(std::uint64_t octaves_q24) {
  static const Factors factors = make_factors();
  const std::uint64_t whole = octaves_q24 >> 24;
  if (whole > 32) return 0;
  const std::uint64_t coarse =
      product_q63(factors[0][octaves_q24 >> 16 & 255], factors[1][octaves_q24 >> 8 & 255]);
  return product_q63(coarse, factors[2][octaves_q24 & 255]) >> (31 + whole);
}

const std::int32_t* sigmoids() {
  static const auto table = make_sigmoids();
  return table.data();
}

std::vector<Rotation> rotations(std::size_t positions, std::size_t pairs, std::uint64_t base_q16) {
  std::vector<Rotation> table(positions * pairs);
  const std::uint64_t ratio = root_of_inverse(base_q16, pairs);
  std::uint64_t angle = kAngleOne;
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    const Turn step = turn_by(angle);
    Turn turn{std::int64_t{1} << kAngleBits, 0};
    for (std::size_t position = 0; position < positions; ++position) {
      table[position * pairs + pair] = {q30(turn.cosine), q30(turn.sine)};
      turn = turned(turn, step);
    }
    angle = product_q62(angle, ratio);
  }
  return table;
}

}  // namespace kraft::bytelm
