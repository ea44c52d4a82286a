// Context mixing of samples: the bytes of pictures and sound.
//
// A Front (sound.h, pictures.h) knows the samples so far. Of the next byte it says what several
// predictors expect, each with a distribution (spread.h), and in which contexts that is to be seen.
// The bits of the byte are predicted as in predictor.h: inputs in the logistic domain are mixed by
// weights that are learnt as bits come. The inputs are
//
// - what each distribution says of the bit;
// - what was learnt to make of the first one's word in a context (adaptive maps);
// - how often a 1 followed the known bits in a context, by its hash;
// - what a neighbour of the same value would have, where the known bits are its own.
//
// All of it is integers: the same predictions on every machine.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>

#include "kraft/bytes.h"
#include "kraft/coder.h"
#include "models/cm/adaptive.h"
#include "models/cm/effort.h"
#include "models/cm/mixing.h"
#include "models/cm/spread.h"
#include "models/journaled_memory.h"

namespace kraft::cm {

// Sizes in half octaves, 0..63.
inline unsigned class_of(std::int64_t size) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(size, 1));
  const int high = static_cast<int>(std::bit_width(value)) - 1;
  return static_cast<unsigned>(2 * high) +
         static_cast<unsigned>(high > 0 ? value >> (high - 1) & 1 : 0);
}

// Octaves with a sign: 0..14.
inline unsigned signed_class_of(std::int64_t value) {
  const auto size = static_cast<std::uint64_t>(value < 0 ? -value : value);
  const int octave = std::min(static_cast<int>(std::bit_width(size)), 7);
  return static_cast<unsigned>(value < 0 ? 7 - octave : 7 + octave);
}

// What a Front says of the next byte. How many there are of each list is the same for every byte.
struct Outlook {
  static constexpr std::size_t kMostSpreads = 16, kMostMaps = 8, kMostContexts = 16,
                               kMostCopies = 4, kMostSets = 8;
  static constexpr std::size_t kMapContexts = 2048, kSetContexts = 256, kCopyContexts = 256,
                               kKnownSets = 8;

  // A byte that the next one may be equal to.
  struct Copy {
    unsigned value = 0;
    std::uint32_t context = 0;  // below kCopyContexts
  };

  std::size_t spreads_count = 0, maps_count = 0, contexts_count = 0, copies_count = 0,
              sets_count = 0;
  std::array<Spread, kMostSpreads> spreads;             // the first one is corrected by maps
  std::array<std::uint32_t, kMostMaps> maps{};          // contexts below kMapContexts
  std::array<std::uint32_t, kMostContexts> contexts{};  // hashes
  std::array<Copy, kMostCopies> copies{};
  std::array<std::uint32_t, kMostSets> sets{};  // which weights: contexts below kSetContexts
  std::uint32_t known_set = 0;                  // the same, with all known bits; below kKnownSets
  std::uint32_t final_set = 0;                  // which weights of the last mixer; below 32
  std::uint32_t refined = 0;                    // context of the last map, below kSetContexts

  void clear() { spreads_count = maps_count = contexts_count = copies_count = sets_count = 0; }
};

template <class Front>
class SamplePredictor {
 public:
  // Memory of so many bytes at most, at least kLeastMemory, which are taken as they are needed.
  SamplePredictor(Front front, std::size_t memory_bytes,
                  const MixingKernels& kernels = fast_kernels());

  // As in predictor.h.
  void next_byte(std::span<double, 256> bits) const;
  void next_weights(std::span<std::uint64_t, 256> weights) const;
  double bits_of(Byte byte) const;
  double observe(Byte byte);
  double encode(Byte byte, RangeEncoder& encoder);
  Byte decode(RangeDecoder& decoder, double& bits);

  struct Place;
  Place mark();
  void rewind(const Place& place);
  void keep_marks(bool any) { memory_.keep_marks(any); }
  SamplePredictor clone() const { return SamplePredictor(*this, memory_.clone()); }

  void learn_what_is_drawn(bool learns) { learns_drawn_ = learns; }
  bool learns_what_is_drawn() const { return learns_drawn_; }
  void set_drawing(bool drawing) { state_->learns = learns_drawn_ || !drawing; }

 private:
  using Address = JournaledMemory::Address;

  static constexpr std::size_t kMostInputs = 80;
  static constexpr std::size_t kMostSets = Outlook::kMostSets + 1;
  static constexpr std::size_t kLanesOfSets = 16;
  static constexpr std::size_t kFinals = 2, kRefiners = 2;

  // A bit to be predicted: the known bits behind a leading 1, how many these are, and the masses
  // of what they leave.
  struct Node {
    unsigned known = 1;
    int depth = 0;
    std::array<std::uint32_t, Outlook::kMostSpreads> low{}, high{};
  };

  struct Prediction {
    int p;  // of a 1, in units of 2^-16
    std::array<std::uint32_t, Outlook::kMostSpreads> middles;
    alignas(32) std::array<std::int32_t, kMostInputs> inputs;
    std::array<Address, Outlook::kMostMaps> maps;
    std::array<Address, Outlook::kMostContexts> contexts;
    std::array<Address, Outlook::kMostCopies> copies;  // 0: the known bits are others
    std::array<Address, kMostSets> weights;
    alignas(32) std::array<std::int32_t, kLanesOfSets> outputs;
    std::array<std::int32_t, kMostSets> set_p;
    std::array<unsigned, kFinals> finals;
    std::array<std::int32_t, kFinals> final_p;
    std::array<Address, kRefiners> refiners;
  };

  // Copied whole by marks and clones.
  struct State {
    Front front;
    std::uint64_t position = 0;
    bool learns = true;
    std::array<std::array<std::array<std::int32_t, kLanesOfSets>, 256>, kFinals> final_weights;
  };

  SamplePredictor(const SamplePredictor& other, JournaledMemory memory);
  void lay_out(std::size_t memory_bytes);
  void fill_tables();
  void look_ahead() { state_->front.look_ahead(memory_, outlook_); }
  Node root() const;
  static Node after(const Node& node, const Prediction& prediction, int bit);
  void predict(const Node& node, Prediction& out) const;
  std::size_t predict_copies(const Node& node, Prediction& out, std::size_t inputs) const;
  void select_weights(const Node& node, Prediction& out) const;
  void mix(const Node& node, Prediction& out) const;
  void refine(const Node& node, int last, Prediction& out) const;
  void learn(const Prediction& of, int bit);
  void learn_weights(const Prediction& of, int bit);
  template <class Coder>
  Byte step(Coder& coder, double& bits);
  template <class Mass, class Take>
  void share_out(const Node& node, Mass mass, const Take& take) const;

  const MixingKernels* kernels_;
  JournaledMemory memory_;
  bool learns_drawn_ = true;
  Address weights_ = 0, maps_ = 0, refiners_ = 0, contexts_ = 0, copies_ = 0;
  std::uint32_t context_entries_ = 0;  // of each context; a power of two
  std::size_t inputs_ = 0, sets_ = 0;
  std::uint32_t row_bytes_ = 0;  // of weights; a power of two
  std::array<std::int32_t, kMostInputs> first_weights_{};
  std::unique_ptr<State> state_;
  Outlook outlook_;
};

template <class Front>
struct SamplePredictor<Front>::Place {
  std::size_t journal = 0;
  std::shared_ptr<const State> state;
};

}  // namespace kraft::cm
