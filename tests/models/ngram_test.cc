// N-grams: the integers are those of the definition, near the real numbers of the first revision;
// what is coded comes back and costs what was said; nothing is left of what was rewound.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>

#include "codecs/messages.h"
#include "kraft/coder.h"
#include "kraft/registry.h"
#include "models/coded.h"
#include "sanitized.h"

namespace kraft {
namespace {

// What has followed every string of up to `order` bytes, and what the definition makes of it.
class Reference {
 public:
  explicit Reference(std::size_t order) : order_(order) {}

  void observe(Byte byte) {
    for (std::size_t k = 0; k <= std::min(order_, text_.size()); ++k)
      ++followed_[text_.substr(text_.size() - k)][byte];
    text_ += static_cast<char>(byte);
  }

  // Each context takes floor(R / (c + T)) for an occurrence, the longest one first.
  std::array<std::uint64_t, 256> masses() const {
    std::array<std::uint64_t, 256> masses;
    masses.fill(1);
    std::uint64_t left = IntegerDistribution::kTotal - 256;
    for (std::size_t k = std::min(order_, text_.size()) + 1; k-- > 0;) {
      const auto found = followed_.find(text_.substr(text_.size() - k));
      if (found == followed_.end()) continue;
      std::uint64_t total = 0;
      for (const auto& [byte, count] : found->second) total += count;
      const std::uint64_t one = left / (total + found->second.size());
      for (const auto& [byte, count] : found->second) {
        masses[byte] += one * count;
        left -= one * count;
      }
    }
    for (std::size_t b = 0; left > 0; b = (b + 1) % 256) {
      const std::uint64_t share = left >= 256 && b == 0 ? left / 256 : 0;
      if (share > 0) {
        for (std::uint64_t& mass : masses) mass += share;
        left -= 256 * share;
      }
      if (left > 0) {
        ++masses[b];
        --left;
      }
    }
    return masses;
  }

 private:
  std::size_t order_;
  std::string text_;
  std::map<std::string, std::map<Byte, std::uint64_t>> followed_;
};

// Text, noise, and a byte that comes again and again: little is left to other bytes then.
std::vector<Bytes> messages(std::size_t size) {
  Bytes again(size, 'a');
  append(again, bytes_of("b"));
  Bytes few = random_bytes(size, 6);
  for (Byte& byte : few) byte &= 3;
  return {real_text(size), random_bytes(size, 5), again, few};
}

TEST(Ngram, HasTheIntegersOfTheDefinition) {
  for (const std::size_t order : {0u, 1u, 3u, 16u}) {
    for (const Bytes& message : messages(kSanitized ? 300 : 1500)) {
      const auto state = make_model("ngram:" + std::to_string(order))->start();
      Reference reference(order);
      IntegerDistribution found;
      for (std::size_t at = 0; at < message.size(); ++at) {
        if (at < 20 || at % 37 == 0 || at + 1 == message.size()) {
          const auto expected = reference.masses();
          state->next_distribution(found);
          std::array<double, 256> bits;
          state->next_byte(bits);
          std::uint64_t sum = 0;
          for (std::size_t b = 0; b < 256; ++b) {
            ASSERT_EQ(found.mass(b), expected[b]) << "order " << order << ", byte " << b;
            ASSERT_NEAR(bits[b], found.bits(b), 1e-9);
            sum += expected[b];
          }
          ASSERT_EQ(sum, IntegerDistribution::kTotal);
        }
        reference.observe(message[at]);
        state->observe(ByteView(message).subspan(at, 1));
      }
    }
  }
}

// One by one: where units of 2^-48 are coarse, the byte was next to impossible in real numbers,
// too.
TEST(Ngram, IsTheFirstRevisionUpToItsUnits) {
  for (const char* order : {"0", "2", "5"}) {
    for (const Bytes& message : messages(kSanitized ? 1000 : 10'000)) {
      const auto integers = make_model(std::string("ngram:") + order)->start();
      const auto reals = make_model(std::string("ngram#1:") + order)->start();
      for (std::size_t at = 0; at < message.size(); ++at) {
        if (at % 501 == 0) {
          std::array<double, 256> found, expected;
          integers->next_byte(found);
          reals->next_byte(expected);
          for (std::size_t b = 0; b < 256; ++b) {
            const double p = std::exp2(-expected[b]);
            ASSERT_NEAR(std::exp2(-found[b]), p, 1e-9 + 1e-6 * p);
          }
        }
        integers->observe(ByteView(message).subspan(at, 1));
        reals->observe(ByteView(message).subspan(at, 1));
      }
      // No byte costs more than 48 bits now: what is next to impossible has become cheaper.
      EXPECT_LT(integers->context_bits(), 1.0001 * reals->context_bits() + 0.01);
    }
  }
}

TEST(Ngram, WhatIsCodedComesBackAndCostsWhatIsSaid) {
  for (const char* spec : {"ngram:0", "ngram:2", "ngram:16"}) {
    const auto model = make_model(spec);
    for (const Bytes& message : messages(kSanitized ? 1000 : 5'000)) {
      const Bytes stream = expect_that_it_comes_back(*model, message);
      const auto state = model->start();
      double paid_bits = 0;
      for (std::size_t at = 0; at < message.size(); ++at) {
        const ByteView byte = ByteView(message).subspan(at, 1);
        double one = 0;
        state->measure({&byte, 1}, {&one, 1});
        if (at % 50 == 0) {
          std::array<double, 256> bits;
          state->next_byte(bits);
          ASSERT_EQ(bits[byte[0]], one);
        }
        paid_bits += one;
        state->observe(byte);
      }
      EXPECT_NEAR(state->context_bits(), paid_bits, 1e-6);
      const double coded_bits = 8 * static_cast<double>(stream.size());
      EXPECT_NEAR(coded_bits, paid_bits, 2e-4 * paid_bits + 16) << spec;
    }
  }
}

TEST(Ngram, WhatWasRewoundLeavesNothing) {
  for (const char* spec : {"ngram:0", "ngram:5", "ngram#1:5"})
    expect_that_rewinding_leaves_nothing(*make_model(spec), real_text(20'000),
                                         random_bytes(20'000, 8), real_text(2'000), 20);
}

}  // namespace
}  // namespace kraft
