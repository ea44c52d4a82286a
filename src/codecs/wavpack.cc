// WavPack, as libwavpack writes it: raw samples, 8 bits with offset 128 or 16 bits with the low
// byte first, channels interleaved. A stream is what the library writes for a .wv file.
#include "codecs/wavpack.h"

#include <wavpack/wavpack.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "codecs/decoding.h"
#include "kraft/error.h"

namespace kraft::wavpack {
namespace {

constexpr std::int64_t kHighestRate = 655350;  // as for flac; the format's own limit is 2^31
constexpr std::int64_t kMostChannels = 8;

struct Close {
  void operator()(WavpackContext* context) const { WavpackCloseFile(context); }
};
using Context = std::unique_ptr<WavpackContext, Close>;

[[noreturn]] void fail(WavpackContext* context) {
  const char* message = WavpackGetErrorMessage(context);
  throw Error(std::string("wavpack: ") + (*message != 0 ? message : "the encoder failed"));
}

// One or two channels are mono and stereo; more are independent of one another, whatever
// loudspeakers they would be for.
int channel_mask(std::size_t channels) { return channels == 1 ? 4 : channels == 2 ? 3 : 0; }

int mode_flags(Settings::Mode mode) {
  switch (mode) {
    case Settings::Mode::fast:
      return CONFIG_FAST_FLAG;
    case Settings::Mode::normal:
      return 0;
    case Settings::Mode::high:
      return CONFIG_HIGH_FLAG;
    case Settings::Mode::very_high:
      return CONFIG_HIGH_FLAG | CONFIG_VERY_HIGH_FLAG;
  }
  return 0;
}

WavpackConfig config_of(const Settings& settings) {
  WavpackConfig config = {};
  config.bits_per_sample = static_cast<int>(settings.shape.depth_bits);
  config.bytes_per_sample = static_cast<int>(settings.shape.depth_bits / 8);
  config.num_channels = static_cast<int>(settings.shape.channels);
  config.channel_mask = channel_mask(settings.shape.channels);
  config.sample_rate = static_cast<std::int32_t>(settings.rate_hz);
  config.flags = mode_flags(settings.mode);
  if (settings.extra > 0) config.flags |= CONFIG_EXTRA_MODE;
  config.xmode = static_cast<int>(settings.extra);
  return config;
}

int append(void* to, void* data, std::int32_t bytes) {
  auto& stream = *static_cast<Bytes*>(to);
  const auto* begin = static_cast<const Byte*>(data);
  try {
    stream.insert(stream.end(), begin, begin + bytes);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return 1;
}

// Appends what the library writes for these frames, at least one.
void write_frames(const WavpackConfig& config, std::span<std::int32_t> samples, Bytes& stream) {
  const Context context(WavpackOpenFileOutput(append, &stream, nullptr));
  if (!context) throw Error("wavpack: out of memory");
  WavpackConfig own = config;
  const auto channels = static_cast<std::size_t>(config.num_channels);
  const std::size_t frames = samples.size() / channels;
  if (WavpackSetConfiguration64(context.get(), &own, static_cast<std::int64_t>(frames), nullptr) ==
          0 ||
      WavpackPackInit(context.get()) == 0)
    fail(context.get());
  constexpr std::size_t kPiece = 1 << 20;  // the library counts in 32 bits
  for (std::size_t at = 0; at < frames; at += kPiece) {
    if (WavpackPackSamples(context.get(), samples.data() + at * channels,
                           static_cast<std::uint32_t>(std::min(kPiece, frames - at))) == 0)
      fail(context.get());
  }
  if (WavpackFlushSamples(context.get()) == 0) fail(context.get());
}

class WavpackEncoder final : public ShapedEncoder {
 public:
  explicit WavpackEncoder(const Settings& settings)
      : shape_(settings.shape), config_(config_of(settings)) {}

 private:
  std::size_t write(ByteView message, Bytes& stream) override {
    const std::size_t added_bytes = complete(message, shape_, /*least_rows=*/1, frames_);
    const std::size_t sample_bytes = shape_.depth_bits / 8;
    samples_.resize(frames_.size() / sample_bytes);
    for (std::size_t i = 0; i < samples_.size(); ++i)
      samples_[i] = sample_at(frames_.data() + i * sample_bytes, shape_.depth_bits);
    stream.clear();
    write_frames(config_, samples_, stream);
    return added_bytes;
  }

  Shape shape_;
  WavpackConfig config_;
  Bytes frames_;
  std::vector<std::int32_t> samples_;
};

class OneBlock final : public BlockMaker {
 public:
  explicit OneBlock(const Settings& settings) : settings_(settings) {}

  Block make(std::span<const std::int32_t> samples, std::size_t channels) override {
    settings_.shape.channels = channels;
    WavpackConfig config = config_of(settings_);
    config.block_samples = static_cast<std::int32_t>(samples.size() / channels);
    samples_.assign(samples.begin(), samples.end());  // which the library may write to
    stream_.clear();
    write_frames(config, samples_, stream_);
    return read_block(stream_);
  }

 private:
  Settings settings_;
  std::vector<std::int32_t> samples_;
  Bytes stream_;
};

// What the library reads a stream from.
struct Reader {
  ByteView stream;
  std::size_t at = 0;

  static Reader& self(void* user) { return *static_cast<Reader*>(user); }

  static std::int32_t read(void* user, void* to, std::int32_t bytes) {
    Reader& r = self(user);
    const std::size_t count =
        std::min(r.stream.size() - r.at, static_cast<std::size_t>(std::max(0, bytes)));
    if (count > 0) std::memcpy(to, r.stream.data() + r.at, count);
    r.at += count;
    return static_cast<std::int32_t>(count);
  }
  static std::int32_t write(void*, void*, std::int32_t) { return 0; }
  static std::int64_t position(void* user) { return static_cast<std::int64_t>(self(user).at); }
  static int seek(void* user, std::int64_t to) {
    Reader& r = self(user);
    if (to < 0 || static_cast<std::uint64_t>(to) > r.stream.size()) return -1;
    r.at = static_cast<std::size_t>(to);
    return 0;
  }
  static int seek_by(void* user, std::int64_t by, int from) {
    const Reader& r = self(user);
    const auto begin = from == SEEK_SET ? 0 : from == SEEK_CUR ? r.at : r.stream.size();
    return seek(user, static_cast<std::int64_t>(begin) + by);
  }
  static int push_back(void* user, int byte) {
    Reader& r = self(user);
    if (r.at == 0 || r.stream[r.at - 1] != byte) return EOF;
    --r.at;
    return byte;
  }
  static std::int64_t length(void* user) {
    return static_cast<std::int64_t>(self(user).stream.size());
  }
  static int can_seek(void*) { return 1; }
};

WavpackStreamReader64 reader_functions() {
  return {.read_bytes = Reader::read,
          .write_bytes = Reader::write,
          .get_pos = Reader::position,
          .set_pos_abs = Reader::seek,
          .set_pos_rel = Reader::seek_by,
          .push_back_byte = Reader::push_back,
          .get_length = Reader::length,
          .can_seek = Reader::can_seek,
          .truncate_here = nullptr,
          .close = nullptr};
}

class WavpackDecoding {
 public:
  WavpackDecoding(const Settings& settings, ByteView stream, std::size_t limit_bytes)
      : settings_(settings), limit_bytes_(limit_bytes), reader_{stream} {}

  Bytes run() {
    block_bytes(reader_.stream);  // the library also reads what WavPack wrote before version 4
    std::array<char, 81> message{};
    const Context context(WavpackOpenFileInputEx64(&functions_, &reader_, nullptr, message.data(),
                                                   OPEN_DSD_NATIVE, 0));
    if (!context) fail_damaged("wavpack", message.data());
    check_shape(context.get());
    const std::int64_t frames = WavpackGetNumSamples64(context.get());
    if (frames <= 0) fail_damaged("wavpack", "it does not say how many samples it has");
    const Shape& shape = settings_.shape;
    expect_within("wavpack", static_cast<std::uint64_t>(frames), shape, limit_bytes_);
    read(context.get(), static_cast<std::uint64_t>(frames));
    if (WavpackGetNumErrors(context.get()) > 0)
      fail_damaged("wavpack", "the checksum of its samples is another");
    remove_added("wavpack", reader_.stream.subspan(reader_.at), limit_bytes_, bytes_);
    return std::move(bytes_);
  }

 private:
  void check_shape(WavpackContext* context) const {
    const Shape& shape = settings_.shape;
    const bool matches =
        WavpackGetNumChannels(context) == static_cast<int>(shape.channels) &&
        WavpackGetSampleRate(context) == settings_.rate_hz &&
        WavpackGetBytesPerSample(context) == static_cast<int>(shape.depth_bits / 8) &&
        WavpackGetBitsPerSample(context) == static_cast<int>(shape.depth_bits) &&
        (WavpackGetMode(context) & (MODE_FLOAT | MODE_HYBRID)) == 0 &&
        (WavpackGetQualifyMode(context) & QMODE_DSD_AUDIO) == 0;
    if (!matches) fail_damaged("wavpack", "its samples are of another shape");
  }

  void read(WavpackContext* context, std::uint64_t frames) {
    const Shape& shape = settings_.shape;
    constexpr std::uint32_t kPiece = 4096;
    std::vector<std::int32_t> samples(kPiece * shape.channels);
    for (std::uint64_t left = frames; left > 0;) {
      const std::uint32_t count =
          WavpackUnpackSamples(context, samples.data(),
                               static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kPiece)));
      if (count == 0) fail_truncated("wavpack");
      for (std::size_t i = 0; i < count * shape.channels; ++i) put(samples[i]);
      left -= count;
    }
  }

  void put(std::int32_t sample) {
    bytes_.push_back(static_cast<Byte>(settings_.shape.depth_bits == 8 ? sample + 128 : sample));
    if (settings_.shape.depth_bits == 16) bytes_.push_back(static_cast<Byte>(sample >> 8));
  }

  const Settings& settings_;
  std::size_t limit_bytes_;
  Reader reader_;
  WavpackStreamReader64 functions_ = reader_functions();
  Bytes bytes_;
};

class WavpackCodec final : public Codec {
 public:
  explicit WavpackCodec(const Settings& settings) : settings_(settings) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<WavpackEncoder>(settings_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    return WavpackDecoding(settings_, stream, limit_bytes).run();
  }

  std::size_t alignment_bytes() const override { return settings_.shape.row_bytes(); }

 private:
  Settings settings_;
};

}  // namespace

std::unique_ptr<BlockMaker> make_block_maker(const Settings& settings) {
  return std::make_unique<OneBlock>(settings);
}

Settings settings_of(const Arguments& arguments) {
  Settings settings{.shape = shape_of(arguments),
                    .rate_hz = static_cast<unsigned>(arguments.integer("rate")),
                    .mode = Settings::Mode::normal,
                    .extra = static_cast<unsigned>(arguments.integer("extra"))};
  const std::string& mode = arguments.text("mode");
  if (mode == "fast") settings.mode = Settings::Mode::fast;
  if (mode == "high") settings.mode = Settings::Mode::high;
  if (mode == "very-high") settings.mode = Settings::Mode::very_high;
  return settings;
}

Backend codec_row() {
  Backend row;
  row.name = "wavpack";
  row.aliases = {"wv"};
  row.summary = "sound: a cascade of adaptive predictors, lossless";
  row.argument = Parameter::choice("mode", {"fast", "normal", "high", "very-high"}, "normal",
                                   "fast has 2 predictors, normal 5, high 10, very-high 16");
  row.parameters = {
      Parameter::integer("extra", 0, 6, "0", "how long it looks for better predictors"),
      Parameter::integer("rate", 1, kHighestRate, "16000", "frames in a second"),
      Parameter::integer("channels", 1, kMostChannels, "1", "samples of a frame"),
      Parameter::choice("depth", {"8", "16"}, "8",
                        "bits of a sample; 8: offset 128, 16: low byte first"),
  };
  row.granularity = Granularity::byte;
  row.window = "all";
  row.library = [] { return std::string("libwavpack ") + WavpackGetLibraryVersionString(); };
  row.trial_ms = [](const Arguments& arguments) {
    return 400 * (1 + static_cast<double>(arguments.integer("extra")));
  };
  row.make_codec = [](const Arguments& arguments) {
    return std::make_shared<WavpackCodec>(settings_of(arguments));
  };
  return row;
}

}  // namespace kraft::wavpack
