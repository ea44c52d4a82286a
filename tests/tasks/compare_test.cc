#include "kraft/tasks/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "kraft/error.h"
#include "kraft/random.h"
#include "kraft/report.h"
#include "kraft/tasks/options.h"
#include "run/store.h"

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
  task.view = ChosenView::given;
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

TEST(Compare, LooksAtBothViewsOfWhatIsGivenWithoutOne) {
  CompareTask task = small_task();
  task.inputs.pop_back();
  task.samplers = {"ancestral"};
  const auto models_of = [&task](std::vector<std::string> models) {
    task.view = std::nullopt;
    task.models = std::move(models);
    std::vector<std::string> found;
    for (const CompareRow& row : compare(task).rows) {
      if (!row.bound) found.push_back(row.model);
    }
    return found;
  };
  EXPECT_THAT(models_of({"gzip:9", "ngram:2"}),
              ElementsAre("gzip:9", "gzip:9,view=decoder", "ngram:2"));
  EXPECT_THAT(models_of({"gzip:9,view=decoder"}), ElementsAre("gzip:9,view=decoder"));
  EXPECT_THAT(models_of({"gzip:9,view=encoder"}), ElementsAre("gzip:9,view=encoder"));
  EXPECT_THAT(models_of({"gzip:9,engine=clone"}), ElementsAre("gzip:9,engine=clone"))
      << "an engine of the encoder's";
  EXPECT_THAT(models_of({"gzip:9,view=decoder", "gzip:9"}),
              ElementsAre("gzip:9,view=decoder", "gzip:9"));
}

TEST(Compare, ModelsAndSamplersOfOneMediumAreThere) {
  CompareTask task = small_task();
  task.models_of[Medium::image] = {"png:1"};
  task.models_of[Medium::text] = {"ngram:1"};
  task.samplers_of[Medium::text] = {"ancestral", "ancestral,temperature=0.5"};
  task.reference = "png:1";
  const CompareResult result = compare(task);
  const auto rows_of = [&](const std::vector<CompareRow>& rows, std::size_t input) {
    std::vector<std::string> found;
    for (const CompareRow& row : rows) {
      if (row.input == input && !row.bound) found.push_back(row.model + " " + row.sampler);
    }
    return found;
  };
  const std::vector<std::string> text = {"gzip:9 ancestral",  "gzip:9 ancestral,temperature=0.5",
                                         "ngram:2 ancestral", "ngram:2 ancestral,temperature=0.5",
                                         "ngram:1 ancestral", "ngram:1 ancestral,temperature=0.5"};
  EXPECT_EQ(rows_of(result.rows, 0), text);
  EXPECT_EQ(rows_of(result.pooled, 0), text);
  EXPECT_THAT(rows_of(result.rows, 1),
              ElementsAre("gzip:9 ancestral", "ngram:2 ancestral", "png:1 ancestral"));
  task.models_of[Medium::image] = {"gzip:9"};
  EXPECT_THROW(check(task), UsageError) << "given twice";
  task.models_of[Medium::image] = {"gizp"};
  EXPECT_THROW(check(task), UsageError);
}

TEST(Compare, ShowsOwnRatesAndRatiosEverywhere) {
  CompareTask task = small_task();
  task.view = std::nullopt;
  const CompareResult result = compare(task);
  for (const CompareRow& row : result.rows) {
    const bool codec = row.model.starts_with("gzip");
    ASSERT_EQ(row.figures.contains("own_bits_per_byte"), codec) << row.model;
    if (!codec || !row.figures.contains("own_rate_ratio")) continue;
    EXPECT_NEAR(row.figures.at("own_rate_ratio").mean,
                row.figures.at("bits_per_byte").mean / row.figures.at("own_bits_per_byte").mean,
                1e-9);
  }
  EXPECT_TRUE(result.rows[2].figures.contains("own_rate_ratio")) << result.rows[2].model;
  EXPECT_THAT(compare_table(result), HasSubstr("own rate"));
  EXPECT_THAT(compare_json(result), HasSubstr("\"own_rate_ratio\": {\n"));
  EXPECT_THAT(compare_csv(result), HasSubstr("gzip:9,view=decoder\",ancestral,own_rate_ratio,"));
  if (has_compare_page()) {
    EXPECT_THAT(compare_page(result, "kraft compare"), HasSubstr("\"own_rate_ratio\":{\"mean\""));
  }
}

TEST(Compare, SaysWhatIsToldApartOverTheSameWindows) {
  CompareTask task = small_task();
  task.inputs.pop_back();
  task.models = {"ngram:2", "uniform", "ngram:1"};
  task.samplers = {"ancestral", "ancestral,temperature=0.5"};
  task.windows = 5;
  const CompareResult result = compare(task);
  const auto row = [&](const std::string& model, const std::string& sampler) {
    return *std::ranges::find_if(result.rows, [&](const CompareRow& r) {
      return r.model == model && r.sampler == sampler && !r.bound;
    });
  };
  EXPECT_TRUE(row("ngram:2", "ancestral").reference) << "the first one";
  EXPECT_TRUE(row("ngram:2", "ancestral").differences.empty() ||
              !row("ngram:2", "ancestral").differences.contains("bits_per_byte"));
  const Difference d = row("uniform", "ancestral").differences.at("bits_per_byte");
  EXPECT_NEAR(d.estimate.mean, 8 - row("ngram:2", "ancestral").figures.at("bits_per_byte").mean,
              1e-9);
  EXPECT_NEAR(d.estimate.standard_error,
              row("ngram:2", "ancestral").figures.at("bits_per_byte").standard_error, 1e-9)
      << "nothing of uniform's varies";
  EXPECT_GE(d.p_holm, d.p);
  // Predictions have one place for all samplers, samples one for each.
  EXPECT_EQ(row("uniform", "ancestral").places.at("bits_per_byte").best, 3U);
  EXPECT_EQ(row("uniform", "ancestral,temperature=0.5").places.at("bits_per_byte").worst, 3U);
  EXPECT_EQ(row("uniform", "ancestral").places.at("known_words").worst, 6U);
  EXPECT_FALSE(row("uniform", "ancestral").places.contains("bytes_per_second"));
  for (const CompareRow& bound : {result.rows.front(), result.rows.back()})
    EXPECT_TRUE(bound.bound && bound.places.empty() && bound.differences.empty());
  EXPECT_THAT(compare_table(result), HasSubstr("differences to ngram:2, ancestral over"));
  EXPECT_THAT(compare_json(result), HasSubstr("\"p_holm\":"));

  task.reference = "truth";
  for (const CompareRow& other : compare(task).rows) {
    EXPECT_EQ(other.reference, other.bound && other.model == "truth");
    if (!other.bound) {
      EXPECT_NEAR(other.differences.at("bits_per_byte").estimate.mean,
                  other.figures.at("bits_per_byte").mean, 1e-9);
    }
  }
  task.reference = "gzip";
  EXPECT_THROW(check(task), UsageError);
}

TEST(Compare, SaysHowMuchOfTheErrorComesFromTheSeeds) {
  CompareTask task = small_task();
  task.inputs.pop_back();
  task.models = {"ngram:2"};
  const auto row_of = [](const CompareResult& result) {
    return nlohmann::json::parse(compare_json(result))["rows"][1]["figures"];
  };
  const auto one = row_of(compare(task));
  EXPECT_TRUE(one["mean_copy_bytes"].at("seed_error").is_null()) << "of one sample there is none";
  EXPECT_FALSE(one["bits_per_byte"].contains("seed_error"));
  EXPECT_FALSE(one["bytes_per_second"].contains("seed_error"));

  task.count = 3;
  const CompareResult result = compare(task);
  double variance = 0;  // within a window, on average over the two
  for (const std::size_t window : {0, 1}) {
    std::vector<double> values;
    for (const CompareSample& sample : result.samples) {
      if (sample.window == window && sample.model == "ngram:2")
        values.push_back(sample.figures.at("mean_copy_bytes"));
    }
    ASSERT_EQ(values.size(), 3U);
    const double mean = (values[0] + values[1] + values[2]) / 3;
    for (const double value : values) variance += (value - mean) * (value - mean) / 2 / 2;
  }
  ASSERT_GT(variance, 0);
  const double expected = std::sqrt(variance / (3 * 2));
  EXPECT_NEAR(row_of(result)["mean_copy_bytes"]["seed_error"].get<double>(), expected, 1e-12);
  for (const CompareRecord& record : result.records()) {
    if (record.model == "ngram:2" && record.figure == "mean_copy_bytes") {
      EXPECT_NEAR(record.seed_error.value(), expected, 1e-12);
    } else if (record.figure == "bits_per_byte" || record.model == "truth") {
      EXPECT_FALSE(record.seed_error);
    }
  }
  EXPECT_THAT(compare_table(result, Columns::all), HasSubstr("in brackets: how much of the error"));
  EXPECT_THAT(compare_table(result), ::testing::Not(HasSubstr("in brackets")));
}

TEST(Compare, DrawsWithEachSamplerAtEachTemperature) {
  CompareTask task = small_task();
  task.inputs.pop_back();
  task.models = {"ngram:2"};
  task.samplers = {"ancestral", "ancestral,top-k=3"};
  task.temperatures = {1, 0.5};
  std::vector<std::string> samplers;
  for (const CompareRow& row : compare(task).rows) samplers.push_back(row.sampler);
  EXPECT_THAT(samplers, ElementsAre("-", "ancestral", "ancestral,temperature=0.5",
                                    "ancestral,top-k=3", "ancestral,top-k=3,temperature=0.5", "-"));
  task.samplers = {"auto"};
  samplers.clear();
  for (const CompareRow& row : compare(task).rows) samplers.push_back(row.sampler);
  EXPECT_THAT(samplers, ElementsAre("-", "ancestral", "ancestral,temperature=0.5", "-"));
  const auto refused = [&task](std::vector<std::string> specs, std::vector<double> temperatures) {
    task.samplers = std::move(specs);
    task.temperatures = std::move(temperatures);
    EXPECT_THROW(check(task), UsageError);
  };
  refused({"ancestral,temperature=0.7"}, {0.5});
  refused({"ancestral"}, {0.5, 0.5});
  refused({"ancestral"}, {-1});
  EXPECT_THROW(compare_options().parse(task, "temperatures", "0.5,,1"), OptionError);
  compare_options().parse(task, "temperatures", "0.5,2");
  EXPECT_THAT(task.temperatures, ElementsAre(0.5, 2));
}

TEST(Compare, WritesWhatTheEvaluationHarnessWrites) {
  CompareTask task = small_task();
  task.models = {"ngram:2", "product:\"ngram:1\",uniform^0.5"};
  task.samplers = {"ancestral", "ancestral,temperature=0.5"};
  task.windows = 3;
  const CompareResult result = compare(task);
  const std::vector<NamedBytes> files = compare_lm_eval(result, 1'700'000'000);
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].name, "ngram__2/results_2023-11-14T22-13-20.json");
  EXPECT_EQ(files[1].name, "product__ngram__1__,uniform^0.5/results_2023-11-14T22-13-20.json");
  const auto json = nlohmann::json::parse(as_text(files[0].bytes));
  EXPECT_EQ(json["model_name"], "ngram:2");
  EXPECT_EQ(json["date"], 1'700'000'000);
  EXPECT_TRUE(json.contains("total_evaluation_time_seconds"));
  ASSERT_EQ(json["results"].size(), 2U);
  for (const CompareRow& row : result.rows) {
    if (row.model != "ngram:2") continue;
    const std::string name = result.inputs[row.input].name;
    const auto& of = json["results"][name];
    EXPECT_EQ(of["alias"], name);
    const Estimate& bits = row.figures.at("bits_per_byte");
    EXPECT_EQ(of["bits_per_byte,none"], bits.mean);
    EXPECT_EQ(of["bits_per_byte_stderr,none"], bits.standard_error);
    EXPECT_NEAR(of["byte_perplexity,none"].get<double>(), std::exp2(bits.mean), 1e-9);
    EXPECT_EQ(of["byte_perplexity_stderr,none"], "N/A");
    EXPECT_FALSE(json["higher_is_better"][name]["bits_per_byte"]);
    EXPECT_EQ(json["n-samples"][name]["effective"], row.windows);
    EXPECT_EQ(json["configs"][name]["task"], name);
    EXPECT_THAT(json["configs"][name]["metric_list"].dump(),
                HasSubstr("\"aggregation\":\"weighted_perplexity\""));
    EXPECT_FALSE(of.contains("bytes_per_second,none"));
    // A figure of samples has the sampler as its filter.
    const std::string filter =
        row.sampler == "ancestral" ? "ancestral" : "ancestral;temperature=0.5";
    for (const Figure& figure : result.inputs[row.input].figures) {
      const auto found = row.figures.find(figure.key);
      if (figure.kind != FigureKind::sample || found == row.figures.end()) continue;
      if (std::isfinite(found->second.mean)) {
        EXPECT_EQ(of[figure.key + "," + filter], found->second.mean) << figure.key;
      }
    }
  }
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

// Files of versions that knew no own rates: their samples and bounds stay.
TEST_F(CompareResume, PredictionsWithoutAnOwnRateAreComputedAgain) {
  const std::string first = lasting(compare(task_));
  std::ifstream file(*task_.resume);
  std::string line;
  std::getline(file, line);
  task_.resume = folder_ + "/old";
  {
    const std::string settings = nlohmann::json::parse(line)["kraft_compare"];
    CellStore old(*task_.resume, "compare", settings, [](const std::string&) {});
    while (std::getline(file, line)) {
      nlohmann::json cell = nlohmann::json::parse(line);
      std::string key = cell["key"];
      if (const std::size_t at = key.find(", own rate"); at != key.npos) {
        key.resize(at);
        cell["cell"]["figures"].erase("own_bits_per_byte");
      }
      old.add(key, cell["cell"].dump());
    }
  }
  EXPECT_EQ(lasting(compare(task_, receiver_)), first);
  EXPECT_EQ(computed_, 4U);  // those of gzip:9 in two windows of two inputs
  EXPECT_TRUE(notes_.empty());
}

TEST_F(CompareResume, ABudgetGivesFastModelsMoreWindows) {
  task_.inputs.pop_back();
  task_.models = {"ngram:2", "uniform"};
  task_.windows = 6;
  task_.budget_seconds = 1e-9;
  const CompareResult few = compare(task_, receiver_);
  for (const CompareRow& row : few.rows) {
    EXPECT_EQ(row.windows, kLeastWindows) << row.model;
    EXPECT_EQ(row.figures.at("bits_per_byte").count, kLeastWindows);
  }
  EXPECT_THAT(compare_table(few), HasSubstr("up to 6 windows"));
  EXPECT_THAT(compare_table(few), HasSubstr(" n "));
  EXPECT_EQ(computed_, kLeastWindows * (2 * 2 + 4));
  // What the file says the first windows took is what counts, so that nothing is computed again.
  computed_ = 0;
  EXPECT_EQ(lasting(compare(task_, receiver_)), lasting(few));
  EXPECT_EQ(computed_, 0U);
  // More time goes on from there, to what there is without a budget.
  task_.budget_seconds = 1e6;
  const std::string all = lasting(compare(task_, receiver_));
  EXPECT_EQ(computed_, (6 - kLeastWindows) * (2 * 2 + 4));
  task_.budget_seconds = std::nullopt;
  computed_ = 0;
  EXPECT_EQ(lasting(compare(task_, receiver_)), all);
  EXPECT_EQ(computed_, 0U);
}

TEST_F(CompareResume, FilesOfSeveralRunsMakeOneResult) {
  const CompareResult whole = [] {
    CompareTask task = small_task();
    task.samplers = {"ancestral", "ancestral,temperature=0.5"};
    return compare(task);
  }();
  task_.samplers = {"ancestral", "ancestral,temperature=0.5"};
  task_.models = {"gzip:9"};
  task_.resume = folder_ + "/a";
  compare(task_);
  task_.models = {"ngram:2"};
  task_.inputs.pop_back();
  task_.inputs[0].name = "called otherwise here";
  task_.resume = folder_ + "/b";
  compare(task_);
  CompareTask merging;
  merging.from = {folder_ + "/a", folder_ + "/b"};
  const CompareResult merged = compare(merging, receiver_);
  EXPECT_TRUE(notes_.empty());
  EXPECT_EQ(computed_, 0U);
  ASSERT_EQ(merged.inputs.size(), 2U);
  EXPECT_EQ(merged.inputs[0].name, "folder/text");
  // All rows of the text are there, and the picture's of gzip and the bounds.
  std::vector<std::string> rows;
  for (const CompareRow& row : merged.rows)
    rows.push_back(std::to_string(row.input) + " " + row.model + " " + row.sampler);
  EXPECT_THAT(
      rows, ElementsAre("0 truth -", "0 gzip:9 ancestral", "0 gzip:9 ancestral,temperature=0.5",
                        "0 ngram:2 ancestral", "0 ngram:2 ancestral,temperature=0.5", "0 uniform -",
                        "1 truth -", "1 gzip:9 ancestral", "1 gzip:9 ancestral,temperature=0.5",
                        "1 uniform -"));
  const auto of_text = [](const CompareResult& result) {
    CompareResult text = result;
    std::erase_if(text.rows, [](const CompareRow& row) { return row.input != 0; });
    text.inputs.resize(1);
    std::erase_if(text.samples, [](const CompareSample& sample) { return sample.input != 0; });
    return text;
  };
  EXPECT_EQ(lasting(of_text(merged)), lasting(of_text(whole)));
  EXPECT_EQ(compare_table(of_text(merged), Columns::lasting),
            compare_table(of_text(whole), Columns::lasting));
  ASSERT_EQ(of_text(merged).samples.size(), of_text(whole).samples.size());
  for (std::size_t i = 0; i < of_text(whole).samples.size(); ++i)
    EXPECT_EQ(of_text(merged).samples[i].bytes, of_text(whole).samples[i].bytes);
  if (has_compare_page()) {
    EXPECT_THAT(compare_page(merged, "kraft compare"), HasSubstr("\"width\":64,\"context\":\""));
  }
  merging.reference = "ngram:2";
  EXPECT_TRUE(compare(merging).rows[3].reference);
  merging.reference = "xz";
  EXPECT_THROW(compare(merging), UsageError);
  merging.reference = std::nullopt;
  merging.models = {"gzip"};
  EXPECT_THROW(compare(merging), UsageError) << "nothing is computed";
}

CompareTask mauve_task() {
  CompareTask task = small_task();
  task.inputs.pop_back();
  for (int i = 0; i < 9; ++i) append(task.inputs[0].bytes, text_file().bytes);
  task.models = {"ngram:2"};
  task.windows = 25;
  task.count = 2;
  task.positions = 1;
  return task;
}

TEST_F(CompareResume, FeaturesAreAddedToWhatWasDrawn) {
  const std::string resume = *task_.resume;
  task_ = mauve_task();
  task_.resume = resume;
  task_.features = "none";
  const CompareResult without = compare(task_, receiver_);
  EXPECT_EQ(computed_, 3 * 2 * 25U);
  EXPECT_TRUE(without.features.empty());
  EXPECT_FALSE(without.rows[1].figures.contains("mauve"));
  EXPECT_THAT(compare_table(without, Columns::lasting), Not(HasSubstr("MAUVE")));

  computed_ = 0;
  task_.features.reset();
  const CompareResult with = compare(task_, receiver_);
  EXPECT_EQ(computed_, 3 * 25U) << "features alone";
  EXPECT_EQ(with.features, "bytelm:text");
  const Estimate& mauve = with.rows[1].figures.at("mauve");
  EXPECT_GT(mauve.mean, 0);
  EXPECT_LT(mauve.mean, 1);
  EXPECT_GT(mauve.standard_error, 0);
  EXPECT_GE(mauve.low, 0);
  EXPECT_EQ(mauve.count, 25U);
  EXPECT_THAT(compare_table(with, Columns::concise), HasSubstr("MAUVE of 50 samples against 50"));
  EXPECT_THAT(compare_csv(with), HasSubstr(",mauve,"));
  EXPECT_THAT(compare_csv(with), HasSubstr(",mauve_spread,"));
  const auto json = nlohmann::json::parse(compare_json(with));
  EXPECT_EQ(json["settings"]["features"], "bytelm:text");
  EXPECT_EQ(json["rows"][1]["mauve_samples"], 50);
  EXPECT_EQ(json["rows"][1]["figures"]["mauve"]["mean"], mauve.mean);
  EXPECT_EQ(json["samples"].size(), (1 + 2 + 2) * 25U);
  EXPECT_THAT(compare_lm_eval(with, 0)[0].bytes.size(), testing::Gt(0U));

  computed_ = 0;
  EXPECT_EQ(compare_csv(compare(task_, receiver_)), compare_csv(with));
  EXPECT_EQ(computed_, 0U);
  EXPECT_TRUE(notes_.empty());

  CompareTask merging;
  merging.from = {resume};
  const CompareResult merged = compare(merging, receiver_);
  EXPECT_EQ(merged.features, "bytelm:text");
  EXPECT_EQ(lasting(merged), lasting(with));
  EXPECT_EQ(compare_table(merged, Columns::lasting), compare_table(with, Columns::lasting));
}

TEST(Compare, WithoutSamplesEnoughThereIsNoMauve) {
  CompareTask task = mauve_task();
  task.windows = 24;
  std::vector<std::string> notes;
  Receiver receiver;
  receiver.note = [&notes](const std::string& text) { notes.push_back(text); };
  EXPECT_TRUE(compare(task, receiver).features.empty());
  EXPECT_TRUE(notes.empty()) << "nobody has asked for it";
  task.features = "bytelm:text";
  EXPECT_TRUE(compare(task, receiver).features.empty());
  EXPECT_THAT(notes, ElementsAre(HasSubstr("MAUVE: 48 samples")));
}

TEST(Compare, FeaturesAreOfLanguageModels) {
  CompareTask task = mauve_task();
  for (const char* wrong : {"gzip:9", "ngram:2"}) {
    task.features = wrong;
    try {
      compare(task);
      FAIL() << wrong;
    } catch (const OptionError& error) {
      EXPECT_THAT(error.what(), HasSubstr(wrong));
    }
  }
  task.features = "bytelmm:text";
  EXPECT_THROW(check(task), UsageError);
  task.features = "none";
  EXPECT_NO_THROW(check(task));
  task.inputs = {image_file()};
  EXPECT_THROW(compare(task), OptionError) << "of text alone";
}

TEST_F(CompareResume, FilesThatContradictEachOtherAreRefusedByName) {
  task_.inputs.pop_back();
  task_.models = {"ngram:2"};
  compare(task_);
  std::ifstream file(*task_.resume);
  std::string line;
  std::getline(file, line);
  const std::string settings = nlohmann::json::parse(line)["kraft_compare"];
  std::vector<std::pair<std::string, nlohmann::json>> lines;
  while (std::getline(file, line)) {
    const auto json = nlohmann::json::parse(line);
    lines.emplace_back(json["key"].get<std::string>(), json["cell"]);
  }
  // The same file but for what `change` does to its keys and cells.
  const std::string other = folder_ + "/other";
  const auto refusal = [&](const std::string& settings_there, auto change) -> std::string {
    std::filesystem::remove(other);
    {
      CellStore store(other, "compare", settings_there, [](const std::string&) {});
      for (auto [key, cell] : lines) {
        if (change(key, cell)) store.add(key, cell.dump());
      }
    }
    CompareTask merging;
    merging.from = {*task_.resume, other};
    try {
      compare(merging);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(refusal(settings, [](auto&, auto&) { return true; }), "none");
  EXPECT_THAT(refusal("seed 9", [](auto&, auto&) { return true; }),
              HasSubstr(other + " holds results of other settings than " + *task_.resume));
  EXPECT_THAT(refusal(settings,
                      [](auto& key, auto& cell) {
                        if (key.find("ngram") != key.npos && cell.contains("draws"))
                          cell["draws"][0]["base64"] = "AAAA";
                        return true;
                      }),
              HasSubstr(other + " has another result than a file before it: ngram:2, folder/text, "
                                "window 1, ancestral"));
  EXPECT_EQ(refusal(settings,
                    [](auto&, auto& cell) {
                      if (cell.contains("seconds")) cell["seconds"] = 1000;
                      return true;
                    }),
            "none")
      << "costs are of machines";
  EXPECT_THAT(refusal(settings,
                      [](auto& key, auto&) {
                        if (const auto at = key.find("ngram:2 ("); at != key.npos)
                          key.insert(at + 9, "another ");
                        return true;
                      }),
              HasSubstr(other + " has another ngram:2: expected ngram:2 (kraft"));
  EXPECT_THAT(refusal(settings, [](auto& key, auto&) { return key != "settings"; }),
              HasSubstr(other + " was kept by an earlier kraft, without its inputs"));
  EXPECT_THAT(refusal(settings,
                      [](auto& key, auto& cell) {
                        if (key.starts_with("input | ")) cell["windows"][0]["begin"] = 5;
                        return true;
                      }),
              HasSubstr(other + " has other windows of folder/text than a file before it"));
  EXPECT_THAT(refusal(settings,
                      [](auto& key, auto& cell) {
                        if (key.starts_with("input | ")) cell = 7;
                        return true;
                      }),
              HasSubstr(other + ": what is to be an input is none"));
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
