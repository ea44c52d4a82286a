#include "serve/http_server.h"

#include "kraft/error.h"

#ifndef KRAFT_HAVE_HTTPLIB

namespace kraft::serve {

bool has_http_server() { return false; }

struct HttpServer::Impl {};

HttpServer::HttpServer(Service&, const Settings&) {
  throw Error("built without cpp-httplib, which serving needs");
}
HttpServer::~HttpServer() = default;
int HttpServer::port() const { return 0; }
void HttpServer::run() {}
void HttpServer::stop(std::chrono::milliseconds) {}

}  // namespace kraft::serve

#else

#include <httplib.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/text.h"

namespace kraft::serve {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kReadMs = 30'000, kWriteMs = 30'000;  // without a byte
constexpr int kIdleMs = 30'000;                     // between two requests
constexpr std::size_t kMostRequests = 10'000;       // on one connection
constexpr std::size_t kMostParts = 256;             // of a form
constexpr std::size_t kMostHeadBytes = 256 << 10;   // of headers
constexpr auto kIdleThread = 30s;

// What a system call says when no signal has come between.
template <class Call>
auto retried(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// A client's connection. httplib's own looks at it by select(), which knows 1,024 files, and does
// not say when a client leaves.
class Connection final : public httplib::Stream {
 public:
  Connection(int socket, int wake) : socket_(socket), wake_(wake) {}

  bool is_readable() const override { return begin_ < end_ || wait(POLLIN, kReadMs); }
  bool is_writable() const override { return wait(POLLOUT, kWriteMs) && !client_left(); }

  ssize_t read(char* to, std::size_t size) override {
    if (begin_ == end_) {
      if (!wait(POLLIN, kReadMs)) return -1;
      const ssize_t got =
          retried([&] { return ::recv(socket_, buffer_.data(), buffer_.size(), 0); });
      if (got <= 0) return got;
      begin_ = 0;
      end_ = static_cast<std::size_t>(got);
      if (!handled) head_bytes += end_;
      if (head_bytes > kMostHeadBytes) return -1;
    }
    const std::size_t taken = std::min(size, end_ - begin_);
    std::memcpy(to, buffer_.data() + begin_, taken);
    begin_ += taken;
    return static_cast<ssize_t>(taken);
  }

  ssize_t write(const char* from, std::size_t size) override {
    if (!wait(POLLOUT, kWriteMs)) return -1;
    return retried([&] { return ::send(socket_, from, size, MSG_NOSIGNAL); });
  }

  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    name(::getpeername, ip, port);
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    name(::getsockname, ip, port);
  }
  socket_t socket() const override { return socket_; }

  // False when the client has left, or has nothing to say for too long, or the server stops.
  bool wait_for_request() const {
    if (begin_ < end_) return true;
    pollfd files[] = {{socket_, POLLIN, 0}, {wake_, POLLIN, 0}};
    const int ready = retried([&] { return ::poll(files, 2, kIdleMs); });
    return ready > 0 && files[1].revents == 0 && files[0].revents != 0;
  }

  bool client_left() const {
    pollfd file = {socket_, POLLRDHUP, 0};
    return ::poll(&file, 1, 0) > 0 && (file.revents & (POLLRDHUP | POLLERR | POLLHUP)) != 0;
  }

  // What the client still sends is taken for a moment: were it left unread, the reply might be
  // lost.
  void linger() const {
    ::shutdown(socket_, SHUT_WR);
    std::array<char, 1 << 14> nothing;
    const auto end = Clock::now() + 2s;
    while (Clock::now() < end && wait(POLLIN, 500)) {
      if (::recv(socket_, nothing.data(), nothing.size(), 0) <= 0) return;
    }
  }

  bool handled = false;        // the request has come to the service
  std::size_t head_bytes = 0;  // of it, read before that
  bool must_close = false;     // what the client sent was not read to its end

 private:
  bool wait(short what, int ms) const {
    pollfd file = {socket_, what, 0};
    return retried([&] { return ::poll(&file, 1, ms); }) > 0;
  }

  void name(int (*get)(int, sockaddr*, socklen_t*), std::string& ip, int& port) const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> service{};
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (get(socket_, generic, &size) != 0 ||
        ::getnameinfo(generic, size, host.data(), host.size(), service.data(), service.size(),
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0)
      return;
    ip = host.data();
    port = std::atoi(service.data());
  }

  int socket_, wake_;
  std::array<char, 1 << 14> buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

// A thread for each connection, as long as there is one: most of them wait. More connections than
// there may be threads wait for one of them.
class ConnectionThreads final : public httplib::TaskQueue {
 public:
  explicit ConnectionThreads(std::size_t most) : shared_(std::make_shared<Shared>()), most_(most) {}

  void enqueue(std::function<void()> work) override {
    std::unique_lock lock(shared_->mutex);
    shared_->waiting.push_back(std::move(work));
    if (shared_->idle >= shared_->waiting.size() || shared_->threads >= most_) {
      shared_->changed.notify_one();
      return;
    }
    try {
      std::thread([shared = shared_] { serve(*shared); }).detach();
      ++shared_->threads;
    } catch (const std::system_error&) {  // then one of those that there are does it
    }
  }

  void shutdown() override {
    std::unique_lock lock(shared_->mutex);
    shared_->closing = true;
    shared_->changed.notify_all();
    shared_->changed.wait(lock, [this] { return shared_->threads == 0; });
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::function<void()>> waiting;
    std::size_t threads = 0, idle = 0;
    bool closing = false;
  };

  static void serve(Shared& shared) {
    std::unique_lock lock(shared.mutex);
    while (true) {
      if (shared.waiting.empty()) {
        if (shared.closing) break;
        ++shared.idle;
        const bool woken = shared.changed.wait_for(
            lock, kIdleThread, [&] { return shared.closing || !shared.waiting.empty(); });
        --shared.idle;
        if (!woken) break;
        continue;
      }
      const std::function<void()> work = std::move(shared.waiting.front());
      shared.waiting.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
    --shared.threads;
    shared.changed.notify_all();
  }

  std::shared_ptr<Shared> shared_;
  std::size_t most_;
};

thread_local Connection* current_connection = nullptr;

// "2026-11-26T17:00:00Z"
std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

// Events on their way to a client.
class SentEvents final : public Events {
 public:
  SentEvents(httplib::DataSink& sink, Work& work) : sink_(sink), work_(work) {}

  void send(const Json& event) override { send_text("data: " + json_text(event) + "\n\n"); }
  void send_end() { send_text("data: [DONE]\n\n"); }
  std::uint64_t bytes() const { return bytes_; }
  bool failed() const { return failed_; }

 private:
  void send_text(const std::string& text) {
    if (failed_) return;
    failed_ = !sink_.write(text.data(), text.size());
    if (failed_) work_.client_has_left();
    bytes_ += text.size();
  }

  httplib::DataSink& sink_;
  Work& work_;
  std::uint64_t bytes_ = 0;
  bool failed_ = false;
};

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

bool has_http_server() { return true; }

struct HttpServer::Impl final : httplib::Server {
  Impl(Service& its_service, const HttpServer::Settings& its_settings)
      : service(its_service), settings(its_settings), wake(::eventfd(0, EFD_CLOEXEC)) {
    if (wake < 0) throw Error(std::string("cannot make an event: ") + std::strerror(errno));
    raise_file_limit();
    new_task_queue = [this] { return new ConnectionThreads(settings.most_connections); };
    set_tcp_nodelay(true);
    set_keep_alive_timeout(kIdleMs / 1000);
    set_keep_alive_max_count(kMostRequests);
    set_payload_max_length(service.settings().most_body_bytes);
    // Two servers on one port would share its connections without a word: httplib asks for that.
    set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    add_handlers();
    listen_on();
    take_many();
  }

  ~Impl() override { ::close(wake); }

  void listen_on() {
    errno = 0;
    if (settings.port == 0) {
      port = bind_to_any_port(settings.host);
    } else if (bind_to_port(settings.host, settings.port)) {
      port = settings.port;
    }
    if (port <= 0)
      throw Error("cannot listen on " + printable(settings.host) + ":" +
                  std::to_string(settings.port) + ": " +
                  (errno == 0 ? "no such address" : std::strerror(errno)));
  }

  // httplib lets five clients wait to be taken; of more at once, some would be turned away.
  void take_many() const { ::listen(svr_sock_, SOMAXCONN); }

  void add_handlers() {
    const auto without_body = [this](const httplib::Request& in, httplib::Response& out) {
      handle(in, out, nullptr);
    };
    const auto with_body = [this](const httplib::Request& in, httplib::Response& out,
                                  const httplib::ContentReader& reader) {
      handle(in, out, &reader);
    };
    const char* const any = "/.*";
    Get(any, without_body);
    Options(any, without_body);
    Post(any, with_body);
    Put(any, with_body);
    Patch(any, with_body);
    Delete(any, with_body);
    // What does not come to the service: a request that is none.
    set_error_handler([](const httplib::Request&, httplib::Response& out) {
      if (!out.body.empty() || out.status == 204) return;
      const Failure failure(out.status, "invalid_request_error",
                            out.status == 414 ? "the path is too long"
                                              : "this is no request that the server understands");
      out.set_content(json_text(failure.json()) + "\n", "application/json");
    });
  }

  // One connection, from its beginning to its end.
  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, wake);
    current_connection = &connection;
    for (std::size_t count = 1; !stopping && connection.wait_for_request(); ++count) {
      connection.handled = false;
      connection.head_bytes = 0;
      bool closed = false;
      // Replies are small, or events: what compressing them took would be missed.
      const auto set_up = [](httplib::Request& in) { in.headers.erase("Accept-Encoding"); };
      const bool last = count == kMostRequests || stopping;
      if (!process_request(connection, last, closed, set_up)) break;
      if (closed || last || connection.must_close || !connection.handled) break;
    }
    current_connection = nullptr;
    if (connection.must_close || !connection.handled) connection.linger();
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return true;
  }

  // Reads the body. False, with the reason, when it is too large or none.
  std::optional<Failure> read(const httplib::Request& in, const httplib::ContentReader& reader,
                              Request& request) const {
    const std::size_t most = service.settings().most_body_bytes;
    std::size_t size = 0;
    bool too_large = false;
    const auto fits = [&](std::size_t more) {
      size += more;
      too_large = size > most || request.form.size() > kMostParts;
      return !too_large;
    };
    const std::string length = in.get_header_value("Content-Length");
    if (length.empty() && !in.has_header("Transfer-Encoding"))
      return std::nullopt;  // RFC 9112, 6.3
    if (!length.empty() && std::strtoull(length.c_str(), nullptr, 10) > most) {
      too_large = true;
    } else {
      const bool done = in.is_multipart_form_data()
                            ? reader.multipart_reader_(
                                  [&](const httplib::MultipartFormData& part) {
                                    request.form.push_back({part.name, part.filename, {}});
                                    return fits(part.name.size() + part.filename.size());
                                  },
                                  [&](const char* data, std::size_t bytes) {
                                    request.form.back().content.append(data, bytes);
                                    return fits(bytes);
                                  })
                            : reader([&](const char* data, std::size_t bytes) {
                                request.body.append(data, bytes);
                                return fits(bytes);
                              });
      if (done) return std::nullopt;
    }
    current_connection->must_close = true;
    if (too_large)
      return Failure(413, "invalid_request_error",
                     "the body is larger than the server takes: " + std::to_string(most) + " bytes",
                     "body_too_large");
    return Failure::invalid("the body ends too early, or is not encoded as its headers say");
  }

  void handle(const httplib::Request& in, httplib::Response& out,
              const httplib::ContentReader* reader) {
    const auto begin = Clock::now();
    Connection& connection = *current_connection;
    connection.handled = true;
    Request request{.method = in.method,
                    .path = in.path,
                    .host = in.get_header_value("Host"),
                    .origin = in.get_header_value("Origin"),
                    .authorization = in.get_header_value("Authorization"),
                    .content_type = in.get_header_value("Content-Type")};
    request.client_left = [&connection] { return connection.client_left(); };
    const std::optional<Failure> unread =
        reader == nullptr ? std::nullopt : read(in, *reader, request);
    auto answer = std::make_shared<Service::Answer>();
    if (unread) {
      answer->route = "other";
      answer->reply = Reply::json(unread->json());
      answer->reply.status = unread->status();
    } else {
      *answer = service.answer(request);
    }
    Reply& reply = answer->reply;
    if (reply.status == kClientLeft) connection.must_close = true;
    out.status = reply.status;
    for (const auto& [name, value] : reply.headers) out.set_header(name, value);
    out.set_header("Cache-Control", "no-store");
    const auto end = [this, begin, answer, method = in.method, path = in.path,
                      from = in.remote_addr](std::uint64_t bytes) {
      const std::chrono::duration<double> spent = Clock::now() - begin;
      service.count(*answer, spent.count());
      write_log(from, method, path, answer->reply.status, bytes, spent.count());
    };
    if (reply.events) return send_events(out, answer, end);
    end(reply.body.size());
    out.set_content(reply.body, reply.type);
  }

  template <class End>
  static void send_events(httplib::Response& out, const std::shared_ptr<Service::Answer>& answer,
                          End end) {
    const auto sent = std::make_shared<std::uint64_t>(0);
    out.set_chunked_content_provider(
        answer->reply.type,
        [answer, sent](std::size_t, httplib::DataSink& sink) {
          SentEvents events(sink, *answer->work);
          Service::run_events(*answer, events);
          events.send_end();
          *sent = events.bytes();
          if (events.failed()) {
            answer->reply.status = kClientLeft;
            return false;
          }
          sink.done();
          return true;
        },
        [answer, sent, end](bool) {
          answer->place.reset();
          end(*sent);
        });
  }

  void write_log(const std::string& from, const std::string& method, const std::string& path,
                 int status, std::uint64_t bytes, double seconds) const {
    if (!settings.log) return;
    std::array<char, 64> figures{};
    std::snprintf(figures.data(), figures.size(), " %d %llu bytes %.3f s", status,
                  static_cast<unsigned long long>(bytes), seconds);
    settings.log(now_text() + " " + from + " " + printable(method) + " " +
                 printable(path.substr(0, 200)) + figures.data());
  }

  Service& service;
  HttpServer::Settings settings;
  int wake;
  int port = 0;
  std::atomic<bool> stopping{false}, ended{false};
};

HttpServer::HttpServer(Service& service, const Settings& settings)
    : impl_(std::make_unique<Impl>(service, settings)) {}

HttpServer::~HttpServer() = default;

int HttpServer::port() const { return impl_->port; }

void HttpServer::run() {
  impl_->listen_after_bind();
  impl_->ended = true;
}

void HttpServer::stop(std::chrono::milliseconds patience) {
  impl_->service.stop();
  impl_->stopping = true;
  const auto end = Clock::now() + patience;
  while (impl_->service.running() > 0 && Clock::now() < end) std::this_thread::sleep_for(10ms);
  impl_->service.cancel_all();
  while (!impl_->is_running() && !impl_->ended) std::this_thread::sleep_for(1ms);  // not yet
  const std::uint64_t one = 1;
  if (::write(impl_->wake, &one, sizeof one) < 0) return;  // connections end when they are idle
  impl_->stop();
}

}  // namespace kraft::serve

#endif
