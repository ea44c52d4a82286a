// The decoder's view of Zstandard: its tables as frames have them, against the enumeration of all
// ways to cut short texts into sequences, and what every view promises.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/views.h"
#include "models/zstd/decoder_view.h"
#include "models/zstd/tables.h"

namespace kraft {
namespace {

namespace z = zstd;

Bytes skewed_bytes(std::size_t size) {
  Random random(2);
  Bytes bytes(size);
  for (Byte& byte : bytes) byte = static_cast<Byte>(random.below(1 + random.below(60)));
  return bytes;
}

void expect_complete(const z::StateCounts& table) {
  EXPECT_EQ(std::accumulate(table.counts.begin(), table.counts.end(), 0), 1 << table.log);
}

TEST(ZstdTables, AreCompleteCodesAtEveryLevel) {
  for (const int level : {-3, 1, 3, 6, 12, 19}) {
    const auto codec = make_codec("zstd:" + std::to_string(level));
    for (const Bytes& message : {real_text(300), real_text(30000), skewed_bytes(200000),
                                 random_bytes(3000, 1), Bytes(5000, 'x')}) {
      z::Tables tables;
      z::read_tables(codec->encode(message), tables);
      double kraft_sum = 0;
      for (const int bits : tables.literal_bits) kraft_sum += bits == 0 ? 0 : std::exp2(-bits);
      EXPECT_TRUE(kraft_sum == 1 || kraft_sum == 0.5) << kraft_sum;  // one byte alone: half
      expect_complete(tables.literal_lengths);
      expect_complete(tables.offsets);
      expect_complete(tables.match_lengths);
    }
  }
}

TEST(ZstdTables, SayWhichLiteralsAreFrequent) {
  z::Tables tables;
  z::read_tables(make_codec("zstd:3")->encode(skewed_bytes(50000)), tables);
  EXPECT_EQ(tables.blocks, 1u);
  EXPECT_LE(tables.literal_bits[0], 4);
  EXPECT_GE(tables.literal_bits[50], 8);
  EXPECT_EQ(tables.literal_bits[61], 0);
}

TEST(ZstdTables, OfADamagedFrameAreAnErrorAndNoCrash) {
  const Bytes frame = make_codec("zstd:3")->encode(real_text(20000));
  for (std::size_t size = 0; size < 200; ++size) {
    z::Tables tables;
    EXPECT_THROW(z::read_tables(ByteView(frame).first(size), tables), Error);
  }
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    Bytes damaged = frame;
    for (int k = 0; k < 3; ++k)
      damaged[random.below(std::min<std::size_t>(damaged.size(), 150))] =
          static_cast<Byte>(random.bits());
    z::Tables tables;
    try {
      z::read_tables(damaged, tables);
    } catch (const Error&) {
    }
  }
}

// The mass of all sequences whose text begins with `rest`, from a begin of a sequence on. Exact for
// texts so short that no copy ends within them: the last offsets are those that a frame begins
// with.
class AllSequences {
 public:
  AllSequences(const z::Prices& prices, ByteView seen) : p_(prices), seen_(seen) {}

  double mass(ByteView rest) const {
    Bytes text(seen_.begin(), seen_.end());
    double sum = 0, literals = 1;
    for (std::size_t l = 0; l < rest.size(); ++l) {
      sum += literals * p_.run[l] * copies(text, rest.subspan(l), l == 0);
      literals *= std::exp2(-p_.literal_bits[rest[l]]);
      text.push_back(rest[l]);
    }
    // Literals to the end: the last of them is priced as one that comes.
    const std::size_t last = rest.size() - 1;
    literals *= std::exp2(p_.literal_bits[rest[last]]) * p_.literal[rest[last]];
    return sum + literals * p_.longer_run[last];
  }

 private:
  double copies(const Bytes& text, ByteView rest, bool at_once) const {
    const auto matches = [&](std::size_t distance) {
      if (distance == 0 || distance > text.size()) return false;
      for (std::size_t i = 0; i < rest.size(); ++i) {
        const Byte copied = i < distance ? text[text.size() - distance + i] : rest[i - distance];
        if (copied != rest[i]) return false;
      }
      return true;
    };
    double sum = 0, all = 0;
    for (std::uint32_t d = 1; d <= text.size() && d <= p_.offset.window_bytes(); ++d) {
      all += z::Prices::kUnit * p_.offset.of(d);
      if (matches(d)) sum += z::Prices::kUnit * p_.offset.of(d);
    }
    const std::array<std::size_t, 3> last =
        at_once ? std::array<std::size_t, 3>{4, 8, 0} : std::array<std::size_t, 3>{1, 4, 8};
    for (std::size_t i = 0; i < 3; ++i) {
      all += p_.repeated[i];
      if (matches(last[i])) sum += p_.repeated[i];
    }
    return sum / all;
  }

  const z::Prices& p_;
  ByteView seen_;
};

TEST(ZstdView, SumsOverAllSequences) {
  const auto codec = make_codec("zstd:3");
  for (const Bytes& context : {real_text(4000), Bytes(20, 'a'), skewed_bytes(3000)}) {
    z::Tables tables;
    z::read_tables(codec->encode(context), tables);
    z::ViewParameters parameters;
    parameters.codec = codec;
    z::DecoderView view(parameters);
    view.observe(context);
    view.begin_sequence(tables);
    const z::Prices prices(tables, parameters.window_bytes);
    const AllSequences all(prices, context);
    Bytes rest;
    for (const Byte next : {context[7], context[8], context[9]}) {
      std::array<double, 256> bits, mass;
      view.next_byte(bits);
      rest.push_back(0);
      for (std::size_t b = 0; b < 256; ++b) {
        rest.back() = static_cast<Byte>(b);
        mass[b] = all.mass(rest);
      }
      const double sum = std::accumulate(mass.begin(), mass.end(), 0.0);
      for (std::size_t b = 0; b < 256; ++b)
        ASSERT_NEAR(bits[b], -std::log2(mass[b] / sum), 1e-9) << b << " after " << rest.size() - 1;
      view.observe(next);
      rest.back() = next;
    }
  }
}

TEST(ZstdView, IsADistributionAndAgreesByteByByte) {
  z::ViewParameters parameters;
  parameters.codec = make_codec("zstd:3");
  parameters.refresh_bytes = 1024;
  for (const Bytes& text : {real_text(3000), random_bytes(1500, 3), Bytes(2500, 7)}) {
    z::DecoderView view(parameters);
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (at % 97 == 0) expect_distribution(view);
      view.observe(text[at]);
      view.trim();
    }
  }
}

TEST(ZstdView, ObservingAtOnceIsObservingOneByOne) {
  z::ViewParameters parameters;
  parameters.codec = make_codec("zstd:1");
  parameters.refresh_bytes = 2048;
  for (const std::size_t size : {0, 1, 256, 2048, 5000}) {
    const Bytes text = real_text(size);
    z::DecoderView whole(parameters), single(parameters);
    whole.observe(text);
    for (const Byte byte : text) single.observe(byte);
    expect_same(whole, single);
  }
}

TEST(ZstdView, AfterARewindIsAsIfNothingHadBeenObserved) {
  z::ViewParameters parameters;
  parameters.codec = make_codec("zstd:1");
  parameters.refresh_bytes = 1024;
  Bytes text = real_text(2500);
  text.insert(text.end(), 1500, 'x');
  expect_that_rewinds_leave_nothing([&] { return z::DecoderView(parameters); }, text, 0, 25, 300);
}

TEST(ZstdView, PredictsTextInFewerBitsThanZstdNeedsForIt) {
  const Bytes text = real_text(44000);
  const ByteView context = ByteView(text).first(40000), truth = ByteView(text).subspan(40000);
  for (const char* const spec : {"zstd:3", "zstd:19"}) {
    const auto codec = make_codec(spec);
    const double own = 8.0 * (static_cast<double>(codec->encode(text).size()) -
                              static_cast<double>(codec->encode(context).size()));
    const double bits = bits_given(spec + std::string(",view=decoder"), context, truth);
    EXPECT_LT(bits, 0.97 * own) << spec;
    EXPECT_GT(bits, 0.6 * own) << spec;
  }
}

TEST(ZstdView, RefusesWhatBelongsToTheOtherView) {
  EXPECT_THROW(make_model("zstd,view=decoder,context=4KiB"), UsageError);
  EXPECT_THROW(make_model("zstd,view=decoder,dither=2"), UsageError);
  EXPECT_THROW(make_model("zstd,refresh=4KiB"), UsageError);
  EXPECT_EQ(make_model("zstd,view=decoder,window=10")->window_bytes(), 1024u);
  EXPECT_EQ(codec_spec("zstd:5,view=decoder,refresh=2KiB"), "zstd:5");
}

}  // namespace
}  // namespace kraft
