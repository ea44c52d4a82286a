// What is particular to one codec: its format, and that its parameters reach the library.
#include <brotli/encode.h>
#include <bzlib.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
extern "C" {
#include <libbz3.h>
}
#include <lz4frame.h>
#include <lzma.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Bytes encode(const std::string& spec, ByteView message) {
  return make_codec(spec)->encode(message);
}

Bytes head(const Bytes& stream, std::size_t size) {
  return Bytes(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size));
}

std::string usage_error(const std::string& spec) {
  try {
    make_codec(spec);
    return "";
  } catch (const UsageError& error) {
    return error.what();
  }
}

std::vector<Bytes> messages() { return {{}, bytes_of("abc"), real_text(5000), real_text(200'000)}; }

TEST(Formats, BeginAsTheirSpecificationsSay) {
  const Bytes message = real_text(1000);
  EXPECT_EQ(head(encode("gzip", message), 3), (Bytes{0x1f, 0x8b, 8}));
  EXPECT_EQ(head(encode("zlib", message), 1), (Bytes{0x78}));
  EXPECT_EQ(head(encode("zstd", message), 4), (Bytes{0x28, 0xb5, 0x2f, 0xfd}));
  EXPECT_EQ(head(encode("xz", message), 6), (Bytes{0xfd, '7', 'z', 'X', 'Z', 0}));
  EXPECT_EQ(head(encode("bzip2", message), 4), bytes_of("BZh9"));
  EXPECT_EQ(head(encode("bzip2:3", message), 4), bytes_of("BZh3"));
  EXPECT_EQ(head(encode("lz4", message), 4), (Bytes{0x04, 0x22, 0x4d, 0x18}));
  // lc, lp and pb in one byte, the dictionary, and no size.
  EXPECT_EQ(head(encode("lzma,dict=64KiB", message), 13),
            (Bytes{0x5d, 0, 0, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255}));
}

TEST(Zstd, WritesWhatTheOneShotFunctionWrites) {
  for (const Bytes& message : messages()) {
    for (int level : {-7, 0, 3, 19}) {
      Bytes expected(ZSTD_compressBound(message.size()));
      expected.resize(
          ZSTD_compress(expected.data(), expected.size(), message.data(), message.size(), level));
      EXPECT_TRUE(encode("zstd:" + std::to_string(level), message) == expected) << level;
    }
  }
}

TEST(Zstd, PutsFourBytesOfChecksumWhereAsked) {
  const Bytes message = real_text(1000);
  EXPECT_EQ(encode("zstd,checksum=on", message).size(), encode("zstd", message).size() + 4);
}

TEST(Zstd, FindsWhatIsFarAwayOnlyWithTheWindowForIt) {
  constexpr std::size_t kPeriodBytes = 3 << 20;
  Bytes message = random_bytes(kPeriodBytes, 1);
  message.resize(kPeriodBytes + 500'000);
  std::copy_n(message.begin(), 500'000, message.begin() + kPeriodBytes);
  EXPECT_GT(encode("zstd:1", message).size(), message.size() - 1000);
  EXPECT_LT(encode("zstd:1,long=on", message).size(), kPeriodBytes + 10'000);
  EXPECT_LT(encode("zstd:1,window=23,hashlog=22", message).size(), kPeriodBytes + 10'000);
  EXPECT_GT(encode("zstd:1,window=20,long=on", message).size(), message.size() - 1000);
}

TEST(Zstd, UsesEachParameter) {
  const Bytes message = real_text(60'000);
  for (const char* parameter : {"strategy=btultra2", "strategy=fast", "window=10", "minmatch=7",
                                "hashlog=8", "searchlog=6,strategy=lazy2", "chainlog=8"}) {
    EXPECT_NE(encode("zstd:3,strategy=greedy", message),
              encode(std::string("zstd:3,") + parameter, message))
        << parameter;
  }
}

TEST(Zstd, RefusesSkippableFrames) {
  const Bytes skippable = {0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'x'};
  EXPECT_THROW(make_codec("zstd")->decode(skippable), Error);
}

TEST(Zstd, DoesNotTrustAHugeContentSize) {
  // A single segment of 2^62 bytes, then the end of the data.
  const Bytes stream = {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x40};
  EXPECT_THROW(make_codec("zstd")->decode(stream), Error);
  EXPECT_THROW(make_codec("zstd")->decode(stream, 1000), Error);
}

// What `xz` writes with one thread: the same calls as in its source, with a stream of its own.
Bytes stock_xz(ByteView message, std::uint32_t preset, bool alone) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, preset);
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  lzma_stream lzma = LZMA_STREAM_INIT;
  EXPECT_EQ(alone ? lzma_alone_encoder(&lzma, &options)
                  : lzma_stream_encoder(&lzma, filters, LZMA_CHECK_CRC64),
            LZMA_OK);
  Bytes stream(2 * message.size() + 1000);
  lzma.next_in = message.data();
  lzma.avail_in = message.size();
  lzma.next_out = stream.data();
  lzma.avail_out = stream.size();
  EXPECT_EQ(lzma_code(&lzma, LZMA_FINISH), LZMA_STREAM_END);
  stream.resize(lzma.total_out);
  lzma_end(&lzma);
  return stream;
}

TEST(Xz, WritesWhatTheLibraryWrites) {
  for (const Bytes& message : messages()) {
    EXPECT_TRUE(encode("xz", message) == stock_xz(message, 6, false));
    EXPECT_TRUE(encode("xz:1e", message) == stock_xz(message, 1 | LZMA_PRESET_EXTREME, false));
    EXPECT_TRUE(encode("lzma", message) == stock_xz(message, 6, true));
  }
}

TEST(Xz, WritesTheCheckIntoTheHeader) {
  const std::pair<const char*, Byte> checks[] = {
      {"none", 0}, {"crc32", 1}, {"crc64", 4}, {"sha256", 10}};
  for (const auto& [name, id] : checks)
    EXPECT_EQ(encode(std::string("xz,check=") + name, real_text(100))[7], id) << name;
}

TEST(Xz, UsesEachParameter) {
  const Bytes message = real_text(60'000);
  const Bytes plain = encode("xz", message);
  for (const char* parameter : {"dict=64KiB", "dict=4KiB", "lc=0", "lc=2,lp=2", "pb=0", "mode=fast",
                                "nice=8", "mf=hc3", "mf=hc4", "mf=bt2", "mf=bt3", "depth=1"}) {
    EXPECT_NE(plain, encode(std::string("xz,") + parameter, message)) << parameter;
  }
  EXPECT_NE(encode("xz:6", message), encode("xz:6e", message));
}

TEST(Xz, NamesBothSidesOfAConflict) {
  EXPECT_THAT(usage_error("xz,lc=4,lp=1"), AllOf(HasSubstr("lc=4"), HasSubstr("lp=1")));
  EXPECT_THAT(usage_error("lzma,lp=2"), AllOf(HasSubstr("lc=3"), HasSubstr("lp=2")));
  EXPECT_THAT(usage_error("xz,mf=bt4,nice=3"), AllOf(HasSubstr("mf=bt4"), HasSubstr("nice=3")));
  EXPECT_EQ(usage_error("xz,mf=bt2,nice=2"), "");
  EXPECT_EQ(usage_error("xz,lc=0,lp=4"), "");
}

TEST(Xz, DoesNotAllocateWhatAHeaderAsksFor) {
  Bytes stream = encode("lzma", real_text(100));
  stream[1] = stream[2] = stream[3] = stream[4] = 255;  // a dictionary of 4 GiB
  try {
    make_codec("lzma")->decode(stream);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("dictionary is too large"));
  }
}

TEST(Xz, DecodesItsOwnLargeDictionaries) {
  const Bytes message = real_text(1000);
  for (const std::string name : {"xz", "lzma"}) {
    const auto codec = make_codec(name + ":0,mf=hc3,dict=100MiB");  // 128 MiB in the header
    EXPECT_TRUE(codec->decode(codec->encode(message)) == message);
    EXPECT_THROW(make_codec(name)->decode(codec->encode(message)), Error);
  }
}

TEST(Bzip2, WritesWhatTheOneShotFunctionWrites) {
  for (const Bytes& message : messages()) {
    for (int level : {1, 9}) {
      Bytes expected(2 * message.size() + 1000);
      auto size = static_cast<unsigned>(expected.size());
      Bytes copy = message;
      copy.push_back(0);  // the library takes no null pointer
      EXPECT_EQ(BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(expected.data()), &size,
                                         reinterpret_cast<char*>(copy.data()),
                                         static_cast<unsigned>(message.size()), level, 0, 30),
                BZ_OK);
      expected.resize(size);
      EXPECT_TRUE(encode("bzip2:" + std::to_string(level), message) == expected) << level;
    }
  }
}

// Block by block: the library's function for whole frames writes beyond its own buffer where a
// block is full.
TEST(Bzip3, IsReadByTheLibrary) {
  Bytes repeated = real_text(50'000);
  append(repeated, Bytes(repeated));
  Bytes two_blocks = random_bytes(1'000'000, 3);
  append(two_blocks, real_text(100'000));
  const std::unique_ptr<bz3_state, decltype(&bz3_free)> state(bz3_new(2 << 20), &bz3_free);
  for (const Bytes& message :
       {bytes_of("abc"), real_text(5000), Bytes(3000, 'r'), repeated, two_blocks}) {
    const Bytes stream = encode("bzip3,block=1", message);
    const Byte blocks = message.size() > (1 << 20) ? 2 : 1;
    ASSERT_EQ(head(stream, 13), (Bytes{'B', 'Z', '3', 'v', '1', 0, 0, 0x10, 0, blocks, 0, 0, 0}));
    ByteView left = ByteView(stream).subspan(13);
    Bytes decoded;
    while (!left.empty()) {
      std::array<std::int32_t, 2> sizes;  // in the stream, in the message; little endian
      std::memcpy(sizes.data(), left.data(), 8);
      const auto coded = left.subspan(8, static_cast<std::size_t>(sizes[0]));
      left = left.subspan(8 + coded.size());
      Bytes buffer(3 << 20);
      std::ranges::copy(coded, buffer.begin());
      ASSERT_EQ(bz3_decode_block(state.get(), buffer.data(), sizes[0], sizes[1]), sizes[1]);
      append(decoded, ByteView(buffer).first(static_cast<std::size_t>(sizes[1])));
    }
    EXPECT_TRUE(decoded == message) << message.size();
  }
}

TEST(Brotli, WritesWhatTheOneShotFunctionWrites) {
  for (const Bytes& message : messages()) {
    if (message.empty()) continue;
    for (int quality : {0, 1, 5, 9, 11}) {
      std::size_t size = BrotliEncoderMaxCompressedSize(message.size()) + 1000;
      Bytes expected(size);
      ASSERT_TRUE(BrotliEncoderCompress(quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC,
                                        message.size(), message.data(), &size, expected.data()));
      expected.resize(size);
      EXPECT_TRUE(encode("brotli:" + std::to_string(quality), message) == expected) << quality;
    }
  }
}

TEST(Brotli, UsesEachParameter) {
  const Bytes message = real_text(150'000);
  const Bytes plain = encode("brotli:5", message);
  for (const char* parameter : {"window=16", "mode=font", "block=18", "large=on"})
    EXPECT_NE(plain, encode(std::string("brotli:5,") + parameter, message)) << parameter;
}

TEST(Brotli, NeedsLargeForWindowsBeyondTheStandard) {
  EXPECT_THAT(usage_error("brotli,window=25"),
              AllOf(HasSubstr("window=25"), HasSubstr("large=on")));
  EXPECT_EQ(usage_error("brotli,window=24"), "");
  const Bytes message = real_text(5000);
  const auto large = make_codec("brotli:5,window=30,large=on");
  EXPECT_TRUE(large->decode(large->encode(message)) == message);
  EXPECT_THROW(make_codec("brotli")->decode(large->encode(message)), Error);
}

TEST(Lz4, WritesWhatTheOneShotFunctionWrites) {
  for (const Bytes& message : messages()) {
    for (const char* block : {"64KiB", "4MiB"}) {
      for (int level : {-12, 0, 3, 9, 12}) {
        LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
        preferences.compressionLevel = level;
        if (block[0] == '4') preferences.frameInfo.blockSizeID = LZ4F_max4MB;
        Bytes expected(LZ4F_compressFrameBound(message.size(), &preferences));
        expected.resize(LZ4F_compressFrame(expected.data(), expected.size(), message.data(),
                                           message.size(), &preferences));
        const std::string spec = "lz4:" + std::to_string(level) + ",block=" + block;
        EXPECT_TRUE(encode(spec, message) == expected) << spec << " " << message.size();
      }
    }
  }
}

TEST(Lz4, UsesEachParameter) {
  const Bytes message = real_text(300'000);
  const Bytes plain = encode("lz4", message);
  EXPECT_LT(encode("lz4:9", message).size(), encode("lz4:9,linked=off", message).size());
  EXPECT_GT(plain.size(), encode("lz4,block=4MiB", message).size());
  EXPECT_EQ(plain.size() + 4, encode("lz4,checksum=on", message).size());
  EXPECT_LT(plain.size(), encode("lz4:-12", message).size());
  EXPECT_NE(encode("lz4:12", message), encode("lz4:12,favordecspeed=on", message));
}

TEST(Lz4, RefusesSkippableFrames) {
  const Bytes skippable = {0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'x'};
  EXPECT_THROW(make_codec("lz4")->decode(skippable), Error);
}

}  // namespace
}  // namespace kraft
