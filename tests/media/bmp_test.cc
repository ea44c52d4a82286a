// Bitmaps of every header, direction, depth and compression: the same pixels, or one clear error.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kraft/error.h"
#include "kraft/media.h"
#include "media/pictures.h"

namespace kraft {
namespace {

using ::testing::HasSubstr;

struct Bitmap {
  std::int32_t width = 2, height = 2;
  unsigned bits = 24;
  std::uint32_t compression = 0;
  std::uint32_t colours = 0;
  std::uint32_t header_bytes = 40;
  Bytes more = {};  // behind the first 40 bytes: masks, the rest of a longer header, the palette
  Bytes pixels = {};
};

Bytes file_of(const Bitmap& b) {
  Bytes file = bytes_of("BM");
  const std::size_t pixels_at = 54 + b.more.size();
  put_little(pixels_at + b.pixels.size(), 4, file);
  put_little(0, 4, file);
  put_little(pixels_at, 4, file);
  put_little(b.header_bytes, 4, file);
  put_little(static_cast<std::uint32_t>(b.width), 4, file);
  put_little(static_cast<std::uint32_t>(b.height), 4, file);
  put_little(1, 2, file);
  put_little(b.bits, 2, file);
  put_little(b.compression, 4, file);
  put_little(0, 4, file);
  put_little(2835, 4, file);
  put_little(1417, 4, file);
  put_little(b.colours, 4, file);
  put_little(0, 4, file);
  append(file, b.more);
  append(file, b.pixels);
  return file;
}

std::string reading_error(ByteView file) {
  try {
    read_image(file);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

const Bytes kTwoByTwo = {3, 2, 1, 6, 5, 4, 0, 0, 9, 8, 7, 12, 11, 10, 0, 0};  // rows of the file

TEST(Bmp, RowsComeFromBelowUnlessTheHeightIsNegative) {
  const Image up = read_image(file_of({.pixels = kTwoByTwo}));
  EXPECT_EQ(up.samples, (Bytes{7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6}));
  const Image down = read_image(file_of({.height = -2, .pixels = kTwoByTwo}));
  EXPECT_EQ(down.height, 2u);
  EXPECT_EQ(down.samples, (Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
}

TEST(Bmp, TheFourthByteOfAPlainPixelIsPadding) {
  for (const Byte padding : {Byte{0}, Byte{77}, Byte{255}}) {
    const Image image = read_image(
        file_of({.height = 1, .bits = 32, .pixels = {3, 2, 1, padding, 6, 5, 4, padding}}));
    EXPECT_EQ(image.channels, 3u);
    EXPECT_FALSE(image.appearance.opaque_alpha);
    EXPECT_EQ(image.samples, (Bytes{1, 2, 3, 4, 5, 6}));
  }
}

TEST(Bmp, PixelsOf16BitsAreStretchedTo8) {
  const Image plain = read_image(file_of(
      {.height = 1, .bits = 16, .pixels = {0xff, 0x7f, 0x00, 0x7c}}));  // white; red, 5 bits each
  EXPECT_EQ(plain.samples, (Bytes{255, 255, 255, 255, 0, 0}));
  Bytes masks;
  for (const unsigned mask : {0xf800, 0x07e0, 0x001f}) put_little(mask, 4, masks);
  const Image fields = read_image(file_of({.height = 1,
                                           .bits = 16,
                                           .compression = 3,
                                           .more = masks,
                                           .pixels = {0xe0, 0x07, 0x10, 0x84}}));
  EXPECT_EQ(fields.samples, (Bytes{0, 255, 0, 132, 130, 132}));
}

TEST(Bmp, BitFieldsSayWhereTheAlphaIs) {
  Bytes rest;  // of the fifth header: masks, and nothing else
  for (const std::uint32_t mask : {0xff000000u, 0x00ff0000u, 0x0000ff00u, 0x000000ffu})
    put_little(mask, 4, rest);
  rest.resize(124 - 40);
  const Bitmap bitmap{.height = 1,
                      .bits = 32,
                      .compression = 3,
                      .header_bytes = 124,
                      .more = rest,
                      .pixels = {9, 30, 20, 10, 0, 60, 50, 40}};
  const Image image = read_image(file_of(bitmap));
  EXPECT_EQ(image.channels, 4u);
  EXPECT_EQ(image.samples, (Bytes{10, 20, 30, 9, 40, 50, 60, 0}));
}

TEST(Bmp, AnAlphaChannelOfZerosIsNone) {
  Bytes masks;
  for (const std::uint32_t mask : {0xff0000u, 0xff00u, 0xffu, 0xff000000u})
    put_little(mask, 4, masks);
  const Image image = read_image(file_of({.height = 1,
                                          .bits = 32,
                                          .compression = 6,
                                          .more = masks,
                                          .pixels = {3, 2, 1, 0, 6, 5, 4, 0}}));
  EXPECT_EQ(image.samples, (Bytes{1, 2, 3, 4, 5, 6}));
}

const Bytes kPalette = {0, 0, 0, 0, 30, 20, 10, 0, 60, 50, 40, 0, 90, 80, 70, 0};

TEST(Bmp, PalettesOf1And4And8Bits) {
  const Image bits = read_image(file_of({.width = 3,
                                         .height = 1,
                                         .bits = 1,
                                         .colours = 2,
                                         .more = Bytes(kPalette.begin(), kPalette.begin() + 8),
                                         .pixels = {0xa0, 0, 0, 0}}));
  EXPECT_EQ(bits.samples, (Bytes{10, 20, 30, 0, 0, 0, 10, 20, 30}));
  const Image nibbles = read_image(file_of({.width = 3,
                                            .height = 1,
                                            .bits = 4,
                                            .colours = 4,
                                            .more = kPalette,
                                            .pixels = {0x21, 0x30, 0, 0}}));
  EXPECT_EQ(nibbles.samples, (Bytes{40, 50, 60, 10, 20, 30, 70, 80, 90}));
  const Image bytes = read_image(
      file_of({.height = 1, .bits = 8, .colours = 4, .more = kPalette, .pixels = {3, 1, 0, 0}}));
  EXPECT_EQ(bytes.samples, (Bytes{70, 80, 90, 10, 20, 30}));
  EXPECT_EQ(reading_error(file_of(
                {.height = 1, .bits = 8, .colours = 4, .more = kPalette, .pixels = {3, 9, 0, 0}})),
            "BMP: a pixel has colour 9 of a palette of 4");
}

TEST(Bmp, OfOs2HaveAShortHeaderAndColoursOf3Bytes) {
  Bytes file = bytes_of("BM");
  put_little(32 + 8, 4, file);
  put_little(0, 4, file);
  put_little(26 + 6, 4, file);
  put_little(12, 4, file);
  for (const unsigned value : {2u, 1u, 1u, 1u}) put_little(value, 2, file);
  append(file, Bytes{3, 2, 1, 6, 5, 4});
  append(file, Bytes{0x40, 0, 0, 0});
  EXPECT_EQ(read_image(file).samples, (Bytes{1, 2, 3, 4, 5, 6}));
}

TEST(Bmp, RunsOf8Bits) {
  // Three of colour 1; end of row; one by one 2, 3, 1 and padding; a step right by 1, up by 1;
  // one 2.
  const Bytes runs = {3, 1, 0, 0, 0, 3, 2, 3, 1, 0, 0, 0, 0, 2, 1, 0, 1, 2, 0, 1};
  const Image image = read_image(file_of({.width = 3,
                                          .height = 3,
                                          .bits = 8,
                                          .compression = 1,
                                          .colours = 4,
                                          .more = kPalette,
                                          .pixels = runs}));
  EXPECT_EQ(image.samples, (Bytes{0,  0,  0,  40, 50, 60, 0,  0,  0,   // the last row of the file
                                  40, 50, 60, 70, 80, 90, 10, 20, 30,  //
                                  10, 20, 30, 10, 20, 30, 10, 20, 30}));
}

TEST(Bmp, RunsOf4BitsTakeTurns) {
  // Three of 1 and 2 in turn, then 3, 2, 1 one by one.
  const Bytes runs = {3, 0x12, 0, 3, 0x32, 0x10, 0, 1};
  const Image image = read_image(file_of({.width = 6,
                                          .height = 1,
                                          .bits = 4,
                                          .compression = 2,
                                          .colours = 4,
                                          .more = kPalette,
                                          .pixels = runs}));
  EXPECT_EQ(image.samples,
            (Bytes{10, 20, 30, 40, 50, 60, 10, 20, 30, 70, 80, 90, 40, 50, 60, 10, 20, 30}));
}

TEST(Bmp, RunsThatLeaveTheImageOrEndTooEarlyAreErrors) {
  Bitmap bitmap{.width = 3,
                .height = 1,
                .bits = 8,
                .compression = 1,
                .colours = 4,
                .more = kPalette,
                .pixels = {4, 1}};
  EXPECT_EQ(reading_error(file_of(bitmap)),
            "BMP: a run of pixels goes beyond the edge of the image");
  bitmap.pixels = {2, 1};
  EXPECT_EQ(reading_error(file_of(bitmap)), "BMP: the file is truncated");
  bitmap.pixels = {3, 1};  // all is there; only the end is not marked
  EXPECT_EQ(reading_error(file_of(bitmap)), "");
}

TEST(Bmp, WhatCannotBeReadIsNamed) {
  EXPECT_EQ(reading_error(file_of({.compression = 4})),
            "BMP: JPEG compression of 24 bits is not supported");
  EXPECT_EQ(reading_error(file_of({.bits = 3})), "BMP: pixels of 3 bits are not supported");
  EXPECT_EQ(reading_error(file_of({.width = -2})), "BMP: a width of -2 is no width");
  EXPECT_EQ(reading_error(file_of({.height = 0})), "BMP: the image has no pixels: it is 2 x 0");
  EXPECT_EQ(reading_error(file_of({.width = 16000, .height = -16000})),
            "BMP: 16,000 x 16,000 pixels of 3 bytes are more than 256 MiB");
  EXPECT_EQ(reading_error(file_of({.width = 9000, .height = 9000})), "BMP: the file is truncated");
}

TEST(Bmp, TheDensityGoesIntoThePng) {
  const Image image = read_image(file_of({.pixels = kTwoByTwo}));
  ASSERT_TRUE(image.appearance.density);
  EXPECT_EQ(image.appearance.density->x, 2835u);
  EXPECT_EQ(image.appearance.density->y, 1417u);
  EXPECT_TRUE(image.appearance.density->per_metre);
  EXPECT_TRUE(read_image(write_png(image)) == image);
}

}  // namespace
}  // namespace kraft
