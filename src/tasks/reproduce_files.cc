// The data of kraft/tasks/reproduce.h from files: the user's, or what examples/fetch-data fetches.

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "kraft/error.h"
#include "kraft/media.h"
#include "kraft/tasks/reproduce.h"

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

Bytes default_file(Medium medium, std::uint64_t most_bytes) {
  const std::string path = data_folder() + "/" + default_data_name(medium);
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    throw Error("there is no " + printable(path) + ", which examples/fetch-data fetches; " +
                paper_name(medium) + " of your own can take its place");
  return beginning(path, most_bytes);
}

// What it is in the other examples: without carriage returns.
Bytes default_text(std::uint64_t most_bytes) {
  Bytes bytes = default_file(Medium::text, UINT64_MAX);
  std::erase(bytes, '\r');
  bytes.resize(std::min<std::uint64_t>(bytes.size(), most_bytes));
  return bytes;
}

ReproduceInput default_input(Medium medium) {
  const std::string name = default_data_name(medium);
  if (medium == Medium::text) return {name + " without carriage returns", default_text};
  return {name, [medium](std::uint64_t most_bytes) { return default_file(medium, most_bytes); }};
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
  switch (medium) {
    case Medium::text:
      return "mobydick.txt";
    case Medium::image:
      return "astronaut.png";
    case Medium::audio:
      return "speech.wav";
    case Medium::bytes:
      break;
  }
  throw UsageError("no file of random bytes is fetched");
}

void add_default_data(ReproduceTask& task) {
  const auto add = [&](std::vector<ReproduceInput>& to, Medium medium) {
    if (to.empty() && reads(task.experiment.value(), medium)) to = {default_input(medium)};
  };
  add(task.text, Medium::text);
  add(task.images, Medium::image);
  add(task.audio, Medium::audio);
}

}  // namespace kraft
