#include <xxhash.h>

#include "coding/wire.h"

namespace kraft {

std::uint64_t checksum(ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace kraft
