#include "kraft/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kraft/error.h"
#include "kraft/tasks/pack.h"

namespace kraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

SampleTask drawing(std::vector<std::string> models) {
  SampleTask task;
  task.models = std::move(models);
  task.context.prompt = "the cat sat on the mat. the cat ";
  task.length = 12;
  return task;
}

TEST(SampleReport, IsAnObjectForOneSampleAndAnArrayForSeveral) {
  const SampleTask one = drawing({"ngram:2"});
  const Json json = Json::parse(sample_json(one, sample(one)));
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["model"], "ngram:2");
  EXPECT_EQ(json["length_bytes"], 12);
  EXPECT_EQ(json["text"].get<std::string>().size(), 12U);
  EXPECT_FALSE(json.contains("prompt"));

  const SampleTask two = drawing({"ngram:2", "uniform"});
  const SampleResult drawn = sample(two);
  const Json both = Json::parse(sample_json(two, drawn, true));
  ASSERT_TRUE(both.is_array());
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[1]["model"], "uniform");
  EXPECT_EQ(both[1]["prompt"], "the cat sat on the mat. the cat ");

  SampleResult first = drawn;
  first.samples.resize(1);
  EXPECT_TRUE(Json::parse(sample_json(two, first)).is_array()) << "though one only was drawn";
  EXPECT_TRUE(Json::parse(sample_json(one, SampleResult{})).is_null());
}

TEST(SampleReport, SaysWhatASampleCosts) {
  const SampleTask task = drawing({"ngram:2"});
  const SampleResult result = sample(task);
  EXPECT_THAT(sample_lines(result.models[0], result.samples[0]),
              ElementsAre(StartsWith("12 bytes at ")));
  EXPECT_THAT(sample_lines(result.models[0], Sample{}), ElementsAre());
  EXPECT_EQ(sample_plot(result), "") << "there are no chains";
}

TEST(SampleReport, PlotsTheChainsThatThereAre) {
  SampleTask task = drawing({"ngram:2"});
  task.sampler = "metropolis";
  task.sampling.set(&SamplerOptions::steps, 20);
  task.sampling.set(&SamplerOptions::burn_in, 5);
  task.wants_traces = true;
  const SampleResult result = sample(task);
  EXPECT_THAT(sample_plot(result), StartsWith("<svg"));
  EXPECT_THAT(sample_lines(result.models[0], result.samples[0]),
              ElementsAre(StartsWith("12 bytes at "), HasSubstr(" of proposals accepted")));
}

TEST(CompletionReport, HasALineAnObjectAndAPicture) {
  ImageCompletionTask task;
  task.models = {"uniform"};
  task.image = {.width = 16, .height = 8, .samples = Bytes(16 * 8, 100)};
  task.rows = 2;
  const ImageCompletionResult result = complete_image(task);
  EXPECT_THAT(completion_line(task, result, result.completions.at(0)),
              ::testing::AllOf(StartsWith("uniform: 32 bytes at 8.000 bits each; PSNR "),
                               ::testing::Not(HasSubstr("quotations"))));
  EXPECT_EQ(Json::parse(completion_json(task, result))["drawn_bytes"], 32);
  EXPECT_GE(completion_panel(task, result).width, 3 * task.image.width);
  task.models.emplace_back("ngram:1");
  EXPECT_EQ(Json::parse(completion_json(task, complete_image(task))).size(), 2U);
}

TEST(CompletionReport, SaysWhatTheLimitOfQuotationsDid) {
  ImageCompletionTask task;
  task.models = {"ngram:3"};
  task.image = {.width = 16, .height = 8, .samples = Bytes(16 * 8)};
  for (std::size_t i = 0; i < task.image.samples.size(); ++i)
    task.image.samples[i] = static_cast<Byte>(i % 5);
  task.rows = 2;
  task.sampling.set(&SamplerOptions::max_copy, 4);
  const ImageCompletionResult result = complete_image(task);
  const CopyLimitReport& limit = result.completions.at(0).copy_limit;
  EXPECT_GT(limit.limited, 0U) << "what is given repeats itself";
  EXPECT_GT(limit.bits, 0);
  EXPECT_THAT(completion_line(task, result, result.completions[0]),
              HasSubstr("; quotations of more than 4 bytes were avoided " +
                        std::to_string(limit.limited) + " times, at a cost of "));
  const Json json = Json::parse(completion_json(task, result));
  EXPECT_EQ(json["copy_limit"]["limited"], limit.limited);
  EXPECT_EQ(json["copy_limit"]["bits"], limit.bits);

  task.sampler = "metropolis";
  task.sampling.set(&SamplerOptions::steps, 20);
  task.sampling.set(&SamplerOptions::burn_in, 5);
  const ImageCompletionResult chains = complete_image(task);
  EXPECT_THAT(completion_line(task, chains, chains.completions.at(0)),
              HasSubstr("passed over, at a cost that chains do not know"));
  EXPECT_TRUE(Json::parse(completion_json(task, chains))["copy_limit"]["bits"].is_null());
}

TEST(NextReport, ShowsAsManyBytesAsAreAskedFor) {
  NextTask task;
  task.models = {"ngram:2"};
  task.context.prompt = "banana banan";
  const NextResult result = next(task);
  const std::string chart = next_chart(result, {.top = 3});
  EXPECT_EQ(std::ranges::count(chart, '\n'), 5) << "a heading, three bytes and the others";
  EXPECT_THAT(chart, StartsWith("ngram:2: 12 bytes of context"));
  EXPECT_EQ(std::ranges::count(next_chart(result), '\n'), ChartStyle{}.top + 2);
  EXPECT_EQ(Json::parse(next_json(result))["probability"].size(), 256U);
}

TEST(InfoReport, SaysWhatAFileHolds) {
  const Bytes text(1000, Byte{'x'});
  Bytes packed;
  compress(CompressTask{.model = "ngram:2"}, reading(text), writing(packed));
  const std::vector<InspectedFile> files = {{"x.kraft", inspect(reading(packed))}};
  EXPECT_THAT(info_table(files), HasSubstr("x.kraft  ngram:2"));
  const Json json = Json::parse(info_json(files)).at(0);
  EXPECT_EQ(json["bytes"], 1000);
  EXPECT_EQ(json["compressed_bytes"], packed.size());
}

TEST(ModelsReport, DescribesThoseThatAreNamed) {
  EXPECT_THAT(models_table(), HasSubstr("\ngzip (gz) "));
  EXPECT_THAT(models_text({"uniform", "ngram"}), HasSubstr("\nngram: "));
  EXPECT_EQ(Json::parse(models_json({"gz"})).at(0)["name"], "gzip");
  EXPECT_EQ(Json::parse(models_json()).size(), backends().size());
  EXPECT_THROW(models_json({"gizp"}), UsageError);
}

}  // namespace
}  // namespace kraft
