#include "models/wavpack/joint.h"

#include <algorithm>
#include <array>

namespace kraft::wavpack {
namespace {

constexpr double kLeastShare = 0x1p-24;
constexpr std::int64_t kPieces = 2;

// What the left sample exceeds the mean by.
std::int64_t half(std::int64_t side) { return (side + 1) >> 1; }

}  // namespace

Joint::Joint(const Words& words, const Decorrelation& decorrelation, std::int32_t lowest,
             std::int32_t highest)
    : lowest_(lowest),
      highest_(highest),
      expected_side_(decorrelation.expected(0)),
      right_(decorrelation) {
  const std::int64_t most = highest_ - lowest_;  // of a side, either way
  words.expectation(0).for_ranges(std::max(most - expected_side_, expected_side_ + most),
                                  [&](std::int64_t first, std::int64_t last, double share) {
                                    first = std::max(first, -most - expected_side_);
                                    last = std::min(last, most - expected_side_);
                                    if (first > last) return;
                                    sides_.push_back({expected_side_ + first, expected_side_ + last,
                                                      share, mean_after(words, first)});
                                  });
  std::ranges::sort(sides_, {}, &Sides::first);
}

// What is expected of the mean after the side's residual.
std::size_t Joint::mean_after(const Words& words, std::int64_t residual) {
  Words after = words;
  after.push(0, static_cast<std::int32_t>(residual));
  const Words::Expectation mean = after.expectation(1);
  const auto known = std::ranges::find(means_, mean);
  if (known != means_.end()) return static_cast<std::size_t>(known - means_.begin());
  means_.push_back(mean);
  return means_.size() - 1;
}

std::int64_t Joint::expected_mean(std::int64_t side) const {
  return right_.expected(static_cast<std::int32_t>(side - expected_side_));
}

Joint::Left Joint::left_of(std::int64_t side) const {
  return {std::max(lowest_, lowest_ + side), std::min(highest_, highest_ + side),
          expected_mean(side) + half(side)};
}

template <typename Add>
void Joint::for_left(Add add) const {
  for (const Sides& sides : sides_) {
    const std::int64_t count = sides.last - sides.first + 1;
    if (sides.share * static_cast<double>(count) < kLeastShare) continue;
    const std::int64_t pieces = std::min(kPieces, count);
    for (std::int64_t i = 0; i < pieces; ++i) {
      const std::int64_t begin = sides.first + count * i / pieces;
      const std::int64_t end = sides.first + count * (i + 1) / pieces;
      const Left left = left_of((begin + end - 1) >> 1);
      const double share = sides.share * static_cast<double>(end - begin);
      means_[sides.mean].for_ranges(std::max(left.most - left.expected, left.expected - left.least),
                                    [&](std::int64_t first, std::int64_t last, double mean_share) {
                                      add(std::max(left.least, left.expected + first),
                                          std::min(left.most, left.expected + last),
                                          share * mean_share);
                                    });
    }
  }
}

void Joint::left_shares_of_8_bits(std::int64_t first, std::span<double> shares) const {
  constexpr std::int64_t kMost = 1024;  // residuals in tables
  std::vector<std::array<double, 2 * kMost>> tables(means_.size());
  for (std::size_t m = 0; m < means_.size(); ++m) {
    means_[m].for_ranges(kMost - 1, [&](std::int64_t begin, std::int64_t end, double share) {
      begin = std::max(begin, -kMost);
      end = std::min(end, kMost - 1);
      for (std::int64_t r = begin; r <= end; ++r)
        tables[m][static_cast<std::size_t>(r + kMost)] = share;
    });
  }
  for (const Sides& sides : sides_) {
    if (sides.share < kLeastShare / 256) continue;
    for (std::int64_t side = sides.first; side <= sides.last; ++side) {
      const Left left = left_of(side);
      const std::int64_t begin = std::max(left.least, first);
      const std::int64_t end =
          std::min(left.most, first + static_cast<std::int64_t>(shares.size()) - 1);
      if (begin > end) continue;
      if (begin - left.expected >= -kMost && end - left.expected < kMost) {
        const double* from = tables[sides.mean].data() + (begin - left.expected + kMost);
        double* to = shares.data() + (begin - first);
        for (std::int64_t i = 0; i <= end - begin; ++i) to[i] += sides.share * from[i];
      } else {
        for (std::int64_t value = begin; value <= end; ++value)
          shares[static_cast<std::size_t>(value - first)] +=
              sides.share * means_[sides.mean].share(value - left.expected);
      }
    }
  }
}

void Joint::left_shares(std::int32_t first, std::int32_t step, std::span<double> shares) const {
  std::ranges::fill(shares, 0);
  if (highest_ - lowest_ < 256 && step == 1) return left_shares_of_8_bits(first, shares);
  const auto count = static_cast<std::int64_t>(shares.size());
  for_left([&](std::int64_t begin, std::int64_t end, double share) {
    if (begin > end || end < first) return;
    std::int64_t i = begin <= first ? 0 : (begin - first + step - 1) / step;
    const std::int64_t last = std::min(count - 1, (end - first) / step);
    for (; i <= last; ++i) shares[static_cast<std::size_t>(i)] += share;
  });
}

double Joint::right_share(std::int32_t left, std::int32_t right) const {
  const std::int64_t side = std::int64_t{left} - right;
  const auto sides = std::ranges::upper_bound(sides_, side, {}, &Sides::first) - 1;
  return sides->share * means_[sides->mean].share(((left + right) >> 1) - expected_mean(side));
}

void Joint::add_left(lz::LowBytes& sums) const {
  for_left(
      [&](std::int64_t first, std::int64_t last, double share) { sums.add(first, last, share); });
}

void Joint::add_right(std::int32_t left, lz::LowBytes& sums) const {
  constexpr std::int64_t kFiner = 4 * kPieces;
  for (const Sides& sides : sides_) {
    const std::int64_t count = sides.last - sides.first + 1;
    const std::int64_t pieces = std::min(kFiner, count);
    for (std::int64_t i = 0; i < pieces; ++i) {
      const std::int64_t begin = sides.first + count * i / pieces;
      const std::int64_t end = sides.first + count * (i + 1) / pieces - 1;
      const std::int64_t side = (begin + end) >> 1;
      const double mean = means_[sides.mean].share(left - half(side) - expected_mean(side));
      sums.add(left - end, left - begin, sides.share * mean);
    }
  }
}

}  // namespace kraft::wavpack
