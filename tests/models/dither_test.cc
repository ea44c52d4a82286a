// Dithering against its definition: the mean of what the plain model measures after each of the
// contexts that are left when more and more of the earliest bytes are dropped.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "media/pictures.h"

namespace kraft {
namespace {

// Every codec that is a model by measuring alone, and png where it is asked to be.
std::vector<std::string> measured_specs() {
  std::vector<std::string> specs = {"png:1,engine=recompress,width=16", "webp:0,width=5,channels=3",
                                    "flac:8,channels=2,depth=16",       "zstd:19",
                                    "xz:0,dict=4KiB,bits=byte",         "cmd:\"gzip -1\""};
  for (const Backend& backend : backends()) {
    if (!backend.make_model && backend.name != "cmd")
      specs.push_back(backend.name == "jxl" ? "jxl:1" : backend.name);
  }
  return specs;
}

// The sizes of the contexts, as kraft/registry.h words it.
std::vector<std::size_t> context_sizes(std::size_t size, std::size_t alignment,
                                       std::size_t dither) {
  const std::set<std::size_t> powers = {256, 512, 1024, 2048, 4096, 8192};
  std::vector<std::size_t> sizes;
  for (std::size_t rest = size; sizes.size() < dither && 2 * rest >= size; rest -= alignment) {
    if (!powers.contains(rest)) sizes.push_back(rest);
    if (rest < alignment) break;
  }
  return sizes.empty() ? std::vector{size} : sizes;
}

// The mean of the increments, one context after the other.
double mean_bits(const Model& plain, ByteView context, std::size_t alignment, std::size_t dither,
                 ByteView continuation) {
  double sum = 0;
  const auto sizes = context_sizes(context.size(), alignment, dither);
  for (const std::size_t size : sizes) {
    double bits = 0;
    plain.start(context.last(size))->measure({&continuation, 1}, {&bits, 1});
    sum += bits;
  }
  return sum / static_cast<double>(sizes.size());
}

TEST(Dithering, IsTheMeanOverTheContextsThatAreLeft) {
  const Bytes text = real_text(1030), noise = random_bytes(600, 3);
  const Bytes pixels = picture(16, 40, 1, 8).samples;
  for (const std::string& spec : measured_specs()) {
    SCOPED_TRACE(spec);
    const auto plain = make_model(spec);
    const std::size_t alignment = make_codec(codec_spec(spec))->alignment_bytes();
    const std::size_t dither = spec.starts_with("cmd") ? 2 : 5;
    const auto dithered = make_model(spec + ",dither=" + std::to_string(dither));
    EXPECT_EQ(dithered->granularity(), Granularity::fractional);
    for (const ByteView context :
         {ByteView(text), ByteView(text).first(1024), ByteView(text).first(7), ByteView(),
          ByteView(text).first(1), ByteView(noise), ByteView(pixels)}) {
      const auto state = dithered->start(context);
      const std::vector<Bytes> strings = {{'e'}, {0}, {200}, bytes_of("the "), {}};
      const std::vector<ByteView> views(strings.begin(), strings.end());
      std::vector<double> bits(views.size());
      state->measure(views, bits);
      for (std::size_t i = 0; i < views.size(); ++i)
        EXPECT_EQ(bits[i], mean_bits(*plain, context, alignment, dither, views[i]))
            << "after " << context.size() << " bytes, " << i;
    }
  }
}

TEST(Dithering, DropsFromTheContextThatIsLookedAt) {
  const Bytes text = real_text(900);
  const ByteView continuation = as_bytes("whale");
  const auto plain = make_model("zstd:3,context=0");
  for (std::size_t context : {300, 512, 513}) {
    const auto state =
        make_model("zstd:3,dither=9,context=" + std::to_string(context))->start(text);
    double bits = 0;
    state->measure({&continuation, 1}, {&bits, 1});
    EXPECT_EQ(bits, mean_bits(*plain, ByteView(text).last(context), 1, 9, continuation));
    EXPECT_EQ(state->context_bytes(), context == 512 ? 511 : context);
    EXPECT_EQ(state->position_bytes(), 900u);
  }
}

TEST(Dithering, KeepsRowsAndFramesWhole) {
  const Image image = picture(50, 20, 1, 8);
  const auto plain = make_model("webp:0,context=0", {.geometry = image.geometry()});
  const auto dithered = make_model("webp:0,context=420,dither=3", {.geometry = image.geometry()});
  const ByteView all = ByteView(image.samples).first(730);
  const Byte next = image.samples[730];
  double bits = 0, expected = 0;
  dithered->start(all)->measure(std::array{ByteView(&next, 1)}, {&bits, 1});
  for (std::size_t begin : {350, 400, 450}) {
    double one = 0;
    plain->start(all.subspan(begin))->measure(std::array{ByteView(&next, 1)}, {&one, 1});
    expected += one;
  }
  EXPECT_EQ(bits, expected / 3);
}

TEST(Dithering, TellsBytesApartThatCostTheSameInWholeBytes) {
  const Bytes text = real_text(2000);
  for (const char* spec : {"zstd:3", "brotli:5", "zlib:9"}) {
    const auto distinct = [&](std::uint64_t dither) {
      const std::string name = Spec::parse(spec).name;
      const auto codec = make_codec(spec);
      std::array<double, 256> bits;
      model_of(codec, name, {.dither = dither})->start(text)->next_byte(bits);
      return std::set<double>(bits.begin(), bits.end()).size();
    };
    EXPECT_GT(distinct(16), distinct(1)) << spec;
  }
  EXPECT_THROW(model_of(make_codec("zstd"), "zstd", {.dither = 0}), UsageError);
}

}  // namespace
}  // namespace kraft
