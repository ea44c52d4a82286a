// Codecs and models that a program registers itself. What is registered stays, so that every test
// that registers something does it in a process of its own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "evaluate/classify.h"
#include "evaluate/score.h"
#include "kraft/compressor_model.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/tasks/classify.h"
#include "kraft/tasks/compare.h"
#include "kraft/tasks/next.h"
#include "kraft/tasks/pack.h"
#include "kraft/tasks/sample.h"
#include "kraft/tasks/score.h"

namespace kraft {
namespace {

// Every byte costs two.
class DoublingCodec final : public Codec {
 public:
  std::unique_ptr<kraft::Encoder> encoder() const override { return std::make_unique<Encoder>(); }
  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    Bytes message;
    for (std::size_t i = 0; i + 1 < stream.size() && message.size() < limit_bytes; i += 2)
      message.push_back(stream[i]);
    return message;
  }

 private:
  class Encoder final : public kraft::Encoder {
   public:
    void encode(ByteView message, Bytes& stream) override {
      stream.clear();
      for (const Byte byte : message) stream.insert(stream.end(), 2, byte);
    }
  };
};

std::shared_ptr<const Codec> doubling() { return std::make_shared<DoublingCodec>(); }

std::string refusal_of(Backend backend) {
  try {
    register_backend(std::move(backend));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

Backend row_called(std::string name) {
  Backend row;
  row.name = std::move(name);
  row.make_codec = [](const Arguments&) { return doubling(); };
  return row;
}

// Calls the function in a child, which fails when a check of it does.
#define EXPECT_IN_CHILD(function)                                                \
  EXPECT_EXIT(                                                                   \
      {                                                                          \
        try {                                                                    \
          function();                                                            \
        } catch (const std::exception& error) {                                  \
          ADD_FAILURE() << error.what();                                         \
        }                                                                        \
        std::_Exit(::testing::Test::HasFailure() ? EXIT_FAILURE : EXIT_SUCCESS); \
      },                                                                         \
      ::testing::ExitedWithCode(EXIT_SUCCESS), "")

void use_a_codec() {
  register_codec("double", "every byte twice", doubling());
  EXPECT_EQ(backends().back().get().summary, "every byte twice");
  EXPECT_EQ(make_codec("double")->encode(as_bytes("abc")).size(), 6u);
  EXPECT_EQ(make_model("double")->start(as_bytes("abc"))->context_bits(), 48);
  EXPECT_EQ(check_spec("double,dither=2"), "double,dither=2");
  EXPECT_EQ(check_spec("mix:double@2,ngram"), "mix:double@2,ngram:5");
  EXPECT_EQ(make_codec("filtered:double,filter=none,width=3")->encode(as_bytes("abc")).size(), 6u);
  std::array<double, 256> bits;
  make_model("product:double,uniform")->start(as_bytes("abc"))->next_byte(bits);
  EXPECT_NEAR(bits['x'], 8, 1e-9);
  EXPECT_EQ(Scorer(make_model("double"), {}, 1).code_length(as_bytes("abcd"), 0).compressed_bytes,
            8);
  const Classifier classifier("double", {{"one", {'a'}}, {"two", {'b'}}}, 1);
  EXPECT_EQ(classifier.distances(as_bytes("ab")).size(), 2u);
  const Bytes file = compress(*make_model("double"), as_bytes("abc"));
  EXPECT_EQ(as_text(decompress(file)), "abc");
}

TEST(OpenRegistry, ACodecWorksWhereverKraftsOwnDo) { EXPECT_IN_CHILD(use_a_codec); }

void use_a_model() {
  register_model("mine", "order 2", make_model("ngram:2"));
  const auto model = make_model("mine");
  EXPECT_EQ(model->spec(), "mine");
  const auto same = make_model("ngram:2");
  EXPECT_EQ(model->start(as_bytes("banana"))->context_bits(),
            same->start(as_bytes("banana"))->context_bits());
  EXPECT_EQ(Scorer(model, {}, 1).code_length(as_bytes("banana"), 0).bits,
            Scorer(same, {}, 1).code_length(as_bytes("banana"), 0).bits);
  EXPECT_THROW(make_codec("mine"), UsageError);
  EXPECT_THROW(make_model("mine:3"), UsageError);
  EXPECT_EQ(as_text(decompress(compress(*make_model("mix:mine,gzip"), as_bytes("banana")))),
            "banana");
}

TEST(OpenRegistry, AModelWorksUnderItsNewName) { EXPECT_IN_CHILD(use_a_model); }

// What kraft knows by another name, for the results to be compared with.
void register_known_ones() {
  register_codec("squeeze", "gzip:9, measured as it stands", make_codec("gzip:9"));
  register_model("swift", "gzip:9 and its engine", make_model("gzip:9"));
  register_model("grams", "ngram:2", make_model("ngram:2"));
}

const std::vector<std::string>& registered_specs() {
  static const std::vector<std::string> specs = {"squeeze", "swift", "grams",
                                                 "product:squeeze^0.5,grams,swift^0.5",
                                                 "mix:squeeze,grams,swift@2"};
  return specs;
}

// The same with kraft's own names.
std::string known(std::string spec) {
  for (const auto& [mine, own] : {std::pair("squeeze", "gzip:9,engine=recompress"),
                                  std::pair("swift", "gzip:9"), std::pair("grams", "ngram:2")}) {
    const std::size_t at = spec.find(mine);
    if (at == spec.npos) continue;
    const bool in_list = spec.find(':') < at;
    const std::string quoted = '"' + std::string(own) + '"';
    spec.replace(at, std::string(mine).size(), in_list ? quoted : own);
  }
  return check_spec(spec);
}

const Bytes& a_text() {
  static const Bytes text = [] {
    std::string words;
    for (int i = 0; i < 60; ++i)
      words += i % 3 == 0 ? "the cat sat on the mat. " : i % 7 == 0 ? "a rat ran. " : "and then ";
    return Bytes(words.begin(), words.end());
  }();
  return text;
}

void expect_after_a_text() {
  register_known_ones();
  for (const std::string& spec : registered_specs()) {
    NextTask task;
    task.context.prime = a_text();
    task.models = {spec, known(spec)};
    const NextResult result = next(task);
    EXPECT_EQ(result.expectations[0].model, check_spec(spec));
    for (std::size_t b = 0; b < 256; ++b)
      ASSERT_NEAR(result.expectations[0].bits[b], result.expectations[1].bits[b], 1e-9) << spec;
  }
}

TEST(OpenRegistry, WhatIsRegisteredExpectsWhatItsModelExpects) {
  EXPECT_IN_CHILD(expect_after_a_text);
}

void sample_from_all() {
  register_known_ones();
  EXPECT_TRUE(measures_compressor(*make_model("swift")));
  EXPECT_FALSE(measures_compressor(*make_model("grams")));
  for (const std::string& spec : registered_specs()) {
    SampleTask task;
    task.context.prime = a_text();
    task.length = 20;
    task.threads = 1;
    task.models = {spec, known(spec)};
    const SampleResult result = sample(task);
    ASSERT_EQ(result.samples.size(), 2U);
    EXPECT_EQ(result.models[0].sampler, result.models[1].sampler) << spec;
    EXPECT_EQ(result.models[0].reason, result.models[1].reason) << spec;
    EXPECT_EQ(as_text(result.samples[0].bytes), as_text(result.samples[1].bytes)) << spec;
  }
}

TEST(OpenRegistry, WhatIsRegisteredIsSampledAsItsModelIs) { EXPECT_IN_CHILD(sample_from_all); }

void score_and_classify_all() {
  register_known_ones();
  const Bytes some(a_text().begin(), a_text().begin() + 80);
  const Bytes other(some.rbegin(), some.rend());
  for (const std::string& spec : registered_specs()) {
    ScoreTask scored;
    scored.models = {spec, known(spec)};
    scored.inputs = {{"text", some}};
    scored.prime = other;
    scored.positions = 5;
    const ScoreResult scores = score(scored);
    ASSERT_EQ(scores.rows.size(), 2U);
    EXPECT_NEAR(scores.rows[0].prequential->bits_per_byte,
                scores.rows[1].prequential->bits_per_byte, 1e-9)
        << spec;
    EXPECT_NEAR(scores.rows[0].bits, scores.rows[1].bits, 8) << spec;

    ClassifyTask classified;
    classified.corpora = {{"forward", some}, {"backward", other}};
    classified.inputs = {{"some", {some.begin() + 20, some.begin() + 60}}};
    classified.model = spec;
    EXPECT_EQ(classify(classified).inputs[0].by_conditional.nearest, 0U) << spec;
  }
}

TEST(OpenRegistry, WhatIsRegisteredScoresAndClassifies) { EXPECT_IN_CHILD(score_and_classify_all); }

void compare_all() {
  register_known_ones();
  CompareTask task;
  task.inputs = {{"text", a_text()}};
  task.models = registered_specs();
  for (const std::string& spec : registered_specs()) task.models.push_back(known(spec));
  task.judges = {"grams"};
  task.windows = 1;
  task.positions = 3;
  task.context_bytes = 100;
  task.truth_bytes = 8;
  task.threads = 1;
  const CompareResult result = compare(task);
  const auto bits_of = [&](const std::string& spec) {
    for (const CompareRow& row : result.rows) {
      if (row.model == check_spec(spec)) return row.figures.at("bits_per_byte").mean;
    }
    ADD_FAILURE() << "no row of " << spec;
    return 0.0;
  };
  for (const std::string& spec : registered_specs())
    EXPECT_NEAR(bits_of(spec), bits_of(known(spec)), 1e-9) << spec;
}

TEST(OpenRegistry, WhatIsRegisteredIsCompared) { EXPECT_IN_CHILD(compare_all); }

void pack_all() {
  register_known_ones();
  const Bytes text(a_text().begin(), a_text().begin() + 60);
  for (const std::string& spec : registered_specs()) {
    CompressTask packing;
    packing.model = spec;
    Bytes packed, back;
    compress(packing, reading(text), writing(packed));
    decompress({}, reading(packed), writing(back));
    EXPECT_EQ(as_text(back), as_text(text)) << spec;
  }
}

TEST(OpenRegistry, WhatIsRegisteredCompressesAndItsFilesNameIt) { EXPECT_IN_CHILD(pack_all); }

void register_in_threads() {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 50; ++i) {
        const std::string name = "t" + std::to_string(t) + "-" + std::to_string(i);
        register_codec(name, "", doubling());
        EXPECT_EQ(find_backend(name).name, name);
        EXPECT_NO_THROW(make_model("gzip"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(find_backend("t3-49").name, "t3-49");
}

TEST(OpenRegistry, TakesRegistrationsFromAnyThread) { EXPECT_IN_CHILD(register_in_threads); }

TEST(OpenRegistry, RefusesNamesThatAreTakenOrIllFormed) {
  EXPECT_EQ(refusal_of(row_called("gzip")), "there is a backend called 'gzip' already");
  EXPECT_EQ(refusal_of(row_called("gz")), "there is a backend called 'gz' already");
  Backend with_alias = row_called("fine");
  with_alias.aliases = {"zstd"};
  EXPECT_EQ(refusal_of(with_alias), "there is a backend called 'zstd' already");
  for (const char* name : {"", "a:b", "a,b", "a=b", "a b", "a\"b", "a^2", "a@2", "a\n", "\xc3\xa9"})
    EXPECT_NE(refusal_of(row_called(name)).find("a name is made of letters"), std::string::npos)
        << name;
  EXPECT_THROW(find_backend("fine"), UsageError);
}

TEST(OpenRegistry, RefusesRowsThatMakeNothingOrRepeatAParameter) {
  Backend nothing;
  nothing.name = "nothing";
  EXPECT_EQ(refusal_of(nothing), "nothing: makes neither a codec nor a model");
  Backend repeated = row_called("repeated");
  repeated.parameters = {Parameter::integer("context", 0, 1, "0", "")};
  EXPECT_EQ(refusal_of(repeated), "repeated: has the parameter 'context' twice");
  EXPECT_THROW(register_codec("none", "", nullptr), UsageError);
  EXPECT_THROW(register_model("none", "", nullptr), UsageError);
}

// A model that nobody registered.
class Unregistered final : public Model {
 public:
  std::unique_ptr<State> start() const override { return inner_->start(); }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return inner_->granularity(); }
  std::optional<std::uint64_t> window_bytes() const override { return std::nullopt; }

 private:
  std::string spec_ = "nobody's:1";
  std::shared_ptr<const Model> inner_ = make_model("ngram:1");
};

TEST(OpenRegistry, AModelThatIsNotRegisteredIsScoredByItsPredictions) {
  const Scorer scorer(std::make_shared<Unregistered>(), {}, 1);
  const CodeLength length = scorer.code_length(as_bytes("banana"), 0);
  EXPECT_TRUE(length.by_prediction);
  EXPECT_EQ(length.bits, make_model("ngram:1")->start(as_bytes("banana"))->context_bits());
}

}  // namespace
}  // namespace kraft
