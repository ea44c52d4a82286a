#include "run/interrupts.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "base/files.h"
#include "base/subprocess.h"

namespace kraft {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;
volatile std::sig_atomic_t interrupts_caught = 0;

// Ends the program as the signal would, but leaves no process and no temporary file behind.
[[noreturn]] void end_by(int signal) {
  kill_running_processes();
  remove_unfinished_files();
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
  // A file that is opened must not take the place of a standard stream that was closed.
  for (int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(standard, F_GETFD) < 0)
      ::open("/dev/null", standard == STDOUT_FILENO ? O_RDONLY : O_RDWR);
  }
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_NODEFER;
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

void catch_interrupts() { interrupts_caught = 1; }

void catch_all_interrupts() { interrupts_caught = 2; }

bool interrupted() { return interrupt_seen != 0; }

}  // namespace kraft
