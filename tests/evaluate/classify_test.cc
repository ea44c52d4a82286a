#include "evaluate/classify.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/random.h"
#include "kraft/registry.h"

namespace kraft {
namespace {

Bytes sentences(std::uint64_t seed, int count, std::initializer_list<const char*> words) {
  Random random(seed);
  Bytes text;
  for (int i = 0; i < count; ++i) {
    append(text, as_bytes(words.begin()[random.below(words.size())]));
    text.push_back(random.below(9) == 0 ? '\n' : ' ');
  }
  return text;
}

Bytes english(std::uint64_t seed, int count) {
  return sentences(seed, count, {"the", "whale", "and", "sea", "of", "upon", "ship", "was"});
}

Bytes latin(std::uint64_t seed, int count) {
  return sentences(seed, count, {"gallia", "est", "omnis", "divisa", "in", "partes", "tres"});
}

double bits(const std::string& spec, ByteView text) {
  return find_backend(Spec::parse(spec).name).make_codec != nullptr
             ? make_codec(spec)->encoder()->code_length(text)
             : make_model(spec)->start(text)->context_bits();
}

TEST(Classify, DistancesAreWhatTheirFormulasSay) {
  const Bytes x = english(3, 40);
  const std::vector<Classifier::Corpus> corpora = {{"english", english(1, 800)},
                                                   {"latin", latin(2, 700)}};
  for (const std::string spec : {"gzip:9", "xz", "zstd:19", "bzip2", "ngram:3"}) {
    const Classifier classifier(spec, corpora, 1);
    const auto distances = classifier.distances(x);
    ASSERT_EQ(distances.size(), 2U);
    for (std::size_t k = 0; k < 2; ++k) {
      Bytes both = corpora[k].bytes;
      append(both, x);
      const double c_k = bits(spec, corpora[k].bytes), c_x = bits(spec, x), c_kx = bits(spec, both);
      EXPECT_NEAR(distances[k].conditional_bits_per_byte,
                  (c_kx - c_k) / static_cast<double>(x.size()), 1e-9)
          << spec;
      EXPECT_NEAR(distances[k].ncd, (c_kx - std::min(c_k, c_x)) / std::max(c_k, c_x), 1e-9) << spec;
    }
    EXPECT_LT(distances[0].conditional_bits_per_byte, distances[1].conditional_bits_per_byte)
        << spec;
  }
}

TEST(Classify, TextsGoWhereTheyBelong) {
  for (const std::string spec : {"gzip:9", "xz", "zstd:19", "brotli", "ngram:4"}) {
    const Classifier classifier(spec, {{"english", english(1, 900)}, {"latin", latin(2, 900)}}, 2);
    for (std::uint64_t seed = 10; seed < 20; ++seed) {
      const auto of_english = classifier.distances(english(seed, 30));
      EXPECT_LT(of_english[0].conditional_bits_per_byte, of_english[1].conditional_bits_per_byte);
      const auto of_latin = classifier.distances(latin(seed, 30));
      EXPECT_LT(of_latin[1].conditional_bits_per_byte, of_latin[0].conditional_bits_per_byte);
    }
  }
}

TEST(Classify, ManyTextsAreAsFarAsEachAlone) {
  const Bytes texts[] = {english(3, 40), latin(4, 30), english(5, 2)};
  const std::vector<ByteView> views(std::begin(texts), std::end(texts));
  for (const std::string spec : {"gzip:9", "ngram:3", "ppmd"}) {
    const Classifier classifier(spec, {{"english", english(1, 800)}, {"latin", latin(2, 700)}}, 2);
    std::uint64_t known = 0;
    const auto all = classifier.all_distances(views, [&](std::uint64_t n) { known = n; });
    EXPECT_EQ(known, 6U);
    ASSERT_EQ(all.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      const auto alone = classifier.distances(texts[i]);
      for (std::size_t k = 0; k < 2; ++k) {
        EXPECT_EQ(all[i][k].ncd, alone[k].ncd) << spec;
        EXPECT_EQ(all[i][k].conditional_bits_per_byte, alone[k].conditional_bits_per_byte) << spec;
      }
    }
  }
}

TEST(Classify, WindowsThatAreTooShortAreNoticed) {
  Bytes noise(100000), other(1000);
  Random random(1);
  for (Byte& byte : noise) byte = static_cast<Byte>(random.below(64));
  for (Byte& byte : other) byte = static_cast<Byte>(random.below(64));
  const Classifier gzip("gzip", {{"noise", noise}, {"other", other}}, 1);
  EXPECT_FALSE(gzip.reaches_back(0));
  EXPECT_TRUE(gzip.reaches_back(1));
  EXPECT_EQ(gzip.predictor(), nullptr);
  const Classifier xz("xz", {{"noise", noise}, {"other", other}}, 1);
  EXPECT_TRUE(xz.reaches_back(0));
  EXPECT_NE(Classifier("ngram:2", {{"a", noise}, {"b", other}}, 1).predictor(), nullptr);
}

TEST(Classify, MistakesAreErrors) {
  const Bytes text = english(1, 5);
  EXPECT_THROW(Classifier("gzip", {{"one", text}}), UsageError);
  EXPECT_THROW(Classifier("gzip", {{"one", text}, {"two", {}}}), Error);
  EXPECT_THROW(Classifier("gizp", {{"one", text}, {"two", text}}), UsageError);
  EXPECT_THROW(Classifier("gzip", {{"one", text}, {"two", text}}).distances({}), Error);
}

}  // namespace
}  // namespace kraft
