// A trained model of 5,000 tokens (tests/train/vocabulary makes it): its tokens are llama.cpp's,
// and its bytes cost what all the sequences of tokens that cover them add up to.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "base/text.h"
#include "codecs/messages.h"
#include "evaluate/bpe.h"
#include "kraft/candidates.h"
#include "kraft/coder.h"
#include "kraft/registry.h"
#include "kraft/sampler.h"
#include "kraft/units.h"
#include "models/llama/states.h"
#include "models/llama_truth.h"
#include "samplers/toy_models.h"
#include "train/checkpoint.h"
#include "train/words.h"

namespace kraft::train {
namespace {

using testing::Enumeration;
using Bits = std::array<double, 256>;

std::string path(const std::string& name) { return KRAFT_VOCABULARY_FOLDER "/" + name; }

// What the model was not trained on, without carriage returns.
Bytes unseen(std::size_t size) {
  const Bytes book = real_text(1'000'000);
  Bytes text(book.begin() + 900'000, book.end());
  std::erase(text, '\r');
  text.resize(size);
  return text;
}

class Vocabulary : public ::testing::Test {
 protected:
  // The first model silences llama.cpp, which the tests call themselves as well.
  Vocabulary() : model(make_model("llama:" + path("tokens.gguf"))) {}

  std::vector<std::string> strings() const {
    std::vector<std::string> all;
    for (std::uint32_t token = 0; token < pairs.size(); ++token)
      all.emplace_back(as_text(pairs.bytes_of(token)));
    all.emplace_back();  // what begins a sequence
    return all;
  }

  std::shared_ptr<const Model> model;
  const BytePairs pairs = Checkpoint::load(path("tokens.ckpt")).pairs;
};

// llama.cpp's own tokenizer of the same file.
class Tokenizer {
 public:
  Tokenizer() {
    llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    model_.reset(llama_model_load_from_file(path("tokens.gguf").c_str(), params));
  }

  std::vector<std::uint16_t> tokens(const std::string& text) const {
    std::vector<llama_token> tokens(text.size() + 1);
    const std::int32_t count = llama_tokenize(
        llama_model_get_vocab(model_.get()), text.data(), static_cast<std::int32_t>(text.size()),
        tokens.data(), static_cast<std::int32_t>(tokens.size()), false, false);
    return {tokens.begin(), tokens.begin() + std::max(count, 0)};
  }

 private:
  struct Free {
    void operator()(llama_model* model) const { llama_model_free(model); }
  };
  std::unique_ptr<llama_model, Free> model_;
};

TEST_F(Vocabulary, HasTokensOfManyLengthsAndAllBytes) {
  ASSERT_EQ(pairs.size(), 5000u);
  const std::span<const Bytes> units = model->units();
  ASSERT_EQ(units.size(), 5000u);  // what begins a sequence is left out
  std::map<std::size_t, std::size_t> lengths;
  std::set<Bytes> known(units.begin(), units.end());
  EXPECT_EQ(known.size(), 5000u);
  for (const Bytes& unit : units) ++lengths[unit.size()];
  EXPECT_EQ(lengths[1], 256u);
  for (std::size_t length = 2; length <= 9; ++length) EXPECT_GT(lengths[length], 50u) << length;
  for (std::uint32_t token = 0; token < pairs.size(); ++token)
    EXPECT_TRUE(known.contains(pairs.bytes_of(token))) << token;
}

TEST_F(Vocabulary, TokensAreThoseOfLlamaCpp) {
  const Tokenizer tokenizer;
  const Bytes text = unseen(20'000);
  std::vector<std::string> texts = {
      std::string(as_text(text)),
      "I don't, we'll; they're 'S 's't 'd  o'clock''ll",
      "  two spaces,\n\n\nlines \n and\ttabs \r\n at the end  ",
      "12 345,678.90 x=1; ?!.! -- ((a+b)*c) <|endoftext|> _under_ #$%",
      "na\u00efve caf\u00e9 \u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac "
      "\u0440\u0443\u0441\u0441\u043a\u0438\u0439 \u65e5\u672c\u8a9e \u05e2\u05d1\u05e8",
      "1\u00b2\u00bd\u2167\u0664 a\u0301 \u00a0x\u3000y\u2003\u2003z \u0085 \u2028q",
      "\U0001f40b\U0001f40b whales \U0001d54f\u00e6 \u200bzero \ufeff",
      std::string(200, '-') + std::string(100, ' ') + "x" + std::string(70, '\n'),
      std::string("nul\0l \x01\x7f", 8),
      "",
      " ",
      "'",
  };
  for (const std::string& each : texts) {
    const std::vector<std::uint16_t> ours = tokens_of(pairs, as_bytes(each));
    EXPECT_EQ(ours, tokenizer.tokens(each)) << each.substr(0, 60);
    std::string again;
    for (const std::uint16_t token : ours) again += as_text(pairs.bytes_of(token));
    EXPECT_EQ(again, each);
  }
  EXPECT_LT(tokens_of(pairs, text).size(), text.size() / 3);
}

// llama.cpp cuts what is no UTF-8 as if it were U+FFFD. Ours cuts the bytes that are there.
TEST_F(Vocabulary, BytesThatAreNoUtf8AreTokensOfTheirOwn) {
  const Tokenizer tokenizer;
  EXPECT_EQ(tokenizer.tokens("a \xff b"), tokenizer.tokens("a \ufffd b"));
  for (const std::string text : {"a \xff b", "\xc3", "caf\xc3 \xe9t\xe9", "\xed\xa0\x80 \xf8"}) {
    std::string again;
    for (const std::uint16_t token : tokens_of(pairs, as_bytes(text)))
      again += as_text(pairs.bytes_of(token));
    EXPECT_EQ(again, text);
    EXPECT_TRUE(std::isfinite(model->start(as_bytes(text))->context_bits()));
  }
}

// --- bytes ---

TEST_F(Vocabulary, BytesCostTheSumOverAllCoverings) {
  Enumeration truth(path("tokens.gguf"), strings());
  const auto exact = make_model("llama:" + path("tokens.gguf") + ",beam=4096");
  for (const char* text : {"t", "the wh", "Captain A", " of the", "\n\nCHAPT", "\xc3\xa9\xff"}) {
    const auto state = exact->start(as_bytes(std::string_view(text)));
    EXPECT_NEAR(state->context_bits(), truth.bits(text), 1e-6) << text;
    Bits next;
    state->next_byte(next);
    double sum = 0;
    for (const double bits : next) sum += std::exp2(-bits);
    EXPECT_NEAR(sum, 1, 1e-9) << text;
    for (const char byte : {'e', ' ', 'z', '\xff'})
      EXPECT_NEAR(next[static_cast<Byte>(byte)],
                  truth.bits(text + std::string(1, byte)) - truth.bits(text), 1e-5)
          << text << byte;
  }
}

// How much longer bytes get when fewer coverings are kept, in parts of their length.
TEST_F(Vocabulary, AWiderBeamIsCloserToAllCoverings) {
  Enumeration truth(path("tokens.gguf"), strings());
  const Bytes book = unseen(20'000);
  std::map<std::size_t, double> excess;
  double whole = 0;
  for (std::size_t at = 0; at < 12; ++at) {
    const std::string text(as_text(ByteView(book).subspan(at * 1000, 10)));
    const double bits = truth.bits(text);
    whole += bits;
    for (const std::size_t beam : {1, 2, 4, 8, 32}) {
      const auto state =
          make_model("llama:" + path("tokens.gguf") + ",beam=" + std::to_string(beam))
              ->start(as_bytes(text));
      excess[beam] += state->context_bits() - bits;
      const CoveringBounds bounds = covering_bounds(*state);
      EXPECT_LE(bounds.least_bits, bits + 1e-6) << beam << text;
      EXPECT_GE(bounds.most_bits, bits - 1e-6) << beam << text;
    }
  }
  EXPECT_LT(std::abs(excess[32]), 1e-4 * whole);
  EXPECT_LT(std::abs(excess[8]), 1e-3 * whole);
  EXPECT_LT(std::abs(excess[4]), 0.01 * whole);
  EXPECT_GT(excess[1], 0.3 * whole);  // a token for each byte
}

// Ten times as many where each covering is evaluated from where it left the one before.
TEST_F(Vocabulary, ScoringEvaluatesAFewTokensForEachByte) {
  const Bytes text = unseen(500);
  double bits = 0;
  for (const std::uint32_t sequences : {0U, 16U, 3U, 1U}) {
    const auto core = std::make_shared<const LlamaCore>(
        LlamaOptions{.file = path("tokens.gguf"), .sequences = sequences}, false, 8);
    const auto state = make_llama_covering_state(core);
    state->observe(text);
    if (sequences == 0) bits = state->context_bits();
    EXPECT_EQ(state->context_bits(), bits) << sequences;  // however the cache is used
    if (sequences == 0 || sequences == 16) {
      EXPECT_LT(core->engine.evaluated_tokens(), 6 * text.size()) << sequences;
    }
  }
}

TEST_F(Vocabulary, CompressesWhatItDecompresses) {
  const auto codec = codec_of(model);
  Bytes text = unseen(300);
  append(text, as_bytes("\xff\xfe <|endoftext|> caf\u00e9"));
  Bytes stream;
  codec->encoder()->encode(text, stream);
  constexpr double kHeadBits = 80;  // the size and a checksum
  EXPECT_NEAR(8.0 * static_cast<double>(stream.size()),
              model->start(text)->context_bits() + kHeadBits, 16);
  EXPECT_EQ(codec->decode(stream), text);
}

// --- tokens ---

TEST_F(Vocabulary, TokensAreDrawnFromTheSoftmax) {
  Enumeration truth(path("tokens.gguf"), strings());
  const std::vector<double> bits = truth.next({});
  testing::Distribution expected;
  const auto name = [&](const std::string& token) { return token.substr(0, 2); };
  const std::vector<std::string> all = strings();
  for (std::size_t i = 0; i + 1 < all.size(); ++i) expected[name(all[i])] += std::exp2(-bits[i]);
  double rare = 0;
  std::erase_if(expected, [&](const auto& entry) {
    if (entry.second >= 0.01) return false;
    rare += entry.second;
    return true;
  });
  expected["others"] = rare;
  const auto sampler = make_sampler("ancestral");
  const Candidates candidates = Candidates::units_of(*model);
  EXPECT_TRUE(candidates.model_units());
  std::map<std::string, int> counts;
  Random random(1);
  for (int i = 0; i < 1500; ++i) {
    const auto state = model->start();
    std::string first;
    sampler->sample(*state, candidates, {.length_bytes = 1000}, random, [&](ByteView drawn) {
      first = as_text(drawn);
      return false;
    });
    const std::string prefix = name(first);
    ++counts[expected.contains(prefix) ? prefix : "others"];
  }
  testing::expect_distribution(counts, expected);
}

// A context that ends within a word, or in a space, has begun a token: what is drawn may complete
// it.
TEST_F(Vocabulary, WhatIsDrawnFirstMayCompleteATokenOfTheContext) {
  Enumeration truth(path("tokens.gguf"), strings());
  const auto exact = make_model("llama:" + path("tokens.gguf") + ",beam=4096");
  const std::span<const Bytes> units = exact->units();
  for (const std::string context : {"the ", " Ah", "whal", "sea"}) {
    const auto state = exact->start(as_bytes(context));
    std::vector<double> bits(units.size());
    state->by_units()->extend_units(std::vector<UnitsView>(1), bits);
    // All that ends with a token, by the definition: all coverings of both, less those of more.
    double sum = 0;
    std::map<std::string, double> masses;
    for (const Bytes& unit : units) {
      const std::string text = context + std::string(as_text(unit));
      masses[text] = truth.mass_ending(text, context.size());
      sum += masses[text];
    }
    for (std::size_t i = 0; i < units.size(); ++i) {
      const double mass = masses[context + std::string(as_text(units[i]))] / sum;
      ASSERT_NEAR(std::exp2(-bits[i]), mass, 1e-6) << context << "|" << as_text(units[i]);
    }
    // What follows the first is what the tokens say that were settled by it.
    const auto best = static_cast<std::uint32_t>(std::ranges::min_element(bits) - bits.begin());
    std::vector<double> second(units.size());
    const std::vector<std::uint32_t> prefix = {best};
    state->by_units()->extend_units(std::vector<UnitsView>{prefix}, second);
    const double before = state->context_bits();
    state->by_units()->observe_units(prefix);
    EXPECT_NEAR(state->context_bits(), before + bits[best], 1e-9);
    EXPECT_EQ(state->position_bytes(), context.size() + units[best].size());
    std::vector<double> after(units.size());
    state->by_units()->extend_units(std::vector<UnitsView>(1), after);
    for (std::size_t i = 0; i < units.size(); i += 7)
      EXPECT_NEAR(second[i], bits[best] + after[i], 1e-9) << context;
  }
}

}  // namespace
}  // namespace kraft::train
