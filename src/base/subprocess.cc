#include "base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <limits>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/text.h"
#include "kraft/error.h"

extern char** environ;

namespace kraft {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPipeBytes = 64 << 10;
constexpr std::size_t kComplaintBytes = 4 << 10;  // of standard error that are kept
constexpr std::size_t kComplaintShown = 200;

[[noreturn]] void fail(const std::string& what, int code) {
  throw Error(what + ": " + std::generic_category().message(code));
}

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor() { close(); }

  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_ = -1;
};

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

// Moves a descriptor above the three standard ones: where those are closed, a pipe could take their
// place, and then be overwritten while the child's are set up.
FileDescriptor above_standard(FileDescriptor descriptor) {
  if (descriptor.number() > STDERR_FILENO) return descriptor;
  FileDescriptor moved(fcntl(descriptor.number(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!moved.is_open()) fail("cannot duplicate a file descriptor", errno);
  return moved;
}

// Closed on exec from the start: otherwise a process that another thread starts just now would hold
// our pipe open.
Pipe make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("cannot open a pipe", errno);
  Pipe pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  pipe.read = above_standard(std::move(pipe.read));
  pipe.write = above_standard(std::move(pipe.write));
  return pipe;
}

void make_nonblocking(const FileDescriptor& descriptor) {
  const int flags = fcntl(descriptor.number(), F_GETFL);
  if (flags < 0 || fcntl(descriptor.number(), F_SETFL, flags | O_NONBLOCK) != 0)
    fail("cannot make a pipe non-blocking", errno);
}

// Keeps SIGPIPE from this thread while it writes to a process that may stop reading, whatever the
// rest of the program does about that signal.
class SigpipeGuard {
 public:
  SigpipeGuard() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;
  ~SigpipeGuard() {
    const timespec at_once = {0, 0};
    if (!was_pending_) {
      while (sigtimedwait(&sigpipe_, nullptr, &at_once) < 0 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t sigpipe_;
  sigset_t before_;
  bool was_pending_ = false;
};

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }

  void redirect(const FileDescriptor& from, int to) {
    const int code = posix_spawn_file_actions_adddup2(&actions_, from.number(), to);
    if (code != 0) fail("cannot prepare a process", code);
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// A process group of its own, and signals as a fresh login has them: ignored and blocked ones would
// be inherited.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    for (int signal : {SIGPIPE, SIGINT, SIGQUIT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_,
        static_cast<short>(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

// The process groups that run: what a signal handler can read. The few that do not fit cannot be
// killed from there.
std::array<std::atomic<pid_t>, 1024> running_groups;

// Processes that have started and are not listed yet.
std::atomic<int> starting{0};

// While a process starts, until it is listed: no handler runs in this thread, and those that run in
// others wait, so that none misses it.
class Starting {
 public:
  Starting() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
    ++starting;
  }
  Starting(const Starting&) = delete;
  Starting& operator=(const Starting&) = delete;
  ~Starting() {
    --starting;
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t before_;
};

std::atomic<pid_t>* list_group(pid_t group) {
  for (std::atomic<pid_t>& place : running_groups) {
    pid_t nobody = 0;
    if (place.compare_exchange_strong(nobody, group)) return &place;
  }
  return nullptr;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

// Of the processes that this thread has reaped.
thread_local double reaped_seconds = 0;

// A running process with our ends of its pipes. Killed with its group if not waited for.
class Child {
 public:
  explicit Child(const std::vector<std::string>& words) {
    Pipe in = make_pipe();
    Pipe out = make_pipe();
    Pipe err = make_pipe();
    make_nonblocking(in.write);
    make_nonblocking(out.read);
    make_nonblocking(err.read);
    SpawnActions actions;
    actions.redirect(in.read, STDIN_FILENO);
    actions.redirect(out.write, STDOUT_FILENO);
    actions.redirect(err.write, STDERR_FILENO);
    spawn(words, actions);
    to_input = std::move(in.write);
    from_output = std::move(out.read);
    from_error = std::move(err.read);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) kill_group();
  }

  // While the leader is not reaped, its number cannot belong to anyone else.
  int kill_group() {
    kill(-pid_, SIGKILL);
    if (listed_ != nullptr) listed_->store(0);
    int status = 0;
    rusage usage{};
    while (wait4(pid_, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    reaped_seconds += seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    pid_ = -1;
    return status;
  }

  // The wait status, or nothing at the deadline.
  std::optional<int> wait_until(Clock::time_point deadline) {
    auto pause = std::chrono::microseconds(20);
    while (true) {
      siginfo_t info{};
      const int found = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
      if (found == 0 && info.si_pid == pid_) return kill_group();  // with what it left behind
      if (found < 0 && errno != EINTR) fail("cannot wait for a process", errno);
      if (Clock::now() >= deadline) return std::nullopt;
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, std::chrono::microseconds(5000));
    }
  }

  FileDescriptor to_input;
  FileDescriptor from_output;
  FileDescriptor from_error;

 private:
  void spawn(const std::vector<std::string>& words, const SpawnActions& actions) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const SpawnAttributes attributes;
    const Starting until_listed;
    const int code = posix_spawnp(&pid_, arguments[0], actions.get(), attributes.get(),
                                  arguments.data(), environ);
    if (code == 0) {
      listed_ = list_group(pid_);
      return;
    }
    pid_ = -1;
    if (code == ENOENT) throw Error("there is no program '" + printable(words[0]) + "'");
    fail("cannot start '" + printable(words[0]) + "'", code);
  }

  pid_t pid_ = -1;
  std::atomic<pid_t>* listed_ = nullptr;
};

// Reads once. False at the end.
bool read_some(const FileDescriptor& from, std::vector<Byte>& buffer, std::size_t& count) {
  count = 0;
  const ssize_t got = read(from.number(), buffer.data(), buffer.size());
  if (got > 0) count = static_cast<std::size_t>(got);
  if (got >= 0) return got > 0;
  if (errno == EAGAIN || errno == EINTR) return true;
  fail("cannot read from a process", errno);
}

// Writes once, and drops what is written from `input`. False when the process reads no more.
bool write_some(const FileDescriptor& to, ByteView& input) {
  const ssize_t put = write(to.number(), input.data(), input.size());
  if (put >= 0) {
    input = input.subspan(static_cast<std::size_t>(put));
    return true;
  }
  if (errno == EAGAIN || errno == EINTR) return true;
  if (errno == EPIPE) return false;
  fail("cannot write to a process", errno);
}

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

enum class Exchange { done, timed_out, too_long };

// Carries bytes in all three directions, whichever is ready, until the process has closed its
// output and its standard error.
class Exchanger {
 public:
  Exchanger(Child& child, ByteView input, ProcessResult& result, std::string& error_text)
      : child_(child), input_(input), result_(result), error_text_(error_text) {
    if (input_.empty()) child_.to_input.close();
  }

  Exchange run(Clock::time_point deadline, std::size_t limit_bytes) {
    while (child_.from_output.is_open() || child_.from_error.is_open()) {
      // poll() passes over the negative numbers of what is closed.
      std::array<pollfd, 3> ready = {{{child_.to_input.number(), POLLOUT, 0},
                                      {child_.from_output.number(), POLLIN, 0},
                                      {child_.from_error.number(), POLLIN, 0}}};
      const int count = poll(ready.data(), ready.size(), milliseconds_until(deadline));
      if (count < 0 && errno != EINTR) fail("cannot wait for a process", errno);
      if (Clock::now() >= deadline) return Exchange::timed_out;
      if (count <= 0) continue;
      if (ready[0].revents != 0) give_input();
      if (ready[1].revents != 0) take_output();
      if (ready[2].revents != 0) take_error();
      if (result_.output.size() > limit_bytes) return Exchange::too_long;
    }
    return Exchange::done;
  }

 private:
  void give_input() {
    if (!write_some(child_.to_input, input_) || input_.empty()) child_.to_input.close();
  }

  void take_output() {
    std::size_t count = 0;
    if (!read_some(child_.from_output, buffer_, count)) child_.from_output.close();
    append(result_.output, ByteView(buffer_).first(count));
  }

  void take_error() {
    std::size_t count = 0;
    if (!read_some(child_.from_error, buffer_, count)) child_.from_error.close();
    const std::size_t kept = std::min(count, kComplaintBytes - error_text_.size());
    error_text_ += as_text(ByteView(buffer_).first(kept));
  }

  Child& child_;
  ByteView input_;
  ProcessResult& result_;
  std::string& error_text_;
  std::vector<Byte> buffer_ = std::vector<Byte>(kPipeBytes);
};

std::string first_line(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  text.remove_prefix(begin);
  text = text.substr(0, text.find_first_of("\r\n"));
  if (text.size() <= kComplaintShown) return printable(text);
  return printable(text.substr(0, kComplaintShown)) + "...";
}

int trial_report = -1;  // of the copy of the process that this is
constexpr int kTrialFailed = 1;

// The other process of fails_in_trial().
class Trial {
 public:
  Trial(const std::function<void()>& work, const Pipe& report) {
    const Starting until_listed;  // and no handler of ours may run in the copy
    pid_ = fork();
    if (pid_ == 0) run(work, report);
    if (pid_ < 0) fail("cannot start a process", errno);
    setpgid(pid_, pid_);
    listed_ = list_group(pid_);
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  ~Trial() {
    if (listed_ != nullptr) listed_->store(0);
  }

  // It has closed its end of the pipe, or is given no more time.
  std::optional<std::string> verdict(const std::optional<std::string>& reason) const {
    if (!reason) kill(pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    if (!reason) return "it did not end";
    if (!reason->empty()) return first_line(*reason);
    if (WIFSIGNALED(status))
      return "signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) +
             ")";
    if (WEXITSTATUS(status) != 0) return "exit status " + std::to_string(WEXITSTATUS(status));
    return std::nullopt;
  }

 private:
  [[noreturn]] static void run(const std::function<void()>& work, const Pipe& report) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);
    starting = 0;  // of the process that this is a copy of
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nowhere, standard);
    trial_report = report.write.number();
    try {
      work();
    } catch (...) {  // an error like any other, which will come again where it can be told
    }
    ::_exit(0);
  }

  pid_t pid_ = -1;
  std::atomic<pid_t>* listed_ = nullptr;
};

// What comes until the pipe is closed, or nothing at the deadline.
std::optional<std::string> text_until_closed(const FileDescriptor& from,
                                             Clock::time_point deadline) {
  std::string text;
  std::vector<Byte> buffer(kComplaintBytes);
  while (true) {
    pollfd ready = {from.number(), POLLIN, 0};
    const int count = poll(&ready, 1, milliseconds_until(deadline));
    if (count < 0 && errno != EINTR) fail("cannot wait for a process", errno);
    if (count <= 0 && Clock::now() >= deadline) return std::nullopt;
    std::size_t got = 0;
    if (count > 0 && !read_some(from, buffer, got)) return text;
    text += as_text(ByteView(buffer).first(got));
  }
}

class WordSplitter {
 public:
  explicit WordSplitter(std::string_view command) : command_(command) {}

  std::vector<std::string> split() {
    if (command_.find('\0') != std::string_view::npos)
      throw UsageError("the command line contains a zero byte");
    while (skip_blanks()) words_.push_back(next_word());
    if (words_.empty()) throw UsageError("the command line is empty");
    return std::move(words_);
  }

 private:
  static constexpr std::string_view kBlanks = " \t\r\n";

  bool skip_blanks() {
    at_ = std::min(command_.find_first_not_of(kBlanks, at_), command_.size());
    return at_ < command_.size();
  }

  std::string next_word() {
    std::string word;
    while (at_ < command_.size() && kBlanks.find(command_[at_]) == std::string_view::npos) {
      const char c = command_[at_++];
      if (c == '\'' || c == '"') {
        add_quoted(c, word);
      } else if (c == '\\' && at_ < command_.size()) {
        word += command_[at_++];
      } else {
        word += c;
      }
    }
    return word;
  }

  // Between double quotes, a backslash is itself unless something special follows.
  void add_quoted(char quote, std::string& word) {
    static constexpr std::string_view kEscaped = "\"\\$`";
    for (; at_ < command_.size(); ++at_) {
      if (command_[at_] == quote) {
        ++at_;
        return;
      }
      if (quote == '"' && command_[at_] == '\\' && at_ + 1 < command_.size() &&
          kEscaped.find(command_[at_ + 1]) != std::string_view::npos)
        ++at_;
      word += command_[at_];
    }
    throw UsageError(std::string("a ") + quote + " is not closed in: " + printable(command_));
  }

  std::string_view command_;
  std::size_t at_ = 0;
  std::vector<std::string> words_;
};

}  // namespace

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec) +
         reaped_seconds;
}

void kill_running_processes() noexcept {
  while (starting > 0) sched_yield();
  for (const std::atomic<pid_t>& group : running_groups) {
    const pid_t pid = group.load();
    if (pid > 0) kill(-pid, SIGKILL);
  }
}

std::optional<std::string> fails_in_trial(const std::function<void()>& work,
                                          std::chrono::milliseconds timeout) {
  Pipe report = make_pipe();
  const Trial trial(work, report);
  report.write.close();
  return trial.verdict(text_until_closed(report.read, Clock::now() + timeout));
}

void end_trial(const char* reason) noexcept {
  const std::size_t size = std::min(std::strlen(reason), kComplaintBytes);
  [[maybe_unused]] const ssize_t put = ::write(trial_report, reason, size);
  ::_exit(kTrialFailed);
}

ProcessResult run_process(const std::vector<std::string>& words, ByteView input,
                          const ProcessOptions& options) {
  if (words.empty()) throw UsageError("the command line is empty");
  const Clock::time_point deadline = Clock::now() + options.timeout;
  const SigpipeGuard guard;
  ProcessResult result;
  std::string error_text;
  Child child(words);
  const Exchange exchange =
      Exchanger(child, input, result, error_text).run(deadline, options.limit_bytes);
  result.complaint = first_line(error_text);

  // A process that ignores that its input ended gets no other sign of it.
  child.to_input.close();
  std::optional<int> status;
  if (exchange == Exchange::done) status = child.wait_until(deadline);
  if (!status) {
    child.kill_group();
    result.end = exchange == Exchange::too_long ? ProcessEnd::too_long : ProcessEnd::timed_out;
  } else if (WIFSIGNALED(*status)) {
    result.end = ProcessEnd::signalled;
    result.code = WTERMSIG(*status);
  } else {
    result.code = WEXITSTATUS(*status);
  }
  return result;
}

std::vector<std::string> split_words(std::string_view command) {
  return WordSplitter(command).split();
}

}  // namespace kraft
