// The decoder's view of Zstandard: what comes out of the decompressor next?
//
// A sequence is a run of literals, of a length that comes first, and then a copy: its offset and
// its length. With the tables of a block held still, the probability of a text is the sum over all
// ways to cut it into sequences. With B_t the mass of all of them with a sequence that begins at t,
// a run of l literals from there on reaches t + l with the mass
//
//     R_{t+l}[l] = B_t times the probabilities of those literals
//
//     E_t = sum over l of R_t[l] P(run = l)     a copy begins at t
//     C_t = sum over l of R_t[l] P(run > l)     a literal comes at t
//
// and, with A_t = E_t divided by the weights of the offsets that reach no farther than the text,
//
//     P(b) proportional to  C_t p_lit(b) + sum over d of p_off(d) G_t(m_d) [x_{t+1-d} = b]
//     B_{t+1} = sum over d of p_off(d) H_t(m_d)
//
// with G and H of A as in deflate/decoder_view.h. An offset can also be named as one of the last
// three (RFC 8878, section 3.1.1.5): which they are depends on the parse, so that a sum would have
// to know all that came before. `hypotheses` histories of offsets are kept for each position, those
// that most of the mass has had; other parses that pass there share them. One alone is that of the
// likeliest single parse.
//
// Held still, from one refresh to the next (lz/schedule.h): the Huffman code of the literals and
// the distributions of run lengths, offsets and copy lengths, as the stock encoder writes them for
// the last `source_bytes`. A symbol without a word counts as one of 15 bits, a code without a state
// as 1/2048. Copies longer than kLongest count as several. Offsets reach back kWindow bytes at
// most.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kraft/codec.h"
#include "models/lz/histories.h"
#include "models/lz/match_tracker.h"
#include "models/lz/next_bytes.h"
#include "models/lz/schedule.h"
#include "models/lz/token_starts.h"
#include "models/zstd/tables.h"

namespace kraft::zstd {

inline constexpr std::uint32_t kWindow = 1 << 17;
inline constexpr std::uint32_t kLongest = 1024;
inline constexpr std::uint64_t kRunInBytes = 2 * kLongest;

// An offset of d is written as the value d + 3; a value from 2^c on has the code c and c extra
// bits.
struct OffsetFormat {
  using Weight = std::uint32_t;
  static constexpr int kFirstCode = 2;
  static constexpr int kClasses = 16;  // codes 2..17
  static constexpr int kUnitBits = 28;
  static int class_of(std::uint32_t distance) {
    return static_cast<int>(std::bit_width(distance + 3)) - 1 - kFirstCode;
  }
  static std::uint32_t first_distance(int c) { return (1u << (c + kFirstCode)) - 3; }
};
using OffsetWeights = lz::DistanceWeights<OffsetFormat>;

struct Prices {
  Prices(const Tables& tables, std::uint32_t window_bytes);

  static constexpr double kUnit = 1.0 / (1 << OffsetFormat::kUnitBits);

  std::array<double, 256> literal;             // of literals that come, normalised
  std::array<std::uint8_t, 256> literal_bits;  // the same without that: whole bits
  // Of a run of l literals, and of more, times what normalises l literals. Beyond their end, both
  // are as at the end.
  std::vector<double> run, longer_run;
  std::array<double, kLongest + 1> length{}, longer{};
  OffsetWeights offset;
  std::array<double, 3> repeated{};  // the last offset, the one before, the one before that
};

struct ViewParameters {
  std::shared_ptr<const Codec> codec;
  std::uint32_t window_bytes = kWindow;
  std::uint64_t refresh_bytes = 16384;
  std::uint64_t source_bytes = 1 << 17;
  std::size_t hypotheses = 1;  // histories of offsets, at each position
};

// With one hypothesis a byte costs O(matches + longest match), with K of them O(matches K log K).
class DecoderView {
 public:
  explicit DecoderView(const ViewParameters& parameters);

  void observe(Byte byte);
  void observe(ByteView bytes);
  std::uint64_t position_bytes() const { return tracker_.position(); }
  double bits_of(Byte byte);
  void next_byte(std::span<double, 256> bits);
  void rewind(std::uint64_t position_bytes);
  void trim();

  // Pretends that a sequence begins here, with these prices; keeps so many hypotheses from now on.
  void begin_sequence(std::shared_ptr<const Prices> prices, std::size_t hypotheses = 1);

 private:
  using Offsets = std::array<std::uint32_t, 3>;

  using History = lz::History<Offsets>;

  // What begins at a position, and the histories of offsets there: of a sequence that begins, and
  // of a copy after some literals.
  struct Place {
    double begun = 0;           // B_t
    std::int64_t exponent = 0;  // of its unit, less the bits of the literals so far
    double literal = 0;         // C_t, in A_t's unit
    double at_once = 0;         // the part of E_t after no literal at all
    lz::HistoryRange before_run, before_copy;
  };
  struct Block {
    std::uint64_t begin;
    std::shared_ptr<const Prices> prices;
    std::uint64_t first;
    lz::TokenStarts starts;  // A_t
    std::vector<Place> places;
    std::vector<History> histories;  // of the places
    std::int64_t literal_bits = 0;   // of all bytes since `first`, had they been literals
  };
  // A copy by one of the last offsets that can still be going on.
  struct Repeat {
    std::uint64_t begin;
    std::uint32_t distance;
    double share;  // of A_begin
    Offsets next;  // the last offsets after it
  };
  struct Best {
    double mass = 0;
    std::uint64_t begin = 0;
    std::uint32_t distance = 0;
  };

  static constexpr Offsets kFirstOffsets = {1, 4, 8};

  Block& block() { return blocks_.back(); }
  std::span<const History> histories(const lz::HistoryRange& range) const {
    return std::span(blocks_.back().histories).subspan(range.begin, range.count);
  }
  void start_block(std::uint64_t begin, std::uint64_t first, std::shared_ptr<const Prices> prices);
  void begin_block(std::uint64_t position);
  void add_up_matches(std::uint64_t position);
  void list_starts(std::uint64_t position);
  void push_place(std::uint64_t position);
  void find_histories(std::uint64_t position, double begun);
  void add_histories(const Place& from, std::uint32_t distance, double mass, double least);
  void end_runs(Place place, std::uint64_t position);
  void add_repeats(std::uint64_t position);
  void find_repeats(std::uint64_t position);
  bool goes_on(const Repeat& repeat, std::uint64_t position) const;
  Best likeliest_copy(std::uint64_t position);
  void refresh_histograms();
  void prepare();
  double single(Byte byte) const;
  template <typename Take>
  void each_copy(Take&& take);
  OffsetFormat::Weight weight_of(const lz::MatchTracker::Match& match) const;

  ViewParameters parameters_;
  lz::Schedule schedule_;
  lz::MatchTracker tracker_;
  lz::NextBytes<OffsetFormat> next_bytes_;
  std::vector<Block> blocks_;
  std::vector<Repeat> repeats_;
  lz::Histories<Offsets> found_;
  std::uint64_t repeats_position_ = 0;  // where those in the list go on
  bool prepared_ = false;               // what follows, for the position
  std::uint32_t longest_match_ = 0;
  std::vector<OffsetFormat::Weight> weight_of_length_;  // of the matches of m or more
  std::vector<OffsetFormat::Weight> best_weight_;       // of one of them
  std::vector<std::uint32_t> best_distance_;
  std::vector<double> starts_;  // A_{t-k} of each k, in the unit of the last
  std::vector<double> open_;    // G_t(m) without its terms for k = 0 and 1, in units
  double after_any_ = 0, after_last_ = 0, total_bits_ = 0;
};

}  // namespace kraft::zstd
