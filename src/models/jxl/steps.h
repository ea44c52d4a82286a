// What an encoder does to the channels before it codes them, and how it is undone (ISO/IEC 18181-1,
// annex H.6): reversible colour transforms and palettes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kraft::jxl {

using Samples = std::vector<std::int32_t>;

// Three channels as one of them and differences, or as luma and two chromas. Of 42 kinds, seven
// transforms times six orders.
class ColourTransform {
 public:
  static constexpr int kKinds = 42;
  explicit ColourTransform(int kind);

  // Which of the three channels is the first of the transform, which the second, the third.
  const std::array<std::size_t, 3>& order() const { return order_; }
  bool is_luma_chroma() const { return type_ == 6; }
  // Otherwise: whether the first is taken off the third; and what is taken off the second.
  bool third_less_first() const { return type_ % 2 == 1; }
  enum class Off { nothing, first, mean_of_first_and_third };
  Off second_less() const { return static_cast<Off>(type_ / 2); }

  std::array<std::int32_t, 3> forward(const std::array<std::int32_t, 3>& samples) const;
  std::array<std::int32_t, 3> undone(const std::array<std::int32_t, 3>& coded) const;

 private:
  int type_;
  std::array<std::size_t, 3> order_;
};

// Some channels as one, of places among colours. Beyond the colours that are written down there are
// those of two cubes, which every palette has.
struct Palette {
  std::size_t channels = 1;
  std::vector<std::int32_t> colours;  // those of the first channel, then of the next
  std::size_t count = 0;
  int depth_bits = 8;

  static constexpr std::size_t kCubes = 4 * 4 * 4 + 5 * 5 * 5;

  std::int32_t at(std::size_t place, std::size_t channel) const;
  // The first one of this colour.
  std::optional<std::size_t> place_of(std::span<const std::int32_t> colour) const;
};

}  // namespace kraft::jxl
