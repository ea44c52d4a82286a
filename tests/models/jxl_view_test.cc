// JPEG XL without loss: our reader against libjxl's, and the decoder's view against what the stream
// pays, and against sums over all pixels, one by one.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "codecs/jxl.h"
#include "codecs/messages.h"
#include "kraft/media.h"
#include "kraft/registry.h"
#include "media/pictures.h"
#include "models/jxl/decoder_view.h"
#include "models/jxl/pixel_parts.h"
#include "models/views.h"

namespace kraft::jxl {
namespace {

// ---- The reader ------------------------------------------------------------------------------

// Pictures of every kind that the encoder tells apart.
enum class Look { photograph, noise, flat, few_colours, gaps, letters };
constexpr Look kLooks[] = {Look::photograph,  Look::noise, Look::flat,
                           Look::few_colours, Look::gaps,  Look::letters};

Bytes samples(Look look, const Shape& shape, std::size_t height, std::uint64_t seed) {
  if (look == Look::photograph)
    return picture(shape.width, height, shape.channels, shape.depth_bits, seed).samples;
  if (look == Look::gaps) {
    Bytes bytes = picture(shape.width, height, shape.channels, shape.depth_bits, seed).samples;
    for (Byte& byte : bytes) byte = static_cast<Byte>(byte / 5 * 5);
    return bytes;
  }
  Random random(seed);
  const std::size_t pixel_bytes = shape.pixel_bytes();
  const Bytes colours = random_bytes(40 * pixel_bytes, seed + 1);
  Bytes bytes;
  for (std::size_t i = 0; i < shape.width * height; ++i) {
    const std::size_t x = i % shape.width, y = i / shape.width;
    const std::size_t colour = random.below(4) == 0 ? random.below(40) : x / 5 % 40;
    const std::size_t letter = (x / 12 * 7 + y / 12 * 3) % 5, in_x = x % 12, in_y = y % 12;
    const bool inked =
        in_x < 8 && in_y < 8 && (in_x < 2 || in_y == letter + 1 || (in_x == 7 && in_y > letter));
    for (std::size_t c = 0; c < pixel_bytes; ++c) {
      switch (look) {
        case Look::noise:
          bytes.push_back(static_cast<Byte>(random.below(256)));
          break;
        case Look::few_colours:
          bytes.push_back(colours[colour * pixel_bytes + c]);
          break;
        case Look::letters:
          bytes.push_back(inked ? Byte{0} : Byte{255});
          break;
        default:
          bytes.push_back(static_cast<Byte>(90 + 40 * (x > shape.width / 2)));
      }
    }
  }
  return bytes;
}

std::shared_ptr<const Codec> stock_codec(const Shape& shape, int effort) {
  return make_codec("jxl:" + std::to_string(effort) + ",width=" + std::to_string(shape.width) +
                    ",channels=" + std::to_string(shape.channels) +
                    ",depth=" + std::to_string(shape.depth_bits));
}

// The stream without the number of bytes that completed the message.
Bytes file_of(const Codec& codec, ByteView message) {
  Bytes stream = codec.encode(message);
  stream.pop_back();
  return stream;
}

Bytes bytes_of(const Stream& stream) {
  Bytes bytes;
  for (const std::uint16_t sample : stream.samples) {
    if (stream.depth_bits == 16) bytes.push_back(static_cast<Byte>(sample >> 8));
    bytes.push_back(static_cast<Byte>(sample));
  }
  return bytes;
}

// What streams had, all together.
struct Seen {
  bool prefix_codes = false, ans = false, weighted = false, groups = false, patches = false;
  bool luma_chroma = false, other_transform = false, palette_of_one = false, palette_of_all = false;

  void note(const Stream& stream) {
    groups |= stream.groups.size() > 1;
    for (const Group& group : stream.groups) {
      (group.coding->code.uses_prefix_code() ? prefix_codes : ans) = true;
      weighted |= group.coding->tree.looks_at_weighted();
      // The view counts on it.
      EXPECT_EQ(group.coding->tree.references(), 0);
      for (const Step& step : group.steps) {
        if (const auto* palette = std::get_if<Palette>(&step.how))
          (palette->channels == 1 ? palette_of_one : palette_of_all) = true;
        else
          (std::get<ColourTransform>(step.how).is_luma_chroma() ? luma_chroma : other_transform) =
              true;
      }
    }
  }
};

void expect_that_it_is_read(const Codec& codec, const Shape& shape, ByteView message, Seen& seen) {
  const Bytes file = file_of(codec, message);
  const std::size_t pixels = message.size() / shape.pixel_bytes();
  const Stream stream = read_stream(file, pixels);
  ASSERT_EQ(stream.width, shape.width);
  ASSERT_EQ(stream.width * stream.height, pixels);
  ASSERT_EQ(stream.channels, shape.channels);
  ASSERT_EQ(stream.bytes, file.size());
  ASSERT_EQ(bytes_of(stream), codec.decode(codec.encode(message)));
  EXPECT_THROW(read_stream(file, pixels - 1), Error);
  seen.note(stream);
}

void expect_that_it_is_read(const Shape& shape, int effort, ByteView message, Seen& seen) {
  const auto stock = stock_codec(shape, effort);
  const auto codec = codec_for_view(shape, effort);
  expect_that_it_is_read(*codec, shape, message, seen);
  const Bytes file = file_of(*stock, message);
  if (shape.depth_bits == 16) {
    expect_that_it_is_read(*stock, shape, message, seen);
  } else if (file != file_of(*codec, message)) {
    seen.patches = true;
    EXPECT_THROW(read_stream(file, message.size()), Error);
  }
}

TEST(JxlReader, DecodesWhatLibjxlWritesAtEveryEffort) {
  Seen seen;
  std::uint64_t seed = 1;
  for (const auto& [width, height] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {1, 90}, {67, 1}, {61, 50}, {150, 130}}) {
    for (const Look look : kLooks) {
      for (std::size_t channels = 1; channels <= 4; ++channels) {
        const Shape shape{.width = width, .channels = channels, .depth_bits = 8};
        const auto effort = static_cast<int>(1 + seed % 7);
        SCOPED_TRACE(std::to_string(effort) + " " + std::to_string(static_cast<int>(look)) + " " +
                     std::to_string(channels) + " " + std::to_string(width));
        expect_that_it_is_read(shape, effort, samples(look, shape, height, seed++), seen);
      }
    }
  }
  EXPECT_TRUE(seen.prefix_codes);
  EXPECT_TRUE(seen.ans);
  EXPECT_TRUE(seen.weighted);
  EXPECT_TRUE(seen.luma_chroma);
  EXPECT_TRUE(seen.other_transform);
  EXPECT_TRUE(seen.palette_of_one);
  EXPECT_TRUE(seen.palette_of_all);
}

TEST(JxlReader, DecodesGroups) {
  Seen seen;
  for (const auto& [width, height] :
       {std::pair<std::size_t, std::size_t>{257, 20}, {30, 530}, {530, 260}}) {
    for (const std::size_t channels : {1, 3}) {
      const Shape shape{.width = width, .channels = channels, .depth_bits = 8};
      for (const int effort : kSanitized ? std::vector{2} : std::vector{1, 3, 7})
        expect_that_it_is_read(shape, effort, samples(Look::photograph, shape, height, 3), seen);
    }
  }
  EXPECT_TRUE(seen.groups);
}

TEST(JxlReader, DecodesPhotographsAtEveryEffort) {
  const Image whole = read_image(real_file("astronaut.png"));
  Seen seen;
  for (const std::size_t channels : {1, 3}) {
    const Image image = channels == 1 ? to_gray(whole) : whole;
    const Shape shape{.width = 120, .channels = channels, .depth_bits = 8};
    Bytes rows;
    for (std::size_t y = 100; y < 150; ++y)
      append(rows, ByteView(image.samples)
                       .subspan(y * image.row_bytes() + 180 * channels, shape.row_bytes()));
    for (int effort = 1; effort <= (kSanitized ? 3 : 7); ++effort)
      expect_that_it_is_read(shape, effort, rows, seen);
  }
}

TEST(JxlReader, DecodesSamplesOf16Bits) {
  Seen seen;
  for (const Look look : {Look::photograph, Look::noise, Look::few_colours}) {
    for (std::size_t channels = 1; channels <= 4; ++channels) {
      const Shape shape{.width = 40, .channels = channels, .depth_bits = 16};
      for (const int effort : {1, 4, 7})
        expect_that_it_is_read(shape, effort, samples(look, shape, 30, channels), seen);
    }
  }
  EXPECT_TRUE(seen.luma_chroma);
  EXPECT_TRUE(seen.palette_of_one);
  EXPECT_TRUE(seen.palette_of_all);
}

void expect_refusal(ByteView file, const std::string& why) {
  try {
    read_stream(file, 1 << 20);
    ADD_FAILURE() << "expected: " << why;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

TEST(JxlReader, RefusesByNameWhatItDoesNotRead) {
  const Shape shape{.width = 300, .channels = 1, .depth_bits = 8};
  const Bytes letters = samples(Look::letters, shape, 200, 1);
  expect_refusal(file_of(*stock_codec(shape, 7), letters), "patches");
  const Bytes file = file_of(*codec_for_view(shape, 3), letters);
  const auto with = [&](std::size_t at, std::string_view text) {
    Bytes other = file;
    std::ranges::copy(as_bytes(text), other.begin() + static_cast<std::ptrdiff_t>(at));
    return other;
  };
  expect_refusal(with(4, "JXM "), "signature");
  expect_refusal(with(16, "Exif"), "other boxes");
  expect_refusal(with(45, "jxlp"), "in parts");
  expect_refusal(with(49, "\xff\x0b"), "signature");
  expect_refusal({}, "truncated");
}

TEST(JxlReader, SurvivesDamage) {
  const Shape shape{.width = 40, .channels = 3, .depth_bits = 8};
  for (const int effort : {1, 5}) {
    for (const Look look : {Look::photograph, Look::few_colours}) {
      const Bytes file = file_of(*codec_for_view(shape, effort), samples(look, shape, 30, 1));
      for (std::size_t size = 0; size < file.size(); size += 1 + size / 20)
        EXPECT_THROW(read_stream(ByteView(file).first(size), 1 << 20), Error) << size;
      Random random(2);
      for (int times = 0; times < (kSanitized ? 100 : 400); ++times) {
        Bytes other = file;
        other[49 + random.below(std::min<std::size_t>(file.size() - 49, 300))] ^=
            static_cast<Byte>(1 << random.below(8));
        try {
          read_stream(other, 1 << 20);
        } catch (const Error&) {
        }
      }
    }
  }
}

// ---- What a stream pays ----------------------------------------------------------------------

// The view of a stream says of the stream's own pixels what the stream spends on them: bits of
// palettes apart, and what the encoder's state begins with. Which values no sample can have, the
// stream does not know.
TEST(JxlView, CostsWhatItsStreamPays) {
  for (const std::size_t depth_bits : {8, 16}) {
    for (const std::size_t channels : {1, 3}) {
      for (const int effort : {1, 3, 5, 7}) {
        const Shape shape{.width = 150, .channels = channels, .depth_bits = depth_bits};
        const Bytes message = samples(Look::photograph, shape, 120, 5);
        const Stream stream =
            read_stream(file_of(*codec_for_view(shape, effort), message), message.size());
        PixelView view(stream);
        std::array<double, 256> masses;
        double bits = 0;
        const std::size_t rows = kSanitized ? 10 : 120, pixel_bytes = shape.pixel_bytes();
        for (std::size_t i = 0; i < rows * shape.row_bytes(); ++i) {
          const std::size_t begun = i % pixel_bytes;
          view.masses(ByteView(message).subspan(i - begun, begun), masses);
          double sum = 0;
          for (const double mass : masses) sum += mass;
          bits -= std::log2(masses[message[i]] / sum);
          if (begun + 1 == pixel_bytes)
            view.push(ByteView(message).subspan(i - begun, pixel_bytes));
        }
        const double paid = stream.symbol_bits * static_cast<double>(rows) / 120;
        if (!kSanitized) {
          EXPECT_LT(bits, 1.008 * paid) << depth_bits << " " << channels << " " << effort;
          EXPECT_GT(bits, 0.97 * paid) << depth_bits << " " << channels << " " << effort;
        }
      }
    }
  }
}

// ---- Samples of two bytes --------------------------------------------------------------------

TEST(JxlView, AHighByteHasTheSumOverAllLowOnes) {
  for (const int effort : {1, 4, 7}) {
    const Shape shape{.width = 40, .channels = 1, .depth_bits = 16};
    const Bytes message = samples(Look::photograph, shape, 30, 2);
    const Stream stream =
        read_stream(file_of(*codec_for_view(shape, effort), message), message.size());
    const Group& group = stream.groups[0];
    Residuals residuals(group.coding, 16);
    Random random(effort);
    for (std::uint32_t context = 0; context < group.coding->tree.leaves(); context += 5) {
      for (int i = 0; i < 300; ++i)
        residuals.count(context, static_cast<std::int64_t>(random.below(4000)) - 2000);
      for (const std::int64_t first : {0, -1, -255, -256, -40000, -65535, -65536, 300, 70000}) {
        std::array<double, 256> cells;
        residuals.fill_high_bytes(context, first, cells);
        for (std::size_t high = 0; high < cells.size(); ++high) {
          double sum = 0;
          for (std::int64_t low = 0; low < 256; ++low)
            sum += static_cast<double>(
                residuals.mass(context, first + 256 * static_cast<std::int64_t>(high) + low));
          ASSERT_NEAR(cells[high], sum, 1e-6 * sum) << effort << " " << first << " " << high;
        }
      }
    }
  }
}

// ---- Colours ---------------------------------------------------------------------------------

// A byte that has these values only.
ColourPart one_of(const std::vector<std::int32_t>& values) {
  const std::vector<ColourPart> byte = {ColourPart::of_sample(1)};
  return ColourPart::of_palette(byte, {1, values, values.size(), 8});
}

TEST(JxlView, SumsOverAllColoursOfEveryTransform) {
  Random random(3);
  const std::array<std::vector<std::int32_t>, 3> values = {
      {{0, 3, 4, 9, 200, 201, 255}, {0, 1, 2, 3, 100}, {7, 8, 9, 10, 11, 250}}};
  for (int kind = 0; kind < ColourTransform::kKinds; ++kind) {
    const ColourTransform transform(kind);
    const TransformedPart part(transform,
                               {one_of(values[0]), one_of(values[1]), one_of(values[2])});
    std::vector<std::vector<float>> coded;
    for (std::size_t i = 0; i < 3; ++i) {
      coded.emplace_back(part.values(i).count);
      for (float& mass : coded.back()) mass = static_cast<float>(random.uniform());
    }
    const auto mass_of = [&](std::array<std::int32_t, 3> places) {
      const auto undone = transform.forward(places);
      EXPECT_EQ(transform.undone(undone), places);
      double mass = 1;
      for (std::size_t i = 0; i < 3; ++i)
        mass *= static_cast<double>(
            coded[i][static_cast<std::size_t>(undone[i] - part.values(i).first)]);
      return mass;
    };
    Bytes before;
    std::array<double, 256> masses;
    for (std::size_t byte = 0; byte < 3; ++byte) {
      part.masses(coded, before, masses);
      std::array<double, 256> expected{};
      for (std::int32_t a = 0; a < 7; ++a) {
        for (std::int32_t b = 0; b < 5; ++b) {
          for (std::int32_t c = 0; c < 6; ++c) {
            const std::array<std::int32_t, 3> places = {a, b, c};
            Bytes pixel;
            for (std::size_t i = 0; i < 3; ++i)
              pixel.push_back(static_cast<Byte>(values[i][static_cast<std::size_t>(places[i])]));
            if (std::equal(before.begin(), before.end(), pixel.begin()))
              expected[pixel[byte]] += mass_of(places);
          }
        }
      }
      for (std::size_t i = 0; i < 256; ++i)
        ASSERT_NEAR(masses[i], expected[i], 1e-5 * (1 + expected[i])) << kind << " " << byte;
      before.push_back(static_cast<Byte>(values[byte][random.below(values[byte].size())]));
    }
  }
}

// ---- What every view promises ----------------------------------------------------------------

struct Case {
  Look look;
  Shape shape;
  int effort;
};
const Case kCases[] = {
    {Look::photograph, {.width = 23, .channels = 1, .depth_bits = 8}, 7},
    {Look::photograph, {.width = 31, .channels = 1, .depth_bits = 8}, 1},
    {Look::photograph, {.width = 19, .channels = 3, .depth_bits = 8}, 5},
    {Look::photograph, {.width = 19, .channels = 3, .depth_bits = 8}, 1},
    {Look::photograph, {.width = 12, .channels = 2, .depth_bits = 8}, 4},
    {Look::photograph, {.width = 9, .channels = 4, .depth_bits = 8}, 3},
    {Look::gaps, {.width = 21, .channels = 1, .depth_bits = 8}, 3},
    {Look::gaps, {.width = 21, .channels = 3, .depth_bits = 8}, 3},
    {Look::few_colours, {.width = 17, .channels = 4, .depth_bits = 8}, 5},
    {Look::few_colours, {.width = 21, .channels = 1, .depth_bits = 8}, 7},
    {Look::few_colours, {.width = 21, .channels = 3, .depth_bits = 8}, 5},
    {Look::letters, {.width = 33, .channels = 3, .depth_bits = 8}, 7},
    {Look::flat, {.width = 40, .channels = 1, .depth_bits = 8}, 6},
    {Look::noise, {.width = 14, .channels = 3, .depth_bits = 8}, 2},
    {Look::photograph, {.width = 300, .channels = 1, .depth_bits = 8}, 2},
    {Look::photograph, {.width = 1, .channels = 1, .depth_bits = 8}, 7},
    {Look::photograph, {.width = 15, .channels = 1, .depth_bits = 16}, 7},
    {Look::photograph, {.width = 11, .channels = 3, .depth_bits = 16}, 4},
    {Look::noise, {.width = 9, .channels = 2, .depth_bits = 16}, 2},
    {Look::gaps, {.width = 13, .channels = 1, .depth_bits = 16}, 3},
    {Look::few_colours, {.width = 8, .channels = 4, .depth_bits = 16}, 5},
    {Look::few_colours, {.width = 17, .channels = 1, .depth_bits = 16}, 7},
};

DecoderView view_of(const Case& a_case) {
  return DecoderView({.shape = a_case.shape,
                      .codec = codec_for_view(a_case.shape, a_case.effort),
                      .refresh_bytes = 1024});
}

TEST(JxlView, IsADistribution) {
  for (const Case& a_case : kCases) {
    DecoderView view = view_of(a_case);
    const Bytes message = samples(a_case.look, a_case.shape, 1400 / a_case.shape.row_bytes(), 3);
    for (std::size_t i = 0; i < message.size(); ++i) {
      if (i % 7 < 3) expect_distribution(view, 90);
      view.observe(message[i]);
    }
  }
}

TEST(JxlView, RewindsAndGoesOnAsIfNothingHadBeen) {
  for (const Case& a_case : kCases) {
    const Bytes message = samples(a_case.look, a_case.shape, 1900 / a_case.shape.row_bytes(), 3);
    const auto make = [&] { return view_of(a_case); };
    expect_at_once_is_one_by_one(make(), make(), message);
    expect_that_rewinds_leave_nothing(make, message, 300, 6, 90);
  }
}

// A palette has no words for other colours.
TEST(JxlView, ExpectsColoursThatAreNotInThePalette) {
  const Case a_case = kCases[10];
  DecoderView view = view_of(a_case);
  view.observe(samples(a_case.look, a_case.shape, 20, 3));
  for (const Byte byte : {Byte{200}, Byte{201}, Byte{7}}) {
    EXPECT_LT(view.bits_of(byte), 21);
    view.observe(byte);
  }
}

TEST(JxlView, CostsNoMoreThanTheCodecAndComesBack) {
  for (const auto& [channels, depth_bits] :
       {std::pair<std::size_t, std::size_t>{1, 8}, {3, 8}, {1, 16}, {2, 16}, {3, 16}}) {
    const Image image = picture(160, 100, channels, depth_bits);
    const auto codec = make_codec("jxl", image.geometry());
    const auto model = make_model("jxl,view=decoder", {.geometry = image.geometry()});
    const std::size_t half = image.samples.size() / 2;
    const ByteView context = ByteView(image.samples).first(half);
    const ByteView rest = ByteView(image.samples).subspan(half);
    double bits = 0;
    model->start(context)->measure({&rest, 1}, {&bits, 1});
    const double own =
        codec->encoder()->code_length(image.samples) - codec->encoder()->code_length(context);
    EXPECT_LT(bits, 1.02 * own) << channels << " " << depth_bits;
    expect_a_kraft_file(model->spec(), ByteView(image.samples).first(2500));
  }
}

// Colours that come for the first time cost a lot where there is a palette. So there is none where
// they go on to come, unless palettes save more.
TEST(JxlView, GivesPalettesUpWhereNewColoursCome) {
  const Shape shape{.width = 100, .channels = 3, .depth_bits = 8};
  const Bytes drawing = samples(Look::few_colours, shape, 60, 4);
  Bytes drawing_and_others = drawing;
  Bytes photograph;  // of few grays, and others here and there
  for (const Byte byte : samples(Look::photograph, {100, 1, 8}, 60, 4))
    photograph.insert(photograph.end(), 3, static_cast<Byte>(byte / 8 * 8));
  for (std::size_t i = 0; i < 60; ++i) {
    for (Bytes* const message : {&drawing_and_others, &photograph}) {
      Byte* const pixel = &(*message)[3 * (100 * i + 37)];
      pixel[0] = static_cast<Byte>(4 * i + 1);
      pixel[1] = pixel[2] = static_cast<Byte>(2 * i + 1);
    }
  }
  // What the second half costs, with both streams to choose from, and with palettes.
  const auto bits = [&](const Bytes& message, std::shared_ptr<const Codec> codec_without_palettes) {
    DecoderView view({.shape = shape,
                      .codec = codec_for_view(shape, 5),
                      .codec_without_palettes = std::move(codec_without_palettes),
                      .refresh_bytes = 1024});
    double sum = 0;
    for (std::size_t i = 0; i < message.size(); ++i) {
      if (i >= message.size() / 2) sum += view.bits_of(message[i]);
      view.observe(message[i]);
    }
    return sum;
  };
  const auto bare = codec_for_view(shape, 5, Palettes::none);
  for (const auto& [message, once] :
       {std::pair(&drawing, 0.0), {&drawing_and_others, 60.0}, {&photograph, 60.0}}) {
    const Stream stream =
        read_stream(file_of(*codec_for_view(shape, 5), *message), message->size());
    PixelView view(stream);
    view.watch_colours();
    ASSERT_TRUE(view.parts().lack_colours());
    for (std::size_t i = 0; i < message->size(); i += 3)
      view.push(ByteView(*message).subspan(i, 3));
    // Of a palette for all three bytes.
    EXPECT_NEAR(view.new_colour_bits() * 6000 / (10 + 3 * 8), once, 4);
    view.begin_counting();
    EXPECT_EQ(view.new_colour_bits(), 0);
    EXPECT_FALSE(
        PixelView(read_stream(file_of(*bare, *message), message->size())).parts().lack_colours());
    EXPECT_LE(bits(*message, bare), bits(*message, nullptr));
  }
  EXPECT_EQ(bits(drawing_and_others, bare), bits(drawing_and_others, nullptr));
  EXPECT_LT(bits(photograph, bare), 0.97 * bits(photograph, nullptr));
  // Files of revision 1 were written with palettes.
  const auto bits_of = [&](const std::string& name) {
    const auto state = make_model(name + ":5,view=decoder,refresh=1024,width=100,channels=3")
                           ->start(ByteView(photograph).first(photograph.size() / 2));
    const ByteView rest = ByteView(photograph).subspan(photograph.size() / 2);
    double sum = 0;
    state->measure({&rest, 1}, {&sum, 1});
    return sum;
  };
  EXPECT_NEAR(bits_of("jxl#1"), bits(photograph, nullptr), 1e-6);
  EXPECT_NEAR(bits_of("jxl"), bits(photograph, bare), 1e-6);
}

// Samples of 16 bits that have few values, as those have that once were 8 bits, are places in a
// palette.
TEST(JxlView, ExpectsOf16BitsTheValuesThatThereAre) {
  Image image = picture(160, 100, 1, 8);
  Bytes wide;
  for (const Byte sample : image.samples) wide.insert(wide.end(), 2, sample);
  const std::size_t half = image.samples.size() / 2;
  const ByteView narrow_rest = ByteView(image.samples).subspan(half);
  const ByteView wide_rest = ByteView(wide).subspan(2 * half);
  double narrow_bits = 0, wide_bits = 0;
  make_model("jxl,view=decoder", {.geometry = image.geometry()})
      ->start(ByteView(image.samples).first(half))
      ->measure({&narrow_rest, 1}, {&narrow_bits, 1});
  image.depth_bits = 16;
  make_model("jxl,view=decoder", {.geometry = image.geometry()})
      ->start(ByteView(wide).first(2 * half))
      ->measure({&wide_rest, 1}, {&wide_bits, 1});
  EXPECT_LT(wide_bits, 1.05 * narrow_bits);
}

}  // namespace
}  // namespace kraft::jxl
