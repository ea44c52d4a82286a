// GIF and TGA: what their canvases, corners and attribute bits mean.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kraft/error.h"
#include "kraft/media.h"
#include "media/pictures.h"

namespace kraft {
namespace {

using ::testing::ElementsAre;

std::string reading_error(ByteView file) {
  try {
    read_image(file);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

const Bytes kColours = {10, 20, 30, 200, 100, 50, 1, 2, 3, 255, 255, 255};

// A GIF of 3 x 2 whose frame is `width` x `height` at x, y; four colours, the background is the
// second. Every pixel is a code of 3 bits behind a code that empties the table.
struct Gif {
  unsigned x = 0, y = 0, width = 3, height = 2;
  Bytes colours = {};  // numbers of the frame's pixels, in the order of the file
  bool interlaced = false;
  int transparent = -1;
  bool ends = true;
};

Bytes file_of(const Gif& gif) {
  Bytes file = bytes_of("GIF89a");
  put_little(std::max(3u, gif.x + gif.width), 2, file);
  put_little(std::max(2u, gif.y + gif.height), 2, file);
  append(file, Bytes{0x81, 1, 0});
  append(file, kColours);
  if (gif.transparent >= 0)
    append(file, Bytes{0x21, 0xf9, 4, 1, 0, 0, static_cast<Byte>(gif.transparent), 0});
  file.push_back(0x2c);
  for (const unsigned value : {gif.x, gif.y, gif.width, gif.height}) put_little(value, 2, file);
  file.push_back(gif.interlaced ? 0x40 : 0);
  file.push_back(2);
  std::uint64_t bits = 0;
  unsigned count = 0;
  Bytes codes;
  const auto put = [&](unsigned code) {
    bits |= std::uint64_t{code} << count;
    for (count += 3; count >= 8; count -= 8, bits >>= 8) codes.push_back(static_cast<Byte>(bits));
  };
  for (const Byte colour : gif.colours) {  // two codes after an empty table never need 4 bits
    put(4);
    put(colour);
  }
  put(5);
  codes.push_back(static_cast<Byte>(bits));
  file.push_back(static_cast<Byte>(codes.size()));
  append(file, codes);
  if (gif.ends) append(file, Bytes{0, 0x3b});
  return file;
}

TEST(Gif, WhatNoFrameCoversHasTheBackgroundsColour) {
  const Image image =
      read_image(file_of({.x = 1, .y = 1, .width = 1, .height = 1, .colours = {2}}));
  EXPECT_EQ(image.width, 3u);
  EXPECT_EQ(image.height, 2u);
  EXPECT_EQ(image.samples, (Bytes{200, 100, 50, 200, 100, 50, 200, 100, 50,  //
                                  200, 100, 50, 1, 2, 3, 200, 100, 50}));
}

TEST(Gif, OfATransparentFrameWhatItDoesNotCoverIsTransparent) {
  const Image image = read_image(
      file_of({.x = 0, .y = 0, .width = 2, .height = 1, .colours = {0, 3}, .transparent = 3}));
  ASSERT_EQ(image.channels, 4u);
  EXPECT_EQ(image.samples[3], 255);
  EXPECT_EQ(image.samples[7], 0);
  EXPECT_EQ(image.samples[11], 0);
}

TEST(Gif, AFrameThatIsLargerThanTheCanvasEnlargesIt) {
  const Image image =
      read_image(file_of({.x = 2, .y = 0, .width = 2, .height = 1, .colours = {0, 3}}));
  EXPECT_EQ(image.width, 4u);
  EXPECT_EQ(ByteView(image.samples).subspan(9, 3)[0], 255);
}

TEST(Gif, InterlacedRowsAreReadInOrder) {
  const Image image = read_image(file_of({.width = 1,
                                          .height = 5,
                                          .colours = {0, 1, 2, 3, 0},
                                          .interlaced = true}));  // rows 0 4 2 1 3
  std::vector<int> reds;
  for (std::size_t y = 0; y < 5; ++y) reds.push_back(image.samples[y * image.row_bytes()]);
  EXPECT_THAT(reds, ElementsAre(10, 255, 1, 10, 200));
}

TEST(Gif, MissingPixelsAreAWarningAndAMissingEndIsAnError) {
  const Image image = read_image(file_of({.colours = {0, 1, 2, 3}}));
  EXPECT_THAT(image.warnings, ElementsAre("GIF: 2 of 6 pixels are missing"));
  EXPECT_THAT(ByteView(image.samples).last(3)[0], 200);  // the background
  EXPECT_EQ(reading_error(file_of({.colours = {0, 1, 2, 3}, .ends = false})), "");
  const Bytes file = file_of({.colours = {0, 1, 2, 3, 0, 1}});
  EXPECT_EQ(reading_error(ByteView(file).first(file.size() - 4)), "GIF: the file is truncated");
}

// 30 bytes cannot hold a frame of 36 million pixels, so none are laid out for it.
TEST(Gif, AFrameThatCannotBeInTheFileIsAnError) {
  EXPECT_EQ(reading_error(file_of({.width = 2050, .height = 17472, .colours = {0, 1}})),
            "GIF: the file is too short for its pixels");
}

TEST(Gif, LongStringsComeBackFromTheirCodes) {
  // Code 6 is the string that is only being made: 0 0, then 7: 0 0 0, then 8.
  Bytes file = bytes_of("GIF87a");
  append(file, Bytes{10, 0, 1, 0, 0x81, 0, 0});
  append(file, kColours);
  append(file, Bytes{0x2c, 0, 0, 0, 0, 10, 0, 1, 0, 0, 2});
  // 3 bits: 4 (clear), 0, 6; then, with table entries up to 7, 4 bits: 8 comes at its time.
  const std::uint64_t bits = 4u | 0u << 3 | 6u << 6 | 7u << 9 | 8u << 12 | 5u << 16;
  append(file, Bytes{3, static_cast<Byte>(bits), static_cast<Byte>(bits >> 8),
                     static_cast<Byte>(bits >> 16), 0, 0x3b});
  const Image image = read_image(file);
  EXPECT_THAT(image.warnings, ElementsAre());
  for (std::size_t x = 0; x < 10; ++x) EXPECT_EQ(image.samples[3 * x], 10) << x;
}

TEST(Gif, EnormousCanvasesAreRefused) {
  Bytes file = file_of({.colours = {0, 1, 2, 3, 0, 1}});
  file[6] = file[7] = file[8] = file[9] = 0xff;
  EXPECT_EQ(reading_error(file), "GIF: 65,535 x 65,535 pixels of 4 bytes are more than 256 MiB");
}

struct Tga {
  unsigned kind = 2, width = 2, height = 2, bits = 24, flags = 0;
  Bytes pixels = {};
  Bytes palette = {};  // colours of 3 bytes
};

Bytes file_of(const Tga& tga) {
  Bytes file = {0, static_cast<Byte>(tga.palette.empty() ? 0 : 1), static_cast<Byte>(tga.kind), 0,
                0};
  put_little(tga.palette.size() / 3, 2, file);
  file.push_back(tga.palette.empty() ? 0 : 24);
  put_little(0, 4, file);
  put_little(tga.width, 2, file);
  put_little(tga.height, 2, file);
  file.push_back(static_cast<Byte>(tga.bits));
  file.push_back(static_cast<Byte>(tga.flags));
  append(file, tga.palette);
  append(file, tga.pixels);
  return file;
}

TEST(Tga, BeginsInTheCornerThatItNames) {
  const Bytes pixels = {1, 2, 3, 4};
  const auto gray = [&](unsigned flags) {
    return read_image(file_of(Tga{.kind = 3, .bits = 8, .flags = flags, .pixels = pixels})).samples;
  };
  EXPECT_EQ(gray(0x20), (Bytes{1, 2, 3, 4}));
  EXPECT_EQ(gray(0x00), (Bytes{3, 4, 1, 2}));
  EXPECT_EQ(gray(0x30), (Bytes{2, 1, 4, 3}));
  EXPECT_EQ(gray(0x10), (Bytes{4, 3, 2, 1}));
}

TEST(Tga, WithoutAttributeBitsTheFourthByteIsNone) {
  const Bytes pixels = {3, 2, 1, 0, 6, 5, 4, 9};
  const Tga tga{.height = 1, .bits = 32, .flags = 0x20, .pixels = pixels};
  EXPECT_EQ(read_image(file_of(tga)).samples, (Bytes{1, 2, 3, 4, 5, 6}));
  Tga with_alpha = tga;
  with_alpha.flags |= 8;
  EXPECT_EQ(read_image(file_of(with_alpha)).samples, (Bytes{1, 2, 3, 0, 4, 5, 6, 9}));
  with_alpha.pixels[7] = 0;  // nothing but zeros: nobody wrote an alpha channel
  EXPECT_EQ(read_image(file_of(with_alpha)).samples, (Bytes{1, 2, 3, 4, 5, 6}));
}

TEST(Tga, RunsAndPalettesAndPixelsOf16Bits) {
  const Image runs = read_image(file_of(Tga{.kind = 11,
                                            .width = 5,
                                            .height = 1,
                                            .bits = 8,
                                            .flags = 0x20,
                                            .pixels = {0x82, 7, 0x01, 8, 9}}));
  EXPECT_EQ(runs.samples, (Bytes{7, 7, 7, 8, 9}));
  const Image palette = read_image(file_of(Tga{.kind = 1,
                                               .height = 1,
                                               .bits = 8,
                                               .flags = 0x20,
                                               .pixels = {1, 0},
                                               .palette = {3, 2, 1, 6, 5, 4}}));
  EXPECT_EQ(palette.samples, (Bytes{4, 5, 6, 1, 2, 3}));
  const Image few = read_image(
      file_of(Tga{.height = 1, .bits = 16, .flags = 0x20, .pixels = {0x00, 0x7c, 0x1f, 0x00}}));
  EXPECT_EQ(few.samples, (Bytes{255, 0, 0, 0, 0, 255}));
  EXPECT_EQ(
      reading_error(file_of(
          Tga{.kind = 1, .height = 1, .bits = 8, .pixels = {2, 0}, .palette = {3, 2, 1, 6, 5, 4}})),
      "TGA: a pixel has colour 2, which is not in the palette");
}

TEST(Tga, WithoutAFooterIsKnownByAHeaderThatFits) {
  const Bytes file = file_of(Tga{.kind = 3, .bits = 8, .flags = 0x20, .pixels = {1, 2, 3, 4}});
  EXPECT_EQ(infer_medium(file), Medium::image);
  const ByteView cut = ByteView(file).first(file.size() - 1);
  EXPECT_EQ(infer_medium(cut), Medium::bytes);
  EXPECT_EQ(infer_medium(cut, "old.TGA"), Medium::image);
  EXPECT_EQ(reading_error(cut), "TGA: the file is truncated");
  EXPECT_EQ(infer_medium(Bytes{0, 0, 0}, "noise.bin"), Medium::bytes);
}

TEST(Tga, WhatCannotBeReadIsNamed) {
  Bytes file = file_of(Tga{.flags = 0x40, .pixels = Bytes(12)});
  EXPECT_EQ(reading_error(file),
            "this is no image that can be read: PNG, JPEG, PNM, BMP, TGA and GIF are");
  put_little(0, 8, file);
  append(file, as_bytes(std::string_view("TRUEVISION-XFILE.\0", 18)));  // it is one, then
  EXPECT_EQ(reading_error(file), "TGA: interleaved rows are not supported");
}

}  // namespace
}  // namespace kraft
