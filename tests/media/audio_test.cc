// Recordings: what is read is what was written, in every encoding and number of channels; what
// cannot be read is one clear error.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "kraft/error.h"
#include "kraft/media.h"
#include "media/g711.h"
#include "media/pictures.h"
#include "media/spectrogram.h"

namespace kraft {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Encoding kEncodings[] = {Encoding::u8, Encoding::mulaw, Encoding::s16};

std::string reading_error(ByteView file) {
  try {
    read_audio(file);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

// A WAV file of 32-bit floats.
Bytes float_wav(const std::vector<float>& samples) {
  Bytes file = bytes_of("RIFF");
  put_little(36 + 4 * samples.size(), 4, file);
  append(file, as_bytes("WAVEfmt "));
  put_little(16, 4, file);
  put_little(3, 2, file);
  put_little(1, 2, file);
  put_little(8000, 4, file);
  put_little(32000, 4, file);
  put_little(4, 2, file);
  put_little(32, 2, file);
  append(file, as_bytes("data"));
  put_little(4 * samples.size(), 4, file);
  for (float value : samples) put_little(std::bit_cast<std::uint32_t>(value), 4, file);
  return file;
}

TEST(Recordings, AreReadBackFromWavInEveryEncodingAndNumberOfChannels) {
  for (Encoding encoding : kEncodings) {
    for (std::size_t channels : {1, 2, 3, 6}) {
      for (std::uint32_t rate_hz : {8000u, 16000u, 44100u}) {
        const Audio audio = sound(encoding, channels, 501, rate_hz);
        EXPECT_TRUE(read_audio(write_audio(audio, AudioFormat::wav)) == audio)
            << name_of(encoding) << ", " << channels << " channels";
      }
    }
  }
}

TEST(Recordings, AreReadBackFromFlac) {
  for (Encoding encoding : {Encoding::u8, Encoding::s16}) {
    for (std::size_t channels : {1, 2, 8}) {
      const Audio audio = sound(encoding, channels, 5000);
      EXPECT_TRUE(read_audio(write_audio(audio, AudioFormat::flac)) == audio)
          << name_of(encoding) << ", " << channels << " channels";
    }
  }
  Audio audio = sound(Encoding::mulaw, 1, 300);
  std::ranges::replace(audio.samples, Byte{0x7f}, Byte{0xff});  // 16 bits have no minus zero
  EXPECT_TRUE(read_audio(write_audio(audio, AudioFormat::flac), Encoding::mulaw) == audio);
}

TEST(Recordings, EveryCodeOfMuLawComesBack) {
  Audio audio{8000, 1, Encoding::mulaw, all_bytes()};
  EXPECT_TRUE(read_audio(write_audio(audio, AudioFormat::wav)) == audio);
  for (int code = 0; code < 256; ++code) {
    if (code == 0x7f) continue;  // minus zero, which 16 bits do not have
    EXPECT_EQ(to_mulaw(from_mulaw(static_cast<Byte>(code))), code);
  }
  EXPECT_EQ(from_mulaw(0x00), -32124);  // the largest value of the standard
  EXPECT_EQ(to_mulaw(-32768), 0x00);
  EXPECT_EQ(to_mulaw(32767), 0x80);
}

TEST(Recordings, EightBitsAreTheHighOnesOfSixteen) {
  const Audio fine{8000, 1, Encoding::s16, {0x34, 0x12, 0xff, 0xff, 0x00, 0x80}};
  const Audio coarse = read_audio(write_audio(fine, AudioFormat::wav), Encoding::u8);
  EXPECT_EQ(coarse.samples, (Bytes{0x92, 0x7f, 0x00}));
}

TEST(Recordings, AreResampledToAnotherRate) {
  const Audio audio = sound(Encoding::s16, 2, 16000);
  const Audio slow = read_audio(write_audio(audio, AudioFormat::wav), std::nullopt, 8000);
  EXPECT_EQ(slow.rate_hz, 8000u);
  EXPECT_EQ(slow.channels, 2u);
  EXPECT_NEAR(static_cast<double>(slow.frames()), 8000, 2);
  const Audio same = read_audio(write_audio(audio, AudioFormat::wav), std::nullopt, 16000);
  EXPECT_TRUE(same == audio);
}

TEST(Recordings, OfFloatsAreRoundedAndClipped) {
  const Audio audio = read_audio(float_wav({0, 0.5, -1, 2}));
  EXPECT_EQ(audio.encoding, Encoding::s16);
  EXPECT_EQ(audio.samples, (Bytes{0, 0, 0, 0x40, 0, 0x80, 0xff, 0x7f}));
}

TEST(Recordings, WithSamplesThatAreNoNumbersAreErrors) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(reading_error(float_wav({0, nan})), "audio: sample 1 is not a finite number");
  EXPECT_EQ(reading_error(float_wav({std::numeric_limits<float>::infinity()})),
            "audio: sample 0 is not a finite number");
}

TEST(Recordings, TruncatedAreErrors) {
  const Audio audio = sound(Encoding::s16, 1, 3000);
  for (AudioFormat format : {AudioFormat::wav, AudioFormat::flac}) {
    const Bytes file = write_audio(audio, format);
    for (std::size_t size = 0; size < file.size(); size += 1 + size / 7)
      EXPECT_THAT(reading_error(ByteView(file).first(size)), StartsWith("audio: ")) << size;
  }
  const Bytes wav = write_audio(audio, AudioFormat::wav);
  EXPECT_EQ(reading_error(ByteView(wav).first(3000)),
            "audio: the file is truncated: 3,000 of 6,044 bytes");
}

TEST(Recordings, FlacThatIsCutShortIsTruncatedWhereverThatIs) {
  const Bytes file = write_audio(sound(Encoding::s16, 1, 20000), AudioFormat::flac);
  const std::size_t size = file.size();
  for (const std::size_t left : {size / 3, size / 2, size - 10, size - 40, size - 1, size_t{5},
                                 size_t{30}, size_t{42}, size_t{43}, size_t{60}, size_t{120}})
    EXPECT_THAT(reading_error(ByteView(file).first(left)),
                StartsWith("audio: the file is truncated: "))
        << left;
  for (std::size_t left = 4; left < size; left += 1 + left / 11)
    EXPECT_THAT(reading_error(ByteView(file).first(left)),
                StartsWith("audio: the file is truncated: "))
        << left;
  EXPECT_EQ(reading_error(ByteView(file).first(size - 10)),
            "audio: the file is truncated: 16,384 of 20,000 frames");
  EXPECT_EQ(reading_error(ByteView(file).first(30)),
            "audio: the file is truncated: its header is cut off after 30 bytes");
}

TEST(Recordings, FlacThatDoesNotSayHowLongItIsMayBeTruncatedAllTheSame) {
  Bytes file = write_audio(sound(Encoding::s16, 1, 20000), AudioFormat::flac);
  file[21] &= 0xf0;  // the number of samples, 36 bits
  std::fill_n(file.begin() + 22, 4, Byte{0});
  EXPECT_EQ(reading_error(file), "");
  EXPECT_EQ(reading_error(ByteView(file).first(file.size() - 10)),
            "audio: the file is truncated: its last frame is cut off");
  EXPECT_EQ(reading_error(ByteView(file).first(42)),
            "audio: the file is truncated: its header is cut off after 42 bytes");
}

TEST(Recordings, FlacThatIsDamagedIsNotTruncated) {
  const Bytes file = write_audio(sound(Encoding::s16, 1, 20000), AudioFormat::flac);
  for (const std::size_t at : {file.size() / 3, file.size() / 2, file.size() / 3 * 2}) {
    Bytes damaged = file;
    damaged[at] ^= 0x10;
    const std::string error = reading_error(damaged);
    EXPECT_THAT(error, StartsWith("audio: the file is damaged after ")) << at;
    EXPECT_THAT(error, ::testing::Not(HasSubstr("after 0 frames"))) << at;
  }
}

TEST(Recordings, OfNothingAreErrors) {
  EXPECT_THAT(reading_error({}), StartsWith("audio: "));
  EXPECT_THAT(reading_error(as_bytes("not a recording at all, but text")), StartsWith("audio: "));
  EXPECT_EQ(reading_error(write_audio({8000, 1, Encoding::u8, {}}, AudioFormat::wav)),
            "audio: the recording has no samples");
}

TEST(Spectrograms, ShowATonesFrequencyAndItsLevel) {
  constexpr std::uint32_t kRate = 16000;
  Audio tone{kRate, 1, Encoding::s16, {}};
  for (int i = 0; i < 16000; ++i) {
    const auto value = static_cast<int>(32767 * std::sin(2 * std::numbers::pi * 3000 * i / kRate));
    put_little(static_cast<std::uint16_t>(value), 2, tone.samples);
  }
  const Spectrogram s = spectrogram(tone, 100);
  ASSERT_GE(s.frames, 100u);
  for (std::size_t frame = 10; frame < 90; ++frame) {
    const auto begin = s.power_db.begin() + static_cast<std::ptrdiff_t>(frame * s.bins);
    const auto loudest = std::max_element(begin, begin + static_cast<std::ptrdiff_t>(s.bins));
    const double hz =
        static_cast<double>(loudest - begin) * kRate / 2.0 / static_cast<double>(s.bins - 1);
    EXPECT_NEAR(hz, 3000, kRate / 2.0 / static_cast<double>(s.bins - 1));
    EXPECT_NEAR(*loudest, 0, 1.5);
  }
}

}  // namespace
}  // namespace kraft
