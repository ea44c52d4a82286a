// The masses of the places where a token can begin.
//
// The mass of a place is the probability of all parses of the text up to there that have a boundary
// between two tokens there. Masses shrink by the information of the text, so that doubles would not
// hold them for long: each is a number times a power of two of its own.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kraft::lz {

class TokenStarts {
 public:
  void begin() { starts_.clear(); }
  std::size_t size() const { return starts_.size(); }

  // Of the last place: masses count in 2^-unit.
  std::int64_t unit() const { return starts_.back().exponent; }

  // `mass` is in the unit of the last place.
  void push(double mass) {
    constexpr double kSmall = 0x1p-100;
    std::int32_t exponent = starts_.empty() ? 0 : starts_.back().exponent;
    if (mass < kSmall) {
      int down = 0;
      mass = std::frexp(mass, &down);
      exponent -= down;
    }
    starts_.push_back({mass, exponent});
  }

  void pop(std::size_t count) { starts_.resize(starts_.size() - count); }

  // Calls take(k, mass of the place k tokens' bytes before the last one) for k = 0, 1, ... while
  // there is such a place and k <= most, in the unit of the last place. Scaling by powers of two is
  // exact: the masses do not depend on the unit.
  template <typename Take>
  void each(std::size_t most, Take&& take) const {
    const std::size_t last = starts_.size() - 1;
    const std::int32_t unit = starts_[last].exponent;
    std::int32_t exponent = unit;
    double factor = 1;
    for (std::size_t k = 0; k <= most && k <= last; ++k) {
      const Start& start = starts_[last - k];
      if (start.exponent != exponent) {
        exponent = start.exponent;
        factor = std::ldexp(1.0, unit - exponent);
      }
      take(k, start.mass * factor);
    }
  }

 private:
  struct Start {
    double mass;
    std::int32_t exponent;  // in units of 2^-exponent
  };
  std::vector<Start> starts_;
};

}  // namespace kraft::lz
