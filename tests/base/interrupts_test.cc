#include "run/interrupts.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "base/files.h"
#include "run/memory.h"
#include "temporary_folder.h"

namespace kraft {
namespace {

// How a process ends that does this, as waitpid() says.
template <class Work>
int end_of(Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    prepare_process();
    work();
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

TEST(Interrupts, EndWorkThatDoesNotLookForThem) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.file("result");
  for (const int signal : {SIGINT, SIGTERM}) {
    const int status = end_of([&] {
      OutputFile unfinished(path);
      catch_interrupts();
      ::raise(signal);
      for (;;) ::pause();  // a library that takes its time
    });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << status;
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "nothing is left behind";
  }
}

TEST(Interrupts, LetWorkThatLooksForThemEndByItself) {
  const int status = end_of([] {
    catch_interrupts();
    ::raise(SIGINT);
    if (!interrupted()) ::_exit(1);
    ::sleep(3);  // longer than one that does not look is given
    ::_exit(kInterruptedExit);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == kInterruptedExit) << status;
}

// What measures the cost of work in a copy of the process ends with it, however that ends.
TEST(Interrupts, LeaveNoCopyOfTheProcessBehind) {
  for (const int signal : {SIGKILL, SIGQUIT, SIGALRM}) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      prepare_process();
      cost_of([&] {
        const char begun = '!';
        if (::write(ends[1], &begun, 1) != 1) ::_exit(1);
        for (;;) ::pause();
      });
      ::_exit(0);
    }
    ::close(ends[1]);
    char byte = 0;
    ASSERT_EQ(::read(ends[0], &byte, 1), 1);
    ::kill(child, signal);
    EXPECT_EQ(::read(ends[0], &byte, 1), 0) << "the last one that holds the pipe has ended";
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << status;
  }
}

}  // namespace
}  // namespace kraft
