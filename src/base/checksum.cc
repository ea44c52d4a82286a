#include <xxhash.h>

#include "base/wire.h"

namespace kraft {

std::uint64_t checksum(ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace kraft
