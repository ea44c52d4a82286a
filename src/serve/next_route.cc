// /v1/next: what models expect next.

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>

#include "kraft/registry.h"
#include "kraft/tasks/next.h"
#include "serve/desk.h"
#include "serve/next_bytes.h"
#include "tasks/chosen_views.h"
#include "tasks/expectation.h"
#include "tasks/models.h"

namespace kraft::serve {
namespace {

Json view_of(const std::string& spec) {
  const Backend* backend = backend_of(spec);
  if (backend == nullptr || !has_decoder_view(*backend)) return nullptr;
  return measures_codec(spec) ? "encoder" : "decoder";
}

Json numbers(std::span<const double> values) {
  Json json = Json::array();
  for (const double value : values) json.push_back(json_number(value));
  return json;
}

// How much of a distribution an answer has.
struct Shown {
  std::size_t top = 0;
  bool all = false;
};

Json to_json(const Expectation& of, const Shown& shown, double milliseconds) {
  Json json = {{"model", of.model},
               {"view", view_of(of.model)},
               {"granularity", name_of(of.granularity)},
               {"context_bytes", of.context_bytes},
               {"base_bits", of.base_bits ? json_number(*of.base_bits) : Json(nullptr)},
               {"entropy_bits", json_number(of.entropy_bits)},
               {"milliseconds", milliseconds},
               {"next", top_bytes(of.bits, of.probability, shown.top)}};
  if (!shown.all) return json;
  json["bits"] = numbers(of.bits);
  json["probability"] = numbers(of.probability);
  return json;
}

struct Asked {
  std::vector<std::string> models;
  Bytes observed;
  std::size_t corpus_bytes = 0;  // that `observed` begins with
  BaseBits base_bits = BaseBits::automatic;
};

// Calls tell(expectation, milliseconds) for one model after the other, and returns the warnings.
template <class Tell>
Json expect(const Desk& desk, const Asked& asked, Tell tell) {
  Heard heard;
  const Receiver receiver = heard.receiver(desk.work);
  for (const std::string& spec : asked.models) {
    const auto begin = std::chrono::steady_clock::now();
    const auto model = desk.model(spec, asked.corpus_bytes);
    warn_if_cut(*model, asked.observed.size(), receiver);
    const Expectation of =
        expectation_of(*model, asked.observed, asked.base_bits, receiver.cancelled);
    const std::chrono::duration<double, std::milli> spent =
        std::chrono::steady_clock::now() - begin;
    tell(of, spent.count());
    desk.work->stop_if_cancelled();
  }
  return std::move(heard.warnings);
}

}  // namespace

Json top_bytes(std::span<const double, 256> bits, std::span<const double> probability,
               std::size_t count) {
  std::array<std::size_t, 256> order;
  std::iota(order.begin(), order.end(), 0);
  const auto nth = order.begin() + static_cast<std::ptrdiff_t>(count);
  std::ranges::partial_sort(order, nth, [&](std::size_t a, std::size_t b) {
    return probability[a] != probability[b] ? probability[a] > probability[b] : a < b;
  });
  Json json = Json::array();
  for (const std::size_t byte : std::span(order).first(count))
    json.push_back({{"byte", byte},
                    {"text", byte_text(static_cast<Byte>(byte))},
                    {"bits", json_number(bits[byte])},
                    {"probability", probability[byte]}});
  return json;
}

Reply next_bytes(const Desk& desk, Fields& fields) {
  NextTask task;
  fields.take({next_options(), task});
  Shown shown;
  shown.top = static_cast<std::size_t>(*fields.integer(kNextTop));
  shown.all = fields.flag("all").value_or(false);
  const bool streams = fields.flag("stream").value_or(false);
  fields.expect_no_others();
  desk.allow(task.models);
  check(task);
  desk.add_prime(fields, task.context.prime);
  const Context context = make_context(task.context);
  Asked asked{.models = in_views(task.models, task.view),
              .observed = context.observed(),
              .corpus_bytes = context.corpus().size(),
              .base_bits = task.base_bits};
  if (streams)
    return Reply::stream([desk, asked = std::move(asked), shown](Events& events) {
      std::size_t index = 0;
      Json warnings = expect(desk, asked, [&](const Expectation& of, double milliseconds) {
        Json event = {{"type", "expectation"}, {"index", index++}};
        event.update(to_json(of, shown, milliseconds));
        events.send(event);
      });
      events.send({{"type", "end"}, {"warnings", std::move(warnings)}});
    });
  Json expectations = Json::array();
  Json warnings = expect(desk, asked, [&](const Expectation& of, double milliseconds) {
    expectations.push_back(to_json(of, shown, milliseconds));
  });
  return Reply::json({{"object", "kraft.next"},
                      {"expectations", std::move(expectations)},
                      {"warnings", std::move(warnings)}});
}

}  // namespace kraft::serve
