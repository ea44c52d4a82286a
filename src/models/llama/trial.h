// Weights that nobody vouches for, tried where a crash does no harm.
#pragma once

#include <functional>
#include <string>

namespace kraft {

// llama.cpp ends the process, with an assertion or a division by zero, for many a file that is not
// what it takes for granted. So a file is read by gguf_file.h first; then, unless it is one of
// those that come with kraft, a copy of this process does `try_out`, which loads and evaluates it.
// Each file is tried once. Throws Error: one line with the file and what is wrong with it.
void expect_sound_weights(const std::string& path, const std::function<void()>& try_out);

}  // namespace kraft
