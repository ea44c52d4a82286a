#include "models/jxl/steps.h"

#include <algorithm>

namespace kraft::jxl {

// Section H.6.3.
ColourTransform::ColourTransform(int kind) : type_(kind % 7) {
  const auto order = static_cast<std::size_t>(kind / 7);
  order_ = {order % 3, (order + 1 + order / 3) % 3, (order + 2 - order / 3) % 3};
}

std::array<std::int32_t, 3> ColourTransform::forward(
    const std::array<std::int32_t, 3>& samples) const {
  const std::int32_t first = samples[order_[0]], second = samples[order_[1]],
                     third = samples[order_[2]];
  if (is_luma_chroma()) {
    // Red, green and blue: the chroma of red and blue, then that of green and both.
    const std::int32_t orange = first - third;
    const std::int32_t mean = third + (orange >> 1);
    const std::int32_t green = second - mean;
    return {mean + (green >> 1), orange, green};
  }
  std::int32_t off = 0;
  if (second_less() == Off::first) off = first;
  if (second_less() == Off::mean_of_first_and_third) off = (first + third) >> 1;
  return {first, second - off, third_less_first() ? third - first : third};
}

std::array<std::int32_t, 3> ColourTransform::undone(
    const std::array<std::int32_t, 3>& coded) const {
  std::int32_t first = coded[0], second = coded[1], third = coded[2];
  if (is_luma_chroma()) {
    const std::int32_t mean = coded[0] - (coded[2] >> 1);
    second = coded[2] + mean;
    third = mean - (coded[1] >> 1);
    first = third + coded[1];
  } else {
    if (third_less_first()) third += first;
    if (second_less() == Off::first) second += first;
    if (second_less() == Off::mean_of_first_and_third) second += (first + third) >> 1;
  }
  std::array<std::int32_t, 3> samples{};
  samples[order_[0]] = first;
  samples[order_[1]] = second;
  samples[order_[2]] = third;
  return samples;
}

// Section H.6.4.
std::int32_t Palette::at(std::size_t place, std::size_t channel) const {
  if (place < count) return colours[channel * count + place];
  constexpr std::size_t kSmall = 4, kLarge = 5;
  const std::int64_t white = (std::int64_t{1} << depth_bits) - 1;
  place -= count;
  const bool is_small = place < kSmall * kSmall * kSmall;
  if (!is_small) place -= kSmall * kSmall * kSmall;
  const std::size_t side = is_small ? kSmall : kLarge;
  for (std::size_t i = 0; i < channel; ++i) place /= side;
  const auto step = static_cast<std::int64_t>(place % side);
  if (!is_small) return static_cast<std::int32_t>(step * white / 4);
  return static_cast<std::int32_t>(step * white / 4 +
                                   (std::int64_t{1} << std::max(0, depth_bits - 3)));
}

std::optional<std::size_t> Palette::place_of(std::span<const std::int32_t> colour) const {
  for (std::size_t place = 0; place < count + kCubes; ++place) {
    bool same = true;
    for (std::size_t c = 0; c < channels && same; ++c) same = at(place, c) == colour[c];
    if (same) return place;
  }
  return {};
}

}  // namespace kraft::jxl
