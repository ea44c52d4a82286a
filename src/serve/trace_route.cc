// /v1/trace: of each byte of a text what it costs, how probable it was, what else was expected, and
// where it was copied from.

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

#include "kraft/registry.h"
#include "kraft/tasks/next.h"
#include "kraft/tasks/options.h"
#include "serve/copies.h"
#include "serve/desk.h"
#include "serve/next_bytes.h"
#include "tasks/chosen_views.h"

namespace kraft::serve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kSendEvery = std::chrono::milliseconds(30);
constexpr std::size_t kExcerptBytes = 40;  // on either side of what was copied
constexpr std::size_t kShownCopyBytes = 400;

struct TraceTask {
  NextTask next;  // models, context, view
  Bytes text;
  std::size_t from = 0, top = 3;
};

// What a trace is about, whatever the model.
struct Traced {
  Bytes all;                      // corpus, prompt, text
  std::size_t corpus_bytes = 0;   // of it
  std::size_t text_begin = 0;     // in it
  std::size_t from = 0, top = 3;  // of the text

  std::size_t begin() const { return text_begin + from; }  // of what is traced
};

// Of some bytes that follow each other, one value for each.
struct Costs {
  std::size_t begin = 0;
  Json bits = Json::array(), rank = Json::array(), top = Json::array();

  Json json(const std::string& model) const {
    return {{"model", model}, {"begin", begin}, {"bits", bits}, {"rank", rank}, {"top", top}};
  }
};

// Observes the text byte by byte, and calls `done` after each.
template <class Done>
double trace(const Desk& desk, const Model& model, const Traced& of, Costs& costs, Done done) {
  const auto state = model.start(ByteView(of.all).first(of.begin()));
  std::array<double, 256> bits;
  std::vector<double> probability(256);
  double total_bits = 0;
  for (std::size_t at = of.begin(); at < of.all.size(); ++at) {
    desk.work->stop_if_cancelled();
    state->next_byte(bits);
    normalise(bits, probability);
    const Byte byte = of.all[at];
    const double cost = surprisal_bits(bits, byte);
    total_bits += cost;
    costs.bits.push_back(json_number(cost));
    costs.rank.push_back(std::ranges::count_if(std::array<double, 256>(bits),
                                               [&](double other) { return other < bits[byte]; }));
    costs.top.push_back(top_bytes(bits, probability, of.top));
    state->observe({&byte, 1});
    done(at + 1 - of.text_begin);
  }
  return total_bits;
}

const char* part_of(const Traced& of, std::size_t at) {
  return at < of.corpus_bytes ? "prime" : at < of.text_begin ? "prompt" : "text";
}

Json copies_json(const Traced& of) {
  const ByteView all(of.all);
  const auto text_of = [&](std::size_t begin, std::size_t end) {
    return as_utf8(as_text(all.subspan(begin, end - begin)));
  };
  Json json = Json::array();
  for (const CopiedSpan& span : copies_in(all, of.begin())) {
    const std::size_t begin = span.context_begin, end = begin + span.bytes;
    json.push_back({{"begin", span.begin + of.from},
                    {"length_bytes", span.bytes},
                    {"context_begin", begin},
                    {"in", part_of(of, begin)},
                    {"excerpt",
                     {{"before", text_of(begin - std::min(begin, kExcerptBytes), begin)},
                      {"copied", text_of(begin, std::min(end, begin + kShownCopyBytes))},
                      {"after", text_of(end, std::min(end + kExcerptBytes, all.size()))}}}});
  }
  return json;
}

Json traces_json(const Desk& desk, const std::vector<std::string>& specs, const Traced& of) {
  Json traces = Json::array();
  for (const std::string& spec : specs) {
    const auto model = desk.model(spec, of.corpus_bytes);
    Costs costs{.begin = of.from};
    const double total_bits = trace(desk, *model, of, costs, [](std::size_t) {});
    Json json = costs.json(model->spec());
    json["total_bits"] = json_number(total_bits);
    traces.push_back(std::move(json));
  }
  return traces;
}

void send_traces(const Desk& desk, const std::vector<std::string>& specs, const Traced& of,
                 Events& events) {
  events.send({{"type", "copies"}, {"copies", copies_json(of)}});
  for (const std::string& spec : specs) {
    const auto model = desk.model(spec, of.corpus_bytes);
    Costs costs{.begin = of.from};
    Clock::time_point sent = {};
    const auto send = [&] {
      if (costs.bits.empty()) return;
      Json json = {{"type", "trace"}};
      json.update(costs.json(model->spec()));
      events.send(json);
      sent = Clock::now();
    };
    const double total_bits = trace(desk, *model, of, costs, [&](std::size_t done) {
      if (Clock::now() - sent < kSendEvery) return;
      send();
      costs = {.begin = done};
    });
    send();
    events.send(
        {{"type", "end"}, {"model", model->spec()}, {"total_bits", json_number(total_bits)}});
  }
}

}  // namespace

Reply trace_text(const Desk& desk, Fields& fields) {
  NextTask task;  // whose models, context and view these are
  fields.take({next_options(), task}, {"base-bits", "input"});
  const std::optional<Bytes> text = fields.text("text");
  if (!text) throw Failure::invalid("text is missing: what is traced", "text");
  WholeNumber from = kTraceFrom;
  from.max = static_cast<std::int64_t>(text->size());
  Traced of;
  of.from = static_cast<std::size_t>(*fields.integer(from));
  of.top = static_cast<std::size_t>(*fields.integer(kTraceTop));
  const bool streams = fields.flag("stream").value_or(false);
  fields.expect_no_others();
  desk.allow(task.models);
  check(task);
  desk.add_prime(fields, task.context.prime);
  const Context context = make_context(task.context);
  of.all = context.observed();
  of.corpus_bytes = context.corpus().size();
  of.text_begin = of.all.size();
  append(of.all, *text);
  const std::vector<std::string> specs = in_views(task.models, task.view);
  if (streams)
    return Reply::stream(
        [desk, specs, of](Events& events) { send_traces(desk, specs, of, events); });
  Json traces = traces_json(desk, specs, of);
  return Reply::json({{"object", "kraft.trace"},
                      {"traces", std::move(traces)},
                      {"copies", copies_json(of)},
                      {"warnings", Json::array()}});
}

}  // namespace kraft::serve
