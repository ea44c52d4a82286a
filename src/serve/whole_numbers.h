// Fields that no table of options has: whole numbers, as the routes read and describe them.
#pragma once

#include <cstdint>
#include <optional>

namespace kraft::serve {

struct WholeNumber {
  const char* name;
  std::int64_t min, max;
  const char* meaning;
  std::optional<std::int64_t> initial = {};  // nothing where it depends on the request
};

inline constexpr WholeNumber kMaxTokens{"max_tokens", 0, 1 << 20, "units of the model to draw", 16};
inline constexpr WholeNumber kChoices{"n", 1, 128, "choices for each prompt", 1};
inline constexpr WholeNumber kBestOf{"best_of", kChoices.min, kChoices.max, "only the value of n"};
inline constexpr WholeNumber kSeed{
    "seed", 0, std::int64_t{1} << 53,
    "seed of the random numbers; the answer has the one that was used"};
inline constexpr WholeNumber kLogprobs{"logprobs", 0, 256,
                                       "say what each token costs, with so many alternatives"};
inline constexpr WholeNumber kNextTop{"top", 1, 256, "so many bytes, the most probable", 16};
inline constexpr WholeNumber kTraceFrom{"from", 0, std::int64_t{1} << 40,
                                        "from this byte of it on only", 0};
inline constexpr WholeNumber kTraceTop{"top", 0, 256, "alternatives of each byte", 3};

}  // namespace kraft::serve
