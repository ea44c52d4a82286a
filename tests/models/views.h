// What must hold of the engine of every decoder's view (models/lz/view_state.h).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "codecs/messages.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "kraft/model.h"
#include "kraft/random.h"
#include "kraft/registry.h"
#include "sanitized.h"

namespace kraft {

// The 256 probabilities sum to 1, none costs `most_bits`, and one at a time they are the same.
template <typename View>
void expect_distribution(View& view, double most_bits = std::numeric_limits<double>::infinity()) {
  std::array<double, 256> bits;
  view.next_byte(bits);
  double sum = 0;
  for (std::size_t b = 0; b < 256; ++b) {
    sum += std::exp2(-bits[b]);
    ASSERT_LT(bits[b], most_bits);
    ASSERT_EQ(bits[b], view.bits_of(static_cast<Byte>(b)));
  }
  ASSERT_NEAR(sum, 1, 1e-11) << view.position_bytes();
}

template <typename View>
void expect_same(View& a, View& b) {
  ASSERT_EQ(a.position_bytes(), b.position_bytes());
  std::array<double, 256> x, y;
  a.next_byte(x);
  b.next_byte(y);
  ASSERT_EQ(x, y);
}

// The views are new ones.
template <typename View>
void expect_at_once_is_one_by_one(View whole, View single, ByteView text) {
  whole.observe(text);
  for (const Byte byte : text) {
    single.observe(byte);
    single.trim();
  }
  expect_same(whole, single);
}

// Goes through the text from `begin` on in steps of less than `most`, and from each place aside and
// back, across a refresh now and then. make() returns a new view.
template <typename Make>
void expect_that_rewinds_leave_nothing(Make make, ByteView text, std::size_t begin, int steps,
                                       std::size_t most) {
  const Bytes other = random_bytes(300, 5);
  Random random(6);
  if (kSanitized) steps /= 5;
  auto view = make();
  std::size_t at = begin;
  view.observe(text.first(at));
  for (int step = 0; step < steps; ++step) {
    const std::size_t more = random.below(std::min<std::size_t>(text.size() - at, most));
    view.observe(text.subspan(at, more));
    at += more;
    view.trim();
    for (int i = 0; i < 3; ++i) {
      for (std::size_t k = random.below(i == 2 ? 1500 : 40); k > 0; --k)
        view.observe(i == 1 ? Byte{'x'} : other[k % other.size()]);
      if (i != 1) view.bits_of('e');
      view.rewind(at);
    }
    auto never = make();
    never.observe(text.first(at));
    expect_same(view, never);
    // It goes on alike, too.
    for (const Byte byte : {text[at / 2], text[at / 3]}) {
      view.observe(byte);
      never.observe(byte);
      expect_same(view, never);
    }
    view.rewind(at);
  }
  EXPECT_THROW(view.rewind(at + 1), Error);
}

// Compares how often each string of so many of the first letters was drawn with what the view
// expects after what it has observed (Pearson's test).
template <typename View>
void expect_counts(View& view, const std::map<Bytes, int>& counts, int times, std::size_t alphabet,
                   std::size_t size) {
  const std::uint64_t begin = view.position_bytes();
  std::size_t strings = 1;
  for (std::size_t i = 0; i < size; ++i) strings *= alphabet;
  double statistic = 0, rest = times;
  int rest_count = times;
  for (std::size_t index = 0; index < strings; ++index) {
    Bytes string;
    for (std::size_t i = 0, digits = index; i < size; ++i, digits /= alphabet)
      string.push_back(static_cast<Byte>('a' + digits % alphabet));
    double bits = 0;
    for (const Byte byte : string) {
      bits += view.bits_of(byte);
      view.observe(byte);
    }
    view.rewind(begin);
    const auto found = counts.find(string);
    const int count = found == counts.end() ? 0 : found->second;
    const double expected = times * std::exp2(-bits);
    ASSERT_GT(expected, 5);
    statistic += (count - expected) * (count - expected) / expected;
    rest -= expected;
    rest_count -= count;
  }
  ASSERT_GT(rest, 8);  // of other bytes
  statistic += (rest_count - rest) * (rest_count - rest) / rest;
  const auto freedom = static_cast<double>(strings);
  EXPECT_LT(statistic, freedom + 5 * std::sqrt(2 * freedom)) << alphabet << " " << size;
}

// Of a text after a context.
inline double bits_given(const std::string& spec, ByteView context, ByteView text) {
  double bits = 0;
  make_model(spec)->start(context)->measure({&text, 1}, {&bits, 1});
  return bits;
}

// Returns the file, which is the same by any number of threads and comes back.
inline Bytes expect_a_kraft_file(const std::string& spec, ByteView text) {
  const auto model = make_model(spec);
  Bytes file = compress(*model, text, {.threads = 1});
  EXPECT_EQ(file, compress(*model, text, {.threads = 3}));
  EXPECT_EQ(decompress(file), Bytes(text.begin(), text.end()));
  return file;
}

}  // namespace kraft
