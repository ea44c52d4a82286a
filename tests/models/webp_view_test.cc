// WebP without loss: our reader against libwebp's, and the decoder's view against the sum over all
// parses, one by one.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "codecs/messages.h"
#include "kraft/media.h"
#include "kraft/registry.h"
#include "media/pictures.h"
#include "models/bit_writer.h"
#include "models/lz/near_distance.h"
#include "models/views.h"
#include "models/webp/decoder_view.h"
#include "sanitized.h"

namespace kraft::webp {
namespace {

// ---- The reader ------------------------------------------------------------------------------

// Pictures of every kind that the encoder tells apart.
enum class Look { photograph, noise, flat, few_colours, many_colours, tiles };
constexpr Look kLooks[] = {Look::photograph,  Look::noise,        Look::flat,
                           Look::few_colours, Look::many_colours, Look::tiles};

Bytes samples(Look look, const Shape& shape, std::size_t height, std::uint64_t seed) {
  if (look == Look::photograph)
    return picture(shape.width, height, shape.channels, 8, seed).samples;
  Random random(seed);
  const std::size_t colours = look == Look::few_colours ? 1 + seed % 17 : 400;
  const Bytes palette = random_bytes(colours * shape.channels, seed + 1);
  const Bytes tile = random_bytes(64 * shape.channels, seed + 2);
  Bytes bytes;
  for (std::size_t i = 0; i < shape.width * height; ++i) {
    const std::size_t x = i % shape.width, y = i / shape.width;
    const std::size_t colour = random.below(4) == 0 ? random.below(colours) : x / 5 % colours;
    for (std::size_t c = 0; c < shape.channels; ++c) {
      switch (look) {
        case Look::noise:
          bytes.push_back(static_cast<Byte>(random.below(256)));
          break;
        case Look::few_colours:
        case Look::many_colours:
          bytes.push_back(palette[colour * shape.channels + c]);
          break;
        case Look::tiles:
          bytes.push_back(tile[(y % 8 * 8 + x % 8) * shape.channels + c]);
          break;
        default:
          bytes.push_back(static_cast<Byte>(90 + 40 * (x > shape.width / 2)));
      }
    }
  }
  return bytes;
}

std::shared_ptr<const Codec> webp_codec(const Shape& shape, int level) {
  return make_codec("webp:" + std::to_string(level) + ",width=" + std::to_string(shape.width) +
                    ",channels=" + std::to_string(shape.channels));
}

Bytes bytes_of(const std::vector<Argb>& pixels, std::size_t channels) {
  Bytes bytes;
  for (const Argb pixel : pixels) {
    for (const int c : channels < 3 ? std::vector{1} : std::vector{2, 1, 0})
      bytes.push_back(static_cast<Byte>(channel(pixel, c)));
    if (channels % 2 == 0) bytes.push_back(static_cast<Byte>(channel(pixel, 3)));
  }
  return bytes;
}

// The stream without the number of bytes that completed the message.
Bytes file_of(const Codec& codec, ByteView message) {
  Bytes stream = codec.encode(message);
  stream.pop_back();
  return stream;
}

TEST(WebpReader, DecodesWhatLibwebpWritesAtEveryLevel) {
  std::set<std::pair<Kind, int>> transforms;  // and how far palettes are packed
  bool had_cache = false, had_groups = false;
  std::uint64_t seed = 1;
  for (const auto& [width, height] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {1, 90}, {67, 1}, {61, 50}, {130, 70}}) {
    for (const Look look : kLooks) {
      for (std::size_t channels = 1; channels <= 4; ++channels) {
        const Shape shape{.width = width, .channels = channels, .depth_bits = 8};
        const auto level = static_cast<int>(seed % 10);
        const Bytes message = samples(look, shape, height, seed++);
        const auto codec = webp_codec(shape, level);
        const Bytes file = file_of(*codec, message);
        const Stream stream = read_stream(file, width * height);
        ASSERT_EQ(stream.width, width);
        ASSERT_EQ(stream.height, height);
        ASSERT_EQ(bytes_of(stream.pixels, channels), codec->decode(codec->encode(message)))
            << level << " " << static_cast<int>(look) << " " << channels;
        for (const Transform& transform : stream.transforms)
          transforms.insert({transform.kind, transform.packed_bits});
        had_cache |= stream.cache_bits > 0;
        had_groups |= stream.groups.size() > 1;
        EXPECT_THROW(read_stream(file, width * height - 1), Error);
      }
    }
  }
  for (const Kind kind : {Kind::predictor, Kind::colours, Kind::green})
    EXPECT_TRUE(transforms.contains({kind, 0})) << static_cast<int>(kind);
  for (int packed_bits = 0; packed_bits < 4; ++packed_bits)
    EXPECT_TRUE(transforms.contains({Kind::palette, packed_bits})) << packed_bits;
  EXPECT_TRUE(had_cache);
  EXPECT_TRUE(had_groups);
}

TEST(WebpReader, DecodesPhotographsAtEveryLevel) {
  const Image whole = read_image(real_file("astronaut.png"));
  for (const std::size_t channels : {1, 3}) {
    const Image image = channels == 1 ? to_gray(whole) : whole;
    const Shape shape{.width = 120, .channels = channels, .depth_bits = 8};
    Bytes rows;
    for (std::size_t y = 100; y < 150; ++y)
      append(rows, ByteView(image.samples)
                       .subspan(y * image.row_bytes() + 180 * channels, shape.row_bytes()));
    for (int level = 0; level < (kSanitized ? 3 : 10); ++level) {
      const auto codec = webp_codec(shape, level);
      const Stream stream = read_stream(file_of(*codec, rows), rows.size());
      ASSERT_EQ(bytes_of(stream.pixels, channels), codec->decode(codec->encode(rows))) << level;
    }
  }
}

void expect_refusal(ByteView file, const std::string& why) {
  try {
    read_stream(file, 1 << 20);
    ADD_FAILURE() << "expected: " << why;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
  }
}

TEST(WebpReader, RefusesByNameWhatItDoesNotRead) {
  const Shape shape{.width = 30, .channels = 3, .depth_bits = 8};
  const Bytes file = file_of(*webp_codec(shape, 6), samples(Look::photograph, shape, 20, 1));
  const auto with = [&](std::size_t at, std::string_view text) {
    Bytes other = file;
    std::ranges::copy(as_bytes(text), other.begin() + static_cast<std::ptrdiff_t>(at));
    return other;
  };
  expect_refusal(with(0, "RIFX"), "no WebP file");
  expect_refusal(with(12, "VP8 "), "lossy");
  expect_refusal(with(12, "VP8X"), "extended format");
  expect_refusal(with(12, "ICCP"), "another chunk");
  expect_refusal(with(20, "x"), "signature");
  expect_refusal(with(24, "\xff"), "another version");
  for (std::size_t size = 0; size + 8 < file.size(); size += 7) {
    expect_refusal(ByteView(file).first(size), "truncated");
    if (size < 20) continue;
    Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    for (std::size_t i = 0; i < 4; ++i) cut[16 + i] = static_cast<Byte>((size - 20) >> (8 * i));
    EXPECT_THROW(read_stream(cut, 1 << 20), Error) << size;
  }
}

TEST(WebpReader, KnowsThePixelsAround) {
  constexpr std::size_t kWidth = 1000;
  std::set<std::uint32_t> distances;
  double farthest = 0;
  for (std::uint32_t value = 1; value <= lz::kNearDistances; ++value) {
    const std::uint32_t distance = distance_of(value, kWidth);
    EXPECT_TRUE(distances.insert(distance).second) << value;
    const auto up = static_cast<double>((distance + 10) / kWidth);
    const double left = static_cast<double>(distance) - up * kWidth;
    EXPECT_LE(std::abs(left), 8);
    EXPECT_LE(up, 7);
    farthest = std::max(farthest, std::hypot(left, up));
    EXPECT_GT(std::hypot(left, up), farthest - 0.9) << value;  // nearly in their order
  }
  EXPECT_EQ(distance_of(1, kWidth), kWidth);
  EXPECT_EQ(distance_of(2, kWidth), 1);
  EXPECT_EQ(distance_of(4, 1), 1);  // what would be ahead
  EXPECT_EQ(distance_of(lz::kNearDistances + 1, kWidth), 1);
  EXPECT_EQ(distance_of(lz::kNearDistances + 5000, kWidth), 5000);
}

// ---- All parses ------------------------------------------------------------------------------

// A code in which these symbols have words of so many bits.
PrefixCode code(std::size_t symbols, const std::vector<std::pair<std::size_t, int>>& words) {
  if (words.size() == 1) return PrefixCode::of_one(words[0].first, symbols);
  std::vector<std::uint8_t> bits(symbols);
  for (const auto& [symbol, length] : words) bits[symbol] = static_cast<std::uint8_t>(length);
  return PrefixCode::complete(bits).value();
}

// Pixels behind one group of codes and no predictor. Copies of 1, 2, 3 and 4 pixels, from above,
// from the left, from above left and from five before.
Stream tiny_stream(std::size_t width, std::vector<Argb> pixels, int cache_bits, bool is_gray) {
  Stream stream;
  stream.width = stream.coded_width = width;
  stream.height = pixels.size() / width;
  if (is_gray) stream.transforms.push_back({.kind = Kind::green, .width = width});
  stream.cache_bits = cache_bits;
  std::vector<std::pair<std::size_t, int>> green = {{0, 2},
                                                    {1, 3},
                                                    {2, 4},
                                                    {255, 4},
                                                    {kFirstLength, 4},
                                                    {kFirstLength + 1, 4},
                                                    {kFirstLength + 2, 4},
                                                    {kFirstLength + 3, 4}};
  std::size_t cached = 0;
  if (cache_bits > 0) {
    cached = std::size_t{1} << cache_bits;
    for (std::size_t i = 0; i < cached; ++i) green.emplace_back(kFirstCached + i, 2 + cache_bits);
  } else {
    green.emplace_back(7, 2);
  }
  const PrefixCode others = is_gray ? code(256, {{0, 0}}) : code(256, {{0, 1}, {1, 2}, {3, 2}});
  stream.groups.push_back({code(kFirstCached + cached, green), others, others,
                           code(256, {{255, 0}}),
                           is_gray ? code(kDistanceCodes, {{0, 1}, {1, 2}, {2, 3}, {13, 3}})
                                   : code(kDistanceCodes, {{0, 1}, {1, 2}, {2, 2}})});
  stream.plain = stream.residuals = stream.pixels = std::move(pixels);
  return stream;
}

// All that a decoder can make of a tiny stream's codes, token by token from the last pixel back.
class AllParses {
 public:
  AllParses(const Prices& prices, std::vector<Argb> pixels, bool is_gray)
      : prices_(prices), pixels_(std::move(pixels)), is_gray_(is_gray) {}

  // The probability of all pixels, given that a token begins at the first one.
  double probability() {
    from_.assign(pixels_.size() + 1, 1);
    for (std::size_t at = pixels_.size(); at > 0; --at) from_[at - 1] = from(at - 1);
    return from_[0];
  }

 private:
  std::vector<Argb> cache_at(std::size_t at) const {
    if (prices_.cache_bits == 0) return {};
    std::vector<Argb> cache(std::size_t{1} << prices_.cache_bits);
    for (std::size_t i = 0; i < at; ++i)
      cache[place_in_cache(pixels_[i], prices_.cache_bits)] = pixels_[i];
    return cache;
  }

  double from(std::size_t at) const {
    const GroupPrices& group = prices_.groups[0];
    const auto price = [&](const std::array<double, 256>& of, Argb pixel, int c) {
      return of[static_cast<std::size_t>(channel(pixel, c))];
    };
    const Argb now = pixels_[at];
    double sum = 0, all = 0;
    // Literals; of all that are gray, red and blue have one residual.
    const double one =
        price(group.red, now, 2) * price(group.blue, now, 0) * price(group.alpha, now, 3);
    sum += price(group.green, now, 1) * one * from_[at + 1];
    all += group.literals * (is_gray_ ? one : 1);
    const std::vector<Argb> cache = cache_at(at);
    for (std::size_t i = 0; i < cache.size(); ++i) {
      if (cache[i] == 0) continue;  // as it was at first: transparent
      all += group.cached[i];
      if (cache[i] == now) sum += group.cached[i] * from_[at + 1];
    }
    for (std::uint32_t distance = 1; distance <= at; ++distance) {
      const double weight = Prices::kUnit * static_cast<double>(prices_.weight(distance));
      all += group.copy * weight;
      std::size_t same = 0;
      while (at + same < pixels_.size() && pixels_[at + same] == pixels_[at + same - distance])
        ++same;
      for (std::uint32_t k = 1; k <= kLongest; ++k) {
        const std::size_t end = std::min<std::size_t>(at + k, pixels_.size());
        if (end - at <= same) sum += group.copy * weight * prices_.length[k] * from_[end];
      }
    }
    return sum / all;
  }

  const Prices& prices_;
  std::vector<Argb> pixels_;
  bool is_gray_;
  std::vector<double> from_;  // of the pixels from each one on, where a token begins
};

std::vector<Argb> tiny_pixels(std::size_t count, bool is_gray, Random& random) {
  std::vector<Argb> pixels;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 5 && random.below(2) == 0) {
      pixels.push_back(pixels[i - 5]);
      continue;
    }
    const auto some = [&] { return static_cast<int>(random.below(is_gray ? 3 : 2)); };
    const int green = some(), red = is_gray ? 0 : some(), blue = is_gray ? 0 : some();
    pixels.push_back(argb(255, red, green, blue));
  }
  return pixels;
}

double bits_of_pixel(PixelView& view, Argb pixel, bool is_gray) {
  std::array<double, 256> masses;
  Bytes before;
  double bits = 0;
  for (const int c : is_gray ? std::vector{1} : std::vector{2, 1, 0}) {
    if (is_gray)
      masses = view.greens();
    else
      view.channel_masses(before, masses);
    double sum = 0;
    for (const double mass : masses) sum += mass;
    const auto value = static_cast<Byte>(channel(pixel, c));
    bits -= std::log2(masses[value] / sum);
    before.push_back(value);
  }
  return bits;
}

void expect_all_parses(int cache_bits, bool is_gray, double most_error_bits) {
  Random random(7);
  constexpr std::size_t kWidth = 4, kKnown = 8, kNew = 5;
  for (int times = 0; times < 12; ++times) {
    const std::vector<Argb> pixels = tiny_pixels(kKnown + kNew, is_gray, random);
    const std::vector<Argb> known(pixels.begin(), pixels.begin() + kKnown);
    const Stream stream = tiny_stream(kWidth, known, cache_bits, is_gray);
    const auto prices = std::make_shared<const Prices>(stream);
    PixelView view(prices, stream, is_gray, true, 100);
    ASSERT_EQ(view.only_greens(), is_gray);
    double bits = 0;
    for (std::size_t i = kKnown; i < pixels.size(); ++i) {
      bits += bits_of_pixel(view, pixels[i], is_gray);
      view.push(pixels[i]);
    }
    const double expected = std::log2(AllParses(*prices, known, is_gray).probability() /
                                      AllParses(*prices, pixels, is_gray).probability());
    EXPECT_NEAR(bits, expected, most_error_bits) << times;
  }
}

TEST(WebpView, SumsOverAllParsesOfGrayPixels) { expect_all_parses(0, true, 1e-9); }
TEST(WebpView, SumsOverAllParsesWithACache) { expect_all_parses(2, true, 1e-9); }

// What a copy from far says first counts as a literal, which is why only gray ones have any here.
// The rest is that pixels are opaque: words for other alphas are left out.
TEST(WebpView, SumsOverAllParsesOfColours) {
  expect_all_parses(0, false, 0.02);
  expect_all_parses(2, false, 0.02);
}

// ---- What every view promises ----------------------------------------------------------------

struct Case {
  Look look;
  Shape shape;
  int level;
};
const Case kCases[] = {
    {Look::photograph, {.width = 23, .channels = 1, .depth_bits = 8}, 6},
    {Look::photograph, {.width = 31, .channels = 1, .depth_bits = 8}, 0},
    {Look::photograph, {.width = 19, .channels = 3, .depth_bits = 8}, 9},
    {Look::photograph, {.width = 12, .channels = 2, .depth_bits = 8}, 4},
    {Look::many_colours, {.width = 17, .channels = 4, .depth_bits = 8}, 6},
    {Look::many_colours, {.width = 20, .channels = 3, .depth_bits = 8}, 6},
    {Look::few_colours, {.width = 21, .channels = 1, .depth_bits = 8}, 6},
    {Look::few_colours, {.width = 21, .channels = 3, .depth_bits = 8}, 5},
    {Look::tiles, {.width = 33, .channels = 3, .depth_bits = 8}, 6},
    {Look::flat, {.width = 40, .channels = 1, .depth_bits = 8}, 6},
    {Look::noise, {.width = 14, .channels = 3, .depth_bits = 8}, 3},
    {Look::photograph, {.width = 1, .channels = 1, .depth_bits = 8}, 6},
};

DecoderView view_of(const Case& a_case) {
  return DecoderView({.shape = a_case.shape,
                      .codec = webp_codec(a_case.shape, a_case.level),
                      .refresh_bytes = 1024});
}

TEST(WebpView, IsADistribution) {
  for (const Case& a_case : kCases) {
    DecoderView view = view_of(a_case);
    const Bytes message = samples(a_case.look, a_case.shape, 1400 / a_case.shape.row_bytes(), 3);
    for (std::size_t i = 0; i < message.size(); ++i) {
      if (i % 7 < 3) expect_distribution(view, 90);
      view.observe(message[i]);
    }
  }
}

TEST(WebpView, RewindsAndGoesOnAsIfNothingHadBeen) {
  for (const Case& a_case : kCases) {
    const Bytes message = samples(a_case.look, a_case.shape, 1900 / a_case.shape.row_bytes(), 3);
    const auto make = [&] { return view_of(a_case); };
    expect_at_once_is_one_by_one(make(), make(), message);
    expect_that_rewinds_leave_nothing(make, message, 300, 6, 90);
  }
}

// A palette has no words for other colours.
TEST(WebpView, ExpectsColoursThatAreNotInThePalette) {
  const Case a_case = kCases[7];
  DecoderView view = view_of(a_case);
  view.observe(samples(a_case.look, a_case.shape, 20, 3));
  for (const Byte byte : {Byte{200}, Byte{201}, Byte{7}}) {
    EXPECT_LT(view.bits_of(byte), 21);
    view.observe(byte);
  }
}

TEST(WebpView, CostsNoMoreThanTheCodecAndComesBack) {
  for (const std::size_t channels : {1, 3}) {
    if (kSanitized && channels == 3) continue;
    const Image image = picture(160, 100, channels, 8);
    const auto codec = make_codec("webp", image.geometry());
    const auto model = make_model("webp,view=decoder", {.geometry = image.geometry()});
    const std::size_t half = image.samples.size() / 2;
    const ByteView context = ByteView(image.samples).first(half);
    const ByteView rest = ByteView(image.samples).subspan(half);
    double bits = 0;
    model->start(context)->measure({&rest, 1}, {&bits, 1});
    const double own =
        codec->encoder()->code_length(image.samples) - codec->encoder()->code_length(context);
    EXPECT_LT(bits, 1.02 * own) << channels;
    expect_a_kraft_file(model->spec(), ByteView(image.samples).first(2500));
  }
}

}  // namespace
}  // namespace kraft::webp
