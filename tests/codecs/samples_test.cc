// The codecs for images and sound, on images and sound.

#include <gtest/gtest.h>

#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/media.h"
#include "kraft/registry.h"
#include "media/pictures.h"

namespace kraft {
namespace {

TEST(ImageCodecs, RoundTripEveryShapeWholeAndCutAnywhere) {
  for (const char* name : {"png", "jpegls", "webp", "jxl:3"}) {
    for (std::size_t channels : {1, 2, 3, 4}) {
      for (std::size_t depth_bits : {8, 16}) {
        if (name == std::string("webp") && depth_bits == 16) continue;
        const Image image = picture(17, 6, channels, depth_bits);
        const auto codec = make_codec(name, image.geometry());
        for (std::size_t cut : {std::size_t{0}, std::size_t{1}, image.row_bytes() - 1,
                                image.row_bytes(), image.row_bytes() + 1, image.samples.size()}) {
          const Bytes part(image.samples.begin(),
                           image.samples.begin() + static_cast<std::ptrdiff_t>(cut));
          EXPECT_TRUE(codec->decode(codec->encode(part)) == part)
              << name << ", " << channels << " channels of " << depth_bits << " bits, " << cut;
        }
      }
    }
  }
}

TEST(ImageCodecs, CompressSmoothImagesBetterThanNoise) {
  Image image = picture(64, 64, 1, 8);
  for (const char* name : {"png", "jpegls", "webp", "jxl"}) {
    const auto codec = make_codec(name, image.geometry());
    EXPECT_LT(codec->encode(image.samples).size(), image.samples.size() * 7 / 10) << name;
  }
}

// Whoever takes the last byte off has a file that every viewer opens.
TEST(ImageCodecs, AStreamOfWholeRowsIsAnImageAndAZero) {
  const Image image = picture(30, 20, 3, 8);
  const Bytes stream = make_codec("png", image.geometry())->encode(image.samples);
  EXPECT_EQ(stream.back(), 0);
  EXPECT_TRUE(read_image(ByteView(stream).first(stream.size() - 1)) == image);
}

TEST(ImageCodecs, CompleteAPartialRowWithItsLastPixel) {
  const Image image = picture(10, 3, 3, 8);
  const auto codec = make_codec("png", image.geometry());
  const ByteView part = ByteView(image.samples).first(2 * 30 + 3);
  const Bytes stream = codec->encode(part);
  EXPECT_EQ(stream.back(), 27);
  const Image completed = read_image(ByteView(stream).first(stream.size() - 1));
  ASSERT_EQ(completed.height, 3u);
  for (std::size_t i = 0; i < 30; ++i)
    EXPECT_EQ(completed.samples[60 + i], image.samples[60 + i % 3]) << i;
  EXPECT_EQ(codec->encoder()->code_length(part), 8.0 * static_cast<double>(stream.size() - 1));
}

TEST(ImageCodecs, RefuseImagesOfAnotherShape) {
  const Image image = picture(10, 5, 3, 8);
  for (const char* name : {"png", "jpegls", "webp", "jxl:3"}) {
    const Bytes stream = make_codec(name, image.geometry())->encode(image.samples);
    for (const char* other : {",width=9", ",channels=1", ",channels=4"}) {
      // WebP does not tell whether pixels that are all opaque had an alpha channel.
      if (name == std::string("webp") && other == std::string(",channels=4")) continue;
      EXPECT_THROW(make_codec(name + std::string(other), image.geometry())->decode(stream), Error)
          << name << other;
    }
  }
}

TEST(SoundCodec, RoundTripsEveryShapeAtEveryLevel) {
  for (int level = 0; level <= 8; ++level) {
    for (Encoding encoding : {Encoding::u8, Encoding::s16}) {
      for (std::size_t channels : {1, 2, 5}) {
        const Audio audio = sound(encoding, channels, 5000);
        const auto codec = make_codec("flac:" + std::to_string(level), audio.geometry());
        for (std::size_t cut :
             {std::size_t{0}, std::size_t{1}, audio.samples.size() - 1, audio.samples.size()}) {
          const Bytes part(audio.samples.begin(),
                           audio.samples.begin() + static_cast<std::ptrdiff_t>(cut));
          EXPECT_TRUE(codec->decode(codec->encode(part)) == part);
        }
      }
    }
  }
}

TEST(SoundCodec, AStreamOfWholeFramesIsAFlacFileAndAZero) {
  const Audio audio = sound(Encoding::s16, 2, 4000, 44100);
  const Bytes stream = make_codec("flac", audio.geometry())->encode(audio.samples);
  EXPECT_EQ(stream.back(), 0);
  EXPECT_TRUE(read_audio(ByteView(stream).first(stream.size() - 1)) == audio);
  EXPECT_LT(stream.size(), audio.samples.size() * 8 / 10);
}

TEST(GeneralEngine, BeginsItsContextAtARow) {
  const Image image = picture(50, 20, 1, 8);
  const auto model = make_model("webp:0,context=120", {.geometry = image.geometry()});
  for (std::size_t size : {10, 50, 120, 130, 149, 150, 999}) {
    const auto state = model->start(ByteView(image.samples).first(size));
    const std::size_t begin = size < 120 ? 0 : (size - 120 + 49) / 50 * 50;
    EXPECT_EQ(state->context_bytes(), size - begin);
    EXPECT_EQ(state->context_bits(),
              model->start(ByteView(image.samples).subspan(begin, size - begin))->context_bits());
  }
}

}  // namespace
}  // namespace kraft
