// The terminal: what is printed, in which form, and how far the work is.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kraft/bytes.h"
#include "kraft/tasks/progress.h"

namespace kraft::cli {

// Writes to standard output at once, whole or with an Error.
void write_out(std::string_view text);

// Writes a file whole or not at all; standard output for "-".
void write_file(const std::string& path, ByteView bytes);

// "kraft: warning: ..." on standard error.
void warn(const std::string& message);
void note(const std::string& message);

// From this call on, nothing is written to standard output and standard error: another rank speaks.
void fall_silent();

bool stdout_is_terminal();
bool stderr_is_terminal();
bool colour_wanted();  // stdout is a terminal and NO_COLOR is not set
bool utf8_terminal();  // from LC_ALL, LC_CTYPE, LANG

// One line on standard error with share, rate and time left; only if that is a terminal, and only
// for work that takes longer than a moment. A total of 0 is not known.
class Progress {
 public:
  Progress(std::string what, std::uint64_t total, std::string unit, bool wanted = true);
  ~Progress();
  void advance_to(std::uint64_t done);

 private:
  std::string what_, unit_;
  std::uint64_t total_;
  bool active_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point begin_, last_;
};

// A receiver that shows all of it on standard error, and is cancelled by an interrupt.
class TerminalReceiver {
 public:
  explicit TerminalReceiver(bool progress_wanted = true) : progress_wanted_(progress_wanted) {}

  Receiver receiver();
  void end_progress();  // before something else is written

 private:
  void show(const ProgressReport& report);

  bool progress_wanted_;
  std::string what_;
  std::optional<Progress> progress_;
};

}  // namespace kraft::cli
