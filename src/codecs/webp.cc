// WebP, lossless (RFC 9649), as libwebp writes it.
//
// A WebP image has at most 16,383 rows; a longer message is a sequence of images. One of just so
// many rows is always followed by another.
#include "codecs/webp.h"

#include <webp/decode.h>
#include <webp/encode.h>

#include <algorithm>

#include "codecs/decoding.h"
#include "codecs/shape.h"
#include "kraft/error.h"

namespace kraft::webp {
namespace {

constexpr std::size_t kMostRows = WEBP_MAX_DIMENSION;
constexpr std::size_t kHeaderBytes = 12;  // "RIFF", size, "WEBP"

class WebpEncoder final : public ShapedEncoder {
 public:
  WebpEncoder(const Shape& shape, int level) : shape_(shape) {
    if (!WebPConfigInit(&config_) || !WebPConfigLosslessPreset(&config_, level) ||
        !WebPPictureInit(&picture_))
      throw Error("webp: the library is of another version");
    config_.exact = 1;  // colours also where they are transparent
    picture_.use_argb = 1;
    picture_.width = static_cast<int>(shape.width);
    picture_.writer = append_to;
  }
  ~WebpEncoder() override { WebPPictureFree(&picture_); }
  WebpEncoder(const WebpEncoder&) = delete;
  WebpEncoder& operator=(const WebpEncoder&) = delete;

 private:
  static int append_to(const uint8_t* data, std::size_t size, const WebPPicture* picture) {
    try {
      append(*static_cast<Bytes*>(picture->custom_ptr), {data, size});
      return 1;
    } catch (const std::bad_alloc&) {
      return 0;
    }
  }

  std::size_t write(ByteView message, Bytes& stream) override {
    stream.clear();
    return write_images(message, shape_, kMostRows, rows_,
                        [&](ByteView rows) { write_image(rows, stream); });
  }

  void write_image(ByteView rows, Bytes& stream) {
    picture_.height = static_cast<int>(rows.size() / shape_.row_bytes());
    picture_.custom_ptr = &stream;
    if (!WebPPictureAlloc(&picture_)) throw Error("webp: out of memory");
    for (std::size_t i = 0; i < rows.size() / shape_.channels; ++i) {
      const Byte* pixel = rows.data() + i * shape_.channels;
      const bool colour = shape_.channels >= 3;
      const std::uint32_t alpha = shape_.channels % 2 == 0 ? pixel[shape_.channels - 1] : 255;
      const std::size_t x = i % shape_.width, y = i / shape_.width;
      picture_.argb[y * static_cast<std::size_t>(picture_.argb_stride) + x] =
          alpha << 24 | static_cast<std::uint32_t>(pixel[0]) << 16 |
          static_cast<std::uint32_t>(pixel[colour ? 1 : 0]) << 8 | pixel[colour ? 2 : 0];
    }
    if (!WebPEncode(&config_, &picture_))
      throw Error("webp: error " + std::to_string(picture_.error_code) + " while encoding");
  }

  Shape shape_;
  WebPConfig config_;
  WebPPicture picture_;
  Bytes rows_;
};

class WebpCodec final : public Codec {
 public:
  WebpCodec(const Shape& shape, int level) : shape_(shape), level_(level) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<WebpEncoder>(shape_, level_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    Bytes rows;
    while (read_image(stream, limit_bytes, rows) == kMostRows) {
    }
    remove_added("webp", stream, limit_bytes, rows);
    return rows;
  }

  std::size_t alignment_bytes() const override { return shape_.row_bytes(); }

 private:
  // Takes one image off the stream; returns its height.
  std::size_t read_image(ByteView& stream, std::size_t limit_bytes, Bytes& rows) const {
    if (stream.size() < kHeaderBytes) fail_truncated("webp");
    if (!as_text(stream).starts_with("RIFF")) fail_damaged("webp", "it is no RIFF file");
    const std::size_t size = 8 + (stream[4] | stream[5] << 8 | stream[6] << 16 |
                                  static_cast<std::size_t>(stream[7]) << 24);
    if (size > stream.size()) fail_truncated("webp");
    const ByteView file = stream.first(size);
    stream = stream.subspan(size);

    int width = 0, height = 0;
    if (!WebPGetInfo(file.data(), file.size(), &width, &height))
      fail_damaged("webp", "its header is none");
    if (static_cast<std::size_t>(width) != shape_.width)
      fail_damaged("webp", "its pixels are of another shape");
    const auto count = static_cast<std::size_t>(height);
    expect_within("webp", rows.size() / shape_.row_bytes() + count, shape_, limit_bytes);
    const std::unique_ptr<uint8_t, decltype(&WebPFree)> pixels(
        WebPDecodeRGBA(file.data(), file.size(), &width, &height), &WebPFree);
    if (!pixels) fail_damaged("webp", "its pixels cannot be decoded");
    rows.reserve(rows.size() + count * shape_.row_bytes());
    for (std::size_t i = 0; i < count * shape_.width; ++i) append_pixel(pixels.get() + 4 * i, rows);
    return count;
  }

  void append_pixel(const uint8_t* rgba, Bytes& rows) const {
    const bool colour = shape_.channels >= 3;
    const bool alpha = shape_.channels % 2 == 0;
    if ((!colour && (rgba[0] != rgba[1] || rgba[0] != rgba[2])) || (!alpha && rgba[3] != 255))
      fail_damaged("webp", "its pixels have other channels");
    rows.insert(rows.end(), rgba, rgba + (colour ? 3 : 1));
    if (alpha) rows.push_back(rgba[3]);
  }

  Shape shape_;
  int level_;
};

std::string version() {
  const int number = WebPGetEncoderVersion();
  return "libwebp " + std::to_string(number >> 16) + "." + std::to_string(number >> 8 & 255) + "." +
         std::to_string(number & 255);
}

}  // namespace

Backend codec_row() {
  Backend row;
  row.name = "webp";
  row.summary = "images: WebP, lossless";
  row.argument = Parameter::integer("level", 0, 9, "6", "0 is fastest, 9 is smallest");
  row.parameters = {
      // Each measurement codes whole rows, and searches among them.
      width_parameter(WEBP_MAX_DIMENSION).up_to_from_file(512),
      Parameter::integer("channels", 1, 4, "1", "gray, gray and alpha, RGB, RGB and alpha"),
      Parameter::choice("depth", {"8"}, "8", "bits of a sample"),
  };
  row.granularity = Granularity::byte;
  row.window = "all";
  row.library = version;
  row.trial_ms = [](const Arguments& arguments) {
    const std::int64_t level = arguments.integer("level");
    const double row_kib = static_cast<double>(shape_of(arguments).row_bytes()) / 1024;
    return (level == 9 ? 1100 : level == 8 ? 130 : 80) * (1 + 1.5 * row_kib);
  };
  row.make_codec = [](const Arguments& arguments) {
    return std::make_shared<WebpCodec>(shape_of(arguments),
                                       static_cast<int>(arguments.integer("level")));
  };
  return row;
}

}  // namespace kraft::webp
