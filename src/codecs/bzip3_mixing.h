// How bzip3 predicts the last column of its transform: three predictions of each bit, after the
// bits of the byte so far, mixed with fixed weights and refined.
//
// A byte is eight binary decisions from the highest bit down. A node, 1 to 255, stands for the bits
// so far behind a leading one. Each node has a probability of a one in 1/65536, after any byte
// (adapting fast), and after each byte (slowly); the mixture of 7/16 any, 7/16 the last byte, 2/16
// the byte before is an index into 17 refined probabilities, between two of which is interpolated.
// These are kept for two cases: whether the last four bytes were equal, or not.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "kraft/bytes.h"

namespace kraft::bzip3 {

using Probability = std::uint16_t;
using Nodes = std::array<Probability, 256>;
using Refined = std::array<Probability, 17>;

constexpr Nodes even_nodes() {
  Nodes nodes{};
  nodes.fill(1 << 15);
  return nodes;
}

constexpr Refined unrefined() {
  Refined refined{};
  for (std::size_t i = 0; i < refined.size(); ++i)
    refined[i] = static_cast<Probability>((i << 12) - (i == 16 ? 1 : 0));
  return refined;
}

// The bytes before: the last, the one before that, and whether the last four are
// equal.
struct Before {
  Byte last = 0, second = 0;
  bool run = false;
};

// Follows a column from its first row.
class BeforeEach {
 public:
  // Of the next byte.
  Before next() {
    equal_ = now_.last == now_.second ? equal_ + 1 : 0;
    now_.run = equal_ > 2;
    return now_;
  }
  void push(Byte byte) {
    now_.second = now_.last;
    now_.last = byte;
  }

 private:
  Before now_;
  std::uint64_t equal_ = 0;
};

// One decision: what it reads, and what it changes when the bit is known.
struct Decision {
  static constexpr int kScaleBits = 18;

  Decision(Probability& any, Probability& after_last, const Probability& after_second,
           Refined& refined)
      : any_(any), after_last_(after_last), refined_(refined) {
    const std::uint32_t p =
        ((std::uint32_t{any} + after_last) * 7 + 2 * std::uint32_t{after_second}) >> 4;
    index_ = p >> 12;
    const std::int32_t low = refined[index_], high = refined[index_ + 1];
    const std::int32_t between = low + (((high - low) * static_cast<std::int32_t>(p & 4095)) >> 12);
    one_ = static_cast<std::uint32_t>(between) * 3 + p;
  }

  // Of a one, in 2^-kScaleBits; may be 0.
  std::uint32_t one() const { return one_; }

  // What learn() changes, for taking it back.
  using Saved = std::array<Probability, 4>;
  Saved saved() const { return {any_, after_last_, refined_[index_], refined_[index_ + 1]}; }
  void restore(const Saved& saved) {
    any_ = saved[0];
    after_last_ = saved[1];
    refined_[index_] = saved[2];
    refined_[index_ + 1] = saved[3];
  }

  void learn(bool bit) {
    move(any_, bit, 2);
    move(after_last_, bit, 4);
    move(refined_[index_], bit, 6);
    move(refined_[index_ + 1], bit, 6);
  }

 private:
  static void move(Probability& p, bool bit, int rate) {
    p = static_cast<Probability>(bit ? p + ((p ^ 65535) >> rate) : p - (p >> rate));
  }

  Probability& any_;
  Probability& after_last_;
  Refined& refined_;
  std::uint32_t index_ = 0;
  std::uint32_t one_ = 0;
};

// All that is learnt. 150 KB.
struct Mixing {
  Mixing() {
    any.fill(1 << 15);
    for (Nodes& nodes : after) nodes = even_nodes();
    for (auto& of_case : refined) of_case.fill(unrefined());
  }

  Decision decide(const Before& before, std::size_t node) {
    return {any[node], after[before.last][node], after[before.second][node],
            refined[before.run ? 1 : 0][node]};
  }

  Nodes any;
  std::array<Nodes, 256> after;
  std::array<std::array<Refined, 256>, 2> refined;
};

}  // namespace kraft::bzip3
