#include "models/webp/prices.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "kraft/error.h"
#include "models/lz/near_distance.h"

namespace kraft::webp {
namespace {

constexpr double kFloor = 1.0 / (1 << kFloorBits);
constexpr double kUnseenMode = 0.5;   // as if it had been in so many squares
constexpr double kIndependent = 0.5;  // of the prior: shape and group, each as often as it is

double share_or_floor(const PrefixCode& code, std::size_t symbol) {
  const double share = code.share(symbol);
  return share > 0 ? share : kFloor;
}

std::vector<double> shares_of(const PrefixCode& code) {
  std::vector<double> shares(code.symbols());
  double sum = 0;
  for (std::size_t s = 0; s < shares.size(); ++s) sum += shares[s] = share_or_floor(code, s);
  for (double& share : shares) share /= sum;
  return shares;
}

GroupPrices prices_of(const Group& group) {
  GroupPrices prices;
  const std::vector<double> green = shares_of(group.green);
  std::copy_n(green.begin(), 256, prices.green.begin());
  for (const double share : prices.green) prices.literals += share;
  for (std::size_t c = 0; c < kLengthCodes; ++c) prices.copy += green[kFirstLength + c];
  prices.cached.assign(green.begin() + kFirstCached, green.end());
  for (const double share : prices.cached) prices.all_cached += share;
  std::ranges::copy(shares_of(group.red), prices.red.begin());
  std::ranges::copy(shares_of(group.blue), prices.blue.begin());
  std::ranges::copy(shares_of(group.alpha), prices.alpha.begin());
  return prices;
}

const Transform* find(const Stream& stream, Kind kind) {
  const auto found = std::ranges::find(stream.transforms, kind, &Transform::kind);
  return found == stream.transforms.end() ? nullptr : &*found;
}

}  // namespace

Prices::Prices(const Stream& stream) {
  set_transforms(stream);
  for (const Group& group : stream.groups) groups.push_back(prices_of(group));
  set_hypotheses(stream);
  if (palette.empty()) set_reds();
  set_copies(stream);
}

void Prices::set_transforms(const Stream& stream) {
  coded_width = stream.coded_width;
  cache_bits = stream.cache_bits;
  takes_green = find(stream, Kind::green) != nullptr;
  predicts = find(stream, Kind::predictor) != nullptr;
  const bool colours = find(stream, Kind::colours) != nullptr;
  if (const Transform* palettes = find(stream, Kind::palette)) {
    palette = palettes->palette;
    packed_bits = palettes->packed_bits;
  }
  // The predictor works on what green was taken off, and colours on what it left.
  const auto rank = [](Kind kind) {
    return kind == Kind::predictor ? 1 : kind == Kind::colours ? 2 : 0;
  };
  const bool in_order = std::ranges::is_sorted(
      stream.transforms,
      [&](const Transform& a, const Transform& b) { return rank(a.kind) < rank(b.kind); });
  if (!in_order || (!palette.empty() && (takes_green || colours)))
    throw Error("a webp stream has its transforms in an order that view=decoder does not know");
}

void Prices::set_hypotheses(const Stream& stream) {
  const Transform* const predictor = find(stream, Kind::predictor);
  const Transform* const colours = find(stream, Kind::colours);
  constexpr int kWholeBits = 5;  // where nothing changes
  square_bits = -1;
  const auto finer = [&](const Squares* squares) {
    if (squares != nullptr && !squares->values.empty())
      square_bits = square_bits < 0 ? squares->bits : std::min(square_bits, squares->bits);
  };
  finer(predictor == nullptr ? nullptr : &predictor->squares);
  finer(colours == nullptr ? nullptr : &colours->squares);
  finer(&stream.group_of);
  if (square_bits < 0) square_bits = kWholeBits;

  // How often each has been, and all together.
  struct Square {
    std::size_t mode, colours, group;
    bool operator==(const Square&) const = default;
    bool operator<(const Square& other) const {
      return std::tie(mode, colours, group) < std::tie(other.mode, other.colours, other.group);
    }
  };
  std::map<Square, double> counts;
  std::vector<Colours> factors;
  std::array<double, kPredictors> modes{};
  std::vector<double> of_factors, of_group(groups.size());
  std::vector<Square> last_row;
  double squares = 0;
  const std::size_t side = std::size_t{1} << square_bits;
  for (std::size_t y = 0; y < stream.height; y += side) {
    last_row.clear();
    for (std::size_t x = 0; x < coded_width; x += side, ++squares) {
      const Argb mode = predictor == nullptr ? 0 : predictor->squares.at(x, y) >> 8 & 15;
      const Colours said = colours == nullptr ? Colours{} : Colours::of(colours->squares.at(x, y));
      const auto found = std::ranges::find(factors, said);
      const Square square{mode < kPredictors ? mode : 0,
                          static_cast<std::size_t>(found - factors.begin()),
                          stream.group_index(x, y)};
      if (found == factors.end()) {
        factors.push_back(said);
        of_factors.push_back(0);
      }
      ++counts[square];
      ++modes[square.mode];
      ++of_factors[square.colours];
      ++of_group[square.group];
      last_row.push_back(square);
    }
  }
  // Modes that have not been may come.
  double all_modes = 0;
  for (double& count : modes) all_modes += count += predictor == nullptr ? 0 : kUnseenMode;
  struct Candidate {
    Square square;
    double prior;
  };
  std::vector<Candidate> candidates;
  for (std::size_t m = 0; m < modes.size(); ++m) {
    for (std::size_t c = 0; c < factors.size(); ++c) {
      for (std::size_t g = 0; g < of_group.size(); ++g) {
        const Square square{m, c, g};
        const auto found = counts.find(square);
        const double together = found == counts.end() ? 0 : found->second / squares;
        const double prior = (1 - kIndependent) * together + kIndependent * (modes[m] / all_modes) *
                                                                 (of_factors[c] / squares) *
                                                                 (of_group[g] / squares);
        if (prior > 0) candidates.push_back({square, prior});
      }
    }
  }
  std::ranges::stable_sort(candidates, std::ranges::greater{}, &Candidate::prior);
  if (candidates.size() > kMostHypotheses) candidates.resize(kMostHypotheses);
  double sum = 0;
  for (const Candidate& candidate : candidates) sum += candidate.prior;
  for (const Candidate& candidate : candidates) {
    const ResidualShape shape{static_cast<unsigned>(candidate.square.mode),
                              factors[candidate.square.colours]};
    const auto found = std::ranges::find(shapes, shape);
    hypotheses.push_back({.shape = static_cast<std::size_t>(found - shapes.begin()),
                          .group = candidate.square.group,
                          .prior = candidate.prior / sum});
    if (found == shapes.end()) shapes.push_back(shape);
  }
  for (const Square& square : last_row) {
    const auto found = std::ranges::find(candidates, square, &Candidate::square);
    last_squares.push_back(static_cast<std::uint16_t>(found - candidates.begin()));
  }
}

void Prices::set_reds() {
  std::map<std::pair<std::size_t, int>, std::size_t> found;  // by group and factor
  for (Hypothesis& h : hypotheses) {
    const std::int8_t factor = shapes[h.shape].colours.green_to_red;
    const auto [at, is_new] = found.try_emplace({h.group, factor}, reds.size());
    h.reds = at->second;
    if (!is_new) continue;
    const GroupPrices& group = groups[h.group];
    std::array<double, 512> red{};  // twice, so that it need not wrap
    for (std::size_t r = 0; r < red.size(); ++r) red[r] = group.red[r % 256];
    std::array<double, 256>& sums = reds.emplace_back();
    for (int green = 0; green < 256; ++green) {
      const int said = Colours::said(factor, green) + (takes_green ? green : 0);
      const double* const from = red.data() + (-said & 255);
      const double price = group.green[static_cast<std::size_t>(green)];
      for (std::size_t s = 0; s < 256; ++s) sums[s] += price * from[s];
    }
  }
}

void Prices::set_copies(const Stream& stream) {
  // Of each group, how many of the pixels it codes.
  std::vector<double> uses(groups.size());
  for (const Argb group : stream.group_of.values) ++uses[group];
  if (stream.group_of.values.empty()) uses[0] = 1;
  std::array<double, kDistanceCodes> distances{};
  double copies = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::vector<double> green = shares_of(stream.groups[g].green);
    const std::vector<double> of_distance = shares_of(stream.groups[g].distance);
    for (std::size_t c = 0; c < kLengthCodes; ++c) {
      const double share = uses[g] * green[kFirstLength + c] / (1 << extra_bits(c));
      for (std::uint32_t k = first_value(c), end = k + (1u << extra_bits(c)); k < end; ++k)
        length[std::min(k, kLongest)] += share;
    }
    for (std::size_t c = 0; c < kDistanceCodes; ++c)
      distances[c] += uses[g] * groups[g].copy * of_distance[c];
    copies += uses[g] * groups[g].copy;
  }
  for (double& share : length) share /= copies;
  for (std::size_t k = kLongest; k > 0; --k) longer[k - 1] = longer[k] + length[k];

  const auto weight_of = [&](std::size_t c) {
    return static_cast<Weight>(std::ldexp(distances[c] / copies, -extra_bits(c)) / kUnit);
  };
  for (std::size_t c = kFirstFarClass; c < kDistanceCodes; ++c) far[c] = weight_of(c);
  for (std::size_t c = 0; c <= kFirstFarClass; ++c) {
    for (std::uint32_t v = first_value(c), end = v + (1u << extra_bits(c)); v < end; ++v) {
      if (v > lz::kNearDistances) break;
      const std::uint32_t distance = distance_of(v, coded_width);
      if (distance >= near.size()) near.resize(distance + 1);
      near[distance] += weight_of(c);
    }
  }
  near_sums.resize(near.size());
  for (std::size_t d = 1; d < near.size(); ++d) {
    if (near[d] > 0) around.emplace_back(static_cast<std::uint32_t>(d), near[d]);
  }
  for (std::size_t d = 1; d < near.size(); ++d) near_sums[d] = near_sums[d - 1] + near[d];
}

std::size_t Prices::class_of_far(std::uint32_t distance) {
  const std::uint32_t value = distance + lz::kNearDistances - 1;
  const int highest = static_cast<int>(std::bit_width(value)) - 1;
  return 2 * static_cast<std::size_t>(highest) + (value >> (highest - 1) & 1u);
}

std::uint32_t Prices::first_far(std::size_t c) {
  return std::max(first_value(c), lz::kNearDistances + 1) - lz::kNearDistances;
}

Prices::Weight Prices::far_up_to(std::uint64_t distance) const {
  Weight sum = 0;
  for (std::size_t c = kFirstFarClass; c < kDistanceCodes && first_far(c) <= distance; ++c) {
    const std::uint64_t end =
        c + 1 < kDistanceCodes ? std::min<std::uint64_t>(first_far(c + 1) - 1, distance) : distance;
    sum += (end - first_far(c) + 1) * far[c];
  }
  return sum;
}

}  // namespace kraft::webp
