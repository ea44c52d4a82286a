// The weights that `llama` and `bytelm` mean when they are given no file, and their window.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "kraft/geometry.h"
#include "kraft/spec.h"

namespace kraft {

inline constexpr std::uint32_t kLongestWindow = 4096;  // tokens, unless more is asked for

// The file, and ctx=, of whatever runs weights.
Parameter weights_argument();
Parameter window_parameter();

// "text", "image" or "audio": rows of pixels are an image, a rate of samples is sound.
std::string default_medium(const Geometry& geometry);

// The path of MEDIUM.gguf: in KRAFT_WEIGHTS if that is set, else in share/kraft beside the
// program's bin, in the source tree that the library was built from, or where it was to be
// installed. Throws Error that names the folders.
std::string find_weights(std::string_view medium);

bool is_weights_name(std::string_view argument);  // one of these three

// The path that the argument of `llama` stands for: of one of these three, or itself.
std::string weights_file(const std::string& argument);

// Throws Error unless the file can be read and begins as a GGUF file does.
void check_weights_file(const std::string& path);

// A regular file as it is now, so that what is kept of it is not used for another: its canonical
// path, its size in bytes and when it changed. Nothing for what is not a regular file.
using FileState = std::tuple<std::string, std::uintmax_t, std::filesystem::file_time_type>;
std::optional<FileState> state_of_file(const std::string& path);

// How often this process has loaded weights.
std::size_t weights_loaded();

// XXH3-128 of a file, in hexadecimal; read once as long as the file stays as it is. Throws Error
// when it cannot be read.
std::string hash_of_file(const std::string& path);

}  // namespace kraft
