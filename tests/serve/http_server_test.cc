// The server with its sockets, in this process, on a port that is free.

#include "serve/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kraft/error.h"

#ifndef KRAFT_HAVE_HTTPLIB

namespace kraft::serve {
namespace {

TEST(HttpServer, SaysThatCppHttplibIsMissing) {
  Service service({.models = {"uniform"}});
  EXPECT_THROW(HttpServer(service, {}), Error);
  GTEST_SKIP() << "kraft was built without cpp-httplib";
}

}  // namespace
}  // namespace kraft::serve

#else

#include <arpa/inet.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <thread>
#include <vector>

namespace kraft::serve {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ServeHttp : public testing::Test {
 protected:
  static Settings settings() {
    Settings settings;
    settings.models = {"ppmd", "ngram:3"};
    settings.workers = 2;
    settings.most_body_bytes = 100'000;
    return settings;
  }

  void SetUp() override { begin(settings()); }

  void begin(Settings settings) {
    end();
    service = std::make_unique<Service>(std::move(settings));
    server = std::make_unique<HttpServer>(
        *service, HttpServer::Settings{.log = [this](const std::string& line) {
          const std::lock_guard lock(mutex);
          log.push_back(line);
        }});
    thread = std::thread([this] { server->run(); });
  }

  void end() {
    if (!server) return;
    server->stop(10s);
    thread.join();
    server.reset();
  }

  void TearDown() override { end(); }

  httplib::Client client() const {
    httplib::Client client("127.0.0.1", server->port());
    client.set_read_timeout(60);
    return client;
  }

  httplib::Result post(const std::string& path, const Json& body) const {
    return client().Post(path, body.dump(), "application/json");
  }

  int connected() const {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(server->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
  }

  // What comes back for these bytes, until the server closes.
  std::string answer_to(const std::string& bytes) const {
    const int socket = connected();
    EXPECT_EQ(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    std::string answer;
    char some[4096];
    for (ssize_t got; (got = ::recv(socket, some, sizeof some, 0)) > 0;)
      answer.append(some, static_cast<std::size_t>(got));
    ::close(socket);
    return answer;
  }

  std::mutex mutex;
  std::vector<std::string> log;
  std::unique_ptr<Service> service;
  std::unique_ptr<HttpServer> server;
  std::thread thread;
};

TEST_F(ServeHttp, AnswersManyRequestsOnOneConnection) {
  httplib::Client kept = client();
  kept.set_keep_alive(true);
  for (int i = 0; i < 20; ++i) {
    const auto models = kept.Get("/v1/models");
    ASSERT_TRUE(models);
    EXPECT_EQ(models->status, 200);
    EXPECT_EQ(models->get_header_value("Content-Type"), "application/json");
    const auto next =
        kept.Post("/v1/next", R"({"model": "ppmd", "prompt": "abc"})", "application/json");
    ASSERT_TRUE(next);
    EXPECT_EQ(Json::parse(next->body)["object"], "kraft.next");
  }
  const auto page = kept.Get("/");
  EXPECT_EQ(page->get_header_value("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page->get_header_value("Content-Security-Policy"), HasSubstr("default-src 'none'"));
}

TEST_F(ServeHttp, StreamsEvents) {
  const auto result = post(
      "/v1/sample",
      {{"model", "ppmd"}, {"prompt", "abcabcabc"}, {"length", 30}, {"seed", 2}, {"stream", true}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->get_header_value("Content-Type"), "text/event-stream");
  std::string text = result->body;
  std::size_t events = 0;
  Bytes drawn;
  while (text.starts_with("data: {")) {
    const std::size_t end = text.find("\n\n");
    ASSERT_NE(end, text.npos);
    const Json event = Json::parse(text.substr(6, end - 6));
    if (event["type"] == "bytes") append(drawn, event["bytes"].get<Bytes>());
    text.erase(0, end + 2);
    ++events;
  }
  EXPECT_EQ(text, "data: [DONE]\n\n");
  EXPECT_GE(events, 3U);
  const auto whole =
      post("/v1/sample", {{"model", "ppmd"}, {"prompt", "abcabcabc"}, {"length", 30}, {"seed", 2}});
  EXPECT_EQ(Json::parse(whole->body)["samples"][0]["text"], as_text(drawn));
}

TEST_F(ServeHttp, TakesForms) {
  const httplib::MultipartFormDataItems items = {{"model", "ppmd", "", ""},
                                                 {"input", "not a picture", "a.png", "image/png"}};
  const auto result = client().Post("/v1/complete/image", items);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 400);
  EXPECT_THAT(result->body, HasSubstr("\"error\""));
}

TEST_F(ServeHttp, RefusesBodiesThatAreTooLarge) {
  const std::string large = "{\"prompt\": \"" + std::string(100'000, 'a') + "\"}";
  const auto result = client().Post("/v1/next", large, "application/json");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 413);
  EXPECT_EQ(Json::parse(result->body)["error"]["code"], "body_too_large");
  // In pieces, so that nothing says how long it is.
  std::string chunked =
      "POST /v1/next HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 30; ++i) chunked += "1000\r\n" + std::string(4096, 'a') + "\r\n";
  EXPECT_THAT(answer_to(chunked + "0\r\n\r\n"), HasSubstr(" 413 "));
  EXPECT_EQ(client().Get("/health")->status, 200);
}

TEST_F(ServeHttp, SurvivesWhatIsNoRequest) {
  for (const std::string& bytes :
       {std::string("nonsense\r\n\r\n"), std::string("GET\r\n\r\n"),
        std::string(20'000, 'x') + "\r\n\r\n", std::string("\0\xff\r\n\r\n", 6),
        "GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\n\r\n"}) {
    const std::string answer = answer_to(bytes);
    EXPECT_THAT(answer, HasSubstr("HTTP/1.1 4")) << bytes.substr(0, 20);
  }
  EXPECT_THAT(answer_to("POST /v1/next HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                        "application/json\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{}}"),
              HasSubstr(" 400 "));
  for (const char* path : {"/v1/next/..", "/%2e%2e/etc/passwd", "//", "/v1/models/%00", "/x%0Ay"})
    EXPECT_EQ(client().Get(path)->status, 404) << path;
  EXPECT_EQ(client().Delete("/v1/models")->status, 405);
  EXPECT_EQ(client().Get("/health")->status, 200);
}

TEST_F(ServeHttp, SeesWhoeverLeavesWhileItWorks) {
  const std::string body = R"({"model": "ppmd", "prompt": "abc", "length": 1000000})";
  const std::string request =
      "POST /v1/sample HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  const int socket = connected();
  ASSERT_EQ(::send(socket, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  while (service->running() == 0) std::this_thread::sleep_for(1ms);
  ::close(socket);
  end();  // a request is counted after it has been answered
  const std::string metrics = service->answer({.path = "/metrics", .host = "localhost"}).reply.body;
  EXPECT_THAT(metrics, HasSubstr("status=\"499\"} 1"));
}

TEST_F(ServeHttp, ChecksWhatBrowsersSay) {
  const auto status = [&](httplib::Headers headers) {
    return client().Get("/v1/models", std::move(headers))->status;
  };
  EXPECT_EQ(status({{"Host", "evil.example"}}), 403);
  EXPECT_EQ(status({{"Origin", "http://evil.example"}}), 403);
  EXPECT_EQ(status({{"Host", "localhost:1"}, {"Origin", "http://localhost:1"}}), 200);
  Settings open = settings();
  open.origins = {"https://notebook.example"};
  begin(std::move(open));
  const auto preflight = client().Options("/v1/next", {{"Origin", "https://notebook.example"}});
  EXPECT_EQ(preflight->status, 204);
  EXPECT_EQ(preflight->get_header_value("Access-Control-Allow-Origin"), "https://notebook.example");
  EXPECT_THAT(preflight->get_header_value("Access-Control-Allow-Headers"),
              HasSubstr("Content-Type"));
}

TEST_F(ServeHttp, WritesALineForEachRequest) {
  client().Get("/health");
  post("/v1/next", {{"model", "none"}});
  end();  // everything has been written
  ASSERT_EQ(log.size(), 2U);
  EXPECT_THAT(log[0], testing::ContainsRegex(
                          "^[0-9]{4}-[0-9-]+T[0-9:]+Z 127.0.0.1 GET /health 200 [0-9]+ bytes "));
  EXPECT_THAT(log[1], HasSubstr(" POST /v1/next 404 "));
}

TEST_F(ServeHttp, ServesMoreClientsThanWorkers) {
  std::vector<std::thread> clients;
  std::atomic<int> right{0};
  for (int i = 0; i < 40; ++i) {
    clients.emplace_back([&, i] {
      httplib::Client kept = client();
      kept.set_keep_alive(true);
      for (int k = 0; k < 5; ++k) {
        const Json body = {{"model", i % 2 == 0 ? "ppmd" : "ngram:3"},
                           {"prompt", std::string(static_cast<std::size_t>(i + k + 1), 'a')}};
        const auto result = kept.Post("/v1/next", body.dump(), "application/json");
        if (result && result->status == 200) {
          ++right;
        } else {
          ADD_FAILURE() << (result ? result->body : httplib::to_string(result.error()));
        }
      }
    });
  }
  for (std::thread& one : clients) one.join();
  EXPECT_EQ(right, 200);
}

// What is being worked on is finished; idle connections are not waited for.
TEST_F(ServeHttp, StopsWithoutBreakingWhatItDoes) {
  httplib::Client idle = client();
  idle.set_keep_alive(true);
  ASSERT_TRUE(idle.Get("/health"));
  int status = 0;
  std::thread busy([&] {
    const auto result =
        post("/v1/sample", {{"model", "ppmd"}, {"prompt", "abc"}, {"length", 20'000}});
    status = result ? result->status : -1;
  });
  while (service->running() == 0) std::this_thread::sleep_for(1ms);
  end();
  busy.join();
  EXPECT_EQ(status, 200);
}

TEST_F(ServeHttp, CancelsWhatDoesNotEndInTime) {
  int status = 0;
  std::thread busy([&] {
    const auto result =
        post("/v1/sample", {{"model", "ppmd"}, {"prompt", "abc"}, {"length", 16'000'000}});
    status = result ? result->status : -1;
  });
  while (service->running() == 0) std::this_thread::sleep_for(1ms);
  server->stop(0s);
  thread.join();
  server.reset();
  busy.join();
  EXPECT_EQ(status, 503);
}

TEST_F(ServeHttp, SaysThatAPortIsTaken) {
  try {
    const HttpServer second(*service, {.port = server->port()});
    FAIL() << "two servers cannot share a port";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot listen on 127.0.0.1:"));
  }
}

}  // namespace
}  // namespace kraft::serve

#endif
