// How the values around an expected one are distributed: from what is expected of a sample to the
// probability of each bit of its bytes.
//
//     const Spread spread = Spread::of_low_byte({.value = 16 * 1000, .scale = 16 * 20});
//     spread.below(128)     // the mass of the bytes below 128, in a unit of its own
//
// A logistic distribution with a heavier tail, in integers. Masses grow with every byte, so that
// the probability of a bit is a quotient of two differences.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kraft::cm {

// Both in sixteenths of a sample's step. The scale of a logistic distribution is its mean distance
// from the middle, over 2 ln 2.
struct Expected {
  std::int32_t value = 0;
  std::int32_t scale = 16;
};

class Spread {
 public:
  Spread() = default;

  // Of a sample that is one byte b, which stands for (b - zero) * step.
  static Spread of_byte(const Expected& expected, int zero, int step);
  // Of a signed sample of 16 bits: its low byte, and its high byte when the low one is known.
  static Spread of_low_byte(const Expected& expected);
  static Spread of_high_byte(const Expected& expected, unsigned low);

  // Of the bytes below b, 0..256; a few look-ups in a table.
  std::uint32_t below(unsigned b) const;

 private:
  static constexpr std::size_t kCells = 10;
  enum class Kind { byte, low, flat_low, high, wide_high };

  void find_cells();
  std::uint32_t folded_below(unsigned b) const;
  std::uint32_t high_below(std::int64_t value) const;

  Kind kind_ = Kind::byte;
  std::int64_t factor_ = 0, tail_factor_ = 0;  // of distances, for what table_below() takes
  std::int64_t first_ = 0;                     // distance of the lower edge of byte 0
  std::int64_t step_ = 0;                      // from a byte to the next, in sixteenths
  std::int64_t first_cell_ = 0;                // the high byte of cells_[0], or the first period
  std::int64_t periods_ = 0;
  std::uint32_t before_ = 0;                       // folded: what lies below byte 0
  std::array<std::uint32_t, kCells + 1> cells_{};  // of high bytes, summed up
};

// ln(a / b) in units of 1/170, as stretch() has it, within kMostStretched; both at least 1.
int stretched_ratio(std::uint32_t a, std::uint32_t b);

}  // namespace kraft::cm
