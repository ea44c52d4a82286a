// A codestream of level 10 in the least container that says so.
#include "codecs/jxl.h"

#include <jxl/decode.h>
#include <jxl/encode.h>

#include <memory>

#include "base/lazy_library.h"
#include "codecs/decoding.h"
#include "kraft/error.h"

namespace kraft::jxl {
namespace {

// libjxl measures the processor's clock when it is loaded, for longer than a short command takes.
// Where the build knows the library's file, it is loaded when the first function is called.
// clang-format off
#define KRAFT_JXL_FUNCTIONS(function) \
  function(JxlColorEncodingSetToSRGB)        \
  function(JxlDecoderCreate)                 \
  function(JxlDecoderDestroy)                \
  function(JxlDecoderGetBasicInfo)           \
  function(JxlDecoderProcessInput)           \
  function(JxlDecoderReleaseInput)           \
  function(JxlDecoderSetImageOutBuffer)      \
  function(JxlDecoderSetInput)               \
  function(JxlDecoderSubscribeEvents)        \
  function(JxlEncoderAddImageFrame)          \
  function(JxlEncoderCloseInput)             \
  function(JxlEncoderCreate)                 \
  function(JxlEncoderDestroy)                \
  function(JxlEncoderFrameSettingsCreate)    \
  function(JxlEncoderFrameSettingsSetOption) \
  function(JxlEncoderFrameSettingsSetFloatOption) \
  function(JxlEncoderGetError)               \
  function(JxlEncoderInitBasicInfo)          \
  function(JxlEncoderProcessOutput)          \
  function(JxlEncoderReset)                  \
  function(JxlEncoderSetBasicInfo)           \
  function(JxlEncoderSetCodestreamLevel)     \
  function(JxlEncoderSetColorEncoding)       \
  function(JxlEncoderSetFrameLossless)       \
  function(JxlEncoderUseContainer)           \
  function(JxlEncoderVersion)
// clang-format on

struct Jxl {
#ifdef KRAFT_LIBJXL
  LazyLibrary library{KRAFT_LIBJXL};
// A name that is declared cannot stand between parentheses.
// NOLINTNEXTLINE(bugprone-macro-parentheses)
#define KRAFT_FIND(name) decltype(&::name) name = library.find<decltype(&::name)>(#name);
#else
// NOLINTNEXTLINE(bugprone-macro-parentheses)
#define KRAFT_FIND(name) decltype(&::name) name = &::name;
#endif
  KRAFT_JXL_FUNCTIONS(KRAFT_FIND)
#undef KRAFT_FIND
};

const Jxl& library() {
  static const Jxl functions;
  return functions;
}

JxlPixelFormat pixel_format(const Shape& shape) {
  return {static_cast<std::uint32_t>(shape.channels),
          shape.depth_bits == 8 ? JXL_TYPE_UINT8 : JXL_TYPE_UINT16, JXL_BIG_ENDIAN, 0};
}

struct Destroy {
  void operator()(JxlEncoder* encoder) const { library().JxlEncoderDestroy(encoder); }
  void operator()(JxlDecoder* decoder) const { library().JxlDecoderDestroy(decoder); }
};

// Which of its means the encoder may use.
struct Means {
  bool patches = true, colour_transforms = true, palettes = true;
};

class JxlLosslessEncoder final : public ShapedEncoder {
 public:
  JxlLosslessEncoder(const Shape& shape, int effort, const Means& means)
      : shape_(shape),
        effort_(effort),
        means_(means),
        encoder_(library().JxlEncoderCreate(nullptr)) {
    if (!encoder_) throw Error("jxl: out of memory");
  }

 private:
  std::size_t write(ByteView message, Bytes& stream) override {
    const std::size_t added_bytes = complete(message, shape_, /*least_rows=*/1, rows_);
    library().JxlEncoderReset(encoder_.get());
    describe();
    JxlEncoderFrameSettings* settings =
        library().JxlEncoderFrameSettingsCreate(encoder_.get(), nullptr);
    check(library().JxlEncoderSetFrameLossless(settings, JXL_TRUE));
    check(library().JxlEncoderFrameSettingsSetOption(settings, JXL_ENC_FRAME_SETTING_EFFORT,
                                                     effort_));
    check(library().JxlEncoderFrameSettingsSetOption(settings, JXL_ENC_FRAME_SETTING_KEEP_INVISIBLE,
                                                     1));
    if (!means_.patches)
      check(library().JxlEncoderFrameSettingsSetOption(settings, JXL_ENC_FRAME_SETTING_PATCHES, 0));
    if (!means_.colour_transforms)
      check(library().JxlEncoderFrameSettingsSetOption(
          settings, JXL_ENC_FRAME_SETTING_MODULAR_COLOR_SPACE, 0));
    if (!means_.palettes) {
      check(library().JxlEncoderFrameSettingsSetOption(settings,
                                                       JXL_ENC_FRAME_SETTING_PALETTE_COLORS, 0));
      for (const auto percent : {JXL_ENC_FRAME_SETTING_CHANNEL_COLORS_GLOBAL_PERCENT,
                                 JXL_ENC_FRAME_SETTING_CHANNEL_COLORS_GROUP_PERCENT})
        check(library().JxlEncoderFrameSettingsSetFloatOption(settings, percent, 0));
    }
    const JxlPixelFormat format = pixel_format(shape_);
    check(library().JxlEncoderAddImageFrame(settings, &format, rows_.data(), rows_.size()));
    library().JxlEncoderCloseInput(encoder_.get());
    drain(stream);
    return added_bytes;
  }

  void describe() {
    const bool alpha = shape_.channels % 2 == 0;
    JxlBasicInfo info;
    library().JxlEncoderInitBasicInfo(&info);
    info.xsize = static_cast<std::uint32_t>(shape_.width);
    info.ysize = static_cast<std::uint32_t>(rows_.size() / shape_.row_bytes());
    info.bits_per_sample = static_cast<std::uint32_t>(shape_.depth_bits);
    info.num_color_channels = shape_.channels >= 3 ? 3 : 1;
    info.num_extra_channels = alpha ? 1 : 0;
    info.alpha_bits = alpha ? info.bits_per_sample : 0;
    info.uses_original_profile = JXL_TRUE;
    if (library().JxlEncoderSetCodestreamLevel(encoder_.get(), 10) != JXL_ENC_SUCCESS ||
        library().JxlEncoderUseContainer(encoder_.get(), JXL_FALSE) != JXL_ENC_SUCCESS)
      throw Error("jxl: the encoder refused its settings");
    check(library().JxlEncoderSetBasicInfo(encoder_.get(), &info));
    JxlColorEncoding colours;
    library().JxlColorEncodingSetToSRGB(&colours,
                                        info.num_color_channels == 1 ? JXL_TRUE : JXL_FALSE);
    check(library().JxlEncoderSetColorEncoding(encoder_.get(), &colours));
  }

  void drain(Bytes& stream) {
    constexpr std::size_t kPiece = 4096;
    stream.clear();
    JxlEncoderStatus status = JXL_ENC_NEED_MORE_OUTPUT;
    while (status == JXL_ENC_NEED_MORE_OUTPUT) {
      const std::size_t begin = stream.size();
      stream.resize(2 * begin + kPiece);
      std::uint8_t* next = stream.data() + begin;
      std::size_t room = stream.size() - begin;
      status = library().JxlEncoderProcessOutput(encoder_.get(), &next, &room);
      stream.resize(stream.size() - room);
    }
    check(status);
  }

  void check(JxlEncoderStatus status) const {
    if (status == JXL_ENC_SUCCESS) return;
    throw Error("jxl: error " + std::to_string(library().JxlEncoderGetError(encoder_.get())) +
                " while encoding");
  }

  Shape shape_;
  int effort_;
  Means means_;
  std::unique_ptr<JxlEncoder, Destroy> encoder_;
  Bytes rows_;
};

class JxlCodec final : public Codec {
 public:
  JxlCodec(const Shape& shape, int effort, const Means& means)
      : shape_(shape), effort_(effort), means_(means) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<JxlLosslessEncoder>(shape_, effort_, means_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    const std::unique_ptr<JxlDecoder, Destroy> decoder(library().JxlDecoderCreate(nullptr));
    if (!decoder) throw Error("jxl: out of memory");
    if (stream.empty()) fail_truncated("jxl");
    library().JxlDecoderSubscribeEvents(decoder.get(), JXL_DEC_BASIC_INFO | JXL_DEC_FULL_IMAGE);
    // Not closed: of an input that is closed too early the library complains on standard error.
    library().JxlDecoderSetInput(decoder.get(), stream.data(), stream.size());
    Bytes rows;
    JxlDecoderStatus status = JXL_DEC_NEED_MORE_INPUT;
    while ((status = library().JxlDecoderProcessInput(decoder.get())) != JXL_DEC_SUCCESS) {
      if (status == JXL_DEC_NEED_MORE_INPUT) fail_truncated("jxl");
      if (status == JXL_DEC_BASIC_INFO) {
        make_room(*decoder, limit_bytes, rows);
      } else if (status == JXL_DEC_NEED_IMAGE_OUT_BUFFER) {
        const JxlPixelFormat format = pixel_format(shape_);
        if (library().JxlDecoderSetImageOutBuffer(decoder.get(), &format, rows.data(),
                                                  rows.size()) != JXL_DEC_SUCCESS)
          fail_damaged("jxl", "its pixels are of another shape");
      } else if (status != JXL_DEC_FULL_IMAGE) {
        fail_damaged("jxl", "it cannot be decoded");
      }
    }
    const std::size_t unread_bytes = library().JxlDecoderReleaseInput(decoder.get());
    remove_added("jxl", stream.last(unread_bytes), limit_bytes, rows);
    return rows;
  }

  std::size_t alignment_bytes() const override { return shape_.row_bytes(); }

 private:
  void make_room(const JxlDecoder& decoder, std::size_t limit_bytes, Bytes& rows) const {
    JxlBasicInfo info;
    if (library().JxlDecoderGetBasicInfo(&decoder, &info) != JXL_DEC_SUCCESS)
      fail_damaged("jxl", "its header is none");
    const bool alpha = shape_.channels % 2 == 0;
    if (info.xsize != shape_.width || info.bits_per_sample != shape_.depth_bits ||
        info.num_color_channels != (shape_.channels >= 3 ? 3u : 1u) ||
        info.num_extra_channels != (alpha ? 1u : 0u) || info.have_animation ||
        info.exponent_bits_per_sample != 0 || info.orientation != JXL_ORIENT_IDENTITY)
      fail_damaged("jxl", "its pixels are of another shape");
    expect_within("jxl", info.ysize, shape_, limit_bytes);
    rows.resize(info.ysize * shape_.row_bytes());
  }

  Shape shape_;
  int effort_;
  Means means_;
};

std::string version() {
  const auto number = library().JxlEncoderVersion();
  return "libjxl " + std::to_string(number / 1000000) + "." + std::to_string(number / 1000 % 1000) +
         "." + std::to_string(number % 1000);
}

}  // namespace

Backend codec_row() {
  Backend row;
  row.name = "jxl";
  row.summary = "images: JPEG XL, lossless";
  // The library goes up to 9, but at 8 and 9 aborts the whole program on some small images
  // (github.com/libjxl/libjxl/issues/3890).
  row.argument = Parameter::integer("effort", 1, 7, "7", "1 is fastest, 7 is smallest");
  row.parameters = {
      width_parameter(1 << 18).up_to_from_file(4096),  // each measurement codes a whole row
      Parameter::integer("channels", 1, 4, "1", "gray, gray and alpha, RGB, RGB and alpha"),
      Parameter::choice("depth", {"8", "16"}, "8", "bits of a sample; 16: high byte first"),
  };
  row.granularity = Granularity::byte;
  row.window = "all";
  row.library = version;
#ifdef KRAFT_LIBJXL_VERSION
  row.built_with = "libjxl " KRAFT_LIBJXL_VERSION;
#endif
  row.trial_ms = [](const Arguments& arguments) {
    return 140 * (1 + static_cast<double>(shape_of(arguments).row_bytes()) / 256);
  };
  row.make_codec = [](const Arguments& arguments) {
    return std::make_shared<JxlCodec>(shape_of(arguments),
                                      static_cast<int>(arguments.integer("effort")), Means{});
  };
  return row;
}

std::shared_ptr<const Codec> codec_for_view(const Shape& shape, int effort, Palettes palettes) {
  return std::make_shared<JxlCodec>(shape, effort,
                                    Means{.patches = false,
                                          .colour_transforms = shape.depth_bits == 8,
                                          .palettes = palettes == Palettes::as_stock});
}

}  // namespace kraft::jxl
