// Sockets for a Service: HTTP/1.1 by cpp-httplib.
//
//     HttpServer server(service, {.host = "127.0.0.1", .port = 0, .log = to_stderr});
//     std::printf("port %d\n", server.port());
//     std::thread thread([&] { server.run(); });
//     ...
//     server.stop(10s);                         // finishes what is being worked on
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "serve/service.h"

namespace kraft::serve {

// Whether kraft was built with cpp-httplib; HttpServer's constructor throws Error where it was not.
bool has_http_server();

class HttpServer {
 public:
  struct Settings {
    std::string host = "127.0.0.1";
    int port = 0;                                      // 0: any that is free
    std::function<void(const std::string&)> log = {};  // a line for each request; any thread
    std::size_t most_connections = 4096;
  };

  // Listens from here on. Throws Error when it cannot.
  HttpServer(Service& service, const Settings& settings);
  ~HttpServer();

  int port() const;

  void run();  // until stop() has been called and all connections have ended

  // Takes no more connections and no more work, waits for what is being worked on, but not for
  // longer than that, and cancels the rest. Any thread but that of run(), which must have been
  // called, or be about to.
  void stop(std::chrono::milliseconds patience);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kraft::serve
