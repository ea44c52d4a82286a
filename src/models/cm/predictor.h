// Context mixing: many predictions of the next bit, each from another context, mixed by weights
// that are learnt as bits come.
//
// The line is that of lpaq, zpaq and paq8 (Mahoney, "Adaptive Weighing of Context Models for
// Lossless Data Compression", 2005; "Data Compression Explained", sections 4.3 and 4.4):
//
// - A context (contexts.cc: the last bytes, the word so far, ...) and the bits of the byte that are
//   known select a bit history (bit_history.h); an adaptive table says how often a 1 followed that
//   history.
// - A chain refines the prediction of short contexts by ever longer ones, with a pair of weights
//   for each bit history (indirect secondary symbol estimation).
// - Match models predict what followed the last time that the latest bytes occurred.
// - With Effort::max and from revision 2 on, so does prediction by partial matching
//   (ppm_prediction.h).
// - In pictures, what neighbours let expect predicts how a sample lies to it (pixels.cc).
// - Mixers sum all of these in the logistic domain. Each has sets of weights, of which the length
//   of the match, the last bytes or the like select one; last mixers combine their outputs.
// - Adaptive maps correct the result by the latest bytes.
//
// With Effort::max, contexts remember the last two bytes that followed them, too, and how often the
// last one did so in a row. What has occurred once is known from that alone and takes no slot.
//
// All of it is integers: the same predictions on every machine. A byte is eight bits from the
// highest down, and the prediction of each is a probability in units of 2^-16.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "kraft/bytes.h"
#include "kraft/coder.h"
#include "models/cm/adaptive.h"
#include "models/cm/effort.h"
#include "models/cm/mixing.h"
#include "models/cm/ppm_prediction.h"
#include "models/journaled_memory.h"

namespace kraft::cm {

// Of pictures whose samples are bytes; no width: it is not known that there are any.
struct PictureShape {
  std::uint32_t row_bytes = 0, channels = 1;
};

class Predictor {
 public:
  static constexpr std::size_t kLeastMemory = std::size_t{32} << 20;
  static constexpr std::uint32_t kMostChannels = 4;

  static constexpr unsigned kRevision = 2;  // of `cm`, the latest

  // Memory of so many bytes, at least kLeastMemory, which are taken as they are needed.
  Predictor(Effort effort, std::size_t memory_bytes, PictureShape shape = {},
            unsigned revision = kRevision, const MixingKernels& kernels = fast_kernels());

  // -log2 of the probability of every byte to come next: 255 predictions of bits.
  void next_byte(std::span<double, 256> bits) const;
  void next_weights(std::span<std::uint64_t, 256> weights) const;  // the same in integers
  double bits_of(Byte byte) const;                                 // of one: 8 predictions

  // Each of these observes a byte; what it costs is returned, or added to `bits`.
  double observe(Byte byte);
  double encode(Byte byte, RangeEncoder& encoder);
  Byte decode(RangeDecoder& decoder, double& bits);

  struct Place;  // what a mark needs besides the journal
  Place mark();
  void rewind(const Place& place);
  void keep_marks(bool any) {
    memory_.keep_marks(any);
    if (ppm_) ppm_->keep_marks(any);
  }
  Predictor clone() const { return Predictor(*this, memory_.clone()); }

  // Whether what is drawn is learnt (it is unless this says otherwise), and whether what comes next
  // is drawn. What is not learnt moves contexts and what they are made of, but no statistics.
  void learn_what_is_drawn(bool learns) { learns_drawn_ = learns; }
  bool learns_what_is_drawn() const { return learns_drawn_; }
  void set_drawing(bool drawing) {
    at_.learns = learns_drawn_ || !drawing;
    at_.learnt_end = at_.position;
  }

 private:
  using Address = JournaledMemory::Address;

  static constexpr std::size_t kMostContexts = 32;
  static constexpr std::size_t kMatches = 2;
  static constexpr std::size_t kExpected = 6;
  static constexpr std::size_t kMostInputs = 152;
  static constexpr std::size_t kMostSets = 16;
  static constexpr std::size_t kMostFinals = 3;
  static constexpr std::size_t kMostRefiners = 6;
  static constexpr std::size_t kRunStates = 576, kMatchStates = 256;

  struct Match {
    Address at = 0;            // of the byte that is expected, in the history; a number of bytes
    std::uint32_t length = 0;  // of bytes that agreed; 0: nothing is expected
    std::uint32_t missed = 0;  // how often it was wrong lately
  };

  // Of a sample of a picture.
  struct Pixel {
    std::array<int, kExpected> expected{};  // by its neighbours, in eighths
    unsigned color = 0, texture = 0;        // which channel; how rough its surroundings are
    std::array<int, 16> near{};             // the neighbours themselves
    int energy = 0;                         // sum of their squares
    std::array<std::array<std::int32_t, 16>, kMostChannels> weights{};
    std::array<int, kMostChannels> error{};  // mean of late, in quarters
  };

  struct Registers {
    std::uint64_t last = 0, before = 0;  // the last sixteen bytes, the latest one lowest in `last`
    std::uint64_t position = 0;          // bytes so far
    std::uint64_t letters = 0;           // the last letters in lower case, a space between words
    std::array<std::uint32_t, 5> words{};           // hashes: of the word so far, of those before
    std::uint32_t line_begin = 0, line_before = 0;  // positions, for columns
    std::uint32_t binary = 0;                       // how much of what came lately is no text
    PictureShape shape;
    Pixel pixel;
    bool learns = true;
    std::uint64_t learnt_end = 0;  // unless it learns: up to where matches are looked for
    std::array<std::uint32_t, kMostContexts> contexts{};  // hashes
    std::array<Match, kMatches> matches{};
  };

  // What followed a context: a byte that tells contexts apart, the last byte, how often it came in
  // a row, and the byte before it that was another.
  struct Run {
    Byte check = 0, latest = 0, count = 0, before = 0;
  };

  // A bit to be predicted: what is known of the byte, and what the contexts know.
  struct Node {
    unsigned known = 1;  // the bits that are known, behind a leading 1
    int depth = 0;       // how many these are
    std::array<const Byte*, kMostContexts> slots;
    std::array<Run, kMostContexts> runs;  // count 0: the context is new
  };

  // A prediction, and all that it was made of.
  struct Prediction {
    int p;  // of a 1, in units of 2^-16
    std::size_t inputs_count;
    alignas(32) std::array<std::int32_t, kMostInputs> inputs;
    std::array<std::uint8_t, kMostContexts> histories;
    std::array<std::int32_t, kMostContexts> chain;  // what each link was given, stretched
    std::array<int, kMostContexts> chain_p;
    std::array<std::uint16_t, kMostContexts> runs;   // where in their tables; 0: nowhere
    std::array<std::uint16_t, kMatches> match_maps;  // the same
    std::array<Address, 2> direct;
    std::array<Address, kExpected> pixels;
    std::array<Address, kMostSets> weights;
    alignas(32) std::array<std::int32_t, kMostSets> outputs;
    std::array<std::int32_t, kMostSets> set_p;
    std::array<unsigned, kMostFinals> finals;
    std::array<std::int32_t, kMostFinals> final_p;
    std::int32_t last;                            // stretched
    std::array<Address, kMostRefiners> refiners;  // the nearer of the two points
  };

  // What is known of the matches at a node.
  struct Matched {
    unsigned longest = 0;   // class of length
    unsigned expected = 0;  // 1 + the bit that is expected; 0: none
  };

  // The small tables that every bit touches: copied whole by marks and clones, in place of being
  // journalled.
  struct Tables {
    std::array<std::array<Adaptive, 256>, kMostContexts> maps;  // by bit history
    std::array<std::array<std::array<std::int32_t, 2>, 256>, kMostContexts> chain;  // and weights
    std::array<std::array<Adaptive, kRunStates>, kMostContexts> runs;
    std::array<std::array<Adaptive, kMatchStates>, kMatches> match_maps;
    std::array<std::array<std::array<std::int32_t, kMostSets>, 256>, kMostFinals> final_weights;
  };

  Predictor(const Predictor& other, JournaledMemory memory);
  void lay_out(std::size_t memory_bytes);
  void fill_tables();

  // contexts.cc
  void set_contexts();
  void set_text_contexts();
  void set_binary_contexts();
  void remember(Byte byte);
  void update_matches();
  const Match& longer_match() const;
  unsigned expected_byte() const;  // by the longer match, behind a leading 1; 0: none
  static std::uint32_t class_of_match(std::uint32_t length);

  // pixels.cc
  void look_for_picture();
  void set_pixel_contexts();
  void learn_pixel(Byte byte);
  std::size_t predict_pixels(const Node& node, Prediction& prediction, std::size_t inputs) const;
  bool in_picture() const { return at_.shape.row_bytes > 0; }

  Byte history_at(std::uint64_t position) const {
    return *memory_.read<Byte>(history_ + static_cast<Address>(position & (history_bytes_ - 1)));
  }
  Byte back(std::uint64_t distance) const {
    return distance - 1 < at_.position ? history_at(at_.position - distance)
                                       : Byte{0};  // 0: none, too
  }

  void look_up(Node& node) const;
  std::uint32_t slot_hash(std::size_t context, unsigned known) const;
  Address bucket_of(std::uint32_t hash) const;
  Address run_of(std::size_t context, bool& own) const;
  const Byte* find_slot(std::uint32_t hash, const Run& run, unsigned known) const;
  Byte* take_slot(std::uint32_t hash, const Byte* initial);

  void predict(const Node& node, Prediction& prediction) const;
  std::size_t predict_runs(const Node& node, Prediction& prediction, std::size_t inputs) const;
  std::size_t predict_matches(const Node& node, Prediction& prediction, std::size_t inputs,
                              Matched& matched) const;
  void mix(const Node& node, const Matched& matched, Prediction& prediction) const;
  const std::int32_t* first_weights() const;
  void select_sets(const Node& node, const Matched& matched, unsigned hits,
                   Prediction& prediction) const;
  void select_refiners(const Node& node, Prediction& prediction) const;
  void refine(Prediction& prediction) const;
  void learn(unsigned known, int depth, const Prediction& prediction,
             const std::array<Byte*, kMostContexts>& slots, int bit);
  void learn_weights(const Prediction& prediction, int bit);
  void learn_runs(Byte byte);
  void learn_byte(const Node& node, const std::array<Prediction, 8>& predictions);

  template <class Coder>
  Byte step(Coder& coder, double& bits);
  template <class Mass, class Take>
  void share_out(const Node& node, Mass mass, const Take& take) const;

  Effort effort_;
  bool learns_drawn_ = true;
  std::size_t contexts_, sets_, finals_, refiners_count_;
  std::size_t most_inputs_ = 0;
  const MixingKernels* kernels_;
  JournaledMemory memory_;

  // Where things lie in it.
  Address direct_ = 0, pixels_ = 0, indirect_ = 0, weights_ = 0, refiners_ = 0, history_ = 0,
          match_table_ = 0, run_table_ = 0, slots_ = 0;
  std::array<Address, kMostSets> set_begin_{};
  std::uint32_t row_bytes_ = 0;      // of weights; a power of two
  std::uint32_t history_bytes_ = 0;  // a power of two
  std::uint32_t match_entries_ = 0;  // of each table; a power of two
  std::uint32_t run_entries_ = 0;    // a power of two
  std::uint32_t buckets_ = 0;

  Registers at_;
  std::unique_ptr<Tables> tables_;
  std::optional<PpmPrediction> ppm_;
};

struct Predictor::Place {
  std::size_t journal = 0;
  Registers registers;
  std::shared_ptr<const Tables> tables;
  std::optional<PpmPrediction::Place> ppm;
};

}  // namespace kraft::cm
