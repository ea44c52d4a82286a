// How Python calls the library: without the interpreter's lock, and so that Ctrl-C is noticed.
//
//     const double bits = python::without_lock([&] { return state.context_bits(); });
//     const ScoreResult result = python::run([&](const Receiver& to) { return score(task, to); });
//
// The first is for what takes a moment, the second for whole tasks. What a signal handler of Python
// raises (KeyboardInterrupt) is then thrown in place of Cancelled.
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "kraft/error.h"
#include "kraft/tasks/progress.h"

namespace kraft::python {

namespace py = pybind11;

// For ModelOptions::cancelled of models whose states Python holds. Python runs its signal handlers
// in the main thread alone, and so no other thread is told of an interrupt. What the handler has
// raised stays set there.
bool interrupted();

// Throws what interrupted() has left, if there is anything.
void throw_interrupt();

template <class Work>
auto without_lock(const Work& work) {
  try {
    const py::gil_scoped_release released;
    return work();
  } catch (const Cancelled&) {
    throw_interrupt();
    throw;
  }
}

// A task at work in a thread of its own, while this one looks for signals.
class Call {
 public:
  Receiver receiver();

  // Returns when the work has ended; throws what it has thrown, or else what a signal handler has
  // raised meanwhile. Needs the lock. Then says the task's warnings and notes, as Python does.
  void run(const std::function<void()>& work);

 private:
  void watch();
  void speak() const;

  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::condition_variable ended_;
  bool has_ended_ = false;
  std::exception_ptr failure_;
  std::exception_ptr interrupt_;
  std::vector<std::string> warnings_, notes_;
};

template <class Work>
auto run(const Work& work) {
  std::optional<std::invoke_result_t<Work, const Receiver&>> result;
  Call call;
  const Receiver receiver = call.receiver();
  call.run([&] { result.emplace(work(receiver)); });
  return std::move(*result);
}

}  // namespace kraft::python
