// FLAC (RFC 9639), as libFLAC writes it: raw samples, 8 bits with offset 128 or 16 bits with the
// low byte first, channels interleaved.
#include "codecs/flac.h"

#include <FLAC/stream_decoder.h>
#include <FLAC/stream_encoder.h>

#include <algorithm>
#include <cstring>

#include "codecs/decoding.h"
#include "kraft/error.h"

namespace kraft::flac {
namespace {

struct Delete {
  void operator()(FLAC__StreamEncoder* encoder) const { FLAC__stream_encoder_delete(encoder); }
  void operator()(FLAC__StreamDecoder* decoder) const { FLAC__stream_decoder_delete(decoder); }
};

void check(FLAC__StreamEncoderInitStatus status) {
  if (status != FLAC__STREAM_ENCODER_INIT_STATUS_OK)
    throw Error(std::string("flac: ") + FLAC__StreamEncoderInitStatusString[status]);
}

std::unique_ptr<FLAC__StreamEncoder, Delete> make_encoder() {
  std::unique_ptr<FLAC__StreamEncoder, Delete> encoder(FLAC__stream_encoder_new());
  if (!encoder) throw Error("flac: out of memory");
  return encoder;
}

void set(FLAC__StreamEncoder* encoder, const Settings& settings, std::size_t samples) {
  const Shape& shape = settings.shape;
  FLAC__stream_encoder_set_streamable_subset(encoder,
                                             FLAC__format_sample_rate_is_subset(settings.rate_hz));
  FLAC__stream_encoder_set_channels(encoder, static_cast<std::uint32_t>(shape.channels));
  FLAC__stream_encoder_set_bits_per_sample(encoder, static_cast<std::uint32_t>(shape.depth_bits));
  FLAC__stream_encoder_set_sample_rate(encoder, settings.rate_hz);
  FLAC__stream_encoder_set_compression_level(encoder, settings.level);
  FLAC__stream_encoder_set_total_samples_estimate(encoder, samples);
}

class FlacEncoder final : public ShapedEncoder {
 public:
  explicit FlacEncoder(const Settings& settings) : settings_(settings), encoder_(make_encoder()) {}

  // To the last bit of each frame's Rice codes: in whole bytes, most values of the next sample
  // would cost the same.
  double code_length(ByteView message) override {
    write(message, scratch_);
    return 8.0 * static_cast<double>(scratch_.size()) - static_cast<double>(padding_bits_);
  }

 private:
  // The library goes back to the header at the end.
  struct Output {
    Bytes* bytes;
    std::size_t depth_bits;
    std::size_t at = 0;
    std::size_t padding_bits = 0;
  };

  // Frames come whole; other pieces hold no samples.
  static FLAC__StreamEncoderWriteStatus on_write(const FLAC__StreamEncoder*, const FLAC__byte* from,
                                                 std::size_t bytes, std::uint32_t samples,
                                                 std::uint32_t, void* user) {
    auto* output = static_cast<Output*>(user);
    try {
      if (output->bytes->size() < output->at + bytes) output->bytes->resize(output->at + bytes);
      if (samples > 0)
        output->padding_bits += read_frame({from, bytes}, output->depth_bits).padding_bits;
    } catch (const std::exception&) {
      return FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
    }
    std::memcpy(output->bytes->data() + output->at, from, bytes);
    output->at += bytes;
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
  }

  static FLAC__StreamEncoderSeekStatus on_seek(const FLAC__StreamEncoder*, FLAC__uint64 to,
                                               void* user) {
    static_cast<Output*>(user)->at = to;
    return FLAC__STREAM_ENCODER_SEEK_STATUS_OK;
  }

  static FLAC__StreamEncoderTellStatus on_tell(const FLAC__StreamEncoder*, FLAC__uint64* at,
                                               void* user) {
    *at = static_cast<Output*>(user)->at;
    return FLAC__STREAM_ENCODER_TELL_STATUS_OK;
  }

  std::size_t write(ByteView message, Bytes& stream) override {
    const std::size_t added_bytes = complete(message, settings_.shape, /*least_rows=*/0, frames_);
    stream.clear();
    Output output{&stream, settings_.shape.depth_bits};
    const std::size_t sample_bytes = settings_.shape.depth_bits / 8;
    samples_.resize(frames_.size() / sample_bytes);
    for (std::size_t i = 0; i < samples_.size(); ++i)
      samples_[i] = sample_at(frames_.data() + i * sample_bytes, settings_.shape.depth_bits);
    const std::size_t count = frames_.size() / settings_.shape.row_bytes();
    begin(count, output);
    bool done = true;
    constexpr std::size_t kPiece = 1 << 20;  // the library counts in 32 bits
    for (std::size_t at = 0; done && at < count; at += kPiece)
      done = FLAC__stream_encoder_process_interleaved(
          encoder_.get(), samples_.data() + at * settings_.shape.channels,
          static_cast<std::uint32_t>(std::min(kPiece, count - at)));
    // finish() also makes the encoder ready for the next message.
    done = FLAC__stream_encoder_finish(encoder_.get()) && done;
    if (!done) throw Error("flac: the encoder failed");
    padding_bits_ = output.padding_bits;
    return added_bytes;
  }

  void begin(std::size_t frame_count, Output& output) {
    set(encoder_.get(), settings_, frame_count);
    check(FLAC__stream_encoder_init_stream(encoder_.get(), on_write, on_seek, on_tell, nullptr,
                                           &output));
  }

  Settings settings_;
  std::unique_ptr<FLAC__StreamEncoder, Delete> encoder_;
  Bytes frames_;
  std::vector<FLAC__int32> samples_;
  std::size_t padding_bits_ = 0;  // of the frames last written
};

// Encodes streams of one frame, with one channel.
class OneFrame final : public FrameChooser {
 public:
  explicit OneFrame(const Settings& settings) : settings_(settings), encoder_(make_encoder()) {
    settings_.shape.channels = 1;
  }

  Choice choose(std::span<const std::int32_t> samples, std::size_t depth_bits) override {
    const auto count = static_cast<std::uint32_t>(samples.size());
    FLAC__StreamEncoder* encoder = encoder_.get();
    settings_.shape.depth_bits = depth_bits;
    set(encoder, settings_, count);
    FLAC__stream_encoder_set_streamable_subset(encoder, false);  // which has no odd depths
    FLAC__stream_encoder_set_blocksize(encoder, count);
    frame_.clear();
    check(FLAC__stream_encoder_init_stream(encoder, on_write, nullptr, nullptr, nullptr, this));
    bool done = FLAC__stream_encoder_process_interleaved(encoder, samples.data(), count);
    done = FLAC__stream_encoder_finish(encoder) && done;
    if (!done || frame_.empty()) throw Error("flac: the encoder failed");
    return {read_frame(frame_, depth_bits).channels.at(0), frame_.size()};
  }

 private:
  static FLAC__StreamEncoderWriteStatus on_write(const FLAC__StreamEncoder*, const FLAC__byte* from,
                                                 std::size_t bytes, std::uint32_t samples,
                                                 std::uint32_t, void* user) {
    try {
      if (samples > 0) static_cast<OneFrame*>(user)->frame_.assign(from, from + bytes);
    } catch (const std::bad_alloc&) {
      return FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
    }
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
  }

  Settings settings_;
  std::unique_ptr<FLAC__StreamEncoder, Delete> encoder_;
  Bytes frame_;
};

// One stream being decoded: what libFLAC's callbacks read from and write to.
class FlacDecoding {
 public:
  FlacDecoding(const Settings& settings, ByteView stream, std::size_t limit_bytes)
      : settings_(settings),
        stream_(stream),
        limit_bytes_(limit_bytes),
        decoder_(FLAC__stream_decoder_new()) {
    if (!decoder_) throw Error("flac: out of memory");
    FLAC__stream_decoder_set_md5_checking(decoder_.get(), true);
    const auto status =
        FLAC__stream_decoder_init_stream(decoder_.get(), on_read, nullptr, on_tell, nullptr, on_end,
                                         on_frame, on_metadata, on_error, this);
    if (status != FLAC__STREAM_DECODER_INIT_STATUS_OK) throw Error("flac: the decoder failed");
  }

  Bytes run() {
    FLAC__stream_decoder_process_until_end_of_metadata(decoder_.get());
    check();
    if (!described_ || FLAC__stream_decoder_get_state(decoder_.get()) !=
                           FLAC__STREAM_DECODER_SEARCH_FOR_FRAME_SYNC)
      fail_truncated("flac");
    expect_within("flac", total_frames_, settings_.shape, limit_bytes_);
    const std::uint64_t total_bytes = total_frames_ * settings_.shape.row_bytes();
    while (bytes_.size() < total_bytes) {
      const bool more = FLAC__stream_decoder_process_single(decoder_.get());
      check();
      if (!more) fail_damaged("flac", "it cannot be decoded");
      if (FLAC__stream_decoder_get_state(decoder_.get()) == FLAC__STREAM_DECODER_END_OF_STREAM)
        break;
    }
    if (bytes_.size() < total_bytes) fail_truncated("flac");
    if (bytes_.size() > total_bytes) fail_damaged("flac", "it has more samples than it says");
    FLAC__uint64 end = 0;
    if (!FLAC__stream_decoder_get_decode_position(decoder_.get(), &end) || end > stream_.size())
      fail_truncated("flac");
    if (!FLAC__stream_decoder_finish(decoder_.get()))
      fail_damaged("flac", "the checksum of its samples is another");
    remove_added("flac", stream_.subspan(end), limit_bytes_, bytes_);
    return std::move(bytes_);
  }

 private:
  static FlacDecoding& self(void* user) { return *static_cast<FlacDecoding*>(user); }

  static FLAC__StreamDecoderReadStatus on_read(const FLAC__StreamDecoder*, FLAC__byte* to,
                                               std::size_t* bytes, void* user) {
    FlacDecoding& d = self(user);
    *bytes = std::min(*bytes, d.stream_.size() - d.at_);
    if (*bytes == 0) return FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
    std::memcpy(to, d.stream_.data() + d.at_, *bytes);
    d.at_ += *bytes;
    return FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
  }

  static FLAC__StreamDecoderTellStatus on_tell(const FLAC__StreamDecoder*, FLAC__uint64* at,
                                               void* user) {
    *at = self(user).at_;
    return FLAC__STREAM_DECODER_TELL_STATUS_OK;
  }

  static FLAC__bool on_end(const FLAC__StreamDecoder*, void* user) {
    return self(user).at_ == self(user).stream_.size();
  }

  static void on_metadata(const FLAC__StreamDecoder*, const FLAC__StreamMetadata* metadata,
                          void* user) {
    if (metadata->type != FLAC__METADATA_TYPE_STREAMINFO) return;
    const FLAC__StreamMetadata_StreamInfo& info = metadata->data.stream_info;
    FlacDecoding& d = self(user);
    const Settings& expected = d.settings_;
    d.described_ = true;
    d.total_frames_ = info.total_samples;
    d.matches_ = info.channels == expected.shape.channels && info.sample_rate == expected.rate_hz &&
                 info.bits_per_sample == expected.shape.depth_bits;
  }

  static FLAC__StreamDecoderWriteStatus on_frame(const FLAC__StreamDecoder*,
                                                 const FLAC__Frame* frame,
                                                 const FLAC__int32* const buffer[], void* user) {
    FlacDecoding& d = self(user);
    const Shape& shape = d.settings_.shape;
    if (frame->header.channels != shape.channels ||
        frame->header.bits_per_sample != shape.depth_bits) {
      d.matches_ = false;
      return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
    }
    try {
      for (std::size_t i = 0; i < frame->header.blocksize; ++i) {
        for (std::size_t channel = 0; channel < shape.channels; ++channel) {
          const FLAC__int32 value = buffer[channel][i];
          d.bytes_.push_back(static_cast<Byte>(shape.depth_bits == 8 ? value + 128 : value));
          if (shape.depth_bits == 16) d.bytes_.push_back(static_cast<Byte>(value >> 8));
        }
      }
    } catch (const std::bad_alloc&) {
      d.out_of_memory_ = true;
      return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
    }
    return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
  }

  static void on_error(const FLAC__StreamDecoder*, FLAC__StreamDecoderErrorStatus status,
                       void* user) {
    if (!self(user).error_) self(user).error_ = FLAC__StreamDecoderErrorStatusString[status];
  }

  void check() const {
    if (out_of_memory_) throw std::bad_alloc();
    if (error_) fail_damaged("flac", error_);
    if (!matches_) fail_damaged("flac", "its samples are of another shape");
  }

  const Settings& settings_;
  ByteView stream_;
  std::size_t limit_bytes_;
  std::size_t at_ = 0;
  Bytes bytes_;
  std::uint64_t total_frames_ = 0;
  bool described_ = false;
  bool matches_ = true;
  bool out_of_memory_ = false;
  const char* error_ = nullptr;
  std::unique_ptr<FLAC__StreamDecoder, Delete> decoder_;
};

class FlacCodec final : public Codec {
 public:
  explicit FlacCodec(const Settings& settings) : settings_(settings) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<FlacEncoder>(settings_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    return FlacDecoding(settings_, stream, limit_bytes).run();
  }

  Granularity granularity() const override { return Granularity::bit; }

  std::size_t alignment_bytes() const override { return settings_.shape.row_bytes(); }

 private:
  Settings settings_;
};

}  // namespace

std::unique_ptr<FrameChooser> make_frame_chooser(const Settings& settings) {
  return std::make_unique<OneFrame>(settings);
}

Settings settings_of(const Arguments& arguments) {
  return {.shape = shape_of(arguments),
          .rate_hz = static_cast<unsigned>(arguments.integer("rate")),
          .level = static_cast<unsigned>(arguments.integer("level"))};
}

Backend codec_row() {
  Backend row;
  row.name = "flac";
  row.summary = "sound: linear prediction, lossless";
  row.argument = Parameter::integer("level", 0, 8, "5", "0 is fastest, 8 is smallest");
  row.parameters = {
      Parameter::integer("rate", 1, FLAC__MAX_SAMPLE_RATE, "16000", "frames in a second"),
      Parameter::integer("channels", 1, FLAC__MAX_CHANNELS, "1", "samples of a frame"),
      Parameter::choice("depth", {"8", "16"}, "8",
                        "bits of a sample; 8: offset 128, 16: low byte first"),
  };
  row.granularity = Granularity::bit;
  row.window = "all";
  row.library = [] { return std::string("libFLAC ") + FLAC__VERSION_STRING; };
  row.trial_ms = [](const Arguments&) { return 40; };
  row.make_codec = [](const Arguments& arguments) {
    return std::make_shared<FlacCodec>(settings_of(arguments));
  };
  return row;
}

}  // namespace kraft::flac
