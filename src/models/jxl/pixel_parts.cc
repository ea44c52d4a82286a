#include "models/jxl/pixel_parts.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <string>
#include <utility>

namespace kraft::jxl {
namespace {

// The sum of products, in an order that is fixed and leaves eight of them to be done at once.
float dot(const float* a, const float* b, std::size_t count) {
  std::array<float, 8> sums{};
  std::size_t i = 0;
  for (; i + sums.size() <= count; i += sums.size()) {
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += a[i + k] * b[i + k];
  }
  for (; i < count; ++i) sums[0] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

[[noreturn]] void refuse_order() {
  refuse("its transforms and palettes come in an order that the decoder's view does not know");
}

}  // namespace

// ---- One value -------------------------------------------------------------------------------

ColourPart::Colour ColourPart::colour_of(ByteView bytes) {
  Colour colour = 0;
  for (std::size_t i = 0; i < sizeof colour; ++i)
    colour = colour << 8 | (i < bytes.size() ? bytes[i] : 0);
  return colour;
}

ColourPart ColourPart::of_sample(std::size_t bytes) {
  ColourPart part;
  part.bytes_ = bytes;
  part.sample_bytes_ = bytes;
  part.is_sample_ = true;
  return part;
}

std::optional<ColourPart::Colour> ColourPart::colour_at(std::int32_t value) const {
  if (value < 0 || static_cast<std::size_t>(value) >= values().count) return {};
  if (is_sample_) return static_cast<Colour>(value) << (64 - 8 * bytes_);
  return colours_[static_cast<std::size_t>(value)];
}

ColourPart ColourPart::of_palette(std::span<const ColourPart> parts, const Palette& palette) {
  ColourPart part;
  part.bytes_ = 0;
  part.sample_bytes_ = parts[0].sample_bytes_;
  for (const ColourPart& before : parts) part.bytes_ += before.bytes_;
  // Palettes of one channel have no need of the cubes.
  const std::size_t places = palette.count + (palette.channels < 3 ? 0 : Palette::kCubes);
  for (std::size_t place = 0; place < places; ++place) {
    std::optional<Colour> colour = 0;
    std::size_t byte = 0;
    for (std::size_t c = 0; c < parts.size() && colour; ++c) {
      if (const std::optional<Colour> of_part = parts[c].colour_at(palette.at(place, c)))
        *colour |= *of_part >> (8 * byte);
      else
        colour.reset();
      byte += parts[c].bytes_;
    }
    if (colour) part.value_of_.emplace(*colour, static_cast<std::int32_t>(place));
    part.colours_.push_back(colour);
  }
  if (part.value_of_.empty()) refuse("a palette has no colour");
  return part;
}

std::int32_t ColourPart::coded(ByteView bytes) const {
  const Colour wanted = colour_of(bytes);
  if (is_sample_) return static_cast<std::int32_t>(wanted >> (64 - 8 * bytes_));
  if (const auto found = value_of_.find(wanted); found != value_of_.end()) return found->second;
  const int sample_bits = 8 * static_cast<int>(sample_bytes_);
  const auto distance = [&](Colour other) {
    const Colour most = (Colour{1} << sample_bits) - 1;
    int sum = 0;
    for (int shift = 0; shift < 64; shift += sample_bits)
      sum += std::abs(static_cast<int>(wanted >> shift & most) -
                      static_cast<int>(other >> shift & most));
    return sum;
  };
  std::optional<std::size_t> nearest;
  for (std::size_t value = 0; value < colours_.size(); ++value) {
    if (colours_[value] && (!nearest || distance(*colours_[value]) < distance(*colours_[*nearest])))
      nearest = value;
  }
  return static_cast<std::int32_t>(*nearest);
}

void ColourPart::masses(std::span<const float> coded, ByteView before,
                        std::array<double, 256>& masses) const {
  if (is_sample_) {  // of one byte
    std::ranges::copy(coded, masses.begin());
    return;
  }
  masses.fill(0);
  const int shift = 56 - 8 * static_cast<int>(before.size());
  const Colour begun = colour_of(before);
  for (std::size_t value = 0; value < colours_.size(); ++value) {
    if (!colours_[value] || coded[value] == 0) continue;
    const Colour colour = *colours_[value];
    if (!before.empty() && (colour ^ begun) >> shift >> 8 != 0) continue;
    masses[colour >> shift & 255] += static_cast<double>(coded[value]);
  }
}

// ---- Three values ----------------------------------------------------------------------------

// With F, S and T the first, second and third of a transform's bytes, the mass of all three is
//
//     u(F, T) v(S, k)       k = k(F, T): nothing, F, or (F + T) / 2
//
// where u = p0(F) p2(T - F or T), v = p1(S - k); for luma and chromas, with F red, S green and T
// blue, u = p1(F - T), v = p2(S - k) p0((S + k) / 2), k = (F + T) / 2, which is what the lifting
// steps of YCoCg come to.
struct TransformedPart::Tables {
  enum class Of { nothing, first, mean };
  Of k = Of::nothing;
  bool third_less_first = false, luma_chroma = false;
  std::size_t firsts = 0, seconds = 0, thirds = 0;  // how many values each has
  Wide p0{}, p1{}, p2{};                            // of values from -kMost on
  Wide p1_back{};                                   // of -value
  Wide p0_twice{};                                  // of half the value, from 0 on

  float u(std::size_t f, std::size_t t) const {
    if (luma_chroma) return p1[f + kMost - t];
    return p0[f + kMost] * p2[third_less_first ? t + kMost - f : t + kMost];
  }
  float v(std::size_t s, std::size_t k_value) const {
    if (luma_chroma) return p2[s + kMost - k_value] * p0_twice[s + k_value];
    return p1[s + kMost - k_value];
  }
  std::size_t k_of(std::size_t f, std::size_t t) const {
    return k == Of::nothing ? 0 : k == Of::first ? f : (f + t) / 2;
  }

  // Of one F, all T; false where they are all zero.
  bool u_row(std::size_t f, Row& row) const {
    if (luma_chroma) {
      for (std::size_t t = 0; t < thirds; ++t) row[t] = p1_back[t + kMost - f];
      return true;
    }
    const float factor = p0[f + kMost];
    const float* from = &p2[third_less_first ? kMost - f : kMost];
    for (std::size_t t = 0; t < thirds; ++t) row[t] = factor * from[t];
    return factor > 0;
  }
  // Adds v(S, k) for all S, times a factor.
  void add_v_row(std::size_t k_value, float factor, Row& to) const {
    if (luma_chroma) {
      const float *from = &p2[kMost - k_value], *luma = &p0_twice[k_value];
      for (std::size_t s = 0; s < seconds; ++s) to[s] += factor * from[s] * luma[s];
      return;
    }
    const float* from = &p1[kMost - k_value];
    for (std::size_t s = 0; s < seconds; ++s) to[s] += factor * from[s];
  }

  // Something of k, where it is asked for by F and T: for each F a row of all T.
  struct ByK {
    Wide twice{};  // of half the index
    Row of{};
  };
  ByK by_k(const Row& of) const {
    ByK table;
    table.of = of;
    for (std::size_t i = 0; i < table.twice.size(); ++i) table.twice[i] = of[i / 2];
    return table;
  }
  float over_thirds(const Row& row, std::size_t f, const ByK& of) const {
    if (k == Of::mean) return dot(row.data(), &of.twice[f], thirds);
    return sum_of_row(row) * of.of[k == Of::first ? f : 0];
  }
  void add_by_third(const Row& row, std::size_t f, const ByK& of, Row& to) const {
    if (k == Of::mean) {
      for (std::size_t t = 0; t < thirds; ++t) to[t] += row[t] * of.twice[f + t];
      return;
    }
    const float factor = of.of[k == Of::first ? f : 0];
    for (std::size_t t = 0; t < thirds; ++t) to[t] += row[t] * factor;
  }
  float sum_of_row(const Row& row) const {
    static constexpr Row kOnes = [] {
      Row ones{};
      ones.fill(1);
      return ones;
    }();
    return dot(row.data(), kOnes.data(), thirds);
  }

  Row sums_of_v() const {  // over all S, for each k
    Row sums{};
    if (luma_chroma) {
      for (std::size_t i = 0; i <= kMost; ++i) sums[i] = dot(&p2[kMost - i], &p0_twice[i], seconds);
      return sums;
    }
    std::array<double, 2 * kMost + 2> below{};
    for (std::size_t i = 0; i < below.size() - 1; ++i)
      below[i + 1] = below[i] + static_cast<double>(p1[i]);
    for (std::size_t i = 0; i <= kMost; ++i)
      sums[i] = static_cast<float>(below[kMost - i + seconds] - below[kMost - i]);
    return sums;
  }
  Row v_of_second(std::size_t s) const {  // for each k
    Row of{};
    for (std::size_t i = 0; i <= kMost; ++i) of[i] = v(s, i);
    return of;
  }
  Row seconds_by(const Row& weights) const {  // of each k
    Row to{};
    for (std::size_t i = 0; i <= kMost; ++i) {
      if (weights[i] > 0) add_v_row(i, weights[i], to);
    }
    return to;
  }

  Row firsts_by(const Row& of_k) const {
    const ByK table = by_k(of_k);
    Row row{}, to{};
    for (std::size_t f = 0; f < firsts; ++f) {
      if (u_row(f, row)) to[f] = over_thirds(row, f, table);
    }
    return to;
  }
  Row thirds_by(const Row& of_k) const {
    const ByK table = by_k(of_k);
    Row row{}, to{};
    for (std::size_t f = 0; f < firsts; ++f) {
      if (u_row(f, row)) add_by_third(row, f, table, to);
    }
    return to;
  }
  Row weights_of_k() const {
    Wide twice{};
    Row row{}, weights{};
    for (std::size_t f = 0; f < firsts; ++f) {
      if (!u_row(f, row)) continue;
      if (k == Of::mean) {
        for (std::size_t t = 0; t < thirds; ++t) twice[f + t] += row[t];
      } else {
        weights[k == Of::first ? f : 0] += sum_of_row(row);
      }
    }
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] += twice[2 * i] + twice[2 * i + 1];
    return weights;
  }

  // Each of these where it is known; the one that is asked for is not.
  using Known = std::array<std::optional<std::size_t>, 3>;
  Row of_role(std::size_t role, const Known& known) const;
  Row of_role_alone(std::size_t role) const;
  Row of_role_after_one(std::size_t role, const Known& known) const;
  Row of_last_role(std::size_t role, Known known) const;
};

TransformedPart::Row TransformedPart::Tables::of_role_alone(std::size_t role) const {
  if (role == 0) return firsts_by(sums_of_v());
  if (role == 2) return thirds_by(sums_of_v());
  return seconds_by(weights_of_k());
}

TransformedPart::Row TransformedPart::Tables::of_role_after_one(std::size_t role,
                                                                const Known& known) const {
  if (known[1]) {
    const Row of_k = v_of_second(*known[1]);
    return role == 0 ? firsts_by(of_k) : thirds_by(of_k);
  }
  // One of first and third is known.
  const std::size_t others = known[0] ? thirds : firsts;
  const auto place = [&](std::size_t other) {
    return known[0] ? std::pair(*known[0], other) : std::pair(other, *known[2]);
  };
  if (role == 1) {
    Row weights{};
    for (std::size_t i = 0; i < others; ++i) {
      const auto [f, t] = place(i);
      weights[k_of(f, t)] += u(f, t);
    }
    return seconds_by(weights);
  }
  const Row sums = sums_of_v();
  Row to{};
  for (std::size_t i = 0; i < others; ++i) {
    const auto [f, t] = place(i);
    to[i] = u(f, t) * sums[k_of(f, t)];
  }
  return to;
}

TransformedPart::Row TransformedPart::Tables::of_last_role(std::size_t role, Known known) const {
  const std::array<std::size_t, 3> counts = {firsts, seconds, thirds};
  Row to{};
  for (std::size_t i = 0; i < counts[role]; ++i) {
    known[role] = i;
    to[i] = u(*known[0], *known[2]) * v(*known[1], k_of(*known[0], *known[2]));
  }
  return to;
}

TransformedPart::Row TransformedPart::Tables::of_role(std::size_t role, const Known& known) const {
  const auto count =
      std::ranges::count_if(known, [](const auto& place) { return place.has_value(); });
  if (count == 0) return of_role_alone(role);
  return count == 1 ? of_role_after_one(role, known) : of_last_role(role, known);
}

TransformedPart::TransformedPart(ColourTransform transform, std::array<ColourPart, 3> bytes)
    : transform_(transform), bytes_(std::move(bytes)) {
  for (const ColourPart& byte : bytes_) {
    if (byte.bytes() != 1 || byte.values().count > 256) refuse_order();
  }
}

void TransformedPart::add_palette(std::size_t value, const Palette& palette) {
  if (!after_[value].empty() || palette.count == 0) refuse_order();
  for (std::size_t place = 0; place < palette.count; ++place)
    after_[value].push_back(palette.at(place, 0));
}

CodedValues TransformedPart::values(std::size_t value) const {
  if (!after_[value].empty()) return {0, after_[value].size()};
  return {-kMost, 2 * kMost + 1};
}

bool TransformedPart::has(ByteView bytes) const {
  for (std::size_t i = 0; i < 3; ++i) {
    if (!bytes_[i].has(bytes.subspan(i, 1))) return false;
  }
  return true;
}

std::array<std::int32_t, 3> TransformedPart::coded(ByteView bytes) const {
  std::array<std::int32_t, 3> samples{};
  for (std::size_t i = 0; i < 3; ++i) samples[i] = bytes_[i].coded(bytes.subspan(i, 1));
  std::array<std::int32_t, 3> coded = transform_.forward(samples);
  for (std::size_t i = 0; i < 3; ++i) {
    if (after_[i].empty()) continue;
    const std::int32_t value = coded[i];
    const auto nearest =
        std::ranges::min_element(after_[i], std::ranges::less{},
                                 [&](std::int32_t other) { return std::abs(value - other); });
    coded[i] = static_cast<std::int32_t>(nearest - after_[i].begin());
  }
  return coded;
}

TransformedPart::Tables TransformedPart::tables_of(
    std::span<const std::vector<float>> coded) const {
  Tables tables;
  for (std::size_t i = 0; i < 3; ++i) {
    Wide& to = i == 0 ? tables.p0 : i == 1 ? tables.p1 : tables.p2;
    if (after_[i].empty()) {
      std::ranges::copy(coded[i], to.begin());
      continue;
    }
    for (std::size_t place = 0; place < after_[i].size(); ++place) {
      const std::int32_t value = after_[i][place];
      if (std::abs(value) <= kMost) to[static_cast<std::size_t>(value + kMost)] += coded[i][place];
    }
  }
  tables.luma_chroma = transform_.is_luma_chroma();
  tables.third_less_first = !tables.luma_chroma && transform_.third_less_first();
  if (tables.luma_chroma)
    tables.k = Tables::Of::mean;
  else
    tables.k = static_cast<Tables::Of>(transform_.second_less());
  const auto& order = transform_.order();
  tables.firsts = bytes_[order[0]].values().count;
  tables.seconds = bytes_[order[1]].values().count;
  tables.thirds = bytes_[order[2]].values().count;
  if (tables.luma_chroma) {
    for (std::size_t i = 0; i < 2 * kMost + 1; ++i) {
      tables.p1_back[i] = tables.p1[2 * kMost - i];
      tables.p0_twice[i] = tables.p0[kMost + i / 2];
    }
  }
  return tables;
}

void TransformedPart::masses(std::span<const std::vector<float>> coded, ByteView before,
                             std::array<double, 256>& masses) const {
  const auto& order = transform_.order();
  const auto role_of = [&](std::size_t byte) {
    return static_cast<std::size_t>(std::ranges::find(order, byte) - order.begin());
  };
  Tables::Known known;
  for (std::size_t i = 0; i < before.size(); ++i)
    known[role_of(i)] = static_cast<std::size_t>(bytes_[i].coded(before.subspan(i, 1)));
  const Row row = tables_of(coded).of_role(role_of(before.size()), known);
  bytes_[before.size()].masses(row, {}, masses);
}

// ---- Pixels ----------------------------------------------------------------------------------

PixelParts::PixelParts(std::span<const Step> steps, std::size_t channels,
                       std::size_t sample_bytes) {
  for (std::size_t c = 0; c < channels; ++c) {
    Part part;
    part.bytes = sample_bytes;
    part.colour = ColourPart::of_sample(sample_bytes);
    parts_.push_back(std::move(part));
  }
  number();
  for (const Step& step : steps) {
    if (const auto* palette = std::get_if<Palette>(&step.how)) {
      add_palette(step.begin, *palette);
      lack_colours_ = true;
    } else {
      add_transform(step.begin, std::get<ColourTransform>(step.how));
    }
    number();
  }
}

void PixelParts::number() {
  std::size_t byte = 0;
  coded_ = 0;
  for (Part& part : parts_) {
    part.first_byte = byte;
    part.first_coded = coded_;
    byte += part.bytes;
    coded_ += part.coded;
  }
}

std::size_t PixelParts::part_at(std::size_t coded) const {
  std::size_t i = 0;
  while (coded >= parts_[i].first_coded + parts_[i].coded) ++i;
  return i;
}

void PixelParts::add_palette(std::size_t begin, const Palette& palette) {
  const std::size_t first = part_at(begin);
  if (parts_[first].transformed) {
    if (palette.channels != 1) refuse_order();
    parts_[first].transformed->add_palette(begin - parts_[first].first_coded, palette);
    return;
  }
  std::vector<ColourPart> before;
  Part part;
  part.bytes = 0;
  for (std::size_t i = first; i < first + palette.channels; ++i) {
    if (i >= parts_.size() || !parts_[i].colour) refuse_order();
    before.push_back(std::move(*parts_[i].colour));
    part.bytes += parts_[i].bytes;
  }
  part.colour = ColourPart::of_palette(before, palette);
  const auto at = parts_.begin() + static_cast<std::ptrdiff_t>(first);
  *at = std::move(part);
  parts_.erase(at + 1, at + static_cast<std::ptrdiff_t>(palette.channels));
}

void PixelParts::add_transform(std::size_t begin, const ColourTransform& transform) {
  const std::size_t first = part_at(begin);
  if (first + 3 > parts_.size()) refuse_order();
  for (std::size_t i = first; i < first + 3; ++i) {
    if (!parts_[i].colour) refuse_order();
  }
  Part part;
  part.bytes = 3;
  part.coded = 3;
  part.transformed.emplace(
      transform, std::array{std::move(*parts_[first].colour), std::move(*parts_[first + 1].colour),
                            std::move(*parts_[first + 2].colour)});
  const auto at = parts_.begin() + static_cast<std::ptrdiff_t>(first);
  *at = std::move(part);
  parts_.erase(at + 1, at + 3);
}

CodedValues PixelParts::values(std::size_t coded) const {
  const Part& part = parts_[part_at(coded)];
  return part.colour ? part.colour->values() : part.transformed->values(coded - part.first_coded);
}

bool PixelParts::have(ByteView pixel) const {
  return std::ranges::all_of(parts_, [&](const Part& part) {
    const ByteView bytes = pixel.subspan(part.first_byte, part.bytes);
    return part.colour ? part.colour->has(bytes) : part.transformed->has(bytes);
  });
}

void PixelParts::code(ByteView pixel, std::vector<std::int32_t>& coded) const {
  coded.clear();
  for (const Part& part : parts_) {
    const ByteView bytes = pixel.subspan(part.first_byte, part.bytes);
    if (part.colour) {
      coded.push_back(part.colour->coded(bytes));
    } else {
      for (const std::int32_t value : part.transformed->coded(bytes)) coded.push_back(value);
    }
  }
}

void PixelParts::places(ByteView pixel, std::vector<Place>& places) const {
  places.clear();
  for (const Part& part : parts_) {
    const ByteView bytes = pixel.subspan(part.first_byte, part.bytes);
    if (part.transformed)
      part.transformed->each_place(bytes, [&](std::int32_t place) {
        places.push_back({place, 1});
      });
    else if (!part.colour->is_sample())
      places.push_back({part.colour->coded(bytes), part.bytes});
  }
}

const PixelParts::Part& PixelParts::part_of_byte(std::size_t byte) const {
  std::size_t i = 0;
  while (byte >= parts_[i].first_byte + parts_[i].bytes) ++i;
  return parts_[i];
}

PixelParts::Range PixelParts::coded_of_byte(std::size_t byte) const {
  const Part& part = part_of_byte(byte);
  return {part.first_coded, part.first_coded + part.coded};
}

std::optional<ByteView> PixelParts::begun_word(ByteView before) const {
  const Part& part = part_of_byte(before.size());
  if (!part.colour || !part.colour->is_sample() || part.bytes != 2) return {};
  return before.subspan(part.first_byte);
}

void PixelParts::masses(std::span<const std::vector<float>> coded, ByteView before,
                        std::array<double, 256>& masses) const {
  const Part& part = part_of_byte(before.size());
  const ByteView begun = before.subspan(part.first_byte);
  if (part.colour)
    part.colour->masses(coded[0], begun, masses);
  else
    part.transformed->masses(coded, begun, masses);
}

}  // namespace kraft::jxl
