#include "kraft/tasks/classify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "kraft/error.h"
#include "kraft/tasks/options.h"

namespace kraft {
namespace {

using ::testing::ElementsAre;

Bytes of(std::string_view text) { return {text.begin(), text.end()}; }

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

ClassifyTask task_of(std::vector<NamedBytes> corpora, std::string_view text) {
  ClassifyTask task;
  task.corpora = std::move(corpora);
  task.inputs = {{"text", of(text)}};
  task.threads = 1;
  return task;
}

TEST(ClassifyTask, NamesTheNearestCorpusAndTheMargin) {
  const NamedBytes whales{"whales", of(repeated("the whale is upon the sea; ", 40))};
  const NamedBytes code{"code", of(repeated("int x = f(17); return x; ", 40))};
  for (const std::string model : {"gzip:9", "ngram:3"}) {
    ClassifyTask task = task_of({whales, code}, "return f(17); int");
    task.model = model;
    const ClassifyResult result = classify(task);
    const Classification& text = result.inputs[0];
    EXPECT_EQ(text.by_conditional.nearest, 1U) << model;
    EXPECT_NEAR(text.by_conditional.margin,
                text.conditional_bits_per_byte[0] - text.conditional_bits_per_byte[1], 1e-12);
    EXPECT_TRUE(text.by_conditional.tied.empty());
  }
}

// The same corpus under three names is as near to a text under each of them.
TEST(ClassifyTask, BreaksTiesByNameWhateverTheOrder) {
  const Bytes corpus = of(repeated("the whale is upon the sea; ", 20));
  const Bytes other = of(repeated("int x = f(17); return x; ", 20));
  std::vector<NamedBytes> corpora = {{"c", corpus}, {"b", corpus}, {"code", other}, {"d", corpus}};
  std::ranges::sort(corpora, {}, &NamedBytes::name);
  do {
    const ClassifyResult result = classify(task_of(corpora, "the whale"));
    const Verdict& verdict = result.inputs[0].by_conditional;
    EXPECT_EQ(result.corpora[verdict.nearest], "b");
    EXPECT_EQ(verdict.margin, 0);
    std::vector<std::string> tied;
    for (const std::size_t place : verdict.tied) tied.push_back(result.corpora[place]);
    EXPECT_THAT(tied, ::testing::UnorderedElementsAre("b", "c", "d"));
  } while (std::ranges::next_permutation(corpora, {}, &NamedBytes::name).found);
}

TEST(ClassifyTask, BreaksTiesByTheOtherMeasureFirst) {
  const Verdict verdict = verdict_between({"a", "b", "c"}, {1, 1 + 1e-12, 3}, {0.9, 0.8, 0.1});
  EXPECT_EQ(verdict.nearest, 1U);
  EXPECT_THAT(verdict.tied, ElementsAre(0, 1));
  EXPECT_EQ(verdict.margin, 0);
  EXPECT_EQ(verdict_between({"a", "b"}, {1, 1}, {0.5, 0.5}).nearest, 0U) << "then by name";
  EXPECT_EQ(verdict_between({"b", "a"}, {1, 1}, {0.5, 0.5}).nearest, 1U);
  const Verdict clear = verdict_between({"a", "b", "c"}, {4, 1.5, 2}, {0, 9, 0});
  EXPECT_EQ(clear.nearest, 1U);
  EXPECT_EQ(clear.margin, 0.5);
  EXPECT_TRUE(clear.tied.empty());
}

TEST(ClassifyTask, TakesEachLineByItself) {
  ClassifyTask task = task_of({{"a", Bytes(50, 'a')}, {"b", Bytes(50, 'b')}}, "aaaa\r\n\nbbbb\n");
  task.model = "ngram:2";
  task.lines = true;
  const ClassifyResult result = classify(task);
  ASSERT_EQ(result.inputs.size(), 2U);
  EXPECT_EQ(result.inputs[0].input, "text:1");
  EXPECT_EQ(result.inputs[0].bytes, 4U);
  EXPECT_EQ(result.inputs[0].by_conditional.nearest, 0U);
  EXPECT_EQ(result.inputs[1].input, "text:3");
  EXPECT_EQ(result.inputs[1].by_conditional.nearest, 1U);
}

TEST(ClassifyTask, WarnsOfCorporaOutOfReachButOfNoShortOnes) {
  std::string noise;
  for (unsigned i = 0, x = 1; i < 60000; ++i, x = x * 1664525 + 1013904223)
    noise += static_cast<char>('A' + (x >> 26));
  std::vector<std::string> warnings;
  Receiver receiver;
  receiver.warning = [&](const std::string& text) { warnings.push_back(text); };
  classify(task_of({{"long", of(noise)}, {"short", of("ten bytes!")}}, "text"), receiver);
  EXPECT_THAT(warnings, ElementsAre(::testing::HasSubstr("beginning of long")));
}

TEST(ClassifyTask, RefusesATaskThatIsNone) {
  const auto says = [](const ClassifyTask& task) {
    try {
      check(task);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(says(ClassifyTask{}), "corpus is missing");
  EXPECT_EQ(says(task_of({{"a", {}}}, "x")),
            "corpus must be given twice at least, to classify between them");
  EXPECT_EQ(says(task_of({{"a", {}}, {"a", {}}}, "x")), "two corpora are called 'a'");
  ClassifyTask task = task_of({{"a", {}}, {"b", {}}}, "x");
  EXPECT_THROW(classify(task), Error) << "an empty corpus";
  task = task_of({{"a", {'a'}}, {"b", {'b'}}}, "");
  EXPECT_THROW(classify(task), Error) << "an empty text";
  task.model = "gizp";
  EXPECT_THAT(says(task), ::testing::HasSubstr("unknown model"));
}

}  // namespace
}  // namespace kraft
