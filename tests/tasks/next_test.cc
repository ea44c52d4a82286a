#include "kraft/tasks/next.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/tasks/options.h"

namespace kraft {
namespace {

NextTask task_of(std::vector<std::string> models, std::string prompt) {
  NextTask task;
  task.models = std::move(models);
  task.context.prompt = std::move(prompt);
  task.threads = 1;
  return task;
}

// The figures of tests/cli/next.stdout.
TEST(Next, GivesTheIncrementsOfEachModel) {
  const NextResult result = next(task_of({"uniform", "ngram:0"}, "aaa"));
  ASSERT_EQ(result.expectations.size(), 2U);
  const Expectation& uniform = result.expectations[0];
  EXPECT_EQ(uniform.model, "uniform");
  EXPECT_EQ(uniform.context_bytes, 3U);
  EXPECT_EQ(uniform.base_bits, 24.0);
  EXPECT_EQ(uniform.bits['x'], 8.0);
  EXPECT_EQ(uniform.probability['x'], 1.0 / 256);
  EXPECT_DOUBLE_EQ(uniform.entropy_bits, 8.0);
  const Expectation& ngram = result.expectations[1];
  EXPECT_GT(ngram.probability['a'], 0.5);
}

TEST(Next, TakesCorpusFileAndPromptInThisOrder) {
  NextTask task = task_of({"ngram:2"}, "ab");
  task.context.prime = Bytes{'x', 'y', 'z'};
  task.context.prime_first = 2;
  task.context.input = Bytes{'1'};
  std::array<double, 256> bits;
  make_model("ngram:2")->start(as_bytes("xy1ab"))->next_byte(bits);
  EXPECT_EQ(next(task).expectations[0].bits, bits);
  task.context.input = Bytes();
  EXPECT_EQ(next(task).expectations[0].context_bytes, 4U) << "an empty file is an empty text";
}

TEST(Next, DoesNotPriceAContextUnlessThatIsFreeOrAsked) {
  NextTask task = task_of({"gzip:9", "mix:gzip:9,ngram:2", "product:ngram:1,ngram:2"}, "banana ba");
  const auto base_bits = [&] {
    std::vector<bool> known;
    for (const Expectation& of : next(task).expectations) known.push_back(of.base_bits.has_value());
    return known;
  };
  EXPECT_THAT(base_bits(), ::testing::ElementsAre(true, false, false));
  task.base_bits = BaseBits::off;
  EXPECT_THAT(base_bits(), ::testing::ElementsAre(false, false, false));
  task.base_bits = BaseBits::on;
  EXPECT_THAT(base_bits(), ::testing::ElementsAre(true, true, true));
  EXPECT_EQ(*next(task).expectations[1].base_bits,
            make_model("mix:gzip:9,ngram:2")->start(as_bytes("banana ba"))->context_bits());
}

TEST(Next, WarnsOfAContextThatIsOutOfReach) {
  NextTask task = task_of({"gzip:9"}, "");
  task.context.prime = Bytes(40000, 'a');
  std::vector<std::string> warnings;
  Receiver receiver;
  receiver.warning = [&](const std::string& text) { warnings.push_back(text); };
  next(task, receiver);
  EXPECT_THAT(warnings, ::testing::ElementsAre(::testing::HasSubstr("reaches back")));
}

TEST(Next, RefusesATaskThatIsNone) {
  EXPECT_THROW(check(NextTask{}), OptionError);
  EXPECT_THROW(next(NextTask{}), OptionError);
  EXPECT_THROW(check(task_of({"gizp"}, "")), UsageError);
  NextTask task = task_of({"ngram"}, "");
  task.context.prime_first = 5;
  EXPECT_THROW(check(task), OptionError) << "of no corpus";
  task.context.prime_first = -1;
  EXPECT_THROW(next(task), OptionError);
}

TEST(Next, AsksForTheViewsThatAreWanted) {
  NextTask task = task_of({"gzip:9", "ngram:2"}, "banana ba");
  task.view = ChosenView::both;
  const NextResult both = next(task);
  ASSERT_EQ(both.expectations.size(), 3U);
  EXPECT_EQ(both.expectations[0].model, "gzip:9");
  EXPECT_EQ(both.expectations[1].model, "gzip:9,view=decoder");
  EXPECT_EQ(both.expectations[2].model, "ngram:2");
  EXPECT_EQ(both.expectations[1].bits,
            next(task_of({"gzip:9,view=decoder"}, "banana ba")).expectations[0].bits);
  EXPECT_EQ(both.expectations[1].base_bits, std::nullopt) << "it would have to be predicted";
  task.view = ChosenView::encoder;
  EXPECT_EQ(next(task).expectations.size(), 2U);
  task.view = ChosenView::decoder;
  EXPECT_THROW(check(task), UsageError) << "ngram has none";
  task.models = {"gzip:9,view=decoder"};
  EXPECT_THROW(check(task), UsageError) << "chosen twice";
}

}  // namespace
}  // namespace kraft
