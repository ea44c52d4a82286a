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
#include <filesystem>
#include <utility>

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

// What of `mode` stays where the file belongs to another group than the one that it was for.
mode_t for_another_group(mode_t mode) { return mode & ~(070 & ~((mode & 07) << 3)); }

mode_t narrowed(mode_t mode, gid_t group, const FileAccess& widest) {
  const mode_t for_all = widest.mode & 07;
  const mode_t for_group = group == widest.group ? widest.mode & 070 : for_all << 3;
  return mode & (07700 | for_group | for_all);
}

}  // namespace

void remove_unfinished_files() noexcept {
  for (UnfinishedFile& place : unfinished_files) {
    if (place.state == UnfinishedFile::listed) ::unlink(place.path.data());
  }
}

std::string first_beside_program(const std::vector<std::string>& paths) {
  std::error_code error;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const std::string& path : paths) {
    if (std::filesystem::is_regular_file(folder / path, error)) return (folder / path).string();
  }
  return {};
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

bool is_same_file(const std::string& one, const std::string& other) {
  struct stat a {
  }, b{};
  return ::stat(one.c_str(), &a) == 0 && ::stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino && (S_ISREG(a.st_mode) || S_ISDIR(a.st_mode));
}

bool would_be_one_file(const std::string& one, const std::string& other) {
  struct stat status {};
  if (one == "-" || other == "-") return one == other;
  if (::stat(one.c_str(), &status) == 0 || ::stat(other.c_str(), &status) == 0)
    return is_same_file(one, other);
  const auto split = [](const std::string& path) {
    const std::filesystem::path whole(path);
    return std::pair(whole.has_parent_path() ? whole.parent_path().string() : ".",
                     whole.filename().string());
  };
  const auto [folder, name] = split(one);
  const auto [other_folder, other_name] = split(other);
  return name == other_name && is_same_file(folder, other_folder);
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

std::optional<FileAccess> InputFile::access() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return FileAccess{status.st_mode & 0777, status.st_gid};
}

std::size_t InputFile::read(std::span<Byte> to) {
  while (true) {
    const ssize_t got = ::read(descriptor_, to.data(), to.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) fail("read", name_, errno);
  }
}

OutputFile::OutputFile(const std::string& path, const std::optional<FileAccess>& no_wider_than)
    : path_(path), no_wider_than_(no_wider_than) {
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (!exists && errno != ENOENT) fail("write to", path, errno);
  struct stat link {};
  if (!exists && ::lstat(path.c_str(), &link) == 0)
    throw Error("cannot write to " + printable(path) + ": it is a link to nothing");
  if (path.empty()) fail("write to", "a file without a name", ENOENT);
  if (exists ? S_ISDIR(status.st_mode) : path.ends_with('/')) fail("write to", path, EISDIR);
  if (exists && !S_ISREG(status.st_mode)) {
    direct_ = true;
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail("write to", path, errno);
    return;
  }
  if (exists && ::access(path.c_str(), W_OK) != 0) fail("write to", path, errno);
  if (exists) before_ = {status.st_mode & 07777, status.st_uid, status.st_gid};
  // A link keeps pointing to what it points to: the file behind it is what is replaced.
  if (char* resolved = exists ? ::realpath(path.c_str(), nullptr) : nullptr) {
    path_ = resolved;
    std::free(resolved);
  }
  begin_beside(exists);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (temporary_path_.empty()) return;
  ::unlink(temporary_path_.c_str());
  unlist_unfinished(temporary_path_);
}

// Makes a temporary file in the same folder, or, where that may have none, in the one for such
// files. The latter has no name: nobody can find it, and it leaves nothing behind.
void OutputFile::begin_beside(bool exists) {
  // The name has no part of the file's own, which may be as long as a name can be.
  temporary_path_ = path_.substr(0, path_.rfind('/') + 1) + ".kraft-XXXXXX";
  descriptor_ = ::mkostemp(temporary_path_.data(), O_CLOEXEC);
  if (descriptor_ >= 0) return list_unfinished(temporary_path_);
  const int error = errno;
  temporary_path_.clear();
  if (!exists || (error != EACCES && error != EPERM && error != EROFS))
    fail("write to", path_, error);
  const char* chosen = std::getenv("TMPDIR");
  std::string elsewhere =
      std::string(chosen != nullptr && *chosen != '\0' ? chosen : "/tmp") + "/kraft-XXXXXX";
  descriptor_ = ::mkostemp(elsewhere.data(), O_CLOEXEC);
  if (descriptor_ < 0) fail("write to", elsewhere, errno);
  ::unlink(elsewhere.c_str());
}

void OutputFile::write(ByteView bytes) { write_all(descriptor_, bytes, path_); }

// Of the temporary file, as long as it is nobody else's to read.
void OutputFile::set_permissions() const {
  const auto unchanged = static_cast<uid_t>(-1);
  mode_t mode = permissions_for_new_files();
  struct stat now {};
  if (before_) {
    mode = before_->mode;
    if (::fchown(descriptor_, before_->owner, before_->group) != 0)
      (void)!::fchown(descriptor_, unchanged, before_->group);
    ::fstat(descriptor_, &now);
    if (now.st_gid != before_->group) mode = for_another_group(mode);
    if (now.st_gid != before_->group || now.st_uid != before_->owner) mode &= ~mode_t{06000};
  } else if (no_wider_than_) {
    (void)!::fchown(descriptor_, unchanged, no_wider_than_->group);
  }
  ::fstat(descriptor_, &now);
  if (no_wider_than_) mode = narrowed(mode, now.st_gid, *no_wider_than_);
  ::fchmod(descriptor_, mode);  // fails where files have no permissions
}

// For a file that cannot be replaced.
void OutputFile::write_over(int from) const {
  const int to = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  if (to < 0) fail("write to", path_, errno);
  const auto check = [&](bool done) {
    if (done) return;
    const int error = errno;
    ::close(to);
    fail("write to", path_, error);
  };
  struct stat now {};
  check(::fstat(to, &now) == 0);
  const mode_t mode = now.st_mode & 07777;
  if (no_wider_than_) {
    constexpr mode_t kReadable = 0444;
    const mode_t narrow = narrowed(mode, now.st_gid, *no_wider_than_);
    if (mode & ~narrow & kReadable) check(::fchmod(to, narrow) == 0);
  }
  check(::ftruncate(to, 0) == 0 && ::lseek(from, 0, SEEK_SET) == 0);
  Bytes buffer(64 << 10);
  while (true) {
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    check(got >= 0);
    if (got == 0) break;
    ByteView left = ByteView(buffer).first(static_cast<std::size_t>(got));
    while (!left.empty()) {
      const ssize_t put = ::write(to, left.data(), left.size());
      if (put < 0 && errno == EINTR) continue;
      check(put >= 0);
      left = left.subspan(static_cast<std::size_t>(put));
    }
  }
  if (::close(to) != 0) fail("write to", path_, errno);
}

void OutputFile::commit() {
  const bool replaces = !temporary_path_.empty();
  if (replaces) set_permissions();
  if (!replaces && !direct_) write_over(descriptor_);
  const int copy = replaces && before_ ? ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0) : -1;
  const bool closed = ::close(std::exchange(descriptor_, copy)) == 0;
  if (!closed) fail("write to", path_, errno);
  if (!replaces) return;
  if (::rename(temporary_path_.c_str(), path_.c_str()) == 0) {
    unlist_unfinished(temporary_path_);
    temporary_path_.clear();
    return;
  }
  // A file that is mounted by itself, or that is somebody else's in a folder such as /tmp.
  if (copy < 0 || (errno != EBUSY && errno != EPERM && errno != EACCES))
    fail("write to", path_, errno);
  write_over(copy);
}

}  // namespace kraft
