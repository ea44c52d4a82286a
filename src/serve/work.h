// The work on one request, and why it may have to end early.
//
//     Work work({.deadline = Work::Clock::now() + 60s, .client_left = ..., .stopping = &flag});
//     Work::Current current(work);           // models of the shelf ask this thread's work
//     ...
//     if (work.cancelled()) throw Cancelled("...");
//
// Models are shared by all requests, and ask between compressions whether to go on: they mean the
// work of the thread that calls them (Work::current_is_cancelled()).
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

#include "serve/failure.h"

namespace kraft::serve {

class Work {
 public:
  using Clock = std::chrono::steady_clock;

  struct Limits {
    Clock::time_point deadline = Clock::time_point::max();
    std::function<bool()> client_left = {};       // asked at most every 20 ms, by any thread
    const std::atomic<bool>* stopping = nullptr;  // the server ends, whatever is not done
  };

  explicit Work(Limits limits) : limits_(std::move(limits)) {}
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  // May be asked by several threads at once. Stays true.
  bool cancelled();

  // The client has left: whoever writes to it finds out first.
  void client_has_left() { set(End::client_left); }

  void stop_if_cancelled();  // throws Cancelled

  // Why it was cancelled.
  Failure failure() const;

  Clock::time_point deadline() const { return limits_.deadline; }

  // While it lives, the work is that of this thread.
  class Current {
   public:
    explicit Current(Work& work);
    ~Current();
    Current(const Current&) = delete;
    Current& operator=(const Current&) = delete;

   private:
    Work* before_;
  };
  static bool current_is_cancelled();
  static void stop_if_current_is_cancelled();

 private:
  enum class End { none, deadline, client_left, stopping };

  void set(End end);

  Limits limits_;
  std::atomic<End> end_{End::none};
  std::atomic<Clock::rep> asked_{0};  // when the client was looked at
};

}  // namespace kraft::serve
