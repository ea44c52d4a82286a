// What must hold for every codec of the registry.
#include "kraft/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>

#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "sanitized.h"

namespace kraft {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr std::size_t kMiB = 1 << 20;

// The message of the error that decoding ends in; empty if it does not.
std::string decoding_error(const Codec& codec, ByteView stream,
                           std::size_t limit_bytes = Codec::kNoLimit) {
  try {
    codec.decode(stream, limit_bytes);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string name_in(const std::string& spec) { return spec.substr(0, spec.find_first_of(":,")); }

void expect_round_trip(const Codec& codec, Encoder& encoder, const Bytes& message) {
  Bytes stream;
  encoder.encode(message, stream);
  EXPECT_TRUE(codec.decode(stream) == message) << message.size() << " bytes";
}

TEST(Codecs, RoundTripSmallMessagesAtEveryLevel) {
  const std::vector<Bytes> messages = small_messages();
  for (const std::string& spec : level_specs()) {
    SCOPED_TRACE(spec);
    const auto codec = make_codec(spec);
    const auto encoder = codec->encoder();
    for (const Bytes& message : messages) expect_round_trip(*codec, *encoder, message);
  }
}

// The parameters that conflict with another's default.
const std::set<std::string> kConflicts = {"brotli,window=30", "lzma,lp=4", "lzma,nice=2", "xz,lp=4",
                                          "xz,nice=2"};

TEST(Codecs, RoundTripSmallMessagesWithEveryParameter) {
  const std::vector<Bytes> messages = {{}, all_bytes(), real_text(5000), random_bytes(2000, 3)};
  std::set<std::string> conflicts;
  for (const std::string& spec : parameter_specs()) {
    SCOPED_TRACE(spec);
    std::shared_ptr<const Codec> codec;
    try {
      codec = make_codec(spec);
    } catch (const UsageError&) {
      conflicts.insert(spec);
      continue;
    }
    const auto encoder = codec->encoder();
    for (const Bytes& message : messages) expect_round_trip(*codec, *encoder, message);
  }
  EXPECT_EQ(conflicts, kConflicts);
}

TEST(Codecs, RoundTripEverySingleByte) {
  for (const std::string& spec : default_specs()) {
    SCOPED_TRACE(spec);
    const auto codec = make_codec(spec);
    const auto encoder = codec->encoder();
    for (Byte b : all_bytes()) expect_round_trip(*codec, *encoder, {b});
  }
}

TEST(Codecs, RoundTripLongMessages) {
  const std::size_t long_bytes = kSanitized ? kMiB / 4 : kMiB;
  const std::vector<Bytes> messages = {real_text(long_bytes), random_bytes(long_bytes / 3, 4),
                                       Bytes(long_bytes, 'x')};
  for (const std::string& spec : default_specs()) {
    SCOPED_TRACE(spec);
    const auto codec = make_codec(spec);
    const auto encoder = codec->encoder();
    for (const Bytes& message : messages) expect_round_trip(*codec, *encoder, message);
  }
}

TEST(Codecs, CompressTextAndHardlyExpandNoise) {
  const Bytes text = real_text(100'000);
  const Bytes noise = random_bytes(100'000, 5);
  for (const std::string& spec : default_specs()) {
    SCOPED_TRACE(spec);
    const auto codec = make_codec(spec);
    if (is_for_samples(spec)) {  // text is no image: its neighbours say little
      EXPECT_LT(codec->encode(noise).size(), noise.size() * 110 / 100);
      continue;
    }
    EXPECT_LT(codec->encode(text).size(), text.size() * 7 / 10);
    EXPECT_LT(codec->encode(noise).size(), noise.size() * 102 / 100);
  }
}

TEST(Codecs, UsedEncodersWriteWhatFreshOnesWrite) {
  const std::vector<Bytes> messages = {
      real_text(20000),
      {},
      real_text(300),
      random_bytes(3000, 6),
      all_bytes(),
      real_text(20000),
      {'q'},
      Bytes(5000, 'a'),
      real_text(66000),
      random_bytes(70000, 7),
      {},
      real_text(19999),
      real_text(4096),
  };
  std::vector<std::string> specs = default_specs();
  for (const char* spec :
       {"zstd:1",          "zstd:19",      "zstd:22",           "zstd:5,long=on", "xz:0",
        "xz:6,dict=64KiB", "xz:9e,mf=hc4", "bzip2:1",           "brotli:0",       "brotli:1",
        "brotli:5",        "brotli:9",     "brotli:10",         "lz4:3",          "lz4:9",
        "lz4:12",          "lz4:-5",       "lz4:12,linked=off", "gzip:1",         "gzip:9"})
    specs.emplace_back(spec);
  for (const std::string& spec : specs) {
    SCOPED_TRACE(spec);
    const auto codec = make_codec(spec);
    const auto encoder = codec->encoder();
    Bytes stream;
    for (const Bytes& message : messages) {
      encoder->encode(message, stream);
      EXPECT_TRUE(stream == codec->encode(message)) << message.size() << " bytes";
    }
  }
}

TEST(Codecs, UsedEncodersForgetLongMessages) {
  for (const char* spec :
       {"gzip", "zstd:3", "xz:0", "bzip2", "bzip3", "brotli:5", "lz4", "lz4:9"}) {
    SCOPED_TRACE(spec);
    const auto codec = make_codec(spec);
    const auto encoder = codec->encoder();
    Bytes stream;
    for (std::size_t size :
         {kMiB, std::size_t{5000}, kMiB, std::size_t{50}, std::size_t{100'000}}) {
      const Bytes message = real_text(size);
      encoder->encode(message, stream);
      EXPECT_TRUE(stream == codec->encode(message)) << size << " bytes";
    }
  }
}

// What is left of a message finds other matches in the next one where a codec goes on from block to
// block, in few messages only.
TEST(Codecs, UsedEncodersForgetMessagesOfSeveralBlocks) {
  constexpr std::size_t kBlock = 64 << 10, kPlaces = 8;
  const Bytes text = real_text(kMiB);
  for (const char* spec : {"gzip", "zstd:3", "xz:0", "bzip2:1", "bzip3,block=1", "brotli:5", "lz4",
                           "lz4:3", "lz4:-5", "lz4,block=64KiB"}) {
    SCOPED_TRACE(spec);
    const auto codec = make_codec(spec);
    const auto encoder = codec->encoder();
    Bytes first, second;
    for (std::size_t i = 0; i < kPlaces; ++i) {
      const ByteView message = ByteView(text).subspan(i * 100'000, 2 * kBlock + 1);
      encoder->encode(message, first);
      encoder->encode(message, second);
      EXPECT_TRUE(first == second) << i;
      EXPECT_TRUE(first == codec->encode(message)) << i;
    }
  }
}

TEST(Codecs, WriteTheSameFromManyThreads) {
  const Bytes message = real_text(30000);
  for (const std::string& spec : default_specs()) {
    SCOPED_TRACE(spec);
    const auto codec = make_codec(spec);
    std::vector<Bytes> streams(4);
    std::vector<std::thread> threads;
    for (Bytes& stream : streams)
      threads.emplace_back([&] { codec->encoder()->encode(message, stream); });
    for (std::thread& thread : threads) thread.join();
    for (const Bytes& stream : streams) EXPECT_TRUE(stream == streams.front());
  }
}

TEST(Codecs, CodeLengthIsTheLengthOfTheStream) {
  for (const std::string& spec : default_specs()) {
    SCOPED_TRACE(spec);
    const auto codec = make_codec(spec);
    const auto encoder = codec->encoder();
    for (const Bytes& message : small_messages()) {
      const double stream_bits = 8.0 * static_cast<double>(codec->encode(message).size());
      const double bits = encoder->code_length(message);
      // What may be missing is the padding: of DEFLATE to a byte, of an .xz block to four. Images
      // and sound do not count the bytes that tell how much completed the last row, nor FLAC what
      // fills up its last frame.
      const double padding_bits = is_for_samples(spec)                       ? 8 * 3
                                  : spec.starts_with("xz")                   ? 32
                                  : codec->granularity() == Granularity::bit ? 8
                                                                             : 1;
      EXPECT_LE(bits, stream_bits);
      EXPECT_GT(bits, stream_bits - padding_bits);
    }
  }
}

TEST(Codecs, RefuseEveryTruncation) {
  for (const std::string& spec : default_specs()) {
    SCOPED_TRACE(spec);
    const auto codec = make_codec(spec);
    for (const Bytes& message : {Bytes{}, bytes_of("to be or not to be, to be"), real_text(300)}) {
      const Bytes stream = codec->encode(message);
      for (std::size_t size = 0; size < stream.size(); ++size) {
        EXPECT_THAT(decoding_error(*codec, ByteView(stream).first(size)),
                    StartsWith(spec + ": the stream is "))
            << size << " of " << stream.size() << " bytes";
      }
    }
  }
}

TEST(Codecs, RefuseWhatFollowsTheStream) {
  for (const std::string& spec : default_specs()) {
    SCOPED_TRACE(spec);
    const auto codec = make_codec(spec);
    const Bytes stream = codec->encode(real_text(300));
    for (const Bytes& more : {Bytes{0}, bytes_of("more"), stream}) {
      Bytes longer = stream;
      append(longer, more);
      EXPECT_EQ(decoding_error(*codec, longer),
                spec + ": the stream is followed by " + std::to_string(more.size()) +
                    (more.size() == 1 ? " other byte" : " other bytes"));
    }
  }
}

// Decodes `stream` with each of its bits flipped. A flip may be harmless (a time in a header), but
// where there is a checksum, whatever is decoded must be the message.
void flip_every_bit(const Codec& codec, const Bytes& message, bool has_checksum) {
  constexpr std::size_t kLimitBytes = 100'000;
  Bytes stream = codec.encode(message);
  for (std::size_t bit = 0; bit < 8 * stream.size(); ++bit) {
    const auto flip = static_cast<Byte>(1 << (bit % 8));
    stream[bit / 8] ^= flip;
    try {
      const Bytes decoded = codec.decode(stream, kLimitBytes);
      EXPECT_LE(decoded.size(), kLimitBytes);
      if (has_checksum) {
        EXPECT_TRUE(decoded == message) << "bit " << bit;
      }
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), MatchesRegex("[a-z0-9]+: the stream [^\n]+"));
    }
    stream[bit / 8] ^= flip;
  }
}

// Little memory for each stream: allocating it is what sanitizers are slow at.
std::string frugal(const std::string& name) {
  if (name == "xz" || name == "lzma") return name + ",dict=64KiB";
  return name == "bzip2" ? "bzip2:1" : name;
}

TEST(Codecs, SurviveEveryFlippedBit) {
  for (const std::string& name : default_specs()) {
    const std::string spec = frugal(name);
    SCOPED_TRACE(spec);
    flip_every_bit(*make_codec(spec), real_text(150), /*has_checksum=*/false);
    flip_every_bit(*make_codec(spec), random_bytes(40, 8), /*has_checksum=*/false);
  }
}

TEST(Codecs, NoticeEveryFlippedBitThatMattersWhereThereIsAChecksum) {
  for (const char* spec : {"gzip", "zlib", "zstd,checksum=on", "zstd:19,checksum=on",
                           "xz,dict=64KiB", "xz,check=crc32,dict=64KiB",
                           "xz,check=sha256,dict=64KiB", "bzip2:1", "bzip3", "lz4,checksum=on"}) {
    SCOPED_TRACE(spec);
    flip_every_bit(*make_codec(spec), real_text(150), /*has_checksum=*/true);
  }
}

TEST(Codecs, SurviveNoise) {
  constexpr std::size_t kLimitBytes = 1'000'000;
  for (const std::string& spec : default_specs()) {
    SCOPED_TRACE(spec);
    const auto codec = make_codec(spec);
    Random random(9);
    const Bytes whole = codec->encode(real_text(2000));
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      // Half of them begin like a stream.
      Bytes stream = whole;
      stream.resize(seed % 2 == 0 ? 0 : random.below(stream.size()));
      append(stream, random_bytes(random.below(2000), seed));
      try {
        EXPECT_LE(codec->decode(stream, kLimitBytes).size(), kLimitBytes);
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), StartsWith(name_in(spec) + ": "));
      }
    }
  }
}

TEST(Codecs, DecodeAsMuchAsTheLimitAndNoMore) {
  for (const std::string& spec : default_specs()) {
    SCOPED_TRACE(spec);
    const auto codec = make_codec(spec);
    for (std::size_t size :
         {std::size_t{1}, std::size_t{16384}, std::size_t{100'000}, sized(4 * kMiB)}) {
      const Bytes message(size, 'a');
      const Bytes stream = codec->encode(message);
      EXPECT_TRUE(codec->decode(stream, size) == message);
      EXPECT_TRUE(codec->decode(stream, size + 1) == message);
      for (std::size_t limit : {size - 1, size / 2, std::size_t{0}}) {
        EXPECT_EQ(decoding_error(*codec, stream, limit),
                  spec + ": the stream holds more than " + std::to_string(limit) + " bytes");
      }
    }
    EXPECT_TRUE(codec->decode(codec->encode({}), 0).empty());
  }
}

TEST(Codecs, AreDescribedByTheirRows) {
  for (const Backend& backend : backends()) {
    if (!backend.make_codec) continue;
    SCOPED_TRACE(backend.name);
    EXPECT_FALSE(backend.summary.empty());
    EXPECT_FALSE(backend.window.empty());
    EXPECT_FALSE(backend.library().empty());
    EXPECT_EQ(backend.summary.find('\n'), std::string::npos);
  }
}

TEST(Codecs, RefuseLevelsOutOfRange) {
  for (const std::string& name : default_specs()) {
    SCOPED_TRACE(name);
    if (!find_backend(name).argument) continue;
    const Parameter& level = *find_backend(name).argument;
    if (level.kind != Parameter::Kind::integer) continue;
    for (int beyond : {static_cast<int>(level.min) - 1, static_cast<int>(level.max) + 1}) {
      try {
        make_codec(name + ":" + std::to_string(beyond));
        ADD_FAILURE() << beyond;
      } catch (const UsageError& error) {
        EXPECT_EQ(error.what(), name + ": " + level.name + " " + std::to_string(beyond) +
                                    " is out of range: " + level.range());
      }
    }
  }
}

TEST(Codecs, RefuseUnknownParameters) {
  for (const std::string& name : default_specs()) {
    SCOPED_TRACE(name);
    try {
      make_codec(name + ",colour=red");
      ADD_FAILURE();
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("colour"));
    }
  }
}

}  // namespace
}  // namespace kraft
