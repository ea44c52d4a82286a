// The weights that `llama` means when it is not given a file.
#pragma once

#include <string>
#include <string_view>

#include "kraft/registry.h"

namespace kraft {

// "text", "image" or "audio": rows of pixels are an image, a rate of samples is sound.
std::string default_medium(const Geometry& geometry);

// The path of MEDIUM.gguf: in KRAFT_WEIGHTS if that is set, else in share/kraft beside the
// program's bin, in the source tree that the library was built from, or where it was to be
// installed. Throws Error that names the folders.
std::string find_weights(std::string_view medium);

// XXH3-128 of a file, in hexadecimal. Throws Error when it cannot be read.
std::string hash_of_file(const std::string& path);

}  // namespace kraft
