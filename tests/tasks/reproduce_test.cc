#include "kraft/tasks/reproduce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "core/observing.h"
#include "evaluate/experiment.h"
#include "kraft/error.h"
#include "kraft/media.h"
#include "kraft/registry.h"
#include "kraft/report.h"
#include "kraft/tasks/options.h"
#include "tasks/league.h"

namespace kraft {
namespace {

using ::testing::HasSubstr;

// Without language models, which are a note.
class ReproduceTaskTest : public ::testing::Test {
 protected:
  ReproduceTaskTest() {
    if (const char* folder = std::getenv("KRAFT_WEIGHTS")) weights_ = folder;
    ::setenv("KRAFT_WEIGHTS", "/nowhere", 1);
    receiver_.note = [this](const std::string& text) { notes_.push_back(text); };
    Bytes text;
    for (int i = 0; text.size() < 9000; ++i)
      append(text, as_bytes("line " + std::to_string(i * 7919 % 1000) + " of a book\n"));
    task_.text = {reproduce_input({"a book", text})};
    task_.threads = 1;
  }
  ~ReproduceTaskTest() override {
    weights_.empty() ? ::unsetenv("KRAFT_WEIGHTS") : ::setenv("KRAFT_WEIGHTS", weights_.c_str(), 1);
  }

  std::string weights_;
  ReproduceTask task_;
  Receiver receiver_;
  std::vector<std::string> notes_;
};

TEST_F(ReproduceTaskTest, LongerBeginningsOfChunksCostLess) {
  task_.experiment = Experiment::fig4;
  const ReproduceResult result = reproduce(task_, receiver_);
  EXPECT_EQ(result.measured_chunks, 4U);
  ASSERT_EQ(result.curves.size(), 5U);
  EXPECT_EQ(result.curves[0].model, "gzip:9");
  EXPECT_EQ(result.curves[4].model, "cm:normal");
  ASSERT_EQ(result.curves[0].points.size(), 12U);  // 1, 2, 4, ... 2048 bytes
  EXPECT_DOUBLE_EQ(result.curves[0].points[0].second, 100);
  EXPECT_LT(result.curves[0].points[11].second, 60);
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_THAT(notes_[0], HasSubstr("without bytelm:text: "));
  EXPECT_THAT(reproduce_text(result), HasSubstr("text: a book, 8,192 bytes"));
  EXPECT_THAT(reproduce_json(result), HasSubstr("\"experiment\": \"fig4\""));
  EXPECT_THAT(reproduce_plot(result), HasSubstr(">gzip:9<"));
}

TEST_F(ReproduceTaskTest, TheAdjustedRateCountsTheModel) {
  task_.experiment = Experiment::fig2;
  const ReproduceResult result = reproduce(task_);
  ASSERT_EQ(result.curves.size(), 5U);
  for (const ReproduceCurve& curve : result.curves) {
    ASSERT_TRUE(curve.rate);
    EXPECT_EQ(curve.rate->parameters, 0U);
    for (const auto& [size, rate] : curve.points) EXPECT_DOUBLE_EQ(rate, curve.rate->percent);
  }
}

// In chunks each begins anew; as a whole, models without parameters are measured though their
// window ends (that of gzip's decoder's view).
TEST_F(ReproduceTaskTest, ModelsThatPredictAreRowsBesideCodecs) {
  task_.experiment = Experiment::table1;
  task_.images = {reproduce_input(
      {"a picture",
       write_png({.width = 64, .height = 32, .channels = 1, .samples = Bytes(64 * 32)})})};
  task_.audio = {reproduce_input(
      {"a sound",
       write_audio(
           {.rate_hz = 16000, .channels = 1, .encoding = Encoding::u8, .samples = Bytes(4096, 128)},
           AudioFormat::wav)})};
  task_.limit_bytes = 4096;
  const ReproduceResult result = reproduce(task_, receiver_);
  const Bytes text(task_.text[0].read(4096));
  for (const char* model : {"ppmd:8", "cm:normal", "gzip:9,view=decoder"}) {
    const auto bits = [&](std::size_t begin, std::size_t size) {
      return start(*make_model(model), ByteView(text).subspan(begin, size), {})->context_bits();
    };
    const auto percent = [&](Layout layout) {
      for (const ReproduceRate& rate : result.rates) {
        if (rate.model == model && rate.layout == layout && rate.medium == Medium::text)
          return rate.percent;
      }
      return 0.0;
    };
    EXPECT_NEAR(percent(Layout::chunked), 100 * (bits(0, 2048) + bits(2048, 2048)) / (8 * 4096),
                1e-9)
        << model;
    EXPECT_NEAR(percent(Layout::unchunked), 100 * bits(0, 4096) / (8 * 4096), 1e-9) << model;
  }
}

TEST_F(ReproduceTaskTest, ViewsAreShownBesideWhatCodecsPay) {
  Image picture{.width = 64, .height = 40, .channels = 1, .samples = Bytes(64 * 40)};
  for (std::size_t i = 0; i < picture.samples.size(); ++i)
    picture.samples[i] = static_cast<Byte>(i % 64 + i / 64);
  Audio sound{.rate_hz = 16000, .channels = 1, .encoding = Encoding::u8, .samples = Bytes(4000)};
  for (std::size_t i = 0; i < sound.samples.size(); ++i)
    sound.samples[i] = static_cast<Byte>(128 + (i * i / 50) % 31);
  task_.images = {reproduce_input({"a picture", write_png(picture)})};
  task_.audio = {reproduce_input({"a sound", write_audio(sound, AudioFormat::wav)})};
  task_.experiment = Experiment::views;
  task_.limit_bytes = 2048;
  task_.models = {"zlib:1"};
  task_.chunks = 2;
  const ReproduceResult result = reproduce(task_, receiver_);
  ASSERT_EQ(result.data.size(), 3U);
  ASSERT_EQ(result.views.size(), 3 * 7 + 2 + 1U);
  const auto of = [&](Medium medium, const char* model) {
    for (const ReproduceViews& views : result.views) {
      if (views.medium == medium && views.model == model) return views;
    }
    throw Error(std::string("no ") + model);
  };
  EXPECT_EQ(of(Medium::text, "gzip:9").own.count, 2U);
  EXPECT_EQ(of(Medium::image, "png:9").context_bytes, 1024U);
  EXPECT_TRUE(of(Medium::audio, "zlib:1").decoder.has_value());
  EXPECT_THROW(of(Medium::text, "flac:8"), Error);
  EXPECT_THAT(reproduce_text(result), HasSubstr("at 2 places; 8 is knowing nothing"));
  EXPECT_THAT(reproduce_json(result), HasSubstr("\"experiment\": \"views\""));
  EXPECT_THAT(reproduce_plot(result), HasSubstr("8: knowing nothing"));
}

// Every codec at two levels, in both views where nothing else is asked for.
TEST_F(ReproduceTaskTest, TheLeagueHasEveryCodecTwice) {
  std::map<std::string, std::set<std::string>> levels;
  for (const auto& [medium, specs] : league_models()) {
    for (const std::string& spec : specs) {
      if (is_codec(spec)) levels[Spec::parse(spec).name].insert(spec);
    }
  }
  const std::set<std::string> without_levels = {"jpegls", "bzip3"};
  // lzma, zlib and deflate write what xz and gzip write, without its frame.
  const std::set<std::string> left_out = {"cmd", "lzma", "zlib", "deflate", "filtered"};
  for (const Backend& backend : backends()) {
    if (!is_codec(backend.name) || left_out.contains(backend.name)) continue;
    EXPECT_EQ(levels[backend.name].size(), without_levels.contains(backend.name) ? 1U : 2U)
        << backend.name;
  }
  task_.experiment = Experiment::league;
  task_.models = {"gzip:5", "lz78"};
  CompareTask compared = league_task(task_, league_models());
  EXPECT_EQ(compared.view, std::nullopt);
  EXPECT_EQ(compared.samplers_of.at(Medium::text).size(), 3U);
  EXPECT_EQ(compared.models.back(), "lz78");
  EXPECT_FALSE(compared.patch.has_value()) << "there is no picture";
  task_.models = {"gzip:5", "ngram:7"};
  task_.view = ChosenView::decoder;
  compared = league_task(task_, league_models());
  EXPECT_EQ(compared.models[0], "gzip:1,view=decoder");
  EXPECT_EQ(compared.models.back(), "ngram:7");
}

TEST_F(ReproduceTaskTest, TheLeagueRanksOnAllFilesOfAMedium) {
  const auto picture = [](std::size_t step) {
    Image image{.width = 64, .height = 80, .channels = 1, .samples = Bytes(64 * 80)};
    for (std::size_t i = 0; i < image.samples.size(); ++i)
      image.samples[i] = static_cast<Byte>(step * (i % 64) + i / 64);
    return write_png(image);
  };
  task_.text.clear();
  task_.images = {reproduce_input({"a picture", picture(1)}),
                  reproduce_input({"another", picture(3)})};
  task_.experiment = Experiment::league;
  task_.view = ChosenView::decoder;
  task_.windows = 2;
  task_.models = {"uniform"};
  const ReproduceResult result = reproduce(task_, receiver_);
  ASSERT_EQ(result.data.size(), 2U);
  const CompareResult& league = result.comparison.value();
  ASSERT_EQ(league.inputs.size(), 2U);
  EXPECT_EQ(league.rows.size(), 2 * league.pooled.size());
  for (const CompareRow& row : league.pooled) EXPECT_EQ(row.windows, 4U) << row.model;
  const std::string text = reproduce_text(result);
  EXPECT_THAT(text, HasSubstr("images: prediction\nmodel"));
  EXPECT_THAT(text, HasSubstr("means over all windows, 2 of each file"));
  EXPECT_LT(text.find("\ncm "), text.find("\nlz78 ")) << "best prediction first";
  EXPECT_THAT(reproduce_json(result), HasSubstr("\"of\": \"another\""));
  EXPECT_THAT(notes_, ::testing::Contains(HasSubstr("without bytelm:image: ")));
}

TEST_F(ReproduceTaskTest, OfAFileNoMoreIsReadThanIsNeeded) {
  std::uint64_t asked = 0;
  task_.text[0].read = [&](std::uint64_t most_bytes) {
    asked = most_bytes;
    return Bytes(most_bytes, Byte{'x'});
  };
  task_.experiment = Experiment::table2;
  task_.limit_bytes = 4096;
  const ReproduceResult result = reproduce(task_);
  EXPECT_EQ(asked, 4096U);
  EXPECT_EQ(result.learnt_bytes, 2048U);
  EXPECT_EQ(result.vocabularies.size(), 18U);
}

TEST_F(ReproduceTaskTest, AnInvalidTaskIsAUsageError) {
  const auto refuses = [&](auto change) {
    ReproduceTask task = task_;
    task.experiment = Experiment::fig4;
    change(task);
    EXPECT_THROW(reproduce(task), UsageError);
  };
  refuses([](ReproduceTask& task) { task.experiment.reset(); });
  refuses([](ReproduceTask& task) { task.limit_bytes = 2047; });
  refuses([](ReproduceTask& task) { task.seed = 1; });
  refuses([](ReproduceTask& task) { task.medium = Medium::bytes; });
  refuses([](ReproduceTask& task) { task.medium = Medium::image; });  // there are none
  refuses([](ReproduceTask& task) { task.models = {"gizp"}; });
  const auto refuses_views = [&](auto change) {
    refuses([&](ReproduceTask& task) {
      task.experiment = Experiment::views;
      change(task);
    });
  };
  refuses_views([](ReproduceTask& task) { task.chunks = 0; });
  refuses_views([](ReproduceTask& task) { task.models = {"ngram:3"}; });
  refuses_views([](ReproduceTask& task) { task.models = {"gzip:9,view=decoder"}; });
  refuses_views([](ReproduceTask& task) { task.seed = 1; });
  refuses_views([](ReproduceTask& task) { task.windows = 1; });
  refuses([](ReproduceTask& task) { task.text.push_back(task.text[0]); });
  refuses([](ReproduceTask& task) {
    task.experiment = Experiment::league;
    task.text.clear();
  });
  task_.models = {"gizp"};
  task_.text[0].read = [](std::uint64_t) -> Bytes { throw Error("it has been read"); };
  task_.experiment = Experiment::table2;
  EXPECT_THROW(check(task_), UsageError) << "before anything is read or loaded";
  ReproduceResult rates;
  rates.experiment = Experiment::table2;
  EXPECT_THROW(reproduce_plot(rates), UsageError);
}

}  // namespace
}  // namespace kraft
