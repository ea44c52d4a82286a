#include "base/subprocess.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "kraft/error.h"

namespace kraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr ProcessOptions kPatient{.timeout = 10min};  // only what hangs takes as long

ProcessResult shell(const std::string& script, ByteView input = {},
                    const ProcessOptions& options = kPatient) {
  return run_process({"sh", "-c", script}, input, options);
}

std::string text(const ProcessResult& result) { return std::string(as_text(result.output)); }

TEST(RunProcess, GivesInputAndCollectsOutput) {
  const ProcessResult result = run_process({"cat"}, as_bytes("hello"), kPatient);
  EXPECT_EQ(result.end, ProcessEnd::exited);
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(text(result), "hello");
  EXPECT_EQ(result.complaint, "");
}

TEST(RunProcess, EndsEmptyInputAtOnce) { EXPECT_EQ(text(run_process({"cat"}, {}, kPatient)), ""); }

TEST(RunProcess, CarriesMoreThanThePipesHoldInEveryDirection) {
  const Bytes input(5 << 20, 'x');
  const ProcessResult result = shell("tee /dev/stderr", input);
  EXPECT_EQ(result.code, 0);
  EXPECT_TRUE(result.output == input);
}

TEST(RunProcess, TakesOutputThatComesBeforeTheInputIsRead) {
  const Bytes input(1 << 20, 'x');
  const ProcessResult result = shell("head -c 3000000 /dev/zero; wc -c", input);
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(text(result).substr(3000000), "1048576\n");
}

TEST(RunProcess, LetsAProgramStopReading) {
  const Bytes input(4 << 20, 'x');
  const ProcessResult result = shell("exec head -c 2", input);
  EXPECT_EQ(result.end, ProcessEnd::exited);
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(text(result), "xx");
  EXPECT_EQ(text(shell("exec <&-; sleep 0.05; echo on", input)), "on\n");
}

TEST(RunProcess, LeavesTheCallersSignalsAlone) {
  struct sigaction before;
  sigaction(SIGPIPE, nullptr, &before);
  sigset_t mask_before;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask_before);
  shell("exec <&-", Bytes(1 << 20, 'x'));
  struct sigaction after;
  sigaction(SIGPIPE, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
  sigset_t mask_after;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask_after);
  EXPECT_EQ(sigismember(&mask_before, SIGPIPE), sigismember(&mask_after, SIGPIPE));
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
}

TEST(RunProcess, StartsProgramsWithOrdinarySignals) {
  struct sigaction ignore = {};
  struct sigaction before;
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  // A writer that ignores SIGPIPE would complain and exit; one that does not is ended by it.
  const ProcessResult result = shell("(sleep 0.05; cat /dev/zero; echo status $? >&2) | true");
  sigaction(SIGPIPE, &before, nullptr);
  EXPECT_EQ(result.complaint, "status 141");
}

TEST(RunProcess, ItsProcessorTimeIsThatOfTheThreadThatRunsIt) {
  const double began = processor_seconds();
  run_process({"sleep", "0.2"}, {}, kPatient);
  const double slept = processor_seconds();
  EXPECT_LT(slept - began, 0.15) << "it waits";
  run_process({"sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"}, {}, kPatient);
  EXPECT_GT(processor_seconds() - slept, 0.02);
}

TEST(RunProcess, ReportsStatusAndTheFirstLineOfErrors) {
  const ProcessResult result =
      shell("echo out; printf '\\n  \\nfirst\\tline\\nsecond\\n' >&2; exit 3");
  EXPECT_EQ(result.end, ProcessEnd::exited);
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(text(result), "out\n");
  EXPECT_THAT(result.complaint, HasSubstr("first"));
  EXPECT_EQ(result.complaint.find('\t'), std::string::npos);
  EXPECT_EQ(result.complaint.find("second"), std::string::npos);
}

TEST(RunProcess, KeepsOnlyTheBeginningOfManyErrors) {
  const ProcessResult result = shell("head -c 2000000 /dev/zero | tr '\\0' e >&2");
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.complaint, std::string(200, 'e') + "...");
}

TEST(RunProcess, ReportsSignals) {
  const ProcessResult result = shell("kill -TERM $$");
  EXPECT_EQ(result.end, ProcessEnd::signalled);
  EXPECT_EQ(result.code, SIGTERM);
}

// Gone, or dead and not yet collected by its new parent.
bool has_ended(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  const std::string stat(std::istreambuf_iterator<char>(file), {});
  return stat.empty() || stat.find(") Z ") != std::string::npos;
}

TEST(RunProcess, KillsTheWholeGroupAfterTheTimeout) {
  std::string background;
  for (auto timeout = 200ms; background.empty(); timeout *= 2) {  // too short for a busy machine?
    const ProcessResult result =
        shell("sleep 100000 & echo $!; sleep 100000", {}, {.timeout = timeout});
    EXPECT_EQ(result.end, ProcessEnd::timed_out);
    background = text(result);
  }
  background.pop_back();
  while (!has_ended(background)) std::this_thread::sleep_for(1ms);
}

TEST(RunProcess, TimesOutWhenOnlyTheOutputIsClosed) {
  const ProcessResult result = shell("exec >&- 2>&-; sleep 100", {}, {.timeout = 100ms});
  EXPECT_EQ(result.end, ProcessEnd::timed_out);
}

TEST(RunProcess, TimesOutOnEndlessOutputThatNobodyLimits) {
  EXPECT_EQ(shell("while :; do sleep 0.01; echo; done", {}, {.timeout = 100ms}).end,
            ProcessEnd::timed_out);
}

TEST(RunProcess, StopsAtTheLimit) {
  const ProcessResult result = run_process({"yes"}, {}, {.limit_bytes = 1000});
  EXPECT_EQ(result.end, ProcessEnd::too_long);
  EXPECT_EQ(shell("head -c 1000 /dev/zero", {}, {.limit_bytes = 1000}).end, ProcessEnd::exited);
}

TEST(RunProcess, NamesAProgramThatCannotBeStarted) {
  try {
    run_process({"no-such-program-here", "-c"}, {}, kPatient);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "there is no program 'no-such-program-here'");
  }
  EXPECT_THROW(run_process({"/etc/passwd"}, {}, kPatient), Error);
  EXPECT_THROW(run_process({}, {}, {}), UsageError);
}

TEST(RunProcess, PutsTheProgramIntoAGroupOfItsOwn) {
  const std::string fields = text(shell("cut -d' ' -f5 /proc/self/stat"));
  EXPECT_NE(fields, std::to_string(getpgrp()) + "\n");
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

TEST(RunProcess, LeavesNoDescriptorsOpen) {
  const std::size_t before = open_descriptors();
  shell("cat", as_bytes("x"));
  shell("exec <&-", Bytes(1 << 20, 'x'));
  shell("sleep 100", {}, {.timeout = 20ms});
  run_process({"yes"}, {}, {.limit_bytes = 10});
  EXPECT_THROW(run_process({"no-such-program-here"}, {}, kPatient), Error);
  EXPECT_EQ(open_descriptors(), before);
}

// A pipe end that leaks into another thread's process would keep `cat` waiting for the end of its
// input until that process ends.
TEST(RunProcess, DoesNotLeakPipesBetweenThreads) {
  std::atomic<int> bad = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string message(static_cast<std::size_t>(1000 * t + 1), 'm');
      for (int i = 0; i < 25; ++i) {
        const ProcessResult result = t == 0 ? run_process({"sleep", "0.02"}, {}, kPatient)
                                            : run_process({"cat"}, as_bytes(message), kPatient);
        if (result.end != ProcessEnd::exited || (t > 0 && text(result) != message)) ++bad;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(bad, 0);
}

TEST(RunProcess, WorksWhereStandardInputIsClosed) {
  const int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
  close(STDIN_FILENO);
  const ProcessResult result = run_process({"cat"}, as_bytes("hello"), kPatient);
  if (saved >= 0) {
    dup2(saved, STDIN_FILENO);
    close(saved);
  }
  EXPECT_EQ(text(result), "hello");
}

TEST(SplitWords, SplitsAtBlanks) {
  EXPECT_THAT(split_words("  bzip3  -e\t-b 1\n"), ElementsAre("bzip3", "-e", "-b", "1"));
}

TEST(Trial, SaysHowWorkEnds) {
  EXPECT_EQ(fails_in_trial([] {}, 60s), std::nullopt);
  EXPECT_EQ(fails_in_trial([] { throw Error("told elsewhere"); }, 60s), std::nullopt);
  EXPECT_EQ(fails_in_trial([] { end_trial("assertion x failed\nat y"); }, 60s),
            "assertion x failed");
  EXPECT_EQ(fails_in_trial([] { raise(SIGFPE); }, 60s), "signal 8 (Floating point exception)");
  EXPECT_EQ(fails_in_trial([] { _exit(3); }, 60s), "exit status 3");
  EXPECT_EQ(fails_in_trial([] { pause(); }, 50ms), "it did not end");
}

TEST(Trial, ChangesNothingHereAndPrintsNothing) {
  int value = 1;
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const auto speak = [&] {
    value = 2;
    if (::write(STDOUT_FILENO, "out", 3) < 0 || ::write(STDERR_FILENO, "err", 3) < 0) _exit(9);
  };
  EXPECT_EQ(fails_in_trial(speak, 60s), std::nullopt);
  EXPECT_EQ(value, 1);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(SplitWords, KeepsWhatIsQuotedTogether) {
  EXPECT_THAT(split_words("sh -c 'a \"b\" \\n' x"), ElementsAre("sh", "-c", "a \"b\" \\n", "x"));
  EXPECT_THAT(split_words("a\"b \\\" \\x \\\\\"c ''"), ElementsAre("ab \" \\x \\c", ""));
  EXPECT_THAT(split_words("a\\ b \\'"), ElementsAre("a b", "'"));
}

TEST(SplitWords, ExpandsNothing) {
  EXPECT_THAT(split_words("echo $HOME *|;>"), ElementsAre("echo", "$HOME", "*|;>"));
}

TEST(SplitWords, RefusesOpenQuotesAndNothing) {
  EXPECT_THROW(split_words(""), UsageError);
  EXPECT_THROW(split_words(" \t"), UsageError);
  EXPECT_THROW(split_words("a 'b"), UsageError);
  EXPECT_THROW(split_words("a \"b'"), UsageError);
  EXPECT_THROW(split_words(std::string_view("a\0b", 3)), UsageError);
}

}  // namespace
}  // namespace kraft
