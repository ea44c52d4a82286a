// kraft serve: models over HTTP, and the playground.

#include <malloc.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "run/interrupts.h"
#include "serve/http_server.h"
#include "serve/options.h"

namespace kraft::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 10s;  // for what is being worked on at the end

// Memory of states that were dropped goes back to the system at once, and is not divided over
// dozens of heaps.
void prepare_heap() {
  ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
  ::mallopt(M_TRIM_THRESHOLD, 4 << 20);
  ::mallopt(M_ARENA_MAX, 4);
}

std::string address_of(const serve::ServeTask& task, int port) {
  const bool any = task.host == "0.0.0.0" || task.host == "::";
  const std::string host = any ? "localhost" : task.host;
  const bool bare_ipv6 = host.find(':') != host.npos;
  return "http://" + (bare_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

int run_server(const serve::ServeTask& task) {
  if (!serve::has_http_server())
    throw Error(
        "there is no kraft-serve beside this program: it is built where cpp-httplib is (apt-get "
        "install libcpp-httplib-dev)");
  catch_interrupts();
  prepare_heap();
  serve::Service service(serve::settings_of(task));
  serve::HttpServer::Settings settings{.host = task.host, .port = static_cast<int>(task.port)};
  if (!task.quiet) settings.log = note;
  serve::HttpServer server(service, settings);
  std::atomic<bool> ended{false};
  std::thread thread([&] {
    server.run();
    ended = true;
  });
  write_out(address_of(task, server.port()) + "\n");
  note("serving " + join(service.shelf().names(), ", ") + "; Ctrl-C ends");
  while (!interrupted() && !ended) std::this_thread::sleep_for(20ms);
  if (interrupted()) note("stopping");
  server.stop(kPatience);
  thread.join();
  if (!interrupted()) throw Error("the server has stopped listening");
  return 0;
}

}  // namespace

Command serve_command() {
  Command command;
  command.name = "serve";
  command.summary = "serve models over HTTP, with a playground in the browser";
  command.details =
      "Prints its address, where a browser finds the playground: type, and see what each model "
      "expects next. Programs find OpenAI's /v1/completions, with the log-probabilities of prompts "
      "as well, and kraft's own tasks as JSON: /v1/next, /v1/sample, /v1/trace, /v1/score, "
      "/v1/classify, /v1/complete/image, /v1/complete/audio; /openapi.json describes them, "
      "docs/serve.md explains them. What is kept of a context is its state: one that goes on costs "
      "what is new. No request can name a file or a command. Only this machine is served unless "
      "--host says otherwise, and no page of another origin. Ctrl-C ends what is being worked on "
      "within ten seconds.";
  command.examples = {"kraft serve",
                      "kraft serve --model gzip:9 --model cm --prime book.txt --port 9000",
                      "kraft serve --host 0.0.0.0 --api-key-file keys --allow-host my.example"};
  serve(command, serve::options(), run_server);
  return command;
}

}  // namespace kraft::cli
