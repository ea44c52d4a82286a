#include "models/llama/weights.h"

#include <dlfcn.h>
#include <xxhash.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <system_error>

#include "base/text.h"
#include "kraft/error.h"

namespace kraft {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> folders() {
  if (const char* chosen = std::getenv("KRAFT_WEIGHTS"); chosen != nullptr && *chosen != '\0')
    return {chosen};
  std::vector<std::string> folders;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) folders.push_back((program.parent_path().parent_path() / "share/kraft").string());
  // A module of Python that came by itself has them beside it.
  static constexpr char kHere = 0;
  Dl_info module;
  if (::dladdr(&kHere, &module) != 0)
    folders.push_back((fs::path(module.dli_fname).parent_path() / "weights").string());
  folders.emplace_back(KRAFT_SOURCE_WEIGHTS);
  folders.emplace_back(KRAFT_INSTALLED_WEIGHTS);
  return folders;
}

std::string computed_hash(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              XXH3_freeState);
  if (!file || !state) throw Error("cannot read " + printable(path));
  XXH3_128bits_reset(state.get());
  std::vector<char> block(std::size_t{1} << 20);
  while (const std::size_t size = std::fread(block.data(), 1, block.size(), file.get()))
    XXH3_128bits_update(state.get(), block.data(), size);
  if (std::ferror(file.get()) != 0) throw Error("cannot read " + printable(path));
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx",
                static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text.data();
}

}  // namespace

std::string default_medium(const Geometry& geometry) {
  if (geometry.width) return "image";
  return geometry.rate ? "audio" : "text";
}

std::string find_weights(std::string_view medium) {
  const std::vector<std::string> places = folders();
  std::error_code error;
  for (const std::string& folder : places) {
    const fs::path path = fs::path(folder) / (std::string(medium) + ".gguf");
    if (fs::exists(path, error)) return path.string();
  }
  throw Error("no " + std::string(medium) + ".gguf in " + printable(join(places, ", ")) +
              "; KRAFT_WEIGHTS can name another folder");
}

bool is_weights_name(std::string_view argument) {
  return argument == "text" || argument == "image" || argument == "audio";
}

std::string weights_file(const std::string& argument) {
  return is_weights_name(argument) ? find_weights(argument) : argument;
}

void check_weights_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (!file) throw Error("cannot read " + printable(path));
  std::array<char, 4> magic{};
  const std::size_t read = std::fread(magic.data(), 1, magic.size(), file.get());
  if (std::string_view(magic.data(), read) != "GGUF")
    throw Error(printable(path) + " is not a GGUF file");
}

Parameter weights_argument() {
  Parameter file = Parameter::free_text(
      "file", "default",
      "a GGUF file; text, image, audio: a model of bytes that comes with kraft; default: the one "
      "of the medium");
  file.choices = {"default", "text", "image", "audio"};
  return file;
}

Parameter window_parameter() {
  return Parameter::integer("ctx", 16, std::int64_t{1} << 24, "",
                            "tokens of the window (default: as trained, at most " +
                                std::to_string(kLongestWindow) +
                                "); when it is full, its older half is dropped");
}

std::optional<FileState> state_of_file(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  FileState state(fs::canonical(path, error).string(), 0, {});
  if (!error) std::get<1>(state) = fs::file_size(path, error);
  if (!error) std::get<2>(state) = fs::last_write_time(path, error);
  if (error) return std::nullopt;
  return state;
}

std::string hash_of_file(const std::string& path) {
  static std::mutex mutex;
  static std::map<FileState, std::string> known;
  const std::optional<FileState> state = state_of_file(path);
  if (!state) return computed_hash(path);
  const std::lock_guard lock(mutex);
  std::string& hash = known[*state];
  if (hash.empty()) hash = computed_hash(path);
  return hash;
}

}  // namespace kraft
