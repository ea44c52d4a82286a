// Completions of a model whose tokens are longer than bytes.
#ifdef KRAFT_HAVE_LLAMA

#include <gtest/gtest.h>

#include <numbers>
#include <string>
#include <vector>

#include "base/text.h"
#include "kraft/registry.h"
#include "kraft/tasks/sample.h"
#include "kraft/tasks/score.h"
#include "kraft/units.h"
#include "models/tiny_weights.h"
#include "serve/service.h"

namespace kraft::serve {
namespace {

const char* const kPrompt = "the whale is ";

class ServeTokens : public ::testing::Test {
 protected:
  ServeTokens() {
    make_model("llama#1");  // silences llama.cpp
    Settings settings;
    settings.models = {name_};
    settings.workers = 1;
    service_ = std::make_unique<Service>(settings);
  }

  Service::Answer answer(const Json& body) {
    return service_->answer({.method = "POST",
                             .path = "/v1/completions",
                             .host = "localhost",
                             .content_type = "application/json",
                             .body = body.dump()});
  }
  Json completed(const Json& body) {
    const Service::Answer whole = answer(body);
    EXPECT_EQ(whole.reply.status, 200) << whole.reply.body;
    return Json::parse(whole.reply.body);
  }

  testing::TinyWeights weights_;
  std::string name_ = "llama:" + weights_.path("words.gguf");
  std::unique_ptr<Service> service_;
};

TEST_F(ServeTokens, AreListedAsWhatTheModelPredicts) {
  const Json json =
      Json::parse(service_->answer({.path = "/v1/models", .host = "localhost"}).reply.body);
  EXPECT_EQ(json["data"][0]["kraft"]["units"], "tokens");
  EXPECT_EQ(json["data"][0]["kraft"]["unit_count"], make_model(name_)->units().size());
}

// As many as max_tokens, the first of those that the command line draws, each with its price.
TEST_F(ServeTokens, AreCountedPricedAndJoined) {
  constexpr int kTokens = 40;
  const Json json = completed({{"model", name_},
                               {"prompt", kPrompt},
                               {"max_tokens", kTokens},
                               {"seed", 4},
                               {"logprobs", 3}});
  EXPECT_EQ(json["usage"]["completion_tokens"], kTokens);
  EXPECT_EQ(json["usage"]["prompt_tokens"], std::string(kPrompt).size()) << "prompts are bytes";
  const Json& logprobs = json["choices"][0]["logprobs"];
  const auto tokens = logprobs["bytes"].get<std::vector<Bytes>>();
  ASSERT_EQ(tokens.size(), static_cast<std::size_t>(kTokens));

  const auto model = make_model(name_);
  const auto state = model->start(as_bytes(kPrompt));
  UnitState* units = state->by_units();
  ASSERT_NE(units, nullptr);
  Bytes text;
  std::size_t longer = 0;
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    std::vector<double> bits(model->units().size());
    const UnitsView nothing;
    units->extend_units({&nothing, 1}, bits);
    std::uint32_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::uint32_t unit = 0; unit < bits.size(); ++unit) {
      if (model->units()[unit] != tokens[at] || bits[unit] >= least) continue;
      best = unit;
      least = bits[unit];
    }
    const double logprob = logprobs["token_logprobs"][at];
    EXPECT_NEAR(logprob, -least * std::numbers::ln2, 1e-4) << at;
    EXPECT_GE(logprobs["top_logprobs"][at].size(), 3U);
    units->observe_units({&best, 1});
    append(text, tokens[at]);
    longer += tokens[at].size() > 1 ? 1 : 0;
  }
  EXPECT_GT(longer, 0U) << "a test of tokens that are longer than bytes has some";

  SampleTask task;
  task.models = {name_};
  task.context.prompt = kPrompt;
  task.length = static_cast<std::int64_t>(text.size());
  task.seed = 4;
  EXPECT_EQ(as_text(text), as_text(sample(task).samples[0].bytes));
}

TEST_F(ServeTokens, ArePricedByBytesInAPrompt) {
  const Json json = completed(
      {{"model", name_}, {"prompt", kPrompt}, {"max_tokens", 0}, {"echo", true}, {"logprobs", 1}});
  const Json& logprobs = json["choices"][0]["logprobs"]["token_logprobs"];
  ASSERT_EQ(logprobs.size(), std::string(kPrompt).size());
  double sum = 0;
  for (const Json& logprob : logprobs) sum += logprob.get<double>();
  ScoreTask task;
  task.models = {name_};
  task.inputs = {{"prompt", Bytes(as_bytes(kPrompt).begin(), as_bytes(kPrompt).end())}};
  task.positions = kEveryPosition;
  const double bits =
      score(task).rows[0].prequential->bits_per_byte * static_cast<double>(logprobs.size());
  EXPECT_NEAR(-sum / std::numbers::ln2, bits, 1e-4 * bits);
}

TEST_F(ServeTokens, AreStreamedWhole) {
  class Collected final : public Events {
   public:
    void send(const Json& event) override { all.push_back(event); }
    std::vector<Json> all;
  };
  Json request = {{"model", name_}, {"prompt", kPrompt}, {"max_tokens", 30}, {"n", 2},
                  {"seed", 9},      {"logprobs", 1},     {"stop", "qqqq"}};
  const Json whole = completed(request);
  request["stream"] = true;
  const Service::Answer streamed = answer(request);
  ASSERT_TRUE(streamed.reply.events) << streamed.reply.body;
  Collected events;
  Service::run_events(streamed, events);
  std::vector<Json> tokens(2, Json::array());
  for (const Json& event : events.all) {
    ASSERT_FALSE(event.contains("error")) << event;
    for (const Json& choice : event["choices"]) {
      if (choice["logprobs"].is_null()) continue;
      for (const Json& token : choice["logprobs"]["bytes"])
        tokens[choice["index"].get<std::size_t>()].push_back(token);
    }
  }
  for (std::size_t i = 0; i < 2; ++i)
    EXPECT_EQ(tokens[i], whole["choices"][i]["logprobs"]["bytes"]);
}

}  // namespace
}  // namespace kraft::serve

#endif
