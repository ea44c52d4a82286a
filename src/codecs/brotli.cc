// Brotli (RFC 7932).
//
// A stream is what one BROTLI_OPERATION_FINISH over the whole message writes. That is also what
// BrotliEncoderCompress() writes, but for the empty message, and for messages that it stores
// because they do not compress, and, in library versions before 1.1, for quality 10, where that
// function has a path of its own.
#include <brotli/decode.h>
#include <brotli/encode.h>

#include <algorithm>
#include <string>

#include "codecs/brotli.h"
#include "codecs/decoding.h"
#include "codecs/recycler.h"
#include "kraft/error.h"

namespace kraft {
namespace {

const std::vector<std::string> kModes = {"generic", "text", "font"};

struct Settings {
  std::uint32_t quality = BROTLI_DEFAULT_QUALITY;
  std::uint32_t window = BROTLI_DEFAULT_WINDOW;
  std::uint32_t block = 0;  // (0: the library decides)
  std::uint32_t mode = BROTLI_DEFAULT_MODE;
  bool large = false;
};

void* allocate(void* recycler, std::size_t bytes) {
  return static_cast<Recycler*>(recycler)->allocate(bytes);
}

void release(void* recycler, void* block) { static_cast<Recycler*>(recycler)->release(block); }

class BrotliEncoder final : public Encoder {
 public:
  explicit BrotliEncoder(const Settings& settings) : settings_(settings) {}

  void encode(ByteView message, Bytes& stream) override {
    recycler_.next_stream();
    const State state(BrotliEncoderCreateInstance(allocate, release, &recycler_),
                      &BrotliEncoderDestroyInstance);
    if (!state) throw Error("brotli: out of memory");
    set(*state, BROTLI_PARAM_QUALITY, settings_.quality);
    set(*state, BROTLI_PARAM_MODE, settings_.mode);
    set(*state, BROTLI_PARAM_LARGE_WINDOW, settings_.large ? 1 : 0);
    set(*state, BROTLI_PARAM_LGWIN, settings_.window);
    set(*state, BROTLI_PARAM_LGBLOCK, settings_.block);
    compress(*state, message, stream);
  }

 private:
  using State = std::unique_ptr<BrotliEncoderState, decltype(&BrotliEncoderDestroyInstance)>;

  static void set(BrotliEncoderState& state, BrotliEncoderParameter parameter,
                  std::uint32_t value) {
    if (!BrotliEncoderSetParameter(&state, parameter, value))
      throw Error("brotli: the library refuses parameter " + std::to_string(parameter) + " = " +
                  std::to_string(value));
  }

  static void compress(BrotliEncoderState& state, ByteView message, Bytes& stream) {
    // Only a good guess: the library's bound does not hold for qualities 0 and 1.
    stream.resize(BrotliEncoderMaxCompressedSize(message.size()) + kSlackBytes);
    std::size_t size = 0;
    const Byte* in = message.data();
    std::size_t in_left = message.size();
    while (!BrotliEncoderIsFinished(&state)) {
      if (size == stream.size()) stream.resize(2 * size);
      Byte* out = stream.data() + size;
      std::size_t out_left = stream.size() - size;
      if (!BrotliEncoderCompressStream(&state, BROTLI_OPERATION_FINISH, &in_left, &in, &out_left,
                                       &out, nullptr))
        throw Error("brotli: the library failed, or is out of memory");
      size = stream.size() - out_left;
    }
    stream.resize(size);
  }

  static constexpr std::size_t kSlackBytes = 1 << 10;

  Settings settings_;
  Recycler recycler_;  // the library cannot begin a new stream on the memory of the last one
};

class BrotliCodec final : public Codec {
 public:
  explicit BrotliCodec(const Settings& settings) : settings_(settings) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<BrotliEncoder>(settings_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
        BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), &BrotliDecoderDestroyInstance);
    if (!state) throw Error("brotli: out of memory");
    BrotliDecoderSetParameter(state.get(), BROTLI_DECODER_PARAM_LARGE_WINDOW,
                              settings_.large ? 1 : 0);
    DecodedBytes decoded("brotli", limit_bytes);
    const Byte* in = stream.data();
    std::size_t in_left = stream.size();
    for (bool at_end = false; !at_end;) {
      const std::span<Byte> room = decoded.room();
      Byte* out = room.data();
      std::size_t out_left = room.size();
      const BrotliDecoderResult result =
          BrotliDecoderDecompressStream(state.get(), &in_left, &in, &out_left, &out, nullptr);
      if (result == BROTLI_DECODER_RESULT_ERROR)
        fail_damaged("brotli", BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state.get())));
      decoded.keep(room.size() - out_left);
      if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) fail_truncated("brotli");
      at_end = result == BROTLI_DECODER_RESULT_SUCCESS;
    }
    expect_no_more("brotli", in_left);
    return decoded.take();
  }

 private:
  Settings settings_;
};

std::shared_ptr<const Codec> make_brotli(const Arguments& arguments) {
  Settings settings;
  settings.quality = static_cast<std::uint32_t>(arguments.integer("level"));
  settings.window = static_cast<std::uint32_t>(arguments.integer("window"));
  settings.block = static_cast<std::uint32_t>(arguments.integer_or("block", 0));
  settings.large = arguments.on("large");
  const auto mode = std::ranges::find(kModes, arguments.text("mode"));
  settings.mode = static_cast<std::uint32_t>(mode - kModes.begin());
  if (settings.window > BROTLI_MAX_WINDOW_BITS && !settings.large)
    throw UsageError("brotli: window=" + std::to_string(settings.window) +
                     " needs large=on; with large=off it is at most " +
                     std::to_string(BROTLI_MAX_WINDOW_BITS));
  return std::make_shared<BrotliCodec>(settings);
}

std::string version(std::uint32_t packed) {
  return std::to_string(packed >> 24) + "." + std::to_string((packed >> 12) & 0xfff) + "." +
         std::to_string(packed & 0xfff);
}

}  // namespace

Backend brotli::codec_row() {
  Backend row;
  row.name = "brotli";
  row.aliases = {"br"};
  row.summary = "Brotli: LZ77, context modelling, Huffman codes and a built-in dictionary";
  row.argument =
      Parameter::integer("level", BROTLI_MIN_QUALITY, BROTLI_MAX_QUALITY,
                         std::to_string(BROTLI_DEFAULT_QUALITY), "quality: speed against size");
  row.parameters = {
      Parameter::integer("window", BROTLI_MIN_WINDOW_BITS, BROTLI_LARGE_MAX_WINDOW_BITS,
                         std::to_string(BROTLI_DEFAULT_WINDOW),
                         "base-2 logarithm of the window; beyond 24 with large=on"),
      Parameter::integer("block", BROTLI_MIN_INPUT_BLOCK_BITS, BROTLI_MAX_INPUT_BLOCK_BITS, "",
                         "base-2 logarithm of the input block"),
      Parameter::choice("mode", kModes, "generic", "what the message is"),
      Parameter::on_off("large", "off", "Large Window Brotli, which RFC 7932 does not know"),
  };
  row.granularity = Granularity::byte;
  row.window = "4 MiB, or by window=";
  row.library = [] { return "libbrotlienc " + version(BrotliEncoderVersion()); };
  row.make_codec = make_brotli;
  row.trial_ms = [](const Arguments& arguments) {
    return arguments.integer("level") >= 10 ? 330 : 5;
  };
  return row;
}

}  // namespace kraft
