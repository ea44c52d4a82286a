// FLAC's lengths to the bit, against what libFLAC itself reads in its frames.

#include <FLAC/stream_decoder.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "codecs/flac_frame.h"
#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/media.h"
#include "kraft/model.h"
#include "kraft/registry.h"
#include "media/pictures.h"

namespace kraft {
namespace {

// Bits of the residual as RFC 9639, section 9.2.7, says they are written.
std::uint64_t residual_bits(const FLAC__EntropyCodingMethod& method, const FLAC__int32* residual,
                            std::size_t samples, std::size_t order) {
  const bool long_parameters = method.type == FLAC__ENTROPY_CODING_METHOD_PARTITIONED_RICE2;
  const unsigned parameter_bits = long_parameters ? 5 : 4;
  const auto& rice = method.data.partitioned_rice;
  std::uint64_t bits = 2 + 4;
  std::size_t at = 0;
  for (std::size_t p = 0; p < std::size_t{1} << rice.order; ++p) {
    const std::size_t count = (samples >> rice.order) - (p == 0 ? order : 0);
    const unsigned parameter = rice.contents->parameters[p];
    bits += parameter_bits;
    if (parameter == (long_parameters ? 31u : 15u)) {
      bits += 5 + count * rice.contents->raw_bits[p];
    } else {
      for (std::size_t i = at; i < at + count; ++i) {
        const auto value = static_cast<std::uint32_t>(residual[i]);
        const std::uint32_t folded = value << 1 ^ (residual[i] < 0 ? ~0u : 0u);
        bits += (folded >> parameter) + 1 + parameter;
      }
    }
    at += count;
  }
  return bits;
}

// Reads a stream with libFLAC and counts the padding of its frames.
class Analysis {
 public:
  explicit Analysis(ByteView stream) : stream_(stream), rest_(stream) {
    FLAC__StreamDecoder* decoder = FLAC__stream_decoder_new();
    FLAC__stream_decoder_init_stream(decoder, on_read, nullptr, on_tell, nullptr, nullptr, on_frame,
                                     nullptr, on_error, this);
    FLAC__stream_decoder_process_until_end_of_metadata(decoder);
    FLAC__stream_decoder_get_decode_position(decoder, &frame_begin_);
    EXPECT_TRUE(FLAC__stream_decoder_process_until_end_of_stream(decoder));
    FLAC__stream_decoder_delete(decoder);
  }

  std::uint64_t padding_bits = 0;
  std::uint64_t frames = 0;
  std::set<int> subframe_types;
  bool wastes_bits = false;
  bool has_side_channel = false;

 private:
  static FLAC__StreamDecoderReadStatus on_read(const FLAC__StreamDecoder*, FLAC__byte* to,
                                               std::size_t* bytes, void* user) {
    ByteView& rest = static_cast<Analysis*>(user)->rest_;
    *bytes = std::min(*bytes, rest.size());
    if (*bytes == 0) return FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
    std::memcpy(to, rest.data(), *bytes);
    rest = rest.subspan(*bytes);
    return FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
  }

  static FLAC__StreamDecoderWriteStatus on_frame(const FLAC__StreamDecoder* decoder,
                                                 const FLAC__Frame* frame,
                                                 const FLAC__int32* const*, void* user) {
    auto* self = static_cast<Analysis*>(user);
    FLAC__uint64 frame_end = 0;
    FLAC__stream_decoder_get_decode_position(decoder, &frame_end);
    self->compare(*frame,
                  self->stream_.subspan(self->frame_begin_, frame_end - self->frame_begin_));
    self->frame_begin_ = frame_end;
    std::uint64_t bits = 0;  // of all subframes; the header is whole bytes
    for (unsigned channel = 0; channel < frame->header.channels; ++channel)
      bits += self->subframe_bits(*frame, channel);
    self->padding_bits += (8 - bits % 8) % 8;
    ++self->frames;
    return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
  }

  // What is read of a frame here with what libFLAC reads of it.
  static void compare(const FLAC__Frame& truth, ByteView bytes) {
    const flac::Frame frame = flac::read_frame(bytes, truth.header.bits_per_sample);
    ASSERT_EQ(frame.samples, truth.header.blocksize);
    ASSERT_EQ(frame.channels.size(), truth.header.channels);
    for (std::size_t c = 0; c < frame.channels.size(); ++c) {
      const FLAC__Subframe& expected = truth.subframes[c];
      const flac::Subframe& channel = frame.channels[c];
      EXPECT_EQ(channel.wasted_bits, expected.wasted_bits);
      using Kind = flac::Subframe::Kind;
      EXPECT_EQ(channel.kind, expected.type == FLAC__SUBFRAME_TYPE_CONSTANT   ? Kind::constant
                              : expected.type == FLAC__SUBFRAME_TYPE_VERBATIM ? Kind::verbatim
                                                                              : Kind::predicted);
      if (channel.kind != Kind::predicted) continue;
      const bool linear = expected.type == FLAC__SUBFRAME_TYPE_LPC;
      const auto& lpc = expected.data.lpc;
      const auto& fixed = expected.data.fixed;
      ASSERT_EQ(channel.coefficients.size(), linear ? lpc.order : fixed.order);
      for (std::size_t j = 0; linear && j < channel.coefficients.size(); ++j)
        EXPECT_EQ(channel.coefficients[j], lpc.qlp_coeff[j]);
      EXPECT_EQ(channel.shift, linear ? static_cast<unsigned>(lpc.quantization_level) : 0);
      const auto& rice =
          (linear ? lpc.entropy_coding_method : fixed.entropy_coding_method).data.partitioned_rice;
      ASSERT_EQ(channel.partitions.size(), std::size_t{1} << rice.order);
      for (std::size_t p = 0; p < channel.partitions.size(); ++p) {
        EXPECT_TRUE(channel.partitions[p].is_rice);  // all that libFLAC writes
        EXPECT_EQ(channel.partitions[p].parameter, rice.contents->parameters[p]);
      }
    }
  }

  std::uint64_t subframe_bits(const FLAC__Frame& frame, unsigned channel) {
    const FLAC__Subframe& subframe = frame.subframes[channel];
    const std::size_t samples = frame.header.blocksize;
    const auto assignment = frame.header.channel_assignment;
    const bool side = (assignment == FLAC__CHANNEL_ASSIGNMENT_LEFT_SIDE && channel == 1) ||
                      (assignment == FLAC__CHANNEL_ASSIGNMENT_RIGHT_SIDE && channel == 0) ||
                      (assignment == FLAC__CHANNEL_ASSIGNMENT_MID_SIDE && channel == 1);
    const std::uint64_t depth = frame.header.bits_per_sample + side - subframe.wasted_bits;
    has_side_channel |= side;
    wastes_bits |= subframe.wasted_bits > 0;
    subframe_types.insert(subframe.type);
    const std::uint64_t header = 8 + subframe.wasted_bits;
    switch (subframe.type) {
      case FLAC__SUBFRAME_TYPE_CONSTANT:
        return header + depth;
      case FLAC__SUBFRAME_TYPE_VERBATIM:
        return header + depth * samples;
      case FLAC__SUBFRAME_TYPE_FIXED: {
        const auto& fixed = subframe.data.fixed;
        return header + fixed.order * depth +
               residual_bits(fixed.entropy_coding_method, fixed.residual, samples, fixed.order);
      }
      default: {
        const auto& lpc = subframe.data.lpc;
        return header + lpc.order * (depth + lpc.qlp_coeff_precision) + 4 + 5 +
               residual_bits(lpc.entropy_coding_method, lpc.residual, samples, lpc.order);
      }
    }
  }

  static void on_error(const FLAC__StreamDecoder*, FLAC__StreamDecoderErrorStatus, void*) {
    ADD_FAILURE() << "libFLAC cannot read what it wrote";
  }

  static FLAC__StreamDecoderTellStatus on_tell(const FLAC__StreamDecoder*, FLAC__uint64* at,
                                               void* user) {
    const auto* self = static_cast<Analysis*>(user);
    *at = self->stream_.size() - self->rest_.size();
    return FLAC__STREAM_DECODER_TELL_STATUS_OK;
  }

  ByteView stream_, rest_;
  FLAC__uint64 frame_begin_ = 0;
};

Bytes speech() { return read_audio(real_file("speech.wav")).samples; }

// Messages that make the encoder use all that the format has.
std::vector<Bytes> recordings() {
  const Bytes spoken = speech();
  Bytes loud = random_bytes(9000, 5), coarse = spoken, mixed = spoken;
  for (std::size_t i = 0; i + 1 < coarse.size(); i += 2) coarse[i] &= 0xf0;
  for (std::size_t i = 3000; i < 6000; ++i) mixed[i] = loud[i];
  std::vector<Bytes> all = {spoken,
                            loud,
                            coarse,
                            mixed,
                            Bytes(5000, 17),
                            sound(Encoding::s16, 2, 9000).samples,
                            real_text(4000),
                            {},
                            {1},
                            {1, 2, 3, 4, 5, 6, 7}};
  for (Bytes& one : all) one.resize(std::min<std::size_t>(one.size(), 30000));
  return all;
}

TEST(FlacLengths, LeaveOutWhatFillsTheLastByteOfEachFrame) {
  std::set<int> types;
  bool wastes_bits = false, has_side_channel = false;
  for (int level = 0; level <= 8; ++level) {
    for (const char* shape : {",depth=8", ",depth=16", ",depth=16,channels=2",
                              ",depth=8,channels=3", ",depth=16,channels=2,rate=44100"}) {
      const std::string spec = "flac:" + std::to_string(level) + shape;
      const auto codec = make_codec(spec);
      const auto encoder = codec->encoder();
      for (const Bytes& message : recordings()) {
        Bytes stream = codec->encode(message);
        stream.pop_back();  // how many bytes completed the last frame
        const Analysis truth(stream);
        EXPECT_EQ(encoder->code_length(message), 8.0 * static_cast<double>(stream.size()) -
                                                     static_cast<double>(truth.padding_bits))
            << spec << ", " << message.size() << " bytes in " << truth.frames << " frames";
        types.insert(truth.subframe_types.begin(), truth.subframe_types.end());
        wastes_bits |= truth.wastes_bits;
        has_side_channel |= truth.has_side_channel;
      }
    }
  }
  EXPECT_EQ(types.size(), 4u);  // all that there are
  EXPECT_TRUE(wastes_bits);
  EXPECT_TRUE(has_side_channel);
}

TEST(FlacLengths, TellTheValuesOfTheNextSampleApart) {
  Bytes samples = speech();
  samples.resize(8000);
  Bytes eight_bits;
  for (std::size_t i = 1; i < samples.size(); i += 2)
    eight_bits.push_back(static_cast<Byte>(samples[i] + 128));
  std::array<double, 256> bits;
  make_model("flac:5,context=512")->start(eight_bits)->next_byte(bits);
  EXPECT_GT(std::set<double>(bits.begin(), bits.end()).size(), 12u);
}

TEST(FlacLengths, OfWhatIsNoFrameAreErrors) {
  Bytes stream = make_codec("flac:8,depth=16")->encode(speech());
  const ByteView frame = ByteView(stream).subspan(stream.size() - 3000);
  EXPECT_THROW(flac::read_frame({}, 16), Error);
  EXPECT_THROW(flac::read_frame(frame, 16), Error);
  // The first frame follows the header of 42 bytes and the comment.
  std::size_t begin = 42;
  while (begin + 1 < stream.size() && !(stream[begin] == 0xff && stream[begin + 1] == 0xf8))
    ++begin;
  Random random(4);
  const Bytes whole(stream.begin() + static_cast<std::ptrdiff_t>(begin),
                    stream.begin() + static_cast<std::ptrdiff_t>(begin + 4000));
  for (int i = 0; i < 3000; ++i) {
    Bytes damaged(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(random.below(4000)));
    for (std::uint64_t flips = random.below(4); flips > 0 && !damaged.empty(); --flips)
      damaged[random.below(std::min<std::size_t>(damaged.size(), 60))] ^=
          static_cast<Byte>(1 << random.below(8));
    try {
      EXPECT_LT(flac::read_frame(damaged, 16).padding_bits, 8u);
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace kraft
