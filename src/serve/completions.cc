// /v1/completions, as OpenAI's interface has it.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>

#include "base/base64.h"
#include "base/text.h"
#include "kraft/tasks/sample.h"
#include "serve/desk.h"
#include "serve/openai.h"

namespace kraft::serve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostStops = 16, kMostPrompts = 2048;
constexpr auto kSendEvery = std::chrono::milliseconds(15);

// A prompt given as numbers: its bytes.
Bytes bytes_of_numbers(const Json& numbers) {
  Bytes bytes;
  for (const Json& number : numbers) {
    if (!number.is_number_integer() || number < 0 || number > 255)
      throw Failure::invalid("prompt: a list of numbers is one of bytes, 0..255", "prompt");
    bytes.push_back(number.get<Byte>());
  }
  return bytes;
}

std::vector<Bytes> prompts_of(const Json* json) {
  if (json == nullptr) return {Bytes()};
  if (!json->is_array()) return {bytes_of(*json, "prompt")};
  if (json->empty()) throw Failure::invalid("prompt is an empty list", "prompt");
  if (json->front().is_number()) return {bytes_of_numbers(*json)};
  if (json->size() > kMostPrompts)
    throw Failure::invalid("prompt: " + std::to_string(json->size()) + " prompts are more than " +
                               std::to_string(kMostPrompts),
                           "prompt");
  std::vector<Bytes> prompts;
  for (const Json& one : *json)
    prompts.push_back(one.is_array() ? bytes_of_numbers(one) : bytes_of(one, "prompt"));
  return prompts;
}

// What OpenAI's models have and these have not may be given at the value that changes nothing.
void refuse_foreign(Fields& fields, std::int64_t choices) {
  for (const char* name : {"presence_penalty", "frequency_penalty"}) {
    if (fields.number(name, -2, 2).value_or(0) != 0)
      throw Failure::invalid(std::string(name) +
                                 " has no meaning for kraft's models: repeat_ngram and max_copy "
                                 "keep them from repeating",
                             name);
  }
  if (const Json* bias = fields.other("logit_bias"); bias != nullptr && !bias->empty())
    throw Failure::invalid("logit_bias is not supported", "logit_bias");
  if (fields.integer(kBestOf).value_or(choices) != choices)
    throw Failure::invalid("best_of is supported only where it equals n", "best_of");
  fields.text("user");
}

struct Asked {
  std::vector<Bytes> prompts;
  SampleTask task;  // but for the prompt
  std::shared_ptr<const Model> model;
  std::int64_t max_tokens = 0;
  std::vector<std::string> stops;
  std::optional<std::size_t> logprobs;
  bool echo = false, usage_in_stream = false;
  std::string id;
  std::int64_t created = 0;

  bool tokens() const { return has_tokens(*model); }
};

std::int64_t random_seed() {
  std::random_device device;
  return static_cast<std::int64_t>(device() & 0x7fffffffu);
}

std::string completion_id() {
  static const std::uint64_t launch = [] {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
  }();
  static std::atomic<std::uint64_t> count{0};
  char text[64];
  std::snprintf(text, sizeof text, "cmpl-%016llx%06llx", static_cast<unsigned long long>(launch),
                static_cast<unsigned long long>(++count));
  return text;
}

bool usage_wanted(Fields& fields) {
  const Json* options = fields.other("stream_options");
  if (options == nullptr) return false;
  if (!options->is_object())
    throw Failure::invalid("stream_options is {\"include_usage\": true}", "stream_options");
  bool wanted = false;
  for (const auto& [name, value] : options->items()) {
    if (name == "include_usage" && value.is_boolean()) {
      wanted = value.get<bool>();
    } else if (name != "include_obfuscation" || !value.is_boolean() || value.get<bool>()) {
      throw Failure::invalid("stream_options has include_usage, true or false, and nothing else",
                             "stream_options");
    }
  }
  return wanted;
}

void read_task(const Desk& desk, Fields& fields, Asked& asked) {
  SampleTask& task = asked.task;
  fields.take({sample_options(), task},
              {"model", "prompt", "input", "length", "count", "seed", "suffix-file", "hole"});
  task.count = *fields.integer(kChoices);
  task.seed = fields.integer(kSeed).value_or(random_seed());
  task.threads = desk.settings.threads;
  task.wants_copying = task.wants_bits = false;
}

Asked read(const Desk& desk, Fields& fields) {
  Asked asked;
  const auto model = fields.texts("model");
  if (!model || model->size() != 1) throw Failure::invalid("model is one of /v1/models", "model");
  asked.prompts = prompts_of(fields.other("prompt"));
  asked.max_tokens = *fields.integer(kMaxTokens);
  asked.stops = fields.texts("stop").value_or(std::vector<std::string>());
  std::erase(asked.stops, "");
  if (asked.stops.size() > kMostStops) throw Failure::invalid("stop: 16 strings at most", "stop");
  if (const auto count = fields.integer(kLogprobs))
    asked.logprobs = static_cast<std::size_t>(*count);
  asked.echo = fields.flag("echo").value_or(false);
  asked.usage_in_stream = usage_wanted(fields);
  read_task(desk, fields, asked);
  refuse_foreign(fields, asked.task.count);
  if (!asked.task.proposal.empty()) asked.task.proposal = desk.shelf.allowed(asked.task.proposal);
  asked.task.models = {desk.shelf.allowed(model->front())};
  desk.add_prime(fields, asked.task.context.prime);
  asked.task.context.prompt = "";
  check(asked.task);
  asked.model = desk.model(asked.task.models[0], make_context(asked.task.context).corpus().size());
  asked.task.models.clear();
  asked.task.made_models = {asked.model};
  // A unit is cut where the bytes end, so there are bytes for as many of the longest.
  std::size_t longest = 1;
  for (const Bytes& unit : asked.model->units()) longest = std::max(longest, unit.size());
  asked.task.length = asked.max_tokens * static_cast<std::int64_t>(asked.tokens() ? longest : 1);
  desk.expect_moderate(static_cast<double>(asked.max_tokens) *
                           static_cast<double>(asked.task.count) *
                           static_cast<double>(asked.prompts.size()),
                       "max_tokens times n times the prompts", "max_tokens", "");
  asked.id = completion_id();
  asked.created = std::chrono::duration_cast<std::chrono::seconds>(
                      std::chrono::system_clock::now().time_since_epoch())
                      .count();
  return asked;
}

// One choice while it is drawn: its tokens, until they are certain to belong to it.
class Choice {
 public:
  Choice(const Desk& desk, const Asked& asked, const Bytes& prompt)
      : desk_(desk), asked_(asked), stop_(asked.stops) {
    if (asked.logprobs) pricer_ = price_prompt(prompt);
    if (!asked.echo) return;
    text_ = prompt;
    echoed_bytes_ = prompt.size();
    if (!asked.logprobs) tokens_.push_back({.bytes = prompt});
  }

  // What the sampler drew in one step.
  void add(ByteView drawn) {
    if (done()) return;
    ++steps_;
    const auto whole = [&] { return std::vector<Token>{{.bytes = {drawn.begin(), drawn.end()}}}; };
    const auto price = [&] {
      if (asked_.tokens()) return pricer_->unit(drawn);
      return pricer_->by_bytes(drawn, [this] { desk_.work->stop_if_cancelled(); });
    };
    std::vector<Token> tokens = asked_.logprobs ? price() : whole();
    completion_tokens_ += asked_.logprobs ? tokens.size() : asked_.tokens() ? 1 : drawn.size();
    tokens_.insert(tokens_.end(), std::make_move_iterator(tokens.begin()),
                   std::make_move_iterator(tokens.end()));
    append(text_, drawn);
    certain_ = echoed_bytes_ + stop_.add(drawn);
    if (!stop_.stopped()) return;
    text_.resize(echoed_bytes_ + stop_.size_bytes());
  }

  bool done() const { return stop_.stopped() || (asked_.tokens() && steps_ >= asked_.max_tokens); }

  // Takes what is certain and has not been taken; all of it at the end. Characters stay whole.
  struct Piece {
    Piece() noexcept(false) {}  // Json may throw

    Bytes bytes;
    Json logprobs;  // null where nobody asked
  };
  Piece take(bool at_end) {
    const std::size_t end = at_end ? text_.size() : std::max(certain_, echoed_bytes_);
    Piece piece;
    std::vector<Token> taken;
    std::size_t count = 0, bytes = 0;
    // As many tokens as end before that, and where a character ends.
    for (std::size_t at = 0, size = 0; at < tokens_.size(); ++at) {
      size += tokens_[at].bytes.size();
      if (taken_bytes_ + size > end) break;
      const ByteView so_far = ByteView(text_).subspan(taken_bytes_, size);
      if (!at_end && unfinished_bytes(as_text(so_far)) > 0) continue;
      count = at + 1;
      bytes = size;
    }
    if (at_end) bytes = end - taken_bytes_;  // a stop may begin in the middle of a token
    piece.bytes.assign(text_.begin() + static_cast<std::ptrdiff_t>(taken_bytes_),
                       text_.begin() + static_cast<std::ptrdiff_t>(taken_bytes_ + bytes));
    taken.assign(std::make_move_iterator(tokens_.begin()),
                 std::make_move_iterator(tokens_.begin() + static_cast<std::ptrdiff_t>(count)));
    tokens_.erase(tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(count));
    if (asked_.logprobs) piece.logprobs = logprobs_json(taken, taken_characters_);
    const std::vector<std::size_t> characters = characters_of(as_text(piece.bytes));
    taken_characters_ += characters.empty() ? 0 : characters.back() + 1;
    taken_bytes_ += bytes;
    return piece;
  }

  const char* finish_reason() const { return stop_.stopped() ? "stop" : "length"; }
  std::size_t completion_tokens() const { return completion_tokens_; }

 private:
  std::unique_ptr<Pricer> price_prompt(const Bytes& prompt) {
    const ContextInput& context = asked_.task.context;
    Bytes before = make_context(context).observed();
    if (!asked_.echo) append(before, prompt);
    auto pricer =
        std::make_unique<Pricer>(asked_.model, asked_.model->start(before), *asked_.logprobs);
    if (asked_.echo)
      tokens_ = pricer->by_bytes(prompt, [this] { desk_.work->stop_if_cancelled(); });
    return pricer;
  }

  const Desk& desk_;
  const Asked& asked_;
  StopFinder stop_;
  std::unique_ptr<Pricer> pricer_;
  Bytes text_;
  std::vector<Token> tokens_;  // not taken yet
  std::size_t echoed_bytes_ = 0, certain_ = 0, taken_bytes_ = 0, taken_characters_ = 0;
  std::size_t completion_tokens_ = 0;
  std::int64_t steps_ = 0;
};

Json choice_json(std::size_t index, const Choice::Piece& piece, const Json& finish_reason) {
  Json json = {{"index", index}, {"text", as_utf8(as_text(piece.bytes))}};
  if (!is_utf8(as_text(piece.bytes))) json["text_base64"] = base64(piece.bytes);
  json["logprobs"] = piece.logprobs;
  json["finish_reason"] = finish_reason;
  return json;
}

Json envelope(const Asked& asked, Json choices) {
  return {{"id", asked.id},
          {"object", "text_completion"},
          {"created", asked.created},
          {"model", asked.model->spec()},
          {"choices", std::move(choices)}};
}

Json usage_json(const Asked& asked, std::size_t completion_tokens) {
  std::size_t prompt_tokens = 0;
  for (const Bytes& prompt : asked.prompts) prompt_tokens += prompt.size();
  return {{"prompt_tokens", prompt_tokens},
          {"completion_tokens", completion_tokens},
          {"total_tokens", prompt_tokens + completion_tokens}};
}

// Draws all choices of all prompts: `grown` is called as a choice grows, `ended` when it is whole.
template <class Grown, class Ended>
std::size_t draw(const Desk& desk, const Asked& asked, Grown grown, Ended ended) {
  std::size_t index = 0, completion_tokens = 0;
  for (const Bytes& prompt : asked.prompts) {
    SampleTask task = asked.task;
    task.context.prompt = std::string(as_text(prompt));
    std::unique_ptr<Choice> choice;
    const auto end = [&] {
      completion_tokens += choice->completion_tokens();
      ended(index++, *choice);
    };
    if (asked.max_tokens == 0) {
      for (std::int64_t n = 0; n < task.count; ++n) {
        choice = std::make_unique<Choice>(desk, asked, prompt);
        end();
      }
      continue;
    }
    Heard heard;
    SampleReceiver receiver{heard.receiver(desk.work)};
    receiver.sample_begins = [&](const auto&, const auto&) {
      choice = std::make_unique<Choice>(desk, asked, prompt);
    };
    receiver.bytes = [&](ByteView drawn) {
      choice->add(drawn);
      grown(index, *choice);
    };
    receiver.enough = [&] { return choice->done(); };
    receiver.sample_ends = [&](const auto&, const auto&) { end(); };
    sample(task, receiver);
    desk.work->stop_if_cancelled();
  }
  return completion_tokens;
}

void stream(const Desk& desk, const Asked& asked, Events& events) {
  Clock::time_point sent = {};
  const auto send = [&](Json choices) {
    events.send(envelope(asked, std::move(choices)));
    sent = Clock::now();
  };
  const std::size_t tokens = draw(
      desk, asked,
      [&](std::size_t index, Choice& choice) {
        if (Clock::now() - sent < kSendEvery) return;
        const Choice::Piece piece = choice.take(/*at_end=*/false);
        if (!piece.bytes.empty()) send(Json::array({choice_json(index, piece, nullptr)}));
      },
      [&](std::size_t index, Choice& choice) {
        const Choice::Piece piece = choice.take(/*at_end=*/true);
        if (!piece.bytes.empty()) send(Json::array({choice_json(index, piece, nullptr)}));
        send(Json::array({choice_json(index, {}, choice.finish_reason())}));
      });
  if (!asked.usage_in_stream) return;
  Json last = envelope(asked, Json::array());
  last["usage"] = usage_json(asked, tokens);
  events.send(last);
}

}  // namespace

Reply complete_text(const Desk& desk, Fields& fields) {
  const bool streams = fields.flag("stream").value_or(false);
  const Asked asked = read(desk, fields);
  fields.expect_no_others();
  if (streams) return Reply::stream([desk, asked](Events& events) { stream(desk, asked, events); });
  Json choices = Json::array();
  const std::size_t tokens = draw(
      desk, asked, [](std::size_t, Choice&) {},
      [&](std::size_t index, Choice& choice) {
        choices.push_back(choice_json(index, choice.take(true), choice.finish_reason()));
      });
  Json json = envelope(asked, std::move(choices));
  json["usage"] = usage_json(asked, tokens);
  json["seed"] = asked.task.seed;
  return Reply::json(json);
}

}  // namespace kraft::serve
