#include "evaluate/copying.h"

#include <gtest/gtest.h>

#include <string>

#include "kraft/random.h"

namespace kraft {
namespace {

TEST(Copying, NamesEachCopiedSpanAndItsPlace) {
  const std::string context = "the white whale and the sea";
  const CopyDetector detector(as_bytes(context));
  const Copying copying = detector.analyse(as_bytes("the sea!a white whale?abc"));
  ASSERT_EQ(copying.spans.size(), 2u);
  EXPECT_EQ(copying.spans[0], (CopiedSpan{0, 7, 20}));
  EXPECT_EQ(copying.spans[1], (CopiedSpan{9, 12, 3}));  // " white whale"
}

TEST(Copying, SpansStandWhereTheySay) {
  Random random(3);
  std::string context, sample;
  for (int i = 0; i < 3000; ++i) context += "abcd"[random.below(4)];
  for (int i = 0; i < 300; ++i) sample += "abcde"[random.below(5)];
  const CopyDetector detector(as_bytes(context));
  const Copying copying = detector.analyse(as_bytes(sample));
  EXPECT_FALSE(copying.spans.empty());
  for (const CopiedSpan& span : copying.spans) {
    EXPECT_GE(span.bytes, Copying::kLeastSpanBytes);
    EXPECT_EQ(sample.substr(span.begin, span.bytes),
              context.substr(span.context_begin, span.bytes));
    if (span.begin + span.bytes < sample.size()) {
      EXPECT_EQ(context.find(sample.substr(span.begin, span.bytes + 1)), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace kraft
