// The decoder's view of bzip3: against the mixture of the codec over whole columns, and what every
// view promises.

#include "models/bwt/bzip3_view.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <memory>

#include "codecs/bzip3_mixing.h"
#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/coded.h"
#include "models/views.h"

namespace kraft {
namespace {

using bwt::Bzip3Block;
using bwt::Bzip3View;
using bwt::Column;
using bwt::Snapshots;
using bzip3::Mixing;

void learn(Mixing& mixing, bzip3::BeforeEach& before_each, Byte byte) {
  const bzip3::Before before = before_each.next();
  std::size_t node = 1;
  for (int i = 7; i >= 0; --i) {
    const bool bit = (byte >> i & 1) != 0;
    mixing.decide(before, node).learn(bit);
    node = 2 * node + (bit ? 1 : 0);
  }
  before_each.push(byte);
}

double mass_of(Mixing& mixing, const bzip3::Before& before, Byte byte) {
  double mass = 1;
  std::size_t node = 1;
  for (int i = 7; i >= 0; --i) {
    const double one = std::max(mixing.decide(before, node).one(), 1u) / 262144.0;
    const bool bit = (byte >> i & 1) != 0;
    mass *= bit ? one : 1 - one;
    node = 2 * node + (bit ? 1 : 0);
  }
  return mass;
}

// Each byte, and then the row below, by a mixture of its own.
std::array<double, 256> priced(const Mixing& mixing, const bzip3::BeforeEach& before_each,
                               const Column& column) {
  std::array<double, 256> bits{};
  double sum = 0;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const auto own = std::make_unique<Mixing>(mixing);
    bzip3::BeforeEach here = before_each, before = before_each;
    double mass = mass_of(*own, here.next(), static_cast<Byte>(byte));
    learn(*own, before, static_cast<Byte>(byte));
    if (column.hole() < column.size())
      mass *= mass_of(*own, before.next(), column.at(column.hole()).next);
    bits[byte] = -std::log2(mass);
    sum += mass;
  }
  for (double& b : bits) b += std::log2(sum);
  return bits;
}

void expect_near(Bzip3Block& block, const std::array<double, 256>& expected) {
  std::array<double, 256> bits;
  block.next_byte(bits);
  double sum = 0;
  for (std::size_t b = 0; b < 256; ++b) {
    ASSERT_NEAR(bits[b], expected[b], 1e-9) << b;
    ASSERT_EQ(bits[b], block.bits_of(static_cast<Byte>(b)));
    sum += std::exp2(-bits[b]);
  }
  EXPECT_NEAR(sum, 1, 1e-12);
}

std::vector<Bytes> texts() {
  Bytes few(3000);
  Random random(1);
  for (Byte& byte : few) byte = static_cast<Byte>(random.below(2));
  return {real_text(5000), random_bytes(3000, 2), Bytes(2500, 0), few, Bytes{}, Bytes{9}};
}

TEST(Bzip3View, IsTheMixtureThatHasLearntAllRowsAbove) {
  for (const Bytes& text : texts()) {
    Bzip3Block block(text);
    const Column column(text, Bytes(text.size()));
    const auto mixing = std::make_unique<Mixing>();
    bzip3::BeforeEach before_each;
    for (const Byte byte : column.read(0, column.hole())) learn(*mixing, before_each, byte);
    expect_near(block, priced(*mixing, before_each, column));
  }
}

// After bytes that have come since: every mixture that was held still, kept whole.
TEST(Bzip3View, LearnsTheRowsBelowWhatIsHeldStill) {
  for (const Bytes& text : texts()) {
    Bzip3Block block(text);
    Column column(text, Bytes(text.size()));
    std::vector<std::unique_ptr<Mixing>> held;
    std::vector<std::size_t> rows;  // of each, as they are now
    auto mixing = std::make_unique<Mixing>();
    bzip3::BeforeEach before_each;
    for (const Byte byte : column.read(0, column.size())) {
      if (rows.empty() || rows.back() == Snapshots::kRows) {
        held.push_back(std::make_unique<Mixing>(*mixing));
        rows.push_back(0);
      }
      ++rows.back();
      learn(*mixing, before_each, byte);
    }
    if (rows.empty()) {
      held.push_back(std::move(mixing));
      rows.push_back(0);
    }
    const Bytes more = real_text(1500);
    for (std::size_t i = 0; i < more.size(); ++i) {
      std::size_t place = 0, left = column.hole();
      for (; left > rows[place]; ++place) left -= rows[place];
      if (i % 150 == 0) {
        Mixing resumed = *held[place];
        bzip3::BeforeEach before;
        const Bytes above = column.read(0, column.hole());
        const std::size_t learnt = std::min(left, Bzip3Block::kMostLearnt);
        for (std::size_t r = 0; r < above.size(); ++r) {
          if (r >= above.size() - learnt) {
            learn(resumed, before, above[r]);
          } else {
            before.next();
            before.push(above[r]);
          }
        }
        expect_near(block, priced(resumed, before, column));
      }
      ++rows[place];
      block.push(more[i]);
      column.push(more[i]);
    }
  }
}

TEST(Bzip3View, ObservingAtOnceIsObservingOneByOne) {
  for (const std::uint64_t block_bytes : {1 << 20, 3000}) {
    const Bzip3View view(block_bytes, 2048);
    for (const std::size_t size : {0, 1, 16, 1000, 2048, 9000})
      expect_at_once_is_one_by_one(view, view, real_text(size));
  }
}

TEST(Bzip3View, AfterARewindIsAsIfNothingHadBeenObserved) {
  expect_that_rewinds_leave_nothing([] { return Bzip3View(2000, 1024); }, real_text(4000), 0, 25,
                                    300);
}

TEST(Bzip3View, PredictsTextNearlyAsWellAsBzip3CompressesIt) {
  const Bytes text = real_text(44000);
  const ByteView context = ByteView(text).first(40000), truth = ByteView(text).subspan(40000);
  const auto codec = make_codec("bzip3");
  const double own = 8.0 * (static_cast<double>(codec->encode(text).size()) -
                            static_cast<double>(codec->encode(context).size()));
  const double bits = bits_given("bzip3,view=decoder", context, truth);
  EXPECT_LT(bits, 1.2 * own);
  EXPECT_GT(bits, 0.8 * own);
}

TEST(Bzip3View, CodesTextThatComesBack) {
  const auto model = make_model("bzip3,view=decoder,refresh=1024");
  EXPECT_LT(expect_that_it_comes_back(*model, real_text(6000)).size(), 3400u);
}

TEST(Bzip3View, RefusesWhatBelongsToTheOtherView) {
  EXPECT_THROW(make_model("bzip3,view=decoder,context=4KiB"), UsageError);
  EXPECT_THROW(make_model("bzip3,refresh=4KiB"), UsageError);
  EXPECT_EQ(codec_spec("bzip3,block=1,view=decoder,refresh=2KiB"), "bzip3,block=1");
}

}  // namespace
}  // namespace kraft
