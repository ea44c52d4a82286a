// Models of filtered rows: the inner model, of residuals.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "codecs/messages.h"
#include "core/drawing.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "media/pictures.h"

namespace kraft {
namespace {

constexpr std::array kFilters = {"none", "sub", "up", "average", "paeth"};

// The predictions as the standard words them.
int prediction(const Image& image, std::size_t i, const std::string& filter) {
  const auto at = [&](std::size_t back, bool left, bool up) -> int {
    const bool outside =
        (left && i % image.row_bytes() < image.pixel_bytes()) || (up && i < image.row_bytes());
    return outside ? 0 : image.samples[i - back];
  };
  const int a = at(image.pixel_bytes(), true, false), b = at(image.row_bytes(), false, true);
  const int c = at(image.row_bytes() + image.pixel_bytes(), true, true);
  const int pa = std::abs(b - c), pb = std::abs(a - c), pc = std::abs(a + b - 2 * c);
  if (filter == "sub") return a;
  if (filter == "up") return b;
  if (filter == "average") return (a + b) / 2;
  if (filter == "paeth") return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
  return 0;
}

Bytes residuals(const Image& image, const std::string& filter) {
  Bytes bytes;
  for (std::size_t i = 0; i < image.samples.size(); ++i)
    bytes.push_back(static_cast<Byte>(image.samples[i] - prediction(image, i, filter)));
  return bytes;
}

TEST(FilteredModel, IsTheInnerModelOfTheResiduals) {
  for (const Image& image : {picture(23, 9, 1, 8), picture(11, 7, 3, 8), picture(9, 5, 2, 16)}) {
    for (const std::string filter : kFilters) {
      for (const std::string inner : {"gzip", "\"zstd:3,dither=3\"", "ngram:1"}) {
        const std::string spec = "filtered:" + inner + ",wrap=on,filter=" + filter;
        SCOPED_TRACE(spec);
        const auto model = make_model(spec, {.geometry = image.geometry()});
        const auto truth = make_model(Spec::parse("x:" + inner).argument.value());
        const Bytes rows = residuals(image, filter);
        for (std::size_t size :
             {std::size_t{0}, std::size_t{1}, image.row_bytes(), 2 * image.row_bytes() + 5}) {
          const auto state = model->start(ByteView(image.samples).first(size));
          const auto inner_state = truth->start(ByteView(rows).first(size));
          EXPECT_EQ(state->context_bits(), inner_state->context_bits());
          EXPECT_EQ(state->position_bytes(), size);
          std::array<double, 256> bits, expected;
          state->next_byte(bits);
          inner_state->next_byte(expected);
          const int predicted = prediction(image, size, filter);
          for (int value = 0; value < 256; ++value)
            EXPECT_EQ(bits[static_cast<std::size_t>(value)],
                      expected[static_cast<Byte>(value - predicted)])
                << value << " after " << size;
          const ByteView more = ByteView(image.samples).subspan(size, 2 * image.row_bytes());
          const ByteView more_rows = ByteView(rows).subspan(size, more.size());
          double a = 0, b = 0;
          state->measure({&more, 1}, {&a, 1});
          inner_state->measure({&more_rows, 1}, {&b, 1});
          EXPECT_EQ(a, b);
        }
      }
    }
  }
}

TEST(FilteredModel, DrawsNothingThatWrapsAround) {
  const Image image = picture(12, 6, 1, 8);
  for (const std::string filter : kFilters) {
    const auto options = ModelOptions{.geometry = image.geometry()};
    const auto strict = make_model("filtered:gzip,filter=" + filter, options);
    const auto free = make_model("filtered:gzip,wrap=on,filter=" + filter, options);
    for (std::size_t size = 13; size < image.samples.size() - 1; size += 5) {
      const ByteView context = ByteView(image.samples).first(size);
      std::array<double, 256> bits, all, predicted_bits;
      start_drawing(*strict, context)->next_byte(bits);
      free->start(context)->next_byte(all);
      strict->start(context)->next_byte(predicted_bits);
      const bool first_column = size % 12 == 0;
      for (int value = 0; value < 256; ++value) {
        const int step = value - prediction(image, size, filter);
        const bool predicted = filter == "up" || (filter != "none" && !first_column);
        const bool wraps = predicted && (step < -128 || step > 127);
        const auto i = static_cast<std::size_t>(value);
        EXPECT_EQ(predicted_bits[i], all[i]) << "left out nothing";
        EXPECT_EQ(bits[i], wraps ? std::numeric_limits<double>::infinity() : all[i])
            << filter << " " << value << " at " << size;
      }
    }
  }
}

TEST(FilteredModel, ExtendsManyPrefixesAsItMeasuresThem) {
  const Image image = picture(10, 8, 1, 8);
  const auto model = make_model("filtered:gzip", {.geometry = image.geometry()});
  const auto state = start_drawing(*model, ByteView(image.samples).first(37));
  const std::vector<Bytes> prefixes = {{}, {120}, {0, 255, 0}, {90, 91, 92, 93}, {255}};
  const std::vector<ByteView> views(prefixes.begin(), prefixes.end());
  const Bytes alphabet = {0, 3, 90, 128, 200, 255};
  std::vector<double> extended(views.size() * alphabet.size());
  state->extend(views, alphabet, extended);
  std::size_t impossible = 0;
  for (std::size_t i = 0; i < extended.size(); ++i) {
    Bytes whole = prefixes[i / alphabet.size()];
    whole.push_back(alphabet[i % alphabet.size()]);
    const ByteView view(whole);
    double bits = 0;
    state->measure({&view, 1}, {&bits, 1});
    EXPECT_EQ(extended[i], bits) << i;
    impossible += std::isinf(bits);
  }
  EXPECT_GT(impossible, 0u);
  EXPECT_LT(impossible, extended.size());
}

TEST(FilteredModel, CompressesPhotographsBetterThanWithoutFilter) {
  const Image image = picture(64, 64, 1, 8);
  const auto size = [&](const std::string& spec) {
    return make_codec(spec, image.geometry())->encode(image.samples).size();
  };
  EXPECT_LT(size("filtered:zstd:19"), size("zstd:19"));
}

TEST(FilteredModel, OfNoModelIsAnError) {
  EXPECT_THROW(make_model("filtered:nothing"), UsageError);
  EXPECT_THROW(make_model("filtered:\"zstd:99\""), UsageError);
  EXPECT_THROW(make_codec("filtered:ngram:3"), UsageError);
  EXPECT_NO_THROW(make_model("filtered:ngram:3"));
  EXPECT_NO_THROW(make_codec("filtered:\"zstd:3,dither=4\""));
}

}  // namespace
}  // namespace kraft
