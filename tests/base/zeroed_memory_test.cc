#include "base/zeroed_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

namespace kraft {
namespace {

class OfSize : public ::testing::TestWithParam<std::size_t> {};

TEST_P(OfSize, ItIsZeroAlignedAndWritableToTheEnd) {
  for (int again = 0; again < 3; ++again) {
    const ZeroedMemory memory(GetParam());
    Byte* const begin = memory.begin();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(begin) % ZeroedMemory::kAlignment, 0u);
    EXPECT_TRUE(std::all_of(begin, begin + GetParam(), [](Byte byte) { return byte == 0; }));
    std::fill(begin, begin + GetParam(), Byte{0xff});
  }
}

INSTANTIATE_TEST_SUITE_P(ZeroedMemory, OfSize,
                         ::testing::Values(1, 16384, ZeroedMemory::kHugeBytes - 1,
                                           ZeroedMemory::kHugeBytes,
                                           3 * ZeroedMemory::kHugeBytes + 5));

}  // namespace
}  // namespace kraft
