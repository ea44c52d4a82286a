#include "serve/gate.h"

namespace kraft::serve {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 25ms;

}  // namespace

Gate::Place Gate::enter(Work& work) {
  std::unique_lock lock(mutex_);
  if ((free_ == 0 || !queue_.empty()) && queue_.size() >= most_waiting_)
    throw Failure(429, "rate_limit_error",
                  std::to_string(queue_.size()) + " requests are waiting already: try again later",
                  "queue_full");
  const auto place = queue_.insert(queue_.end(), &work);
  try {
    while (free_ == 0 || queue_.begin() != place) {
      changed_.wait_for(lock, kLookEvery);
      work.stop_if_cancelled();
    }
  } catch (...) {
    queue_.erase(place);
    changed_.notify_all();
    throw;
  }
  queue_.erase(place);
  --free_;
  ++running_;
  changed_.notify_all();
  return Place(this);
}

void Gate::leave() {
  const std::lock_guard lock(mutex_);
  ++free_;
  --running_;
  changed_.notify_all();
}

std::size_t Gate::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

std::size_t Gate::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

}  // namespace kraft::serve
