// The decoder's view of LZMA: what comes out of the decompressor next?
//
// Stop the decoder where a context ends, with the probabilities that it has learned there, and feed
// it with fair coin flips. Its range coder takes them for decisions, each as probable as the table
// says. Many sequences of tokens (prices.h) unfold to the same text; the probability of a text is
// the sum over all of them. What can follow a token depends on the state and on the last four
// distances: together a *hypothesis* of how the text was coded. With m_h the mass of all parses
// that reach position t with a token's end there and the hypothesis h,
//
//     P(b) proportional to
//       sum over h of m_h (literal_h(b) + short repeat and repeats that begin here, if they say b)
//     + repeats that go on, if they say b: m_h P(repeat) P(length > k), begun k bytes ago from h
//     + sum over distances d and k <= m_d of S_{t-k} P(length > k) P(d | length) [x_{t-d} = b]
//
// where m_d is the number of last bytes that equal those d before, and S_t = sum over h of m_h
// P(match). The last sum, over the matches, has all distances; of their lengths, those of 2, 3, 4,
// and 5 and more have distances of their own.
//
// There are more hypotheses than can be counted: K of them (`hypotheses`) are kept at each
// position, and the best of each state; what the others weigh goes to the best of the same state.
// No mass is lost, only what other last distances it remembers.
//
// Held still, from one refresh to the next (lz/schedule.h): the decoder's probabilities, as the
// stock encoder's own stream of the text leaves them when it is flushed there. There the masses are
// computed anew, from a boundary of that stream on, with its state and distances, kRunInBytes or a
// little more before. A token that cannot be, because it copies from before the text, is left out,
// and the rest divided by its sum.
//
// Every number is a sum and product of doubles in a fixed order: the same bits when decoding as
// when encoding, on all machines with IEEE 754 arithmetic.
#pragma once

#include <lzma.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kraft/bytes.h"
#include "models/lz/byte_masses.h"
#include "models/lz/match_tracker.h"
#include "models/lz/schedule.h"
#include "models/lzma/begun_copies.h"
#include "models/lzma/engine.h"
#include "models/lzma/flips.h"
#include "models/lzma/prices.h"

namespace kraft::lzma {

inline constexpr std::uint64_t kRunInBytes = 2 * kLongestMatch;

struct ViewParameters {
  lzma_options_lzma options;  // the window is its dictionary
  std::uint64_t refresh_bytes = 4096;
  std::size_t hypotheses = 16;
};

// Some 30 us a byte for observing and a distribution, on text with a dictionary of 128 KiB; a new
// block takes some milliseconds. Memory is O(dictionary), and bytes since the last trim(). One
// thread at a time; copies are independent, but share the encoder.
class DecoderView {
 public:
  // The engine's options are the same.
  DecoderView(const ViewParameters& parameters, std::shared_ptr<Engine> engine);

  void observe(Byte byte);
  void observe(ByteView bytes);
  std::uint64_t position_bytes() const { return tracker_.position(); }
  double bits_of(Byte byte);
  void next_byte(std::span<double, 256> bits);
  void rewind(std::uint64_t position_bytes);
  void trim();

  // Pretends that a token begins here, after what the boundary says, with these probabilities, and
  // keeps so many hypotheses from now on.
  void begin_token(const Boundary& boundary, std::shared_ptr<const Prices> prices,
                   std::size_t hypotheses);

  std::unique_ptr<CoinFlips> coin_flips(double temperature) const;

 private:
  using Distances = std::array<std::uint32_t, 4>;  // the last ones, the latest first

  struct Hypothesis {
    double mass = 0;
    Distances distances{};
    std::uint32_t state = 0;
  };
  // A repeat that can still be going on.
  struct Repeat {
    std::uint64_t begin = 0;
    double mass = 0;        // in the unit of the place where it began
    Distances distances{};  // after it
    std::uint32_t state = 0;
  };
  struct Place {
    std::int64_t exponent = 0;        // masses are in units of 2^-exponent
    std::array<double, 2> matches{};  // S_t, after literals and after others
    std::vector<Hypothesis> hypotheses;
    std::vector<Repeat> repeats;  // those that began before
  };
  struct Block {
    std::uint64_t begin = 0;
    std::shared_ptr<const Prices> prices;
    std::shared_ptr<const Checkpoint> encoder;  // at or before the block, never flushed
    std::uint64_t first = 0;                    // position of the first place
    std::vector<Place> places;
  };
  // A distance that matches, or some alike, and what it weighs in each group of lengths.
  struct Copy {
    std::uint32_t distance, count, length;
    Byte next;
    std::array<double, Prices::kGroups> weight;
  };
  // The hypotheses at a position, before all but the best are merged.
  class Candidates {
   public:
    void clear();
    void add(const Hypothesis& hypothesis);
    // The mass goes to the best of this state. Returns false if there is none.
    bool add_to_best(std::uint32_t state, double mass);
    std::vector<Hypothesis> take_best(std::size_t most);
    double mass() const;
    void scale(double factor);

   private:
    void grow();

    std::vector<Hypothesis> all_;
    std::vector<std::uint32_t> slots_;
    std::vector<std::uint32_t> order_;
    std::vector<std::uint8_t> kept_;
  };

  Block& block() { return blocks_.back(); }
  const Block& block() const { return blocks_.back(); }
  Place& place_at(std::uint64_t position) {
    return block().places[static_cast<std::size_t>(position - block().first)];
  }

  void start_block(Block block, const Boundary& boundary);
  void begin_block(std::uint64_t position);
  std::shared_ptr<const Checkpoint> follow(std::shared_ptr<const Checkpoint> encoder,
                                           std::uint64_t position);
  Text text_of_encoder() const;
  void push(ByteView bytes);

  void list_copies(std::uint64_t position);
  void list_starts(std::uint64_t position);
  void push_place(std::uint64_t position);
  void go_on_with_repeats(std::uint64_t position, Place& place);
  void add_literals(std::uint64_t position);
  void add_repeats(const Place& place, std::uint64_t position);
  void add_matches(std::uint64_t position);
  void expand(const Copy& copy, std::uint64_t position, std::array<double, 2>& expanded);
  void expand_length(std::uint32_t distance, std::uint32_t length, double share,
                     std::uint64_t position, std::array<double, 2>& expanded);
  void add_rest(std::uint64_t position, const std::array<double, 2>& total,
                const std::array<double, 2>& expanded);
  const Hypothesis* likeliest_before(const Copy& copy, std::size_t side, std::uint64_t position);
  double open_share(const Repeat& repeat, std::uint64_t position, std::int64_t unit) const;
  void finish_place(std::uint64_t position, Place place);
  void refresh_histograms();

  void prepare();
  void add_tokens(std::uint64_t position);
  void add_open_repeats(std::uint64_t position);
  void add_open_matches(std::uint64_t position);

  ViewParameters parameters_;
  std::shared_ptr<Engine> engine_;
  lz::Schedule schedule_;
  lz::MatchTracker tracker_;
  Bytes kept_;  // what the encoder has still to be given or its chunks copy from
  std::uint64_t kept_begin_ = 0;
  ByteLists lists_;
  FarBytes far_;
  bool far_is_current_ = false;
  std::vector<Block> blocks_;

  bool prepared_ = false;
  lz::ByteMasses next_;

  // Of the position at hand.
  std::uint64_t copies_position_ = UINT64_MAX;
  std::vector<Copy> copies_;
  std::uint32_t longest_copy_ = 0;
  // Of each length m the weight of the distances that match so many bytes or more.
  std::array<std::array<double, Prices::kGroups>, kLongestMatch + 2> weight_of_length_{};
  // The matches that may have begun k bytes ago, in the unit of the last place.
  struct Start {
    std::array<double, 2> matches{};
    double factor = 0;  // to that unit
  };
  std::vector<Start> starts_;
  std::vector<double> of_length_;
  std::vector<std::array<double, Prices::kGroups>> open_;
  std::size_t heaviest_ = 0;  // of the copies
  double least_ = 0;          // hypotheses that weigh less are merged at once
  Candidates candidates_;
};

}  // namespace kraft::lzma
