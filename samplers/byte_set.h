// A set of bytes.
#pragma once

#include <bitset>

namespace kraft {

using ByteSet = std::bitset<256>;

}  // namespace kraft
