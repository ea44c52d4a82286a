#include "kraft/tasks/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "kraft/error.h"
#include "kraft/random.h"
#include "kraft/report.h"
#include "kraft/tasks/options.h"

namespace kraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

NamedBytes text_file() {
  Bytes text;
  Random random(7);
  static constexpr const char* kWords[] = {"the ", "white ", "whale ", "swam ",
                                           "and ", "sank ",  "a ",     "ship. "};
  while (text.size() < 4000) append(text, as_bytes(std::string(kWords[random.below(8)])));
  return {"folder/text", text};
}

NamedBytes image_file() {
  Image image{70, 30, 1, 8, {}};
  for (std::size_t i = 0; i < 2100; ++i)
    image.samples.push_back(static_cast<Byte>(i % 70 * 3 + i / 70));
  return {"image.png", write_png(image)};
}

CompareTask small_task() {
  CompareTask task;
  task.inputs = {text_file(), image_file()};
  task.models = {"gzip:9", "ngram:2"};
  task.judges = {"ngram:3"};
  task.windows = 2;
  task.positions = 3;
  task.context_bytes = 200;
  task.truth_bytes = 30;
  task.threads = 1;
  return task;
}

TEST(Compare, ShowsBothViewsOfACodecBesideEachOther) {
  CompareTask task = small_task();
  task.inputs.pop_back();
  task.models = {"gzip:9", "ngram:2"};
  task.view = ChosenView::both;
  const CompareResult both = compare(task);
  std::vector<std::string> models;
  for (const CompareRow& row : both.rows) models.push_back(row.model);
  EXPECT_THAT(models, ElementsAre("truth", "gzip:9", "gzip:9,view=decoder", "ngram:2", "uniform"));
  task.models = {"gzip:9,view=decoder"};
  EXPECT_THROW(check(task), UsageError) << "chosen twice";
  task.view = ChosenView::given;
  const CompareResult decoder = compare(task);
  EXPECT_EQ(decoder.rows[1].figures.at("bits_per_byte").mean,
            both.rows[2].figures.at("bits_per_byte").mean);
  if (!has_compare_page()) GTEST_SKIP() << "built without Chart.js: no page";
  const std::string page = compare_page(both, "kraft compare");
  const std::size_t encoder_at = page.find("{\"model\":\"gzip:9\"");
  const std::size_t decoder_at = page.find("{\"model\":\"gzip:9,view=decoder\"");
  ASSERT_NE(decoder_at, page.npos);
  EXPECT_LT(encoder_at, decoder_at);
}

// Without what depends on the clock and the machine.
std::string lasting(const CompareResult& result) {
  std::istringstream lines(compare_csv(result));
  std::string text, line;
  while (std::getline(lines, line)) {
    if (line.find("_per_second") == line.npos && line.find("peak_memory") == line.npos)
      text += line + "\n";
  }
  return text;
}

TEST(Compare, HasARowForEachModelBetweenItsBounds) {
  const CompareResult result = compare(small_task());
  ASSERT_EQ(result.inputs.size(), 2U);
  EXPECT_EQ(result.inputs[0].medium, Medium::text);
  EXPECT_EQ(result.inputs[1].medium, Medium::image);
  ASSERT_EQ(result.rows.size(), 8U);
  EXPECT_EQ(result.rows[0].model, "truth");
  EXPECT_TRUE(result.rows[0].bound);
  EXPECT_EQ(result.rows[1].model, "gzip:9");
  EXPECT_THAT(result.rows[1].identity, HasSubstr("gzip:9 (zlib"));
  EXPECT_EQ(result.rows[3].model, "uniform");
  EXPECT_NEAR(result.rows[3].figures.at("bits_per_byte").mean, 8, 1e-12);
  EXPECT_EQ(result.rows[1].figures.at("bits_per_byte").count, 2U);
  EXPECT_TRUE(result.rows[5].figures.contains("psnr_db"));
  EXPECT_FALSE(result.rows[5].figures.contains("known_words"));
  // Two windows of two inputs: one sample of two models and two bounds.
  EXPECT_EQ(result.samples.size(), 16U);
  for (const CompareRecord& record : result.records()) {
    EXPECT_FALSE(record.figure.empty());
    EXPECT_EQ(record.input, result.inputs[record.input == "image.png"].name);
  }
}

TEST(Compare, SharesAndTheirIntervalsLieBetweenZeroAndOne) {
  for (const CompareRecord& record : compare(small_task()).records()) {
    if (record.figure != "known_words" && record.figure != "top1_accuracy" &&
        record.figure != "frontier_area" && !record.figure.starts_with("distinct_"))
      continue;
    EXPECT_GE(record.estimate.low, 0) << record.model << " " << record.figure;
    EXPECT_LE(record.estimate.high, 1) << record.model << " " << record.figure;
    EXPECT_LE(record.estimate.low, record.estimate.mean);
    EXPECT_GE(record.estimate.high, record.estimate.mean);
  }
}

TEST(Compare, ThreadsChangeNothing) {
  CompareTask task = small_task();
  const std::string one = lasting(compare(task));
  task.threads = 3;
  EXPECT_EQ(lasting(compare(task)), one);
}

TEST(Compare, SaysHowFarItIs) {
  std::vector<std::uint64_t> done;
  std::uint64_t total = 0;
  Receiver receiver;
  receiver.progress = [&](const ProgressReport& report) {
    done.push_back(report.done);
    total = report.total;
  };
  compare(small_task(), receiver);
  ASSERT_FALSE(done.empty());
  EXPECT_TRUE(std::ranges::is_sorted(done));
  EXPECT_EQ(done.back(), total);
  EXPECT_EQ(total, 2U * 2 * (2 * 2 + 4));  // inputs, windows; models and bounds, both kinds of cell
}

TEST(Compare, EndsWhenItIsCancelled) {
  std::atomic<bool> stop = false;
  Receiver receiver;
  receiver.progress = [&](const ProgressReport& report) { stop = report.done >= 3; };
  receiver.cancelled = [&] { return stop.load(); };
  try {
    compare(small_task(), receiver);
    FAIL() << "it was not cancelled";
  } catch (const Cancelled& error) {
    EXPECT_STREQ(error.what(), "interrupted after 3 of 32 cells");
  }
}

class CompareResume : public ::testing::Test {
 protected:
  CompareResume() {
    char name[] = "/tmp/kraft-compare-XXXXXX";
    folder_ = ::mkdtemp(name);
    task_.resume = folder_ + "/cells";
    receiver_.note = [this](const std::string& text) { notes_.push_back(text); };
    receiver_.progress = [this](const ProgressReport& report) { computed_ = report.done; };
  }
  ~CompareResume() override { std::filesystem::remove_all(folder_); }

  std::string text() const {
    std::ifstream file(*task_.resume);
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
  }

  std::string folder_;
  CompareTask task_ = small_task();
  Receiver receiver_;
  std::vector<std::string> notes_;
  std::uint64_t computed_ = 0;
};

TEST_F(CompareResume, WhatIsKeptIsNotComputedAgain) {
  const std::string first = compare_csv(compare(task_, receiver_));
  EXPECT_EQ(computed_, 32U);
  computed_ = 0;
  EXPECT_EQ(compare_csv(compare(task_, receiver_)), first);
  EXPECT_EQ(computed_, 0U);
  task_.models.emplace_back("uniform");  // four windows, two cells each
  compare(task_, receiver_);
  EXPECT_EQ(computed_, 8U);
  EXPECT_TRUE(notes_.empty());
}

TEST_F(CompareResume, DamageIsSaidAndComputedAgain) {
  const std::string first = lasting(compare(task_));
  std::string changed = text();
  const std::size_t at = changed.find("\"code_bits_per_byte\":", changed.find("gzip")) + 21;
  changed[at] = changed[at] == '9' ? '8' : '9';
  std::ofstream(*task_.resume) << changed;
  EXPECT_EQ(lasting(compare(task_, receiver_)), first);
  EXPECT_EQ(computed_, 1U);
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("is damaged, and its cell is computed again")));
}

TEST_F(CompareResume, OtherSettingsAreRefused) {
  compare(task_);
  task_.seed = 2;
  EXPECT_THROW(compare(task_), Error);
}

TEST(Compare, RefusesOptionsOfMediaThatNoInputIsOf) {
  const auto refusal = [](const NamedBytes& input, const std::string& option,
                          const std::string& value) -> std::string {
    CompareTask task = small_task();
    task.inputs = {input};
    task.judges.clear();
    if (input.name == image_file().name) task.context_bytes = task.truth_bytes = std::nullopt;
    compare_options().parse(task, option, value);
    try {
      compare(task, {.cancelled = [] { return true; }});
    } catch (const OptionError& error) {
      return error.what();
    } catch (const Cancelled&) {
    }
    return "";
  };
  const std::string of_image = " has no meaning for these inputs; it is an option of images";
  EXPECT_EQ(refusal(text_file(), "rows", "4"), "rows" + of_image) << "though it is the default";
  EXPECT_EQ(refusal(text_file(), "side", "0"), "side" + of_image);
  EXPECT_EQ(refusal(image_file(), "rows", "4"), "");
  EXPECT_EQ(refusal(text_file(), "samples", "9"),
            "samples has no meaning for these inputs; it is an option of recordings");
  EXPECT_EQ(refusal(image_file(), "judge", "ngram:3"),
            "judge has no meaning for these inputs; it is an option of text");
  EXPECT_EQ(refusal(text_file(), "length", "64"), "");
}

TEST(Compare, WhatCannotBeMeantIsAUsageError) {
  const auto refuses = [](auto change) {
    CompareTask task = small_task();
    change(task);
    EXPECT_THROW(check(task), UsageError);
    EXPECT_THROW(compare(task), UsageError);
  };
  refuses([](CompareTask& task) { task.models.clear(); });
  refuses([](CompareTask& task) { task.inputs.clear(); });
  refuses([](CompareTask& task) { task.samplers.clear(); });
  refuses([](CompareTask& task) { task.models = {"gizp"}; });
  refuses([](CompareTask& task) { task.models = {"gzip", "gzip"}; });
  refuses([](CompareTask& task) { task.judges = {"nobody"}; });
  refuses([](CompareTask& task) { task.samplers = {"ancestor"}; });
  refuses([](CompareTask& task) { task.samplers = {"ancestral,tail=9"}; });
  refuses([](CompareTask& task) { task.count = 0; });
  refuses([](CompareTask& task) { task.rows = 16; });
  refuses([](CompareTask& task) { task.alphabet = "chars:"; });
  CompareTask tiny = small_task();
  tiny.inputs[0].bytes.resize(400);
  EXPECT_NO_THROW(check(tiny));  // which reads nothing
  EXPECT_THROW(compare(tiny), Error);
}

}  // namespace
}  // namespace kraft
