#include "samplers/metropolis.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "codecs/messages.h"
#include "kraft/registry.h"
#include "toy_models.h"

namespace kraft::testing {
namespace {

// pi(s) over all strings of a length, by measuring each of them.
Distribution joint(State& state, const std::string& alphabet, std::size_t length,
                   double temperature = 1, const std::string& suffix = "") {
  Distribution bits;
  for (const std::string& s : strings_over(alphabet, length)) {
    const std::string whole = s + suffix;
    const ByteView view = as_bytes(whole);
    state.measure({&view, 1}, {&bits[s], 1});
  }
  return from_bits(bits, temperature);
}

struct Walk {
  std::string alphabet = "abc";
  std::size_t length = 3;
  double temperature = 1;
  std::string context = "abcabcaacbbacbabc";
  std::string suffix = {};
  bool from_corpus = true;
  State* proposal = nullptr;
};

// A chain's spans, far enough apart to be nearly independent.
std::map<std::string, int> walk(State& state, const Walk& setup, int times, int apart) {
  const Candidates candidates = Candidates::bytes(as_bytes(setup.alphabet));
  const ByteView context = as_bytes(setup.context);
  std::vector<Chain::Source> sources;
  const LetterRuns letters(candidates, context);
  sources.push_back({std::make_unique<LetterRuns>(letters), 1, 2});
  if (setup.from_corpus) {
    const auto index = std::make_shared<PlaceIndex>(context);
    for (std::size_t key : {0, 1, 3})
      sources.push_back({std::make_unique<CorpusRuns>(index, key, letters), 1, 4});
  }
  if (setup.proposal != nullptr)
    sources.push_back({std::make_unique<ModelRuns>(*setup.proposal, candidates), 3, 4});
  Chain chain(SpanBits(state, as_bytes(setup.suffix), false), std::move(sources), candidates,
              context, setup.length, Random(5),
              {.temperature = setup.temperature, .steps = 1'000'000});
  chain.start(setup.length);
  chain.run(300, {});
  std::map<std::string, int> counts;
  for (int i = 0; i < times; ++i) {
    chain.run(static_cast<std::uint64_t>(apart), {});
    ++counts[std::string(as_text(chain.span()))];
  }
  return counts;
}

TEST(Metropolis, ChainHasTheJointDistributionOfToyModels) {
  for (const Length& length : {Length(table_length), Length(codec_length)}) {
    for (double temperature : {1.0, 0.6, 2.0}) {
      const Walk setup{.temperature = temperature};
      ToyState state(length, setup.context);
      expect_distribution(walk(state, setup, draws(4000), 25),
                          joint(state, setup.alphabet, setup.length, temperature));
    }
  }
}

// Every source by itself leaves the distribution as it is, however odd what it proposes.
TEST(Metropolis, CorrectsWhatAnotherModelProposes) {
  const Walk setup{.from_corpus = false};
  ToyState state(codec_length, setup.context), proposal(table_length, setup.context);
  Walk with_model = setup;
  with_model.proposal = &proposal;
  expect_distribution(walk(state, with_model, draws(4000), 25), joint(state, "abc", 3));
  EXPECT_EQ(proposal.open_marks(), 0u);
  EXPECT_EQ(proposal.text(), setup.context);
}

TEST(Metropolis, FillsAHoleByTheLengthOfAllThreeParts) {
  const Walk setup{.suffix = "bacab"};
  ToyState state(codec_length, setup.context);
  const auto counts = walk(state, setup, draws(4000), 25);
  expect_distribution(counts, joint(state, "abc", 3, 1, setup.suffix));
  // The suffix matters here: the same draws are not those of a continuation.
  EXPECT_FALSE(chi_squared(counts, joint(state, "abc", 3)).passes());
}

// Real compressors, of exact bits, of whole bytes and a predictor, on a real context.
TEST(Metropolis, ChainHasTheJointDistributionOfCompressors) {
  for (const char* spec : {"gzip:9", "zstd:1", "ngram:2", "product:gzip^0.5,ngram:1"}) {
    const Bytes context = real_text(600);
    const auto model = make_model(spec, {.threads = 1});
    const auto state = model->start(context);
    // At a temperature at which whole bytes leave more than a few spans possible.
    const bool whole_bytes = model->granularity() == Granularity::byte;
    const Walk setup{.alphabet = " the",
                     .length = 3,
                     .temperature = whole_bytes ? 4.0 : 2.0,
                     .context = std::string(as_text(context))};
    const auto counts = walk(*state, setup, draws(3000), 24);
    const Distribution exact = joint(*state, setup.alphabet, setup.length, setup.temperature);
    const ChiSquared test = chi_squared(counts, exact);
    EXPECT_TRUE(test.passes()) << spec << ": " << test.statistic << " against " << test.critical;
    EXPECT_FALSE(chi_squared(counts, joint(*state, setup.alphabet, setup.length, 1e6)).passes())
        << spec << ": the test cannot tell it from chance";
  }
}

// The whole sampler: span by span, each given those before it.
TEST(Metropolis, DrawsSpanBySpan) {
  const std::string history = "abcabcaacbbac";
  const auto sampler =
      make_sampler("metropolis", {.span = 2, .steps = 40, .burn_in = 0, .chains = 1});
  const auto counts = draw_many(*sampler, codec_length, abc(),
                                {.length_bytes = 4, .history = as_bytes(history)}, draws(3000));
  Distribution expected;
  ToyState state(codec_length, history);
  for (const auto& [first, p] : joint(state, "abc", 2)) {
    ToyState after(codec_length, history + first);
    for (const auto& [second, q] : joint(after, "abc", 2)) expected[first + second] = p * q;
  }
  expect_distribution(counts, expected);
}

TEST(Metropolis, RoundsLengthsUpToWholeBytes) {
  const auto sampler = make_sampler(
      "metropolis", {.whole_bytes = true, .span = 2, .steps = 60, .burn_in = 20, .chains = 1});
  const auto counts = draw_many(*sampler, codec_length, abc(),
                                {.length_bytes = 2, .history = as_bytes("abcab")}, draws(5000));
  const Length in_bytes = [](const std::string& text) {
    return 8 * std::ceil(codec_length(text) / 8);
  };
  ToyState state(in_bytes, "abcab");
  expect_distribution(counts, joint(state, "abc", 2));
}

TEST(Metropolis, AnnealingFindsTheCheapestSpan) {
  const std::string history = "abcabcaacbbacbabc";
  ToyState state(codec_length, history);
  const Distribution p = joint(state, "abc", 6);
  double most = 0;
  for (const auto& [s, probability] : p) most = std::max(most, probability);
  const auto sampler =
      make_sampler("metropolis", {.span = 6, .steps = 3000, .burn_in = 0, .anneal = true});
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Random random(seed);
    const std::string drawn = draw(*sampler, codec_length, abc(),
                                   {.length_bytes = 6, .history = as_bytes(history)}, random);
    EXPECT_DOUBLE_EQ(p.at(drawn), most) << drawn;
  }
}

TEST(Metropolis, ReportsItsChains) {
  const auto sampler =
      make_sampler("metropolis", {.span = 4, .steps = 50, .burn_in = 20, .thin = 5, .chains = 3});
  std::vector<SpanReport> reports;
  const SampleRequest request{.length_bytes = 7,
                              .history = as_bytes("abcabca"),
                              .report = [&](const SpanReport& r) { reports.push_back(r); }};
  Random random(1);
  draw(*sampler, codec_length, abc(), request, random);
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[1].size_bytes, 3u);
  for (const SpanReport& report : reports) {
    ASSERT_EQ(report.chains_bits.size(), 3u);
    for (const auto& chain : report.chains_bits) EXPECT_EQ(chain.size(), 14u);
    EXPECT_EQ(report.burn_in, 4u);
    EXPECT_EQ(report.steps, 210u);
    EXPECT_EQ(report.proposals, 150u);
    EXPECT_GT(report.accepted, 0u);
    EXPECT_LT(report.accepted, 150u);
    EXPECT_EQ(report.bits, report.chains_bits[0].back());
  }
}

TEST(Metropolis, ThreadsChangeNothing) {
  const Bytes context = real_text(500);
  const Candidates candidates = Candidates::seen(context);
  const auto sampler = make_sampler("metropolis", {.span = 20, .steps = 200, .burn_in = 100});
  for (const char* spec : {"gzip", "lz4"}) {
    std::set<std::string> texts;
    for (unsigned threads : {1u, 2u, 3u}) {
      const auto model = make_model(spec, {.threads = threads});
      const auto proposing = make_model("ngram:2");
      const auto state = model->start(context), proposal = proposing->start(context);
      Random random(3);
      const SampleRequest request{
          .length_bytes = 30, .history = context, .proposal = proposal.get(), .threads = threads};
      texts.insert(std::string(as_text(sample(*sampler, *state, candidates, request, random))));
      EXPECT_EQ(proposal->position_bytes(), 530u);
    }
    EXPECT_EQ(texts.size(), 1u) << spec;
  }
}

TEST(Metropolis, KeepsUtf8WellFormed) {
  const Length uniform = [](const std::string& text) {
    return 8.0 * static_cast<double>(text.size());
  };
  const auto sampler =
      make_sampler("metropolis", {.span = 5, .steps = 200, .burn_in = 0, .chains = 1});
  for (std::uint64_t length = 1; length < 12; ++length) {
    Random random(length);
    const std::string text =
        draw(*sampler, uniform, Candidates::utf8(),
             {.length_bytes = length, .history = as_bytes("na\xc3\xafve \xe2\x82\xac")}, random);
    EXPECT_TRUE(is_utf8(text)) << printable(text);
  }
}

TEST(Metropolis, SetsOutWhereTheModelIsPossible) {
  const Length only_b = [](const std::string& text) {
    return text.find_first_not_of('b') == std::string::npos ? 1.0 : kInfinity;
  };
  const auto sampler = make_sampler("metropolis", {.span = 40, .steps = 10, .chains = 1});
  Random random(1);
  EXPECT_EQ(draw(*sampler, only_b, abc(), {.length_bytes = 40}, random), std::string(40, 'b'));
}

TEST(Metropolis, StopsWhenCancelled) {
  const auto sampler = make_sampler("metropolis", {.steps = 1'000'000'000});
  ToyState state(codec_length);
  Random random(1);
  int asked = 0;
  const SampleRequest request{.length_bytes = 9, .cancelled = [&] { return ++asked > 10; }};
  EXPECT_THROW(sample(*sampler, state, abc(), request, random), Cancelled);
  EXPECT_EQ(state.open_marks(), 0u);
}

TEST(PlaceIndex, FindsEveryOccurrence) {
  const std::string text = "abracadabra abracadabra";
  const PlaceIndex index(as_bytes(text));
  for (const std::string word : {"", "a", "abra", "bra ", "cad", "x", "abracadabra abra"}) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++at)
      count += text.compare(at, word.size(), word) == 0;
    const PlaceIndex::Range found = index.find(as_bytes(word));
    EXPECT_EQ(found.size(), count) << word;
    for (std::size_t i = found.begin; i < found.end; ++i)
      EXPECT_EQ(as_text(index.from(i)).substr(0, word.size()), word);
  }
}

// What is drawn has the probability that is claimed for it.
TEST(RunProposals, DrawWhatTheySay) {
  const std::string history = "abcabcaacbbacbabc";
  const LetterRuns letters(abc(), as_bytes(history));
  ToyState toy(table_length, history);
  const auto index = std::make_shared<PlaceIndex>(as_bytes(history));
  std::vector<std::unique_ptr<RunProposal>> proposals;
  proposals.push_back(std::make_unique<LetterRuns>(letters));
  for (std::size_t key : {0, 2, 6})
    proposals.push_back(std::make_unique<CorpusRuns>(index, key, letters));
  const Candidates candidates = abc();
  proposals.push_back(std::make_unique<ModelRuns>(toy, candidates));
  const std::string before = history + "ca";
  const Place place{as_bytes(before), 2};
  for (const auto& proposal : proposals) {
    Distribution expected;
    double sum = 0;
    for (const std::string& s : strings_over("abc", 2)) {
      const double p = std::exp2(proposal->log2_probability(place, as_bytes(s)));
      if (p > 0) sum += expected[s] = p;
    }
    EXPECT_LE(sum, 1 + 1e-12);
    if (sum < 1 - 1e-12) expected["failed"] = 1 - sum;
    Random random(9);
    std::map<std::string, int> counts;
    Bytes run;
    for (int i = 0; i < 8000; ++i)
      ++counts[proposal->draw(place, 2, random, run) ? std::string(as_text(run)) : "failed"];
    expect_distribution(counts, expected);
  }
}

}  // namespace
}  // namespace kraft::testing
