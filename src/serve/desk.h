// What stands between a request that has been let in and the tasks of the library: settings, models
// and states that all requests share, and the work on this one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kraft/tasks/input.h"
#include "kraft/tasks/progress.h"
#include "serve/fields.h"
#include "serve/json.h"
#include "serve/shelf.h"
#include "serve/state_cache.h"
#include "serve/work.h"

namespace kraft::serve {

struct Settings {
  std::vector<std::string> models = {};  // empty: default_models()
  bool any_codec = false;
  std::optional<Bytes> prime = {};
  std::vector<std::string> keys = {};     // one of which a request must have; empty: none
  std::vector<std::string> hosts = {};    // names that the server has besides localhost
  std::vector<std::string> origins = {};  // of pages that may use it besides its own
  std::size_t workers = 0;                // requests at a time; 0: one per processor
  std::size_t most_waiting = 256;
  std::size_t most_body_bytes = std::size_t{16} << 20;
  std::uint64_t most_drawn_bytes = std::uint64_t{16} << 20;
  double deadline_seconds = 60;
  unsigned threads = 1;  // that each request measures with
  StateCache::Limits cache = {};
};

// Events of a response that is sent while it is made (server-sent events).
class Events {
 public:
  virtual ~Events() = default;
  // Sends a whole event. The first that cannot be sent cancels the work; later ones do nothing.
  virtual void send(const Json& event) = 0;
};

struct Reply {
  int status = 200;
  std::string type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  // If there is one, it makes the body: events, after which the server sends [DONE]. What it throws
  // is sent as the last event.
  std::function<void(Events&)> events = {};

  static Reply json(const Json& json) { return {.body = json_text(json) + "\n"}; }
  static Reply stream(std::function<void(Events&)> events) {
    return {.type = "text/event-stream", .events = std::move(events)};
  }
};

// A copy belongs to one request; what it refers to outlives all of them.
struct Desk {
  const Settings& settings;
  Shelf& shelf;
  StateCache& cache;
  std::shared_ptr<Work> work;

  // The shelf's model, with states from the cache.
  std::shared_ptr<const Model> model(const std::string& asked, std::size_t corpus_bytes = 0) const;

  // Throws Failure unless the server has them all. Leaves the canonical specifications.
  void allow(std::vector<std::string>& models) const;

  // Throws Failure, of a field, where a request draws more than the server does in one. `what` is
  // drawn, `amount` of it, in units of `unit`.
  void expect_moderate(double amount, const std::string& what, const std::string& field,
                       const std::string& unit = " bytes") const;

  // The server's corpus, unless the request has one, or says that there is to be none.
  void add_prime(const Fields& fields, std::optional<Bytes>& prime) const;
};

// What a task tells while it works: its warnings are kept, and the work can cancel it.
struct Heard {
  Json warnings = Json::array();
  Receiver receiver(const std::shared_ptr<Work>& work);
};

// A route's handler. Throws Failure, any kraft::Error, or Cancelled if the work was.
using Handler = Reply (*)(const Desk& desk, Fields& fields);

// POST
Reply complete_text(const Desk& desk, Fields& fields);       // /v1/completions
Reply next_bytes(const Desk& desk, Fields& fields);          // /v1/next
Reply draw_samples(const Desk& desk, Fields& fields);        // /v1/sample
Reply trace_text(const Desk& desk, Fields& fields);          // /v1/trace
Reply score_texts(const Desk& desk, Fields& fields);         // /v1/score
Reply classify_texts(const Desk& desk, Fields& fields);      // /v1/classify
Reply complete_picture(const Desk& desk, Fields& fields);    // /v1/complete/image
Reply complete_recording(const Desk& desk, Fields& fields);  // /v1/complete/audio

}  // namespace kraft::serve
