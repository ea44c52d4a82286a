// The arithmetic of WebP's lossless transforms (RFC 9649, section 4): pixels are 0xAARRGGBB, and
// each channel counts modulo 256.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace kraft::webp {

using Argb = std::uint32_t;

inline constexpr Argb kBlack = 0xff000000;
inline constexpr int kPredictors = 14;

// 0: blue, 1: green, 2: red, 3: alpha.
inline int channel(Argb pixel, int c) { return static_cast<int>(pixel >> (8 * c) & 255); }
inline Argb argb(int a, int r, int g, int b) {
  return static_cast<Argb>(a & 255) << 24 | static_cast<Argb>(r & 255) << 16 |
         static_cast<Argb>(g & 255) << 8 | static_cast<Argb>(b & 255);
}

inline constexpr Argb kEven = 0x00ff00ff, kOdd = 0xff00ff00;  // every other channel

inline Argb sum(Argb x, Argb y) {
  return (((x & kOdd) + (y & kOdd)) & kOdd) | (((x & kEven) + (y & kEven)) & kEven);
}
inline Argb difference(Argb x, Argb y) {
  return ((kEven + (x & kOdd) - (y & kOdd)) & kOdd) | ((kOdd + (x & kEven) - (y & kEven)) & kEven);
}

// Of each channel, rounded down.
inline Argb average(Argb x, Argb y) { return (((x ^ y) & 0xfefefefe) >> 1) + (x & y); }

// The pixels around one, of which the decoder knows these.
struct Around {
  Argb left = 0, above = 0, above_right = 0, above_left = 0;
};

// The one of the two that is nearer to left + above - above left.
inline Argb select(const Around& n) {
  int to_left = 0, to_above = 0;
  for (int c = 0; c < 4; ++c) {
    to_left += std::abs(channel(n.above, c) - channel(n.above_left, c));
    to_above += std::abs(channel(n.left, c) - channel(n.above_left, c));
  }
  return to_left < to_above ? n.left : n.above;
}

template <typename Value>
Argb clamped(Value value) {
  Argb pixel = 0;
  for (int c = 0; c < 4; ++c) pixel |= static_cast<Argb>(std::clamp(value(c), 0, 255)) << (8 * c);
  return pixel;
}

// Section 4.1.
inline Argb predict(unsigned mode, const Around& n) {
  switch (mode) {
    case 1:
      return n.left;
    case 2:
      return n.above;
    case 3:
      return n.above_right;
    case 4:
      return n.above_left;
    case 5:
      return average(average(n.left, n.above_right), n.above);
    case 6:
      return average(n.left, n.above_left);
    case 7:
      return average(n.left, n.above);
    case 8:
      return average(n.above_left, n.above);
    case 9:
      return average(n.above, n.above_right);
    case 10:
      return average(average(n.left, n.above_left), average(n.above, n.above_right));
    case 11:
      return select(n);
    case 12:
      return clamped([&](int c) {
        return channel(n.left, c) + channel(n.above, c) - channel(n.above_left, c);
      });
    case 13: {
      const Argb mean = average(n.left, n.above);
      return clamped([&](int c) {
        return channel(mean, c) + (channel(mean, c) - channel(n.above_left, c)) / 2;
      });
    }
    default:
      return kBlack;
  }
}

// What a row's first pixel, or the first row's, is predicted by, whatever the mode.
inline Argb predict_at(unsigned mode, const Around& n, bool first_column, bool first_row) {
  if (first_row) return first_column ? kBlack : n.left;
  return first_column ? n.above : predict(mode, n);
}

// Section 4.2: what green says of red and blue, and red of blue.
struct Colours {
  std::int8_t green_to_red = 0, green_to_blue = 0, red_to_blue = 0;

  friend bool operator==(const Colours&, const Colours&) = default;
  static Colours of(Argb element) {
    return {static_cast<std::int8_t>(channel(element, 0)),
            static_cast<std::int8_t>(channel(element, 1)),
            static_cast<std::int8_t>(channel(element, 2))};
  }
  static int said(std::int8_t factor, int value) {
    return (int{factor} * int{static_cast<std::int8_t>(value)}) >> 5;
  }
};

// With what the other channels say added to the residual, and taken off again.
inline Argb with_colours(const Colours& by, Argb residual) {
  const int green = channel(residual, 1);
  const int red = channel(residual, 2) + Colours::said(by.green_to_red, green);
  const int blue = channel(residual, 0) + Colours::said(by.green_to_blue, green) +
                   Colours::said(by.red_to_blue, red);
  return argb(channel(residual, 3), red, green, blue);
}
inline Argb without_colours(const Colours& by, Argb pixel) {
  const int green = channel(pixel, 1), red = channel(pixel, 2);
  return argb(channel(pixel, 3), red - Colours::said(by.green_to_red, green), green,
              channel(pixel, 0) - Colours::said(by.green_to_blue, green) -
                  Colours::said(by.red_to_blue, red));
}

// Section 4.3.
inline Argb with_green(Argb pixel) {
  const int green = channel(pixel, 1);
  return sum(pixel, argb(0, green, 0, green));
}
inline Argb without_green(Argb pixel) {
  const int green = channel(pixel, 1);
  return difference(pixel, argb(0, green, 0, green));
}

}  // namespace kraft::webp
