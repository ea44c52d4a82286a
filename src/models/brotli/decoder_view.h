// The decoder's view of Brotli: what comes out of the decompressor next?
//
// A command is a run of literals and then a copy; one symbol says how long both are, so that long
// runs may come before long copies. With the codes of a meta-block held still, the probability of a
// text is the sum over all ways to cut it into commands. With B_t the mass of all of them with a
// command that begins at t, and R_t[l] that of those within a run of l literals,
//
//     E_t[i] = sum over l of the run code i of R_t[l] 2^-extra bits   a copy begins at t
//     C_t    = sum over l of R_t[l] P(run > l)                        a literal comes at t
//     A_t(k) = sum over i of E_t[i] P(i, k)                           a copy of k bytes begins
//
// A_t(k) takes the place of A_t P(length = k) in zstd/decoder_view.h; P(i, k) is that of commands
// with the run code i and a copy of k bytes, of which some copy from the last distance without
// saying so. A distance's probability depends on the length (RFC 7932, section 7.2: 2, 3, 4, more):
//
//     P(b) proportional to  C_t p_lit(b | last two bytes)
//                           + sum over d, k >= 0, k <= m_d of A_{t-k}(> k) p_dist(d | length)
//                                                                          [x_{t+1-d} = b]
//
// A distance can also be named by the last four. Which they are depends on the parse; `hypotheses`
// histories are kept for each position, as in zstd/decoder_view.h, and taken as independent of the
// run before. So much for copies of text. A word of the static dictionary (words.h) is one that
// goes on as the tree of all words says, with
//
//     W_t = sum over words of A_t(its length) p_dist(its number)      a word begins at t
//
// and given that one does, its length is taken as independent of the run before.
//
// Held still, from one refresh to the next (lz/schedule.h): the codes of the last meta-block of
// kEnoughBytes that the stock encoder writes for the last `source_bytes`, or of its longest one;
// and the block types of commands and distances. That of literals is summed over, as if each byte
// since the block's first place had been one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kraft/codec.h"
#include "models/brotli/prices.h"
#include "models/lz/byte_masses.h"
#include "models/lz/histories.h"
#include "models/lz/match_tracker.h"
#include "models/lz/next_bytes.h"
#include "models/lz/schedule.h"

namespace kraft::brotli {

inline constexpr std::uint64_t kRunInBytes = 2048;
inline constexpr std::uint64_t kEnoughBytes = 4096;  // of a meta-block

struct ViewParameters {
  std::shared_ptr<const Codec> codec;
  std::uint32_t window_bytes = kWindow;
  std::uint64_t refresh_bytes = 16384;
  std::uint64_t source_bytes = 1 << 17;
  std::size_t hypotheses = 1;  // histories of distances, at each position
};

// Memory is O(window) for each code of distances, of which there are four at most, and O(bytes
// since the last trim()). One thread at a time; copies are independent.
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

  // Pretends that a command begins here, with these prices; keeps so many hypotheses from now on.
  void begin_command(std::shared_ptr<const Prices> prices, std::size_t hypotheses = 1);

 private:
  using History = lz::History<LastDistances>;

  // What begins at a position, and the histories of distances there: of a command, and of a copy.
  struct Place {
    double begun = 0;               // B_t / product
    std::int64_t exponent = 0;      // of its unit, less that of the product
    double product = 1;             // of the literals since the first place, ...
    std::int64_t product_bits = 0;  // times 2^-product_bits
    double literal = 0;             // C_t, in the unit of the start here
    lz::HistoryRange before_run, before_copy;
  };
  // A_t(k), by the class of k; those from the last distance are apart, and words. In units of
  // 2^-exponent.
  struct Start {
    std::int64_t exponent = 0;
    std::array<double, kCopyClasses> copy{};
    std::array<double, 16> last{};
    double words = 0;
  };
  struct Block {
    std::uint64_t begin;
    std::shared_ptr<const Prices> prices;
    std::uint64_t first;
    std::vector<Place> places;
    std::vector<History> histories;  // of the places
    std::vector<double> types;       // of literals, at each place: how likely
    std::uint64_t first_start;       // older ones are gone
    std::vector<Start> starts;
  };
  // A copy by one of the last distances that can still be going on.
  struct Repeat {
    std::uint64_t begin;
    std::uint32_t distance;
    std::uint32_t symbol;
    double share;        // of the copies that begin there
    LastDistances next;  // after it
  };
  // Of copies that are longer than k: the mass by the code of their distance, and of those from the
  // last one.
  struct Longer {
    std::array<double, kDistanceContexts> by_code{};
    double last = 0;
  };
  struct Best {
    double mass = 0;
    std::uint64_t begin = 0;
    std::uint32_t distance = 0;  // 0: it is a word
  };

  Block& block() { return blocks_.back(); }
  std::span<const History> histories(const lz::HistoryRange& range) const {
    return std::span(blocks_.back().histories).subspan(range.begin, range.count);
  }
  std::span<const double> last_types() const;
  void start_block(std::uint64_t begin, std::uint64_t first, std::shared_ptr<const Prices> prices);
  void begin_block(std::uint64_t position);
  void add_up_matches(std::uint64_t position);
  void push_place(std::uint64_t position);
  void add_types(Byte last, Byte before, Byte byte);
  void end_runs(Place place, double begun, std::uint64_t position);
  void push_start(std::span<const double, kLengthCodes> ends, double scale, std::int64_t exponent,
                  std::uint64_t position);
  void add_repeats(std::uint64_t position);
  void find_repeats(std::uint64_t position);
  bool goes_on(const Repeat& repeat, std::uint64_t position) const;
  bool reaches(std::uint32_t distance, std::uint64_t position) const;
  double scale_of(const Start& start) const;
  const Start* start_at(std::uint64_t position, std::uint64_t back) const;
  double ends_after(const Repeat& repeat, std::uint64_t bytes) const;
  Longer longer_than(std::uint64_t bytes, std::uint64_t position) const;
  double goes_on_with(const Repeat& repeat, std::uint64_t position) const;
  Best likeliest_copy(std::uint64_t position) const;
  void find_likeliest(const Best& best);
  void find_histories(std::uint64_t position, double begun);
  std::uint32_t longest_match(std::uint64_t position);
  void refresh_histograms();
  void add_literals();
  void add_words(std::uint64_t position);
  void add_matches(std::uint32_t longest);
  void prepare();

  ViewParameters parameters_;
  lz::Schedule schedule_;
  lz::MatchTracker tracker_;
  std::vector<lz::NextBytes<DistanceFormat>> next_bytes_;  // of each code of distances
  std::vector<Block> blocks_;
  std::vector<Repeat> repeats_;
  lz::Histories<LastDistances> found_;
  bool prepared_ = false;
  lz::ByteMasses next_;

  // Of the place that was pushed last: of the matches of m or more, the weight by the code of
  // distances; and the heaviest of them.
  std::uint32_t longest_match_ = 0;
  std::array<std::vector<DistanceFormat::Weight>, kDistanceContexts> weight_of_length_;
  std::vector<DistanceFormat::Weight> best_weight_;
  std::vector<std::uint32_t> best_distance_;
  // Of the next byte: of copies that began k bytes ago, and their sums over k = 2..m, in units.
  std::vector<Longer> longer_;
  std::array<std::vector<double>, kDistanceContexts> open_;
};

}  // namespace kraft::brotli
