// PPMd: what it codes comes back, its distributions are whole, and nothing is left of what was
// rewound.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

#include "codecs/messages.h"
#include "kraft/choices.h"
#include "kraft/coder.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/coded.h"
#include "models/ppmd/tree.h"

namespace kraft {
namespace {

TEST(Ppmd, WhatIsCodedComesBack) {
  Bytes mixed = real_text(60'000);
  append(mixed, random_bytes(20'000, 3));
  append(mixed, Bytes(30'000, 'a'));
  for (const char* spec : {"ppmd", "ppmd:2", "ppmd:64", "ppmd:6,mem=1MiB"}) {
    const auto model = make_model(spec);
    for (const ByteView text : {ByteView(), ByteView(mixed).first(1), ByteView(mixed)})
      expect_that_it_comes_back(*model, text);
  }
}

// Random bytes fill the smallest memory several times over.
TEST(Ppmd, BeginsAnewWhenItsMemoryIsFull) {
  const Bytes text = random_bytes(1'000'000, 5);
  const Bytes stream = expect_that_it_comes_back(*make_model("ppmd:4,mem=1MiB"), text);
  EXPECT_LT(stream.size(), text.size() + text.size() / 40);
}

TEST(Ppmd, TheBitsOfItsBytesAreTheLengthOfItsStream) {
  const Bytes text = real_text(50'000);
  const auto model = make_model("ppmd");
  const double bits = model->start(text)->context_bits();
  const auto stream_bits = 8 * static_cast<double>(encoded(*model, text).size());
  EXPECT_NEAR(bits / stream_bits, 1, 2e-4);
}

TEST(Ppmd, NextByteIsWhatCodingPays) {
  const Bytes text = real_text(4'000);
  const auto state = make_model("ppmd:5")->start();
  std::array<double, 256> bits;
  RangeEncoder encoder;
  double paid_bits = 0;
  for (const Byte byte : text) {
    state->next_byte(bits);
    double sum = 0;
    for (const double b : bits) sum += std::exp2(-b);
    ASSERT_NEAR(sum, 1, 1e-9);
    paid_bits += bits[byte];
    state->by_choices()->encode(byte, encoder);
    ASSERT_NEAR(state->context_bits(), paid_bits, 1e-6);
  }
}

TEST(Ppmd, WhatWasRewoundLeavesNothing) {
  const Bytes text = real_text(30'000), noise = random_bytes(300'000, 8);
  for (const char* spec : {"ppmd", "ppmd:4,mem=1MiB"}) {  // with the latter, it begins anew between
    expect_that_rewinding_leaves_nothing(*make_model(spec), text, noise, real_text(2'000));
  }
}

// Files of this version decode for ever: what is coded by integers never changes.
TEST(Ppmd, WritesTheSameStreamForEver) {
  Bytes text;
  for (unsigned i = 0; i < 3'000; ++i)
    text.push_back(static_cast<Byte>("the whale, the sea and the ship; "[(i * i / 7 + i) % 33]));
  const Bytes stream = encoded(*make_model("ppmd:6"), text);
  EXPECT_EQ(stream.size(), 164u);
  const std::uint64_t sum =
      std::accumulate(stream.begin(), stream.end(), std::uint64_t{1469598103934665603u},
                      [](std::uint64_t hash, Byte byte) {
                        return (hash ^ byte) * 1099511628211u;  // FNV-1a
                      });
  EXPECT_EQ(sum, 469093072270673286u);
}

TEST(Ppmd, AStreamThatIsCutShortIsAnError) {
  const Bytes text = real_text(5'000);
  const auto model = make_model("ppmd");
  const Bytes stream = encoded(*model, text);
  RangeDecoder decoder(ByteView(stream).first(stream.size() / 2));
  EXPECT_THROW(decode_bytes(*model->start(), text.size(), decoder), Error);
}

}  // namespace
}  // namespace kraft
