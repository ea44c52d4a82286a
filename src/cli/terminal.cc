#include "cli/terminal.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/files.h"
#include "base/text.h"
#include "run/interrupts.h"

namespace kraft::cli {
namespace {

bool silent = false;

}  // namespace

void write_out(std::string_view text) {
  if (!silent) write_all(STDOUT_FILENO, as_bytes(text), "standard output");
}

void write_file(const std::string& path, ByteView bytes) {
  if (path == "-") return write_out(as_text(bytes));
  OutputFile file(path);
  file.write(bytes);
  file.commit();
}

void note(const std::string& message) {
  if (silent) return;
  const std::string line = "kraft: " + message + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void fall_silent() { silent = true; }

void warn(const std::string& message) { note("warning: " + message); }

bool stdout_is_terminal() { return ::isatty(STDOUT_FILENO) != 0; }
bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) != 0; }

bool colour_wanted() {
  const char* no_color = std::getenv("NO_COLOR");
  return stdout_is_terminal() && (no_color == nullptr || *no_color == '\0');
}

bool utf8_terminal() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view locale(value);
    return locale.find("UTF-8") != locale.npos || locale.find("utf8") != locale.npos;
  }
  return false;
}

Progress::Progress(std::string what, std::uint64_t total, std::string unit, bool wanted)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      total_(total),
      active_(wanted && !silent && stderr_is_terminal()),
      begin_(std::chrono::steady_clock::now()),
      last_(begin_) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
}

void Progress::advance_to(std::uint64_t done) {
  if (!active_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - begin_ < std::chrono::seconds(1) || now - last_ < std::chrono::milliseconds(200))
    return;
  last_ = now;
  shown_ = true;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const double rate = static_cast<double>(done) / seconds;
  if (total_ == 0) {
    std::fprintf(stderr, "\r\x1b[K%s: %s %s, %.3g/s", what_.c_str(), grouped(done).c_str(),
                 unit_.c_str(), rate);
    std::fflush(stderr);
    return;
  }
  const double left_seconds = rate > 0 ? static_cast<double>(total_ - done) / rate : 0;
  std::fprintf(stderr, "\r\x1b[K%s: %s of %s %s, %.3g/s, %.0f s left", what_.c_str(),
               grouped(done).c_str(), grouped(total_).c_str(), unit_.c_str(), rate, left_seconds);
  std::fflush(stderr);
}

Receiver TerminalReceiver::receiver() {
  const auto speak = [this](void (*say)(const std::string&)) {
    return [this, say](const std::string& text) {
      end_progress();
      say(text);
    };
  };
  return {.progress = [this](const ProgressReport& report) { show(report); },
          .warning = speak(warn),
          .note = speak(note),
          .cancelled = interrupted};
}

void TerminalReceiver::show(const ProgressReport& report) {
  if (!progress_ || report.what != what_) {
    end_progress();
    what_ = report.what;
    progress_.emplace(report.what, report.total, report.unit, progress_wanted_);
  }
  progress_->advance_to(report.done);
}

void TerminalReceiver::end_progress() { progress_.reset(); }

}  // namespace kraft::cli
