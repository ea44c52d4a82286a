// The server without its sockets: what each request is answered.

#include "serve/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <numbers>
#include <thread>

#include "base/base64.h"
#include "base/text.h"
#include "core/observing.h"
#include "kraft/media.h"
#include "kraft/registry.h"
#include "kraft/tasks/next.h"
#include "kraft/tasks/sample.h"
#include "kraft/tasks/score.h"
#include "serve/routes.h"

namespace kraft::serve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const char* const kText = "a rose is a rose is a rose is a rose, and roses are red";

class CollectedEvents final : public Events {
 public:
  void send(const Json& event) override { all.push_back(event); }
  std::vector<Json> all;
};

class ServeService : public testing::Test {
 protected:
  static Settings settings() {
    Settings settings;
    settings.models = {"gzip:9", "ppmd", "ngram:3", "png"};
    settings.workers = 2;
    return settings;
  }

  static Request post(const std::string& path, const Json& body) {
    return {.method = "POST",
            .path = path,
            .host = "localhost:8080",
            .content_type = "application/json",
            .body = body.dump()};
  }

  Json json_of(const std::string& path, const Json& body) {
    const Service::Answer answer = service.answer(post(path, body));
    EXPECT_EQ(answer.reply.status, 200) << answer.reply.body;
    return Json::parse(answer.reply.body);
  }

  Json error_of(const Request& request, int status) {
    const Service::Answer answer = service.answer(request);
    EXPECT_EQ(answer.reply.status, status) << answer.reply.body;
    const Json json = Json::parse(answer.reply.body);
    EXPECT_EQ(json.size(), 1U);
    EXPECT_EQ(json["error"].size(), 4U) << "message, type, param, code";
    return json["error"];
  }

  std::vector<Json> events_of(const std::string& path, const Json& body) {
    const Service::Answer answer = service.answer(post(path, body));
    EXPECT_TRUE(answer.reply.events) << answer.reply.body;
    CollectedEvents events;
    if (answer.reply.events) Service::run_events(answer, events);
    return events.all;
  }

  Service service{settings()};
};

TEST_F(ServeService, ListsItsModelsAsOpenAiDoes) {
  const Service::Answer answer = service.answer({.path = "/v1/models", .host = "localhost"});
  const Json json = Json::parse(answer.reply.body);
  EXPECT_EQ(json["object"], "list");
  ASSERT_EQ(json["data"].size(), 4U);
  const Json& gzip = json["data"][0];
  EXPECT_EQ(gzip["id"], "gzip:9");
  EXPECT_EQ(gzip["object"], "model");
  EXPECT_EQ(gzip["kraft"]["views"], Json::array({"encoder", "decoder"}));
  EXPECT_EQ(gzip["kraft"]["units"], "bytes");
  EXPECT_EQ(json["data"][1]["kraft"]["views"], Json::array());
  const Service::Answer one = service.answer({.path = "/v1/models/gz:9", .host = "localhost"});
  EXPECT_EQ(one.reply.status, 404) << "what it is called is its own affair";
  EXPECT_EQ(
      Json::parse(
          service.answer({.path = "/v1/models/gzip:9", .host = "localhost"}).reply.body)["id"],
      "gzip:9");
}

TEST_F(ServeService, SaysWhatModelsExpectNext) {
  const Json json = json_of("/v1/next", {{"model", Json::array({"gzip:9", "ppmd"})},
                                         {"prompt", kText},
                                         {"view", "both"},
                                         {"top", 3},
                                         {"all", true}});
  ASSERT_EQ(json["expectations"].size(), 3U);
  EXPECT_EQ(json["expectations"][0]["view"], "encoder");
  EXPECT_EQ(json["expectations"][1]["view"], "decoder");
  EXPECT_EQ(json["expectations"][1]["model"], "gzip:9,view=decoder");
  EXPECT_EQ(json["expectations"][2]["view"], nullptr);
  NextTask task;
  task.models = {"gzip:9", "gzip:9,view=decoder", "ppmd"};
  task.context.prompt = kText;
  const NextResult expected = next(task);
  for (std::size_t i = 0; i < 3; ++i) {
    const Json& found = json["expectations"][i];
    const Expectation& of = expected.expectations[i];
    EXPECT_EQ(found["bits"].get<std::vector<double>>(),
              std::vector<double>(of.bits.begin(), of.bits.end()));
    ASSERT_EQ(found["next"].size(), 3U);
    const auto best =
        static_cast<std::size_t>(std::ranges::max_element(of.probability) - of.probability.begin());
    EXPECT_EQ(found["next"][0]["byte"], best);
    EXPECT_EQ(found["next"][0]["probability"], of.probability[best]);
    EXPECT_EQ(found["base_bits"].is_null(), !of.base_bits.has_value());
  }
}

// One after the other, as soon as each is known, in the order that was asked for.
TEST_F(ServeService, SendsWhatModelsExpectOneByOne) {
  Json request = {{"model", Json::array({"ppmd", "gzip:9,view=decoder", "gzip:9"})},
                  {"prompt", kText},
                  {"all", true}};
  Json whole = json_of("/v1/next", request);
  request["stream"] = true;
  const std::vector<Json> events = events_of("/v1/next", request);
  ASSERT_EQ(events.size(), 4U);
  for (std::size_t i = 0; i < 3; ++i) {
    Json event = events[i];
    EXPECT_EQ(event["type"], "expectation");
    EXPECT_EQ(event["index"], i);
    for (const char* only_here : {"type", "index", "milliseconds"}) event.erase(only_here);
    whole["expectations"][i].erase("milliseconds");
    EXPECT_EQ(event, whole["expectations"][i]);
  }
  EXPECT_EQ(events[3], Json({{"type", "end"}, {"warnings", Json::array()}}));
}

// Whatever the command line draws, for the same seed.
TEST_F(ServeService, DrawsWhatTheTaskDraws) {
  SampleTask task;
  task.models = {"gzip:9", "ppmd"};
  task.context.prime = Bytes(as_bytes(kText).begin(), as_bytes(kText).end());
  task.context.prompt = "a ro";
  task.length = 20;
  task.count = 2;
  task.seed = 5;
  task.sampling.set(&SamplerOptions::temperature, 0.8);
  const SampleResult expected = sample(task);
  const Json request = {{"model", Json::array({"gzip:9", "ppmd"})},
                        {"prime", kText},
                        {"prompt", "a ro"},
                        {"length", 20},
                        {"count", 2},
                        {"seed", 5},
                        {"temperature", 0.8}};
  const Json json = json_of("/v1/sample", request);
  ASSERT_EQ(json["samples"].size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(json["samples"][i]["text"], as_text(expected.samples[i].bytes));
    EXPECT_EQ(json["samples"][i]["bits"], expected.samples[i].bits);
  }

  Json streamed = request;
  streamed["stream"] = true;
  std::map<std::pair<std::string, int>, Bytes> texts;
  Json ends = Json::array();
  for (const Json& event : events_of("/v1/sample", streamed)) {
    ASSERT_FALSE(event.contains("error")) << event;
    if (event["type"] == "bytes")
      append(texts[{event["model"], event["index"]}], event["bytes"].get<Bytes>());
    if (event["type"] == "end") ends.push_back(event["sample"]);
  }
  EXPECT_EQ(ends, json["samples"]);
  for (const Json& end : ends)
    EXPECT_EQ(as_text(texts[{end["model"], end["index"]}]), end["text"].get<std::string>());
}

TEST_F(ServeService, FillsAHole) {
  const Json json = json_of("/v1/sample", {{"model", "ngram:3"},
                                           {"prompt", "a rose is a ___ is a rose"},
                                           {"hole", "___"},
                                           {"length", 4},
                                           {"steps", 50},
                                           {"burn_in", 20}});
  EXPECT_EQ(json["samples"][0]["length_bytes"], 4);
  EXPECT_EQ(json["samples"][0]["suffix"], " is a rose");
  EXPECT_EQ(json["samples"][0]["sampler"], "metropolis");
}

// Byte by byte: the cost of each under next(), and where it stood before.
TEST_F(ServeService, TracesATextByteByByte) {
  const std::string prompt = "a rose is ", text = "a rose is a nose";
  const Json json = json_of(
      "/v1/trace",
      {{"model", "ppmd"}, {"prime", "roses "}, {"prompt", prompt}, {"text", text}, {"top", 2}});
  const Json& trace = json["traces"][0];
  ASSERT_EQ(trace["bits"].size(), text.size());
  const auto state = make_model("ppmd")->start(as_bytes("roses " + prompt));
  double total = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::array<double, 256> bits;
    state->next_byte(bits);
    const auto byte = static_cast<Byte>(text[at]);
    EXPECT_EQ(trace["bits"][at], surprisal_bits(bits, byte));
    EXPECT_EQ(trace["rank"][at],
              std::ranges::count_if(bits, [&](double other) { return other < bits[byte]; }));
    EXPECT_EQ(trace["top"][at].size(), 2U);
    total += surprisal_bits(bits, byte);
    state->observe({&byte, 1});
  }
  EXPECT_DOUBLE_EQ(trace["total_bits"].get<double>(), total);
  ASSERT_GE(json["copies"].size(), 1U);
  const Json& copy = json["copies"][0];  // the longest string that stood before
  EXPECT_EQ(copy["begin"], 0);
  EXPECT_EQ(copy["length_bytes"], 12) << "'a rose is a ', which runs into itself";
  EXPECT_EQ(copy["context_begin"], 6);
  EXPECT_EQ(copy["in"], "prompt");
  EXPECT_EQ(copy["excerpt"]["before"], "roses ");

  // The rest of it, from a place on.
  const Json rest = json_of("/v1/trace", {{"model", "ppmd"},
                                          {"prime", "roses "},
                                          {"prompt", prompt},
                                          {"text", text},
                                          {"from", 10},
                                          {"top", 2}});
  EXPECT_EQ(rest["traces"][0]["begin"], 10);
  EXPECT_EQ(rest["traces"][0]["bits"],
            Json(std::vector<Json>(trace["bits"].begin() + 10, trace["bits"].end())));

  // The same in pieces.
  std::vector<Json> bits;
  for (const Json& event : events_of("/v1/trace", {{"model", "ppmd"},
                                                   {"prime", "roses "},
                                                   {"prompt", prompt},
                                                   {"text", text},
                                                   {"top", 2},
                                                   {"stream", true}})) {
    if (event["type"] != "trace") continue;
    EXPECT_EQ(event["begin"], bits.size());
    bits.insert(bits.end(), event["bits"].begin(), event["bits"].end());
  }
  EXPECT_EQ(Json(bits), trace["bits"]);
}

TEST_F(ServeService, ScoresAndClassifies) {
  const Json score =
      json_of("/v1/score", {{"model", "ppmd"}, {"input", kText}, {"positions", "all"}});
  ScoreTask task;
  task.models = {"ppmd"};
  task.inputs = {{"1", Bytes(as_bytes(kText).begin(), as_bytes(kText).end())}};
  task.positions = kEveryPosition;
  const ScoreRow row = kraft::score(task).rows[0];
  EXPECT_EQ(score["rows"][0]["bits"], row.bits);
  EXPECT_EQ(score["rows"][0]["prequential"]["bits_per_byte"], row.prequential->bits_per_byte);
  const Json classes = json_of(
      "/v1/classify", {{"model", "ppmd"},
                       {"corpus", Json::array({{{"name", "roses"}, {"text", kText}},
                                               {{"name", "digits"}, {"text", "0123456789"}}})},
                       {"input", "rose is a rose"}});
  EXPECT_EQ(classes["result"]["inputs"][0]["winner"], "roses");
}

TEST_F(ServeService, CompletesAPicture) {
  Image image{8, 6, 1, 8, Bytes(48)};
  for (std::size_t i = 0; i < image.samples.size(); ++i)
    image.samples[i] = static_cast<Byte>(i % 8 * 30);
  const std::string file = base64(write_png(image));
  const Json request = {{"model", "png"}, {"input", {{"base64", file}}}, {"rows", 2}, {"seed", 3}};
  const Json json = json_of("/v1/complete/image", request);
  EXPECT_EQ(json["width"], 8);
  EXPECT_EQ(json["drawn_bytes"], 16);
  const Image completed =
      read_image(from_base64(json["completions"][0]["base64"].get<std::string>()));
  EXPECT_EQ(completed.width, 8U);
  EXPECT_TRUE(
      std::equal(image.samples.begin(), image.samples.begin() + 32, completed.samples.begin()));
  const Image mask = read_image(from_base64(json["mask"]["base64"].get<std::string>()));
  EXPECT_EQ(mask.samples[31], 0);
  EXPECT_EQ(mask.samples[32], 255);

  // A form says the same.
  Request form{.method = "POST",
               .path = "/v1/complete/image",
               .host = "127.0.0.1",
               .content_type = "multipart/form-data; boundary=x"};
  form.form = {{"model", "", "png"},
               {"rows", "", "2"},
               {"seed", "", "3"},
               {"input", "photo.png", std::string(as_text(write_png(image)))}};
  const Service::Answer answer = service.answer(form);
  ASSERT_EQ(answer.reply.status, 200) << answer.reply.body;
  EXPECT_EQ(Json::parse(answer.reply.body)["completions"][0]["base64"],
            json["completions"][0]["base64"]);

  Json damaged = request;
  damaged["input"] = {{"base64", file.substr(0, 40)}};
  EXPECT_EQ(error_of(post("/v1/complete/image", damaged), 400)["type"], "invalid_request_error");
}

// Completions.

TEST_F(ServeService, CompletesAsTheCommandLineSamples) {
  SampleTask task;
  task.models = {"gzip:9"};
  task.context.prompt = kText;
  task.length = 12;
  task.count = 2;
  task.seed = 7;
  const SampleResult expected = sample(task);
  const Json json =
      json_of("/v1/completions",
              {{"model", "gzip:9"}, {"prompt", kText}, {"max_tokens", 12}, {"n", 2}, {"seed", 7}});
  EXPECT_EQ(json["object"], "text_completion");
  ASSERT_EQ(json["choices"].size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(json["choices"][i]["index"], i);
    EXPECT_EQ(json["choices"][i]["text"], as_text(expected.samples[i].bytes));
    EXPECT_EQ(json["choices"][i]["finish_reason"], "length");
    EXPECT_EQ(json["choices"][i]["logprobs"], nullptr);
  }
  EXPECT_EQ(json["usage"]["prompt_tokens"], std::string(kText).size());
  EXPECT_EQ(json["usage"]["completion_tokens"], 24);
  EXPECT_EQ(json["seed"], 7);
}

// The request of lm-evaluation-harness's local-completions: what the prompt costs is its score.
TEST_F(ServeService, PricesPromptsAsScoreDoes) {
  for (const char* model : {"ppmd", "ngram:3", "gzip:9", "gzip:9,view=decoder"}) {
    ScoreTask task;
    task.models = {model};
    task.inputs = {{"text", Bytes(as_bytes(kText).begin(), as_bytes(kText).end())}};
    task.positions = kEveryPosition;
    const double bits = score(task).rows[0].prequential->bits_per_byte *
                        static_cast<double>(task.inputs[0].bytes.size());
    for (const int max_tokens : {0, 1}) {
      const Json json = json_of("/v1/completions", {{"model", model},
                                                    {"prompt", kText},
                                                    {"temperature", 0},
                                                    {"max_tokens", max_tokens},
                                                    {"logprobs", 1},
                                                    {"seed", 1234},
                                                    {"echo", true}});
      const Json& choice = json["choices"][0];
      EXPECT_TRUE(choice["text"].get<std::string>().starts_with(kText));
      const Json& logprobs = choice["logprobs"];
      const std::size_t prompt_tokens = std::string(kText).size();
      ASSERT_EQ(logprobs["token_logprobs"].size(),
                prompt_tokens + static_cast<std::size_t>(max_tokens));
      double sum = 0;
      for (std::size_t i = 0; i < prompt_tokens; ++i) {
        const double logprob = logprobs["token_logprobs"][i];
        sum += logprob;
        const Json& top = logprobs["top_logprobs"][i];
        EXPECT_LE(top.size(), 2U);
        EXPECT_EQ(top[logprobs["tokens"][i].get<std::string>()], logprob);
        EXPECT_EQ(logprobs["text_offset"][i], i);
      }
      EXPECT_NEAR(-sum / std::numbers::ln2, bits, 1e-6 * bits) << model;
    }
  }
}

TEST_F(ServeService, TakesPromptsInEveryForm) {
  const auto texts = [&](const Json& prompt) {
    const Json json =
        json_of("/v1/completions",
                {{"model", "ppmd"}, {"prompt", prompt}, {"max_tokens", 0}, {"echo", true}});
    std::vector<std::string> all;
    for (const Json& choice : json["choices"]) all.push_back(choice["text"]);
    return all;
  };
  EXPECT_THAT(texts("ab"), ElementsAre("ab"));
  EXPECT_THAT(texts(Json::array({"ab", "c"})), ElementsAre("ab", "c"));
  EXPECT_THAT(texts(Json::array({97, 98})), ElementsAre("ab"));
  EXPECT_THAT(texts(Json::array({Json::array({97}), Json::array({98, 99})})),
              ElementsAre("a", "bc"));
  EXPECT_THAT(texts({{"base64", "YWI="}}), ElementsAre("ab"));
  EXPECT_EQ(error_of(post("/v1/completions", {{"model", "ppmd"}, {"prompt", Json::array({256})}}),
                     400)["param"],
            "prompt");
}

TEST_F(ServeService, GivesBytesThatAreNoUtf8WithoutLoss) {
  const Json json = json_of("/v1/completions", {{"model", "ppmd"},
                                                {"prompt", Json::array({0xe2, 0x82, 0xac, 0xff})},
                                                {"max_tokens", 0},
                                                {"echo", true},
                                                {"logprobs", 0}});
  const Json& choice = json["choices"][0];
  EXPECT_EQ(choice["text"], "\xe2\x82\xac\xef\xbf\xbd");
  EXPECT_EQ(choice["text_base64"], base64(Bytes{0xe2, 0x82, 0xac, 0xff}));
  EXPECT_EQ(choice["logprobs"]["tokens"],
            Json::array({"bytes:\\xe2", "bytes:\\x82", "bytes:\\xac", "bytes:\\xff"}));
  EXPECT_EQ(choice["logprobs"]["bytes"][3], Json::array({0xff}));
  EXPECT_EQ(choice["logprobs"]["text_offset"], Json::array({0, 0, 0, 1}));
}

TEST_F(ServeService, StopsBeforeAStopString) {
  const Json request = {{"model", "ngram:3"},
                        {"prompt", kText},
                        {"max_tokens", 40},
                        {"seed", 3},
                        {"temperature", 0.3}};
  const std::string whole = json_of("/v1/completions", request)["choices"][0]["text"];
  const std::string stop = whole.substr(10, 3);
  Json stopping = request;
  stopping["stop"] = stop;
  const Json choice = json_of("/v1/completions", stopping)["choices"][0];
  EXPECT_EQ(choice["text"], whole.substr(0, whole.find(stop)));
  EXPECT_EQ(choice["finish_reason"], "stop");
  stopping["n"] = 2;
  EXPECT_EQ(json_of("/v1/completions", stopping)["choices"].size(), 2U)
      << "the end of one is not that of the next";
}

TEST_F(ServeService, StreamsWhatItAnswers) {
  const Json request = {
      {"model", "gzip:9"}, {"prompt", kText}, {"max_tokens", 30}, {"n", 2},
      {"seed", 7},         {"logprobs", 2},   {"echo", true},     {"stop", "zzzz"}};
  const Json whole = json_of("/v1/completions", request);
  Json streamed = request;
  streamed["stream"] = true;
  streamed["stream_options"] = {{"include_usage", true}};
  std::vector<std::string> texts(2);
  std::vector<Json> logprobs(2, Json::array());
  std::vector<std::string> reasons(2);
  const std::vector<Json> events = events_of("/v1/completions", streamed);
  for (const Json& event : events) {
    ASSERT_EQ(event["object"], "text_completion") << event;
    for (const Json& choice : event["choices"]) {
      const std::size_t index = choice["index"];
      texts[index] += choice["text"];
      if (!choice["finish_reason"].is_null()) reasons[index] = choice["finish_reason"];
      if (choice["logprobs"].is_null()) continue;
      for (const Json& logprob : choice["logprobs"]["token_logprobs"])
        logprobs[index].push_back(logprob);
    }
  }
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(texts[i], whole["choices"][i]["text"]);
    EXPECT_EQ(logprobs[i], whole["choices"][i]["logprobs"]["token_logprobs"]);
    EXPECT_EQ(reasons[i], "length");
  }
  EXPECT_EQ(events.back()["usage"], whole["usage"]);
  EXPECT_EQ(events.back()["choices"], Json::array());
}

TEST_F(ServeService, RefusesWhatOpenAisModelsHaveAndTheseHaveNot) {
  const auto param = [&](const char* field, const Json& value) {
    return error_of(post("/v1/completions", {{"model", "ppmd"}, {"prompt", "a"}, {field, value}}),
                    400)["param"];
  };
  EXPECT_EQ(param("presence_penalty", 1), "presence_penalty");
  EXPECT_EQ(param("logit_bias", {{"50256", -100}}), "logit_bias");
  EXPECT_EQ(param("best_of", 3), "best_of");
  EXPECT_EQ(param("max_tokens", -1), "max_tokens");
  EXPECT_EQ(param("n", 0), "n");
  EXPECT_EQ(param("tools", Json::array()), "tools");
  EXPECT_EQ(param("temperature", -1), "temperature");
  EXPECT_EQ(json_of("/v1/completions", {{"model", "ppmd"},
                                        {"prompt", "a"},
                                        {"max_tokens", 1},
                                        {"presence_penalty", 0},
                                        {"user", "me"},
                                        {"logit_bias", nullptr}})["choices"]
                .size(),
            1U);
}

// Who is let in, and to what.

TEST_F(ServeService, HasNoModelsButItsOwn) {
  for (const char* model :
       {"xz", "cmd:id", "cmd:\"sh -c id\"", "llama:/etc/passwd", "filtered:cmd:id",
        "mix:gzip:9,cmd:id", "product:\"llama:/etc/passwd\",ppmd", "nonsense", "", "ppmd,order=99",
        "bytelm:/etc/passwd"}) {
    const Json error = error_of(post("/v1/next", {{"model", model}, {"prompt", "a"}}), 404);
    EXPECT_EQ(error["code"], "model_not_found") << model;
  }
  for (const char* path : {"/v1/completions", "/v1/sample", "/v1/trace", "/v1/score"}) {
    Json body = {{"model", "cmd:id"}};
    if (std::string(path) == "/v1/trace") body["text"] = "a";
    if (std::string(path) == "/v1/score") body["input"] = "a";
    EXPECT_EQ(error_of(post(path, body), 404)["code"], "model_not_found") << path;
  }
  EXPECT_EQ(error_of(post("/v1/sample", {{"model", "ppmd"},
                                         {"prompt", "ab"},
                                         {"suffix", "c"},
                                         {"sampler", "metropolis"},
                                         {"proposal", "cmd:id"}}),
                     404)["code"],
            "model_not_found")
      << "nor may it propose";
}

TEST(ServeShelf, TakesAnyCodecThatNamesNoCommandAndNoFile) {
  Shelf shelf({.models = {"ppmd"}, .any_codec = true});
  EXPECT_EQ(shelf.allowed("gz:6"), "gzip:6");
  EXPECT_EQ(shelf.model("mix:gzip,ngram:2")->spec(), "mix:gzip:6,ngram:2");
  for (const char* model : {"cmd:id", "llama:/etc/passwd", "bytelm:/etc/passwd", "filtered:cmd:id",
                            "mix:gzip,\"mix:cmd:id,ppmd\""})
    EXPECT_THROW(shelf.allowed(model), Failure) << model;
}

TEST(ServeShelf, KnowsItsModelsByWhatTheyWereCalled) {
  Shelf shelf({.models = {"gz", "zstd:3,view=decoder"}});
  EXPECT_THAT(shelf.names(), ElementsAre("gzip:6", "zstd:3,view=decoder"));
  EXPECT_EQ(shelf.allowed("gz"), "gzip:6");
  EXPECT_EQ(shelf.allowed("gzip:6,view=decoder"), "gzip:6,view=decoder");
  EXPECT_EQ(shelf.model("gz"), shelf.model("gzip:6")) << "made once";
  EXPECT_THROW(shelf.allowed("gzip:9"), Failure);
}

TEST_F(ServeService, RefusesOtherNamesAndOtherOrigins) {
  Request request = post("/v1/next", {{"model", "ppmd"}, {"prompt", "a"}});
  EXPECT_EQ(service.answer(request).reply.status, 200);
  request.host = "evil.example:8080";
  EXPECT_EQ(error_of(request, 403)["code"], "forbidden_host");
  request.host = "localhost:8080";
  request.origin = "http://evil.example";
  EXPECT_EQ(error_of(request, 403)["code"], "forbidden_origin");
  request.origin = "http://localhost:8080";
  EXPECT_EQ(service.answer(request).reply.status, 200);
}

TEST(ServeServiceWithKeys, WantsAKeyWhereWorkIsDone) {
  Settings settings;
  settings.models = {"ppmd"};
  settings.keys = {"secret"};
  Service service(settings);
  Request request{.path = "/v1/models", .host = "localhost"};
  EXPECT_EQ(service.answer(request).reply.status, 401);
  request.authorization = "Bearer wrong";
  EXPECT_EQ(service.answer(request).reply.status, 401);
  request.authorization = "Bearer secret";
  EXPECT_EQ(service.answer(request).reply.status, 200);
  for (const char* path : {"/", "/health", "/openapi.json"})
    EXPECT_EQ(service.answer({.path = path, .host = "localhost"}).reply.status, 200) << path;
}

TEST_F(ServeService, SaysWhatIsWrongWithARequest) {
  EXPECT_EQ(error_of({.path = "/v2", .host = "localhost"}, 404)["type"], "not_found_error");
  EXPECT_EQ(error_of({.path = "/v1/next", .host = "localhost"}, 405)["type"],
            "invalid_request_error");
  EXPECT_EQ(error_of({.method = "POST", .path = "/health", .host = "localhost"}, 405)["type"],
            "invalid_request_error");
  Request request = post("/v1/next", Json::object());
  request.content_type = "text/plain";
  EXPECT_EQ(error_of(request, 415)["type"], "invalid_request_error");
  request.content_type = "application/json";
  request.body = "{";
  EXPECT_THAT(error_of(request, 400)["message"].get<std::string>(), HasSubstr("no JSON"));
  EXPECT_EQ(error_of(post("/v1/next", {{"prompt", "a"}}), 400)["param"], "model");
  EXPECT_EQ(error_of(post("/v1/sample", {{"model", "ppmd"}, {"length", 1 << 30}}), 400)["param"],
            "length");
}

TEST(ServeServiceLimits, EndsWhatTakesTooLong) {
  Settings settings;
  settings.models = {"ppmd"};
  settings.deadline_seconds = 1e-9;
  Service service(settings);
  Request request{.method = "POST",
                  .path = "/v1/sample",
                  .host = "localhost",
                  .content_type = "application/json",
                  .body = R"({"model": "ppmd", "prompt": "abc"})"};
  const Service::Answer answer = service.answer(request);
  EXPECT_EQ(answer.reply.status, 504);
  EXPECT_EQ(Json::parse(answer.reply.body)["error"]["code"], "deadline");
}

TEST_F(ServeService, GivesUpWhenTheClientLeaves) {
  Request request = post("/v1/sample", {{"model", "ppmd"}, {"prompt", "abc"}, {"length", 1 << 20}});
  request.client_left = [] { return true; };
  EXPECT_EQ(service.answer(request).reply.status, kClientLeft);
  EXPECT_EQ(service.running(), 0U);
}

TEST_F(ServeService, TakesNoWorkWhileItStops) {
  service.stop();
  EXPECT_EQ(error_of(post("/v1/next", {{"model", "ppmd"}, {"prompt", "a"}}), 503)["code"],
            "shutting_down");
  EXPECT_EQ(service.answer({.path = "/health", .host = "localhost"}).reply.status, 503);
}

TEST(ServeServicePrime, ComesFirstWhereARequestHasNone) {
  Settings settings;
  settings.models = {"ppmd"};
  settings.prime = Bytes(as_bytes(kText).begin(), as_bytes(kText).end());
  Service service(settings);
  const auto context_bytes = [&](Json body) {
    body["model"] = "ppmd";
    body["prompt"] = "abc";
    const Service::Answer answer = service.answer({.method = "POST",
                                                   .path = "/v1/next",
                                                   .host = "localhost",
                                                   .content_type = "application/json",
                                                   .body = body.dump()});
    return Json::parse(answer.reply.body)["expectations"][0]["context_bytes"].get<std::size_t>();
  };
  EXPECT_EQ(context_bytes(Json::object()), std::string(kText).size() + 3);
  EXPECT_EQ(context_bytes({{"prime", "xy"}}), 5U);
  EXPECT_EQ(context_bytes({{"prime", nullptr}}), 3U);
  EXPECT_EQ(context_bytes({{"prime", ""}}), 3U);
}

// What a text costs is one number, whichever way it is asked for.
TEST(ServeServicePrime, ComesFirstWhereTextsAreScored) {
  Settings settings;
  settings.models = {"ppmd"};
  settings.prime = Bytes(as_bytes(kText).begin(), as_bytes(kText).end());
  Service service(settings);
  const auto json_of = [&](const std::string& path, Json body) {
    body["model"] = "ppmd";
    const Service::Answer answer = service.answer({.method = "POST",
                                                   .path = path,
                                                   .host = "localhost",
                                                   .content_type = "application/json",
                                                   .body = body.dump()});
    EXPECT_EQ(answer.reply.status, 200) << answer.reply.body;
    return Json::parse(answer.reply.body);
  };
  const auto scored_bits = [&](Json body) {
    body["input"] = "a rose is red";
    return json_of("/v1/score", body)["rows"][0]["bits"].get<double>();
  };
  const Json echo =
      json_of("/v1/completions",
              {{"prompt", "a rose is red"}, {"max_tokens", 0}, {"logprobs", 1}, {"echo", true}});
  double sum = 0;
  for (const Json& logprob : echo["choices"][0]["logprobs"]["token_logprobs"])
    sum += logprob.get<double>();
  EXPECT_NEAR(scored_bits(Json::object()), -sum / std::numbers::ln2, 1e-6);
  EXPECT_EQ(scored_bits(Json::object()), scored_bits({{"prime", kText}}));
  const double alone = make_model("ppmd")->start(as_bytes("a rose is red"))->context_bits();
  EXPECT_EQ(scored_bits({{"prime", ""}}), alone);
  EXPECT_EQ(scored_bits({{"prime", nullptr}}), alone);
  const Image gray{.width = 8, .height = 8, .samples = Bytes(64)};
  const Json picture = json_of("/v1/score", {{"input", {{"base64", base64(write_png(gray))}}}});
  EXPECT_EQ(picture["rows"][0]["bytes"], 64) << "the corpus is no picture";
}

// A model whose states count the pieces that they are shown. A piece takes longer than the time
// between two looks at a client.
struct Reading {
  std::atomic<int> pieces = 0;
};

constexpr std::chrono::milliseconds kPiece{50};

class SlowState final : public State {
 public:
  explicit SlowState(Reading& reading) : reading_(reading) {}
  void observe(ByteView bytes) override {
    position_bytes_ += bytes.size();
    if (bytes.size() < kReadTogether) return;
    ++reading_.pieces;
    std::this_thread::sleep_for(kPiece);
  }
  std::uint64_t position_bytes() const override { return position_bytes_; }
  double context_bits() override { return 8 * static_cast<double>(position_bytes_); }
  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    for (std::size_t i = 0; i < bits.size(); ++i)
      bits[i] = 8 * static_cast<double>(continuations[i].size());
  }
  Mark mark() override { return {}; }
  void rewind(Mark) override {}
  void forget(Mark) override {}
  std::unique_ptr<State> clone() const override { return std::make_unique<SlowState>(*this); }

 private:
  Reading& reading_;
  std::uint64_t position_bytes_ = 0;
};

class SlowModel final : public Model {
 public:
  std::unique_ptr<State> start() const override { return std::make_unique<SlowState>(reading); }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return Granularity::byte; }
  std::optional<std::uint64_t> window_bytes() const override { return std::nullopt; }

  mutable Reading reading;

 private:
  std::string spec_ = "slow";
};

class ServeServiceReading : public testing::Test {
 protected:
  static const SlowModel& model() {
    static const auto model = [] {
      auto made = std::make_shared<SlowModel>();
      register_model("slow", "reads slowly", made);
      return made;
    }();
    return *model;
  }

  // What is asked, of a megabyte.
  static std::vector<std::pair<std::string, Json>> questions() {
    const std::string text(1 << 20, 'a');
    const Json corpora =
        Json::array({{{"name", "a"}, {"text", text}}, {{"name", "b"}, {"text", "b"}}});
    const Image image{.width = 256, .height = 256, .samples = Bytes(1 << 16)};
    std::vector<std::pair<std::string, Json>> questions = {
        {"/v1/score", {{"input", text}}},
        {"/v1/score", {{"input", "a"}, {"prime", text}}},
        {"/v1/classify", {{"corpus", corpora}, {"input", "a"}}},
        {"/v1/next", {{"prompt", text}}},
        {"/v1/sample", {{"prime", text}, {"length", 1}}},
        {"/v1/trace", {{"prompt", text}, {"text", "a"}}},
        {"/v1/completions", {{"prompt", text}, {"max_tokens", 1}}},
        {"/v1/complete/image", {{"input", {{"base64", base64(write_png(image))}}}, {"rows", 128}}}};
    for (auto& [path, question] : questions) question["model"] = "slow";
    return questions;
  }

  static Settings settings() {
    Settings settings;
    settings.models = {model().spec()};
    return settings;
  }

  static int status(Service& service, const std::string& path, const Json& body,
                    std::function<bool()> client_left = {}) {
    return service
        .answer({.method = "POST",
                 .path = path,
                 .host = "localhost",
                 .content_type = "application/json",
                 .body = body.dump(),
                 .client_left = std::move(client_left)})
        .reply.status;
  }
};

TEST_F(ServeServiceReading, EndsWhenTheClientLeaves) {
  Service service(settings());
  std::atomic<int>& pieces = model().reading.pieces;
  for (const auto& [path, body] : questions()) {
    pieces = 0;
    EXPECT_EQ(status(service, path, body, [&] { return pieces > 0; }), kClientLeft) << path;
    EXPECT_EQ(pieces, 1) << path;
  }
}

TEST_F(ServeServiceReading, EndsAtTheDeadline) {
  Settings settings = this->settings();
  settings.deadline_seconds = 1;
  Service service(settings);
  std::atomic<int>& pieces = model().reading.pieces;
  pieces = 0;
  EXPECT_EQ(status(service, "/v1/score", questions()[0].second), 504);
  EXPECT_GE(pieces, 1);
  EXPECT_LE(pieces, std::chrono::seconds(1) / kPiece + 1);
}

// A context that goes on costs what is new.
TEST_F(ServeService, ReusesTheStatesOfContexts) {
  std::string prompt = kText;
  const auto figure = [&](const std::string& name) {
    const std::string text = service.answer({.path = "/metrics", .host = "localhost"}).reply.body;
    const std::size_t at = text.find("\n" + name + " ");
    return at == text.npos ? -1.0 : std::stod(text.substr(at + name.size() + 2));
  };
  const double before = figure("kraft_cache_reused_bytes_total");
  std::size_t reused = 0;
  for (int i = 0; i < 5; ++i) {
    json_of("/v1/next", {{"model", "ppmd"}, {"prompt", prompt}});
    if (i > 0) reused += prompt.size() - 1;
    prompt += "x";
  }
  EXPECT_EQ(figure("kraft_cache_reused_bytes_total") - before, static_cast<double>(reused));
  EXPECT_GE(figure("process_resident_memory_bytes"), 1e6);
}

TEST_F(ServeService, CountsItsRequests) {
  Service::Answer answer = service.answer({.path = "/v1/models", .host = "localhost"});
  service.count(answer, 0.01);
  const std::string text = service.answer({.path = "/metrics", .host = "localhost"}).reply.body;
  EXPECT_THAT(text, HasSubstr("kraft_requests_total{route=\"/v1/models\",status=\"200\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("kraft_request_seconds_bucket{route=\"/v1/models\",le=\"0.02\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("kraft_request_seconds_bucket{route=\"/v1/models\",le=\"0.005\"} 0\n"));
}

}  // namespace
}  // namespace kraft::serve
