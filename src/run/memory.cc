#include "run/memory.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

namespace kraft {
namespace {

// A line of /proc/self/status such as "VmHWM:  5120 kB"; 0 where there is none.
std::uint64_t status_bytes(const char* name) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/status", "r"),
                                                             std::fclose);
  if (!file) return 0;
  char line[256];
  while (std::fgets(line, sizeof line, file.get()) != nullptr) {
    unsigned long long kilobytes = 0;
    if (std::strncmp(line, name, std::strlen(name)) == 0 &&
        std::sscanf(line + std::strlen(name), ": %llu", &kilobytes) == 1)
      return kilobytes * 1024;
  }
  return 0;
}

[[noreturn]] void report_cost(const std::function<void()>& work, int descriptor, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it has ended before it was asked for
  int status = 1;
  try {
    const std::uint64_t before = status_bytes("VmRSS");
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    const std::uint64_t peak = status_bytes("VmHWM");
    const WorkCost cost{spent.count(), peak > before ? peak - before : 0};
    if (::write(descriptor, &cost, sizeof cost) == sizeof cost) status = 0;
  } catch (...) {  // whoever asks will see the error when the work is done in earnest
  }
  ::_exit(status);
}

}  // namespace

std::optional<WorkCost> cost_of(const std::function<void()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) return std::nullopt;
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) report_cost(work, ends[1], parent);
  ::close(ends[1]);
  WorkCost cost;
  const bool complete = child > 0 && ::read(ends[0], &cost, sizeof cost) == sizeof cost;
  ::close(ends[0]);
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!complete) return std::nullopt;
  return cost;
}

}  // namespace kraft
