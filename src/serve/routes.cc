#include "serve/routes.h"

#include "base/base64.h"
#include "kraft/media.h"
#include "kraft/tasks/classify.h"
#include "kraft/tasks/complete.h"
#include "kraft/tasks/next.h"
#include "kraft/tasks/sample.h"
#include "kraft/tasks/score.h"
#include "serve/whole_numbers.h"

namespace kraft::serve {
namespace {

void add(Json& fields, const WholeNumber& number) {
  std::string meaning = number.meaning;
  if (number.initial) meaning += " (default: " + std::to_string(*number.initial) + ")";
  fields[number.name] = {{"type", "integer"},
                         {"minimum", number.min},
                         {"maximum", number.max},
                         {"description", meaning}};
}

Json yes_or_no(const char* meaning) { return {{"type", "boolean"}, {"description", meaning}}; }

Json text_field(const char* meaning) {
  return {{"allOf", Json::array({{{"$ref", "#/components/schemas/Text"}}})},
          {"description", meaning}};
}

Json one_or_list(const Json& item, const char* meaning) {
  return {{"anyOf", Json::array({item, {{"type", "array"}, {"items", item}}})},
          {"description", meaning}};
}

const char* const kStreams = "send server-sent events while the work goes on";

Route completions_route() {
  const Json string = {{"type", "string"}};
  const Json bytes = {{"type", "array"},
                      {"items", {{"type", "integer"}, {"minimum", 0}, {"maximum", 255}}}};
  const Json text = {{"$ref", "#/components/schemas/Text"}};
  Route route{"/v1/completions", complete_text, "Complete prompts, as OpenAI's interface has it"};
  route.options = {sample_options().rows()};
  route.not_taken = {"model", "prompt", "input", "length", "count", "seed", "suffix-file", "hole"};
  route.more = {
      {"model", {{"type", "string"}, {"description", "one of /v1/models"}}},
      {"prompt",
       {{"anyOf", Json::array({text,
                               bytes,
                               {{"type", "array"}, {"items", text}},
                               {{"type", "array"}, {"items", bytes}}})},
        {"description", "text, bytes as numbers, or a list of either"}}},
      {"stop", one_or_list(string, "strings that end the text, without being a part of it")},
      {"echo", yes_or_no("begin the text with the prompt, and price it with logprobs")},
      {"stream", yes_or_no(kStreams)},
      {"stream_options", {{"type", "object"}}},
      {"presence_penalty", {{"type", "number"}, {"description", "only 0"}}},
      {"frequency_penalty", {{"type", "number"}, {"description", "only 0"}}},
      {"logit_bias", {{"type", "object"}, {"description", "only {}"}}},
      {"user", string}};
  for (const WholeNumber& number : {kMaxTokens, kChoices, kSeed, kLogprobs, kBestOf})
    add(route.more, number);
  route.required = {"model"};
  route.streams = true;
  route.examples = {{"continue",
                     {{"model", "gzip:9"},
                      {"prompt", "she sells sea shells by the sea"},
                      {"max_tokens", 8},
                      {"seed", 7},
                      {"temperature", 0.7}}},
                    {"price a text",
                     {{"model", "ppmd"},
                      {"prompt", "abracadabra"},
                      {"max_tokens", 0},
                      {"echo", true},
                      {"logprobs", 1}}}};
  return route;
}

Route next_route() {
  Route route{"/v1/next", next_bytes, "What models expect next"};
  route.options = {next_options().rows()};
  route.more = {{"all", yes_or_no("all 256 as arrays, too")}, {"stream", yes_or_no(kStreams)}};
  add(route.more, kNextTop);
  route.required = {"model"};
  route.streams = true;
  route.examples = {{"both views",
                     {{"model", Json::array({"gzip:9", "ppmd"})},
                      {"prompt", "banana banan"},
                      {"view", "both"},
                      {"top", 4}}}};
  return route;
}

Route sample_route() {
  Route route{"/v1/sample", draw_samples, "Draw a continuation, or fill a hole"};
  route.options = {sample_options().rows()};
  route.more = {{"trace", yes_or_no("of Markov chains only: their bits")},
                {"stream", yes_or_no(kStreams)}};
  route.streams = true;
  route.examples = {{"continue",
                     {{"model", "gzip:9"},
                      {"prompt", "she sells sea shells by the sea"},
                      {"length", 12},
                      {"seed", 7}}},
                    {"fill a hole",
                     {{"model", "ngram:5"},
                      {"prompt", "a rose is a ___ is a rose"},
                      {"hole", "___"},
                      {"length", 4},
                      {"sampler", "metropolis"},
                      {"steps", 20},
                      {"burn_in", 10}}}};
  return route;
}

Route trace_route() {
  Route route{"/v1/trace", trace_text,
              "What each byte of a text costs, what else was expected, where it was copied from"};
  route.options = {next_options().rows()};
  route.not_taken = {"base-bits", "input"};
  route.more = {{"text", text_field("what is traced; it comes after corpus and prompt")},
                {"stream", yes_or_no(kStreams)}};
  for (const WholeNumber& number : {kTraceFrom, kTraceTop}) add(route.more, number);
  route.required = {"model", "text"};
  route.streams = true;
  route.examples = {
      {"trace",
       {{"model", "ppmd"}, {"prompt", "abracadabra, "}, {"text", "abracadabra"}, {"top", 2}}}};
  return route;
}

Route score_route() {
  Route route{"/v1/score", score_texts, "How well models compress and predict texts"};
  route.options = {score_options().rows()};
  route.required = {"model", "input"};
  route.examples = {
      {"score",
       {{"model", "gzip:9"},
        {"positions", 8},
        {"input", Json::array({{{"name", "tongue twister"},
                                {"text", "she sells sea shells by the sea shore"}}})}}}};
  return route;
}

Route classify_route() {
  Route route{"/v1/classify", classify_texts, "To which corpus a text belongs"};
  route.options = {classify_options().rows()};
  route.required = {"corpus", "input"};
  route.examples = {
      {"classify",
       {{"model", "ppmd"},
        {"corpus", Json::array({{{"name", "letters"}, {"text", "abcabcabcabcabcabc"}},
                                {{"name", "digits"}, {"text", "123123123123123123"}}})},
        {"input", Json::array({{{"name", "?"}, {"text", "bcabca"}}})}}}};
  return route;
}

Route media_route(const char* path, Handler handler, const char* summary,
                  std::span<const Option> options) {
  Route route{path, handler, summary};
  route.options = {options, media_input_options().rows()};
  route.not_taken = {"as"};
  route.more = {{"input", text_field("the file")},
                {"panel", yes_or_no("a picture of the original, the context and completions")}};
  route.required = {"model", "input"};
  route.takes_forms = true;
  return route;
}

Route image_route() {
  Route route = media_route("/v1/complete/image", complete_picture, "Complete a picture",
                            image_completion_options().rows());
  Image image{4, 4, 1, 8, Bytes(16, 100)};
  image.samples[5] = 120;
  route.examples = {{"lower rows",
                     {{"model", "gzip:9"},
                      {"rows", 1},
                      {"seed", 3},
                      {"input", {{"base64", base64(write_png(image))}}}}}};
  return route;
}

Route audio_route() {
  Route route = media_route("/v1/complete/audio", complete_recording, "Continue a recording",
                            audio_completion_options().rows());
  Audio audio{.rate_hz = 8000, .channels = 1, .encoding = Encoding::u8, .samples = Bytes(64, 128)};
  audio.samples[7] = 131;
  route.examples = {{"continue",
                     {{"model", "gzip:9"},
                      {"samples", 8},
                      {"seed", 3},
                      {"input", {{"base64", base64(write_audio(audio, AudioFormat::wav))}}}}}};
  return route;
}

}  // namespace

const std::vector<Route>& routes() {
  static const std::vector<Route> all = {completions_route(), next_route(),  sample_route(),
                                         trace_route(),       score_route(), classify_route(),
                                         image_route(),       audio_route()};
  return all;
}

}  // namespace kraft::serve
