// PNG as a model: with one filter it is DEFLATE over filtered rows, to the bit; what wraps around
// is predicted and not drawn; the means are means; and everything is the same on both engines.

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "codecs/deflate.h"
#include "core/drawing.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/sampler.h"
#include "media/pictures.h"

namespace kraft {
namespace {

constexpr std::array kFilters = {"none", "sub", "up", "average", "paeth"};

// The filters as the standard words them, for one whole image.
Bytes filtered(const Image& image, std::size_t bytes, int filter) {
  const auto at = [&](std::size_t position, std::size_t back, bool left, bool up) -> int {
    const bool outside = (left && position % image.row_bytes() < image.pixel_bytes()) ||
                         (up && position < image.row_bytes());
    return outside ? 0 : image.samples[position - back];
  };
  Bytes rows;
  for (std::size_t i = 0; i < bytes; ++i) {
    if (i % image.row_bytes() == 0) rows.push_back(static_cast<Byte>(filter));
    const int a = at(i, image.pixel_bytes(), true, false);
    const int b = at(i, image.row_bytes(), false, true);
    const int c = at(i, image.row_bytes() + image.pixel_bytes(), true, true);
    const int pa = std::abs(b - c), pb = std::abs(a - c), pc = std::abs(a + b - 2 * c);
    const int paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    const int predictions[] = {0, a, b, (a + b) / 2, paeth};
    rows.push_back(static_cast<Byte>(image.samples[i] - predictions[filter]));
  }
  return rows;
}

std::string spec_of(const Image& image, const std::string& filter, const std::string& more = "") {
  return "png:9,width=" + std::to_string(image.width) +
         ",channels=" + std::to_string(image.channels) +
         ",depth=" + std::to_string(image.depth_bits) + ",filter=" + filter + more;
}

TEST(PngModel, WithOneFilterIsZlibOverTheFilteredRows) {
  for (const Image& image : {picture(23, 9, 1, 8), picture(11, 7, 3, 8), picture(9, 5, 2, 16)}) {
    for (int filter = 0; filter < 5; ++filter) {
      const std::string name = kFilters[static_cast<std::size_t>(filter)];
      SCOPED_TRACE(spec_of(image, name));
      const auto model = make_model(spec_of(image, name, ",wrap=on"));
      const std::size_t row = image.row_bytes();
      for (std::size_t size :
           {std::size_t{0}, std::size_t{1}, row - 1, row, row + 1, 3 * row + 5}) {
        const auto state = model->start(ByteView(image.samples).first(size));
        const deflate::Parameters zlib{.level = 9};
        const auto truth = [&](const Image& whole, std::size_t bytes) {
          return static_cast<double>(
              deflate::compressed_bits(filtered(whole, bytes, filter), zlib));
        };
        EXPECT_EQ(state->context_bits(), truth(image, size));
        std::array<double, 256> bits;
        state->next_byte(bits);
        for (int value : {0, 1, 100, 128, 255}) {
          Image changed = image;
          changed.samples[size] = static_cast<Byte>(value);
          EXPECT_EQ(state->context_bits() + bits[static_cast<std::size_t>(value)],
                    truth(changed, size + 1));
        }
        const ByteView rest = ByteView(image.samples).subspan(size, row + 3);
        double run_bits = 0;
        state->measure({&rest, 1}, {&run_bits, 1});
        EXPECT_EQ(state->context_bits() + run_bits, truth(image, size + row + 3));
      }
    }
  }
}

TEST(PngModel, DrawsNothingThatWrapsAround) {
  const Image image{4, 2, 1, 8, {10, 200, 10, 10, 0, 0, 0, 0}};
  const auto model = make_model(spec_of(image, "up"));
  const auto free = make_model(spec_of(image, "up", ",wrap=on"));
  const auto state = start_drawing(*model, ByteView(image.samples).first(4));
  const auto free_state = free->start(ByteView(image.samples).first(4));
  std::array<double, 256> bits, free_bits;
  state->next_byte(bits);
  free_state->next_byte(free_bits);
  for (std::size_t value = 0; value < 256; ++value) {
    const bool wraps = value > 10 + 127;  // the pixel above is 10
    EXPECT_EQ(std::isinf(bits[value]), wraps) << value;
    EXPECT_TRUE(std::isfinite(free_bits[value]));
    if (!wraps) {
      EXPECT_EQ(bits[value], free_bits[value]);
    }
  }
  const Bytes far = {10, 20}, near = {10, 200};  // below 10 and 200
  const std::vector<ByteView> both = {far, near};
  std::vector<double> costs(2);
  state->measure(both, costs);
  EXPECT_TRUE(std::isinf(costs[0]));
  EXPECT_TRUE(std::isfinite(costs[1]));
}

// What wraps stands in real pictures, and files hold it.
TEST(PngModel, PredictsWhatWrapsAround) {
  Image image{16, 4, 1, 8, {}};
  for (int row = 0; row < 4; ++row)
    image.samples.insert(image.samples.end(), 16, row % 2 ? 3 : 250);
  for (const char* filter : {"none", "sub", "up", "average", "paeth", "product", "mix"}) {
    for (const char* made_of : {"", "mix:gzip,", "product:ngram:2,"}) {
      const std::string png = spec_of(image, filter);
      const auto model = make_model(*made_of == '\0' ? png : made_of + ('"' + png) + '"');
      const auto state = model->start();
      for (const Byte& sample : image.samples) {
        std::array<double, 256> bits;
        state->next_byte(bits);
        ASSERT_TRUE(std::ranges::all_of(bits, [](double b) { return std::isfinite(b); }))
            << model->spec();
        state->observe({&sample, 1});
      }
      EXPECT_TRUE(std::isfinite(state->context_bits())) << model->spec();
    }
  }
}

// At the edges nothing is predicted, so nothing wraps: a picture may begin bright.
TEST(PngModel, LeavesOutNothingWhereNeighboursAreMissing) {
  const Image image = picture(8, 4, 1, 8);
  for (const char* filter : {"sub", "average", "paeth", "product"}) {
    std::array<double, 256> bits;
    start_drawing(*make_model(spec_of(image, filter)))->next_byte(bits);
    for (double b : bits) EXPECT_TRUE(std::isfinite(b)) << filter;
  }
}

TEST(PngModel, TakesTheMeanOfTheFiltersDistributions) {
  const Image image = picture(16, 8, 3, 8);
  const ByteView context = ByteView(image.samples).first(5 * image.row_bytes() + 7);
  std::array<double, 256> sums{}, products{};
  for (const char* filter : kFilters) {
    std::array<double, 256> bits;
    start_drawing(*make_model(spec_of(image, filter)), context)->next_byte(bits);
    const std::vector<double> p = probabilities(bits);
    for (std::size_t i = 0; i < 256; ++i) {
      sums[i] += p[i] / 5;
      products[i] += -std::log2(p[i]) / 5;
    }
  }
  const std::vector<double> product = probabilities(products);
  std::array<double, 256> bits;
  start_drawing(*make_model(spec_of(image, "mix")), context)->next_byte(bits);
  for (std::size_t i = 0; i < 256; ++i) EXPECT_NEAR(std::exp2(-bits[i]), sums[i], 1e-12);
  start_drawing(*make_model(spec_of(image, "product")), context)->next_byte(bits);
  for (std::size_t i = 0; i < 256; ++i) EXPECT_NEAR(std::exp2(-bits[i]), product[i], 1e-12);
}

TEST(PngModel, OfAMeanAddsUpByteByByte) {
  const Image image = picture(10, 6, 1, 8);
  for (const char* filter : {"mix", "product"}) {
    const auto model = make_model(spec_of(image, filter, ",wrap=on"));
    const auto state = model->start();
    double total_bits = 0;
    for (const Byte byte : image.samples) {
      std::array<double, 256> bits;
      state->next_byte(bits);
      total_bits += bits[byte];
      state->observe({&byte, 1});
    }
    EXPECT_NEAR(state->context_bits(), total_bits, 1e-6);
    const auto half = model->start(ByteView(image.samples).first(31));
    const ByteView rest = ByteView(image.samples).subspan(31);
    double rest_bits = 0;
    half->measure({&rest, 1}, {&rest_bits, 1});
    EXPECT_NEAR(half->context_bits() + rest_bits, total_bits, 1e-6);
  }
}

TEST(PngModel, OfAMeanLeavesNoTraceOfMarksAndClones) {
  const Image image = picture(6, 9, 2, 8);
  const ByteView context = ByteView(image.samples).first(70),
                 rest = ByteView(image.samples).subspan(70);
  const auto state = make_model(spec_of(image, "product", ",wrap=on"))->start(context);
  std::array<double, 256> before, after;
  state->next_byte(before);
  const Mark mark = state->mark();
  state->observe(rest.first(15));
  const auto branch = state->clone();
  state->observe(rest.first(3));
  state->rewind(mark);
  state->next_byte(after);
  EXPECT_EQ(before, after);
  EXPECT_EQ(state->position_bytes(), 70u);
  state->observe(rest.first(15));
  state->next_byte(before);
  branch->next_byte(after);
  EXPECT_EQ(before, after);
  EXPECT_NEAR(state->context_bits(), branch->context_bits(), 1e-9);
  state->rewind(mark);
  state->forget(mark);
  EXPECT_THROW(state->rewind(mark), Error);
}

// A search asks for all extensions of some prefixes; they cost what the whole strings cost.
TEST(PngModel, OfAMeanExtendsAsItMeasures) {
  const Image image = picture(6, 9, 1, 8);
  for (const char* filter : {"mix", "product"}) {
    const auto state = make_model(spec_of(image, filter))->start(ByteView(image.samples).first(33));
    const Bytes a = {140, 150, 141}, b = {120}, none, alphabet = {100, 130, 160};
    const std::vector<ByteView> prefixes = {none, a, b, a};
    std::vector<double> extended(12);
    state->extend(prefixes, alphabet, extended);
    for (std::size_t i = 0; i < extended.size(); ++i) {
      Bytes whole(prefixes[i / 3].begin(), prefixes[i / 3].end());
      whole.push_back(alphabet[i % 3]);
      const ByteView view(whole);
      double bits = 0;
      state->clone()->measure({&view, 1}, {&bits, 1});
      EXPECT_NEAR(bits, extended[i], 1e-9) << i;
    }
  }
}

TEST(PngModel, IsTheSameOnBothEngines) {
  const Image image = picture(12, 9, 2, 8);
  const ByteView context = ByteView(image.samples).first(100);
  for (const char* filter : {"none", "paeth", "mix", "product"}) {
    const auto twin = make_model(spec_of(image, filter, ",engine=twin"))->start(context);
    const auto clone = make_model(spec_of(image, filter, ",engine=clone"))->start(context);
    std::array<double, 256> a, b;
    twin->next_byte(a);
    clone->next_byte(b);
    EXPECT_EQ(a, b) << filter;
  }
}

TEST(PngModel, ContinuesAConstantImageExactly) {
  const Image image{32, 32, 1, 8, Bytes(32 * 32, 77)};
  for (const char* name : {"png", "png,filter=up", "png,filter=paeth", "png,filter=mix"}) {
    const auto model = make_model(name, {.geometry = image.geometry()});
    const auto state = model->start(ByteView(image.samples).first(24 * 32));
    Random random(1);
    const Bytes drawn = sample(*make_sampler("ancestral", {.temperature = 0}), *state,
                               Candidates::all(), {.length_bytes = 64}, random);
    EXPECT_TRUE(drawn == Bytes(64, 77)) << name;
  }
}

TEST(Geometry, FillsInTheParametersThatABackendHas) {
  const Image image = picture(12, 9, 3, 8);
  EXPECT_EQ(make_model("png", {.geometry = image.geometry()})->spec(),
            "png:6,width=12,channels=3,depth=8");
  EXPECT_EQ(make_model("png:9,width=6", {.geometry = image.geometry()})->spec(),
            "png:9,width=6,channels=3,depth=8");
  EXPECT_EQ(make_model("gzip", {.geometry = image.geometry()})->spec(), "gzip:6");
  const Audio audio = sound(Encoding::s16, 2, 5, 44100);
  EXPECT_EQ(make_model("flac:8", {.geometry = audio.geometry()})->spec(),
            "flac:8,rate=44100,channels=2,depth=16");
  EXPECT_THROW(make_model("webp", {.geometry = picture(2, 2, 1, 16).geometry()}), UsageError);
}

}  // namespace
}  // namespace kraft
