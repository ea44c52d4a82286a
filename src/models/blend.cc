// `blend`: models whose predictions are mixed by weights that are learnt as bytes come.
//
// Each model's distribution over the 256 bytes is a tree of eight bits, from the highest down; at
// each node that is known, every model gives the probability of a 1. These are mixed in the
// logistic domain, by weights that a gradient moves towards what would have been better: one bit at
// a time this is the mixer of PAQ (Mahoney, "Adaptive Weighing of Context Models for Lossless Data
// Compression", 2005), whose weights minimise code length online (Mattern, "Mixing Strategies in
// Data Compression", DCC 2012). Each set of weights is selected by something else: where in the
// byte one is, the byte before, how sure the first two models are. A last mixer weighs the sets,
// and adaptive maps correct its result.
//
// All of it is integers, from what State::next_distribution() says on: a blend of portable models
// is one itself. Revision 1 began with State::next_byte() instead.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/portable_log2.h"
#include "kraft/coder.h"
#include "kraft/error.h"
#include "models/choice_model.h"
#include "models/cm/adaptive.h"
#include "models/cm/bit_coder.h"
#include "models/cm/mixing.h"
#include "models/cm/refined.h"
#include "models/parts.h"
#include "registry/backends.h"

namespace kraft {
namespace {

using cm::bit_of;
using cm::kLanes;
using cm::kMostStretched;
using cm::kOne;
using cm::likelihood;
using Address = JournaledMemory::Address;

constexpr std::size_t kMostParts = 31;
constexpr std::size_t kMostInputs = (2 * kMostParts + 1 + kLanes - 1) / kLanes * kLanes;

// How many rows of weights each set has: by node; by the byte before; by how sure two models are.
constexpr std::array<std::size_t, 3> kSetRows = {256, 256 * 8, 8 * 16 * 16};
constexpr std::size_t kSets = kSetRows.size();
constexpr std::size_t kRefiners = 2;
constexpr int kRefinedRowsBits = 14;
constexpr int kRefineRate = 6;
constexpr std::int32_t kBias = 256;

// Rates of learning, in sixteenths of 2^-20 of input times error, by how often a row was corrected.
constexpr std::int32_t kMostCorrections = 1023;
constexpr int kRate = 16 * 14, kRateAtFirst = 16 * 120, kLastRate = 16 * 4;

constexpr int rate_of(std::int32_t corrections) {
  return kRate + kRateAtFirst * 32 / (32 + corrections);
}

// A node of the tree of a byte: the bits that are known, behind a leading 1.
struct Node {
  unsigned known = 1;
  int depth = 0;

  unsigned first_byte() const { return known << (8 - depth) & 255; }
  unsigned bytes() const { return 256u >> depth; }
};

class Blender {
 public:
  Blender(std::shared_ptr<const Parts> parts, unsigned revision)
      : parts_(std::move(parts)),
        revision_(revision),
        memory_(lay_out()),
        kernels_(&cm::fast_kernels()) {
    for (const Part& part : parts_->parts) states_.push_back(part.model->start());
    distributions_.resize(states_.size());
    set_weights_of_models();
  }

  void next_byte(std::span<double, 256> bits) {
    ask_parts();
    share_out({}, 1.0, [&bits](unsigned byte, double p) { bits[byte] = -portable_log2(p); });
  }

  void next_weights(std::span<std::uint64_t, 256> weights) {
    ask_parts();
    share_out({}, cm::kAllMass,
              [&weights](unsigned byte, std::uint64_t mass) { weights[byte] = mass; });
  }

  double bits_of(Byte byte) {
    ask_parts();
    double probability = 1;
    for (Node node; node.depth < 8; node = below(node, byte)) {
      Prediction prediction;
      predict(node, prediction);
      probability *= likelihood(prediction.p, bit_of(byte, node.depth));
    }
    return -portable_log2(probability);
  }

  double observe(Byte byte) {
    double bits = 0;
    step(cm::Observing{byte}, bits);
    return bits;
  }

  double encode(Byte byte, RangeEncoder& encoder) {
    double bits = 0;
    step(cm::Encoding{byte, encoder}, bits);
    return bits;
  }

  Byte decode(RangeDecoder& decoder, double& bits) { return step(cm::Decoding{decoder}, bits); }

  void set_drawing(bool drawing) {
    for (const auto& state : states_) kraft::set_drawing(*state, drawing);
    asked_ = false;
  }
  bool learns_what_is_drawn() const {
    return std::ranges::all_of(
        states_, [](const auto& state) { return kraft::learns_what_is_drawn(*state); });
  }

  struct Place {
    std::size_t journal;
    std::uint64_t last;
    std::vector<Mark> marks;
  };

  Place mark() {
    Place place{memory_.mark(), last_, {}};
    for (const auto& state : states_) place.marks.push_back(state->mark());
    return place;
  }

  void rewind(const Place& place) {
    memory_.rewind(place.journal);
    last_ = place.last;
    for (std::size_t i = 0; i < states_.size(); ++i) states_[i]->rewind(place.marks[i]);
    asked_ = false;
  }

  void forget(const Place& place) {
    for (std::size_t i = 0; i < states_.size(); ++i) states_[i]->forget(place.marks[i]);
  }

  void keep_marks(bool any) { memory_.keep_marks(any); }

  Blender clone() const { return Blender(*this, memory_.clone()); }

 private:
  // A prediction of a bit, and what it was made of.
  struct Prediction {
    int p;  // of a 1, in units of 2^-16
    alignas(32) std::array<std::int32_t, kMostInputs> inputs;
    std::array<Address, kSets> weights;
    std::array<std::int32_t, kSets> set_p;
    alignas(32) std::array<std::int32_t, kLanes> outputs;
    Address last_weights;
    std::int32_t last_p;
    std::array<Address, kRefiners> refiners;  // the nearer of two points
  };

  Blender(const Blender& other, JournaledMemory memory)
      : parts_(other.parts_),
        revision_(other.revision_),
        weights_of_models_(other.weights_of_models_),
        inputs_(other.inputs_),
        row_bytes_(other.row_bytes_),
        sets_(other.sets_),
        last_sets_(other.last_sets_),
        refiners_(other.refiners_),
        memory_(std::move(memory)),
        kernels_(other.kernels_),
        last_(other.last_) {
    for (const auto& state : other.states_) states_.push_back(state->clone());
    distributions_.resize(states_.size());
  }

  static Node below(const Node& node, unsigned byte) {
    return {node.known * 2 + static_cast<unsigned>(bit_of(byte, node.depth)), node.depth + 1};
  }

  // Rows of weights, each with the number of its corrections behind it, and adaptive maps.
  std::size_t lay_out() {
    constexpr Address kPage = JournaledMemory::kPageBytes;
    Address next = 0;
    const auto take = [&next](std::size_t bytes) {
      const Address begin = next;
      next += static_cast<Address>((bytes + kPage - 1) / kPage) * kPage;
      return begin;
    };
    const std::size_t inputs = 2 * parts_->parts.size() + 1;
    inputs_ = (inputs + kLanes - 1) / kLanes * kLanes;
    row_bytes_ = 4;  // a power of two, so that no row reaches over a page
    while (row_bytes_ < (inputs_ + 1) * 4) row_bytes_ *= 2;
    for (std::size_t s = 0; s < kSets; ++s) sets_[s] = take(kSetRows[s] * row_bytes_);
    last_sets_ = take(256 * (kLanes * 2) * 4);
    refiners_ = take((kRefiners << kRefinedRowsBits) * cm::kRefinedRowBytes);
    return next;
  }

  // What every model expects, once for each place.
  void ask_parts() {
    if (asked_) return;
    for (std::size_t i = 0; i < states_.size(); ++i) ask(*states_[i], distributions_[i]);
    asked_ = true;
  }

  void ask(State& state, IntegerDistribution& distribution) const {
    if (revision_ > 1) {
      state.next_distribution(distribution);
    } else {
      std::array<double, 256> bits;
      state.next_byte(bits);
      distribution.assign(bits);
    }
  }

  // The probability of a 1 at a node, by one model.
  static int p_of(const IntegerDistribution& distribution, const Node& node) {
    const std::size_t first = node.first_byte(), bytes = node.bytes();
    const std::uint64_t begin = distribution.begin(first);
    const std::uint64_t middle = distribution.begin(first + bytes / 2);
    const std::uint64_t end = distribution.begin(first + bytes);
    const auto p = static_cast<int>(((end - middle) << 16) / (end - begin));
    return std::clamp(p, 1, kOne - 1);
  }

  void predict(const Node& node, Prediction& out) const {
    out.inputs.fill(0);
    std::size_t n = 0;
    for (const IntegerDistribution& distribution : distributions_) {
      const int p = p_of(distribution, node);
      out.inputs[n++] = cm::stretch_finely(p);
      out.inputs[n++] = (p - kOne / 2) >> 5;
    }
    out.inputs[n] = kBias;
    select(node, out);
    mix(out);
    refine(out);
  }

  void select(const Node& node, Prediction& out) const {
    const auto depth = static_cast<unsigned>(node.depth);
    const auto sureness = [&](std::size_t part) {
      const std::int32_t stretched = part < states_.size() ? out.inputs[2 * part] : 0;
      return static_cast<unsigned>(stretched + cm::kStretchedHalf) >> 8;
    };
    const unsigned before = last_ & 255;
    const std::array<unsigned, kSets> rows = {node.known, before * 8 + depth,
                                              (sureness(0) * 16 + sureness(1)) * 8 + depth};
    for (std::size_t s = 0; s < kSets; ++s)
      out.weights[s] = sets_[s] + rows[s] * static_cast<Address>(row_bytes_);
    out.last_weights = last_sets_ + node.known * Address{kLanes * 2 * 4};
    const std::array<std::uint32_t, kRefiners> contexts = {cm::hash_of(before, node.known),
                                                           cm::hash_of(last_ & 0xffff, node.known)};
    for (std::size_t i = 0; i < kRefiners; ++i)
      out.refiners[i] = refiners_ + (static_cast<Address>(i << kRefinedRowsBits) +
                                     (contexts[i] >> (32 - kRefinedRowsBits))) *
                                        Address{cm::kRefinedRowBytes};
  }

  // The weights that were asked for, in proportion; from revision 2 on, as whole numbers of 2^-32.
  void set_weights_of_models() {
    const auto whole = [](double weight) {
      return std::max(std::uint64_t{1}, static_cast<std::uint64_t>(weight * 0x1p32));
    };
    std::uint64_t sum = 0;
    for (const Part& part : parts_->parts) sum += whole(part.weight);
    for (const Part& part : parts_->parts) {
      const auto share =
          revision_ > 1
              ? static_cast<std::int32_t>(cm::kWeightOne * whole(part.weight) / sum)
              : static_cast<std::int32_t>(cm::kWeightOne * part.weight / parts_->total_weight);
      weights_of_models_.push_back(share);
    }
  }

  // Those of a row that has learnt nothing.
  void first_weights(std::int32_t* row) const {
    std::fill_n(row, inputs_ + 1, 0);
    for (std::size_t i = 0; i < weights_of_models_.size(); ++i) row[2 * i] = weights_of_models_[i];
  }
  static void first_last_weights(std::int32_t* row) {
    std::fill_n(row, kLanes * 2, 0);
    std::fill_n(row, kSets, cm::kWeightOne / static_cast<std::int32_t>(kSets));
  }

  void mix(Prediction& out) const {
    std::array<std::int32_t, kMostInputs + 1> fresh;
    std::array<const std::int32_t*, kSets> rows;
    for (std::size_t s = 0; s < kSets; ++s) {
      rows[s] = memory_.read<std::int32_t>(out.weights[s]);
      if (rows[s][inputs_] != 0) continue;
      first_weights(fresh.data());
      rows[s] = fresh.data();
    }
    out.outputs.fill(0);
    kernels_->sums(out.inputs.data(), inputs_, rows.data(), kSets, out.outputs.data());
    for (std::size_t s = 0; s < kSets; ++s) {
      out.outputs[s] = std::clamp(out.outputs[s], -kMostStretched, kMostStretched);
      out.set_p[s] = cm::squash(out.outputs[s]);
    }
    std::array<std::int32_t, kLanes * 2> fresh_last;
    const auto* last = memory_.read<std::int32_t>(out.last_weights);
    if (last[kLanes] == 0) {
      first_last_weights(fresh_last.data());
      last = fresh_last.data();
    }
    std::int32_t output;
    kernels_->sums(out.outputs.data(), kLanes, &last, 1, &output);
    out.last_p = std::clamp(output, -kMostStretched, kMostStretched);
  }

  void refine(Prediction& out) const {
    const int stretched = out.last_p;
    out.last_p = cm::squash(stretched);
    const cm::RefinedPlace place(stretched);
    int sum = 2 * out.last_p;
    for (Address& row : out.refiners) sum += place.p(memory_, row);
    out.p = std::clamp((sum + 2) >> 2, 1, kOne - 1);
  }

  void learn(const Prediction& of, int bit) {
    const int target = bit << 16;
    std::array<std::int32_t*, kSets> rows;
    std::array<std::int32_t, kSets> steps;
    for (std::size_t s = 0; s < kSets; ++s) {
      rows[s] = memory_.write<std::int32_t>(of.weights[s], inputs_ + 1);
      std::int32_t& corrections = rows[s][inputs_];
      if (corrections == 0) first_weights(rows[s]);
      steps[s] = (target - of.set_p[s]) * rate_of(corrections) / 1024;
      corrections = std::min(corrections + 1, kMostCorrections);
    }
    kernels_->correct(of.inputs.data(), inputs_, rows.data(), kSets, steps.data());
    auto* last = memory_.write<std::int32_t>(of.last_weights, kLanes * 2);
    if (last[kLanes] == 0) first_last_weights(last);
    last[kLanes] = 1;
    const std::int32_t step = (target - of.last_p) * kLastRate / 1024;
    kernels_->correct(of.outputs.data(), kLanes, &last, 1, &step);
    for (const Address point : of.refiners) cm::correct_refined(memory_, point, bit, kRefineRate);
  }

  // The whole byte is predicted before anything is learnt from it, so that what it costs is what
  // next_byte() says. `coder` is one of models/cm/bit_coder.h.
  template <class Coder>
  Byte step(Coder coder, double& bits_spent) {
    ask_parts();
    std::array<Prediction, 8> predictions;
    double probability = 1;
    Node node;
    for (Prediction& prediction : predictions) {
      predict(node, prediction);
      const int bit = coder.bit(node.depth, prediction.p);
      probability *= likelihood(prediction.p, bit);
      node = {node.known * 2 + static_cast<unsigned>(bit), node.depth + 1};
    }
    bits_spent -= portable_log2(probability);
    const auto byte = static_cast<Byte>(node.known);
    for (int depth = 0; depth < 8; ++depth)
      learn(predictions[static_cast<std::size_t>(depth)], bit_of(byte, depth));
    for (const auto& state : states_) state->observe({&byte, 1});
    last_ = last_ << 8 | byte;
    asked_ = false;
    return byte;
  }

  // Calls take(byte, its part of the mass) for every byte below the node.
  template <class Mass, class Take>
  void share_out(const Node& node, Mass mass, const Take& take) const {
    Prediction prediction;
    predict(node, prediction);
    for (const unsigned bit : {0u, 1u}) {
      const Mass part = cm::part_of(mass, prediction.p, static_cast<int>(bit));
      const Node next{node.known * 2 + bit, node.depth + 1};
      if (next.depth == 8) {
        take(next.known & 255, part);
      } else {
        share_out(next, part, take);
      }
    }
  }

  std::shared_ptr<const Parts> parts_;
  unsigned revision_;
  std::vector<std::int32_t> weights_of_models_;
  std::size_t inputs_ = 0, row_bytes_ = 0;
  std::array<Address, kSets> sets_{};
  Address last_sets_ = 0, refiners_ = 0;
  JournaledMemory memory_;
  const cm::MixingKernels* kernels_;
  std::vector<std::unique_ptr<State>> states_;
  std::vector<IntegerDistribution> distributions_;  // of the next byte, if asked_
  bool asked_ = false;
  std::uint64_t last_ = 0;  // the last eight bytes
};

class BlendModel final : public ModelOfParts, public WritesAtTemperature {
 public:
  BlendModel(std::string spec, Parts parts, unsigned revision, std::function<bool()> cancelled)
      : ModelOfParts(std::move(spec), std::move(parts)),
        revision_(revision),
        cancelled_(std::move(cancelled)) {}

  // The weights remember all of it.
  std::optional<std::uint64_t> window_bytes() const override { return std::nullopt; }

  // Whatever it blends.
  double text_temperature() const override { return kHedgedTextTemperature; }

  std::unique_ptr<State> start() const override {
    return std::make_unique<ChoiceModelState<Blender>>(Blender(shared_parts(), revision_),
                                                       cancelled_);
  }

  bool portable() const override {
    return revision_ > 1 && std::ranges::all_of(shared_parts()->parts, [](const Part& part) {
             return part.model->portable();
           });
  }

 private:
  unsigned revision_;
  std::function<bool()> cancelled_;
};

}  // namespace

Backend blend_backend() {
  Backend row = parts_backend("blend", "models mixed by weights that are learnt as bytes come", '@',
                              "models, and the weight of each at first (1); quotes around one with "
                              "commas");
  row.revision = 2;
  row.window = "all of the context";
  row.trials_of_parts = 12;
  row.make_model = [](const Arguments& arguments, const ModelOptions& options) {
    Parts parts = make_parts("blend", arguments, options);
    if (parts.parts.size() > kMostParts)
      throw UsageError("blend: there are " + std::to_string(parts.parts.size()) +
                       " models; at most " + std::to_string(kMostParts) + " are blended");
    return std::make_shared<BlendModel>(arguments.spec(), std::move(parts), arguments.revision(),
                                        options.cancelled);
  };
  return row;
}

}  // namespace kraft
