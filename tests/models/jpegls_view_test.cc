// The decoder's view of JPEG-LS: against the streams that CharLS writes, and what every view
// promises.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "codecs/messages.h"
#include "kraft/registry.h"
#include "media/pictures.h"
#include "models/jpegls/decoder_view.h"
#include "models/views.h"

namespace kraft::jpegls {
namespace {

// Gray pictures of every kind that the coder tells apart.
enum class Kind { noise, flat_pieces, slopes, rare_specks, wandering };
constexpr Kind kKinds[] = {Kind::noise, Kind::flat_pieces, Kind::slopes, Kind::rare_specks,
                           Kind::wandering};

std::vector<int> gray(Kind kind, std::size_t width, std::size_t height, int depth_bits,
                      std::uint64_t seed) {
  Random random(seed);
  const int range = 1 << depth_bits;
  const auto below = [&](int n) {
    return static_cast<int>(random.below(static_cast<std::uint64_t>(n)));
  };
  std::vector<int> samples;
  for (std::size_t i = 0; i < width * height; ++i) {
    const int left = i % width == 0 ? 0 : samples.back();
    const auto slope = static_cast<int>(i % width * 3 + i / width * 2);
    switch (kind) {
      case Kind::noise:
        samples.push_back(below(range));
        break;
      case Kind::flat_pieces:
        samples.push_back(below(20) > 0 ? left : below(range));
        break;
      case Kind::slopes:
        samples.push_back((slope + below(5)) % range);
        break;
      case Kind::rare_specks:
        samples.push_back(below(200) > 0 ? 7 : below(9));
        break;
      case Kind::wandering:
        samples.push_back(std::clamp(left + below(range / 16 + 1) - range / 32, 0, range - 1));
        break;
    }
  }
  return samples;
}

Bytes bytes_of(const std::vector<int>& samples, int depth_bits) {
  Bytes bytes;
  for (const int sample : samples) {
    if (depth_bits == 16) bytes.push_back(static_cast<Byte>(sample >> 8));
    bytes.push_back(static_cast<Byte>(sample));
  }
  return bytes;
}

// The bits of the one scan of a stream, with up to 7 that fill its last byte. A byte of ones is
// followed by a zero bit, which carries nothing.
double scan_bits(ByteView stream) {
  std::size_t at = 2;
  for (bool in_scan = false; !in_scan;) {
    in_scan = stream[at + 1] == 0xda;
    at += 2 + (static_cast<std::size_t>(stream[at + 2]) << 8 | stream[at + 3]);
  }
  double bits = 0;
  for (bool after_ones = false; stream[at] != 0xff || stream[at + 1] < 0x80; ++at) {
    bits += after_ones ? 7 : 8;
    after_ones = stream[at] == 0xff;
  }
  return bits;
}

TEST(JpeglsView, SpendsTheBitsOfTheStream) {
  std::uint64_t seed = 1;
  for (const Kind kind : kKinds) {
    for (const int depth_bits : {8, 16}) {
      for (const auto& [width, height] :
           {std::pair<std::size_t, std::size_t>{1, 60}, {2, 9}, {17, 1}, {33, 20}, {300, 30}}) {
        const std::vector<int> samples = gray(kind, width, height, depth_bits, seed++);
        const auto codec = make_codec(
            "jpegls",
            {.width = static_cast<std::int64_t>(width), .channels = 1, .depth = depth_bits});
        Scan scan(width, depth_bits);
        double bits = 0;
        for (const int sample : samples) {
          const Code code = scan.code();
          bits -= std::log2(code.share(sample) / code.whole);
          scan.push(sample);
        }
        const double written = scan_bits(codec->encode(bytes_of(samples, depth_bits)));
        EXPECT_LE(bits, written + 1e-6);
        // Up to 7 bits fill the last byte, which is not let end on ones.
        EXPECT_GT(bits, written - 16) << static_cast<int>(kind) << " " << width << "x" << height;
      }
    }
  }
}

TEST(JpeglsView, AddsUpSharesOfManyValuesAtOnce) {
  Random random(3);
  for (const Kind kind : kKinds) {
    for (const int depth_bits : {8, 16}) {
      const int range = 1 << depth_bits;
      Scan scan(31, depth_bits);
      const std::vector<int> samples = gray(kind, 31, 12, depth_bits, 5);
      for (std::size_t i = 0; i < samples.size(); ++i) {
        scan.push(samples[i]);
        if (i % (depth_bits == 8 ? 1 : 37) != 0) continue;
        const Code code = scan.code();
        const auto first = static_cast<int>(random.below(static_cast<std::uint64_t>(range)));
        const auto last =
            first + static_cast<int>(random.below(static_cast<std::uint64_t>(range - first)));
        double some = 0, all = 0;
        for (int value = 0; value < range; ++value) {
          all += code.share(value);
          if (value >= first && value <= last) some += code.share(value);
        }
        ASSERT_NEAR(code.share(first, last) / some, 1, 1e-11) << first << ".." << last;
        ASSERT_NEAR(code.share(0, range - 1) / all, 1, 1e-11);
        ASSERT_LE(all, code.whole * (1 + 1e-11)) << "no more words than there are bits";
      }
    }
  }
}

const Shape kShapes[] = {
    {.width = 23, .channels = 1, .depth_bits = 8},
    {.width = 9, .channels = 3, .depth_bits = 8},
    {.width = 11, .channels = 2, .depth_bits = 16},
};

Bytes samples_of(const Shape& shape) {
  Image image = picture(shape.width, 40, shape.channels, shape.depth_bits);
  // With a flat part, for runs.
  const auto begin = image.samples.begin() + static_cast<std::ptrdiff_t>(10 * shape.row_bytes());
  std::fill(begin, begin + static_cast<std::ptrdiff_t>(12 * shape.row_bytes()), Byte{90});
  return image.samples;
}

TEST(JpeglsView, IsADistribution) {
  for (const Shape& shape : kShapes) {
    DecoderView view(shape);
    for (const Byte byte : samples_of(shape)) {
      expect_distribution(view, 80);
      view.observe(byte);
    }
  }
}

TEST(JpeglsView, RewindsAndGoesOnAsIfNothingHadBeen) {
  for (const Shape& shape : kShapes) {
    const Bytes samples = samples_of(shape);
    const auto make = [&] { return DecoderView(shape); };
    expect_at_once_is_one_by_one(make(), make(), samples);
    expect_that_rewinds_leave_nothing(make, samples, 30, 30, 60);
  }
}

// The two bytes of a sample together cost what the sample does.
TEST(JpeglsView, PricesSamplesOf16BitsByTheirBytes) {
  const Shape shape{.width = 19, .channels = 1, .depth_bits = 16};
  DecoderView view(shape);
  Scan scan(19, 16);
  for (const int sample : gray(Kind::wandering, 19, 8, 16, 2)) {
    const Code code = scan.code();
    const auto high = static_cast<Byte>(sample >> 8), low = static_cast<Byte>(sample);
    double bits = view.bits_of(high);
    view.observe(high);
    bits += view.bits_of(low);
    view.observe(low);
    EXPECT_NEAR(bits, -std::log2(code.share(sample) / code.share(0, 65535)), 1e-9);
    scan.push(sample);
  }
}

// A channel is coded as if it were alone.
TEST(JpeglsView, PricesChannelsEachByItself) {
  const Image image = picture(16, 16, 3, 8);
  const auto model = make_model("jpegls,view=decoder", {.geometry = image.geometry()});
  const double all = [&] {
    const auto state = model->start();
    state->observe(image.samples);
    return state->context_bits();
  }();
  double each = 0;
  for (std::size_t c = 0; c < 3; ++c) {
    Bytes plane;
    for (std::size_t i = c; i < image.samples.size(); i += 3) plane.push_back(image.samples[i]);
    const auto state = make_model("jpegls,view=decoder,width=16")->start();
    state->observe(plane);
    each += state->context_bits();
  }
  EXPECT_NEAR(all, each, 1e-6);
}

TEST(JpeglsView, CostsNoMoreThanTheCodecAndComesBack) {
  const Image image = picture(160, 100, 3, 8);
  const auto codec = make_codec("jpegls", image.geometry());
  const auto model = make_model("jpegls,view=decoder", {.geometry = image.geometry()});
  const auto state = model->start();
  state->observe(image.samples);
  const double stream_bits = codec->encoder()->code_length(image.samples);
  EXPECT_LT(state->context_bits(), stream_bits);
  expect_a_kraft_file(model->spec(), image.samples);
}

TEST(JpeglsCodec, WritesImagesOfAsManyRowsAsThereMayBe) {
  const auto codec = make_codec("jpegls,width=1");
  for (const std::size_t size : {65534, 65535, 65536, 131070, 131071}) {
    const Bytes message(size, Byte{3});
    EXPECT_EQ(codec->decode(codec->encode(message)), message) << size;
  }
}

}  // namespace
}  // namespace kraft::jpegls
