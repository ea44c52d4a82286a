#include "base/stderr_capture.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace kraft {
namespace {

TEST(StderrCapture, TakesWhatIsWrittenUntilItsEnd) {
  ::testing::internal::CaptureStderr();
  std::fputs("before ", stderr);
  {
    StderrCapture capture;
    std::fputs("meanwhile", stderr);
    EXPECT_EQ(capture.end(), "meanwhile");
    std::fputs("after ", stderr);
    EXPECT_EQ(capture.end(), "");
  }
  {
    const StderrCapture forgotten;
    std::fputs("lost", stderr);
  }
  std::fputs("at last", stderr);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "before after at last");
}

}  // namespace
}  // namespace kraft
