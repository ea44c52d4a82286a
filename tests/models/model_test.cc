// What every model promises, over every registered backend: increments are differences of whole
// lengths, probabilities sum to one, marks and clones leave no trace, threads change nothing.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <limits>
#include <numeric>
#include <optional>

#include "base/text.h"
#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/sampler.h"
#include "kraft/views.h"
#include "models/tiny_weights.h"

namespace kraft {

namespace testing {
using namespace ::testing;
}

namespace {

// Every backend, at its default and at parameters that change how it works.
const char* const kSpecs[] = {
    "gzip",
    "gzip:1",
    "gzip:9,window=9,memlevel=1",
    "gzip:6,engine=clone",
    "gzip:0",
    "gzip:9,view=decoder",
    "zlib:1,view=decoder,refresh=1024,window=9",
    "zlib:9",
    "deflate:6,strategy=huffman",
    "deflate:3,engine=recompress",
    "zstd",
    "zstd:-3",
    "zstd:12,window=10,long=on",
    "zstd:3,view=decoder",
    "zstd:9,view=decoder,refresh=1024,window=12",
    "xz:0",
    "xz:6,tail=16",
    "xz:1e,bits=byte",
    "xz:6,view=decoder",
    "lzma:1,view=decoder,dict=4KiB,refresh=256,hypotheses=4",
    "lzma:1,dict=4KiB",
    "lzma:1,dict=4KiB,bits=byte",
    "bzip2:1",
    "bzip2:9,view=decoder",
    "bzip2:1,view=decoder,refresh=1024",
    "bzip3",
    "bzip3,block=1,view=decoder,refresh=1024",
    "brotli:5",
    "brotli:5,view=decoder",
    "brotli:2,view=decoder,refresh=1024,window=12",
    "lz4",
    "lz4:9",
    "lz4,view=decoder",
    "png:9,width=37,filter=paeth,wrap=on",
    "png,width=10,depth=16,channels=2,filter=average,wrap=on",
    "png:6,filter=up,engine=clone,wrap=on",
    "png:6,engine=recompress",
    "png:9,view=decoder,filter=paeth",
    "png:1,view=decoder,filter=mix,width=5,channels=3",
    "jpegls,width=7",
    "jpegls,view=decoder",
    "jpegls,view=decoder,width=10,channels=3,depth=16",
    "webp:0",
    "webp:6,view=decoder",
    "webp:2,view=decoder,refresh=1024,width=9,channels=3",
    "jxl:1",
    "jxl:3,view=decoder",
    "jxl:2,view=decoder,refresh=1024,width=9,channels=3",
    "flac",
    "flac:8,view=decoder",
    "flac,view=decoder,refresh=16,channels=2,depth=16",
    "flac:0,channels=2,depth=16,rate=44100",
    "wavpack",
    "wavpack:fast,channels=2,depth=16",
    "wavpack:high,view=decoder",
    "wavpack,view=decoder,refresh=32,block=64,channels=2,depth=16",
    "cmd:\"gzip -9\"",
    "llama#1",
    "llama#1:image,ctx=48",
    "llama#1:audio,bytes=ascii7",
    "llama:words.gguf,beam=3",
    "bytelm:audio,ctx=48",
    "filtered,wrap=on",
    "filtered:gzip:9,filter=average,width=10,channels=2,depth=16,wrap=on",
    "filtered:\"zstd:1,dither=2\",filter=sub",
    "zstd:1,dither=4",
    "brotli:1,dither=2,context=500",
    "flac:5,depth=16,dither=3",
    "ngram:0",
    "ngram:3",
    "ppmd",
    "cm,mem=32MiB",
    "cm,mem=32MiB,rate=8000,channels=2,depth=16,learn=off",
    "cm:max,mem=32MiB,width=10,channels=3,pixels=fitted",
    "ppmd:3,mem=1MiB",
    "lz78",
    "lz78,prior=64,backoff=16,ensemble=3,mem=64KiB",
    "uniform",
    "product:gzip:9^0.5,ngram:3",
    "mix:\"gzip:1,window=9\",ngram:1@2.5,\"product:ngram:0,uniform\"",
    "blend:ngram:2,\"gzip:9,view=decoder\"@2,lz78",
};

// A specification as a test's name.
std::string identifier(std::string_view spec) {
  std::string name;
  for (char c : spec) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

// Models of weights find tiny ones in the folder that they run in.
class EveryModel : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!std::string_view(GetParam()).starts_with("llama")) return;
    if (!testing::kHaveLlama) GTEST_SKIP() << "built without llama.cpp";
    weights_.emplace();
    back_ = std::filesystem::current_path();
    std::filesystem::current_path(weights_->path(""));
  }
  void TearDown() override {
    if (weights_) std::filesystem::current_path(back_);
  }

 private:
  std::optional<testing::TinyWeights> weights_;
  std::filesystem::path back_;
};

// A mean over contexts is the length of no stream, and where it begins depends on where it ends.
bool is_dithered(std::string_view spec) { return spec.find("dither") != spec.npos; }

// What counts by the lengths of the stock library's streams. Predictors have none; what prices
// rows, fractions of bits and means is compared with something else, in a test of its own.
bool counts_streams(std::string_view spec) {
  const Backend& backend = find_backend(Spec::parse(spec).name);
  const auto has = [&](std::string_view word) { return spec.find(word) != spec.npos; };
  if (!measures_codec(spec) || is_dithered(spec)) return false;  // dither_test.cc
  if (backend.name == "png") return has("engine=recompress");    // png_model_test.cc
  if (backend.name == "xz" || backend.name == "lzma")
    return has("bits=byte");  // lzma_model_test.cc
  return true;
}

std::vector<const char*> specs_that(bool (*fits)(std::string_view)) {
  std::vector<const char*> chosen;
  std::ranges::copy_if(kSpecs, std::back_inserter(chosen), fits);
  return chosen;
}

const auto kNameOfSpec = [](const auto& instance) { return identifier(instance.param); };

class EveryModelOfOneText : public EveryModel {};
class EveryModelOfStreams : public EveryModel {};

INSTANTIATE_TEST_SUITE_P(Registry, EveryModel, testing::ValuesIn(kSpecs), kNameOfSpec);
INSTANTIATE_TEST_SUITE_P(Registry, EveryModelOfOneText,
                         testing::ValuesIn(specs_that([](std::string_view spec) {
                           return !is_dithered(spec);
                         })),
                         kNameOfSpec);
INSTANTIATE_TEST_SUITE_P(Registry, EveryModelOfStreams,
                         testing::ValuesIn(specs_that(counts_streams)), kNameOfSpec);

// Pairs of a context and continuations of it, from real text and from bytes without any order.
std::vector<Bytes> contexts() {
  const Bytes text = real_text(3000);
  return {{},
          {'x'},
          Bytes(text.begin(), text.begin() + 700),
          text,
          random_bytes(500, 1),
          Bytes(1000, 'a')};
}

TEST_P(EveryModel, NextByteIsADistributionOver256Bytes) {
  const auto model = make_model(GetParam());
  for (const Bytes& context : contexts()) {
    std::array<double, 256> bits;
    model->start(context)->next_byte(bits);
    const std::vector<double> p = probabilities(bits);
    EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1, 1e-12);
    EXPECT_GE(*std::ranges::min_element(p), 0);
  }
}

TEST_P(EveryModel, MeasureExtendAndNextByteAgree) {
  const auto model = make_model(GetParam());
  const Bytes context = real_text(900);
  const auto state = model->start(context);
  std::array<double, 256> next;
  state->next_byte(next);

  const Bytes alphabet = {'a', 'e', ' ', 0, 255};
  const Bytes ab = {'a', 'b'}, e = {'e'}, none;
  const std::vector<ByteView> prefixes = {none, ab, e, ab};
  std::vector<double> extended(prefixes.size() * alphabet.size());
  state->extend(prefixes, alphabet, extended);

  std::vector<Bytes> strings;
  for (ByteView prefix : prefixes) {
    for (Byte byte : alphabet) {
      strings.emplace_back(prefix.begin(), prefix.end());
      strings.back().push_back(byte);
    }
  }
  const std::vector<ByteView> views(strings.begin(), strings.end());
  std::vector<double> measured(views.size());
  state->measure(views, measured);
  const auto agree = [](double x, double y) { return x == y || std::abs(x - y) <= 1e-9; };
  for (std::size_t i = 0; i < views.size(); ++i) EXPECT_PRED2(agree, extended[i], measured[i]) << i;
  for (std::size_t a = 0; a < alphabet.size(); ++a)
    EXPECT_PRED2(agree, extended[a], next[alphabet[a]]) << a;

  const ByteView empty;
  double zero = 1;
  state->measure({&empty, 1}, {&zero, 1});
  EXPECT_EQ(zero, 0);
}

TEST_P(EveryModelOfOneText, IncrementIsTheDifferenceOfWholeLengths) {
  const auto model = make_model(GetParam());
  const Bytes text = real_text(1200);
  for (std::size_t cut : {0, 1, 600, 1199}) {
    const ByteView context = ByteView(text).first(cut), rest = ByteView(text).subspan(cut);
    const auto state = model->start(context);
    double bits = 0;
    state->measure({&rest, 1}, {&bits, 1});
    EXPECT_NEAR(state->context_bits() + bits, model->start(text)->context_bits(), 1e-6);
  }
}

TEST_P(EveryModelOfStreams, LengthsAreThoseOfTheStockLibrary) {
  const auto model = make_model(GetParam());
  const auto encoder = make_codec(codec_spec(GetParam()))->encoder();
  for (const Bytes& context : contexts()) {
    const auto state = model->start(context);
    EXPECT_EQ(state->context_bits(), encoder->code_length(context));
    for (const Bytes& tail : {Bytes{'e'}, Bytes{0}, real_text(40)}) {
      Bytes message = context;
      append(message, tail);
      const ByteView continuation(tail);
      double bits = 0;
      state->measure({&continuation, 1}, {&bits, 1});
      EXPECT_EQ(state->context_bits() + bits, encoder->code_length(message));
    }
  }
}

TEST_P(EveryModel, ObservingInPiecesIsObservingAtOnce) {
  const auto model = make_model(GetParam());
  const Bytes text = real_text(1500);
  const auto whole = model->start(text);
  const auto pieces = model->start();
  for (std::size_t at = 0, size = 1; at < text.size(); at += size, size = size * 3 % 101 + 1)
    pieces->observe(ByteView(text).subspan(at, std::min(size, text.size() - at)));
  EXPECT_EQ(pieces->position_bytes(), text.size());
  EXPECT_EQ(pieces->context_bits(), whole->context_bits());
  std::array<double, 256> a, b;
  pieces->next_byte(a);
  whole->next_byte(b);
  EXPECT_EQ(a, b);
}

TEST_P(EveryModel, MarksAndClonesLeaveNoTrace) {
  const auto model = make_model(GetParam());
  const Bytes text = real_text(800);
  const auto state = model->start(text);
  std::array<double, 256> before, after;
  state->next_byte(before);
  const double base_bits = state->context_bits();

  const Mark outer = state->mark();
  state->observe(as_bytes("one thing "));
  const auto branch = state->clone();
  const Mark inner = state->mark();
  state->observe(as_bytes("and another thing "));
  state->rewind(inner);
  state->observe(as_bytes("or nothing"));
  state->rewind(inner);
  state->forget(inner);
  EXPECT_EQ(state->position_bytes(), text.size() + 10);
  EXPECT_EQ(state->context_bits(), branch->context_bits());
  state->rewind(outer);
  state->rewind(outer);
  state->next_byte(after);
  EXPECT_EQ(before, after);
  EXPECT_EQ(state->context_bits(), base_bits);
  state->forget(outer);
  EXPECT_THROW(state->rewind(outer), Error);

  Bytes both = text;
  append(both, as_bytes("one thing "));
  EXPECT_EQ(branch->context_bits(), model->start(both)->context_bits());
  branch->observe(as_bytes("more"));
  state->next_byte(after);
  EXPECT_EQ(before, after);
}

TEST_P(EveryModel, ForgetsADroppedMarkWithoutTouchingTheOthers) {
  const auto model = make_model(GetParam());
  const Bytes text = real_text(300);
  const auto state = model->start(text);
  const Mark outer = state->mark();
  state->observe(as_bytes("one thing "));
  const Mark dropped = state->mark();
  state->observe(as_bytes("and another "));
  state->rewind(outer);
  const Mark later = state->mark();
  state->observe(as_bytes("or nothing"));
  state->forget(dropped);
  state->forget(dropped);
  state->rewind(later);
  EXPECT_EQ(state->position_bytes(), text.size());
  state->forget(later);
  state->forget(later);
  state->rewind(outer);
  EXPECT_THROW(state->rewind(dropped), Error);
  EXPECT_THROW(state->rewind(later), Error);
  EXPECT_EQ(state->context_bits(), model->start(text)->context_bits());
}

TEST_P(EveryModel, IsCalledAsItsSpecificationIsChecked) {
  EXPECT_EQ(check_spec(GetParam()), make_model(GetParam())->spec());
  const Geometry geometry{.width = 37, .channels = 1, .depth = 8};
  EXPECT_EQ(check_spec(GetParam(), geometry),
            make_model(GetParam(), {.threads = 1, .geometry = geometry})->spec());
}

TEST_P(EveryModel, SameSeedGivesTheSameBytesOnAnyNumberOfThreads) {
  const Bytes text = real_text(600);
  const auto draw = [&](unsigned threads) {
    const auto model = make_model(GetParam(), {.threads = threads});
    const auto state = model->start(text);
    Random random(7);
    return sample(*make_sampler("ancestral", {.temperature = 0.5}), *state, Candidates::seen(text),
                  {.length_bytes = 6, .history = text}, random);
  };
  const Bytes one = draw(1);
  EXPECT_EQ(one.size(), 6u);
  EXPECT_EQ(one, draw(2));
  EXPECT_EQ(one, draw(3));
}

TEST(Registry, EverySpecListedHereCoversEveryBackend) {
  for (const Backend& backend : backends()) {
    const bool covered = std::ranges::any_of(
        kSpecs, [&](const char* spec) { return Spec::parse(spec).name == backend.name; });
    EXPECT_TRUE(covered) << backend.name;
  }
}

TEST(GeneralEngine, SeesTheLastBytesOfALongContext) {
  const auto model = make_model("zstd:3,context=100");
  const Bytes text = real_text(5000);
  const auto state = model->start(text);
  EXPECT_EQ(state->position_bytes(), 5000u);
  EXPECT_EQ(state->context_bytes(), 100u);
  EXPECT_EQ(model->window_bytes(), 100u);
  const auto last = make_model("zstd:3")->start(ByteView(text).last(100));
  EXPECT_EQ(state->context_bits(), last->context_bits());
  const Mark mark = state->mark();
  for (int i = 0; i < 300; ++i)
    state->observe(as_bytes("some more text that pushes the rest out "));
  state->rewind(mark);
  EXPECT_EQ(state->context_bits(), last->context_bits());
}

TEST(GeneralEngine, LengthsWithoutPaddingRoundUpToTheStream) {
  for (const auto& [spec, multiple] : {std::pair("gzip:9", 8.0), std::pair("xz:6,dict=64KiB", 32.0),
                                       std::pair("lzma:6,dict=64KiB", 8.0)}) {
    const auto codec = make_codec(spec);
    const auto encoder = codec->encoder();
    for (std::size_t size = 0; size < 400; size += 1 + size / 50) {
      const Bytes text = real_text(size);
      const double bits = encoder->code_length(text);
      const auto stream_bits = 8.0 * static_cast<double>(codec->encode(text).size());
      EXPECT_LE(bits, stream_bits) << spec << " " << size;
      EXPECT_GT(bits, stream_bits - multiple) << spec << " " << size;
    }
  }
}

TEST(GeneralEngine, TheLongestContextThatCanBeAskedForIsNoneTooLong) {
  const Bytes text = real_text(9000);
  const auto state = make_model("lz4,context=9223372036854775807")->start(text);
  EXPECT_EQ(state->context_bits(), make_model("lz4,context=0")->start(text)->context_bits());
}

TEST(GeneralEngine, GivesUpWhenCancelled) {
  std::atomic<bool> cancelled = false;
  const auto model =
      make_model("lz4", {.threads = 2, .cancelled = [&] { return cancelled.load(); }});
  const auto state = model->start(real_text(500));
  std::array<double, 256> bits;
  EXPECT_NO_THROW(state->next_byte(bits));
  cancelled = true;
  EXPECT_THROW(state->next_byte(bits), Cancelled);
  cancelled = false;
  EXPECT_NO_THROW(state->next_byte(bits));
}

// Every stream is a byte longer than the one before.
class MoodyCodec final : public Codec {
 public:
  std::unique_ptr<Encoder> encoder() const override {
    struct Moody final : Encoder {
      void encode(ByteView, Bytes& stream) override { stream.assign(++size, 0); }
      std::size_t size = 0;
    };
    return std::make_unique<Moody>();
  }
  Bytes decode(ByteView, std::size_t) const override { return {}; }
};

TEST(GeneralEngine, RefusesLengthsThatChange) {
  const auto model = model_of(std::make_shared<MoodyCodec>(), "moody");
  EXPECT_THROW(model->start(as_bytes("x"))->context_bits(), Error);
}

TEST(GeneralEngine, AFailingCommandIsAnError) {
  const auto model = make_model("cmd:false");
  EXPECT_THROW(model->start(as_bytes("x"))->context_bits(), Error);
}

// The estimate computed from its formula, by counting substrings.
double witten_bell(const std::string& seen, std::size_t order, unsigned char byte) {
  double p = 1.0 / 256;
  for (std::size_t k = 0; k <= std::min(order, seen.size()); ++k) {
    const std::string context = seen.substr(seen.size() - k);
    double total = 0, count = 0;
    std::array<bool, 256> successors{};
    for (std::size_t at = 0; at + k < seen.size(); ++at) {
      if (seen.compare(at, k, context) != 0) continue;
      const auto successor = static_cast<unsigned char>(seen[at + k]);
      ++total;
      count += successor == byte;
      successors[successor] = true;
    }
    if (total == 0) break;
    const auto distinct = static_cast<double>(std::ranges::count(successors, true));
    p = (count + distinct * p) / (total + distinct);
  }
  return p;
}

TEST(Ngram, IsWittenBellInterpolation) {
  const std::string text = "abracadabra, said the abbot; abracadabra! ";
  for (std::size_t order : {0, 1, 2, 5, 16}) {
    const auto model = make_model("ngram:" + std::to_string(order));
    double total_bits = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
      const auto state = model->start(as_bytes(text.substr(0, at)));
      EXPECT_NEAR(state->context_bits(), total_bits, 1e-9);
      std::array<double, 256> bits;
      state->next_byte(bits);
      for (unsigned char byte : {'a', 'b', ' ', 'z'})
        EXPECT_NEAR(bits[byte], -std::log2(witten_bell(text.substr(0, at), order, byte)), 1e-6);
      if (at < text.size()) total_bits += bits[static_cast<unsigned char>(text[at])];
    }
  }
}

TEST(Ngram, IncrementsAloneAreNormalised) {
  const auto state = make_model("ngram:4")->start(real_text(2000));
  std::array<double, 256> bits;
  state->next_byte(bits);
  double sum = 0;
  for (double b : bits) sum += std::exp2(-b);
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(Probabilities, OfImpossibleContinuationsAreZero) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> p = probabilities(std::vector<double>{1, infinity, 2});
  EXPECT_DOUBLE_EQ(p[0], 2.0 / 3);
  EXPECT_EQ(p[1], 0);
  EXPECT_THROW(probabilities(std::vector<double>{infinity}), Error);
  EXPECT_NEAR(surprisal_bits(std::vector<double>{-3000, 2000}, 1), 5000, 1e-9);
}

}  // namespace
}  // namespace kraft
