// The decoder's view of bzip2: its streams as the stock decoder reads them, columns against
// contexts that are sorted one by one, prices against whole columns that are coded, and what every
// view promises.

#include "models/bwt/bzip2_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "codecs/messages.h"
#include "kraft/coder.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/bwt/bzip2_stream.h"
#include "models/bwt/column.h"
#include "models/coded.h"
#include "models/views.h"

namespace kraft {
namespace {

using bwt::Bzip2Tables;
using bwt::Bzip2View;
using bwt::Bzip2ViewParameters;
using bwt::Column;
using bwt::Row;
using bwt::Words;

// Runs of few letters: what the initial run-length encoding is for.
Bytes runs(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  Bytes bytes;
  while (bytes.size() < size)
    bytes.insert(bytes.end(), 1 + random.below(1 + random.below(600)),
                 static_cast<Byte>('a' + random.below(3)));
  bytes.resize(size);
  return bytes;
}

Bytes letters(std::size_t size, std::uint64_t different, std::uint64_t seed) {
  Random random(seed);
  Bytes bytes(size);
  for (Byte& byte : bytes) byte = static_cast<Byte>('a' + random.below(different));
  return bytes;
}

// ---- Streams ---------------------------------------------------------------------------------

TEST(Bzip2Stream, DecodesToWhatWasEncoded) {
  for (const char* const spec : {"bzip2:1", "bzip2:9"}) {
    const auto codec = make_codec(spec);
    for (const Bytes& message :
         {Bytes{}, Bytes{7}, real_text(300), real_text(60000), random_bytes(3000, 1),
          Bytes(300000, 'x'), runs(20000, 2), synthetic_text(250000)}) {
      Bytes decoded;
      const Bzip2Tables read = bwt::read_bzip2(codec->encode(message), message.size(), decoded);
      ASSERT_TRUE(decoded == message) << spec << ", " << message.size();
      ASSERT_EQ(read.table_of.size(), message.size());
      for (const std::uint8_t table : read.table_of) ASSERT_LT(table, read.tables.size());
      for (const Byte byte : message) ASSERT_TRUE(read.bytes.has(byte));
    }
  }
}

TEST(Bzip2Stream, HasCompleteCodesButForTheEndOfTheBlock) {
  const Bytes message = real_text(100000);
  const Bzip2Tables read = bwt::read_bzip2(make_codec("bzip2")->encode(message), message.size());
  EXPECT_EQ(read.tables.size(), 6u);
  for (const bwt::WordBits& words : read.tables) {
    double sum = 0;
    for (const int bits : words) sum += bits == 0 ? 0 : std::exp2(-bits);
    EXPECT_LT(sum, 1);
    EXPECT_GT(sum, 0.9);
  }
}

TEST(Bzip2Stream, DamagedIsAnErrorAndNoCrash) {
  const Bytes message = real_text(5000);
  const Bytes stream = make_codec("bzip2")->encode(message);
  for (std::size_t size = 0; size < stream.size(); size += 7)
    EXPECT_THROW(bwt::read_bzip2(ByteView(stream).first(size), message.size()), Error) << size;
  EXPECT_THROW(bwt::read_bzip2(stream, message.size() - 1), Error);
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    Bytes damaged = stream;
    for (int k = 0; k < 3; ++k)
      damaged[random.below(i % 2 == 0 ? 200 : damaged.size())] = static_cast<Byte>(random.bits());
    try {
      bwt::read_bzip2(damaged, 10000);
    } catch (const Error&) {
    }
  }
}

// ---- Columns ---------------------------------------------------------------------------------

// The contexts that are beginnings of the text, in the order of their bytes read backwards.
std::vector<std::size_t> sorted_contexts(ByteView text) {
  std::vector<std::size_t> sizes(text.size() + 1);
  std::iota(sizes.begin(), sizes.end(), std::size_t{0});
  std::ranges::sort(sizes, [&](std::size_t a, std::size_t b) {
    const ByteView x = text.first(a), y = text.first(b);
    return std::lexicographical_compare(x.rbegin(), x.rend(), y.rbegin(), y.rend());
  });
  return sizes;
}

void expect_column(const Column& column, ByteView text) {
  ASSERT_EQ(column.size(), text.size());
  std::size_t row = 0;
  for (const std::size_t context_bytes : sorted_contexts(text)) {
    if (context_bytes == text.size()) {
      ASSERT_EQ(column.hole(), row);
    } else {
      ASSERT_EQ(column.at(row++).next, text[context_bytes]) << "row " << row;
    }
  }
}

TEST(BwtColumn, IsThatOfSortedContexts) {
  for (const Bytes& text : {letters(900, 2, 1), real_text(1500), runs(1200, 2), Bytes(700, 'x'),
                            random_bytes(900, 3)}) {
    for (const std::size_t begun : {std::size_t{0}, std::size_t{1}, text.size() / 2}) {
      const Bytes tables(begun, 0);
      Column column(ByteView(text).first(begun), tables);
      expect_column(column, ByteView(text).first(begun));
      for (std::size_t i = begun; i < text.size(); ++i) {
        column.push(text[i]);
        if (i % 100 == 0) expect_column(column, ByteView(text).first(i + 1));
      }
      expect_column(column, text);
      while (column.pushed() > text.size() / 3) column.pop();
      expect_column(column, ByteView(text).first(begun + column.pushed()));
      EXPECT_THROW(
          [&] {
            for (;;) column.pop();
          }(),
          Error);
    }
  }
}

TEST(BwtColumn, FindsWhatIsNearestToTheHole) {
  const Bytes text = real_text(6000);
  Column column(ByteView(text).first(3000), Bytes(3000, 0));
  for (std::size_t i = 3000; i < text.size(); ++i) {
    column.push(text[i]);
    if (i % 500 != 0) continue;
    std::array<bwt::Nearest, 256> found;
    EXPECT_EQ(column.above(std::span(found).first(3)), 3u);
    std::vector<bool> met(256);
    std::size_t n = column.above(found), k = 0;
    for (std::size_t row = column.hole(); row-- > 0;) {
      const Byte byte = column.at(row).next;
      if (met[byte]) continue;
      met[byte] = true;
      ASSERT_LT(k, n);
      ASSERT_EQ(found[k].row.next, byte);
      ASSERT_EQ(found[k++].index, row);
    }
    ASSERT_EQ(k, n);
    n = column.below(found);
    k = 0;
    met.assign(256, false);
    for (std::size_t row = column.hole(); row < column.size(); ++row) {
      const Byte byte = column.at(row).next;
      if (met[byte]) continue;
      met[byte] = true;
      ASSERT_LT(k, n);
      ASSERT_EQ(found[k].row.next, byte);
      ASSERT_EQ(found[k++].index, row);
    }
    ASSERT_EQ(k, n);
  }
}

// ---- Prices ----------------------------------------------------------------------------------

// Bits of a whole column, coded from its first row to its last.
int coded_bits(const std::vector<Row>& rows, const Words& words) {
  std::vector<Byte> front(words.front().begin(), words.front().end());
  int bits = 0;
  std::size_t zeros = 0;
  std::uint8_t run_table = 0;
  for (const Row& row : rows) {
    const auto found = std::ranges::find(front, row.next);
    const auto rank = static_cast<std::size_t>(found - front.begin());
    std::rotate(front.begin(), found, found + 1);
    if (rank == 0) {
      if (zeros++ == 0) run_table = row.table;
      continue;
    }
    bits += words.run(run_table, zeros) + words.rank(row.table, rank);
    zeros = 0;
  }
  return bits + words.run(run_table, zeros);
}

// Tables that no encoder has made, so that every difference between them is seen.
Bzip2Tables random_tables(std::size_t tables, std::uint64_t seed) {
  Random random(seed);
  Bzip2Tables made;
  for (std::size_t t = 0; t < tables; ++t) {
    bwt::WordBits& words = made.tables.emplace_back();
    for (std::uint8_t& bits : words) bits = static_cast<std::uint8_t>(random.below(20));
  }
  for (const Byte byte : {'c', 'a', 'x'}) made.bytes.add(byte);
  return made;
}

// Down to where the next byte would be one too many that is different.
std::size_t rows_that_count(const Column& column) {
  std::vector<Byte> met;
  for (std::size_t row = column.hole(); row < column.size(); ++row) {
    const Byte byte = column.at(row).next;
    if (std::ranges::count(met, byte) > 0) continue;
    if (met.size() == bwt::kBytesBelow) return row;
    met.push_back(byte);
  }
  return column.size();
}

TEST(Bzip2Prices, AreDifferencesOfCodedColumns) {
  Random random(5);
  for (int round = 0; round < 60; ++round) {
    const std::uint64_t seed = static_cast<std::uint64_t>(round);
    const std::size_t size = random.below(round % 3 == 0 ? 8 : 700);
    Bytes text = round % 5 == 0   ? random_bytes(size, seed)
                 : round % 5 == 1 ? runs(size, seed)
                 : round % 5 == 2 ? real_text(size)
                                  : letters(size, 1 + random.below(5), seed);
    const Words words(random_tables(6, seed), 15);
    Bytes tables(size / 2);
    for (Byte& table : tables) table = static_cast<Byte>(random.below(6));
    Column column(ByteView(text).first(size / 2), tables);
    for (const Byte byte : ByteView(text).subspan(size / 2)) column.push(byte);

    std::vector<Row> rows;
    for (std::size_t r = 0; r < rows_that_count(column); ++r) rows.push_back(column.at(r));
    const std::size_t hole = column.hole();
    const std::uint8_t table =
        rows.empty() ? std::uint8_t{0} : rows[hole == 0 ? 0 : hole - 1].table;
    rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(hole), {0, table});
    const bwt::HoleBits found = bwt::hole_bits(column, words);
    rows[hole].next = 0;
    const int base = coded_bits(rows, words);
    for (std::size_t b = 0; b < 256; ++b) {
      rows[hole].next = static_cast<Byte>(b);
      ASSERT_EQ(coded_bits(rows, words) - base, found[b] - found[0])
          << "byte " << b << ", " << round;
    }
  }
}

// ---- The view --------------------------------------------------------------------------------

Bzip2ViewParameters parameters(std::uint64_t refresh_bytes, std::uint64_t block_bytes = 900000) {
  Bzip2ViewParameters made;
  made.codec = make_codec(block_bytes == 900000 ? "bzip2:9" : "bzip2:1");
  made.refresh_bytes = refresh_bytes;
  made.block_bytes = block_bytes;
  return made;
}

TEST(Bzip2View, IsADistributionWithoutZeros) {
  for (const Bytes& text : {real_text(3000), random_bytes(1500, 3), Bytes(2500, 7), Bytes()}) {
    Bzip2View view(parameters(1024));
    for (std::size_t at = 0; at <= text.size(); ++at) {
      if (at % 97 == 0 || at < 20) expect_distribution(view, 400);
      if (at < text.size()) view.observe(text[at]);
      view.trim();
    }
  }
}

TEST(Bzip2View, ObservingAtOnceIsObservingOneByOne) {
  for (const std::uint64_t block_bytes : {900000, 3000}) {
    const Bzip2View view(parameters(2048, block_bytes));
    for (const std::size_t size : {0, 1, 16, 1000, 2048, 9000})
      expect_at_once_is_one_by_one(view, view, real_text(size));
  }
}

TEST(Bzip2View, AfterARewindIsAsIfNothingHadBeenObserved) {
  expect_that_rewinds_leave_nothing([] { return Bzip2View(parameters(1024, 2000)); },
                                    real_text(4000), 0, 25, 300);
}

TEST(Bzip2View, PredictsTextNearlyAsWellAsBzip2CompressesIt) {
  const Bytes text = real_text(44000);
  const ByteView context = ByteView(text).first(40000), truth = ByteView(text).subspan(40000);
  const auto codec = make_codec("bzip2");
  const double own = 8.0 * (static_cast<double>(codec->encode(text).size()) -
                            static_cast<double>(codec->encode(context).size()));
  const double bits = bits_given("bzip2,view=decoder", context, truth);
  EXPECT_LT(bits, 1.2 * own);
  EXPECT_GT(bits, 0.8 * own);
}

TEST(Bzip2View, CodesTextThatComesBack) {
  const auto model = make_model("bzip2:1,view=decoder,refresh=1024");
  EXPECT_LT(expect_that_it_comes_back(*model, real_text(6000)).size(), 4000u);
  expect_that_rewinding_leaves_nothing(*model, real_text(2000), random_bytes(100, 4),
                                       ByteView(real_text(2200)).subspan(2000));
}

TEST(Bzip2View, RefusesWhatBelongsToTheOtherView) {
  EXPECT_THROW(make_model("bzip2,view=decoder,context=4KiB"), UsageError);
  EXPECT_THROW(make_model("bzip2,view=decoder,dither=2"), UsageError);
  EXPECT_THROW(make_model("bzip2,refresh=4KiB"), UsageError);
  EXPECT_EQ(make_model("bzip2:1,view=decoder,refresh=4KiB")->window_bytes(), 104096u);
  EXPECT_EQ(codec_spec("bzip2:5,view=decoder,refresh=2KiB"), "bzip2:5");
}

}  // namespace
}  // namespace kraft
