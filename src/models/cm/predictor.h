// Context mixing: many predictions of the next bit, each from another context, mixed by weights
// that are learnt as bits come.
//
// The line is that of lpaq, zpaq and paq8 (Mahoney, "Adaptive Weighing of Context Models for
// Lossless Data Compression", 2005; "Data Compression Explained", sections 4.3 and 4.4):
//
// - A context (the last bytes, the word so far, ...) and the bits of the byte that are known select
// a
//   bit history (bit_history.h); an adaptive table says how often a 1 followed that history.
// - A chain refines the prediction of short contexts by ever longer ones, with a pair of weights
// for
//   each bit history (indirect secondary symbol estimation).
// - Match models predict what followed the last time that the latest bytes occurred.
// - Mixers sum all of these in the logistic domain. Each has sets of weights, of which the length
// of
//   the match, the last bytes or the like select one; a last mixer combines their outputs.
// - Two adaptive maps correct the result by the last one, two and three bytes.
//
// All of it is integers: the same predictions on every machine. A byte is eight bits from the
// highest down, and the prediction of each is a probability in units of 2^-16.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "kraft/bytes.h"
#include "kraft/coder.h"
#include "models/cm/mixing.h"
#include "models/journaled_memory.h"

namespace kraft::cm {

enum class Effort { normal, max };

class Predictor {
 public:
  static constexpr std::size_t kLeastMemory = std::size_t{32} << 20;

  // Memory of so many bytes, at least kLeastMemory, which are taken as they are needed.
  Predictor(Effort effort, std::size_t memory_bytes);

  // -log2 of the probability of every byte to come next: 255 predictions of bits.
  void next_byte(std::span<double, 256> bits) const;
  double bits_of(Byte byte) const;  // of one: 8 predictions

  // Each of these observes a byte; what it costs is returned, or added to `bits`.
  double observe(Byte byte);
  double encode(Byte byte, RangeEncoder& encoder);
  Byte decode(RangeDecoder& decoder, double& bits);

  struct Place;  // what a mark needs besides the journal
  Place mark();
  void rewind(const Place& place);
  void keep_marks(bool any) { memory_.keep_marks(any); }
  Predictor clone() const { return Predictor(*this, memory_.clone()); }

 private:
  using Address = JournaledMemory::Address;

  static constexpr std::size_t kMostContexts = 24;
  static constexpr std::size_t kMatches = 2;
  static constexpr std::size_t kMostInputs = 64;
  static constexpr std::size_t kMostSets = 8;
  static constexpr std::size_t kRefiners = 3;

  struct Match {
    Address at = 0;            // of the byte that is expected, in the history; a number of bytes
    std::uint32_t length = 0;  // of bytes that agreed; 0: nothing is expected
  };

  struct Registers {
    std::uint64_t last = 0;      // the last eight bytes, the latest one lowest
    std::uint64_t position = 0;  // bytes so far
    std::uint32_t word = 0, word_before = 0, word_before_that = 0;  // hashes
    std::uint32_t line_begin = 0, line_before = 0;                  // positions, for columns
    std::array<std::uint32_t, kMostContexts> contexts{};            // hashes
    std::array<Match, kMatches> matches{};
  };

  // A bit to be predicted: what is known of the byte, and where the contexts' histories lie.
  struct Node {
    unsigned known = 1;  // the bits that are known, behind a leading 1
    int depth = 0;       // how many these are
    std::array<const Byte*, kMostContexts> slots{};
  };

  // A prediction, and all that it was made of.
  struct Prediction {
    int p = 0;  // of a 1, in units of 2^-16
    alignas(32) std::array<std::int32_t, kMostInputs> inputs{};
    std::array<std::uint8_t, kMostContexts> histories{};
    std::array<std::int32_t, kMostContexts> chain{};  // what each link was given, stretched
    std::array<int, kMostContexts> chain_p{};
    std::array<std::size_t, kMatches> match_maps{};  // where in their tables; kNoMatch: nowhere
    std::array<Address, 2> direct{};
    std::array<Address, kMostSets> weights{};
    std::array<std::int32_t, kMostSets> set_p{};
    alignas(32) std::array<std::int32_t, kLanes> outputs{};
    std::int32_t last = 0;
    int last_p = 0;
    std::array<Address, kRefiners> refiners{};  // the nearer of the two points
  };

  // The small tables that every bit touches: copied whole by marks and clones, in place of being
  // journalled.
  struct Tables {
    std::array<std::array<std::uint32_t, 256>, kMostContexts>
        maps;  // by bit history: probabilities
    std::array<std::array<std::array<std::int32_t, 2>, 256>, kMostContexts> chain;  // and weights
    std::array<std::array<std::uint32_t, 64>, kMatches> match_maps;
    std::array<std::array<std::int32_t, kLanes>, 256> last_weights;
  };

  Predictor(const Predictor& other, JournaledMemory memory);
  void lay_out(std::size_t memory_bytes);
  void fill_tables();

  void set_contexts();
  std::uint32_t slot_hash(std::size_t context, unsigned known) const;
  Address bucket_of(std::uint32_t hash) const;
  const Byte* find_slot(std::uint32_t hash) const;
  Byte* take_slot(std::uint32_t hash);

  void predict(const Node& node, Prediction& prediction) const;
  void select_sets(const Node& node, Prediction& prediction, int match, int expected,
                   unsigned hits) const;
  void refine(const Node& node, Prediction& prediction) const;
  void learn(const Node& node, const Prediction& prediction,
             const std::array<Byte*, kMostContexts>& slots, int bit);
  void finish_byte(Byte byte);
  void update_matches();
  Byte history_at(std::uint64_t position) const;

  template <class Coder>
  Byte step(Coder& coder);
  void costs(const Node& node, double spent, std::span<double, 256> bits) const;

  Effort effort_;
  std::size_t contexts_, inputs_, sets_;
  const MixingKernels* kernels_;
  JournaledMemory memory_;

  // Where things lie in it.
  Address direct_ = 0, weights_ = 0, refiners_ = 0, match_table_ = 0, history_ = 0, slots_ = 0;
  std::array<Address, kMostSets> set_begin_{};
  std::uint32_t history_bytes_ = 0;  // a power of two
  std::uint32_t match_entries_ = 0;  // of each table; a power of two
  std::uint32_t buckets_ = 0;

  Registers at_;
  std::unique_ptr<Tables> tables_;
};

struct Predictor::Place {
  std::size_t journal = 0;
  Registers registers;
  std::shared_ptr<const Tables> tables;
};

}  // namespace kraft::cm
