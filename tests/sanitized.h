// Whether a sanitizer watches, which takes memory and time of its own.
#pragma once

#include <cstddef>

namespace kraft {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

// So many draws of a test that counts them; under a sanitizer, which looks at every one as closely,
// an eighth.
constexpr int draws(int full) { return kSanitized ? full / 8 : full; }

// So many bytes of a test that goes through them all; under a sanitizer a quarter.
constexpr std::size_t sized(std::size_t full) { return kSanitized ? full / 4 : full; }

}  // namespace kraft
