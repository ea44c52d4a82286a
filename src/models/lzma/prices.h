// What LZMA's tokens weigh under probabilities that are held still.
//
// A token is a literal, a short repeat (one byte from the last distance), a repeat of one of the
// last four distances, or a match with a distance of its own. The state (what the last tokens were,
// 12 kinds) and the place (the position modulo 2^pb) say how probable each kind is; a place has
// lengths of its own, and the lengths 2, 3, 4, and 5 and more have distances of their own
// ("groups").
//
//     Prices prices(reader.probabilities(), lc, lp, pb, window_bytes);
//     const Prices::Kinds& kinds = prices.kinds(state, place);
//     kinds.match * prices.match_lengths(place).equal[7] * prices.distance(Prices::group(7), 1234)
//
// A distance is a slot, some of its bits in between, which are even, and the lowest four ("align")
// with probabilities of their own.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "kraft/bytes.h"
#include "models/lzma/layout.h"

namespace kraft::lzma {

class Prices {
 public:
  Prices(std::vector<std::uint16_t> probabilities, std::uint32_t lc, std::uint32_t lp,
         std::uint32_t pb, std::uint32_t window_bytes);

  static constexpr std::uint32_t kGroups = 4;
  static constexpr std::uint32_t kNear = 128;  // distances up to here have a price each
  static constexpr std::uint32_t kSlots = 64;
  static constexpr std::uint32_t kFirstFarSlot = 14;
  static constexpr std::uint32_t kResidues = 16;  // of far distances, which align's bits tell apart

  static std::uint32_t group(std::uint32_t length) { return length < 5 ? length - 2 : 3; }
  // Of a distance less 1.
  static std::uint32_t slot(std::uint32_t code) {
    if (code < 4) return code;
    const auto top = static_cast<std::uint32_t>(std::bit_width(code)) - 1;
    return 2 * top + (code >> (top - 1) & 1);
  }
  static std::uint32_t first_code(std::uint32_t slot);

  std::uint32_t places() const { return places_; }
  std::uint32_t place(std::uint64_t position) const {
    return static_cast<std::uint32_t>(position & (places_ - 1));
  }
  std::uint32_t window_bytes() const { return window_bytes_; }

  // Their sum is 1.
  struct Kinds {
    double literal = 0, short_repeat = 0, match = 0;
    std::array<double, 4> repeat{};
  };
  const Kinds& kinds(std::uint32_t state, std::uint32_t place) const {
    return kinds_[state * places_ + place];
  }

  struct Lengths {
    std::array<double, kLongestMatch + 1> equal{};   // P(length = k)
    std::array<double, kLongestMatch + 1> longer{};  // P(length > k)
  };
  const Lengths& match_lengths(std::uint32_t place) const { return match_lengths_[place]; }
  const Lengths& repeat_lengths(std::uint32_t place) const { return repeat_lengths_[place]; }

  // P(length > k and it is of the group).
  double longer_in_group(std::uint32_t group, std::uint32_t place, std::uint32_t k) const;

  double distance(std::uint32_t group, std::uint32_t distance) const {
    const std::uint32_t code = distance - 1;
    if (code < kNear) return near_[code][group];
    return far_[slot(code)][group] * align_[code % kResidues];
  }
  // Of all groups.
  std::array<double, kGroups> distances(std::uint32_t distance) const {
    const std::uint32_t code = distance - 1;
    if (code < kNear) return near_[code];
    const double align = align_[code % kResidues];
    std::array<double, kGroups> all = far_[slot(code)];
    for (double& p : all) p *= align;
    return all;
  }
  // The sum over the distances 1..distance, those within the window.
  double up_to(std::uint32_t group, std::uint64_t distance) const;

  // The same of a match of whatever length, by its place.
  double near_distance(std::uint32_t place, std::uint32_t code) const {
    return any_near_[place][code];
  }
  double far_slot(std::uint32_t place, std::uint32_t slot) const { return any_far_[place][slot]; }
  double align(std::uint32_t residue) const { return align_[residue]; }
  double valid_match(std::uint32_t place, std::uint64_t position) const;

  // The literals after a byte: those of the tree, and those that are told apart from what a longer
  // match would have copied. `expected[b]` is the mass of literals after a match that would have
  // gone on with b, listed in `listed`; adds to p.
  void add_literals(std::uint64_t position, Byte before, double plain,
                    std::span<const double, 256> expected, std::span<const Byte> listed,
                    std::span<double, 256> p) const;
  double plain_literal(std::uint64_t position, Byte before, Byte byte) const;
  double matched_literal(std::uint64_t position, Byte before, Byte expected, Byte byte) const;

 private:
  double zero(std::size_t index) const { return probabilities_[index] * (1.0 / 2048); }
  double side(std::size_t index, std::uint32_t bit) const {
    return bit == 0 ? zero(index) : 1 - zero(index);
  }
  double tree(std::size_t index, unsigned bits, std::uint32_t value) const;
  double reverse_tree(std::size_t index, unsigned bits, std::uint32_t value) const;
  std::size_t literal_coder(std::uint64_t position, Byte before) const;
  void make_kinds();
  Lengths make_lengths(std::size_t coder, std::uint32_t place) const;
  void make_distances();

  std::vector<std::uint16_t> probabilities_;
  std::uint32_t lc_, lp_, places_, window_bytes_;
  std::vector<Kinds> kinds_;
  std::vector<Lengths> match_lengths_, repeat_lengths_;
  std::array<std::array<double, kGroups>, kNear> near_{};
  std::array<std::array<double, kNear + 1>, kGroups> before_near_{};  // sums of those before
  std::array<std::array<double, kGroups>, kSlots> far_{};             // times align's
  std::array<std::array<double, kSlots>, kGroups> before_far_{};      // sums of the slots before
  std::array<double, kResidues> align_{};
  std::array<double, kResidues + 1> before_align_{};
  std::vector<std::array<double, kNear>> any_near_;
  std::vector<std::array<double, kSlots>> any_far_;
};

}  // namespace kraft::lzma
