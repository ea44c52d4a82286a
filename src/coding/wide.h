// Products of 64-bit integers.
#pragma once

namespace kraft {

__extension__ using Wide = unsigned __int128;
__extension__ using SignedWide = __int128;

}  // namespace kraft
