// What a lossless WebP stream codes its pixels by (VP8L; RFC 9649, sections 4 to 6): transforms,
// prefix codes and where each is in use.
//
//     const Stream stream = read_stream(file, 1 << 20);
//     stream.pixels[y * stream.width + x];          // 0xAARRGGBB
//     stream.residuals[y * stream.coded_width + x]; // what the codes say, before the transforms
//     stream.group_at(x, y).green.share(0);         // 2^-bits of the word for a residual of 0 there
//
// A pixel is coded as four literals, as a place in the cache of colours, or as part of a copy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kraft/bytes.h"
#include "models/lz/prefix_code.h"
#include "models/webp/pixels.h"

namespace kraft::webp {

using lz::PrefixCode;

// ---- Symbols (sections 5.2.2 and 5.2.3) ------------------------------------------------------

inline constexpr std::size_t kLengthCodes = 24, kDistanceCodes = 40;
inline constexpr std::size_t kFirstLength = 256;  // symbols of green: literals, lengths, cache
inline constexpr std::size_t kFirstCached = kFirstLength + kLengthCodes;
inline constexpr std::uint32_t kLongestCopy = 4096;

// Lengths and distances have a code, and extra bits within it.
constexpr int extra_bits(std::size_t code) { return code < 4 ? 0 : static_cast<int>(code - 2) / 2; }
constexpr std::uint32_t first_value(std::size_t code) {
  return code < 4 ? static_cast<std::uint32_t>(code + 1)
                  : ((2u + static_cast<std::uint32_t>(code & 1)) << extra_bits(code)) + 1;
}

// The first values of distances mean pixels around the next one, the others are that much less.
std::uint32_t distance_of(std::uint32_t value, std::size_t width);

// The place of a pixel among 2^bits colours.
constexpr std::uint32_t place_in_cache(Argb pixel, int bits) {
  return (0x1e35a7bdu * pixel) >> (32 - bits);
}

// ---- Streams ---------------------------------------------------------------------------------

// A value for each square of 2^bits by 2^bits pixels.
struct Squares {
  int bits = 0;
  std::size_t columns = 0;
  std::vector<Argb> values;

  Argb at(std::size_t x, std::size_t y) const {
    return values[(y >> bits) * columns + (x >> bits)];
  }
};

enum class Kind { predictor, colours, green, palette };

struct Transform {
  Kind kind;
  Squares squares = {};  // predictor: modes in green; colours: factors
  std::vector<Argb> palette = {};
  int packed_bits = 0;    // of a palette: 2^packed_bits pixels are coded as one
  std::size_t width = 0;  // of the picture before it
};

struct Group {
  PrefixCode green, red, blue, alpha, distance;
};

struct Stream {
  std::size_t width = 0, height = 0;
  std::vector<Transform> transforms;  // as the encoder did them
  std::size_t coded_width = 0;
  int cache_bits = 0;           // 0: no cache
  Squares group_of;             // which group; none: the only one
  std::vector<Group> groups;    // those in use
  std::vector<Argb> residuals;  // coded_width * height
  std::vector<Argb> plain;      // what they are residuals of: palette and green not yet undone
  std::vector<Argb> pixels;     // width * height

  std::size_t group_index(std::size_t x, std::size_t y) const {
    return group_of.values.empty() ? 0 : group_of.at(x, y);
  }
  const Group& group_at(std::size_t x, std::size_t y) const { return groups[group_index(x, y)]; }
};

// Decodes a file. Throws Error where it is damaged, is not the lossless format alone (it may be
// lossy, or hold metadata or an animation), or has more pixels.
Stream read_stream(ByteView file, std::size_t most_pixels);

}  // namespace kraft::webp
