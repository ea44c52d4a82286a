#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "kraft/error.h"

namespace kraft {
namespace {

[[noreturn]] void fail(const std::string& what, const std::string& path, int error) {
  throw Error("cannot " + what + " " + printable(path) + ": " + std::strerror(error));
}

// A temporary file's path, where a signal handler can read it. The few files that find no place
// stay behind when a signal ends the program.
struct UnfinishedFile {
  enum State { free, changing, listed };
  std::atomic<int> state{free};
  std::array<char, PATH_MAX> path{};
};

std::array<UnfinishedFile, 16> unfinished_files;

void list_unfinished(const std::string& path) {
  for (UnfinishedFile& place : unfinished_files) {
    int expected = UnfinishedFile::free;
    if (path.size() >= place.path.size() ||
        !place.state.compare_exchange_strong(expected, UnfinishedFile::changing))
      continue;
    std::memcpy(place.path.data(), path.c_str(), path.size() + 1);
    place.state = UnfinishedFile::listed;
    return;
  }
}

void unlist_unfinished(const std::string& path) {
  for (UnfinishedFile& place : unfinished_files) {
    if (place.state != UnfinishedFile::listed || path != place.path.data()) continue;
    place.state = UnfinishedFile::free;
    return;
  }
}

mode_t permissions_for_new_files() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

void remove_unfinished_files() noexcept {
  for (UnfinishedFile& place : unfinished_files) {
    if (place.state == UnfinishedFile::listed) ::unlink(place.path.data());
  }
}

void write_all(int descriptor, ByteView bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write to", name, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

Bytes read_input(const std::string& path, const std::function<bool()>& cancelled,
                 bool may_be_empty) {
  const bool standard_input = path == "-";
  const int descriptor = standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail("read", path, errno);
  Bytes bytes;
  std::size_t size = 0;
  while (true) {
    if (size == bytes.size()) bytes.resize(std::max<std::size_t>(65536, 2 * size));
    const ssize_t got = ::read(descriptor, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR && !(cancelled && cancelled())) continue;
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
  if (bytes.empty() && !standard_input && !may_be_empty)
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
  list_unfinished(temporary_path_);
  ::fchmod(descriptor_, exists ? status.st_mode & 07777 : permissions_for_new_files());
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (temporary_path_.empty()) return;
  ::unlink(temporary_path_.c_str());
  unlist_unfinished(temporary_path_);
}

void OutputFile::write(ByteView bytes) { write_all(descriptor_, bytes, path_); }

void OutputFile::commit() {
  const bool closed = ::close(descriptor_) == 0;
  descriptor_ = -1;
  if (!closed) fail("write to", path_, errno);
  if (temporary_path_.empty()) return;
  if (::rename(temporary_path_.c_str(), path_.c_str()) != 0) fail("write to", path_, errno);
  unlist_unfinished(temporary_path_);
  temporary_path_.clear();
}

}  // namespace kraft
