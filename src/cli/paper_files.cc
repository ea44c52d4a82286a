#include "cli/paper_files.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "kraft/error.h"
#include "kraft/media.h"

namespace kraft::cli {
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

ReproduceInput input_of(const std::string& path) {
  return {path == "-" ? "standard input" : fs::path(path).filename().string(),
          [path](std::uint64_t most_bytes) { return beginning(path, most_bytes); }};
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

std::vector<ReproduceInput> inputs_of(const std::vector<std::string>& paths, Medium medium) {
  std::vector<ReproduceInput> inputs;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      inputs.push_back(input_of(path));
      continue;
    }
    for (const std::string& file : inside(path, medium)) inputs.push_back(input_of(file));
  }
  return inputs;
}

Bytes default_file(const std::string& name, const char* option, std::uint64_t most_bytes) {
  const std::string path = data_folder() + "/" + name;
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    throw Error("there is no " + printable(path) + ": run examples/fetch-data, or give " + option);
  return beginning(path, most_bytes);
}

}  // namespace

std::vector<ReproduceInput> paper_text(const std::string& path) { return {input_of(path)}; }

std::vector<ReproduceInput> paper_images(const std::vector<std::string>& paths) {
  return inputs_of(paths, Medium::image);
}

std::vector<ReproduceInput> paper_recordings(const std::vector<std::string>& paths) {
  return inputs_of(paths, Medium::audio);
}

// What it is in the other examples: without carriage returns.
std::vector<ReproduceInput> default_text() {
  return {{"mobydick.txt without carriage returns", [](std::uint64_t) {
             Bytes bytes = default_file("mobydick.txt", "--text FILE", UINT64_MAX);
             std::erase(bytes, '\r');
             return bytes;
           }}};
}

std::vector<ReproduceInput> default_images() {
  return {{"astronaut.png", [](std::uint64_t most_bytes) {
             return default_file("astronaut.png", "--images FILE", most_bytes);
           }}};
}

std::vector<ReproduceInput> default_recordings() {
  return {{"speech.wav", [](std::uint64_t most_bytes) {
             return default_file("speech.wav", "--audio FILE", most_bytes);
           }}};
}

}  // namespace kraft::cli
