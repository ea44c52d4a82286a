// The prices of a WebP stream's symbols, and what a decoder cannot know of the squares that come
// next: each has a mode of prediction, factors of colour and a group of codes. Together these are a
// hypothesis, and as likely as they were in the stream.
//
// A symbol without a word counts as one of so many bits, and the rest is divided by the sum.
// Lengths and distances of copies are those of all groups together, each as often as it is in use;
// only how likely a copy is stays the group's own.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "models/webp/stream.h"

namespace kraft::webp {

inline constexpr int kFloorBits = 17;
inline constexpr std::uint32_t kLongest = 1024;  // copies of more pixels count as several
inline constexpr std::size_t kMostHypotheses = 128;

struct GroupPrices {
  std::array<double, 256> green{}, red{}, blue{}, alpha{};
  std::vector<double> cached;  // of each place
  double all_cached = 0;
  double literals = 0;  // the sum of green
  double copy = 0;      // of all lengths
};

struct Hypothesis {
  std::size_t shape = 0, group = 0;
  double prior = 1;
  std::size_t reds = 0;  // which of the sums over all greens
};

// How residuals come from pixels.
struct ResidualShape {
  unsigned mode = 0;
  Colours colours = {};
  friend bool operator==(const ResidualShape&, const ResidualShape&) = default;
};

struct Prices {
  // Weights of distances are whole numbers, of which this is the unit.
  using Weight = std::uint64_t;
  static constexpr double kUnit = 1.0 / static_cast<double>(std::uint64_t{1} << 40);

  // Of a stream whose transforms come in the order in which libwebp writes them: green, predictor
  // and colours, or palette and predictor. Throws Error for any other.
  explicit Prices(const Stream& stream);

  bool takes_green = false, predicts = false;
  std::vector<Argb> palette;
  int packed_bits = 0;
  std::size_t coded_width = 0;
  int cache_bits = 0;

  std::vector<GroupPrices> groups;
  std::vector<ResidualShape> shapes;
  std::vector<Hypothesis> hypotheses;  // the likeliest first
  // Of a hypothesis, for each red that green is taken off, less what is predicted: the sum over all
  // residuals of green, of the price of both.
  std::vector<std::array<double, 256>> reds;
  int square_bits = 0;                      // a hypothesis holds in a square of so many pixels
  std::vector<std::uint16_t> last_squares;  // the hypothesis of each in the stream's last row

  std::array<double, kLongest + 1> length{}, longer{};  // of a copy: of so many pixels, of more
  std::array<Weight, kDistanceCodes + 1> far{};         // of one distance, by class_of_far()
  std::vector<Weight> near;  // of a distance, by those values that mean pixels around, beside that

  // The same: the distances and their weights.
  std::vector<std::pair<std::uint32_t, Weight>> around;

  // Classes of distances that weigh the same, where they are meant as they are; class 0 is none.
  static std::size_t class_of_far(std::uint32_t distance);
  static std::uint32_t first_far(std::size_t c);
  static constexpr std::size_t kFirstFarClass = 13;  // of the distance 1

  Weight weight(std::uint32_t distance) const {
    return far[class_of_far(distance)] + (distance < near.size() ? near[distance] : Weight{0});
  }
  // The sum over all distances up to this one.
  Weight far_up_to(std::uint64_t distance) const;
  Weight near_up_to(std::uint64_t distance) const {
    return near_sums.empty() ? Weight{0}
                             : near_sums[std::min<std::uint64_t>(distance, near_sums.size() - 1)];
  }

 private:
  void set_transforms(const Stream& stream);
  void set_groups(const Stream& stream);
  void set_hypotheses(const Stream& stream);
  void set_reds();
  void set_copies(const Stream& stream);

  std::vector<Weight> near_sums;
};

}  // namespace kraft::webp
