// JPEG-LS, lossless: each channel is a scan of its own, with the standard's parameters.
//
// An image has at most 65,535 rows; a longer message is a sequence of images. One of just so many
// rows is always followed by another.
#include "codecs/jpegls.h"

#include <charls/charls_jpegls_decoder.h>
#include <charls/charls_jpegls_encoder.h>
#include <charls/version.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "codecs/decoding.h"
#include "codecs/shape.h"
#include "kraft/error.h"

namespace kraft::jpegls {
namespace {

constexpr std::size_t kMostRows = 65535;

struct Destroy {
  void operator()(charls_jpegls_encoder* encoder) const { charls_jpegls_encoder_destroy(encoder); }
  void operator()(charls_jpegls_decoder* decoder) const { charls_jpegls_decoder_destroy(decoder); }
};

void check(charls_jpegls_errc status) {
  if (status != charls::jpegls_errc::success)
    throw Error(std::string("jpegls: ") + charls_get_error_message(status));
}

// Rows of pixels, high byte first, as planes of samples in the machine's order; and back.
template <typename Sample>
void to_planes(ByteView rows, std::size_t channels, Bytes& planes) {
  planes.resize(rows.size());
  const std::size_t pixels = rows.size() / sizeof(Sample) / channels;
  for (std::size_t i = 0; i < pixels * channels; ++i) {
    Sample sample = rows[i * sizeof(Sample)];
    if constexpr (sizeof(Sample) > 1)
      sample = static_cast<Sample>(sample << 8 | rows[i * sizeof(Sample) + 1]);
    std::memcpy(planes.data() + (i % channels * pixels + i / channels) * sizeof(Sample), &sample,
                sizeof(Sample));
  }
}

template <typename Sample>
void append_rows(ByteView planes, std::size_t channels, Bytes& rows) {
  const std::size_t pixels = planes.size() / sizeof(Sample) / channels;
  for (std::size_t i = 0; i < pixels * channels; ++i) {
    Sample sample = 0;
    std::memcpy(&sample, planes.data() + (i % channels * pixels + i / channels) * sizeof(Sample),
                sizeof(Sample));
    if constexpr (sizeof(Sample) > 1) rows.push_back(static_cast<Byte>(sample >> 8));
    rows.push_back(static_cast<Byte>(sample));
  }
}

class JpeglsEncoder final : public ShapedEncoder {
 public:
  explicit JpeglsEncoder(const Shape& shape) : shape_(shape) {}

 private:
  std::size_t write(ByteView message, Bytes& stream) override {
    stream.clear();
    return write_images(message, shape_, kMostRows, rows_,
                        [&](ByteView rows) { write_image(rows, stream); });
  }

  void write_image(ByteView rows, Bytes& stream) {
    if (shape_.depth_bits == 8)
      to_planes<std::uint8_t>(rows, shape_.channels, planes_);
    else
      to_planes<std::uint16_t>(rows, shape_.channels, planes_);
    const std::unique_ptr<charls_jpegls_encoder, Destroy> encoder(charls_jpegls_encoder_create());
    if (!encoder) throw Error("jpegls: out of memory");
    const charls_frame_info frame{static_cast<std::uint32_t>(shape_.width),
                                  static_cast<std::uint32_t>(rows.size() / shape_.row_bytes()),
                                  static_cast<std::int32_t>(shape_.depth_bits),
                                  static_cast<std::int32_t>(shape_.channels)};
    check(charls_jpegls_encoder_set_frame_info(encoder.get(), &frame));
    check(charls_jpegls_encoder_set_interleave_mode(encoder.get(), charls::interleave_mode::none));
    // No sample's code is longer than 32 bits, or 64 of 16 bits; a bit is added after a byte of
    // ones.
    const std::size_t begin = stream.size();
    constexpr std::size_t kHeaderBytes = 1024, kMostGrowth = 5;
    stream.resize(begin + kHeaderBytes + kMostGrowth * rows.size());
    check(charls_jpegls_encoder_set_destination_buffer(encoder.get(), stream.data() + begin,
                                                       stream.size() - begin));
    check(charls_jpegls_encoder_encode_from_buffer(encoder.get(), planes_.data(), planes_.size(),
                                                   /*stride=*/0));
    std::size_t written = 0;
    check(charls_jpegls_encoder_get_bytes_written(encoder.get(), &written));
    stream.resize(begin + written);
  }

  Shape shape_;
  Bytes rows_, planes_;
};

// How many bytes of the stream belong to its first image. Segments say how long they are; in the
// data of a scan a byte of ones is followed by a zero bit, in a marker by a one.
std::size_t image_bytes(ByteView stream) {
  constexpr Byte kMarker = 0xff, kStart = 0xd8, kEnd = 0xd9, kScan = 0xda;
  std::size_t at = 0;
  const auto expect = [&](std::size_t count) {
    if (stream.size() - at < count) fail_truncated("jpegls");
  };
  bool begun = false;
  for (;;) {
    expect(2);
    if (stream[at] != kMarker) fail_damaged("jpegls", "there is no marker");
    const Byte code = stream[at + 1];
    at += 2;
    if (!begun && code != kStart) fail_damaged("jpegls", "it is no JPEG file");
    if (begun && code == kEnd) return at;
    if (!begun || code == kStart) {
      if (begun) fail_damaged("jpegls", "an image begins within another");
      begun = true;
      continue;
    }
    expect(2);
    const std::size_t size = static_cast<std::size_t>(stream[at]) << 8 | stream[at + 1];
    if (size < 2) fail_damaged("jpegls", "a segment has no length");
    expect(size);
    at += size;
    if (code != kScan) continue;
    do {
      expect(2);
      ++at;
    } while (stream[at - 1] != kMarker || stream[at] < 0x80);
    --at;
  }
}

class JpeglsCodec final : public Codec {
 public:
  explicit JpeglsCodec(const Shape& shape) : shape_(shape) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<JpeglsEncoder>(shape_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    Bytes rows;
    while (read_image(stream, limit_bytes, rows) == kMostRows) {
    }
    remove_added("jpegls", stream, limit_bytes, rows);
    return rows;
  }

  std::size_t alignment_bytes() const override { return shape_.row_bytes(); }

 private:
  // Takes one image off the stream; returns its height.
  std::size_t read_image(ByteView& stream, std::size_t limit_bytes, Bytes& rows) const {
    const ByteView file = stream.first(image_bytes(stream));
    stream = stream.subspan(file.size());
    const std::unique_ptr<charls_jpegls_decoder, Destroy> decoder(charls_jpegls_decoder_create());
    if (!decoder) throw Error("jpegls: out of memory");
    expect_ok(charls_jpegls_decoder_set_source_buffer(decoder.get(), file.data(), file.size()));
    expect_ok(charls_jpegls_decoder_read_header(decoder.get()));
    charls_frame_info frame;
    expect_ok(charls_jpegls_decoder_get_frame_info(decoder.get(), &frame));
    if (frame.width != shape_.width ||
        static_cast<std::size_t>(frame.component_count) != shape_.channels ||
        static_cast<std::size_t>(frame.bits_per_sample) != shape_.depth_bits ||
        frame.height > kMostRows)
      fail_damaged("jpegls", "its pixels are of another shape");
    expect_planes_without_loss(*decoder);
    expect_within("jpegls", rows.size() / shape_.row_bytes() + frame.height, shape_, limit_bytes);
    Bytes planes(frame.height * shape_.row_bytes());
    expect_ok(charls_jpegls_decoder_decode_to_buffer(decoder.get(), planes.data(), planes.size(),
                                                     /*stride=*/0));
    rows.reserve(rows.size() + planes.size());
    if (shape_.depth_bits == 8)
      append_rows<std::uint8_t>(planes, shape_.channels, rows);
    else
      append_rows<std::uint16_t>(planes, shape_.channels, rows);
    return frame.height;
  }

  void expect_planes_without_loss(const charls_jpegls_decoder& decoder) const {
    charls_interleave_mode mode;
    charls_color_transformation transformation;
    std::int32_t loss = 0;
    expect_ok(charls_jpegls_decoder_get_interleave_mode(&decoder, &mode));
    expect_ok(charls_jpegls_decoder_get_color_transformation(&decoder, &transformation));
    expect_ok(charls_jpegls_decoder_get_near_lossless(&decoder, 0, &loss));
    if (mode != charls::interleave_mode::none || loss != 0 ||
        transformation != charls::color_transformation::none)
      fail_damaged("jpegls", "its pixels are coded otherwise");
  }

  static void expect_ok(charls_jpegls_errc status) {
    if (status != charls::jpegls_errc::success) fail_damaged("jpegls", "it cannot be decoded");
  }

  Shape shape_;
};

std::string version() { return std::string("CharLS ") + charls_get_version_string(); }

}  // namespace

Backend codec_row() {
  Backend row;
  row.name = "jpegls";
  row.summary = "images: JPEG-LS, lossless";
  row.parameters = {
      width_parameter(kMostRows).up_to_from_file(4096),  // each measurement codes a whole row
      Parameter::integer("channels", 1, 4, "1", "gray, gray and alpha, RGB, RGB and alpha"),
      Parameter::choice("depth", {"8", "16"}, "8", "bits of a sample; 16: high byte first"),
  };
  row.granularity = Granularity::byte;
  row.window = "all";
  row.library = version;
  row.make_codec = [](const Arguments& arguments) {
    return std::make_shared<JpeglsCodec>(shape_of(arguments));
  };
  return row;
}

}  // namespace kraft::jpegls
