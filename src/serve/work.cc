#include "serve/work.h"

namespace kraft::serve {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 20ms;

thread_local Work* current_work = nullptr;

}  // namespace

void Work::set(End end) {
  End none = End::none;
  end_.compare_exchange_strong(none, end);
}

bool Work::cancelled() {
  if (end_ != End::none) return true;
  const Clock::time_point now = Clock::now();
  if (limits_.stopping != nullptr && *limits_.stopping) set(End::stopping);
  if (now >= limits_.deadline) set(End::deadline);
  Clock::rep before = asked_;
  const Clock::rep ticks = now.time_since_epoch().count();
  if (limits_.client_left && ticks - before >= Clock::duration(kLookEvery).count() &&
      asked_.compare_exchange_strong(before, ticks) && limits_.client_left())
    set(End::client_left);
  return end_ != End::none;
}

void Work::stop_if_cancelled() {
  if (cancelled()) throw Cancelled("the request was given up");
}

Failure Work::failure() const {
  switch (end_) {
    case End::client_left:
      return {kClientLeft, "server_error", "the client has left"};
    case End::stopping:
      return {503, "server_error", "the server is stopping", "shutting_down"};
    case End::deadline:
    case End::none:
      break;
  }
  return {504, "timeout_error", "the request has taken longer than the server allows", "deadline"};
}

Work::Current::Current(Work& work) : before_(current_work) { current_work = &work; }
Work::Current::~Current() { current_work = before_; }

bool Work::current_is_cancelled() { return current_work != nullptr && current_work->cancelled(); }

void Work::stop_if_current_is_cancelled() {
  if (current_work != nullptr) current_work->stop_if_cancelled();
}

}  // namespace kraft::serve
