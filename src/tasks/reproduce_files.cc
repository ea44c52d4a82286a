// The data of kraft/tasks/reproduce.h from files: the user's, or what examples/fetch-data fetches.

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "kraft/error.h"
#include "kraft/media.h"
#include "kraft/tasks/reproduce.h"
#include "tasks/paper_media.h"

namespace kraft {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSignatureBytes = 4096;  // which tell the medium

std::string data_folder() {
  if (const char* folder = std::getenv("KRAFT_DATA"); folder != nullptr && *folder != '\0')
    return folder;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0')
    return std::string(cache) + "/kraft/data";
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "." : home) + "/.cache/kraft/data";
}

// The first bytes of what may be a very large file.
Bytes beginning(const std::string& path, std::uint64_t most_bytes) {
  InputFile file(path);
  Bytes bytes;
  while (bytes.size() < most_bytes) {
    constexpr std::uint64_t kPiece = std::uint64_t{1} << 22;
    const std::size_t begin = bytes.size();
    bytes.resize(begin + std::min(kPiece, most_bytes - begin));
    const std::size_t got = file.read(std::span(bytes).subspan(begin));
    bytes.resize(begin + got);
    if (got == 0) break;
  }
  return bytes;
}

std::vector<std::string> inside(const std::string& folder, Medium medium) {
  std::vector<std::string> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    std::error_code ignored;
    if (!entry.is_regular_file(ignored)) continue;
    if (infer_medium(beginning(entry.path(), kSignatureBytes), entry.path().string()) == medium)
      files.push_back(entry.path());
  }
  if (error) throw Error("cannot read the folder " + printable(folder) + ": " + error.message());
  if (files.empty())
    throw Error("the folder " + printable(folder) + " holds no " + row_of(medium).files);
  std::ranges::sort(files);
  return files;
}

Bytes default_file(const PaperMedium& row, const std::string& name, std::uint64_t most_bytes) {
  const std::string path = data_folder() + "/" + name;
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    throw Error("there is no " + printable(path) + ", which examples/fetch-data" +
                (name == row.default_file ? "" : " league") + " fetches; " +
                paper_name(row.medium) + " of your own can take its place");
  if (!row.drops_carriage_returns) return beginning(path, most_bytes);
  Bytes bytes = beginning(path, UINT64_MAX);
  std::erase(bytes, '\r');
  bytes.resize(std::min<std::uint64_t>(bytes.size(), most_bytes));
  return bytes;
}

ReproduceInput default_input(const PaperMedium& row, const std::string& file,
                             const std::string& name) {
  return {name,
          [&row, file](std::uint64_t most_bytes) { return default_file(row, file, most_bytes); }};
}

void add_league_data(ReproduceTask& task) {
  for (const PaperMedium& row : paper_media()) {
    if (row.files != nullptr && !(task.*row.files).empty()) return;
  }
  for (const PaperMedium& row : paper_media()) {
    for (const char* name : row.league_files)
      (task.*row.files).push_back(default_input(row, name, name));
  }
}

}  // namespace

ReproduceInput reproduce_file(const std::string& path) {
  return {path == "-" ? "standard input" : fs::path(path).filename().string(),
          [path](std::uint64_t most_bytes) { return beginning(path, most_bytes); }};
}

std::vector<ReproduceInput> reproduce_inputs(const std::vector<std::string>& paths, Medium medium) {
  std::vector<ReproduceInput> inputs;
  for (const std::string& path : paths) {
    std::error_code error;
    const bool folder = fs::is_directory(path, error);
    for (const std::string& file : folder ? inside(path, medium) : std::vector{path})
      inputs.push_back(reproduce_file(file));
  }
  return inputs;
}

const char* default_data_name(Medium medium) {
  const char* name = paper_medium(medium).default_file;
  if (name == nullptr) throw UsageError("no file of random bytes is fetched");
  return name;
}

void add_default_data(ReproduceTask& task) {
  if (task.experiment.value() == Experiment::league) return add_league_data(task);
  for (const PaperMedium& row : paper_media()) {
    if (row.files == nullptr || !reads(task.experiment.value(), row.medium)) continue;
    std::vector<ReproduceInput>& files = task.*row.files;
    if (files.empty())
      files = {default_input(
          row, row.default_file,
          row.default_file +
              std::string(row.drops_carriage_returns ? " without carriage returns" : ""))};
  }
}

}  // namespace kraft
