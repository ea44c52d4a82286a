#include "kraft/tasks/sample.h"

#include <gtest/gtest.h>

#include "kraft/compressor_model.h"
#include "kraft/registry.h"
#include "samplers/toy_models.h"

namespace kraft::testing {
namespace {

// Long enough for strings to be taken from: 5,000 bytes.
Bytes words() {
  std::string text;
  Random random(1);
  const std::vector<std::string> some = {"the ", "cat ", "sat ", "on ", "a ", "mat. ", "rat "};
  while (text.size() < 5000) text += some[random.below(some.size())];
  return {text.begin(), text.end()};
}

SampleTask small(const std::string& model) {
  SampleTask task;
  task.models = {model};
  task.context.prompt = "the cat sat on the mat. the cat ";
  task.length = 20;
  return task;
}

std::string drawn(const SampleTask& task) {
  return std::string(as_text(sample(task).samples.at(0).bytes));
}

TEST(SampleTask, DrawsWhatTheSamplerDraws) {
  SampleTask task = small("ngram:3");
  task.sampler = "ancestral";
  const auto model = make_model("ngram:3");
  const ByteView context = as_bytes(*task.context.prompt);
  const auto state = model->start(context);
  Random random(1);
  const Bytes expected = sample(*make_sampler("ancestral"), *state, Candidates::seen(context),
                                {.length_bytes = 20, .history = context}, random);
  EXPECT_EQ(sample(task).samples.at(0).bytes, expected);
}

TEST(SampleTask, TakesModelsThatWereMadeAlready) {
  SampleTask task = small("ngram:3");
  const std::string expected = drawn(task);
  task.models.clear();
  task.made_models = {make_model("ngram:3")};
  EXPECT_EQ(drawn(task), expected);
}

// The sampler hands over what it has paid; the model says the same when it is asked.
TEST(SampleTask, SaysWhatASampleCosts) {
  for (const char* model : {"ngram:3", "gzip:9", "zstd:3", "xz", "product:gzip^0.5,ngram:2"}) {
    for (const char* sampler : {"ancestral", "spans", "smc", "metropolis", "beam", "coinflips"}) {
      SampleTask task = small(model);
      task.sampler = sampler;
      task.alphabet = "seen";
      task.length = 8;
      if (std::string(sampler) == "metropolis") {
        task.sampling.set(&SamplerOptions::steps, 20);
        task.sampling.set(&SamplerOptions::burn_in, 10);
        task.sampling.set(&SamplerOptions::chains, 1);
      }
      if (std::string(sampler) == "smc") task.sampling.set(&SamplerOptions::particles, 4);
      if (std::string(sampler) == "beam") {
        task.sampling.set(&SamplerOptions::horizon, 2);
        task.sampling.set(&SamplerOptions::beam_width, 4);
      }
      if (std::string(sampler) == "coinflips" && measures_compressor(*make_model(model))) continue;
      const SampleResult result = sample(task);
      const ByteView bytes(result.samples.at(0).bytes);
      const auto state = make_model(model)->start(as_bytes(*task.context.prompt));
      double bits = 0;
      state->measure({&bytes, 1}, {&bits, 1});
      EXPECT_NEAR(result.samples[0].bits, bits, 1e-6) << model << " " << sampler;
    }
  }
}

TEST(SampleTask, LeavesOutWhatIsNotWanted) {
  SampleTask task = small("ngram:3");
  task.wants_bytes = task.wants_bits = task.wants_copying = false;
  const Sample sample = kraft::sample(task).samples.at(0);
  EXPECT_EQ(sample.size_bytes, 20u);
  EXPECT_TRUE(sample.bytes.empty());
  EXPECT_EQ(sample.bits, 0);
  EXPECT_EQ(sample.copying.mean_copy_bytes, 0);
}

TEST(SampleTask, GivesTheBytesAsTheyAreDrawn) {
  SampleTask task = small("ngram:3");
  task.count = 2;
  std::string events, bytes;
  SampleReceiver receiver;
  receiver.context = [&](ByteView prompt, ByteView suffix) {
    events += "c" + std::to_string(prompt.size()) + "," + std::to_string(suffix.size());
  };
  receiver.model_begins = [&](const SampledModel& model) { events += " m" + model.spec; };
  receiver.sample_begins = [&](const SampledModel&, const Sample& sample) {
    events += " b" + std::to_string(sample.index);
  };
  receiver.bytes = [&](ByteView drawn) { bytes += as_text(drawn); };
  receiver.drawn = [&](const SampledModel&, const Sample& sample) {
    EXPECT_EQ(sample.size_bytes, 20u);
    events += " d";
  };
  receiver.sample_ends = [&](const SampledModel&, const Sample& sample) {
    EXPECT_GT(sample.bits, 0);
    events += " e";
  };
  const SampleResult result = sample(task, receiver);
  EXPECT_EQ(events, "c32,0 mngram:3 b0 d e b1 d e");
  EXPECT_EQ(bytes, std::string(as_text(result.samples[0].bytes)) +
                       std::string(as_text(result.samples[1].bytes)));
  EXPECT_NE(result.samples[0].bytes, result.samples[1].bytes);
}

TEST(SampleTask, ReturnsWhatItHasWhenItIsCancelled) {
  SampleTask task = small("ngram:3");
  task.count = 3;
  std::uint64_t size = 0;
  SampleReceiver receiver;
  receiver.bytes = [&](ByteView drawn) { size += drawn.size(); };
  receiver.cancelled = [&] { return size >= 25; };
  const SampleResult result = sample(task, receiver);
  EXPECT_TRUE(result.cancelled);
  ASSERT_EQ(result.samples.size(), 2u);
  EXPECT_TRUE(result.samples[0].complete);
  EXPECT_FALSE(result.samples[1].complete);
  EXPECT_EQ(result.samples[1].size_bytes, 5u);
}

TEST(SampleTask, FillsAHole) {
  SampleTask task;
  task.models = {"gzip:9"};
  task.context.prime = words();
  task.context.prompt = "the cat ___ the mat. ";
  task.hole = "___";
  task.length = 6;
  task.sampling.set(&SamplerOptions::temperature, 0.2);
  task.sampling.set(&SamplerOptions::steps, 300);
  task.sampling.set(&SamplerOptions::burn_in, 100);
  const SampleResult result = sample(task);
  EXPECT_EQ(as_text(result.prompt), "the cat ");
  EXPECT_EQ(as_text(result.suffix), " the mat. ");
  EXPECT_EQ(result.models.at(0).sampler, "metropolis");
  EXPECT_EQ(result.models.at(0).reason, SamplerReason::hole);
  EXPECT_GT(result.samples.at(0).suffix_bits, 0);
  task.hole.reset();
  task.context.prompt = "the cat ";
  task.suffix = " the mat. ";
  EXPECT_EQ(sample(task).samples.at(0).bytes, result.samples[0].bytes);
}

TEST(SampleTask, ChoosesTheSamplerThatSuits) {
  SampleTask task;
  task.models = {"gzip:9", "ngram:3"};
  task.context.prime = words();
  task.length = 12;
  SampleResult result = sample(task);
  EXPECT_EQ(result.models.at(0).reason, SamplerReason::strings);
  EXPECT_EQ(result.models[0].options.span_length, 4);
  EXPECT_EQ(result.models.at(1).reason, SamplerReason::predicts);
  task.sampling.set(&SamplerOptions::span_length, 2);
  task.models = {"gzip:9"};
  EXPECT_EQ(sample(task).models.at(0).options.span_length, 2);
  task.sampler = "ancestral";
  task.sampling = {};
  result = sample(task);
  EXPECT_EQ(result.models.at(0).reason, SamplerReason::asked);
}

TEST(SampleTask, RefusesWhatCannotBeMeant) {
  const auto error = [](auto&& change) {
    SampleTask task = small("ngram:3");
    change(task);
    return usage_error([&] { sample(task); });
  };
  EXPECT_EQ(error([](SampleTask& t) { t.models.clear(); }), "model is missing");
  EXPECT_EQ(error([](SampleTask& t) { t.count = 0; }), "count 0 is out of range: 1..1048576");
  EXPECT_EQ(error([](SampleTask& t) { t.context.prime_first = 5; }), "prime-first needs prime");
  EXPECT_EQ(error([](SampleTask& t) { t.sampling.set(&SamplerOptions::horizon, 4); }),
            "horizon has no meaning for sampler ancestral; it is an option of beam, lookahead");
  EXPECT_EQ(error([](SampleTask& t) { t.preset = "gzipt"; }), "preset needs prime");
  for (const std::string name : {"preset", "proposal", "sampler", "alphabet"}) {
    SampleTask task;
    EXPECT_EQ(usage_error([&] { sample_options().parse(task, name, ""); }), name + " is empty");
  }
  // A default that is given is given.
  const std::vector<std::pair<std::string, std::string>> fixed = {
      {"sampler", "auto"}, {"alphabet", "auto"}, {"prime-first", "0"}};
  for (const auto& given : fixed) {
    EXPECT_EQ(error([&given](SampleTask& t) {
                t.preset = "gzipt";
                t.context.prime = words();
                sample_options().parse(t, given.first, given.second);
              }),
              "preset and " + given.first + " cannot be given together");
  }
  EXPECT_EQ(
      error([](SampleTask& t) { t.suffix_first = 1024; }),
      "suffix-first has no meaning for sampler ancestral; it is an option of metropolis, smc");
  EXPECT_EQ(error([](SampleTask& t) {
              t.sampler = "beam";
              t.suffix = "x";
            }),
            "suffix has no meaning for sampler beam; it is an option of metropolis, smc");
  EXPECT_EQ(error([](SampleTask& t) { t.hole = "x"; }),
            "hole: 'x' is not in the file or the prompt");
}

TEST(SampleTask, EndsASampleThatIsEnoughAndGoesOnToTheNext) {
  SampleTask task;
  task.models = {"ngram:2"};
  task.context.prompt = "abcabcabcabc";
  task.length = 20;
  task.count = 2;
  const SampleResult whole = sample(task);
  std::size_t drawn_bytes = 0;
  SampleReceiver receiver;
  receiver.sample_begins = [&](const auto&, const auto&) { drawn_bytes = 0; };
  receiver.bytes = [&](ByteView drawn) { drawn_bytes += drawn.size(); };
  receiver.enough = [&] { return drawn_bytes >= 5; };
  const SampleResult cut = sample(task, receiver);
  ASSERT_EQ(cut.samples.size(), 2U);
  EXPECT_FALSE(cut.cancelled);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(cut.samples[i].complete);
    EXPECT_EQ(cut.samples[i].bytes,
              Bytes(whole.samples[i].bytes.begin(), whole.samples[i].bytes.begin() + 5));
  }
}

}  // namespace
}  // namespace kraft::testing
