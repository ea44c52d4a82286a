// The server but for its sockets: a request comes in, a reply goes out.
//
//     Service service({.models = {"gzip:9"}});
//     Answer answer = service.answer({.method = "GET", .path = "/v1/models", .host = "localhost"});
//     answer.reply.body;                                   // {"object":"list", ...
//
// Every request is let in first (guards.h), takes its place among those that are worked on
// (gate.h), and goes to the handler of its route.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serve/desk.h"
#include "serve/gate.h"
#include "serve/metrics.h"

namespace kraft::serve {

struct Request {
  std::string method = "GET";
  std::string path = "/";  // decoded, without what follows a question mark
  std::string host = {}, origin = {}, authorization = {}, content_type = {};
  std::string body = {};
  std::vector<FormPart> form = {};  // of multipart/form-data, instead of a body
  std::function<bool()> client_left = {};
};

// Safe to use by any number of threads.
class Service {
 public:
  explicit Service(Settings settings);  // makes the models, which observe the corpus

  struct Answer {
    Reply reply;
    std::string route;  // for metrics
    // Where the reply has events: they are made under this work, which is at its place.
    std::shared_ptr<void> place;
    std::shared_ptr<Work> work;
  };
  // Never throws: what goes wrong is a reply. A client that has left gets status kClientLeft.
  Answer answer(const Request& request);

  // Makes the events of an answer; what goes wrong is the last of them.
  static void run_events(const Answer& answer, Events& events);

  void count(const Answer& answer, double seconds);

  // From now on work is refused. What is being worked on goes on until cancel_all().
  void stop() { stopping_ = true; }
  void cancel_all() { cancelled_ = true; }
  std::size_t running() const { return gate_.running(); }

  const Settings& settings() const { return settings_; }
  const Shelf& shelf() const { return shelf_; }

 private:
  Reply route(const Request& request, Answer& answer);
  Reply work_on(const Request& request, Handler handler, Answer& answer);
  void check_guards(const Request& request) const;
  Reply models(const std::string& name) const;
  Reply health() const;
  Reply metrics() const;
  std::vector<std::pair<std::string, std::string>> origin_headers(const Request& request) const;

  Settings settings_;
  Shelf shelf_;
  StateCache cache_;
  Gate gate_;
  Metrics metrics_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::int64_t created_;
  std::atomic<bool> stopping_{false}, cancelled_{false};
};

}  // namespace kraft::serve
