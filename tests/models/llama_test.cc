// Language models through llama.cpp, against llama.cpp itself and against enumeration.
#ifdef KRAFT_HAVE_LLAMA

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <thread>

#include "codecs/messages.h"
#include "core/hidden_state.h"
#include "kraft/candidates.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/sampler.h"
#include "kraft/units.h"
#include "models/llama/gguf_file.h"
#include "models/llama/states.h"
#include "models/llama/trial.h"
#include "models/llama/weights.h"
#include "models/llama_truth.h"
#include "models/tiny_weights.h"
#include "samplers/toy_models.h"

namespace kraft {

namespace testing {
using namespace ::testing;
}

namespace {

using testing::Bare;
using testing::Enumeration;
using testing::HasSubstr;
using testing::kInfinity;
using testing::TinyModel;
using testing::TinyWeights;
using Bits = std::array<double, 256>;

class Llama : public testing::Test {
 protected:
  // The first model silences llama.cpp, which the tests call themselves as well.
  Llama() { make_model("llama#1"); }

  std::string spec(const std::string& name, const std::string& rest = "") const {
    return "llama:" + weights_.path(name + ".gguf") + rest;
  }
  std::shared_ptr<const Model> model(const std::string& name, const std::string& rest = "") const {
    return make_model(spec(name, rest));
  }

  Enumeration enumeration(const TinyModel& tiny) const;

  TinyWeights weights_;
};

// Of letters.gguf.
Enumeration Llama::enumeration(const TinyModel& tiny) const {
  std::vector<std::string> bytes;
  for (const testing::TinyToken& token : tiny.tokens) {
    const bool counts =
        token.type != LLAMA_TOKEN_TYPE_CONTROL && token.type != LLAMA_TOKEN_TYPE_UNKNOWN;
    bytes.push_back(counts ? testing::bytes_of(token) : "");
  }
  return {weights_.path("letters.gguf"), bytes};
}

Bits next_of(State& state) {
  Bits bits;
  state.next_byte(bits);
  return bits;
}

TEST_F(Llama, BytesHaveTheSoftmaxOfLlamaCpp) {
  Bare bare(weights_.path("text.gguf"));
  const auto state = model("text")->start();
  std::vector<llama_token> tokens;
  for (Byte byte : real_text(20)) {
    const std::vector<double> expected = bare.next(tokens, [](std::size_t i) { return i < 256; });
    const Bits bits = next_of(*state);
    for (std::size_t b = 0; b < 256; ++b) ASSERT_NEAR(bits[b], expected[b], 1e-12);
    state->observe({&byte, 1});
    tokens.push_back(byte);
  }
}

// The window of 48 tokens slides several times on the way.
class LlamaReproduces : public Llama, public testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Models, LlamaReproduces, testing::Values("text", "image"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST_P(LlamaReproduces, TheSameBitsHoweverItIsAsked) {
  const Bytes text = real_text(150);
  const auto one_by_one = model(GetParam(), ",ctx=48")->start();
  std::vector<Bits> expected;
  for (Byte byte : text) {
    expected.push_back(next_of(*one_by_one));
    one_by_one->observe({&byte, 1});
  }
  const double total_bits = one_by_one->context_bits();

  for (const char* how : {"", ",threads=2", ",sequences=4"}) {
    const auto model = this->model(GetParam(), std::string(",ctx=48") + how);
    EXPECT_EQ(model->start(text)->context_bits(), total_bits) << how;
    for (std::size_t at : {0, 1, 46, 47, 48, 71, 72, 149})
      EXPECT_EQ(next_of(*model->start(ByteView(text).first(at))), expected[at]) << how << at;

    // Back across the slides, and on.
    const auto state = model->start(ByteView(text).first(30));
    const Mark mark = state->mark();
    state->observe(ByteView(text).subspan(30, 100));
    EXPECT_EQ(next_of(*state), expected[130]);
    const auto copy = state->clone();
    state->rewind(mark);
    EXPECT_EQ(next_of(*state), expected[30]);
    EXPECT_EQ(next_of(*copy), expected[130]);
    copy->observe(ByteView(text).subspan(130, 10));
    EXPECT_EQ(next_of(*copy), expected[140]);

    // What no window shows any more is passed over, unless all of it is asked for.
    const auto late = model->start(text);
    const Mark early = late->mark();
    EXPECT_EQ(next_of(*late), next_of(*one_by_one));
    EXPECT_EQ(late->context_bits(), total_bits);
    late->rewind(early);
    late->observe(text);
    next_of(*late);
    late->rewind(early);
    EXPECT_EQ(late->context_bits(), total_bits);

    // Many continuations at once, some of them across a slide.
    std::vector<ByteView> prefixes;
    for (std::size_t size = 0; size <= 40; ++size)
      prefixes.push_back(ByteView(text).subspan(30, size));
    const Bytes others = random_bytes(60, 3);
    for (std::size_t i = 0; i < 20; ++i) prefixes.push_back(ByteView(others).subspan(i, i % 5));
    const Bytes alphabet = all_bytes();
    std::vector<double> bits(prefixes.size() * 256);
    state->extend(prefixes, alphabet, bits);
    double prefix_bits = 0;
    for (std::size_t size = 0; size <= 40; ++size) {
      for (std::size_t b = 0; b < 256; ++b)
        ASSERT_EQ(bits[size * 256 + b], prefix_bits + expected[30 + size][b]) << how << size;
      prefix_bits += expected[30 + size][text[30 + size]];
    }
  }
}

TEST_F(Llama, TheWindowIsAFunctionOfThePosition) {
  EXPECT_EQ(window_begin(10, 10), 0u);
  EXPECT_EQ(window_begin(11, 10), 5u);
  EXPECT_EQ(window_begin(15, 10), 5u);
  EXPECT_EQ(window_begin(16, 10), 10u);
  for (std::size_t capacity : {1, 2, 3, 15, 16}) {
    for (std::size_t tokens = 0; tokens < 100; ++tokens) {
      const std::size_t in_sight = tokens - window_begin(tokens, capacity);
      EXPECT_LE(in_sight, capacity);
      EXPECT_GE(in_sight, std::min(tokens, capacity / 2));
      EXPECT_LE(window_begin(tokens, capacity), window_begin(tokens + 1, capacity));
    }
  }
  // What lies before it changes nothing.
  Bytes text = real_text(100);
  const auto model = this->model("text", ",ctx=48");
  const Bits bits = next_of(*model->start(text));
  text[window_begin(100, 47) - 1] ^= 1;
  EXPECT_EQ(next_of(*model->start(text)), bits);
  text[window_begin(100, 47)] ^= 1;
  EXPECT_NE(next_of(*model->start(text)), bits);
}

TEST_F(Llama, ManyStatesShareAFewContexts) {
  const auto model = make_model(spec("text"), {.threads = 2});
  const Bytes text = real_text(100);
  const auto start = model->start(text);
  std::vector<std::unique_ptr<State>> states;
  std::vector<Bytes> texts;
  for (std::uint64_t i = 0; i < 20; ++i) {
    states.push_back(start->clone());
    texts.push_back(text);
  }
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < states.size(); ++i) {
      const Bytes more = random_bytes(5, 100 * i + static_cast<std::uint64_t>(round));
      states[i]->observe(more);
      append(texts[i], more);
    }
  }
  std::vector<std::thread> threads;
  std::vector<Bits> found(states.size());
  for (std::size_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < states.size(); i += 3) found[i] = next_of(*states[i]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < states.size(); ++i)
    EXPECT_EQ(found[i], next_of(*this->model("text")->start(texts[i])));
}

TEST_F(Llama, Ascii7CostsTheLostBit) {
  Bare bare(weights_.path("text.gguf"));
  const auto state = model("text", ",bytes=ascii7")->start();
  std::vector<llama_token> tokens;
  for (Byte byte : Bytes{200, 7, 255, 0}) {
    const std::vector<double> expected = bare.next(tokens, [](std::size_t i) { return i < 128; });
    const Bits bits = next_of(*state);
    for (std::size_t b = 0; b < 256; ++b) ASSERT_NEAR(bits[b], expected[b / 2] + 1, 1e-12);
    state->observe({&byte, 1});
    tokens.push_back(byte >> 1);
  }
}

// --- bytes from tokens ---

TEST_F(Llama, BytesFromTokensAreTheSumOverAllCoverings) {
  const TinyModel tiny = testing::tiny_letters();
  Enumeration truth = enumeration(tiny);
  const auto model = this->model("letters", ",beam=4096");
  const auto start = model->start();
  for (std::size_t length : {1, 2, 3, 5}) {
    std::vector<std::string> texts = testing::strings_over("ab", length);
    std::vector<ByteView> views;
    for (const std::string& text : texts) views.push_back(as_bytes(text));
    std::vector<double> bits(views.size());
    start->measure(views, bits);
    double sum = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      EXPECT_NEAR(bits[i], truth.bits(texts[i]), 1e-6) << texts[i];
      const auto state = model->start(views[i]);
      EXPECT_NEAR(state->context_bits(), bits[i], 1e-9);
      const Bits next = next_of(*state);
      EXPECT_NEAR(next['a'], truth.bits(texts[i] + "a") - truth.bits(texts[i]), 1e-6);
      EXPECT_EQ(next['c'], kInfinity);
      sum += std::exp2(-bits[i]);
    }
    EXPECT_NEAR(sum, 1, 1e-9);
  }
}

TEST_F(Llama, ANarrowBeamSaysWhatItLeftOut) {
  const TinyModel tiny = testing::tiny_letters();
  Enumeration truth = enumeration(tiny);
  for (const char* beam : {",beam=1", ",beam=2", ",beam=3", ",beam=4096"}) {
    const auto model = this->model("letters", beam);
    bool exact = true;
    for (const std::string& text : testing::strings_over("ab", 6)) {
      const auto state = model->start(as_bytes(text));
      const CoveringBounds bounds = covering_bounds(*state);
      const double bits = truth.bits(text);
      EXPECT_LE(bounds.least_bits, bits + 1e-9) << beam << text;
      EXPECT_GE(bounds.most_bits, bits - 1e-9) << beam << text;
      EXPECT_LE(bounds.least_bits, bounds.most_bits);
      exact = exact && std::abs(bounds.most_bits - bounds.least_bits) < 1e-6;
    }
    EXPECT_EQ(exact, std::string(beam) == ",beam=4096") << beam;
  }
}

TEST_F(Llama, ATokenThatNothingCoversIsImpossible) {
  const auto state = model("letters")->start(as_bytes("abc"));
  EXPECT_EQ(state->context_bits(), kInfinity);
  EXPECT_EQ(next_of(*state)['a'], kInfinity);
}

TEST_F(Llama, ANarrowBeamNeverLosesAByteOfAFullVocabulary) {
  const auto state = model("words", ",beam=1")->start();
  for (Byte byte : random_bytes(200, 4)) {
    ASSERT_TRUE(std::isfinite(next_of(*state)[byte]));
    state->observe({&byte, 1});
  }
}

TEST_F(Llama, ASpacePrefixIsTakenForGranted) {
  TinyModel tiny = testing::tiny_words();
  tiny.add_space_prefix = true;
  testing::write_gguf(tiny, weights_.path("prefix.gguf"));
  const auto with = model("prefix")->start();
  const auto without = model("words")->start(as_bytes(" "));
  EXPECT_EQ(with->position_bytes(), 0u);
  EXPECT_EQ(with->context_bits(), 0);
  EXPECT_EQ(next_of(*with), next_of(*without));
}

// --- hidden states ---

std::vector<float> hidden_state_of(State& state) {
  return dynamic_cast<HasHiddenState&>(state).hidden_state();
}

// The bits of some tokens, of the softmax over them: what the file's last matrix makes of a hidden
// state.
std::vector<double> bits_of_hidden(const std::string& path, const std::vector<float>& hidden,
                                   std::size_t first, std::size_t end) {
  ggml_context* tensors = nullptr;
  gguf_context* file = gguf_init_from_file(path.c_str(), {.no_alloc = false, .ctx = &tensors});
  const auto* matrix = static_cast<const float*>(ggml_get_tensor(tensors, "output.weight")->data);
  std::vector<double> bits;
  double sum = 0;
  for (std::size_t token = first; token < end; ++token) {
    double logit = 0;
    for (std::size_t i = 0; i < hidden.size(); ++i)
      logit += matrix[token * hidden.size() + i] * hidden[i];
    bits.push_back(-logit / std::log(2.0));
    sum += std::exp(logit);
  }
  for (double& of : bits) of += std::log2(sum);
  gguf_free(file);
  ggml_free(tensors);
  return bits;
}

TEST_F(Llama, TheHiddenStateTimesTheLastMatrixIsThePrediction) {
  const Bytes text = real_text(100);  // in windows of 48 tokens
  const auto model = this->model("text", ",ctx=48");
  for (const std::size_t size : {0, 1, 40, 48, 100}) {
    const auto state = model->start(ByteView(text).first(size));
    const std::vector<float> hidden = hidden_state_of(*state);
    ASSERT_EQ(hidden.size(), 32u);
    const auto expected = bits_of_hidden(weights_.path("text.gguf"), hidden, 0, 256);
    const Bits found = next_of(*state);
    for (std::size_t b = 0; b < 256; ++b) ASSERT_NEAR(found[b], expected[b], 1e-4) << size;
  }
}

TEST_F(Llama, TheHiddenStateIsTheSameHoweverItIsReachedAndChangesNothing) {
  const Bytes text = real_text(60);
  const auto model = this->model("text");
  const auto at_once = model->start(text), one_by_one = model->start();
  for (const Byte byte : text) {
    next_of(*one_by_one);
    hidden_state_of(*one_by_one);
    one_by_one->observe({&byte, 1});
  }
  EXPECT_EQ(hidden_state_of(*at_once), hidden_state_of(*one_by_one));
  EXPECT_EQ(next_of(*one_by_one), next_of(*this->model("text")->start(text)));
}

// One covering is kept, so that what is drawn goes on from it alone.
TEST_F(Llama, OfTokensTheHiddenStateIsThatOfTheLikeliestOnes) {
  const auto state = model("words", ",beam=1")->start(as_bytes("the captain and the whale"));
  const std::vector<float> hidden = hidden_state_of(*state);
  const std::size_t tokens = testing::tiny_words().tokens.size();
  std::vector<double> expected = bits_of_hidden(weights_.path("words.gguf"), hidden, 3, tokens);
  std::vector<double> found(tokens - 3);
  const UnitsView nothing;
  state->by_units()->extend_units({&nothing, 1}, found);
  std::ranges::sort(expected);  // units come in another order
  std::ranges::sort(found);
  for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-4);
}

// --- drawing by token ---

TEST_F(Llama, AModelOfBytesDrawsBytes) {
  const Candidates candidates = Candidates::units_of(*model("text"));
  EXPECT_TRUE(candidates.single_bytes());
  EXPECT_EQ(candidates.size(), 256u);
  EXPECT_FALSE(candidates.model_units());
  EXPECT_TRUE(model("text", ",bytes=ascii7")->units().empty());
}

// What was drawn in the first `units` steps, with bars between.
std::string steps(const Sampler& sampler, const Model& model, int units, Random& random) {
  const auto state = model.start();
  std::string text;
  sampler.sample(*state, Candidates::units_of(model), {.length_bytes = 1000}, random,
                 [&](ByteView bytes) {
                   text += std::string(as_text(bytes)) + "|";
                   return --units > 0;
                 });
  return text;
}

// The distribution of two tokens by their strings; the letter a is two of the tokens.
testing::Distribution two_steps(Enumeration& truth, const TinyModel& tiny) {
  testing::Distribution p;
  const std::vector<double> first = truth.next({});
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (std::isinf(first[i])) continue;
    const std::vector<double> second = truth.next({static_cast<llama_token>(i)});
    for (std::size_t j = 0; j < second.size(); ++j) {
      if (!std::isinf(second[j]))
        p[bytes_of(tiny.tokens[i]) + "|" + bytes_of(tiny.tokens[j]) + "|"] +=
            std::exp2(-first[i] - second[j]);
    }
  }
  return p;
}

TEST_F(Llama, TokensAreDrawnFromTheSoftmax) {
  const TinyModel tiny = testing::tiny_letters();
  Enumeration truth = enumeration(tiny);
  const auto model = this->model("letters");
  ASSERT_EQ(model->units().size(), 7u);
  EXPECT_TRUE(Candidates::units_of(*model).model_units());
  const testing::Distribution expected = two_steps(truth, tiny);
  for (const char* name : {"ancestral", "lookahead"}) {
    SamplerOptions options;
    if (std::string(name) == "lookahead") options.horizon = 2;
    const auto sampler = make_sampler(name, options);
    Random random(1);
    std::map<std::string, int> counts;
    for (int i = 0; i < 1500; ++i) ++counts[steps(*sampler, *model, 2, random)];
    testing::expect_distribution(counts, expected);
  }
}

TEST_F(Llama, BeamsOfTokensFindTheBestPlan) {
  const TinyModel tiny = testing::tiny_letters();
  Enumeration truth = enumeration(tiny);
  double least = kInfinity;
  std::string best;
  const std::vector<double> first = truth.next({});
  for (std::size_t i = 0; i < first.size(); ++i) {
    const std::vector<double> second =
        std::isinf(first[i]) ? first : truth.next({static_cast<llama_token>(i)});
    for (std::size_t j = 0; j < second.size(); ++j) {
      if (first[i] + second[j] >= least) continue;
      least = first[i] + second[j];
      best = bytes_of(tiny.tokens[i]) + bytes_of(tiny.tokens[j]) + "|";
    }
  }
  SamplerOptions options{.temperature = 0, .horizon = 2, .beam_width = 64, .commit = 2};
  Random random(1);
  EXPECT_EQ(steps(*make_sampler("beam", options), *model("letters"), 1, random), best);
  options.repeat_ngram = 1;  // no byte twice, within tokens as well: at most two bytes
  const std::string drawn = steps(*make_sampler("beam", options), *model("letters"), 1, random);
  EXPECT_THAT(drawn, testing::AnyOf("ab|", "ba|")) << drawn;
}

TEST_F(Llama, DrawingByTokenObservesEveryByte) {
  const auto model = this->model("words");
  const Bytes text = real_text(60);
  for (const char* name : {"ancestral", "beam", "lookahead"}) {
    SamplerOptions options;
    if (std::string(name) != "ancestral") {
      options.horizon = 2;
      options.beam_width = 3;
    }
    const auto state = model->start(text);
    Random random(2);
    const Bytes drawn = sample(*make_sampler(name, options), *state, Candidates::units_of(*model),
                               {.length_bytes = 40, .history = text}, random);
    EXPECT_EQ(drawn.size(), 40u);
    EXPECT_EQ(state->position_bytes(), 100u);
    EXPECT_TRUE(std::isfinite(state->context_bits()));
  }
}

// --- files ---

std::string error_of(const std::string& spec) {
  try {
    make_model(spec)->start();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(Llama, BadFilesAreErrorsOfOneLine) {
  std::ifstream whole(weights_.path("text.gguf"), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(whole), {});
  const auto write = [&](const char* name, std::string_view content) {
    std::ofstream(weights_.path(name), std::ios::binary) << content;
  };
  write("cut.gguf", std::string_view(bytes).substr(0, bytes.size() / 2));
  write("header.gguf", std::string_view(bytes).substr(0, 200));
  write("magic.gguf", "GGUF");
  TinyModel twice = testing::tiny_letters();
  twice.tokens.push_back(twice.tokens.back());
  testing::write_gguf(twice, weights_.path("twice.gguf"));
  write("other.gguf", "not a model at all");
  write("empty.gguf", "");

  ::testing::internal::CaptureStderr();
  EXPECT_THAT(error_of(spec("missing")), HasSubstr("cannot read"));
  EXPECT_THAT(error_of(spec("other")), HasSubstr("is not a GGUF file"));
  EXPECT_THAT(error_of(spec("empty")), HasSubstr("is not a GGUF file"));
  EXPECT_THAT(error_of(spec("cut")), HasSubstr("bytes end before the tensor"));
  EXPECT_THAT(error_of(spec("twice")), HasSubstr("token '<0x61>' twice"));
  for (const char* name : {"cut", "header", "magic"}) {
    const std::string error = error_of(spec(name));
    EXPECT_THAT(error, testing::StartsWith("llama: cannot load ")) << name;
    EXPECT_EQ(error.find('\n'), error.npos) << name;
    EXPECT_GT(error.size(), ("llama: cannot load " + weights_.path(name) + ".gguf: ").size());
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

// Each of these has llama.cpp end the process, or read what is not there.
TEST_F(Llama, FilesThatLlamaCppCannotBearAreErrorsOfOneLine) {
  const auto write = [&](const char* name, const TinyModel& model) {
    testing::write_gguf(model, weights_.path(std::string(name) + ".gguf"));
  };
  write("window", {.context = 1});
  EXPECT_THAT(error_of(spec("window")),
              HasSubstr("'llama.context_length' is 1, out of range: 2.."));

  std::ifstream whole(weights_.path("text.gguf"), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(whole), {});
  // The value of a key of 32 bits.
  const auto with = [&](const char* name, const std::string& key, std::uint32_t value) {
    std::string changed = bytes;
    const std::size_t at = bytes.find(key) + key.size() + 4;
    std::memcpy(changed.data() + at, &value, sizeof value);
    std::ofstream(weights_.path(std::string(name) + ".gguf"), std::ios::binary) << changed;
    return error_of(spec(name));
  };
  ::testing::internal::CaptureStderr();
  for (const std::uint32_t value : {0u, 1u, 3u, 7u, 64u, 0x7fffffffu, 0xffffffffu}) {
    for (const char* key : {"llama.context_length", "llama.embedding_length", "llama.block_count",
                            "llama.feed_forward_length", "llama.attention.head_count",
                            "llama.rope.dimension_count", "tokenizer.ggml.bos_token_id"}) {
      const std::string error = with("changed", key, value);
      EXPECT_EQ(error.find('\n'), error.npos) << key << " = " << value;
      if (error != "no error") {
        EXPECT_THAT(error, testing::StartsWith("llama: ")) << value;
      }
    }
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(with("rope", "llama.rope.dimension_count", 64), HasSubstr("llama: cannot load"));
}

// The header's own reader, to the byte: whatever is cut off or changed, it ends.
TEST_F(Llama, EveryTruncationAndManyChangesOfAHeaderAreNoticedBeforeLlamaCppSeesIt) {
  std::ifstream whole(weights_.path("letters.gguf"), std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(whole), {});
  const Bytes bytes(text.begin(), text.end());
  const auto parse = [](ByteView file) {
    return parse_gguf(
        [rest = file](std::span<Byte> to) mutable {
          const std::size_t count = std::min(to.size(), rest.size());
          std::copy_n(rest.begin(), count, to.begin());
          rest = rest.subspan(count);
          return count;
        },
        file.size());
  };
  const GgufFile file = parse(bytes);
  EXPECT_EQ(*file.text("general.architecture"), "llama");
  EXPECT_EQ(file.integer("llama.embedding_length"), 32u);
  EXPECT_EQ(file.array("tokenizer.ggml.tokens")->texts.size(),
            testing::tiny_letters().tokens.size());
  EXPECT_EQ(file.array("nothing"), nullptr);
  for (std::size_t size = 0; size < bytes.size(); size += size < 2000 ? 1 : 997)
    EXPECT_THROW(parse(ByteView(bytes).first(size)), Error) << size;
  for (std::size_t at = 4; at < 1500; ++at) {  // numbers that are too large for anything
    Bytes changed = bytes;
    std::fill_n(changed.begin() + static_cast<std::ptrdiff_t>(at), 8, Byte{0xff});
    try {
      parse(changed);
    } catch (const Error&) {
    }
  }
}

TEST_F(Llama, SizesOfTypesAreThoseOfGgml) {
  for (std::uint32_t type = 0; type < GGML_TYPE_COUNT; ++type) {
    const auto values = static_cast<std::uint64_t>(ggml_blck_size(static_cast<ggml_type>(type)));
    const auto block = gguf_block(type);
    EXPECT_EQ(block.has_value(), values > 0) << type;
    if (!block) continue;
    EXPECT_EQ(block->values, values) << type;
    EXPECT_EQ(block->bytes, ggml_type_size(static_cast<ggml_type>(type))) << type;
  }
}

// They are trusted by their content, and not tried in a process of their own.
TEST(LlamaDefault, WeightsThatComeWithKraftAreKnown) {
  for (const char* medium : {"text", "image", "audio"}) {
    bool tried = false;
    expect_sound_weights(find_weights(medium), [&] { tried = true; });
    EXPECT_FALSE(tried) << medium;
  }
}

TEST_F(Llama, AFileWithoutAVocabularyIsAnError) {
  testing::write_gguf({.vocabulary = false}, weights_.path("mute.gguf"));
  EXPECT_THAT(error_of(spec("mute")), HasSubstr("no vocabulary"));
}

TEST_F(Llama, AWindowBeyondTheTrainedOneIsRefused) {
  EXPECT_EQ(error_of(spec("text", ",ctx=129")),
            "llama: ctx 129 is out of range: the model was trained with 128 tokens");
  EXPECT_EQ(model("text", ",ctx=128")->window_bytes(), 127u);
}

TEST_F(Llama, TheMediumChoosesTheDefaultModel) {
  EXPECT_EQ(make_model("llama#1")->spec(), "llama#1:text");
  EXPECT_EQ(make_model("llama#1:default", {.geometry = {.width = 8}})->spec(), "llama#1:image");
  EXPECT_EQ(make_model("llama#1", {.geometry = {.rate = 8000}})->spec(), "llama#1:audio");
  EXPECT_EQ(make_model("llama#1:text,ctx=64", {.geometry = {.width = 8}})->spec(),
            "llama#1:text,ctx=64");
  std::filesystem::remove(weights_.path("audio.gguf"));
  EXPECT_THAT(error_of("llama#1:audio"), HasSubstr("no audio.gguf in "));
}

TEST_F(Llama, WeightsHaveFingerprintsAndParameters) {
  EXPECT_EQ(model("text")->fingerprint(), make_model("llama#1:text")->fingerprint());
  EXPECT_NE(model("text")->fingerprint(), model("audio")->fingerprint());
  EXPECT_EQ(model("text")->fingerprint().size(), 32u);
  // Two matrices of 257 x 32, two layers of four 32 x 32 and three 32 x 64, five vectors of 32.
  EXPECT_EQ(model("text")->parameters(), 2u * 257 * 32 + 2 * (4 * 32 * 32 + 3 * 32 * 64) + 5 * 32);
  EXPECT_EQ(make_model("gzip")->parameters(), 0u);
  EXPECT_EQ(make_model("gzip")->fingerprint(), "");
}

TEST_F(Llama, CancelsBetweenEvaluations) {
  bool cancelled = false;
  const auto model = make_model(spec("text"), {.cancelled = [&] { return cancelled; }});
  const auto state = model->start(real_text(50));
  const Bits bits = next_of(*state);
  state->observe(real_text(1));
  cancelled = true;
  EXPECT_THROW(next_of(*state), Cancelled);
  cancelled = false;
  EXPECT_EQ(next_of(*model->start(real_text(50))), bits);
}

// 69 MB: a command makes a model to see what it is, and again to use it.
TEST(LlamaWeights, AreLoadedOnceWhateverTheirSize) {
  const TinyWeights weights;
  const std::string file = weights.path("large.gguf");
  testing::write_gguf({.feed_forward = 90'000}, file);
  const std::size_t loaded = weights_loaded();
  for (int i = 0; i < 3; ++i) make_model("llama:" + file);
  EXPECT_EQ(weights_loaded(), loaded + 1);
}

TEST(LlamaWeights, AreSharedByTheModelsOfAFileAsLongAsItStaysTheSame) {
  const TinyWeights weights;
  const std::string file = weights.path("copy.gguf");
  std::filesystem::copy_file(weights.path("text.gguf"), file);
  const LlamaEngine one({.file = file});
  std::filesystem::create_symlink(file, weights.path("link.gguf"));
  const LlamaEngine two({.file = weights.path("link.gguf"), .context = 32, .contexts = 3});
  EXPECT_EQ(one.model(), two.model());
  const std::string fingerprint = hash_of_file(file);
  const std::size_t loaded = weights_loaded();
  for (int i = 0; i < 3; ++i) make_model("llama:" + file)->start(real_text(10))->context_bits();
  make_model("mix:\"llama:" + file + "\",\"llama:" + file + ",ctx=16\"");
  EXPECT_EQ(weights_loaded(), loaded);

  std::filesystem::remove(file);
  std::filesystem::copy_file(weights.path("audio.gguf"), file);
  std::filesystem::last_write_time(
      file, std::filesystem::last_write_time(file) + std::chrono::seconds(5));
  const LlamaEngine three({.file = file});
  EXPECT_NE(one.model(), three.model());
  EXPECT_NE(hash_of_file(file), fingerprint);
  EXPECT_EQ(hash_of_file(file), hash_of_file(weights.path("audio.gguf")));
}

TEST(LlamaWeights, AreNotLoadedToCheckASpecification) {
  const TinyWeights weights;
  const std::string damaged = weights.path("damaged.gguf");
  std::ofstream(damaged) << "GGUF and nothing else";
  EXPECT_EQ(check_spec("llama:" + damaged), "llama:" + damaged);
  EXPECT_THROW(make_model("llama:" + damaged), Error);
  EXPECT_EQ(check_spec("llama#1"), "llama#1:text");
  EXPECT_EQ(check_spec("llama#1", {.width = 8}), "llama#1:image");
  EXPECT_EQ(check_spec("mix:gzip,llama#1", {.rate = 8000}), "mix:gzip:6,llama#1:audio");
  EXPECT_THROW(check_spec("llama:" + weights.path("none.gguf")), Error);
}

TEST(LlamaWeights, AreKnownThroughPoolsAndFilters) {
  const TinyWeights weights;
  const auto llama = make_model("llama#1");
  EXPECT_GT(llama->parameters(), 0u);
  for (const char* spec : {"mix:gzip,llama#1", "product:llama#1^0.5,llama#1",
                           "filtered:llama#1,width=4", "mix:\"product:gzip,llama#1\",ngram"}) {
    const auto model = make_model(spec);
    EXPECT_EQ(model->parameters(), llama->parameters()) << spec;
    EXPECT_NE(model->fingerprint().find(llama->fingerprint()), std::string::npos) << spec;
  }
  EXPECT_EQ(make_model("mix:gzip,ngram")->parameters(), 0u);
  EXPECT_EQ(make_model("mix:gzip,ngram")->fingerprint(), "");
}

// The models that come with kraft.
TEST(LlamaDefault, KnowsEnglish) {
  const auto model = make_model("llama#1:text");
  EXPECT_FALSE(Candidates::units_of(*model).model_units());
  Bytes text =
      real_text(60000);  // with the line ends that it was trained on, behind the front matter
  std::erase(text, '\r');
  text.erase(text.begin(), text.begin() + 30000);
  text.resize(500);
  ASSERT_NE(as_text(text).find(" the "), std::string_view::npos) << "no English text";
  EXPECT_LT(model->start(text)->context_bits(),
            0.7 * make_model("xz:9e")->start(text)->context_bits());
}

}  // namespace
}  // namespace kraft

#endif  // KRAFT_HAVE_LLAMA
