// The data of kraft reproduce: the user's, or what examples/fetch-data fetches.

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "cli/media_input.h"
#include "cli/reproduce.h"
#include "kraft/error.h"
#include "kraft/media.h"

namespace kraft::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRandomSeed = 1;

std::string data_folder() {
  if (const char* folder = std::getenv("KRAFT_DATA"); folder != nullptr && *folder != '\0')
    return folder;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0')
    return std::string(cache) + "/kraft/data";
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "." : home) + "/.cache/kraft/data";
}

std::string default_file(const std::string& name, const char* option) {
  std::string path = data_folder() + "/" + name;
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    throw Error("there is no " + printable(path) + ": run examples/fetch-data, or give " + option);
  return path;
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

// Files as they are named; of a folder, those in it, by name, that are of the medium.
std::vector<std::string> files_of(const std::vector<std::string>& paths, Medium medium) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
      std::error_code ignored;
      if (!entry.is_regular_file(ignored)) continue;
      if (infer_medium(beginning(entry.path(), 4096), entry.path().string()) == medium)
        inside.push_back(entry.path());
    }
    if (error) throw Error("cannot read the folder " + printable(path) + ": " + error.message());
    if (inside.empty())
      throw Error("the folder " + printable(path) + " holds no " +
                  (medium == Medium::image ? "images" : "recordings"));
    std::ranges::sort(inside);
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

std::string source_of(const std::vector<std::string>& files, std::size_t used) {
  const std::string first = printable(fs::path(files[0]).filename().string());
  return used == 1 ? first : first + " and " + grouped(used - 1) + " more files";
}

std::vector<std::string> image_files(const ReproduceOptions& options) {
  return options.images.empty() ? std::vector{default_file("astronaut.png", "--images FILE")}
                                : files_of(options.images, Medium::image);
}

std::vector<std::string> audio_files(const ReproduceOptions& options) {
  return options.audio.empty() ? std::vector{default_file("speech.wav", "--audio FILE")}
                               : files_of(options.audio, Medium::audio);
}

Image read_gray(const std::string& file) {
  Image image = to_gray(kraft::read_image(read_input(file)));
  warn_about(file, image.warnings);
  if (image.depth_bits == 8) return image;
  Bytes high;
  for (std::size_t at = 0; at < image.samples.size(); at += 2) high.push_back(image.samples[at]);
  image.samples = std::move(high);
  image.depth_bits = 8;
  return image;
}

// 16 kHz, 8 bits, the first channel.
Audio read_mono(const std::string& file) {
  Audio audio = kraft::read_audio(read_input(file), Encoding::u8, kPaperRateHz);
  warn_about(file, audio.warnings);
  if (audio.channels == 1) return audio;
  Bytes first;
  for (std::size_t at = 0; at < audio.samples.size(); at += audio.channels)
    first.push_back(audio.samples[at]);
  audio.samples = std::move(first);
  audio.channels = 1;
  audio.speakers = 0;
  return audio;
}

// Of the default text, what it is in the other examples: without carriage returns.
PaperData text_data(const ReproduceOptions& options) {
  if (!options.text.empty())
    return paper_data(PaperMedium::text,
                      options.text == "-" ? "standard input"
                                          : printable(fs::path(options.text).filename().string()),
                      beginning(options.text, options.limit_bytes()), options.limit_bytes());
  Bytes bytes = read_input(default_file("mobydick.txt", "--text FILE"));
  std::erase(bytes, '\r');
  return paper_data(PaperMedium::text, "mobydick.txt without carriage returns", std::move(bytes),
                    options.limit_bytes());
}

PaperData image_data(const ReproduceOptions& options) {
  const std::vector<std::string> files = image_files(options);
  Bytes bytes;
  std::size_t used = 0;
  for (; used < files.size() && bytes.size() < options.limit_bytes(); ++used)
    append_patches(read_gray(files[used]), bytes);
  return paper_data(PaperMedium::images, source_of(files, used) + " in patches of 64x32",
                    std::move(bytes), options.limit_bytes());
}

PaperData audio_data(const ReproduceOptions& options) {
  const std::vector<std::string> files = audio_files(options);
  Bytes bytes;
  std::size_t used = 0;
  for (; used < files.size() && bytes.size() < options.limit_bytes(); ++used)
    append(bytes, read_mono(files[used]).samples);
  return paper_data(PaperMedium::audio, source_of(files, used), std::move(bytes),
                    options.limit_bytes());
}

}  // namespace

PaperData read_paper_data(const ReproduceOptions& options, PaperMedium medium) {
  switch (medium) {
    case PaperMedium::text:
      return text_data(options);
    case PaperMedium::images:
      return image_data(options);
    case PaperMedium::audio:
      return audio_data(options);
    case PaperMedium::random:
      break;
  }
  return paper_data(PaperMedium::random, "seed " + std::to_string(kRandomSeed),
                    noise_bytes(kRandomSeed, options.limit_bytes()), options.limit_bytes());
}

Image first_image(const ReproduceOptions& options, std::string& source) {
  const std::string file = image_files(options).at(0);
  source = source_of({file}, 1);
  return read_gray(file);
}

Audio first_recording(const ReproduceOptions& options, std::string& source) {
  const std::string file = audio_files(options).at(0);
  source = source_of({file}, 1);
  return read_mono(file);
}

}  // namespace kraft::cli
