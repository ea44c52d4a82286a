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

constexpr std::int64_t kTop = 16;

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

Json to_json(const Expectation& of, std::size_t top, bool all, double milliseconds) {
  Json json = {{"model", of.model},
               {"view", view_of(of.model)},
               {"granularity", name_of(of.granularity)},
               {"context_bytes", of.context_bytes},
               {"base_bits", of.base_bits ? json_number(*of.base_bits) : Json(nullptr)},
               {"entropy_bits", json_number(of.entropy_bits)},
               {"milliseconds", milliseconds},
               {"next", top_bytes(of.bits, of.probability, top)}};
  if (!all) return json;
  json["bits"] = numbers(of.bits);
  json["probability"] = numbers(of.probability);
  return json;
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
  const auto top = static_cast<std::size_t>(fields.integer("top", 1, 256).value_or(kTop));
  const bool all = fields.flag("all").value_or(false);
  fields.expect_no_others();
  desk.allow(task.models);
  check(task);
  desk.add_prime(fields, task.context);
  const Context context = make_context(task.context);
  const Bytes observed = context.observed();
  Heard heard;
  const Receiver receiver = heard.receiver(desk.work);
  Json expectations = Json::array();
  for (const std::string& spec : in_views(task.models, task.view)) {
    const auto begin = std::chrono::steady_clock::now();
    const auto model = desk.model(spec, context.corpus().size());
    warn_if_cut(*model, observed.size(), receiver);
    const Expectation of = expectation_of(*model, observed, task.base_bits);
    const std::chrono::duration<double, std::milli> spent =
        std::chrono::steady_clock::now() - begin;
    expectations.push_back(to_json(of, top, all, spent.count()));
    desk.work->stop_if_cancelled();
  }
  return Reply::json({{"object", "kraft.next"},
                      {"expectations", std::move(expectations)},
                      {"warnings", std::move(heard.warnings)}});
}

}  // namespace kraft::serve
