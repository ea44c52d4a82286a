// What must hold of every model that is its own coder.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "kraft/choices.h"
#include "kraft/coder.h"
#include "kraft/model.h"

namespace kraft {

inline Bytes encoded(const Model& model, ByteView text) {
  RangeEncoder encoder;
  encode_bytes(*model.start(), text, encoder);
  return encoder.finish();
}

// Returns the stream.
inline Bytes expect_that_it_comes_back(const Model& model, ByteView text) {
  const Bytes stream = encoded(model, text);
  RangeDecoder decoder(stream);
  EXPECT_EQ(decode_bytes(*model.start(), text.size(), decoder), Bytes(text.begin(), text.end()))
      << model.spec();
  decoder.finish();
  return stream;
}

// What is paid for the bytes, one by one, is what next_byte() and measure() say, and what the
// stream has.
inline void expect_that_next_byte_is_what_coding_pays(const Model& model, ByteView data) {
  const auto state = model.start();
  std::array<double, 256> bits;
  RangeEncoder encoder;
  double paid_bits = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const ByteView byte = data.subspan(i, 1);
    double one = 0;
    state->measure({&byte, 1}, {&one, 1});
    if (i % 50 == 0) {
      state->next_byte(bits);
      double sum = 0;
      for (const double b : bits) sum += std::exp2(-b);
      ASSERT_NEAR(sum, 1, 1e-9);
      ASSERT_EQ(bits[byte[0]], one);
    }
    paid_bits += one;
    state->by_choices()->encode(byte[0], encoder);
    ASSERT_NEAR(state->context_bits(), paid_bits, 1e-6);
  }
  EXPECT_NEAR(paid_bits, 8 * static_cast<double>(encoder.finish().size()), 16);
}

// After `text`, what was observed and taken back is forgotten, as is what a clone has observed: the
// bytes of `next` are expected as if it had never been, looked at before every so many of them.
inline void expect_that_rewinding_leaves_nothing(const Model& model, ByteView text, ByteView noise,
                                                 ByteView next, std::size_t every = 1) {
  const auto never = model.start(text), back = model.start(text);
  const Mark mark = back->mark();
  back->observe(noise);
  back->rewind(mark);
  const auto copy = back->clone();
  copy->observe(noise);
  back->forget(mark);
  std::array<double, 256> expected, found;
  for (std::size_t i = 0; i < next.size(); ++i) {
    if (i % every == 0) {
      never->next_byte(expected);
      back->next_byte(found);
      ASSERT_EQ(expected, found) << model.spec() << ", byte " << i;
    }
    never->observe(next.subspan(i, 1));
    back->observe(next.subspan(i, 1));
  }
}

}  // namespace kraft
