#include "run/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/numbers.h"
#include "base/text.h"
#include "base/wire.h"
#include "kraft/bytes.h"
#include "kraft/error.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostFirstLineBytes = std::size_t{1} << 20;
constexpr std::size_t kMostLineBytes = std::size_t{1} << 30;

// The checksum stands at the end of a line's object, in as many characters always, and is of all
// that stands before it.
constexpr std::string_view kSealBegin = ",\"xxh3\":\"", kSealEnd = "\"}";
constexpr std::size_t kDigits = 16;
constexpr std::size_t kSealBytes = kSealBegin.size() + kDigits + kSealEnd.size();

// `open` is a JSON object without its closing brace.
std::string sealed(const std::string& open) {
  return open + std::string(kSealBegin) + hexadecimal(checksum(as_bytes(open))) +
         std::string(kSealEnd);
}

bool is_intact(const std::string& line) {
  return line.size() > kSealBytes && sealed(line.substr(0, line.size() - kSealBytes)) == line;
}

// A JSON string: what is no UTF-8 is replaced.
std::string quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string as_kept(const std::string& text) {
  return Json::parse(quoted(text)).get<std::string>();
}

// The lines of a file, by its descriptor.
class Lines {
 public:
  struct Line {
    std::string text;
    bool whole = false;  // ended by a line feed, and no longer than was allowed
  };

  explicit Lines(std::function<std::size_t(char*, std::size_t)> read) : read_(std::move(read)) {}

  // Nothing at the end. Of a line that is too long the beginning, and the rest is skipped.
  std::optional<Line> next(std::size_t most_bytes) {
    Line line;
    while (true) {
      const std::size_t end = std::min(block_.find('\n', at_), block_.size());
      line.text.append(block_, at_, std::min(end - at_, most_bytes + 1 - line.text.size()));
      at_ = end;
      if (line.text.size() > most_bytes && most_bytes == kMostFirstLineBytes) return line;
      if (at_ < block_.size()) {
        ++at_;
        line.whole = line.text.size() <= most_bytes;
        return line;
      }
      block_.resize(std::size_t{1} << 16);
      block_.resize(read_(block_.data(), block_.size()));
      at_ = 0;
      if (block_.empty()) return line.text.empty() ? std::nullopt : std::optional(line);
    }
  }

 private:
  std::function<std::size_t(char*, std::size_t)> read_;
  std::string block_;
  std::size_t at_ = 0;
};

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

std::string list_of(const std::vector<std::size_t>& lines) {
  constexpr std::size_t kShown = 5;
  std::string text = lines.size() == 1 ? "line " : "lines ";
  for (std::size_t i = 0; i < lines.size() && i < kShown; ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(lines[i]);
  if (lines.size() > kShown) text += " and " + grouped(lines.size() - kShown) + " more";
  return text;
}

// What the first line says; nothing in a file of an older version, whose lines have no checksums.
std::optional<std::string> settings_in(const Lines::Line& line, const std::string& path,
                                       const std::string& command) {
  const std::string key = "kraft_" + command;
  const Json json = Json::parse(line.text, nullptr, /*allow_exceptions=*/false);
  const bool names_us = json.is_object() && json.contains(key) && json[key].is_string();
  if (line.whole && names_us && is_intact(line.text)) return json[key].get<std::string>();
  if (line.whole && names_us && json.size() == 1) return std::nullopt;
  if (line.whole && line.text.starts_with("{\"" + key + "\":"))
    throw Error("the first line of " + printable(path) +
                " is damaged, so that nobody knows what its results belong to: remove the file "
                "to compute them again");
  throw Error(printable(path) + " is no file of results of kraft " + command);
}

// The key and the JSON of a line; nothing of one that is not as it was written.
std::optional<std::pair<std::string, std::string>> cell_in(const Lines::Line& line) {
  if (!line.whole || !is_intact(line.text)) return std::nullopt;
  const Json json = Json::parse(line.text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("key") || !json["key"].is_string() ||
      !json.contains("cell"))
    return std::nullopt;
  return std::pair(json["key"].get<std::string>(), json["cell"].dump());
}

std::size_t read_some(int descriptor, char* to, std::size_t size, const std::string& path) {
  while (true) {
    const ssize_t got = ::read(descriptor, to, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw Error("cannot read " + printable(path) + ": " + std::strerror(errno));
  }
}

}  // namespace

struct CellStore::Impl {
  std::string path, command, settings;
  int descriptor = -1;
  std::map<std::string, std::string> cells;

  ~Impl() {
    if (descriptor >= 0) ::close(descriptor);
  }

  [[noreturn]] void fail(const char* what) const {
    throw Error("cannot " + std::string(what) + " " + printable(path) + ": " +
                std::strerror(errno));
  }

  void expect_regular(const struct stat& status) const {
    if (!S_ISREG(status.st_mode))
      throw Error("cannot keep results in " + printable(path) + ": it is " +
                  kind_of(status.st_mode) + ", and no regular file");
  }

  // The file, locked. One that another process replaces meanwhile is that process's.
  void open() {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) expect_regular(status);
    descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (descriptor < 0) fail("open");
    struct stat named {};
    if (::fstat(descriptor, &status) != 0) fail("open");
    expect_regular(status);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 || ::stat(path.c_str(), &named) != 0 ||
        named.st_ino != status.st_ino || named.st_dev != status.st_dev)
      throw Error(printable(path) + " is in use by another kraft " + command);
  }

  Lines lines() const {
    if (::lseek(descriptor, 0, SEEK_SET) < 0) fail("read");
    return Lines(
        [this](char* to, std::size_t size) { return read_some(descriptor, to, size, path); });
  }

  std::string first_line() const {
    return sealed("{\"kraft_" + command + "\":" + quoted(settings));
  }

  // False for a file of an older version.
  bool check_first(const Lines::Line& line) const {
    const std::optional<std::string> found = settings_in(line, path, command);
    if (found && *found != settings)
      throw Error(printable(path) + " holds results of other settings: expected " + settings +
                  ", found " + printable(*found));
    return found.has_value();
  }

  bool take(const Lines::Line& line) {
    auto cell = cell_in(line);
    if (cell) cells[cell->first] = std::move(cell->second);
    return cell.has_value();
  }

  void write_line(const std::string& line) const {
    write_all(descriptor, as_bytes(line + "\n"), path);
    ::fdatasync(descriptor);
  }

  void begin_anew() const {
    if (::ftruncate(descriptor, 0) != 0 || ::lseek(descriptor, 0, SEEK_SET) < 0) fail("write to");
    write_line(first_line());
  }

  // A new file without the damaged lines takes the place of the old one.
  void leave_out(const std::vector<std::size_t>& damaged) {
    {
      OutputFile file(path);
      Lines old = lines();
      for (std::size_t number = 1;; ++number) {
        const auto line = old.next(kMostLineBytes);
        if (!line) break;
        if (std::ranges::binary_search(damaged, number)) continue;
        file.write(as_bytes(line->text + "\n"));
      }
      file.commit();
    }
    ::close(std::exchange(descriptor, -1));
    open();
  }

  void read(const Notice& notice) {
    Lines all = lines();
    const auto first = all.next(kMostFirstLineBytes);
    // What breaks off within its first line is ours if it begins as ours do.
    if (!first || (!first->whole && first_line().starts_with(first->text))) return begin_anew();
    if (!check_first(*first)) {
      notice(printable(path) +
             " is of an older kraft, whose lines have no checksums: all is computed again");
      return begin_anew();
    }
    std::vector<std::size_t> damaged;
    for (std::size_t number = 2;; ++number) {
      const auto line = all.next(kMostLineBytes);
      if (!line) break;
      if (!take(*line)) damaged.push_back(number);
    }
    if (!damaged.empty()) {
      notice(printable(path) + ": " + list_of(damaged) +
             (damaged.size() == 1 ? " is damaged, and its cell is computed again"
                                  : " are damaged, and their cells are computed again"));
      leave_out(damaged);
    }
    if (::lseek(descriptor, 0, SEEK_END) < 0) fail("write to");
  }
};

CellStore::CellStore(const std::string& path, const std::string& command,
                     const std::string& settings, const Notice& notice)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->command = command;
  impl_->settings = as_kept(settings);
  impl_->open();
  impl_->read(notice);
}

CellStore::~CellStore() = default;

std::optional<std::string> CellStore::find(const std::string& key) const {
  const auto found = impl_->cells.find(as_kept(key));
  return found == impl_->cells.end() ? std::nullopt : std::optional(found->second);
}

void CellStore::add(const std::string& key, const std::string& json) {
  impl_->write_line(sealed("{\"key\":" + quoted(key) + ",\"cell\":" + json));
}

StoredResults read_results(const std::string& path, const std::string& command,
                           const CellStore::Notice& notice) {
  struct Opened {
    int descriptor;
    ~Opened() {
      if (descriptor >= 0) ::close(descriptor);
    }
  };
  const Opened file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status {};
  if (file.descriptor < 0 || ::fstat(file.descriptor, &status) != 0)
    throw Error("cannot open " + printable(path) + ": " + std::strerror(errno));
  if (!S_ISREG(status.st_mode))
    throw Error(printable(path) + " is " + kind_of(status.st_mode) + ", and no file of results");
  Lines lines(
      [&](char* to, std::size_t size) { return read_some(file.descriptor, to, size, path); });
  const auto first = lines.next(kMostFirstLineBytes);
  if (!first) throw Error(printable(path) + " is empty");
  StoredResults results;
  const auto settings = settings_in(*first, path, command);
  if (!settings)
    throw Error(printable(path) + " is of an older kraft, whose lines have no checksums");
  results.settings = *settings;
  std::vector<std::size_t> damaged;
  for (std::size_t number = 2;; ++number) {
    const auto line = lines.next(kMostLineBytes);
    if (!line) break;
    if (auto cell = cell_in(*line)) {
      results.lines.push_back(std::move(*cell));
    } else {
      damaged.push_back(number);
    }
  }
  if (!damaged.empty())
    notice(printable(path) + ": " + list_of(damaged) +
           (damaged.size() == 1 ? " is damaged, and left out" : " are damaged, and left out"));
  return results;
}

}  // namespace kraft
