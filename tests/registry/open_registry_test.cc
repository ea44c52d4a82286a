// Codecs and models that a program registers itself. What is registered stays, so that every test
// that registers something does it in a process of its own.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "evaluate/classify.h"
#include "evaluate/score.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "kraft/registry.h"

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
