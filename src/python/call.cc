#include "python/call.h"

#include <chrono>

#include "base/subprocess.h"

namespace kraft::python {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{50};  // for signals

}  // namespace

bool interrupted() {
  if (PyGILState_GetThisThreadState() == nullptr) return false;  // a thread of the library's own
  thread_local std::chrono::steady_clock::time_point last_look;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_look < kBetweenLooks) return false;
  last_look = now;
  const PyGILState_STATE lock = PyGILState_Ensure();
  const bool raised = PyErr_Occurred() != nullptr || PyErr_CheckSignals() != 0;
  PyGILState_Release(lock);
  if (raised) last_look = {};  // whoever asks next is told, too
  return raised;
}

void throw_interrupt() {
  if (PyErr_Occurred() != nullptr) throw py::error_already_set();
}

Receiver Call::receiver() {
  return {.progress = {},
          .warning = [this](const std::string& text) { warnings_.push_back(text); },
          .note = [this](const std::string& text) { notes_.push_back(text); },
          .cancelled = [this] { return cancelled_.load(); }};
}

void Call::run(const std::function<void()>& work) {
  {
    const py::gil_scoped_release released;
    std::thread thread([&] {
      try {
        work();
      } catch (...) {
        failure_ = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex_);
        has_ended_ = true;
      }
      ended_.notify_one();
    });
    watch();
    thread.join();
  }
  if (interrupt_) std::rethrow_exception(interrupt_);
  if (failure_) std::rethrow_exception(failure_);
  speak();
}

void Call::watch() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kBetweenLooks, [this] { return has_ended_; })) {
    if (cancelled_) continue;
    lock.unlock();
    {
      const py::gil_scoped_acquire held;
      if (PyErr_CheckSignals() != 0) interrupt_ = std::make_exception_ptr(py::error_already_set());
    }
    if (interrupt_) {
      cancelled_ = true;
      kill_running_processes();  // so that nothing waits for them
    }
    lock.lock();
  }
}

void Call::speak() const {
  for (const std::string& text : warnings_) {
    if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 2) != 0) throw py::error_already_set();
  }
  if (notes_.empty()) return;
  const py::object logger = py::module_::import("logging").attr("getLogger")("kraft");
  for (const std::string& text : notes_) logger.attr("info")("%s", text);
}

}  // namespace kraft::python
