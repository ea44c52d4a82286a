#include "base/stderr_capture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace kraft {
namespace {

std::mutex capturing;

constexpr std::size_t kMostBytes = 1 << 20;

}  // namespace

StderrCapture::StderrCapture() : alone_(capturing) {
  memory_ = ::memfd_create("stderr", MFD_CLOEXEC);
  if (memory_ < 0) return;
  std::fflush(stderr);
  before_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (before_ >= 0) ::dup2(memory_, STDERR_FILENO);
}

StderrCapture::~StderrCapture() { end(); }

std::string StderrCapture::end() {
  std::string said;
  if (before_ >= 0) {
    std::fflush(stderr);
    ::dup2(before_, STDERR_FILENO);
    ::close(std::exchange(before_, -1));
    said.resize(kMostBytes);
    const ssize_t got = ::pread(memory_, said.data(), said.size(), 0);
    said.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  }
  if (memory_ >= 0) ::close(std::exchange(memory_, -1));
  if (alone_.owns_lock()) alone_.unlock();
  return said;
}

}  // namespace kraft
