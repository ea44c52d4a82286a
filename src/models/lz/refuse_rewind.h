// What a view says when it is to go back to where it has not been since its last trim().
#pragma once

#include <cstdint>
#include <string>

#include "kraft/error.h"

namespace kraft::lz {

[[noreturn]] inline void refuse_rewind(std::uint64_t position, std::uint64_t now) {
  throw Error("the decoder's view cannot go back to position " + std::to_string(position) +
              " from " + std::to_string(now));
}

}  // namespace kraft::lz
