// What is read of WavPack's blocks, against a literal decoder; streams of odd messages and of other
// kinds than kraft writes.
#include <gtest/gtest.h>
#include <wavpack/wavpack.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>

#include "codecs/messages.h"
#include "codecs/wavpack.h"
#include "codecs/wavpack_reader.h"
#include "kraft/error.h"
#include "kraft/media.h"
#include "kraft/registry.h"
#include "media/pictures.h"

namespace kraft::wavpack {
namespace {

constexpr const char* kModes[] = {"fast", "normal", "high", "very-high"};

// Messages that make the encoder use all that the format has.
std::vector<Bytes> recordings() {
  const Bytes spoken = read_audio(real_file("speech.wav")).samples;
  Bytes loud = random_bytes(9000, 5), coarse = spoken, odd = spoken, alike = spoken, mixed = spoken;
  for (std::size_t i = 0; i + 1 < spoken.size(); i += 2) {
    coarse[i] &= 0xf0;
    odd[i] |= 0x0f;
    alike[i] = static_cast<Byte>((alike[i] & 0xf8) | ((alike[i] & 8) != 0 ? 7 : 0));
  }
  for (std::size_t i = 3000; i < 6000; ++i) mixed[i] = loud[i];
  for (std::size_t i = 8000; i < 9000; ++i) mixed[i] = 0;
  std::vector<Bytes> all = {spoken,
                            loud,
                            coarse,
                            odd,
                            alike,
                            mixed,
                            Bytes(5000, 17),
                            Bytes(5000),
                            Bytes(3000, 255),
                            sound(Encoding::s16, 2, 9000).samples,
                            real_text(4000)};
  for (Bytes& one : all) one.resize(std::min<std::size_t>(one.size(), 20000) / 12 * 12);
  return all;
}

std::vector<std::int32_t> samples_of(ByteView bytes, std::size_t depth_bits) {
  std::vector<std::int32_t> samples;
  for (std::size_t at = 0; at < bytes.size(); at += depth_bits / 8)
    samples.push_back(sample_at(bytes.data() + at, depth_bits));
  return samples;
}

TEST(WavpackBlocks, HoldWhatALiteralDecoderFinds) {
  std::set<int> terms;
  std::set<Block::Low> low;
  bool is_joint = false, is_doubled = false, has_runs = false;
  for (const char* mode : kModes) {
    for (const std::size_t depth_bits : {8, 16}) {
      for (const std::size_t channels : {1, 2}) {
        const std::string spec = "wavpack:" + std::string(mode) +
                                 ",channels=" + std::to_string(channels) +
                                 ",depth=" + std::to_string(depth_bits);
        const auto codec = make_codec(spec);
        for (const Bytes& message : recordings()) {
          const Bytes stream = codec->encode(message);
          const Block block = read_block(stream);
          ASSERT_EQ(block.channels + (block.is_doubled ? 1 : 0), channels);
          is_doubled |= block.is_doubled;
          const Decoded decoded = LiteralReader(block).run();
          ASSERT_EQ(decoded.samples, samples_of(message, depth_bits)) << spec;
          ASSERT_LE(decoded.bits, 8 * block.words.size());
          ASSERT_GT(decoded.bits + 32, 8 * block.words.size());
          for (const Pass& pass : block.passes) terms.insert(pass.term);
          low.insert(block.low);
          is_joint |= block.is_joint;
          has_runs |= decoded.runs_of_zeros > 0;
        }
      }
    }
  }
  EXPECT_TRUE(std::ranges::includes(terms, std::set{-2, -1, 1, 2, 3, 4, 5, 7, 8, 17, 18}))
      << ::testing::PrintToString(terms);
  EXPECT_EQ(low.size(), 4u);
  EXPECT_TRUE(is_joint);
  EXPECT_TRUE(is_doubled);
  EXPECT_TRUE(has_runs);
}

TEST(WavpackStreams, OfOddMessagesComeBack) {
  const Bytes random = random_bytes(40, 8);
  for (const char* spec :
       {"wavpack", "wavpack:fast,channels=2", "wavpack:high,depth=16",
        "wavpack:very-high,channels=2,depth=16,rate=44100", "wavpack,channels=3,depth=16",
        "wavpack,channels=8", "wavpack,extra=3"}) {
    const auto codec = make_codec(spec);
    for (std::size_t bytes = 0; bytes <= random.size(); ++bytes) {
      const ByteView message = ByteView(random).first(bytes);
      ASSERT_EQ(codec->decode(codec->encode(message)), Bytes(message.begin(), message.end()))
          << spec << ", " << bytes;
    }
  }
}

TEST(WavpackStreams, AreFilesThatSayWhatTheyHold) {
  Bytes samples = read_audio(real_file("speech.wav")).samples;
  samples.resize(50001);
  Bytes stream = make_codec("wavpack:high,depth=16,rate=16000")->encode(samples);
  EXPECT_EQ(stream.back(), 1);  // how many bytes completed the last frame
  EXPECT_LT(stream.size(), samples.size());
  std::size_t blocks = 0;
  for (ByteView rest = ByteView(stream).first(stream.size() - 1); !rest.empty(); ++blocks)
    rest = rest.subspan(block_bytes(rest));
  EXPECT_EQ(blocks, 1u);  // of up to 64,000 frames
}

int append(void* to, void* data, std::int32_t bytes) {
  auto& stream = *static_cast<Bytes*>(to);
  const auto* begin = static_cast<const Byte*>(data);
  stream.insert(stream.end(), begin, begin + bytes);
  return 1;
}

// 1,000 frames, as libwavpack writes them.
Bytes written(WavpackConfig config) {
  Bytes stream;
  WavpackContext* context = WavpackOpenFileOutput(append, &stream, nullptr);
  config.num_channels = 1;
  config.channel_mask = 4;
  config.sample_rate = 16000;
  EXPECT_TRUE(WavpackSetConfiguration64(context, &config, 1000, nullptr));
  EXPECT_TRUE(WavpackPackInit(context));
  std::vector<std::int32_t> samples(1000);
  std::int32_t value = 1;
  for (std::int32_t& sample : samples) {
    value = static_cast<std::int32_t>(static_cast<std::uint32_t>(value) * 1103515245u + 12345u);
    sample = value >> (32 - config.bits_per_sample);
  }
  EXPECT_TRUE(WavpackPackSamples(context, samples.data(), 1000));
  EXPECT_TRUE(WavpackFlushSamples(context));
  WavpackCloseFile(context);
  return stream;
}

std::string refusal(ByteView stream) {
  try {
    read_block(stream);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(WavpackBlocks, OfOtherKindsAreRefusedByName) {
  WavpackConfig config = {};
  config.bits_per_sample = 16;
  config.bytes_per_sample = 2;
  EXPECT_EQ(refusal(written(config)), "");
  WavpackConfig other = config;
  other.flags = CONFIG_HYBRID_FLAG;
  other.bitrate = 4;
  EXPECT_EQ(refusal(written(other)), "wavpack: a hybrid block is not read");
  other = config;
  other.bits_per_sample = 32;
  other.bytes_per_sample = 4;
  EXPECT_EQ(refusal(written(other)),
            "wavpack: a block of samples that are wider than its words is not read");
  other.float_norm_exp = 127;
  EXPECT_EQ(refusal(written(other)), "wavpack: floating point is not read");
  other = config;
  other.bits_per_sample = 12;
  EXPECT_EQ(refusal(written(other)), "wavpack: a block of shifted samples is not read");
  Bytes stream = written(config);
  stream[8] = 0x20;
  EXPECT_EQ(refusal(stream), "wavpack: version 1056 is not read");
  EXPECT_THROW(make_codec("wavpack,depth=16")->decode(written(other)), Error);
}

TEST(WavpackBlocks, ThatAreDamagedAreErrors) {
  const Bytes message = sound(Encoding::s16, 2, 3000).samples;
  const Bytes whole = make_codec("wavpack:very-high,channels=2,depth=16")->encode(message);
  EXPECT_THROW(read_block({}), Error);
  EXPECT_THROW(read_block(ByteView(whole).subspan(1)), Error);
  Random random(4);
  for (int i = 0; i < 3000; ++i) {
    Bytes damaged = whole;
    for (std::uint64_t flips = random.below(4) + 1; flips > 0; --flips)
      damaged[random.below(300)] ^= static_cast<Byte>(1 << random.below(8));
    if (i % 3 == 0) damaged.resize(random.below(damaged.size()));
    try {
      const Block block = read_block(damaged);
      EXPECT_LE(block.passes.size(), 16u);
      EXPECT_LE(block.words.size(), damaged.size());
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace kraft::wavpack
