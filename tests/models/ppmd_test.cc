// PPMd: what it codes comes back, its distributions are whole, and nothing is left of what was
// rewound.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "codecs/messages.h"
#include "kraft/choices.h"
#include "kraft/coder.h"
#include "kraft/error.h"
#include "kraft/random.h"
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

std::array<std::uint64_t, 256> weights_of(const ppmd::Tree& tree) {
  std::array<std::uint64_t, 256> weights;
  tree.next_weights(weights);
  return weights;
}

// What occurred is predicted where it is followed, and nothing of it is learnt.
TEST(Ppmd, WhatIsFollowedMovesContextsAlone) {
  const Bytes text = real_text(60'000), noise = random_bytes(2'000, 4);
  for (const int order : {2, 6, 16}) {
    ppmd::Tree tree(order, std::size_t{16} << 20);
    for (const Byte byte : text) tree.observe(byte);
    const auto learnt = weights_of(tree);
    ppmd::Tree never = tree.clone(), learning = tree.clone();
    double observed = 0;
    for (std::size_t i = 20'000; i < 22'000; ++i) observed += learning.observe(text[i]);

    tree.keep_marks(true);
    const ppmd::Tree::Place place = tree.mark();
    double bits[2] = {0, 0};
    for (const std::size_t round : {0, 1}) {
      for (std::size_t i = 20'000; i < 22'000; ++i) {
        bits[round] += tree.bits_of(text[i]);
        tree.follow(text[i]);
      }
    }
    EXPECT_NEAR(bits[1] / bits[0], 1, 0.03) << order;
    EXPECT_LT(bits[0], 2 * observed) << order;
    for (const Byte byte : noise) tree.follow(byte);
    tree.rewind(place);
    EXPECT_EQ(weights_of(tree), learnt) << order;

    for (std::size_t i = 20'000; i < 22'000; ++i) tree.follow(text[i]);
    double back = 0, never_bits = 0;
    for (std::size_t i = 0; i < 1'000; ++i) {
      back += tree.observe(text[i]);
      never_bits += never.observe(text[i]);
    }
    EXPECT_NEAR(back / never_bits, 1, 0.01) << order;
  }
}

// Here and there in what is learnt, and when the memory is full.
TEST(Ppmd, FollowsAnythingAtAnyTime) {
  const Bytes text = real_text(30'000), noise = random_bytes(150'000, 11);
  for (const int order : {2, 5, 64}) {
    ppmd::Tree tree(order, ppmd::Tree::kLeastMemory);
    Random random(static_cast<std::uint64_t>(order));
    for (const ByteView bytes : {ByteView(text), ByteView(noise), ByteView(text)}) {
      for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t count = std::min<std::size_t>(random.below(60), bytes.size() - at);
        const bool learns = random.below(3) > 0;
        for (const std::size_t end = at + count; at < end; ++at) {
          if (learns) {
            tree.observe(bytes[at]);
          } else {
            tree.follow(bytes[at]);
          }
        }
        if (random.below(20) > 0) continue;
        const auto weights = weights_of(tree);
        ASSERT_GT(*std::ranges::min_element(weights), 0u);
        ASSERT_LE(std::accumulate(weights.begin(), weights.end(), std::uint64_t{0}),
                  std::uint64_t{1} << 62);
      }
    }
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
