// What a task tells while it works, and how it is stopped.
//
//     kraft::Receiver receiver;
//     receiver.warning = [](const std::string& text) { std::cerr << "warning: " << text << '\n'; };
//     receiver.cancelled = [] { return stop_was_pressed.load(); };
//     kraft::NextResult result = kraft::next(task, receiver);
//
// Every function may be left empty. Progress, warnings and notes come from whatever thread the task
// works on, but never two at a time. `cancelled` is asked by any thread at any moment, also by
// several at once; once it has said true, the task throws kraft::Cancelled, unless its header says
// that it returns what it has. None of them may throw.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace kraft {

struct ProgressReport {
  std::string what;         // is being worked on: "gzip:9 book.txt"
  std::uint64_t done = 0;   // so many units
  std::uint64_t total = 0;  // of so many; 0: not known
  std::string unit;         // "bytes", "positions"
};

struct Receiver {
  std::function<void(const ProgressReport&)> progress = {};
  // The result may not be what was meant.
  std::function<void(const std::string&)> warning = {};
  // How the task understood the request.
  std::function<void(const std::string&)> note = {};
  std::function<bool()> cancelled = {};

  void report(const ProgressReport& report) const {
    if (progress) progress(report);
  }
  void warn(const std::string& text) const {
    if (warning) warning(text);
  }
  void tell(const std::string& text) const {
    if (note) note(text);
  }
  bool is_cancelled() const { return cancelled && cancelled(); }
};

}  // namespace kraft
