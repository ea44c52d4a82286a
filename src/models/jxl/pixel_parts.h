// How the bytes of a pixel are the values of coded channels: what is left of an encoder's steps
// (colour transforms and palettes) when they are seen from one pixel.
//
// Bytes fall into parts that are coded apart from each other, given the pixels before: one sample
// (a byte, or two, the high one first), or several by a palette, as one value; or three bytes as
// three values of a colour transform, before and after which there may be palettes of single
// channels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "kraft/bytes.h"
#include "models/jxl/stream.h"

namespace kraft::jxl {

// The values of a coded channel that mean anything: from the first one on.
struct CodedValues {
  std::int32_t first = 0;
  std::size_t count = 0;
};

// Some bytes as one value.
class ColourPart {
 public:
  static ColourPart of_sample(std::size_t bytes);  // one or two of them, as it is

  // Each of these was one value before, and is now a place in the palette.
  static ColourPart of_palette(std::span<const ColourPart> parts, const Palette& palette);

  std::size_t bytes() const { return bytes_; }
  bool is_sample() const { return is_sample_; }
  CodedValues values() const {
    return {0, is_sample_ ? std::size_t{1} << (8 * bytes_) : colours_.size()};
  }
  bool has(ByteView bytes) const { return is_sample_ || value_of_.contains(colour_of(bytes)); }
  // Of a colour that is not there, that of the nearest one.
  std::int32_t coded(ByteView bytes) const;

  // What the next byte's values weigh after those before, with the masses of the coded values.
  void masses(std::span<const float> coded, ByteView before, std::array<double, 256>& masses) const;

 private:
  using Colour = std::uint64_t;  // the first byte in the highest bits

  static Colour colour_of(ByteView bytes);
  std::optional<Colour> colour_at(std::int32_t value) const;

  std::size_t bytes_ = 1;
  std::size_t sample_bytes_ = 1;  // of those that make it up
  bool is_sample_ = false;
  std::vector<std::optional<Colour>> colours_;  // of each place in a palette
  std::unordered_map<Colour, std::int32_t> value_of_;
};

// Three bytes as three values.
class TransformedPart {
 public:
  // The bytes are one value each; at most 256 different ones.
  TransformedPart(ColourTransform transform, std::array<ColourPart, 3> bytes);

  // Of one of the values, a palette.
  void add_palette(std::size_t value, const Palette& palette);

  CodedValues values(std::size_t value) const;
  bool has(ByteView bytes) const;
  std::array<std::int32_t, 3> coded(ByteView bytes) const;
  // Calls `with` the places in its palettes, each of which stands for one byte.
  template <class With>
  void each_place(ByteView bytes, With&& with) const {
    const std::array<std::int32_t, 3> coded_values = coded(bytes);
    for (std::size_t i = 0; i < 3; ++i) {
      if (!bytes_[i].is_sample()) with(bytes_[i].coded(bytes.subspan(i, 1)));
      if (!after_[i].empty()) with(coded_values[i]);
    }
  }
  void masses(std::span<const std::vector<float>> coded, ByteView before,
              std::array<double, 256>& masses) const;

 private:
  static constexpr std::int32_t kMost = 255;  // values are from -kMost to kMost
  using Row = std::array<float, 256>;
  using Wide = std::array<float, 2 * kMost + 2>;
  struct Tables;

  Tables tables_of(std::span<const std::vector<float>> coded) const;

  ColourTransform transform_;
  std::array<ColourPart, 3> bytes_;
  // Of each value: what a place in its palette means; empty without one.
  std::array<std::vector<std::int32_t>, 3> after_;
};

// All of a pixel.
class PixelParts {
 public:
  // Throws Error where steps come in an order that libjxl does not write, and where three samples
  // of two bytes are transformed.
  PixelParts(std::span<const Step> steps, std::size_t channels, std::size_t sample_bytes);

  std::size_t coded_channels() const { return coded_; }
  CodedValues values(std::size_t coded) const;
  // Whether there is a palette that lacks some colours, and whether palettes have those of the
  // pixel.
  bool lack_colours() const { return lack_colours_; }
  bool have(ByteView pixel) const;
  void code(ByteView pixel, std::vector<std::int32_t>& coded) const;
  // Where in each of the palettes its colour is, or the nearest one.
  struct Place {
    std::int32_t place = 0;
    std::size_t bytes = 1;  // of the pixel that the palette stands for
  };
  void places(ByteView pixel, std::vector<Place>& places) const;

  // Which coded channels the byte after so many of a pixel depends on.
  struct Range {
    std::size_t begin, end;
  };
  Range coded_of_byte(std::size_t byte) const;
  // Those of the next byte's part that are there, if it is a sample of two bytes, as it is.
  std::optional<ByteView> begun_word(ByteView before) const;
  // `coded`: the masses of those channels.
  void masses(std::span<const std::vector<float>> coded, ByteView before,
              std::array<double, 256>& masses) const;

 private:
  struct Part {
    std::size_t first_byte = 0, bytes = 1, first_coded = 0, coded = 1;
    std::optional<ColourPart> colour;
    std::optional<TransformedPart> transformed;
  };

  void add_palette(std::size_t begin, const Palette& palette);
  void add_transform(std::size_t begin, const ColourTransform& transform);
  std::size_t part_at(std::size_t coded) const;
  const Part& part_of_byte(std::size_t byte) const;
  void number();

  std::vector<Part> parts_;
  std::size_t coded_ = 0;
  bool lack_colours_ = false;
};

}  // namespace kraft::jxl
