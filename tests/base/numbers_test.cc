#include "base/numbers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/text.h"

namespace kraft {
namespace {

TEST(Numbers, AreFixedAlsoWhereTheyAreNone) {
  EXPECT_EQ(fixed(48.126, 2), "48.13");
  EXPECT_EQ(fixed(-INFINITY, 2), "-inf");
  EXPECT_EQ(fixed(NAN, 2), "nan");
}

TEST(Numbers, AShareOfNothingIsNone) {
  EXPECT_EQ(share(298, 1000), "29.80 %");
  EXPECT_EQ(share(0, 7), "0.00 %");
  EXPECT_EQ(share(0, 0), "-");
}

TEST(Numbers, ASizeIsReadBackAsItWas) {
  EXPECT_EQ(size_text(1000), "1000");
  EXPECT_EQ(size_text(16384), "16KiB");
  EXPECT_EQ(size_text(1 << 20), "1MiB");
  EXPECT_EQ(size_text(std::uint64_t{1} << 40), "1024GiB");
  for (const std::uint64_t bytes : {0, 1, 1023, 1024, 1025, 1 << 20, 3 << 20, 1 << 30}) {
    std::int64_t back = -1;
    EXPECT_TRUE(parse_integer(size_text(bytes), back)) << bytes;
    EXPECT_EQ(static_cast<std::uint64_t>(back), bytes);
  }
}

}  // namespace
}  // namespace kraft
