// Images: what is read is what was written, in every format, depth and number of channels; what
// cannot be read is one clear error, and never memory for what a header merely claims.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>  // jpeglib.h needs it before

#include <jpeglib.h>
#include <png.h>

#include <limits>

#include "kraft/error.h"
#include "kraft/media.h"
#include "media/pictures.h"

namespace kraft {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string reading_error(ByteView file) {
  try {
    read_image(file);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

Bytes jpeg_file(const Image& image, int quality) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &memory, &size);
  jpeg.image_width = static_cast<JDIMENSION>(image.width);
  jpeg.image_height = static_cast<JDIMENSION>(image.height);
  jpeg.input_components = static_cast<int>(image.channels);
  jpeg.in_color_space = image.channels == 1   ? JCS_GRAYSCALE
                        : image.channels == 4 ? JCS_CMYK
                                              : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  for (std::size_t y = 0; y < image.height; ++y) {
    auto* row = const_cast<Byte*>(image.samples.data() + y * image.row_bytes());
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  Bytes file(memory, memory + size);
  jpeg_destroy_compress(&jpeg);
  std::free(memory);
  return file;
}

// A PNG of any kind that libpng writes: `rows` as they are in the file.
Bytes png_file(std::uint32_t width, std::uint32_t height, int depth, int colour, int interlace,
               const Bytes& rows, const std::vector<png_color>& palette = {},
               const Bytes& transparent = {}) {
  Bytes file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &file,
      [](png_structp p, png_bytep data, png_size_t size) {
        append(*static_cast<Bytes*>(png_get_io_ptr(p)), {data, size});
      },
      nullptr);
  png_set_IHDR(png, info, width, height, depth, colour, interlace, 0, 0);
  if (!palette.empty()) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  if (!transparent.empty())
    png_set_tRNS(png, info, transparent.data(), static_cast<int>(transparent.size()), nullptr);
  png_write_info(png, info);
  std::vector<png_bytep> pointers;
  for (std::size_t y = 0; y < height; ++y)
    pointers.push_back(const_cast<Byte*>(rows.data()) + y * rows.size() / height);
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

TEST(Images, AreReadBackFromPngInEveryDepthAndNumberOfChannels) {
  for (std::size_t channels : {1, 2, 3, 4}) {
    for (std::size_t depth_bits : {8, 16}) {
      for (std::size_t width : {1, 7, 100}) {
        const Image image = picture(width, 13, channels, depth_bits);
        EXPECT_TRUE(read_image(write_png(image)) == image) << channels << " x " << depth_bits;
      }
    }
  }
}

TEST(Images, AreReadFromPnmBmpAndTgaAndReadBackFromPng) {
  std::vector<std::pair<Bytes, Image>> files;
  for (std::size_t channels : {1, 3}) {
    for (std::size_t depth_bits : {8, 16}) {
      const Image image = picture(19, 11, channels, depth_bits);
      files.emplace_back(pnm_file(image), image);
    }
  }
  for (std::size_t channels : {1, 3, 4}) {
    const Image image = picture(19, 11, channels, 8);
    files.emplace_back(tga_file(image), image);
    files.emplace_back(tga_file(image, /*footer=*/false), image);
  }
  files.emplace_back(bmp_file(picture(19, 11, 3, 8)), picture(19, 11, 3, 8));
  for (const auto& [file, image] : files) {
    EXPECT_TRUE(read_image(file) == image);
    EXPECT_TRUE(read_image(write_png(read_image(file))) == image);
  }
}

TEST(Images, OfTextAndBitsAreReadFromPnm) {
  const Image gray = read_image(as_bytes("P2 # three grays\n3 1 2\n0 1 2\n"));
  EXPECT_EQ(gray.samples, (Bytes{0, 128, 255}));
  const Image rgb = read_image(as_bytes("P3\n1 1\n15\n15 0 3\n"));
  EXPECT_EQ(rgb.samples, (Bytes{255, 0, 51}));
  const Image bits = read_image(as_bytes("P1\n3 2\n1 0 1 010"));
  EXPECT_EQ(bits.samples, (Bytes{0, 255, 0, 255, 0, 255}));
  const Image packed = read_image(as_bytes(std::string_view("P4\n9 1\n\x80\x80", 9)));
  EXPECT_EQ(packed.samples, (Bytes{0, 255, 255, 255, 255, 255, 255, 255, 0}));
}

TEST(Images, OfPalettesAndFewBitsBecomeChannelsOf8Bits) {
  const std::vector<png_color> palette = {{10, 20, 30}, {40, 50, 60}};
  const Image rgb = read_image(png_file(2, 1, 8, PNG_COLOR_TYPE_PALETTE, 0, {1, 0}, palette));
  EXPECT_EQ(rgb.channels, 3u);
  EXPECT_EQ(rgb.samples, (Bytes{40, 50, 60, 10, 20, 30}));
  const Image rgba = read_image(png_file(2, 1, 8, PNG_COLOR_TYPE_PALETTE, 0, {1, 0}, palette, {9}));
  EXPECT_EQ(rgba.samples, (Bytes{40, 50, 60, 255, 10, 20, 30, 9}));
  const Image bits = read_image(png_file(3, 1, 1, PNG_COLOR_TYPE_GRAY, 0, {0xa0}));
  EXPECT_EQ(bits.samples, (Bytes{255, 0, 255}));
  const Image pairs = read_image(png_file(3, 1, 2, PNG_COLOR_TYPE_GRAY, 0, {0x1c}));
  EXPECT_EQ(pairs.samples, (Bytes{0, 85, 255}));
}

TEST(Images, InterlacedAreReadInOrder) {
  const Image image = picture(21, 17, 3, 8);
  EXPECT_TRUE(read_image(png_file(21, 17, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_ADAM7,
                                  image.samples)) == image);
}

TEST(Images, AreReadFromJpegNearlyAsTheyWere) {
  for (std::size_t channels : {1, 3}) {
    const Image image = picture(40, 30, channels, 8);
    const Image back = read_image(jpeg_file(image, 95));
    EXPECT_EQ(back.channels, channels);
    ASSERT_EQ(back.samples.size(), image.samples.size());
    EXPECT_GT(psnr_db(back.samples, image.samples), 25);
    EXPECT_TRUE(read_image(write_png(back)) == back);
  }
  EXPECT_THAT(reading_error(jpeg_file(picture(8, 8, 4, 8), 90)), HasSubstr("CMYK"));
}

// The smallest of all: one black pixel, then one white.
constexpr char kGif[] =
    "GIF89a\x02\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x02\0\x01\0\0\x02\x02\x44\x0a\0;";

TEST(Images, OfAGifAreItsFirstFrame) {
  const ByteView file = as_bytes(std::string_view(kGif, sizeof kGif - 1));
  const Image image = read_image(file);
  EXPECT_EQ(image.width, 2u);
  EXPECT_EQ(image.height, 1u);
  EXPECT_EQ(image.samples, (Bytes{0, 0, 0, 255, 255, 255}));
}

TEST(Images, TruncatedAreErrors) {
  const Image image = picture(30, 20, 3, 8);
  for (const Bytes& file : {write_png(image), jpeg_file(image, 90), pnm_file(image),
                            bmp_file(image), tga_file(image, /*footer=*/false)}) {
    for (std::size_t size = 0; size < file.size(); size += 1 + size / 9) {
      // A JPEG without the two bytes of its end still has all its pixels.
      EXPECT_NE(reading_error(ByteView(file).first(size)), "") << size << " of " << file.size();
    }
  }
  EXPECT_THAT(reading_error(ByteView(pnm_file(image)).first(100)), "PNM: the file is truncated");
  EXPECT_THAT(reading_error(ByteView(bmp_file(image)).first(100)), "BMP: the file is truncated");
  EXPECT_THAT(reading_error(ByteView(write_png(image)).first(100)), StartsWith("PNG: "));
}

TEST(Images, CorruptPngIsNoticedByItsChecksums) {
  const Image image = picture(30, 20, 3, 8);
  const Bytes file = write_png(image);
  for (std::size_t at = 8; at < file.size(); at += 7) {
    Bytes damaged = file;
    damaged[at] ^= 0x10;
    try {
      EXPECT_TRUE(read_image(damaged) == image) << at;  // an ancillary chunk
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }
}

TEST(Images, EnormousHeadersAreRefusedBeforeMemoryIsTaken) {
  EXPECT_EQ(reading_error(as_bytes("P6\n100000 100000\n255\n")),
            "PNM: 100,000 x 100,000 pixels of 3 bytes are more than 256 MiB");
  Bytes png = write_png(picture(1, 1, 1, 8));
  // The width and height, and the checksum of the header that holds them.
  const Bytes huge = {0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0, 8, 0, 0, 0, 0};
  std::copy(huge.begin(), huge.end(), png.begin() + 16);
  std::uint32_t crc = 0xffffffff;
  for (std::size_t i = 12; i < 29; ++i) {
    crc ^= png[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  for (std::size_t i = 0; i < 4; ++i) png[29 + i] = static_cast<Byte>(~crc >> (24 - 8 * i));
  EXPECT_EQ(reading_error(png), "PNG: 100,000 x 100,000 pixels of 1 byte are more than 256 MiB");
  Bytes bmp = bmp_file(picture(1, 1, 3, 8));
  bmp[18] = bmp[22] = 0xa0;
  bmp[19] = bmp[23] = 0x86;
  bmp[20] = bmp[24] = 1;
  EXPECT_THAT(reading_error(bmp), StartsWith("BMP: "));
  Bytes tga = tga_file(picture(1, 1, 1, 8));
  tga[12] = tga[13] = tga[14] = tga[15] = 0xff;
  EXPECT_EQ(reading_error(tga), "TGA: 65,535 x 65,535 pixels of 2 bytes are more than 256 MiB");
}

TEST(Images, WithoutPixelsOrWithBadHeadersAreErrors) {
  EXPECT_EQ(reading_error({}),
            "this is no image that can be read: PNG, JPEG, PNM, BMP, TGA and GIF are");
  EXPECT_EQ(reading_error(as_bytes("P5\n0 5\n255\n")), "PNM: the image has no pixels: it is 0 x 5");
  EXPECT_EQ(reading_error(as_bytes("P5\n1 1\n70000\n..")),
            "PNM: the maximum value 70000 is out of range: 1..65535");
  EXPECT_EQ(reading_error(as_bytes("P5\nwide 1\n255\n.")), "PNM: the width is no number");
  EXPECT_EQ(reading_error(as_bytes("P5\n99999999999 1\n255\n.")), "PNM: the width is too large");
  EXPECT_EQ(reading_error(as_bytes("P2\n1 1\n9\n10\n")),
            "PNM: a sample of 10 exceeds the maximum value 9");
}

TEST(Images, AreCroppedScaledAndMadeGray) {
  const Image image = picture(20, 10, 3, 8);
  const Image part = cropped(image, {5, 2, 4, 3});
  EXPECT_EQ(part.samples[0], image.samples[2 * image.row_bytes() + 15]);
  EXPECT_EQ(part.samples.back(), image.samples[4 * image.row_bytes() + 8 * 3 + 2]);
  EXPECT_THROW(cropped(image, {18, 0, 3, 1}), UsageError);
  EXPECT_THROW(cropped(image, {0, 0, 0, 1}), UsageError);
  EXPECT_THROW(cropped(image, {SIZE_MAX, 0, 2, 1}), UsageError);

  const Image flat{8, 8, 3, 16, Bytes(8 * 8 * 6, 0x55)};
  EXPECT_TRUE(scaled(flat, 3, 5) == (Image{3, 5, 3, 16, Bytes(3 * 5 * 6, 0x55)}));
  EXPECT_TRUE(scaled(image, 20, 10) == image);
  const Image large = scaled(image, 40, 20);
  EXPECT_GT(psnr_db(scaled(large, 20, 10).samples, image.samples), 30);

  const Image gray = to_gray({1, 1, 4, 8, {255, 0, 0, 7}});
  EXPECT_EQ(gray.samples, Bytes{76});
  EXPECT_EQ(to_gray({1, 1, 2, 16, {1, 2, 3, 4}}).samples, (Bytes{1, 2}));
}

TEST(Images, SignalToNoiseRatioIsThatOfItsDefinition) {
  EXPECT_NEAR(psnr_db(Bytes{0, 0, 0, 0}, Bytes{0, 0, 0, 10}), 10 * std::log10(255 * 255 / 25.0),
              1e-12);
  EXPECT_EQ(psnr_db(Bytes{5}, Bytes{5}), std::numeric_limits<double>::infinity());
}

TEST(Media, AreKnownByTheirContent) {
  EXPECT_EQ(infer_medium(write_png(picture(2, 2, 1, 8))), Medium::image);
  EXPECT_EQ(infer_medium(bmp_file(picture(2, 2, 3, 8))), Medium::image);
  EXPECT_EQ(infer_medium(tga_file(picture(2, 2, 3, 8))), Medium::image);
  EXPECT_EQ(infer_medium(pnm_file(picture(2, 2, 3, 8))), Medium::image);
  EXPECT_EQ(infer_medium(write_audio(sound(Encoding::u8, 1, 9), AudioFormat::wav)), Medium::audio);
  EXPECT_EQ(infer_medium(write_audio(sound(Encoding::u8, 1, 9), AudioFormat::flac)), Medium::audio);
  EXPECT_EQ(infer_medium(as_bytes("Plain text, caf\xc3\xa9.\n")), Medium::text);
  EXPECT_EQ(infer_medium(as_bytes("BMX bikes, RIFFs and GIFs\n")), Medium::text);
  EXPECT_EQ(infer_medium(as_bytes("caf\xe9")), Medium::bytes);
  EXPECT_EQ(infer_medium(Bytes{0, 1, 2}), Medium::bytes);
}

}  // namespace
}  // namespace kraft
