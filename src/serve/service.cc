#include "serve/service.h"

#include <algorithm>
#include <thread>

#include "base/parallel.h"
#include "base/text.h"
#include "serve/guards.h"
#include "serve/page.h"
#include "serve/routes.h"
#include "version.h"

namespace kraft::serve {
namespace {

using namespace std::chrono_literals;
using Clock = Work::Clock;

constexpr std::string_view kModels = "/v1/models";

// The page is one file that talks to its server and to nobody else.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: "
    "blob:; media-src data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

std::size_t workers_of(const Settings& settings) {
  return settings.workers > 0 ? settings.workers : hardware_threads();
}

Reply reply_of(const Failure& failure) {
  Reply reply = Reply::json(failure.json());
  reply.status = failure.status();
  if (failure.status() == 429 || failure.status() == 503)
    reply.headers.emplace_back("Retry-After", "1");
  if (failure.status() == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  return reply;
}

bool is_form(const Request& request) {
  return request.content_type.starts_with("multipart/form-data");
}

bool is_json(const Request& request) {
  const std::string_view type(request.content_type);
  constexpr std::string_view kJson = "application/json";
  return type.starts_with(kJson) &&
         (type.size() == kJson.size() || type[kJson.size()] == ';' || type[kJson.size()] == ' ');
}

Fields fields_of(const Request& request, const Route& route) {
  if (is_form(request) && route.takes_forms) return Fields(request.form);
  if (is_json(request)) return Fields(parse_json(request.body));
  throw Failure(415, "invalid_request_error",
                "the Content-Type is application/json" +
                    std::string(route.takes_forms ? " or multipart/form-data" : "") + ", not '" +
                    printable(request.content_type) + "'");
}

Reply page() {
  Reply reply{.type = "text/html; charset=utf-8", .body = playground_page()};
  reply.headers = {{"Content-Security-Policy", kPagePolicy}, {"Referrer-Policy", "no-referrer"}};
  return reply;
}

void expect_method(const Request& request, const char* method) {
  if (request.method == method || (request.method == "HEAD" && std::string_view(method) == "GET"))
    return;
  throw Failure(
      405, "invalid_request_error",
      printable(request.path) + " takes " + method + ", not " + printable(request.method));
}

}  // namespace

Service::Service(Settings settings)
    : settings_(std::move(settings)),
      shelf_({settings_.models, settings_.any_codec, settings_.threads}),
      cache_(settings_.cache),
      gate_(workers_of(settings_), settings_.most_waiting),
      created_(std::chrono::duration_cast<std::chrono::seconds>(
                   std::chrono::system_clock::now().time_since_epoch())
                   .count()) {
  if (!settings_.prime) return;
  for (const std::string& name : shelf_.names()) {
    const std::shared_ptr<const Model> model = shelf_.model(name);
    cache_.put(model, *settings_.prime, model->start(*settings_.prime), /*pinned=*/true);
  }
}

void Service::check_guards(const Request& request) const {
  if (!host_is_allowed(request.host, settings_.hosts))
    throw Failure(
        403, "permission_error",
        "this server is not called '" + printable(request.host) + "'; --allow-host adds a name",
        "forbidden_host");
  if (!origin_is_allowed(request.origin, request.host, settings_.origins))
    throw Failure(403, "permission_error",
                  "pages of '" + printable(request.origin) +
                      "' may not use this server; --allow-origin adds an origin",
                  "forbidden_origin");
  const bool needs_key = request.path.starts_with("/v1/") || request.path == "/metrics";
  if (!needs_key || settings_.keys.empty() || request.method == "OPTIONS") return;
  if (!key_is_known(request.authorization, settings_.keys))
    throw Failure(401, "authentication_error",
                  "a key is needed: Authorization: Bearer KEY, with one that the server knows",
                  "invalid_api_key");
}

std::vector<std::pair<std::string, std::string>> Service::origin_headers(
    const Request& request) const {
  std::vector<std::pair<std::string, std::string>> headers = {
      {"X-Content-Type-Options", "nosniff"}};
  if (request.origin.empty() || !origin_is_allowed(request.origin, request.host, settings_.origins))
    return headers;
  headers.emplace_back("Access-Control-Allow-Origin", request.origin);
  headers.emplace_back("Vary", "Origin");
  if (request.method != "OPTIONS") return headers;
  headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  headers.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type");
  headers.emplace_back("Access-Control-Max-Age", "600");
  return headers;
}

Service::Answer Service::answer(const Request& request) {
  Answer answer;
  answer.route = "other";
  try {
    answer.reply = route(request, answer);
  } catch (const Cancelled&) {
    answer.reply = reply_of(answer.work->failure());
  } catch (...) {
    answer.reply = reply_of(failure_of(std::current_exception()));
  }
  if (!answer.reply.events) answer.place.reset();
  for (auto& header : origin_headers(request)) answer.reply.headers.push_back(std::move(header));
  return answer;
}

Reply Service::route(const Request& request, Answer& answer) {
  check_guards(request);
  if (request.method == "OPTIONS") return {.status = 204};
  for (const Route& route : routes()) {
    if (route.path != request.path) continue;
    answer.route = route.path;
    expect_method(request, "POST");
    return work_on(request, route.handler, answer);
  }
  const std::pair<const char*, Reply (*)(const Service&)> pages[] = {
      {"/", [](const Service&) { return page(); }},
      {"/health", [](const Service& self) { return self.health(); }},
      {"/metrics", [](const Service& self) { return self.metrics(); }},
      {"/openapi.json", [](const Service&) { return Reply::json(openapi()); }},
      {"/favicon.ico", [](const Service&) { return Reply{.status = 204}; }},
      {"/v1/models", [](const Service& self) { return self.models(""); }},
  };
  for (const auto& [path, get] : pages) {
    if (path != request.path) continue;
    answer.route = path;
    expect_method(request, "GET");
    return get(*this);
  }
  if (request.path.starts_with(std::string(kModels) + "/")) {
    answer.route = kModels;
    expect_method(request, "GET");
    return models(request.path.substr(kModels.size() + 1));
  }
  throw Failure::not_found("there is no " + printable(request.path) +
                           " here; /openapi.json says what there is");
}

Reply Service::work_on(const Request& request, Handler handler, Answer& answer) {
  const auto patience = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(settings_.deadline_seconds));
  answer.work = std::make_shared<Work>(Work::Limits{.deadline = Clock::now() + patience,
                                                    .client_left = request.client_left,
                                                    .stopping = &cancelled_});
  if (stopping_) throw Failure(503, "server_error", "the server is stopping", "shutting_down");
  answer.place = std::make_shared<Gate::Place>(gate_.enter(*answer.work));
  const Work::Current current(*answer.work);
  const auto route = std::ranges::find(routes(), handler, &Route::handler);
  Fields fields = fields_of(request, *route);
  Reply reply = handler({settings_, shelf_, cache_, answer.work}, fields);
  answer.work->stop_if_cancelled();
  return reply;
}

void Service::run_events(const Answer& answer, Events& events) {
  const Work::Current current(*answer.work);
  try {
    answer.reply.events(events);
  } catch (const Cancelled&) {
    events.send(answer.work->failure().json());
  } catch (...) {
    events.send(failure_of(std::current_exception()).json());
  }
}

void Service::count(const Answer& answer, double seconds) {
  metrics_.count(answer.route, answer.reply.status, seconds);
}

Reply Service::models(const std::string& name) const {
  if (!name.empty()) return Reply::json(shelf_.json(shelf_.own(name), created_));
  Json data = Json::array();
  for (const std::string& own : shelf_.names()) data.push_back(shelf_.json(own, created_));
  return Reply::json({{"object", "list"},
                      {"data", std::move(data)},
                      {"kraft",
                       {{"version", kVersion},
                        {"prime_bytes", settings_.prime ? settings_.prime->size() : 0},
                        {"any_codec", settings_.any_codec},
                        {"deadline_seconds", settings_.deadline_seconds},
                        {"most_body_bytes", settings_.most_body_bytes},
                        {"most_drawn_bytes", settings_.most_drawn_bytes}}}});
}

Reply Service::health() const {
  const std::chrono::duration<double> up = Clock::now() - begin_;
  Reply reply = Reply::json({{"status", stopping_ ? "stopping" : "ok"},
                             {"version", kVersion},
                             {"uptime_seconds", up.count()},
                             {"running", gate_.running()},
                             {"waiting", gate_.waiting()},
                             {"cached_states", cache_.figures().states}});
  if (stopping_) reply.status = 503;
  return reply;
}

Reply Service::metrics() const {
  const StateCache::Figures cache = cache_.figures();
  const auto number = [](auto value) { return static_cast<double>(value); };
  std::string text = metrics_.text();
  const auto add = [&](const char* name, const char* type, const char* help, double value) {
    text += Metrics::figure(name, type, help, value);
  };
  add("kraft_requests_running", "gauge", "Requests that are worked on.", number(gate_.running()));
  add("kraft_requests_waiting", "gauge", "Requests that wait.", number(gate_.waiting()));
  add("kraft_cached_states", "gauge", "Contexts whose states are kept.", number(cache.states));
  add("kraft_cached_context_bytes", "gauge", "Bytes that these have observed.",
      number(cache.context_bytes));
  add("kraft_cache_hits_total", "counter", "Contexts that went on from a state that was kept.",
      number(cache.hits));
  add("kraft_cache_misses_total", "counter", "Contexts that were observed from their beginning.",
      number(cache.misses));
  add("kraft_cache_reused_bytes_total", "counter", "Bytes that were not observed again.",
      number(cache.reused_bytes));
  add("kraft_cache_dropped_total", "counter", "States that were dropped for want of room.",
      number(cache.dropped));
  add("process_resident_memory_bytes", "gauge", "Resident memory.", number(resident_bytes()));
  const std::chrono::duration<double> up = Clock::now() - begin_;
  add("kraft_uptime_seconds", "gauge", "Since the server began.", up.count());
  return {.type = "text/plain; version=0.0.4; charset=utf-8", .body = std::move(text)};
}

}  // namespace kraft::serve
