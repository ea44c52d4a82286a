// Recordings of more than 16 bits: models see 16 of them, and the file that is written has the
// rest.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "kraft/error.h"
#include "kraft/media.h"
#include "media/pictures.h"

namespace kraft {
namespace {

using ::testing::HasSubstr;

constexpr Fine kFine[] = {Fine::s24, Fine::s32, Fine::f32, Fine::f64};

// Little-endian values with bits below the sixteenth.
Bytes fine_samples(Fine fine, std::size_t count) {
  Bytes samples;
  for (std::size_t i = 0; i < count; ++i) {
    const double value = 0.8 * std::sin(static_cast<double>(i) * 0.1234);
    const auto integer = static_cast<std::int64_t>(value * 2147483647.0);
    if (fine == Fine::s24) put_little(static_cast<std::uint64_t>(integer >> 8), 3, samples);
    if (fine == Fine::s32) put_little(static_cast<std::uint64_t>(integer), 4, samples);
    if (fine == Fine::f32)
      put_little(std::bit_cast<std::uint32_t>(static_cast<float>(value)), 4, samples);
    if (fine == Fine::f64) put_little(std::bit_cast<std::uint64_t>(value), 8, samples);
  }
  return samples;
}

Bytes fine_wav(Fine fine, const Bytes& samples, std::size_t channels = 1,
               std::uint32_t speakers = 0) {
  const std::size_t bytes = bytes_of(fine);
  const bool is_float = fine == Fine::f32 || fine == Fine::f64;
  const unsigned tag = is_float ? 3 : 1;
  Bytes file = bytes_of("RIFF");
  put_little(0, 4, file);
  append(file, as_bytes("WAVEfmt "));
  put_little(speakers != 0 ? 40 : 16, 4, file);
  put_little(speakers != 0 ? 0xfffe : tag, 2, file);
  put_little(channels, 2, file);
  put_little(8000, 4, file);
  put_little(8000 * channels * bytes, 4, file);
  put_little(channels * bytes, 2, file);
  put_little(8 * bytes, 2, file);
  if (speakers != 0) {
    put_little(22, 2, file);
    put_little(8 * bytes, 2, file);
    put_little(speakers, 4, file);
    put_little(tag, 2, file);
    append(file, Bytes{0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71});
  }
  append(file, as_bytes("data"));
  put_little(samples.size(), 4, file);
  append(file, samples);
  return file;
}

std::int16_t sample(const Audio& audio, std::size_t i) {
  return static_cast<std::int16_t>(audio.samples[2 * i] | audio.samples[2 * i + 1] << 8);
}

TEST(FineRecordings, ComeBackAsTheyWere) {
  for (const Fine fine : kFine) {
    const Bytes samples = fine_samples(fine, 300);
    const Audio audio = read_audio(fine_wav(fine, samples));
    EXPECT_EQ(audio.fine, fine);
    EXPECT_EQ(audio.encoding, Encoding::s16);
    EXPECT_EQ(audio.fine_samples, samples) << name_of(fine);
    const Audio back = read_audio(write_audio(audio, AudioFormat::wav));
    EXPECT_TRUE(back == audio) << name_of(fine);
  }
}

TEST(FineRecordings, OnlyWhatWasDrawnIsOf16Bits) {
  for (const Fine fine : kFine) {
    const std::size_t bytes = bytes_of(fine);
    const Bytes samples = fine_samples(fine, 300);
    Audio audio = read_audio(fine_wav(fine, samples));
    audio.samples[2 * 100] ^= 0x10;             // one is drawn anew
    audio.samples.resize(2 * 310, Byte{0x40});  // ten more
    const Audio back = read_audio(write_audio(audio, AudioFormat::wav));
    EXPECT_EQ(back.samples, audio.samples) << name_of(fine);
    ASSERT_EQ(back.fine_samples.size(), 310 * bytes);
    for (std::size_t i = 0; i < 300; ++i) {
      const ByteView was = ByteView(samples).subspan(i * bytes, bytes),
                     is = ByteView(back.fine_samples).subspan(i * bytes, bytes);
      EXPECT_EQ(std::ranges::equal(was, is), i != 100) << name_of(fine) << ", " << i;
    }
  }
}

TEST(FineRecordings, AreRoundedToTheNearestOf16BitsAndClipped) {
  Bytes samples;
  for (const std::int32_t value : {0x0000'7fff, 0x0000'8000, -0x8000, -0x8001, 0x7fff'ffff})
    put_little(static_cast<std::uint32_t>(value), 4, samples);
  const Audio audio = read_audio(fine_wav(Fine::s32, samples));
  const std::vector<int> expected = {0, 1, 0, -1, 32767};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(sample(audio, i), expected[i]) << i;
}

TEST(FineRecordings, FloatsBeyondOneStayWhereTheyAreNotDrawn) {
  Bytes samples;
  for (const float value : {1.5F, -2.0F, -0.0F})
    put_little(std::bit_cast<std::uint32_t>(value), 4, samples);
  const Audio audio = read_audio(fine_wav(Fine::f32, samples));
  EXPECT_EQ(sample(audio, 0), 32767);
  EXPECT_EQ(read_audio(write_audio(audio, AudioFormat::wav)).fine_samples, samples);
}

TEST(FineRecordings, AnEncodingOrARateThatIsAskedForIsAllThereIs) {
  const Bytes file = fine_wav(Fine::s24, fine_samples(Fine::s24, 2000));
  EXPECT_EQ(read_audio(file, Encoding::s16).fine, Fine::none);
  EXPECT_EQ(read_audio(file, Encoding::u8).fine, Fine::none);
  EXPECT_EQ(read_audio(file, std::nullopt, 4000).fine, Fine::none);
}

TEST(FineRecordings, FlacHolds24BitsAndRefusesMore) {
  const Bytes samples = fine_samples(Fine::s24, 5000);
  const Audio audio = read_audio(fine_wav(Fine::s24, samples));
  EXPECT_TRUE(read_audio(write_audio(audio, AudioFormat::flac)) == audio);
  for (const Fine fine : {Fine::s32, Fine::f32, Fine::f64}) {
    const Audio other = read_audio(fine_wav(fine, fine_samples(fine, 10)));
    try {
      expect_writable(other, AudioFormat::flac);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()),
                std::string("FLAC has no samples of ") + name_of(fine) + ", as the recording has");
    }
  }
}

TEST(Loudspeakers, AreKept) {
  for (const std::uint32_t speakers : {0x33u, 0x107u, 0x60fu, 0x80000000u}) {
    const std::size_t channels =
        speakers >> 31 ? 2 : static_cast<std::size_t>(std::popcount(speakers));
    const Bytes samples = fine_samples(Fine::s24, 10 * channels);
    const Audio audio = read_audio(fine_wav(Fine::s24, samples, channels, speakers));
    EXPECT_EQ(audio.speakers, speakers);
    EXPECT_EQ(audio.channels, channels);
    EXPECT_TRUE(read_audio(write_audio(audio, AudioFormat::wav)) == audio) << speakers;
  }
  for (const Encoding encoding : {Encoding::u8, Encoding::mulaw, Encoding::s16}) {
    Audio audio = sound(encoding, 4, 50);
    audio.speakers = 0x107;
    EXPECT_TRUE(read_audio(write_audio(audio, AudioFormat::wav)) == audio) << name_of(encoding);
    EXPECT_THROW(expect_writable(audio, AudioFormat::flac), Error);
  }
}

TEST(AudioFormats, AreKnownByNames) {
  EXPECT_EQ(audio_format_of("a.wav"), AudioFormat::wav);
  EXPECT_EQ(audio_format_of("-"), AudioFormat::wav);
  EXPECT_EQ(audio_format_of("A.FLAC"), AudioFormat::flac);
  EXPECT_THROW(audio_format_of("a.mp3"), UsageError);
  EXPECT_THROW(audio_format_of("wav"), UsageError);
}

}  // namespace
}  // namespace kraft
