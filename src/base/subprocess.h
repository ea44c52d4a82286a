// Running another program on bytes in memory.
//
//     kraft::ProcessResult gzip = kraft::run_process({"gzip", "-c"}, message, {});
//     if (gzip.end == kraft::ProcessEnd::exited && gzip.code == 0) use(gzip.output);
//
// The program is searched for in PATH and started without a shell, in a process group of its own,
// so that Ctrl-C in the terminal does not reach it. Any number of threads may run processes at
// once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kraft/bytes.h"

namespace kraft {

struct ProcessOptions {
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
  std::size_t limit_bytes = SIZE_MAX;  // of output; more ends the process
};

enum class ProcessEnd {
  exited,     // by itself; `code` is the exit status
  signalled,  // by a signal from elsewhere; `code` is its number
  timed_out,  // it and its process group were killed
  too_long,   // the output passed the limit; it and its process group were killed
};

struct ProcessResult {
  ProcessEnd end = ProcessEnd::exited;
  int code = 0;
  Bytes output;
  std::string complaint;  // first line of standard error that is not blank, fit to be printed
};

// Gives `input` to the program's standard input and collects its standard output, until it has
// ended and closed its output. It need not read all of the input. Throws Error when the program
// cannot be started.
ProcessResult run_process(const std::vector<std::string>& words, ByteView input,
                          const ProcessOptions& options);

// Runs `work` in a copy of this process that has none of its signal handlers and writes nowhere,
// for work that may crash: what it does to memory and files that only this process knows is lost.
// It has to do without other threads, and ends the copy when it returns or throws. Returns nothing
// when it did either, else how it ended in words ("signal 8 (Floating point exception)").
//
// Work that knows why it is about to end can say so with end_trial(), which does not return.
std::optional<std::string> fails_in_trial(const std::function<void()>& work,
                                          std::chrono::milliseconds timeout);
[[noreturn]] void end_trial(const char* reason) noexcept;

// Seconds of a processor that this thread has taken so far, and the programs that it has run: what
// else the machine does meanwhile does not count.
double processor_seconds();

// Kills the process groups of all processes that run at the moment, for a program that is about to
// end or to stop waiting. May be called from a signal handler.
void kill_running_processes() noexcept;

// Splits a command line into words as a shell does, with 'single' and "double" quotes and
// backslashes; nothing is expanded. Throws UsageError when a quote is not closed or there is no
// word.
std::vector<std::string> split_words(std::string_view command);

}  // namespace kraft
