// The most probable next bytes, as JSON.
#pragma once

#include <cstddef>
#include <span>

#include "serve/json.h"

namespace kraft::serve {

// `count` of them, the most probable first: [{"byte", "text", "bits", "probability"}].
Json top_bytes(std::span<const double, 256> bits, std::span<const double> probability,
               std::size_t count);

}  // namespace kraft::serve
