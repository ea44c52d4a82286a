// A folder of tiny language models, for as long as a test runs: text.gguf, image.gguf and
// audio.gguf, which `llama` takes for its default ones; words.gguf, with tokens of several bytes
// besides all bytes; letters.gguf, with seven tokens over a and b.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#ifdef KRAFT_HAVE_LLAMA
#include "models/tiny_gguf.h"
#endif

namespace kraft::testing {

#ifdef KRAFT_HAVE_LLAMA

inline constexpr bool kHaveLlama = true;

inline TinyModel tiny_words() {
  TinyModel model{.bos = 1, .eos = 2, .seed = 5};
  model.tokens = {{"<unk>", LLAMA_TOKEN_TYPE_UNKNOWN},
                  {"<s>", LLAMA_TOKEN_TYPE_CONTROL},
                  {"</s>", LLAMA_TOKEN_TYPE_CONTROL}};
  for (int byte = 0; byte < 256; ++byte) model.tokens.push_back(byte_token(byte));
  for (const char* word :
       {"\u2581the", "\u2581", "\u2581a", "\u2581and", "\u2581of", "th",    "the", "he",
        "er",        "in",     "ing",     "e",         "t",        "an",    "and", "at",
        "on",        "is",     "it",      "whale",     "Captain",  "\u00e9"})
    model.tokens.push_back({word});
  return model;
}

inline TinyModel tiny_letters() {
  TinyModel model{.bos = 1, .eos = 2, .context = 64, .seed = 9};
  model.tokens = {{"<unk>", LLAMA_TOKEN_TYPE_UNKNOWN},
                  {"<s>", LLAMA_TOKEN_TYPE_CONTROL},
                  {"</s>", LLAMA_TOKEN_TYPE_CONTROL}};
  for (const char* word : {"b", "ab", "a", "ba", "aab", "bb"}) model.tokens.push_back({word});
  model.tokens.push_back(byte_token('a'));  // a second token for the same byte
  return model;
}

#else

inline constexpr bool kHaveLlama = false;

#endif

class TinyWeights {
 public:
  TinyWeights()
      : folder_(std::filesystem::temp_directory_path() /
                ("kraft-weights-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
#ifdef KRAFT_HAVE_LLAMA
    write_gguf({.seed = 1}, path("text.gguf"));
    write_gguf({.type = GGML_TYPE_Q8_0, .seed = 2}, path("image.gguf"));
    write_gguf({.seed = 3}, path("audio.gguf"));
    write_gguf(tiny_words(), path("words.gguf"));
    write_gguf(tiny_letters(), path("letters.gguf"));
#endif
    setenv("KRAFT_WEIGHTS", folder_.c_str(), 1);
  }
  ~TinyWeights() {
    unsetenv("KRAFT_WEIGHTS");
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }
  TinyWeights(const TinyWeights&) = delete;
  TinyWeights& operator=(const TinyWeights&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

}  // namespace kraft::testing
