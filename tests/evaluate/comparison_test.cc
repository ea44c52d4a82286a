#include "evaluate/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/parallel.h"
#include "evaluate/features.h"
#include "evaluate/score.h"
#include "kraft/error.h"
#include "run/memory.h"

namespace kraft {
namespace {

using ::testing::HasSubstr;

Bytes corpus() {
  Bytes text;
  Random random(7);
  static constexpr const char* kWords[] = {"the ", "white ", "whale ", "swam ",
                                           "and ", "sank ",  "a ",     "ship. "};
  while (text.size() < 4000) append(text, as_bytes(std::string(kWords[random.below(8)])));
  return text;
}

ComparedInput text_input(std::size_t windows = 3) {
  ComparedInput input{
      .name = "text", .medium = Medium::text, .bytes = corpus(), .fingerprint = {}, .windows = {}};
  input.windows = windows_of_bytes(input.bytes, "text", 1, windows, 300, 40);
  return input;
}

ComparedInput image_input() {
  Image image{40, 40, 1, 8, {}};
  for (std::size_t i = 0; i < 1600; ++i)
    image.samples.push_back(static_cast<Byte>(i % 40 * 3 + i / 40));
  ComparedInput input{.name = "image",
                      .medium = Medium::image,
                      .bytes = image.samples,
                      .fingerprint = {},
                      .geometry = {.width = 16, .channels = 1, .depth = 8},
                      .row_bytes = 16,
                      .rate_hz = 0,
                      .windows = {}};
  input.windows = windows_of_image(image, "image", 1, 2, 16, 12, 2);
  return input;
}

ComparedInput audio_input() {
  ComparedInput input{.name = "audio",
                      .medium = Medium::audio,
                      .bytes = {},
                      .fingerprint = {},
                      .geometry = {.rate = 16000, .channels = 1, .depth = 8},
                      .row_bytes = 1,
                      .rate_hz = 16000,
                      .windows = {}};
  for (int i = 0; i < 3000; ++i)
    input.bytes.push_back(
        static_cast<Byte>(std::lround(128 + 60 * std::sin(i / 9.0) + 20 * std::sin(i))));
  input.windows = windows_of_bytes(input.bytes, "audio", 1, 2, 200, 64);
  return input;
}

Comparison comparison(unsigned workers) {
  const Entrants all = {
      {"gzip:9", "bzip2", "ngram:2"},
      {ComparedSampler::parse("ancestral"), ComparedSampler::parse("ancestral,temperature=0.5")}};
  return {{.seed = 3, .count = 2, .positions = 5, .judges = {"ngram:3"}, .alphabet = "auto"},
          {text_input(), image_input(), audio_input()},
          {all, all, all},
          workers,
          {}};
}

// Without what depends on the clock.
std::map<CellKey, Cell> lasting(std::map<CellKey, Cell> cells) {
  for (auto& [key, cell] : cells) {
    cell.figures.erase("bytes_per_second");
    cell.figures.erase("candidates_per_second");
    cell.seconds = 0;
  }
  return cells;
}

std::map<CellKey, Cell> compute_all(Comparison& comparison, unsigned workers, bool backwards) {
  std::vector<CellKey> keys = comparison.cells();
  if (backwards) std::ranges::reverse(keys);
  std::map<CellKey, Cell> cells;
  std::mutex mutex;
  ThreadPool(workers).run(keys.size(), [&](std::size_t i, unsigned worker) {
    Cell cell = comparison.compute(keys[i], worker);
    const std::lock_guard lock(mutex);
    cells[keys[i]] = std::move(cell);
  });
  return cells;
}

TEST(Comparison, WindowsAreSeededAndLieInEqualParts) {
  const Bytes text = corpus();
  const auto windows = windows_of_bytes(text, "text", 5, 4, 100, 20);
  const auto again = windows_of_bytes(text, "text", 5, 4, 100, 20);
  const auto other = windows_of_bytes(text, "text", 6, 4, 100, 20);
  ASSERT_EQ(windows.size(), 4U);
  const std::size_t places = text.size() - 119;
  bool differs = false;
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(windows[i].begin, again[i].begin);
    differs |= windows[i].begin != other[i].begin;
    EXPECT_GE(windows[i].begin, places * i / 4);
    EXPECT_LT(windows[i].begin, places * (i + 1) / 4);
    Bytes both = windows[i].context;
    append(both, windows[i].truth);
    EXPECT_TRUE(std::ranges::equal(both, ByteView(text).subspan(windows[i].begin, 120)));
    EXPECT_EQ(windows[i].truth.size(), 20U);
  }
  EXPECT_TRUE(differs);
  EXPECT_THROW(windows_of_bytes(ByteView(text).first(239), "text", 5, 4, 100, 20), Error);
  EXPECT_NO_THROW(windows_of_bytes(ByteView(text).first(240), "text", 5, 400, 100, 20));
}

TEST(Comparison, PatchesAreCutFromTheImage) {
  const ComparedInput input = image_input();
  for (const Window& window : input.windows) {
    const std::size_t x = window.begin % 40, y = window.begin / 40;
    ASSERT_EQ(window.context.size(), 160U);
    ASSERT_EQ(window.truth.size(), 32U);
    EXPECT_EQ(window.context[17], input.bytes[(y + 1) * 40 + x + 1]);
    EXPECT_EQ(window.truth[31], input.bytes[(y + 11) * 40 + x + 15]);
  }
  EXPECT_THROW(windows_of_image({8, 8, 1, 8, Bytes(64)}, "image", 1, 1, 9, 8, 1), Error);
}

TEST(Comparison, CellsDoNotDependOnThreadsOrOrder) {
  Comparison one = comparison(1), two = comparison(3);
  const auto forwards = lasting(compute_all(one, 1, false));
  const auto backwards = lasting(compute_all(two, 3, true));
  ASSERT_EQ(forwards.size(), backwards.size());
  for (const auto& [key, cell] : forwards) {
    const Cell& other = backwards.at(key);
    EXPECT_EQ(cell.figures, other.figures) << key.model << " " << key.sampler;
    ASSERT_EQ(cell.draws.size(), other.draws.size());
    for (std::size_t i = 0; i < cell.draws.size(); ++i) {
      EXPECT_EQ(cell.draws[i].bytes, other.draws[i].bytes);
      EXPECT_EQ(cell.draws[i].figures, other.draws[i].figures);
    }
  }
}

TEST(Comparison, TruthAndUniformBoundWhatIsMeasured) {
  Comparison all = comparison(2);
  const auto rows = all.rows(compute_all(all, 2, false));
  ASSERT_EQ(rows.size(), 3 * (3 * 2 + 2U));
  for (std::size_t input = 0; input < 3; ++input) {
    const ComparisonRow* truth = nullptr;
    const ComparisonRow* uniform = nullptr;
    for (const ComparisonRow& row : rows) {
      if (row.input != input || !row.bound) continue;
      (row.model == kTruthModel ? truth : uniform) = &row;
    }
    ASSERT_TRUE(truth != nullptr && uniform != nullptr);
    EXPECT_DOUBLE_EQ(truth->figures.at("bits_per_byte").mean, 0);
    EXPECT_NEAR(uniform->figures.at("bits_per_byte").mean, 8, 1e-12);
    EXPECT_NEAR(uniform->figures.at("top1_confidence").mean, 1.0 / 256, 1e-12);
    for (const Metric& metric : metrics_of(all.inputs()[input].medium, all.settings().judges)) {
      if (metric.kind != FigureKind::sample || metric.aim == Aim::truth) continue;
      const double best = truth->figures.at(metric.key).mean;
      for (const ComparisonRow& row : rows) {
        if (row.input != input) continue;
        const double mean = row.figures.at(metric.key).mean;
        EXPECT_TRUE(metric.aim == Aim::lower ? best <= mean + 0.05 : best >= mean - 0.05)
            << metric.key << " of " << row.model << ": " << mean << ", truth " << best;
      }
    }
    if (input == 0) {
      EXPECT_GT(uniform->figures.at("judge_bits_per_byte:ngram:3").mean,
                truth->figures.at("judge_bits_per_byte:ngram:3").mean + 4);
      EXPECT_LT(uniform->figures.at("known_words").mean, 0.2);
    }
  }
}

TEST(Comparison, PredictionsAreThoseOfTheModel) {
  Comparison all = comparison(1);
  const Window& window = all.inputs()[0].windows[1];
  const Cell cell = all.compute({0, 1, "ngram:2", kNoSampler, false}, 0);
  const auto model = make_model("ngram:2");
  double bits = 0, sum = 0;
  const ByteView truth(window.truth);
  model->start(window.context)->measure({&truth, 1}, {&bits, 1});
  EXPECT_NEAR(cell.figures.at("code_bits_per_byte"), bits / 40, 1e-9);
  ASSERT_EQ(cell.rates.size(), 3U);  // 18, 75 and 300 bytes
  EXPECT_EQ(cell.rates.back().context_bytes, 300U);
  std::array<double, 256> next;
  for (const std::size_t at : {4U, 12U, 20U, 28U, 36U}) {
    const auto state = model->start(window.context);
    state->observe(truth.first(at));
    state->next_byte(next);
    sum += surprisal_bits(next, truth[at]);
  }
  EXPECT_NEAR(cell.figures.at("bits_per_byte"), sum / 5, 1e-9);
}

TEST(Comparison, BothViewsAreComparedWithTheCodecsOwnRate) {
  Comparison all({.seed = 3, .count = 1, .positions = 40, .judges = {}, .alphabet = "auto"},
                 {text_input()}, {{{"gzip:9", "gzip:9,view=decoder", "ngram:2"}, {}}}, 1, {});
  const Window& window = all.inputs()[0].windows[1];
  const double own = Scorer(make_model("gzip:9"), window.context).code_length(window.truth, 0).bits;
  for (const char* spec : {"gzip:9", "gzip:9,view=decoder"}) {
    const Cell cell = all.compute({0, 1, spec, kNoSampler, false}, 0);
    EXPECT_NEAR(cell.figures.at("own_bits_per_byte"), own / 40, 1e-9) << spec;
  }
  EXPECT_FALSE(
      all.compute({0, 1, "ngram:2", kNoSampler, false}, 0).figures.contains("own_bits_per_byte"));
  EXPECT_FALSE(all.compute({0, 1, kUniformModel, kNoSampler, true}, 0)
                   .figures.contains("own_bits_per_byte"));
}

// 3 + 4 + 5 bits of 2 + 2.5 + 3.5, and without the windows one by one 9 of 6, 8 of 5.5, 7 of 4.5.
TEST(Comparison, TheRatioOfRatesIsThatOfTheirSums) {
  const Comparison all({.seed = 3, .count = 1, .positions = 4, .judges = {}, .alphabet = "auto"},
                       {text_input()}, {{{"gzip:9"}, {}}}, 1, {});
  const auto ratio_of = [&](std::vector<double> predicted, std::vector<double> own) {
    std::map<CellKey, Cell> cells;
    for (std::size_t i = 0; i < 3; ++i)
      cells[{0, i, "gzip:9", kNoSampler, false}].figures = {{"bits_per_byte", predicted[i]},
                                                            {"own_bits_per_byte", own[i]}};
    return all.row(0, "gzip:9", "ancestral", false, cells);
  };
  const Estimate ratio = ratio_of({3, 4, 5}, {2, 2.5, 3.5}).figures.at("own_rate_ratio");
  EXPECT_DOUBLE_EQ(ratio.mean, 1.5);
  const double a = 9 / 6.0, b = 8 / 5.5, c = 7 / 4.5, mean = (a + b + c) / 3;
  const double squares =
      (a - mean) * (a - mean) + (b - mean) * (b - mean) + (c - mean) * (c - mean);
  EXPECT_NEAR(ratio.standard_error, std::sqrt(2 / 3.0 * squares), 1e-12);
  EXPECT_NEAR(ratio.high, 1.5 + 4.302653 * ratio.standard_error, 1e-6);
  EXPECT_EQ(ratio.count, 3U);
  // A codec that pays nothing for the truths, in whole bytes, has no ratio.
  EXPECT_FALSE(ratio_of({3, 4, 5}, {-2, 1, 1}).figures.contains("own_rate_ratio"));
  // One that would pay nothing without one of them has one that nobody knows.
  EXPECT_TRUE(std::isnan(ratio_of({3, 4, 5}, {-1, 1, 1}).figures.at("own_rate_ratio").high));
}

// Of a model on two inputs, and of one that is on the second alone.
TEST(Comparison, PooledRowsAreOfTheWindowsOfAllInputsOfAMedium) {
  const std::vector<ComparedSampler> samplers = {ComparedSampler::parse("ancestral")};
  const Comparison all(
      {.seed = 3, .count = 1, .positions = 4, .judges = {}, .alphabet = "auto"},
      {text_input(), image_input(), text_input(2)},
      {{{"gzip:9"}, samplers}, {{"gzip:9", "png"}, samplers}, {{"gzip:9", "ngram:2"}, samplers}}, 1,
      {});
  std::map<CellKey, Cell> cells;
  for (const CellKey& key : all.cells()) {
    EXPECT_FALSE(key.model == "png" && key.input != 1);
    const double value = 10.0 * static_cast<double>(key.input) + static_cast<double>(key.window);
    if (!key.bound && key.sampler == kNoSampler)
      cells[key].figures = {{"bits_per_byte", key.model == "ngram:2" ? value - 1 : value}};
  }
  const std::vector<ComparisonRow> rows =
      all.pooled_rows(all.rows(cells, "gzip:9"), cells, "gzip:9");
  ASSERT_EQ(rows.size(), 4U) << "two of text, and two of the picture";
  EXPECT_EQ(rows[0].model, "gzip:9");
  EXPECT_EQ(rows[0].windows, 5U);
  const std::vector<double> values = {0, 1, 2, 20, 21};
  EXPECT_EQ(rows[0].figures.at("bits_per_byte").mean, estimate(values).mean);
  EXPECT_EQ(rows[0].figures.at("bits_per_byte").standard_error, estimate(values).standard_error);
  EXPECT_EQ(rows[1].model, "ngram:2");
  EXPECT_EQ(rows[1].windows, 2U);
  EXPECT_EQ(rows[1].differences.at("bits_per_byte").estimate.mean, -1) << "of what both have";
  EXPECT_EQ(rows[2].model, "gzip:9");
  EXPECT_EQ(rows[3].model, "png");
  EXPECT_EQ(rows[2].windows, 2U);
}

// A judge is trained on what lies outside the window, reads the last of the context, and prices the
// sample byte by byte.
TEST(Comparison, TheSeedsShareOfTheErrorIsThatWithinWindows) {
  const Comparison comparison(
      {.seed = 1, .count = 2, .positions = 5, .judges = {}, .alphabet = "auto"}, {text_input(3)},
      {"gzip:9"}, {{{0, "gzip:9"}, {ComparedSampler::parse("ancestral")}}});
  std::map<CellKey, Cell> cells;
  const auto add = [&](std::size_t window, double first, double second) {
    Cell& cell = cells[{0, window, "gzip:9", "ancestral", false}];
    for (const double value : {first, second})
      cell.draws.push_back({{}, {{"mean_copy_bytes", value}}});
    cell.figures = {{"mean_copy_bytes", (first + second) / 2}, {"bytes_per_second", first}};
    cells[{0, window, "gzip:9", kNoSampler, false}].figures = {{"bits_per_byte", first}};
  };
  add(0, 1, 3);
  add(1, 5, 9);
  add(2, 4, 4);
  // Variances 2, 8 and 0 within: sqrt(10/3 / (2 * 3)). Means 2, 7 and 4.
  const ComparisonRow row = comparison.row(0, "gzip:9", "ancestral", false, cells);
  EXPECT_NEAR(row.seed_errors.at("mean_copy_bytes"), 0.7453559924999299, 1e-15);
  EXPECT_NEAR(row.figures.at("mean_copy_bytes").standard_error, 1.4529663145135578, 1e-15);
  EXPECT_EQ(row.seed_errors.size(), 1U) << "predictions and costs are no means over samples";
  for (auto& [key, cell] : cells) cell.draws.resize(std::min<std::size_t>(cell.draws.size(), 1));
  EXPECT_TRUE(std::isnan(
      comparison.row(0, "gzip:9", "ancestral", false, cells).seed_errors.at("mean_copy_bytes")));
}

TEST(Comparison, JudgesSeeTheCorpusOutsideTheWindow) {
  Comparison all = comparison(1);
  const ComparedInput& input = all.inputs()[0];
  const Window& window = input.windows[0];
  const ByteView text(input.bytes), truth(window.truth);
  const auto judge = make_model("ngram:3")->start(text.subspan(window.begin + 340));
  judge->observe(text.first(window.begin));
  judge->observe(ByteView(window.context).last(256));
  double bits = 0;
  judge->measure({&truth, 1}, {&bits, 1});
  const Cell cell = all.compute({0, 0, kTruthModel, "-", true}, 0);
  EXPECT_NEAR(cell.figures.at("judge_bits_per_byte:ngram:3"), bits / 40, 1e-9);
  EXPECT_EQ(cell.draws[0].bytes, window.truth);
}

Comparison with_mauve(unsigned workers) {
  ComparedInput input{
      .name = "text", .medium = Medium::text, .bytes = {}, .fingerprint = {}, .windows = {}};
  for (int i = 0; i < 10; ++i) append(input.bytes, corpus());
  input.windows = windows_of_bytes(input.bytes, "text", 1, 25, 300, 40);
  return {{.seed = 3,
           .count = 2,
           .positions = 1,
           .judges = {},
           .alphabet = "auto",
           .features = "bytelm:text"},
          {input},
          {{{"ngram:2"}, {ComparedSampler::parse("ancestral")}}},
          workers,
          {}};
}

void read_all(Comparison& comparison, std::map<CellKey, Cell>& cells) {
  for (const CellKey& key : comparison.feature_cells(cells))
    cells[key] = comparison.features(key, cells.at(key.drawn()));
  comparison.count_features(cells);
}

TEST(Comparison, MauveIsOfAllWindowsTogether) {
  Comparison all = with_mauve(2);
  ASSERT_TRUE(all.has_mauve(0));
  std::map<CellKey, Cell> cells = compute_all(all, 2, false);
  ASSERT_EQ(all.feature_cells(cells).size(), 3 * 25U);
  read_all(all, cells);
  const auto rows = all.rows(cells);
  ASSERT_EQ(rows.size(), 3U);
  // From the features alone: what samples are compared with are truths and a piece each.
  std::vector<MauveFeatures> windows(25);
  for (std::size_t w = 0; w < 25; ++w) {
    const Window& window = all.inputs()[0].windows[w];
    const auto& real = cells.at({0, w, kTruthModel, kBoundSampler, true, true}).features;
    ASSERT_EQ(real.size(), 4U);
    const ByteView truth(window.truth);
    EXPECT_EQ(real[0],
              features_after(*make_model("bytelm:text"), window.context, {&truth, 1}, {})[0]);
    windows[w].real = {real[0], real[1]};
    windows[w].drawn = cells.at({0, w, "ngram:2", "ancestral", false, true}).features;
    EXPECT_EQ(windows[w].drawn.size(), 2U);
  }
  const std::vector<MauveCounts> counts = mauve_counts(windows, 3);
  std::vector<const MauveCounts*> pointers;
  for (const MauveCounts& of : counts) pointers.push_back(&of);
  const Estimate& found = rows[1].figures.at("mauve");
  EXPECT_NEAR(found.mean, mauve(pointers).mean, 1e-12);
  EXPECT_NEAR(rows[1].figures.at("mauve_spread").mean, mauve(pointers).spread, 1e-12);
  EXPECT_EQ(found.count, 25U);
  // The jackknife's error, in the clusters of all windows.
  double sum = 0, squares = 0;
  for (std::size_t without = 0; without < 25; ++without) {
    auto rest = pointers;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(without));
    const double value = mauve(rest).mean;
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(found.standard_error, std::sqrt((squares - sum * sum / 25) * 24 / 25), 1e-9);
  // Real text, the model that knows pairs of its letters, and noise.
  EXPECT_GT(rows[0].figures.at("mauve").mean, found.mean);
  EXPECT_GT(found.mean, rows[2].figures.at("mauve").mean + 0.05);
  EXPECT_TRUE(rows[1].places.empty()) << "of one model";
}

TEST(Comparison, MauveDoesNotDependOnThreads) {
  std::vector<Figures> found;
  for (const unsigned workers : {1U, 3U}) {
    Comparison all = with_mauve(workers);
    auto cells = compute_all(all, workers, workers == 3);
    read_all(all, cells);
    for (const ComparisonRow& row : all.rows(cells))
      found.push_back({{"mean", row.figures.at("mauve").mean},
                       {"error", row.figures.at("mauve").standard_error}});
  }
  ASSERT_EQ(found.size(), 6U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(found[i], found[i + 3]);
}

TEST(Comparison, FewSamplesHaveNoMauve) {
  Comparison all = with_mauve(2);
  std::map<CellKey, Cell> cells = compute_all(all, 2, false);
  // A model that has seen 24 windows of 25: 48 samples.
  cells.erase({0, 24, "ngram:2", "ancestral", false});
  read_all(all, cells);
  const auto rows = all.rows(cells);
  EXPECT_TRUE(rows[0].figures.contains("mauve"));
  EXPECT_FALSE(rows[1].figures.contains("mauve"));
  EXPECT_TRUE(rows[2].figures.contains("mauve"));
}

TEST(Comparison, SamplersAreWrittenWithTheirOptions) {
  const ComparedSampler sampler = ComparedSampler::parse("lookahead,horizon=4,temperature=0.5");
  EXPECT_EQ(sampler.name, "lookahead");
  EXPECT_EQ(sampler.options.horizon, 4);
  EXPECT_DOUBLE_EQ(sampler.options.temperature, 0.5);
  for (const char* wrong :
       {"ancestor", "ancestral:5", "ancestral,temprature=1", "ancestral,temperature=x",
        "lookahead,horizon=1.5", "ancestral,top-p=2", "ancestral,horizon=3", "ancestral,tail=9",
        "ancestral,whole-bytes=1", "ancestral,top-k=on"})
    EXPECT_THROW(ComparedSampler::parse(wrong), UsageError) << wrong;
}

TEST(Comparison, SamplersAreChosenForTheModelAndItsContexts) {
  const auto chosen = [](const char* spec, const char* model, std::uint64_t context_bytes,
                         bool has_samples = false) {
    return ComparedSampler::parse(spec)
        .chosen_for(*make_model(model), context_bytes, has_samples)
        .spec;
  };
  EXPECT_EQ(chosen("auto", "gzip:9", 5000), "spans,temperature=3.5,span-length=4,key-length=3");
  EXPECT_EQ(chosen("auto", "gzip:9", 300), "ancestral");
  EXPECT_EQ(chosen("auto", "gzip:9,view=decoder", 5000), "ancestral");
  EXPECT_EQ(chosen("auto", "ngram:8", 5000), "ancestral");
  EXPECT_EQ(chosen("auto", "ngram:2", 5000), "ancestral,temperature=0.7");
  EXPECT_EQ(chosen("auto", "ngram:2", 5000, true), "ancestral");
  EXPECT_EQ(chosen("auto,top-k=9", "gzip:9", 5000, true), "ancestral,top-k=9");
  EXPECT_EQ(chosen("auto,temperature=0.5", "ngram:2", 5000), "ancestral,temperature=0.5");
  EXPECT_EQ(chosen("auto,temperature=2", "gzip:9", 5000),
            "spans,temperature=2,span-length=4,key-length=3");
  EXPECT_EQ(chosen("lookahead,horizon=4", "gzip:9", 5000), "lookahead,horizon=4");
  EXPECT_THROW(chosen("auto,span-length=3", "ngram:2", 5000), UsageError);
  EXPECT_THROW(ComparedSampler::parse("auto,top-p=2"), UsageError);
  EXPECT_THROW(ComparedSampler::parse("auto,tail=9"), UsageError);

  // What comes to the same is drawn once.
  const Comparison all(
      {.seed = 3, .count = 1, .positions = 4, .judges = {}, .alphabet = "auto"}, {text_input()},
      {{{"gzip:9"}, {ComparedSampler::parse("auto"), ComparedSampler::parse("ancestral")}}}, 1, {});
  ASSERT_EQ(all.samplers(0, "gzip:9").size(), 1U);
  EXPECT_EQ(all.cells().size(), 3U * (2 + 4));
}

TEST(Comparison, TheCostOfWorkIsMeasuredInACopyOfTheProcess) {
  int touched = 0;
  const auto cost = cost_of([&] {
    std::vector<char> memory(std::size_t{64} << 20, 'x');
    touched = memory[1234567];
  });
  ASSERT_TRUE(cost);
  EXPECT_EQ(touched, 0);
  EXPECT_GT(cost->peak_memory_bytes, std::uint64_t{60} << 20);
  EXPECT_FALSE(cost_of([] { throw Error("no"); }));
}

TEST(Comparison, CancellingEndsACell) {
  Comparison all({.seed = 1, .count = 1, .positions = 8, .judges = {}, .alphabet = "all"},
                 {text_input()}, {{{"bzip2"}, {ComparedSampler::parse("ancestral")}}}, 1,
                 [] { return true; });
  EXPECT_THROW(all.compute({0, 0, "bzip2", kNoSampler, false}, 0), Cancelled);
  EXPECT_THROW(all.compute({0, 0, "bzip2", "ancestral", false}, 0), Cancelled);
}

}  // namespace
}  // namespace kraft
