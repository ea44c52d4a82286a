#ifdef KRAFT_HAVE_LLAMA

#include "models/llama/trial.h"

#include <ggml.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "base/subprocess.h"
#include "base/text.h"
#include "kraft/error.h"
#include "models/llama/gguf_file.h"
#include "models/llama/weights.h"

namespace kraft {
namespace {

// The weights in src/models/weights: their sizes and hash_of_file().
struct Known {
  std::uint64_t bytes;
  std::string_view hash;
};
constexpr std::array kKnown = {
    Known{4'459'872, "713847462510005f1345bdd1aa0e7c23"},  // text
    Known{1'948'352, "2112cb995b504c102d451c95c51d5005"},  // image
    Known{1'948'384, "5c13a7f7f3ce56ca67b73196f58a4736"},  // audio
};

// A load from a slow disk takes its time; this only ends what hangs.
constexpr std::chrono::minutes kLongest{10};

bool comes_with_kraft(const std::string& path, std::uint64_t bytes) {
  const auto same_size = [bytes](const Known& known) { return known.bytes == bytes; };
  if (std::ranges::none_of(kKnown, same_size)) return false;
  const std::string hash = hash_of_file(path);
  return std::ranges::any_of(kKnown, [&](const Known& known) { return known.hash == hash; });
}

// "/path/ggml.c:123: GGML_ASSERT(x) failed" becomes "GGML_ASSERT(x) failed".
void end_with_assertion(const char* message) {
  const std::size_t place = std::string_view(message).find(": ");
  end_trial(place == std::string_view::npos ? message : message + place + 2);
}

}  // namespace

void expect_sound_weights(const std::string& path, const std::function<void()>& try_out) {
  static std::mutex mutex;
  static std::set<FileState> sound;
  const std::optional<FileState> state = state_of_file(path);
  const std::lock_guard lock(mutex);
  if (state && sound.contains(*state)) return;
  if (!state || !comes_with_kraft(path, std::get<1>(*state))) {
    read_gguf(path);
    const auto carefully = [&] {
      ggml_set_abort_callback(end_with_assertion);
      try_out();
    };
    if (const auto failure = fails_in_trial(carefully, kLongest))
      throw Error("llama: cannot load " + printable(path) +
                  ": llama.cpp fails with it: " + *failure);
  }
  if (state) sound.insert(*state);
}

}  // namespace kraft

#endif  // KRAFT_HAVE_LLAMA
