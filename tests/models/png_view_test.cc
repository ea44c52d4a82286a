// The decoder's view of PNG: against DEFLATE's view of residuals that are filtered by hand, and
// what every view promises.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "codecs/messages.h"
#include "kraft/registry.h"
#include "media/pictures.h"
#include "models/png_view.h"
#include "models/views.h"

namespace kraft::png {
namespace {

Image small_picture(std::size_t channels = 1) {
  return picture(29, kSanitized ? 12 : 30, channels, 8);
}

ViewSettings settings_for(const Image& image, std::optional<int> filter = {},
                          Combined combined = Combined::mix) {
  ViewSettings settings{.shape = {image.width, image.channels, image.depth_bits},
                        .deflate = {.deflate = {.level = 9}, .refresh_bytes = 1024},
                        .filter = filter,
                        .combined = combined};
  return settings;
}

// As PNG's specification has it (ISO/IEC 15948, section 9.2), of the byte at a place of the image.
int predicted(int filter, const Image& image, std::size_t at) {
  const std::size_t row = image.row_bytes(), pixel = image.channels;
  const bool first_column = at % row < pixel, first_row = at < row;
  const int a = first_column ? 0 : image.samples[at - pixel];
  const int b = first_row ? 0 : image.samples[at - row];
  const int c = first_column || first_row ? 0 : image.samples[at - row - pixel];
  const int estimate = a + b - c;
  const int to_a = std::abs(estimate - a), to_b = std::abs(estimate - b),
            to_c = std::abs(estimate - c);
  const int paeth = to_a <= to_b && to_a <= to_c ? a : to_b <= to_c ? b : c;
  return std::array<int, 5>{0, a, b, (a + b) / 2, paeth}[static_cast<std::size_t>(filter)];
}

// What each filter says of each byte of an image.
std::vector<std::vector<std::array<double, 256>>> literal(const Image& image) {
  std::vector<std::vector<std::array<double, 256>>> all(image.samples.size());
  for (int filter = 0; filter < kFilters; ++filter) {
    deflate::DecoderView stream(settings_for(image).deflate);
    for (std::size_t at = 0; at < image.samples.size(); ++at) {
      if (at % image.row_bytes() == 0) stream.observe(static_cast<Byte>(filter));
      std::array<double, 256> residuals, bits;
      stream.next_byte(residuals);
      const int prediction = predicted(filter, image, at);
      for (int b = 0; b < 256; ++b)
        bits[static_cast<std::size_t>(b)] = residuals[static_cast<Byte>(b - prediction)];
      all[at].push_back(bits);
      stream.observe(static_cast<Byte>(image.samples[at] - prediction));
      stream.trim();
    }
  }
  return all;
}

TEST(PngView, IsThatOfDeflateOfEachFiltersResiduals) {
  const Image image = small_picture(3);
  const auto expected = literal(image);
  for (int filter = 0; filter < kFilters; ++filter) {
    DecoderView view(settings_for(image, filter));
    for (std::size_t at = 0; at < image.samples.size(); ++at) {
      std::array<double, 256> bits;
      view.next_byte(bits);
      ASSERT_EQ(bits, expected[at][static_cast<std::size_t>(filter)]) << filter << " at " << at;
      view.observe(image.samples[at]);
      view.trim();
    }
  }
}

TEST(PngView, CombinesAllFilters) {
  const Image image = small_picture();
  const auto of_filters = literal(image);
  DecoderView product(settings_for(image, {}, Combined::product)), mix(settings_for(image));
  std::array<double, kFilters> weights;
  weights.fill(0.2);
  for (std::size_t at = 0; at < image.samples.size(); ++at) {
    std::array<double, 256> means{}, shares{}, of_product, of_mix;
    double sum = 0;
    for (std::size_t b = 0; b < 256; ++b) {
      double bits = 0;
      for (std::size_t f = 0; f < kFilters; ++f) {
        bits += of_filters[at][f][b] / kFilters;
        shares[b] += weights[f] * std::exp2(-of_filters[at][f][b]);
      }
      means[b] = std::exp2(-bits);
      sum += means[b];
    }
    product.next_byte(of_product);
    mix.next_byte(of_mix);
    for (std::size_t b = 0; b < 256; ++b) {
      ASSERT_NEAR(of_product[b], -std::log2(means[b] / sum), 1e-9) << at;
      ASSERT_NEAR(of_mix[b], -std::log2(shares[b]), 1e-9) << at;
    }
    const Byte byte = image.samples[at];
    for (std::size_t f = 0; f < kFilters; ++f)
      weights[f] *= std::exp2(-of_filters[at][f][byte]) / shares[byte];
    if ((at + 1) % image.row_bytes() == 0) {
      for (double& weight : weights) weight = 0.95 * weight + 0.05 / kFilters;
    }
    product.observe(byte);
    mix.observe(byte);
  }
}

TEST(PngView, RewindsAndGoesOnAsIfNothingHadBeen) {
  const Image image = picture(31, 40, 1, 8);
  const std::pair<std::optional<int>, Combined> all[] = {
      {4, Combined::mix}, {{}, Combined::mix}, {{}, Combined::product}};
  for (const auto& [filter, combined] : all) {
    const ViewSettings settings = settings_for(image, filter, combined);
    const auto make = [&] { return DecoderView(settings); };
    expect_at_once_is_one_by_one(make(), make(), image.samples);
    expect_that_rewinds_leave_nothing(make, image.samples, 200, 10, 90);
    DecoderView view(settings);
    view.observe(ByteView(image.samples).first(300));
    expect_distribution(view);
  }
}

TEST(PngView, MakesKraftFilesThatComeBack) {
  const Image image = small_picture(3);
  const auto model = make_model("png:9,view=decoder", {.geometry = image.geometry()});
  expect_a_kraft_file(model->spec(), image.samples);
  EXPECT_THROW(make_model("png,view=decoder,wrap=on"), UsageError);
  EXPECT_THROW(make_model("png,refresh=1024"), UsageError);
}

}  // namespace
}  // namespace kraft::png
