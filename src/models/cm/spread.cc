#include "models/cm/spread.h"

#include <algorithm>
#include <bit>
#include <memory>

#include "coding/wide.h"
#include "models/cm/logistic.h"

namespace kraft::cm {
namespace {

// The distribution function at sixteenths of the scale, up to kReach scales on either side.
constexpr int kPerScale = 16, kReach = 128;
constexpr std::size_t kHalf = kPerScale * kReach;
constexpr int kAllBits = 28;
constexpr std::uint32_t kAll = 1u << kAllBits;

// exp(-1/16) and exp(-1/96), in units of 2^-62.
constexpr std::uint64_t kDecay = 4332278087304955805u, kSlowDecay = 4563896955889137360u;

using Points = std::array<std::uint32_t, 2 * kHalf + 2>;

std::unique_ptr<Points> make_points() {
  auto points = std::make_unique<Points>();
  constexpr Wide kUnit = Wide{1} << 62;
  Wide near = kUnit, far = kUnit;
  const auto part = [](Wide power) { return (kUnit << kAllBits) / (kUnit + power); };
  for (std::size_t i = 0; i <= kHalf; ++i) {
    const auto above = static_cast<std::uint32_t>((31 * part(near) + part(far)) / 32);
    (*points)[kHalf + i] = above;
    (*points)[kHalf - i] = kAll - above;
    near = near * kDecay >> 62;
    far = far * kSlowDecay >> 62;
  }
  (*points)[2 * kHalf + 1] = (*points)[2 * kHalf];
  return points;
}

const Points& points() {
  static const std::unique_ptr<Points> kPoints = make_points();
  return *kPoints;
}

std::int64_t factor_of(std::int64_t scale) {
  return (std::int64_t{kPerScale} << 26) / std::max<std::int64_t>(scale, 1);
}

// The mass below a distance from what is expected, between two points by a straight line.
std::uint32_t table_below(std::int64_t distance, std::int64_t factor) {
  const std::int64_t at = std::clamp((distance * factor >> 16) + (std::int64_t{kHalf} << 10),
                                     std::int64_t{0}, std::int64_t{2 * kHalf} << 10);
  const auto point = static_cast<std::size_t>(at >> 10);
  const std::uint32_t low = points()[point], high = points()[point + 1];
  return low + static_cast<std::uint32_t>(
                   std::uint64_t{high - low} * static_cast<unsigned>(at & 1023) >> 10);
}

// A sample stands for what is half a step around it.
constexpr std::int64_t kStep = 16;
// From this scale on, values 256 apart are dense enough for a sum over them to be an integral: the
// rest is a factor of exp(-2 pi^2 72 / 256).
constexpr std::int32_t kWide = 72 * kStep;
constexpr std::int64_t kPeriod = 256 * kStep;
constexpr std::int64_t kNear = 14;   // scales that hold all but 2^-20 of the logistic part
constexpr unsigned kByteFloor = 64;  // of each byte
constexpr unsigned kLowFloor = 1 << 10;
constexpr int kTailShift = 13;

constexpr int kLogarithmBits = 10;
constexpr std::int64_t kOctave = 1885360;  // 16 * 170 * ln 2, in thousandths

// 16 * 170 * ln(1 + i / 1024), by 19 bits of the logarithm to base 2, each from a square.
constexpr auto kLogarithms = [] {
  std::array<std::uint16_t, (1 << kLogarithmBits)> logarithms{};
  for (std::uint64_t i = 0; i < logarithms.size(); ++i) {
    std::uint64_t x = ((1 << kLogarithmBits) + i) << 20;  // 1 is 2^30
    std::int64_t bits = 0;
    for (int bit = 0; bit < 19; ++bit) {
      x = x * x >> 30;
      bits <<= 1;
      if (x >= std::uint64_t{1} << 31) {
        bits |= 1;
        x >>= 1;
      }
    }
    logarithms[i] = static_cast<std::uint16_t>((bits * kOctave / 1000 + (1 << 18)) >> 19);
  }
  return logarithms;
}();

// 16 * 170 * ln(value).
int logarithm(std::uint32_t value) {
  const int high = static_cast<int>(std::bit_width(value)) - 1;
  const auto fraction =
      static_cast<std::uint32_t>(std::uint64_t{value} << 31 >> high) & 0x7fffffffu;
  return static_cast<int>((high * kOctave + 500) / 1000) +
         kLogarithms[fraction >> (31 - kLogarithmBits)];
}

}  // namespace

int stretched_ratio(std::uint32_t a, std::uint32_t b) {
  return std::clamp((logarithm(a) - logarithm(b)) / 16, -kMostStretched, kMostStretched);
}

Spread Spread::of_byte(const Expected& expected, int zero, int step) {
  Spread spread;
  spread.kind_ = Kind::byte;
  spread.factor_ = factor_of(expected.scale);
  spread.step_ = kStep * step;
  spread.first_ = -zero * spread.step_ - spread.step_ / 2 - expected.value;
  return spread;
}

// The values that have the same low byte lie 256 apart; a wide distribution has all low bytes.
Spread Spread::of_low_byte(const Expected& expected) {
  Spread spread;
  spread.kind_ = expected.scale >= kWide ? Kind::flat_low : Kind::low;
  spread.factor_ = factor_of(expected.scale);
  spread.first_ = -(expected.value & (kPeriod - 1)) - kStep / 2;
  spread.periods_ = 1 + kNear * expected.scale / kPeriod;
  if (spread.kind_ == Kind::low) spread.before_ = spread.folded_below(0);
  return spread;
}

// A wide distribution is summed up by its integral; of another, a few cells have nearly all.
Spread Spread::of_high_byte(const Expected& expected, unsigned low) {
  Spread spread;
  spread.kind_ = expected.scale >= kWide ? Kind::wide_high : Kind::high;
  spread.factor_ = factor_of(expected.scale);
  spread.tail_factor_ = factor_of(8 * std::int64_t{expected.scale});
  spread.first_ = static_cast<std::int64_t>(low) * kStep - expected.value;
  if (spread.kind_ == Kind::high) spread.find_cells();
  return spread;
}

void Spread::find_cells() {
  first_cell_ = (-first_ + kPeriod / 2) / kPeriod - static_cast<std::int64_t>(kCells / 2);
  for (std::size_t i = 0; i < kCells; ++i) {
    const std::int64_t distance = first_ + (first_cell_ + static_cast<std::int64_t>(i)) * kPeriod;
    cells_[i + 1] = cells_[i] + table_below(distance + kStep / 2, factor_) -
                    table_below(distance - kStep / 2, factor_);
  }
}

std::uint32_t Spread::folded_below(unsigned b) const {
  std::uint32_t sum = 0;
  for (std::int64_t period = -periods_; period <= periods_; ++period)
    sum += table_below(first_ + static_cast<std::int64_t>(b) * kStep + period * kPeriod, factor_);
  return sum - before_;
}

// Of the signed high bytes below `value`.
std::uint32_t Spread::high_below(std::int64_t value) const {
  const std::int64_t edge = first_ + value * kPeriod - kPeriod / 2;
  if (kind_ == Kind::wide_high) return table_below(edge, factor_);
  const std::int64_t cell =
      std::clamp<std::int64_t>(value - first_cell_, 0, static_cast<std::int64_t>(kCells));
  return cells_[static_cast<std::size_t>(cell)] + (table_below(edge, tail_factor_) >> kTailShift);
}

std::uint32_t Spread::below(unsigned b) const {
  switch (kind_) {
    case Kind::byte: {
      const std::uint32_t floor = b * kByteFloor;
      if (b == 0 || b == 256)
        return (b == 0 ? 0 : kAll) + floor;  // what lies beyond is in the last
      return table_below(first_ + b * step_, factor_) + floor;
    }
    case Kind::low:
      return folded_below(b) + b * kLowFloor;
    case Kind::flat_low:
      return b << (kAllBits - 8);
    case Kind::high:
    case Kind::wide_high:
      break;
  }
  const std::uint32_t positive = high_below(std::min<std::int64_t>(b, 128)) - high_below(0);
  return b +
         (b <= 128 ? positive : positive + high_below(std::int64_t{b} - 256) - high_below(-128));
}

}  // namespace kraft::cm
