// What a file says about its pixels besides their values: it is applied, or it is kept.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>  // jpeglib.h needs it before

#include <jpeglib.h>

#include "kraft/error.h"
#include "kraft/media.h"
#include "media/panel.h"
#include "media/pictures.h"
#include "media/readers.h"
#include "media/spectrogram.h"

namespace kraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string reading_error(ByteView file) {
  try {
    read_image(file);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

void put_big(std::uint64_t value, int bytes, Bytes& to) {
  for (int i = bytes; i-- > 0;) to.push_back(static_cast<Byte>(value >> (8 * i)));
}

Bytes chunk(std::string_view name, const Bytes& data) {
  Bytes checked = bytes_of(std::string(name)), result;
  append(checked, data);
  put_big(data.size(), 4, result);
  append(result, checked);
  put_big(crc32(0, checked.data(), static_cast<uInt>(checked.size())), 4, result);
  return result;
}

Bytes with_chunk(Bytes png, std::string_view name, const Bytes& data) {
  const Bytes added = chunk(name, data);
  png.insert(png.begin() + 33, added.begin(), added.end());
  return png;
}

std::string chunk_names(const Bytes& png) {
  std::string names;
  for (std::size_t at = 8; at + 8 <= png.size();) {
    const std::size_t bytes = png[at] << 24 | png[at + 1] << 16 | png[at + 2] << 8 | png[at + 3];
    names += std::string(as_text(ByteView(png).subspan(at + 4, 4))) + " ";
    at += bytes + 12;
  }
  return names;
}

Bytes profile(std::string_view colours) {
  Bytes icc(200, 7);
  std::copy(colours.begin(), colours.end(), icc.begin() + 16);
  return icc;
}

TEST(Appearance, OfAPngIsWrittenAgain) {
  Image image = picture(5, 4, 3, 8);
  image.appearance.icc_profile = profile("RGB ");
  image.appearance.srgb_intent = 1;
  image.appearance.gamma_1e5 = 45455;
  image.appearance.chromaticities = Bytes(32, 3);
  image.appearance.density = Appearance::Density{2835, 1000, true};
  const Bytes file = write_png(image);
  EXPECT_EQ(chunk_names(file), "IHDR gAMA cHRM sRGB iCCP pHYs IDAT IEND ");
  EXPECT_TRUE(read_image(file) == image);
  EXPECT_EQ(chunk_names(write_png(picture(5, 4, 3, 8))), "IHDR IDAT IEND ");
}

TEST(Appearance, DamagedChunksAreLeftOutWithAWarning) {
  const Bytes plain = write_png(picture(5, 4, 3, 8));
  Bytes file = with_chunk(plain, "gAMA", {0, 0, 0xb1, 0x8f});
  EXPECT_EQ(read_image(file).appearance.gamma_1e5, 45455u);
  file[33 + 8] ^= 1;
  EXPECT_FALSE(read_image(file).appearance.gamma_1e5);
  EXPECT_THAT(read_image(file).warnings,
              ElementsAre("PNG: the chunk gAMA is damaged and left out"));
  EXPECT_THAT(read_image(with_chunk(plain, "iCCP", Bytes(20, 'x'))).warnings,
              ElementsAre("PNG: the chunk iCCP is damaged and left out"));
}

TEST(Appearance, FollowsWhatIsDoneToTheImage) {
  Image image = picture(8, 4, 3, 8);
  image.appearance.icc_profile = profile("RGB ");
  image.appearance.gamma_1e5 = 45455;
  image.appearance.density = Appearance::Density{1000, 1000, true};
  image.warnings = {"something"};
  EXPECT_EQ(scaled(image, 4, 4).appearance.density->x, 500u);
  EXPECT_EQ(scaled(image, 4, 4).appearance.density->y, 1000u);
  EXPECT_TRUE(cropped(image, {0, 0, 2, 2}).appearance == image.appearance);
  EXPECT_THAT(to_gray(image).appearance.icc_profile, IsEmpty());  // it is one of colours
  EXPECT_EQ(to_gray(image).appearance.gamma_1e5, 45455u);
  for (const Image& changed : {scaled(image, 4, 4), cropped(image, {0, 0, 2, 2}), to_gray(image)})
    EXPECT_THAT(changed.warnings, ElementsAre("something"));
}

TEST(Appearance, AnAlphaChannelThatHidesNothingIsLeftOutAndPutBack) {
  for (const std::size_t channels : {2, 4}) {
    for (const std::size_t depth_bits : {8, 16}) {
      Image image = picture(5, 4, channels, depth_bits);
      const std::size_t bytes = depth_bits / 8, pixel = image.pixel_bytes();
      for (std::size_t at = pixel - bytes; at < image.samples.size(); at += pixel)
        std::fill_n(image.samples.begin() + static_cast<std::ptrdiff_t>(at), bytes, Byte{255});
      const Bytes file = write_png(image);
      const Image opaque = read_image(file);
      EXPECT_EQ(opaque.channels, channels - 1);
      EXPECT_TRUE(opaque.appearance.opaque_alpha);
      EXPECT_EQ(write_png(opaque), file);
      image.samples.back() = 0;
      EXPECT_TRUE(read_image(write_png(image)) == image);
    }
  }
}

Bytes exif(unsigned orientation, bool little) {
  Bytes data = bytes_of(little ? "II" : "MM");
  const auto put = [&](std::uint64_t value, int bytes) {
    little ? put_little(value, bytes, data) : put_big(value, bytes, data);
  };
  put(42, 2);
  put(8, 4);
  put(2, 2);
  put(0x010f, 2), put(2, 2), put(4, 4), put(0x30313233, 4);  // who made the camera
  put(0x0112, 2), put(3, 2), put(1, 4), put(orientation, 2), put(0, 2);
  put(0, 4);
  return data;
}

// Pixels 1 2 3 above 4 5 6, as each orientation shows them.
TEST(Appearance, OrientationsOfExifAreApplied) {
  const Image stored{3, 2, 1, 8, {1, 2, 3, 4, 5, 6}};
  const std::vector<Bytes> shown = {{1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1},
                                    {4, 5, 6, 1, 2, 3}, {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3},
                                    {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
  for (unsigned orientation = 1; orientation <= 8; ++orientation) {
    const Image image =
        read_image(with_chunk(write_png(stored), "eXIf", exif(orientation, orientation % 2 == 0)));
    EXPECT_EQ(image.samples, shown[orientation - 1]) << orientation;
    EXPECT_EQ(image.width, orientation >= 5 ? 2u : 3u);
  }
  EXPECT_EQ(exif_orientation(exif(9, true)), 1u);
  EXPECT_EQ(exif_orientation(ByteView(exif(6, true)).first(30)), 1u);
  EXPECT_EQ(exif_orientation({}), 1u);
}

// A JPEG with markers of ours.
Bytes jpeg_file(const Image& image, const std::vector<std::pair<int, Bytes>>& markers,
                bool dots_per_inch = false) {
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
  jpeg.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 95, TRUE);
  if (dots_per_inch) jpeg.density_unit = 1, jpeg.X_density = 300, jpeg.Y_density = 150;
  jpeg_start_compress(&jpeg, TRUE);
  for (const auto& [marker, data] : markers)
    jpeg_write_marker(&jpeg, marker, data.data(), static_cast<unsigned>(data.size()));
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

TEST(Appearance, OfAJpegIsThatOfItsMarkers) {
  Bytes turned = bytes_of("Exif");
  append(turned, Bytes{0, 0});
  append(turned, exif(6, false));
  const Bytes icc = profile("RGB ");
  Bytes first = bytes_of("ICC_PROFILE"), second = first;
  append(first, Bytes{0, 1, 2});
  append(first, ByteView(icc).first(90));
  append(second, Bytes{0, 2, 2});
  append(second, ByteView(icc).subspan(90));
  const Image stored = picture(40, 24, 3, 8);
  const Image image =
      read_image(jpeg_file(stored, {{0xe1, turned}, {0xe2, second}, {0xe2, first}}, true));
  EXPECT_EQ(image.width, 24u);
  EXPECT_EQ(image.height, 40u);
  EXPECT_EQ(image.appearance.icc_profile, icc);
  ASSERT_TRUE(image.appearance.density);
  EXPECT_EQ(image.appearance.density->x, 5906u);  // 150 an inch, turned
  EXPECT_EQ(image.appearance.density->y, 11811u);
  EXPECT_TRUE(read_image(write_png(image)) == image);
  // The first pixel of the last stored row comes first.
  EXPECT_NEAR(image.samples[0], stored.samples[23 * 40 * 3], 30);

  const Image gray = read_image(jpeg_file(picture(8, 8, 1, 8), {{0xe2, second}, {0xe2, first}}));
  EXPECT_THAT(gray.appearance.icc_profile, IsEmpty());
  EXPECT_THAT(gray.warnings, ElementsAre(HasSubstr("colour profile")));
}

// Not always: zeros may happen to be as many blocks as they stand for, which no decoder can notice.
TEST(Images, DamageThatTheDecoderOfJpegNoticesIsAWarningOrAnError) {
  const Image image = picture(128, 128, 1, 8);
  const Bytes file = jpeg_file(image, {});
  EXPECT_THAT(read_image(file).warnings, IsEmpty());
  std::size_t warned = 0, refused = 0;
  for (std::size_t at = 700; at + 100 < file.size(); at += 500) {
    Bytes damaged = file;
    std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(at), 100, Byte{0});
    try {
      const Image read = read_image(damaged);
      for (const std::string& warning : read.warnings)
        EXPECT_THAT(warning, StartsWith("JPEG: Corrupt JPEG data"));
      warned += read.warnings.size();
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), StartsWith("JPEG: "));
      ++refused;
    }
  }
  EXPECT_GT(warned + refused, 2u);
  EXPECT_GT(warned, 0u);
}

TEST(Images, TinyPngsOfEnormousPicturesAreRefusedAtOnce) {
  const auto bomb = [](std::uint64_t width, std::uint64_t height, Byte colour) {
    Bytes header;
    put_big(width, 4, header);
    put_big(height, 4, header);
    append(header, Bytes{8, colour, 0, 0, 0});
    Bytes file = bytes_of("\x89PNG\r\n\x1a\n");
    append(file, chunk("IHDR", header));
    append(file, chunk("IDAT", {0x78, 0x9c, 0x63, 0, 0, 0, 9, 0, 1}));
    append(file, chunk("IEND", {}));
    return file;
  };
  EXPECT_EQ(reading_error(bomb(0x7fffffff, 1, 0)),
            "PNG: 2,147,483,647 x 1 pixels of 1 byte are more than 256 MiB");
  EXPECT_EQ(reading_error(bomb(0x7fffffff, 0x7fffffff, 6)),
            "PNG: 2,147,483,647 x 2,147,483,647 pixels of 4 bytes are more than 256 MiB");
  // Within the limit, but nothing packs so densely.
  EXPECT_EQ(reading_error(bomb(16000, 16000, 0)), "PNG: the file is truncated");
}

TEST(Masks, MarkWhatIsBrightAndOpaque) {
  const Image gray{4, 1, 1, 8, {0, 127, 128, 255}};
  EXPECT_THAT(marked_pixels(gray), ElementsAre(false, false, true, true));
  const Image deep{2, 1, 1, 16, {0x7f, 0xff, 0x80, 0}};
  EXPECT_THAT(marked_pixels(deep), ElementsAre(false, true));
  const Image alpha{3, 1, 2, 8, {255, 0, 255, 255, 0, 255}};
  EXPECT_THAT(marked_pixels(alpha), ElementsAre(false, true, false));
  const Image rgba{2, 1, 4, 8, {255, 255, 255, 20, 255, 255, 255, 200}};
  EXPECT_THAT(marked_pixels(rgba), ElementsAre(false, true));
  const Image nothing{2, 1, 1, 8, {0, 0}};
  EXPECT_THAT(marked_pixels(nothing), ElementsAre(false, false));
}

TEST(Masks, PaintedInTheirAlphaChannelAloneAreExplained) {
  const Image black_on_nothing{2, 1, 4, 8, {0, 0, 0, 255, 0, 0, 0, 0}};
  try {
    marked_pixels(black_on_nothing);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("alpha channel"));
  }
}

TEST(Panels, OfHighPicturesAreNotEnlargedWithoutBound) {
  const Image tall = picture(1, 3000, 1, 8);
  const Image shown = panel({{{"original", tall}, {"context", tall}}});
  EXPECT_LT(shown.height, 3100u);
  EXPECT_LT(shown.width, 500u);
  const Image small = panel({{{"original", picture(10, 10, 1, 8)}}});
  EXPECT_GT(small.width, 200u);  // these still are
  EXPECT_GT(small.height, 200u);
}

TEST(Panels, ThatWouldBeTooLargeAreRefusedBefore) {
  EXPECT_NO_THROW(expect_panel_fits(1, 3, 1, 30000));
  EXPECT_THROW(expect_panel_fits(100, 10, 2000, 2000), Error);
  EXPECT_THROW(expect_panel_fits(SIZE_MAX, SIZE_MAX, 10, 10), Error);
  EXPECT_NO_THROW(expect_clips_fit(10));
  EXPECT_THROW(expect_clips_fit(1000), Error);
}

TEST(Panels, AreGivenUpWhenTheCallerAsksForIt) {
  const Image image = picture(10, 10, 1, 8);
  const auto always = [] { return true; };
  EXPECT_THROW(panel({{{"original", image}}}, always), Cancelled);
  EXPECT_THROW(write_png(picture(200, 200, 3, 8), always), Cancelled);
}

std::vector<std::string> labels(double range, double unit, double wanted) {
  std::vector<std::string> result;
  for (const Tick& tick : ticks(range, unit, wanted)) result.push_back(tick.label);
  return result;
}

TEST(Axes, OfShortClipsCountMilliseconds) {
  EXPECT_STREQ(time_unit(0.002).name, "time in ms");
  EXPECT_THAT(labels(0.001, time_unit(0.001).size, 8),
              ElementsAre("0.0", "0.2", "0.4", "0.6", "0.8", "1.0"));
  EXPECT_THAT(labels(0.02, time_unit(0.02).size, 8), ElementsAre("0", "5", "10", "15", "20"));
  EXPECT_STREQ(time_unit(3).name, "time in seconds");
  EXPECT_THAT(labels(1, 1, 5), ElementsAre("0.0", "0.2", "0.4", "0.6", "0.8", "1.0"));
  EXPECT_THAT(labels(100000, 1, 5), ElementsAre("0", "20000", "40000", "60000", "80000", "100000"));
  for (const double range : {1e-6, 3e-4, 0.07, 0.5, 12.0, 3600.0}) {
    for (const std::string& label : labels(range, time_unit(range).size, 8))
      EXPECT_EQ(label.find('e'), std::string::npos) << label;
  }
}

}  // namespace
}  // namespace kraft
