#include "kraft/tasks/score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/tasks/options.h"
#include "tasks/scoring.h"

namespace kraft {
namespace {

using ::testing::ElementsAre;

// The file of tests/cli/score.sh.
Bytes numbered_lines() {
  std::string text;
  for (int i = 1; i <= 9; ++i)
    text += std::to_string(i) + " times the same line, or nearly the same line\n";
  return {text.begin(), text.end()};
}

ScoreTask task_of(std::vector<std::string> models, Bytes text) {
  ScoreTask task;
  task.models = std::move(models);
  task.inputs = {{"file", std::move(text)}};
  task.threads = 1;
  return task;
}

double context_bits(const std::string& model, ByteView text) {
  return make_model(model)->start(text)->context_bits();
}

Bytes joined(ByteView a, ByteView b) {
  Bytes both(a.begin(), a.end());
  append(both, b);
  return both;
}

// The prequential bits at every place, one by one.
double bits_by_byte(const std::string& model, ByteView context, ByteView text) {
  double sum = 0;
  const auto state = make_model(model)->start(context);
  std::array<double, 256> bits;
  for (const Byte byte : text) {
    state->next_byte(bits);
    sum += surprisal_bits(bits, byte);
    state->observe({&byte, 1});
  }
  return sum / static_cast<double>(text.size());
}

TEST(Score, CountsWhatCodecsWriteAndPredictorsPredict) {
  ScoreTask task = task_of({"uniform", "ngram:2", "deflate:0"}, numbered_lines());
  task.positions = 0;
  const ScoreResult result = score(task);
  ASSERT_EQ(result.rows.size(), 3U);
  EXPECT_EQ(result.rows[0].bits, 8.0 * 9 * 47);
  EXPECT_TRUE(result.rows[0].by_prediction);
  EXPECT_DOUBLE_EQ(result.rows[1].bits, context_bits("ngram:2", numbered_lines()));
  EXPECT_FALSE(result.rows[2].by_prediction);
  EXPECT_EQ(result.rows[2].compressed_bytes,
            static_cast<std::int64_t>(make_codec("deflate:0")->encode(numbered_lines()).size()));
  EXPECT_FALSE(result.rows[2].prequential);
}

// What codes differences to neighbours is a codec over a codec, and a predictor over one.
TEST(Score, OfAFilteredPredictorIsWhatItPredicts) {
  const ScoreResult result =
      score(task_of({"filtered:ngram:2", "filtered:gzip:9", "ngram:2"}, numbered_lines()));
  EXPECT_TRUE(result.rows.at(0).by_prediction);
  EXPECT_GT(result.rows.at(0).bits, result.rows.at(2).bits) << "text has no neighbours";
  EXPECT_FALSE(result.rows.at(1).by_prediction);
}

TEST(Score, MeasuresEveryPositionExactly) {
  ScoreTask task = task_of({"ngram:2"}, numbered_lines());
  task.positions = kEveryPosition;
  const auto found = score(task).rows[0].prequential;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->positions, numbered_lines().size());
  EXPECT_NEAR(found->bits_per_byte, bits_by_byte("ngram:2", {}, numbered_lines()), 1e-9);
  EXPECT_EQ(found->standard_error, 0);
}

TEST(Score, SaysHowFarAFewPositionsCanBeTrusted) {
  ScoreTask task = task_of({"ngram:2"}, numbered_lines());
  task.positions = 20;
  const auto one = score(task).rows[0].prequential, again = score(task).rows[0].prequential;
  EXPECT_EQ(one->bits_per_byte, again->bits_per_byte);
  EXPECT_GT(*one->standard_error, 0);
  EXPECT_NEAR(one->bits_per_byte, bits_by_byte("ngram:2", {}, numbered_lines()),
              4 * *one->standard_error);
  task.seed = 2;
  EXPECT_NE(score(task).rows[0].prequential->bits_per_byte, one->bits_per_byte);
  task.positions = 1;
  EXPECT_FALSE(score(task).rows[0].prequential->standard_error);
}

TEST(Score, GivenAContextCountsWhatATextAddsToIt) {
  const Bytes prime = numbered_lines();
  const std::string text = "10 times the same line, or nearly";
  for (const std::string model : {"gzip:9", "xz", "ngram:3", "product:gzip:9^0.5,ngram:2"}) {
    ScoreTask task = task_of({model}, Bytes(text.begin(), text.end()));
    task.prime = prime;
    task.positions = kEveryPosition;
    const ScoreRow row = score(task).rows[0];
    const auto* codec = find_backend(Spec::parse(model).name).make_codec ? "codec" : nullptr;
    const Bytes both = joined(prime, as_bytes(text));
    const double expected = codec != nullptr
                                ? make_codec(model)->encoder()->code_length(both) -
                                      make_codec(model)->encoder()->code_length(prime)
                                : context_bits(model, both) - context_bits(model, prime);
    EXPECT_NEAR(row.bits, expected, 1e-6) << model;
    EXPECT_EQ(row.prime_bytes, prime.size());
    EXPECT_EQ(row.compressed_bytes, static_cast<std::int64_t>(std::ceil(row.bits / 8))) << model;
    EXPECT_NEAR(row.prequential->bits_per_byte, bits_by_byte(model, prime, as_bytes(text)), 1e-9)
        << model;
  }
}

TEST(Score, LongTextsAfterAContextAreMeasuredInPieces) {
  Bytes text;
  for (int i = 0; i < 3; ++i) append(text, numbered_lines());
  ScoreTask task = task_of({"ngram:2"}, text);
  task.prime = numbered_lines();
  task.positions = 0;
  EXPECT_NEAR(score(task).rows[0].bits,
              context_bits("ngram:2", joined(numbered_lines(), text)) -
                  context_bits("ngram:2", numbered_lines()),
              1e-6);
}

TEST(Score, LinesAndChunksEachComeAfterTheContext) {
  const Bytes prime = numbered_lines();
  const std::string text = "one line\r\n\nanother\n";
  ScoreTask task = task_of({"ngram:2"}, Bytes(text.begin(), text.end()));
  task.prime = prime;
  task.lines = true;
  task.positions = kEveryPosition;
  const ScoreResult lines = score(task);
  ASSERT_EQ(lines.rows.size(), 2U);
  EXPECT_EQ(lines.rows[0].input, "file:1");
  EXPECT_EQ(lines.rows[1].input, "file:3");
  EXPECT_EQ(lines.rows[0].bytes, 8U) << "what ends a line is no part of it";
  const auto after_prime = [&](std::string_view of) {
    return context_bits("ngram:2", joined(prime, as_bytes(of))) - context_bits("ngram:2", prime);
  };
  EXPECT_NEAR(lines.rows[1].bits, after_prime("another"), 1e-6);
  EXPECT_NEAR(lines.rows[1].prequential->bits_per_byte,
              bits_by_byte("ngram:2", prime, as_bytes("another")), 1e-9);

  task.lines = false;
  task.chunk_bytes = 8;
  const ScoreRow chunks = score(task).rows[0];
  EXPECT_NEAR(chunks.bits,
              after_prime("one line") + after_prime("\r\n\nanoth") + after_prime("er\n"), 1e-6);
  EXPECT_NEAR(chunks.prequential->bits_per_byte * 19,
              8 * bits_by_byte("ngram:2", prime, as_bytes("one line")) +
                  8 * bits_by_byte("ngram:2", prime, as_bytes("\r\n\nanoth")) +
                  3 * bits_by_byte("ngram:2", prime, as_bytes("er\n")),
              1e-9);
}

TEST(Score, ImagesComeAfterContextsOfTheirShapeOnly) {
  const std::string small = "P5 4 2 255\nabcdefgh", other = "P5 2 2 255\nabcd";
  ScoreTask task = task_of({"png,filter=up"}, Bytes(small.begin(), small.end()));
  task.positions = 0;
  EXPECT_EQ(score(task).rows[0].bytes, 8U);
  task.prime = Bytes(small.begin(), small.end());
  EXPECT_EQ(score(task).rows[0].prime_bytes, 8U);
  task.prime = Bytes(other.begin(), other.end());
  EXPECT_THROW(score(task), OptionError);
  task.prime.reset();
  task.lines = true;
  EXPECT_THROW(score(task), OptionError);
}

TEST(Score, CellsTravelAsTextWithNothingLost) {
  ScoreTask task = task_of({"ngram:2", "uniform"}, numbered_lines());
  task.positions = 7;
  const Scoring scoring(task, {});
  ASSERT_EQ(scoring.cells(), 2U);
  for (const std::uint64_t positions : {0U, 1U, 7U}) {
    task.positions = positions;
    const ScoreRow row = scoring.compute(0, {});
    const ScoreRow back = scoring.row_of(0, Scoring::figures_of(row));
    EXPECT_EQ(back.bits, row.bits);
    EXPECT_EQ(back.compressed_bytes, row.compressed_bytes);
    EXPECT_EQ(back.prequential.has_value(), row.prequential.has_value());
    if (!row.prequential) continue;
    EXPECT_EQ(back.prequential->bits_per_byte, row.prequential->bits_per_byte);
    EXPECT_EQ(back.prequential->standard_error, row.prequential->standard_error);
  }
  EXPECT_THROW(scoring.row_of(0, "7"), Error);
}

TEST(Score, ReportsPositionsAndStopsWhenAsked) {
  ScoreTask task = task_of({"ngram:2"}, numbered_lines());
  task.positions = 5;
  std::vector<std::uint64_t> done;
  Receiver receiver;
  receiver.progress = [&](const ProgressReport& report) {
    EXPECT_EQ(report.total, 5U);
    done.push_back(report.done);
  };
  score(task, receiver);
  EXPECT_THAT(done, ElementsAre(1, 2, 3, 4, 5));
  receiver.cancelled = [] { return true; };
  EXPECT_THROW(score(task, receiver), Cancelled);
}

TEST(Score, RefusesATaskThatIsNone) {
  const auto says = [](const ScoreTask& task) {
    try {
      check(task);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(says(ScoreTask{}), "model is missing");
  EXPECT_EQ(says(task_of({"ngram"}, {})), "");
  ScoreTask task = task_of({"ngram"}, {});
  EXPECT_THROW(score(task), Error) << "an empty text";
  task.chunk_bytes = -1;
  EXPECT_EQ(says(task), "chunk -1 is out of range: 0..");
  task.chunk_bytes = 5;
  task.lines = true;
  EXPECT_EQ(says(task), "lines and chunk cannot be given together");
  task = task_of({"gizp"}, {});
  EXPECT_THAT(says(task), ::testing::HasSubstr("unknown model"));
  EXPECT_EQ(score_options().find("positions").initial, "64");
  score_options().parse(task, "positions", "all");
  EXPECT_EQ(task.positions, kEveryPosition);
  score_options().set(task, "positions", std::int64_t{9});
  EXPECT_EQ(task.positions, 9U);
  EXPECT_THROW(score_options().parse(task, "positions", "some"), OptionError);
}

}  // namespace
}  // namespace kraft
