#include "run/interrupts.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <ctime>

#include "base/files.h"
#include "base/subprocess.h"

namespace kraft {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;  // the signal
volatile std::sig_atomic_t interrupts_caught = 0;

// Work that is inside a library does not ask whether it is interrupted. It is given so long from
// the signal on, and what asked has so long to end by itself.
constexpr std::time_t kPatienceSeconds = 2, kEndingSeconds = 15;
timer_t deadline;
std::atomic<bool> has_deadline{false}, noticed{false};

void end_within(std::time_t seconds) {
  const itimerspec left = {{0, 0}, {seconds, 0}};
  if (has_deadline) ::timer_settime(deadline, 0, &left, nullptr);
}

// Ends the program as the signal would, but leaves no process and no temporary file behind.
[[noreturn]] void end_by(int signal) {
  kill_running_processes();
  remove_unfinished_files();
  std::signal(signal, SIG_DFL);
  ::raise(signal);
  ::_exit(128 + signal);
}

void on_signal(int signal, siginfo_t* info, void*) {
  if (info->si_code == SI_TIMER && info->si_value.sival_ptr == &deadline) end_by(interrupt_seen);
  const bool asks_to_end = signal == SIGINT || signal == SIGTERM;
  const bool again = interrupt_seen != 0 && interrupts_caught < 2;
  if (!asks_to_end || interrupts_caught == 0 || again) end_by(signal);
  interrupt_seen = signal;
  if (interrupts_caught == 1) end_within(kPatienceSeconds);
  kill_running_processes();  // so that nothing waits for them
}

// These end the program even where they were ignored when it was started: a shell without job
// control ignores the first two for what it runs in the background.
bool is_always_taken(int signal) {
  return signal == SIGINT || signal == SIGQUIT || signal == SIGTERM || signal == SIGPIPE;
}

// What a process does by itself on this signal is to end.
bool ends_by_default(int signal) {
  switch (signal) {
    case SIGKILL:  // cannot be handled
    case SIGSTOP:
    case SIGCHLD:
    case SIGCONT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGURG:
    case SIGWINCH:
      return false;
    default:
      return true;
  }
}

}  // namespace

void prepare_process() {
  // A file that is opened must not take the place of a standard stream that was closed: what cannot
  // be read, or written, does.
  for (int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(standard, F_GETFD) < 0)
      ::open("/dev/null", standard == STDIN_FILENO    ? O_WRONLY
                          : standard == STDOUT_FILENO ? O_RDONLY
                                                      : O_RDWR);
  }
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_NODEFER | SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  for (int signal = 1; signal < NSIG; ++signal) {
    // What was ignored on purpose (nohup) stays so; sanitizers and profilers have their own
    // handlers.
    struct sigaction before {};
    if (!ends_by_default(signal) || ::sigaction(signal, nullptr, &before) != 0) continue;
    if (before.sa_handler == SIG_DFL || is_always_taken(signal))
      ::sigaction(signal, &action, nullptr);
  }
}

void catch_interrupts() {
  interrupts_caught = 1;
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGALRM;
  event.sigev_value.sival_ptr = &deadline;
  if (!has_deadline) has_deadline = ::timer_create(CLOCK_MONOTONIC, &event, &deadline) == 0;
}

void catch_all_interrupts() { interrupts_caught = 2; }

bool interrupted() {
  if (interrupt_seen == 0) return false;
  if (!noticed.exchange(true)) end_within(kEndingSeconds);
  return true;
}

}  // namespace kraft
