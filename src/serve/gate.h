// The gate: so many requests are worked on at a time, so many wait, and more are refused.
//
//     Gate gate(/*workers=*/2, /*most_waiting=*/256);
//     const Gate::Place place = gate.enter(work);      // waits for its turn
//     ...                                              // and leaves with the place
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>

#include "serve/work.h"

namespace kraft::serve {

// Safe to share between threads. Who came first goes first.
class Gate {
 public:
  Gate(std::size_t workers, std::size_t most_waiting)
      : free_(workers), most_waiting_(most_waiting) {}

  class Place {
   public:
    Place(Place&& other) noexcept : gate_(other.gate_) { other.gate_ = nullptr; }
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    friend class Gate;
    explicit Place(Gate* gate) : gate_(gate) {}
    Gate* gate_;
  };

  // Throws Failure (429) when too many wait already, Cancelled when the work is cancelled while it
  // waits.
  Place enter(Work& work);

  std::size_t running() const;
  std::size_t waiting() const;

 private:
  void leave();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t free_, running_ = 0, most_waiting_;
  std::list<Work*> queue_;
};

}  // namespace kraft::serve
