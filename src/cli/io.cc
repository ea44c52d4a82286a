#include "cli/io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/subprocess.h"
#include "base/text.h"
#include "kraft/error.h"

namespace kraft::cli {
namespace {

bool silent = false;
volatile std::sig_atomic_t interrupt_seen = 0;
volatile std::sig_atomic_t interrupts_caught = 0;
char
    unfinished_path[4096];  // of the temporary file, for the signal handler; empty if there is none

// Ends the program as the signal would, but leaves no process and no temporary file behind.
[[noreturn]] void end_by(int signal) {
  kill_running_processes();
  if (unfinished_path[0] != '\0') ::unlink(unfinished_path);
  std::signal(signal, SIG_DFL);
  ::raise(signal);
  ::_exit(128 + signal);
}

void on_signal(int signal) {
  const bool asks_to_end = signal == SIGINT || signal == SIGTERM;
  const bool again = interrupt_seen != 0 && interrupts_caught < 2;
  if (!asks_to_end || interrupts_caught == 0 || again) end_by(signal);
  interrupt_seen = 1;
  kill_running_processes();  // so that nothing waits for them
}

[[noreturn]] void fail(const std::string& what, const std::string& path, int error) {
  throw Error("cannot " + what + " " + printable(path) + ": " + std::strerror(error));
}

void write_all(int descriptor, ByteView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write to", path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

mode_t permissions_for_new_files() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

Bytes read_input(const std::string& path) {
  const bool standard_input = path == "-";
  const int descriptor = standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail("read", path, errno);
  Bytes bytes;
  std::size_t size = 0;
  while (true) {
    if (size == bytes.size()) bytes.resize(std::max<std::size_t>(65536, 2 * size));
    const ssize_t got = ::read(descriptor, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR && !interrupted()) continue;
    if (got < 0) {
      const int error = errno;
      if (!standard_input) ::close(descriptor);
      fail("read", standard_input ? "standard input" : path, error);
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (!standard_input) ::close(descriptor);
  bytes.resize(size);
  if (bytes.empty() && !standard_input)
    throw Error("cannot use " + printable(path) + ": the file is empty");
  return bytes;
}

InputFile::InputFile(const std::string& path)
    : name_(path == "-" ? "standard input" : path),
      descriptor_(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) fail("read", path, errno);
}

InputFile::~InputFile() {
  if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

std::optional<std::uint64_t> InputFile::size_bytes() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const off_t at = ::lseek(descriptor_, 0, SEEK_CUR);  // somebody may have read the beginning
  if (at < 0 || at > status.st_size) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size - at);
}

std::size_t InputFile::read(std::span<Byte> to) {
  while (true) {
    const ssize_t got = ::read(descriptor_, to.data(), to.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) fail("read", name_, errno);
  }
}

OutputFile::OutputFile(const std::string& path) : path_(path) {
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  struct stat link {};
  if (!exists && ::lstat(path.c_str(), &link) == 0)
    throw Error("cannot write to " + printable(path) + ": it is a link to nothing");
  if (exists && S_ISDIR(status.st_mode)) fail("write to", path, EISDIR);
  if (exists && !S_ISREG(status.st_mode)) {
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail("write to", path, errno);
    return;
  }
  if (exists && ::access(path.c_str(), W_OK) != 0) fail("write to", path, errno);
  // A link keeps pointing to what it points to: the file behind it is what is replaced.
  if (char* resolved = exists ? ::realpath(path.c_str(), nullptr) : nullptr) {
    path_ = resolved;
    std::free(resolved);
  }
  temporary_path_ = path_ + ".XXXXXX";
  descriptor_ = ::mkostemp(temporary_path_.data(), O_CLOEXEC);
  if (descriptor_ < 0) {
    temporary_path_.clear();
    fail("write to", path, errno);
  }
  if (temporary_path_.size() < sizeof unfinished_path)
    std::memcpy(unfinished_path, temporary_path_.c_str(), temporary_path_.size() + 1);
  ::fchmod(descriptor_, exists ? status.st_mode & 07777 : permissions_for_new_files());
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_path_.empty()) ::unlink(temporary_path_.c_str());
  unfinished_path[0] = '\0';
}

void OutputFile::write(ByteView bytes) { write_all(descriptor_, bytes, path_); }

void OutputFile::commit() {
  const bool closed = ::close(descriptor_) == 0;
  descriptor_ = -1;
  if (!closed) fail("write to", path_, errno);
  if (temporary_path_.empty()) return;
  if (::rename(temporary_path_.c_str(), path_.c_str()) != 0) fail("write to", path_, errno);
  temporary_path_.clear();
  unfinished_path[0] = '\0';
}

void write_out(std::string_view text) {
  if (!silent) write_all(STDOUT_FILENO, as_bytes(text), "standard output");
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

void prepare_process() {
  // A file that is opened must not take the place of a standard stream that was closed.
  for (int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(standard, F_GETFD) < 0)
      ::open("/dev/null", standard == STDOUT_FILENO ? O_RDONLY : O_RDWR);
  }
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::sigaction(signal, &action, nullptr);
}

void catch_interrupts() { interrupts_caught = 1; }

void catch_all_interrupts() { interrupts_caught = 2; }

bool interrupted() { return interrupt_seen != 0; }

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

}  // namespace kraft::cli
