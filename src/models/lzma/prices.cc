#include "models/lzma/prices.h"

#include <algorithm>
#include <utility>

namespace kraft::lzma {

std::uint32_t Prices::first_code(std::uint32_t slot) {
  return slot < 4 ? slot : (2 | (slot & 1)) << ((slot >> 1) - 1);
}

Prices::Prices(std::vector<std::uint16_t> probabilities, std::uint32_t lc, std::uint32_t lp,
               std::uint32_t pb, std::uint32_t window_bytes)
    : probabilities_(std::move(probabilities)),
      lc_(lc),
      lp_(lp),
      places_(1u << pb),
      window_bytes_(window_bytes) {
  make_kinds();
  for (std::uint32_t place = 0; place < places_; ++place) {
    match_lengths_.push_back(make_lengths(kMatchLength, place));
    repeat_lengths_.push_back(make_lengths(kRepeatLength, place));
  }
  make_distances();
}

double Prices::tree(std::size_t index, unsigned bits, std::uint32_t value) const {
  double p = 1;
  for (unsigned i = bits; i > 0; --i)
    p *= side(index + (((1u << bits) | value) >> i), value >> (i - 1) & 1);
  return p;
}

double Prices::reverse_tree(std::size_t index, unsigned bits, std::uint32_t value) const {
  double p = 1;
  std::uint32_t node = 1;
  for (unsigned i = 0; i < bits; ++i) {
    const std::uint32_t bit = value >> i & 1;
    p *= side(index + node, bit);
    node = node << 1 | bit;
  }
  return p;
}

void Prices::make_kinds() {
  for (std::size_t state = 0; state < kStates; ++state) {
    for (std::size_t place = 0; place < places_; ++place) {
      Kinds kinds;
      kinds.literal = zero(kIsMatch + state * kPlaces + place);
      const double copy = 1 - kinds.literal;
      kinds.match = copy * zero(kIsRepeat + state);
      const double repeat = copy * (1 - zero(kIsRepeat + state));
      const double last = repeat * zero(kIsRepeat0 + state), other = repeat - last;
      kinds.short_repeat = last * zero(kIsRepeat0Long + state * kPlaces + place);
      kinds.repeat[0] = last - kinds.short_repeat;
      kinds.repeat[1] = other * zero(kIsRepeat1 + state);
      kinds.repeat[2] = (other - kinds.repeat[1]) * zero(kIsRepeat2 + state);
      kinds.repeat[3] = other - kinds.repeat[1] - kinds.repeat[2];
      kinds_.push_back(kinds);
    }
  }
}

Prices::Lengths Prices::make_lengths(std::size_t coder, std::uint32_t place) const {
  Lengths lengths;
  for (std::uint32_t k = kShortestMatch; k <= kLongestMatch; ++k) {
    const std::uint32_t value = k - kShortestMatch;
    if (value < 8)
      lengths.equal[k] = zero(coder) * tree(coder + kLengthShort + place * 8, 3, value);
    else if (value < 16)
      lengths.equal[k] = (1 - zero(coder)) * zero(coder + 1) *
                         tree(coder + kLengthMiddle + place * 8, 3, value - 8);
    else
      lengths.equal[k] =
          (1 - zero(coder)) * (1 - zero(coder + 1)) * tree(coder + kLengthLong, 8, value - 16);
  }
  for (std::uint32_t k = kLongestMatch; k > 0; --k)
    lengths.longer[k - 1] = lengths.longer[k] + lengths.equal[k];
  return lengths;
}

double Prices::longer_in_group(std::uint32_t group, std::uint32_t place, std::uint32_t k) const {
  const Lengths& lengths = match_lengths_[place];
  if (group == 3) return lengths.longer[std::max(k, 4u)];
  return k < group + 2 ? lengths.equal[group + 2] : 0;
}

void Prices::make_distances() {
  for (std::uint32_t r = 0; r < kResidues; ++r) {
    align_[r] = reverse_tree(kAlign, 4, r);
    before_align_[r + 1] = before_align_[r] + align_[r];
  }
  for (std::uint32_t g = 0; g < kGroups; ++g) {
    std::array<double, kSlots> slots;
    for (std::uint32_t s = 0; s < kSlots; ++s) slots[s] = tree(kSlot + g * kSlotTree, 6, s);
    for (std::uint32_t code = 0; code < kNear; ++code) {
      const std::uint32_t s = slot(code), base = first_code(s);
      double p = slots[s];
      if (s >= 4) p *= reverse_tree(kMiddle + base - s, (s >> 1) - 1, code - base);
      near_[code][g] = p;
      before_near_[g][code + 1] = before_near_[g][code] + p;
    }
    double before = before_near_[g][kNear];
    for (std::uint32_t s = kFirstFarSlot; s < kSlots; ++s) {
      before_far_[g][s] = before;
      before += slots[s];
      far_[s][g] = slots[s] / static_cast<double>(std::uint64_t{1} << ((s >> 1) - 5));
    }
  }
  any_near_.resize(places_);
  any_far_.resize(places_);
  for (std::uint32_t place = 0; place < places_; ++place) {
    for (std::uint32_t g = 0; g < kGroups; ++g) {
      const double share = longer_in_group(g, place, 0);
      for (std::uint32_t code = 0; code < kNear; ++code)
        any_near_[place][code] += share * near_[code][g];
      for (std::uint32_t s = 0; s < kSlots; ++s) any_far_[place][s] += share * far_[s][g];
    }
  }
}

double Prices::up_to(std::uint32_t group, std::uint64_t distance) const {
  const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(distance, window_bytes_));
  if (count <= kNear) return before_near_[group][count];
  const std::uint32_t s = slot(count - 1), within = count - first_code(s);
  const std::uint32_t rounds = within / kResidues;
  return before_far_[group][s] +
         far_[s][group] * (rounds * before_align_[kResidues] + before_align_[within % kResidues]);
}

double Prices::valid_match(std::uint32_t place, std::uint64_t position) const {
  double sum = 0;
  for (std::uint32_t g = 0; g < kGroups; ++g)
    sum += longer_in_group(g, place, 0) * up_to(g, position);
  return sum;
}

// ---- Literals --------------------------------------------------------------------------------

std::size_t Prices::literal_coder(std::uint64_t position, Byte before) const {
  const auto low = static_cast<std::uint32_t>(position & ((1u << lp_) - 1));
  return kLiteral + kLiteralCoder * ((low << lc_) + (std::uint32_t{before} >> (8 - lc_)));
}

void Prices::add_literals(std::uint64_t position, Byte before, double plain,
                          std::span<const double, 256> expected, std::span<const Byte> listed,
                          std::span<double, 256> p) const {
  const std::size_t coder = literal_coder(position, before);
  std::array<double, 512> mass{};
  mass[1] = plain;
  for (const Byte byte : listed) {
    double on = expected[byte];
    std::uint32_t node = 1;
    for (int i = 7; i >= 0; --i) {
      const std::uint32_t bit = byte >> i & 1;
      const double as_expected = on * side(coder + ((1 + bit) << 8) + node, bit);
      mass[node << 1 | (bit ^ 1)] += on - as_expected;
      on = as_expected;
      node = node << 1 | bit;
    }
    mass[node] += on;
  }
  for (std::uint32_t node = 1; node < 256; ++node) {
    const double left = mass[node] * zero(coder + node);
    mass[2 * node] += left;
    mass[2 * node + 1] += mass[node] - left;
  }
  for (std::uint32_t b = 0; b < 256; ++b) p[b] += mass[256 + b];
}

double Prices::plain_literal(std::uint64_t position, Byte before, Byte byte) const {
  return tree(literal_coder(position, before), 8, byte);
}

double Prices::matched_literal(std::uint64_t position, Byte before, Byte expected,
                               Byte byte) const {
  const std::size_t coder = literal_coder(position, before);
  double p = 1;
  std::uint32_t node = 1;
  bool agrees = true;
  for (int i = 7; i >= 0; --i) {
    const std::uint32_t bit = byte >> i & 1, would_be = expected >> i & 1;
    p *= side(coder + (agrees ? (1 + would_be) << 8 : 0) + node, bit);
    agrees = agrees && bit == would_be;
    node = node << 1 | bit;
  }
  return p;
}

}  // namespace kraft::lzma
