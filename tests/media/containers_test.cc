// The sizes that recordings claim: those that stand for "to the end" are read to the end, and what
// is cut short is an error.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kraft/error.h"
#include "kraft/media.h"
#include "media/containers.h"
#include "media/pictures.h"

namespace kraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string reading_error(ByteView file) {
  try {
    read_audio(file);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

void put_big(std::uint64_t value, int bytes, Bytes& to) {
  for (int i = bytes; i-- > 0;) to.push_back(static_cast<Byte>(value >> (8 * i)));
}

Bytes samples_of(std::size_t bytes) {
  Bytes samples;
  for (std::size_t i = 0; i < bytes; ++i) samples.push_back(static_cast<Byte>(i * 37 + i / 256));
  return samples;
}

// 16 bits, mono, 8 kHz; or 8 bits.
Bytes wav(std::uint64_t riff_bytes, std::uint64_t data_bytes, const Bytes& samples,
          unsigned bits = 16, std::string_view name = "RIFF") {
  Bytes file = bytes_of(std::string(name));
  put_little(riff_bytes, 4, file);
  append(file, as_bytes("WAVE"));
  if (name == "RF64") {
    append(file, as_bytes("ds64"));
    put_little(28, 4, file);
    put_little(riff_bytes, 8, file);
    put_little(data_bytes, 8, file);
    put_little(samples.size() / 2, 8, file);
    put_little(0, 4, file);
  }
  append(file, as_bytes("fmt "));
  put_little(16, 4, file);
  for (const unsigned value : {1u, 1u}) put_little(value, 2, file);
  for (const unsigned value : {8000u, 1000 * bits}) put_little(value, 4, file);
  for (const unsigned value : {bits / 8, bits}) put_little(value, 2, file);
  append(file, as_bytes("data"));
  put_little(name == "RF64" ? 0xffffffff : data_bytes, 4, file);
  append(file, samples);
  return file;
}

TEST(Containers, StreamedWavIsReadToTheEnd) {
  const Bytes samples = samples_of(8002);
  for (const std::uint64_t size : {0x7ffff000u, 0x7fffffffu, 0x80000000u, 0xffffffffu, 0u, 8046u}) {
    const std::uint64_t riff = size == 0x7ffff000 ? 0x7ffff024 : size;
    EXPECT_EQ(read_audio(wav(riff, size, samples)).samples, samples) << size;
  }
  // The length of the whole file where that of what follows should stand.
  EXPECT_EQ(read_audio(wav(8002 + 44, 8002, samples)).samples, samples);
  EXPECT_EQ(read_audio(wav(0, 8002, samples)).samples, samples);
}

TEST(Containers, WavWithoutItsPaddingIsComplete) {
  const Bytes samples = samples_of(4001);
  EXPECT_EQ(read_audio(wav(36 + 4002, 4001, samples, 8)).samples, samples);
  Bytes padded = wav(36 + 4002, 4001, samples, 8);
  padded.push_back(0);
  EXPECT_EQ(read_audio(padded).samples, samples);
}

TEST(Containers, AChunkOfOddLengthMayLackItsPadding) {
  const Bytes samples = samples_of(100);
  const Bytes plain = wav(0, 100, samples);
  for (const bool padded : {false, true}) {
    Bytes file(plain.begin(), plain.begin() + 36);
    append(file, as_bytes("note"));
    put_little(3, 4, file);
    append(file, as_bytes("abc"));
    if (padded) file.push_back(0);
    append(file, ByteView(plain).subspan(36));
    EXPECT_EQ(read_audio(file).samples, samples) << padded;
  }
}

TEST(Containers, WavThatIsCutShortIsAnError) {
  const Bytes samples = samples_of(8002);
  const Bytes file = wav(36 + 8002, 8002, samples);
  EXPECT_EQ(reading_error(ByteView(file).first(3000)),
            "audio: the file is truncated: 3,000 of 8,046 bytes");
  EXPECT_EQ(reading_error(ByteView(file).first(8045)),
            "audio: the file is truncated: 8,045 of 8,046 bytes");
  EXPECT_EQ(reading_error(ByteView(file).first(30)),
            "audio: the file is truncated: 30 of 36 bytes");
}

TEST(Containers, OnlyAnEmptyRecordingIsEmpty) {
  EXPECT_EQ(reading_error(wav(36, 0, {})), "audio: the recording has no samples");
  Bytes remarks = wav(36 + 12, 0, {});
  append(remarks, as_bytes("LIST"));
  put_little(4, 4, remarks);
  append(remarks, as_bytes("INFO"));
  EXPECT_EQ(reading_error(remarks), "audio: the recording has no samples");
}

TEST(Containers, LongWavIsReadAndItsCutIsNoticed) {
  const Bytes samples = samples_of(9000);
  const Bytes file = wav(72 + 9000, 9000, samples, 16, "RF64");
  EXPECT_EQ(infer_medium(file), Medium::audio);
  EXPECT_EQ(read_audio(file).samples, samples);
  EXPECT_EQ(reading_error(ByteView(file).first(3080)),
            "audio: the file is truncated: 3,080 of 9,080 bytes");
  EXPECT_EQ(read_audio(wav(0, 0, samples, 16, "RF64")).samples, samples);
  EXPECT_EQ(read_audio(wav(0, ~std::uint64_t{0}, samples, 16, "RF64")).samples, samples);
}

// Sony Wave64, by its GUIDs.
Bytes w64(std::uint64_t data_bytes, const Bytes& samples) {
  const Bytes plain = wav(0, 0, {});
  const auto guid = [](std::string_view name) {
    Bytes bytes = bytes_of(std::string(name));
    append(bytes, name == "riff" ? ByteView(Bytes{0x2e, 0x91, 0xcf, 0x11, 0xa5, 0xd6, 0x28, 0xdb,
                                                  0x04, 0xc1, 0x00, 0x00})
                                 : ByteView(Bytes{0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1, 0x00, 0xc0,
                                                  0x4f, 0x8e, 0xdb, 0x8a}));
    return bytes;
  };
  Bytes file = guid("riff");
  put_little(104 + samples.size(), 8, file);
  append(file, guid("wave"));
  append(file, guid("fmt "));
  put_little(24 + 16, 8, file);
  append(file, ByteView(plain).subspan(20, 16));
  append(file, guid("data"));
  put_little(data_bytes, 8, file);
  append(file, samples);
  return file;
}

TEST(Containers, Wave64IsReadAndItsCutIsNoticed) {
  const Bytes samples = samples_of(2000);
  const Bytes file = w64(24 + 2000, samples);
  EXPECT_EQ(infer_medium(file), Medium::audio);
  EXPECT_EQ(read_audio(file).samples, samples);
  EXPECT_EQ(reading_error(ByteView(file).first(1104)),
            "audio: the file is truncated: 1,104 of 2,104 bytes");
  EXPECT_EQ(read_audio(w64(~std::uint64_t{0}, samples)).samples, samples);
}

Bytes aiff(std::uint64_t form_bytes, std::uint64_t frames, std::uint64_t data_bytes,
           const Bytes& samples) {
  Bytes file = bytes_of("FORM");
  put_big(form_bytes, 4, file);
  append(file, as_bytes("AIFFCOMM"));
  put_big(18, 4, file);
  put_big(1, 2, file);
  put_big(frames, 4, file);
  put_big(16, 2, file);
  append(file, Bytes{0x40, 0x0b, 0xfa, 0, 0, 0, 0, 0, 0, 0});  // 8000 Hz
  append(file, as_bytes("SSND"));
  put_big(data_bytes, 4, file);
  put_big(0, 8, file);
  append(file, samples);
  return file;
}

Bytes swapped(Bytes samples) {
  for (std::size_t i = 0; i + 1 < samples.size(); i += 2) std::swap(samples[i], samples[i + 1]);
  return samples;
}

TEST(Containers, AiffOfSloppySizesIsReadToTheEndAndItsCutIsNoticed) {
  const Bytes samples = samples_of(8000), little = swapped(samples);
  EXPECT_EQ(read_audio(aiff(46 + 8000, 4000, 8008, samples)).samples, little);
  EXPECT_EQ(read_audio(aiff(99999, 4000, 8008, samples)).samples, little);
  EXPECT_EQ(read_audio(aiff(0x7f00002e, 0x3f800000, 0x7f000008, samples)).samples, little);
  EXPECT_EQ(read_audio(aiff(0, 0, 0, samples)).samples, little);
  const Bytes file = aiff(46 + 8000, 4000, 8008, samples);
  EXPECT_EQ(reading_error(ByteView(file).first(4054)),
            "audio: the file is truncated: 4,054 of 8,054 bytes");
  EXPECT_EQ(reading_error(aiff(46 + 8000, 5000, 8008, samples)),
            "audio: the file is truncated: 4,000 of 5,000 frames");
}

TEST(Containers, AuSaysWhereItsSamplesAreAndMayNotSayHowMany) {
  const Bytes samples = samples_of(600);
  const auto au = [&](std::uint64_t bytes) {
    Bytes file = bytes_of(".snd");
    for (const std::uint64_t value :
         {std::uint64_t{24}, bytes, std::uint64_t{3}, std::uint64_t{8000}, std::uint64_t{1}})
      put_big(value, 4, file);
    append(file, samples);
    return file;
  };
  EXPECT_EQ(read_audio(au(600)).samples, swapped(samples));
  EXPECT_EQ(read_audio(au(0xffffffff)).samples, swapped(samples));
  EXPECT_EQ(read_audio(au(400)).samples.size(), 400u);
  EXPECT_EQ(reading_error(au(700)), "audio: the file is truncated: 624 of 724 bytes");
}

TEST(Containers, CafMayEndWhereTheFileEnds) {
  const Bytes samples = samples_of(600);
  const auto caf = [&](std::uint64_t bytes) {
    Bytes file = bytes_of("caff");
    put_big(0x00010000, 4, file);
    append(file, as_bytes("desc"));
    put_big(32, 8, file);
    append(file, Bytes{0x40, 0xbf, 0x40, 0, 0, 0, 0, 0});  // 8000.0
    append(file, as_bytes("lpcm"));
    for (const unsigned value : {0u, 2u, 1u, 1u, 16u}) put_big(value, 4, file);
    append(file, as_bytes("data"));
    put_big(bytes, 8, file);
    put_big(0, 4, file);
    append(file, samples);
    return file;
  };
  EXPECT_EQ(read_audio(caf(604)).samples, swapped(samples));
  EXPECT_EQ(read_audio(caf(~std::uint64_t{0})).samples, swapped(samples));
  EXPECT_THAT(reading_error(caf(700)), StartsWith("audio: the file is truncated"));
}

// MPEG-1, layer III, 64 kbit/s, 44.1 kHz, mono: frames of 208 bytes without sound.
Bytes mpeg_frame(std::string_view begin = "") {
  Bytes frame = {0xff, 0xfb, 0x50, 0xc0};
  frame.resize(4 + 17);
  append(frame, as_bytes(begin));
  frame.resize(208);
  return frame;
}

Bytes mpeg(int frames) {
  Bytes file;
  for (int i = 0; i < frames; ++i) append(file, mpeg_frame());
  return file;
}

TEST(Containers, MpegIsKnownByFramesThatFollowEachOther) {
  EXPECT_EQ(infer_medium(mpeg(3)), Medium::audio);
  const Bytes frames = mpeg(2);
  const ByteView cut = ByteView(frames).first(300);
  EXPECT_EQ(infer_medium(cut), Medium::bytes);
  EXPECT_EQ(infer_medium(cut, "song.mp3"), Medium::audio);
  Bytes tagged = {'I', 'D', '3', 4, 0, 0, 0, 0, 0, 12};
  tagged.resize(22);
  append(tagged, mpeg(1));
  EXPECT_EQ(infer_medium(tagged), Medium::audio);
}

TEST(Containers, MpegWithoutACountIsReadToTheEndButNotInTheMiddleOfAFrame) {
  EXPECT_EQ(read_audio(mpeg(9)).channels, 1u);
  const Bytes file = mpeg(9);
  EXPECT_EQ(reading_error(ByteView(file).first(file.size() - 8)),
            "audio: the file is truncated: its last frame is cut off after 200 bytes");
}

TEST(Containers, MpegThatCountsItsFramesHasThem) {
  Bytes header = mpeg_frame(std::string_view("Xing\0\0\0\1\0\0\0\x09", 12));
  Bytes file = header;
  append(file, mpeg(9));
  EXPECT_EQ(reading_error(file), "");
  EXPECT_EQ(reading_error(ByteView(file).first(5 * 208)),
            "audio: the file is truncated: 4 of 9 frames");
  EXPECT_EQ(reading_error(ByteView(file).first(file.size() - 8)),
            "audio: the file is truncated: 8 of 9 frames");
}

// A kind of MPEG audio, by the second byte of its header: frames of the highest and of a low bit
// rate, at 44.1 kHz (or half of that), mono, without sound.
struct MpegKind {
  Byte kind;
  std::size_t samples, dear_bytes, cheap_bytes;

  Bytes frames(int dear, int cheap) const {
    Bytes file;
    const auto add = [&](int count, Byte bit_rate, std::size_t bytes) {
      for (int i = 0; i < count; ++i) {
        append(file, Bytes{0xff, kind, bit_rate, 0xc0});
        file.resize(file.size() + bytes - 4);
      }
    };
    const bool dear_first = dear > 0;
    if (dear_first) add(dear, 0xe0, dear_bytes);
    add(std::abs(cheap), 0x10, cheap_bytes);
    if (!dear_first) add(-dear, 0xe0, dear_bytes);
    return file;
  }
};

constexpr MpegKind kMpegKinds[] = {{0xfb, 1152, 1044, 104},  // MPEG-1, layer III
                                   {0xf3, 576, 522, 26},     // MPEG-2, layer III
                                   {0xfd, 1152, 1253, 104},  // MPEG-1, layer II
                                   {0xff, 384, 484, 32}};    // MPEG-1, layer I

TEST(Containers, MpegOfUnequalBitRatesIsReadToTheEnd) {
  for (const MpegKind& kind : kMpegKinds) {
    for (const int dear : {20, -20}) {  // first or last
      const Bytes frames = kind.frames(dear, 300);
      EXPECT_EQ(read_audio(frames).samples, Bytes(320 * kind.samples * 2)) << +kind.kind << dear;
      Bytes tagged = {'I', 'D', '3', 4, 0, 0, 0, 0, 0, 12};
      tagged.resize(22);
      append(tagged, frames);
      append(tagged, as_bytes("TAG"));
      tagged.resize(tagged.size() + 125);
      const Audio audio = read_audio(tagged);
      EXPECT_EQ(audio.samples.size(), 320 * kind.samples * 2) << +kind.kind << dear;
      EXPECT_THAT(audio.warnings, ElementsAre());
    }
  }
}

TEST(Containers, FramesOfMpegWithoutPaddingAreAllRead) {
  EXPECT_EQ(read_audio(mpeg(9)).samples.size(), 9u * 1152 * 2);
  EXPECT_EQ(read_audio(mpeg(1000)).samples.size(), 1000u * 1152 * 2);
}

TEST(Containers, MpegInWavOfUnequalBitRatesIsReadToTheEnd) {
  const Bytes frames = kMpegKinds[0].frames(20, 300);
  Bytes file = wav(36 + frames.size(), frames.size(), frames);
  file[20] = 0x55;
  EXPECT_EQ(read_audio(file).samples.size(), 320u * 1152 * 2);
}

TEST(Containers, HeadersOfMpegThatDoNotCountItsFramesAreNoSound) {
  const Bytes frames = kMpegKinds[0].frames(20, 300);
  Bytes uncounted = mpeg_frame(std::string_view("Xing\0\0\0\0", 8));
  append(uncounted, frames);
  EXPECT_EQ(read_audio(uncounted).samples.size(), 320u * 1152 * 2);
  Bytes vbri = mpeg_frame();
  const std::string_view counts("VBRI\0\1\0\0\0\0\0\0\0\0\0\0\1\x40", 18);
  std::ranges::copy(counts, vbri.begin() + 36);
  append(vbri, frames);
  EXPECT_EQ(read_audio(vbri).samples.size(), 320u * 1152 * 2);
}

TEST(Containers, JoinedMpegIsReadBeyondTheCountOfItsFirstPart) {
  const auto joined = [](char count) {
    std::string begin("Xing\0\0\0\1\0\0\0", 11);
    Bytes file = mpeg_frame(begin + count);
    append(file, mpeg(18));
    return file;
  };
  const Audio audio = read_audio(joined(9));
  EXPECT_EQ(audio.samples, read_audio(joined(18)).samples);
  EXPECT_GT(audio.samples.size(), 17u * 1152 * 2);
}

TEST(Containers, MpegThatLacksTheBitsOfItsFirstFramesIsSilentThere) {
  Bytes file = mpeg_frame();
  for (std::size_t i = 4; i < file.size(); ++i) file[i] = static_cast<Byte>(i * 37);
  file[4] = 20;  // the first of its bits are 40 bytes before it
  append(file, mpeg(9));
  const Audio audio = read_audio(file);
  EXPECT_EQ(audio.samples, Bytes(10u * 1152 * 2));
  EXPECT_THAT(audio.warnings, ElementsAre());
}

TEST(Containers, WhatLiesBetweenTheFramesOfMpegIsAWarning) {
  Bytes file = mpeg(4);
  append(file, Bytes(100, 0x55));
  append(file, mpeg(4));
  append(file, as_bytes("TAG"));  // ID3v1 belongs there
  file.resize(file.size() + 125);
  EXPECT_THAT(opened_mpeg(file).warnings,
              ElementsAre("audio: 100 bytes between the frames of the MP3 are none: the "
                          "file is damaged"));
}

TEST(Containers, WhatTheDecoderOfMpegSaysIsAWarningAndNoMoreThanThat) {
  EXPECT_THAT(mpeg_warnings(""), ElementsAre());
  EXPECT_THAT(
      mpeg_warnings("[src/id3.c:parse():943] warning: ID3v2: unrealistic small tag\n"
                    "[src/layer3.c:do_layer3():2099] error: part2_3_length too large\n"
                    "[src/layer3.c:do_layer3():2099] error: part2_3_length too large\n"
                    "Note: one\ntwo\nthree"),
      ElementsAre("audio: MP3: part2_3_length too large", "audio: MP3: one", "audio: MP3: two"));
  Bytes file = {'I', 'D', '3', 4, 0, 0, 0, 0, 0, 3, 0, 0, 0};
  append(file, mpeg(9));
  for (const std::size_t at : {1, 3, 4})
    std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(13 + 208 * at + 4), 17, Byte{0xff});
  testing::internal::CaptureStderr();
  EXPECT_EQ(reading_error(file), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// A page of Ogg with its checksum, by the definition.
Bytes ogg_page(unsigned flags, const Bytes& body) {
  Bytes page = bytes_of("OggS");
  append(page, Bytes{0, static_cast<Byte>(flags)});
  page.resize(26);
  page.push_back(1);
  page.push_back(static_cast<Byte>(body.size()));
  append(page, body);
  std::uint32_t sum = 0;
  for (const Byte byte : page) {
    sum ^= std::uint32_t{byte} << 24;
    for (int bit = 0; bit < 8; ++bit) sum = sum << 1 ^ (sum >> 31 ? 0x04c11db7 : 0);
  }
  for (std::size_t i = 0; i < 4; ++i) page[22 + i] = static_cast<Byte>(sum >> (8 * i));
  return page;
}

TEST(Containers, PagesOfOggAreWholeAndTheLastOneSaysSo) {
  Bytes file = ogg_page(2, {1, 2, 3});
  append(file, ogg_page(4, {4, 5}));
  std::vector<std::string> warnings;
  check_ogg(file, warnings);
  EXPECT_THAT(warnings, ElementsAre());
  check_ogg(ogg_page(2, {1, 2, 3}), warnings);
  EXPECT_THAT(warnings, ElementsAre("audio: the stream has no end: it may be cut short"));
  EXPECT_THROW(check_ogg(ByteView(file).first(file.size() - 1), warnings), Error);
  file[29] ^= 1;
  EXPECT_THROW(check_ogg(file, warnings), Error);
}

TEST(Containers, TextsThatBeginLikeRecordingsAndPicturesAreTexts) {
  for (const char* text : {"P1 incident: down from 3 to 5.\n",
                           "P2 10 20 30 days\n",
                           "P5 10 20 30 things\n",
                           "P3 4 and more\n",
                           "OggS",
                           "OggS is how pages begin\n",
                           "RF64",
                           "RF64 is long\n",
                           "RIFF 12 WAVE riders\n",
                           "RIFFabcdWAVEfmt is a chunk of a file\n",
                           "GIF89a",
                           "GIF89a was the first version with animation.\n",
                           "GIF87a,;!\n",
                           "caffeine\n",
                           "caff and data\n",
                           ".snd is a format\n",
                           "dns. is a suffix\n",
                           "fLaC and FLAC\n",
                           "FORMidable AIFF\n",
                           "FORM1234AIFFCOMM is all there is\n",
                           "ID3 tags\n",
                           "BMW and BMX\n",
                           "riff raff\n",
                           "II* MM\n",
                           "TRUEVISION-XFILE.\n"})
    EXPECT_EQ(infer_medium(as_bytes(text)), Medium::text) << text;
}

TEST(Containers, DamagedFilesOfLongSignaturesAreNotTakenForBytes) {
  EXPECT_EQ(infer_medium(as_bytes(std::string_view("RIFF\1\0\0\0WAVE\0\0", 14))), Medium::audio);
  EXPECT_EQ(infer_medium(as_bytes(std::string_view("GIF89a\1\0\1\0", 10))), Medium::image);
  EXPECT_EQ(infer_medium(as_bytes(std::string_view("\x89PNG\r\n\x1a\n", 8))), Medium::image);
  EXPECT_EQ(infer_medium(as_bytes(std::string_view("P5 x\0\1", 6))), Medium::bytes);
}

TEST(Containers, WhatIsNoRecordingIsSaidInOurOwnWords) {
  EXPECT_THAT(reading_error(as_bytes("not a recording at all, but text")),
              StartsWith("audio: this is no recording that can be read: WAV"));
  Bytes strange = wav(36 + 4, 4, samples_of(4));
  strange[20] = 0x77;  // an encoding that nobody knows
  EXPECT_THAT(reading_error(strange), StartsWith("audio: WAV: "));
  EXPECT_THAT(reading_error(strange), HasSubstr("cannot be read"));
  strange[20] = 1;
  strange[22] = 0;  // no channels
  EXPECT_THAT(reading_error(strange), StartsWith("audio: WAV: the header is damaged"));
}

TEST(Containers, RatesThatAreTooFarApartAreNamed) {
  try {
    read_audio(wav(36 + 100, 100, samples_of(100)), std::nullopt, 8);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "audio: rates can change by a factor of 256 at most, not of 0.001");
  }
}

}  // namespace
}  // namespace kraft
