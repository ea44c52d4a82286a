#include "models/cm/samples.h"

#include "base/portable_log2.h"
#include "models/cm/bit_coder.h"
#include "models/cm/logistic.h"
#include "models/cm/pictures.h"
#include "models/cm/refined.h"
#include "models/cm/sound.h"

namespace kraft::cm {
namespace {

constexpr std::size_t kPage = JournaledMemory::kPageBytes;
constexpr std::size_t kDepths = 8;

// Rates of learning, in units of 2^-24 of input times error, high at first: by how often a row of
// weights was corrected.
constexpr std::int32_t kMostCorrections = 4095;
constexpr auto kRowRates = [] {
  std::array<std::int32_t, kMostCorrections + 1> rates{};
  for (std::int32_t i = 0; i <= kMostCorrections; ++i)
    rates[static_cast<std::size_t>(i)] = 16 * 6 + 16 * 256 * 30 / (256 + i);
  return rates;
}();

int final_rate(std::uint64_t position) {
  return 3 + static_cast<int>(8 * 1024 / (1024 + position));
}

constexpr std::int32_t kFirstOfContexts = 6000;
constexpr std::int32_t kInputBias = 256;
constexpr int kMapRate = 6, kRefineRate = 6;
constexpr std::uint32_t kContextLimit = 255, kCopyLimit = 1023;
constexpr std::size_t kMostContextEntries = std::size_t{1} << 18;

}  // namespace

template <class Front>
SamplePredictor<Front>::SamplePredictor(Front front, std::size_t memory_bytes,
                                        const MixingKernels& kernels)
    : kernels_(&kernels),
      memory_(memory_bytes),
      state_(std::make_unique<State>(State{.front = std::move(front), .final_weights = {}})) {
  lay_out(memory_.size_bytes());
  fill_tables();
}

template <class Front>
SamplePredictor<Front>::SamplePredictor(const SamplePredictor& other, JournaledMemory memory)
    : kernels_(other.kernels_),
      memory_(std::move(memory)),
      learns_drawn_(other.learns_drawn_),
      weights_(other.weights_),
      maps_(other.maps_),
      refiners_(other.refiners_),
      contexts_(other.contexts_),
      copies_(other.copies_),
      context_entries_(other.context_entries_),
      inputs_(other.inputs_),
      sets_(other.sets_),
      row_bytes_(other.row_bytes_),
      first_weights_(other.first_weights_),
      state_(std::make_unique<State>(*other.state_)),
      outlook_(other.outlook_) {}

// What the front remembers, small tables, and the contexts in what is left. All of it is zero at
// first.
template <class Front>
void SamplePredictor<Front>::lay_out(std::size_t memory_bytes) {
  std::size_t next = state_->front.lay_out(0);
  const auto take = [&next](std::size_t bytes) {
    const auto begin = static_cast<Address>(next);
    next += (bytes + kPage - 1) / kPage * kPage;
    return begin;
  };
  look_ahead();
  const Outlook& o = outlook_;
  sets_ = o.sets_count + 1;
  const std::size_t inputs =
      o.spreads_count + o.maps_count + 2 * o.contexts_count + 2 * o.copies_count + 1;
  inputs_ = (inputs + kLanes - 1) / kLanes * kLanes;
  row_bytes_ = 4;  // a power of two, so that no row reaches over a page
  while (row_bytes_ < (inputs_ + 1) * 4) row_bytes_ *= 2;
  weights_ = take((o.sets_count * Outlook::kSetContexts * kDepths + Outlook::kKnownSets * 256) *
                  row_bytes_);
  maps_ = take(o.maps_count * Outlook::kMapContexts * kDepths * kRefinedRowBytes);
  refiners_ = take(kRefiners * Outlook::kSetContexts * kDepths * kRefinedRowBytes);
  copies_ = take(o.copies_count * Outlook::kCopyContexts * kDepths * 2 * sizeof(Adaptive));
  contexts_ = static_cast<Address>(next);
  const std::size_t left = (memory_bytes - next) / (o.contexts_count * sizeof(Adaptive));
  context_entries_ =
      static_cast<std::uint32_t>(std::bit_floor(std::min(left, kMostContextEntries)));
}

// The distributions alone count at first, all of them alike.
template <class Front>
void SamplePredictor<Front>::fill_tables() {
  const Outlook& o = outlook_;
  std::fill_n(first_weights_.begin(), o.spreads_count,
              kWeightOne * 9 / 8 / static_cast<std::int32_t>(o.spreads_count));
  for (std::size_t i = 0; i < o.contexts_count; ++i)
    first_weights_[o.spreads_count + o.maps_count + 2 * i] = kFirstOfContexts;
  for (auto& of_final : state_->final_weights) {
    for (auto& weights : of_final)
      std::fill_n(weights.begin(), sets_, kWeightOne / static_cast<std::int32_t>(sets_));
  }
}

template <class Front>
typename SamplePredictor<Front>::Node SamplePredictor<Front>::root() const {
  Node node;
  for (std::size_t i = 0; i < outlook_.spreads_count; ++i) {
    node.low[i] = outlook_.spreads[i].below(0);
    node.high[i] = outlook_.spreads[i].below(256);
  }
  return node;
}

template <class Front>
typename SamplePredictor<Front>::Node SamplePredictor<Front>::after(const Node& node,
                                                                    const Prediction& prediction,
                                                                    int bit) {
  Node next = node;
  next.known = 2 * node.known + static_cast<unsigned>(bit);
  ++next.depth;
  (bit ? next.low : next.high) = prediction.middles;
  return next;
}

template <class Front>
void SamplePredictor<Front>::predict(const Node& node, Prediction& out) const {
  const Outlook& o = outlook_;
  const auto depth = static_cast<unsigned>(node.depth);
  const unsigned middle = (node.known << (8 - depth) & 255) + (128u >> depth);
  std::size_t n = 0;
  for (std::size_t i = 0; i < o.spreads_count; ++i) {
    const std::uint32_t below = o.spreads[i].below(middle);
    out.middles[i] = below;
    out.inputs[n++] = stretched_ratio(node.high[i] - below, below - node.low[i]);
  }
  const RefinedPlace place(out.inputs[0]);
  for (std::size_t i = 0; i < o.maps_count; ++i) {
    const auto row =
        (static_cast<Address>(i * Outlook::kMapContexts) + o.maps[i]) * kDepths + depth;
    out.maps[i] = maps_ + static_cast<Address>(row * kRefinedRowBytes);
    out.inputs[n++] = stretch(place.p(memory_, out.maps[i]));
  }
  for (std::size_t i = 0; i < o.contexts_count; ++i) {
    const std::uint32_t at = hash_of(o.contexts[i], node.known) & (context_entries_ - 1);
    out.contexts[i] =
        contexts_ + (static_cast<Address>(i) * context_entries_ + at) * Address{sizeof(Adaptive)};
    const int p = memory_.read<Adaptive>(out.contexts[i])->p();
    out.inputs[n++] = stretch(p);
    out.inputs[n++] = (p - kOne / 2) >> 5;
  }
  n = predict_copies(node, out, n);
  out.inputs[n++] = kInputBias;
  std::fill(out.inputs.begin() + static_cast<std::ptrdiff_t>(n),
            out.inputs.begin() + static_cast<std::ptrdiff_t>(inputs_), 0);
  select_weights(node, out);
  mix(node, out);
}

template <class Front>
std::size_t SamplePredictor<Front>::predict_copies(const Node& node, Prediction& out,
                                                   std::size_t n) const {
  const auto depth = static_cast<unsigned>(node.depth);
  for (std::size_t i = 0; i < outlook_.copies_count; ++i, n += 2) {
    const Outlook::Copy& copy = outlook_.copies[i];
    out.copies[i] = 0;
    out.inputs[n] = out.inputs[n + 1] = 0;
    if ((copy.value | 256u) >> (8 - depth) != node.known) continue;
    const auto at = ((i * Outlook::kCopyContexts + copy.context) * kDepths + depth) * 2 +
                    (copy.value >> (7 - depth) & 1);
    out.copies[i] = copies_ + static_cast<Address>(at * sizeof(Adaptive));
    const int p = memory_.read<Adaptive>(out.copies[i])->p();
    out.inputs[n] = stretch_finely(p);
    out.inputs[n + 1] = (p - kOne / 2) >> 5;
  }
  return n;
}

template <class Front>
void SamplePredictor<Front>::select_weights(const Node& node, Prediction& out) const {
  const Outlook& o = outlook_;
  const auto row = [this](std::size_t number) {
    return weights_ + static_cast<Address>(number * row_bytes_);
  };
  for (std::size_t s = 0; s < o.sets_count; ++s)
    out.weights[s] = row((s * Outlook::kSetContexts + o.sets[s]) * kDepths +
                         static_cast<std::size_t>(node.depth));
  out.weights[o.sets_count] =
      row(o.sets_count * Outlook::kSetContexts * kDepths + o.known_set * 256 + node.known);
}

// A row that was never corrected takes the weights of the first set's in their place.
template <class Front>
void SamplePredictor<Front>::mix(const Node& node, Prediction& out) const {
  std::array<const std::int32_t*, kMostSets> rows;
  for (std::size_t s = 0; s < sets_; ++s) {
    rows[s] = memory_.read<std::int32_t>(out.weights[s]);
    if (rows[s][inputs_] == 0) rows[s] = s == 0 ? first_weights_.data() : rows[0];
  }
  kernels_->sums(out.inputs.data(), inputs_, rows.data(), sets_, out.outputs.data());
  for (std::size_t s = 0; s < sets_; ++s) {
    out.outputs[s] = std::clamp(out.outputs[s], -kMostStretched, kMostStretched);
    out.set_p[s] = squash(out.outputs[s]);
  }
  std::fill(out.outputs.begin() + static_cast<std::ptrdiff_t>(sets_), out.outputs.end(), 0);
  out.finals = {outlook_.final_set * 8 + static_cast<unsigned>(node.depth), node.known};
  int sum = 0;
  for (std::size_t f = 0; f < kFinals; ++f) {
    const std::int32_t* weights = state_->final_weights[f][out.finals[f]].data();
    std::int32_t output;
    kernels_->sums(out.outputs.data(), kLanesOfSets, &weights, 1, &output);
    output = std::clamp(output, -kMostStretched, kMostStretched);
    out.final_p[f] = squash(output);
    sum += output;
  }
  refine(node, sum / static_cast<int>(kFinals), out);
}

// The mean of what the last mixers say and what adaptive maps make of it.
template <class Front>
void SamplePredictor<Front>::refine(const Node& node, int last, Prediction& out) const {
  const std::array<std::size_t, kRefiners> rows = {
      outlook_.known_set * 256 + node.known,
      outlook_.refined * kDepths + static_cast<std::size_t>(node.depth)};
  const RefinedPlace place(last);
  int refined = 0;
  for (std::size_t i = 0; i < kRefiners; ++i) {
    const std::size_t row = i * Outlook::kSetContexts * kDepths + rows[i];
    out.refiners[i] = refiners_ + static_cast<Address>(row * kRefinedRowBytes);
    refined += place.p(memory_, out.refiners[i]);
  }
  out.p = std::clamp((2 * squash(last) + refined + 2) >> 2, 1, kOne - 1);
}

template <class Front>
void SamplePredictor<Front>::learn_weights(const Prediction& of, int bit) {
  const int target = bit << 16;
  for (std::size_t f = 0; f < kFinals; ++f) {
    const std::int32_t step = (target - of.final_p[f]) * final_rate(state_->position) / 64;
    std::int32_t* weights = state_->final_weights[f][of.finals[f]].data();
    kernels_->correct(of.outputs.data(), kLanesOfSets, &weights, 1, &step);
  }
  std::array<std::int32_t*, kMostSets> rows;
  std::array<std::int32_t, kMostSets> steps;
  for (std::size_t s = 0; s < sets_; ++s) {
    rows[s] = memory_.write<std::int32_t>(of.weights[s], inputs_ + 1);
    std::int32_t& corrections = rows[s][inputs_];
    if (corrections == 0) std::copy_n(s == 0 ? first_weights_.data() : rows[0], inputs_, rows[s]);
    steps[s] = (target - of.set_p[s]) * kRowRates[static_cast<std::size_t>(corrections)] / 1024;
    corrections = std::min(corrections + 1, kMostCorrections);
  }
  kernels_->correct(of.inputs.data(), inputs_, rows.data(), sets_, steps.data());
}

template <class Front>
void SamplePredictor<Front>::learn(const Prediction& of, int bit) {
  learn_weights(of, bit);
  const Outlook& o = outlook_;
  for (std::size_t i = 0; i < o.maps_count; ++i)
    correct_refined(memory_, of.maps[i], bit, kMapRate);
  for (std::size_t i = 0; i < o.contexts_count; ++i)
    memory_.write<Adaptive>(of.contexts[i])->correct(bit, kContextLimit);
  for (std::size_t i = 0; i < o.copies_count; ++i) {
    if (of.copies[i] != 0) memory_.write<Adaptive>(of.copies[i])->correct(bit, kCopyLimit);
  }
  for (const Address refiner : of.refiners) correct_refined(memory_, refiner, bit, kRefineRate);
}

// The whole byte is predicted before anything is learnt from it, so that what it costs is what
// next_byte() says.
template <class Front>
template <class Coder>
Byte SamplePredictor<Front>::step(Coder& coder, double& bits_spent) {
  std::array<Prediction, 8> predictions;
  double probability = 1;
  Node node = root();
  for (auto& prediction : predictions) {
    predict(node, prediction);
    const int bit = coder.bit(node.depth, prediction.p);
    probability *= likelihood(prediction.p, bit);
    node = after(node, prediction, bit);
  }
  bits_spent -= portable_log2(probability);
  const auto byte = static_cast<Byte>(node.known);
  for (int depth = 0; state_->learns && depth < 8; ++depth)
    learn(predictions[static_cast<std::size_t>(depth)], bit_of(byte, depth));
  state_->front.observe(memory_, byte, state_->learns);
  ++state_->position;
  look_ahead();
  return byte;
}

template <class Front>
double SamplePredictor<Front>::observe(Byte byte) {
  Observing coder{byte};
  double bits = 0;
  step(coder, bits);
  return bits;
}

template <class Front>
double SamplePredictor<Front>::encode(Byte byte, RangeEncoder& encoder) {
  Encoding coder{byte, encoder};
  double bits = 0;
  step(coder, bits);
  return bits;
}

template <class Front>
Byte SamplePredictor<Front>::decode(RangeDecoder& decoder, double& bits) {
  Decoding coder{decoder};
  return step(coder, bits);
}

template <class Front>
template <class Mass, class Take>
void SamplePredictor<Front>::share_out(const Node& node, Mass mass, const Take& take) const {
  Prediction prediction;
  predict(node, prediction);
  for (const int bit : {0, 1}) {
    const Mass below = part_of(mass, prediction.p, bit);
    const Node next = after(node, prediction, bit);
    if (next.depth == 8) {
      take(next.known & 255, below);
    } else {
      share_out(next, below, take);
    }
  }
}

template <class Front>
void SamplePredictor<Front>::next_byte(std::span<double, 256> bits) const {
  share_out(root(), 1.0, [&bits](unsigned byte, double p) { bits[byte] = -portable_log2(p); });
}

template <class Front>
void SamplePredictor<Front>::next_weights(std::span<std::uint64_t, 256> weights) const {
  share_out(root(), kAllMass,
            [&weights](unsigned byte, std::uint64_t mass) { weights[byte] = mass; });
}

template <class Front>
double SamplePredictor<Front>::bits_of(Byte byte) const {
  Node node = root();
  Prediction prediction;
  double probability = 1;
  while (node.depth < 8) {
    predict(node, prediction);
    const int bit = bit_of(byte, node.depth);
    probability *= likelihood(prediction.p, bit);
    node = after(node, prediction, bit);
  }
  return -portable_log2(probability);
}

template <class Front>
typename SamplePredictor<Front>::Place SamplePredictor<Front>::mark() {
  return {memory_.mark(), std::make_shared<const State>(*state_)};
}

template <class Front>
void SamplePredictor<Front>::rewind(const Place& place) {
  memory_.rewind(place.journal);
  *state_ = *place.state;
  look_ahead();
}

template class SamplePredictor<SoundFront>;
template class SamplePredictor<PictureFront>;

}  // namespace kraft::cm
