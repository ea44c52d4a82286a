#include "models/cm/predictor.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/portable_log2.h"
#include "models/cm/bit_coder.h"
#include "models/cm/bit_history.h"
#include "models/cm/logistic.h"
#include "models/cm/refined.h"

namespace kraft::cm {
namespace {

using Address = JournaledMemory::Address;

constexpr Address kPage = JournaledMemory::kPageBytes;

// Slots: a byte that tells contexts apart, then the histories of the 15 places of half a byte.
constexpr std::size_t kSlotBytes = 16, kSlotsOfBucket = 4;

Adaptive initial_probability(const History& history) {
  const auto ones = static_cast<std::uint64_t>(2 * history.counts[1] + 1);
  const auto all = static_cast<std::uint64_t>(2 * (history.counts[0] + history.counts[1]) + 2);
  return Adaptive::of(static_cast<std::uint32_t>((ones << 32) / all));
}

// Kinds of characters, which select weights.
unsigned kind_of(unsigned byte) {
  if (byte >= 'a' && byte <= 'z') return 1;
  if (byte >= 'A' && byte <= 'Z') return 2;
  if (byte >= '0' && byte <= '9') return 3;
  if (byte == ' ') return 4;
  if (byte == '\n') return 5;
  if (byte >= 128) return 6;
  return byte < 32 ? 7 : 0;
}

constexpr std::size_t kMostHistory = std::size_t{16} << 20;

constexpr std::int32_t kChainUnit = 256;  // the chain's second input

constexpr int kRefineRate = 6, kRefineRateWithPpm = 5;
constexpr int kRefinedBits = 14;  // contexts of each map, as a power of two

// How many rows of weights each set has.
constexpr std::array<std::size_t, 14> kSetCounts = {96,   256,  2048, 256,  512, 512, 2048,
                                                    1024, 1024, 512,  1024, 256, 256, 2048};

constexpr std::int32_t kInputBias = 340;

// Rates of learning, in units of 2^-20 of input times error: high at first.
constexpr int kLastRate = 3, kLastStart = 8;
constexpr int kChainRate = 4;

// The same of rows of weights, in sixteenths, by how often the row was corrected.
constexpr std::int32_t kMostCorrections = 4095;

constexpr std::array<int, kMostCorrections + 1> row_rates(int rate, int start) {
  std::array<int, kMostCorrections + 1> rates{};
  for (int i = 0; i <= kMostCorrections; ++i)
    rates[static_cast<std::size_t>(i)] = 16 * rate + 16 * 256 * start / (256 + i);
  return rates;
}
constexpr auto kRowRates = row_rates(5, 40), kRowRatesOfMax = row_rates(1, 40);

// The weights of a row that has learnt nothing, nor has the row in whose place it stands.
constexpr std::size_t kMostRowInputs = 160;
constexpr std::array<std::int32_t, kMostRowInputs> same_weights(std::int32_t weight) {
  std::array<std::int32_t, kMostRowInputs> weights{};
  weights.fill(weight);
  return weights;
}
constexpr auto kFirstWeights = same_weights(4000), kFirstWeightsOfMax = same_weights(2000);

// The most corrections that adaptive probabilities count.
constexpr std::uint32_t kMapLimit = 1023, kMatchLimit = 1023, kRunLimit = 1023, kPixelLimit = 255,
                        kDirectLimit = 30;

int rate_at(std::uint64_t position, int rate, int start) {
  return rate + static_cast<int>(static_cast<std::uint64_t>(start) * 1024 / (1024 + position));
}

// Where in its slot a node has its history.
std::size_t place_in_slot(unsigned known, int depth) {
  const int low = depth & 3;
  return (std::size_t{1} << low) + (known & ((1u << low) - 1));
}

constexpr std::array<Byte, kSlotBytes> kEmpty{};

// What a slot would be after one half of a byte.
constexpr auto kOnce = [] {
  std::array<std::array<Byte, kSlotBytes>, 16> slots{};
  for (unsigned half = 0; half < 16; ++half) {
    unsigned known = 1;
    for (int i = 0; i < 4; ++i) {
      const unsigned bit = half >> (3 - i) & 1;
      slots[half][known] = kHistories.next(0, static_cast<int>(bit));
      known = known * 2 + bit;
    }
  }
  return slots;
}();

// The same of a run's byte: none where there is no run, or where it says another first half.
const Byte* slot_of_run(unsigned latest, bool any, unsigned known) {
  if (!any) return kEmpty.data();
  if (known == 1) return kOnce[latest >> 4].data();
  return (latest >> 4 | 16u) == known ? kOnce[latest & 15].data() : kEmpty.data();
}

}  // namespace

Predictor::Predictor(Effort effort, std::size_t memory_bytes, PictureShape shape, unsigned revision,
                     const MixingKernels& kernels)
    : effort_(effort),
      contexts_(effort == Effort::max ? 32 : 11),
      finals_(effort == Effort::max ? 3 : 1),
      refiners_count_(effort == Effort::max ? 6 : 3),
      kernels_(&kernels),
      memory_(std::max(memory_bytes, kLeastMemory)),
      tables_(std::make_unique<Tables>()) {
  at_.shape = shape;
  if (effort == Effort::max && revision > 1 && !in_picture()) {
    const std::size_t of_ppm = memory_.size_bytes() / 8;
    memory_ = JournaledMemory(memory_.size_bytes() - of_ppm);
    ppm_.emplace(of_ppm);
  }
  sets_ = ppm_ ? kSetCounts.size() : effort == Effort::max ? kSetCounts.size() - 1 : 6;
  most_inputs_ = (effort == Effort::max ? 4 : 2) * contexts_ + 2 * kExpected + 2 * kMatches + 3 +
                 (ppm_ ? 2 : 0);
  most_inputs_ = (most_inputs_ + kLanes - 1) / kLanes * kLanes;
  lay_out(memory_.size_bytes());
  fill_tables();
  look_for_picture();
  set_contexts();
}

Predictor::Predictor(const Predictor& other, JournaledMemory memory)
    : effort_(other.effort_),
      learns_drawn_(other.learns_drawn_),
      contexts_(other.contexts_),
      sets_(other.sets_),
      finals_(other.finals_),
      refiners_count_(other.refiners_count_),
      most_inputs_(other.most_inputs_),
      kernels_(other.kernels_),
      memory_(std::move(memory)),
      direct_(other.direct_),
      pixels_(other.pixels_),
      indirect_(other.indirect_),
      weights_(other.weights_),
      refiners_(other.refiners_),
      history_(other.history_),
      match_table_(other.match_table_),
      run_table_(other.run_table_),
      slots_(other.slots_),
      set_begin_(other.set_begin_),
      row_bytes_(other.row_bytes_),
      history_bytes_(other.history_bytes_),
      match_entries_(other.match_entries_),
      run_entries_(other.run_entries_),
      buckets_(other.buckets_),
      at_(other.at_),
      tables_(std::make_unique<Tables>(*other.tables_)) {
  if (other.ppm_) ppm_ = other.ppm_->clone();
}

// Small tables first, each from a page of its own; then the history, an eighth of the memory or
// what a block has, the tables of the match models, a sixteenth, those of runs, a quarter, and
// slots in what is left. All of it is zero at first.
void Predictor::lay_out(std::size_t memory_bytes) {
  Address next = 0;
  const auto take = [&next](std::size_t bytes) {
    const Address begin = next;
    next += static_cast<Address>((bytes + kPage - 1) / kPage) * kPage;
    return begin;
  };
  const auto power_below = [](std::size_t bytes) {
    std::uint32_t power = 1;
    while (std::size_t{power} * 2 <= bytes) power *= 2;
    return power;
  };
  direct_ = take((256 + 65536) * 4);
  pixels_ = take(kExpected * kMostChannels * 8 * 8 * 96 * 4);
  row_bytes_ = 4;  // a power of two, so that no row reaches over a page
  while (row_bytes_ < (most_inputs_ + 1) * 4) row_bytes_ *= 2;
  for (std::size_t s = 0; s < sets_; ++s) set_begin_[s] = take(kSetCounts[s] * row_bytes_);
  refiners_ = take(refiners_count_ * (std::size_t{1} << kRefinedBits) * kRefinedRowBytes);
  history_bytes_ = power_below(std::min(memory_bytes / 8, kMostHistory));
  history_ = take(history_bytes_);
  match_entries_ = power_below(memory_bytes / 32 / 4);
  match_table_ = take(kMatches * match_entries_ * std::size_t{4});
  if (effort_ == Effort::max) {
    indirect_ = take((256 + 65536) * 4);
    run_entries_ = power_below(memory_bytes / 4 / sizeof(Run));
    run_table_ = take(run_entries_ * sizeof(Run));
  }
  slots_ = next;
  buckets_ = static_cast<std::uint32_t>((memory_bytes - next) / (kSlotBytes * kSlotsOfBucket));
}

void Predictor::fill_tables() {
  Tables& tables = *tables_;
  for (std::size_t c = 0; c < kMostContexts; ++c) {
    for (std::size_t h = 0; h < 256; ++h) {
      tables.maps[c][h] = initial_probability(kHistories[h]);
      const bool known = h > 0 && h < kHistories.size();
      tables.chain[c][h][0] = known ? kWeightOne * 4 / 5 : kWeightOne;
      tables.chain[c][h][1] = known ? stretch(tables.maps[c][h].p()) * 90 : 0;
    }
  }
  for (auto& of_final : tables.final_weights) {
    for (auto& weights : of_final) weights.fill(kWeightOne / static_cast<std::int32_t>(sets_));
  }
}

std::uint32_t Predictor::slot_hash(std::size_t context, unsigned known) const {
  return known == 1 ? at_.contexts[context] : hash_of(at_.contexts[context], known);
}

JournaledMemory::Address Predictor::bucket_of(std::uint32_t hash) const {
  const auto bucket = static_cast<Address>(std::uint64_t{hash} * buckets_ >> 32);
  return slots_ + bucket * Address{kSlotBytes * kSlotsOfBucket};
}

// Of the two places of a context's run its own, or the one that is to be given up.
JournaledMemory::Address Predictor::run_of(std::size_t context, bool& own) const {
  const std::uint32_t hash = at_.contexts[context];
  const Address first = run_table_ + (hash >> 8 & (run_entries_ - 2)) * Address{sizeof(Run)};
  const Run* runs = memory_.read<Run>(first);
  const auto check = static_cast<Byte>(hash);
  std::size_t at = runs[1].count < runs[0].count ? 1 : 0;
  own = false;
  for (std::size_t i = 0; i < 2; ++i) {
    if (runs[i].check != check || runs[i].count == 0) continue;
    at = i;
    own = true;
    break;
  }
  return first + static_cast<Address>(at * sizeof(Run));
}

// The slot of a context. What has been seen only once has none: the run says what it would be.
const Byte* Predictor::find_slot(std::uint32_t hash, const Run& run, unsigned known) const {
  const Byte* slot = memory_.read<Byte>(bucket_of(hash));
  const auto check = static_cast<Byte>(hash);
  for (std::size_t i = 0; i < kSlotsOfBucket; ++i) {
    if (slot[i * kSlotBytes] == check && slot[i * kSlotBytes + 1] != 0)
      return slot + i * kSlotBytes;
  }
  return slot_of_run(run.latest, run.count > 0, known);
}

// The same to be written; where there is none, in place of the one of its bucket that has seen
// least.
Byte* Predictor::take_slot(std::uint32_t hash, const Byte* initial) {
  const Address begin = bucket_of(hash);
  const Byte* slot = memory_.read<Byte>(begin);
  const auto check = static_cast<Byte>(hash);
  std::size_t least = 0;
  int least_seen = INT32_MAX;
  for (std::size_t i = 0; i < kSlotsOfBucket; ++i) {
    if (slot[i * kSlotBytes] == check && slot[i * kSlotBytes + 1] != 0)
      return memory_.write<Byte>(begin + static_cast<Address>(i * kSlotBytes), kSlotBytes);
    const History& history = kHistories[slot[i * kSlotBytes + 1]];
    const int seen = history.counts[0] + history.counts[1];
    if (seen >= least_seen) continue;
    least_seen = seen;
    least = i;
  }
  Byte* taken = memory_.write<Byte>(begin + static_cast<Address>(least * kSlotBytes), kSlotBytes);
  std::memcpy(taken, initial, kSlotBytes);
  taken[0] = check;
  return taken;
}

// Where the histories of half a byte lie.
void Predictor::look_up(Node& node) const {
  std::array<std::uint32_t, kMostContexts> hashes;
  for (std::size_t c = 0; c < contexts_; ++c) {
    hashes[c] = slot_hash(c, node.known);
    __builtin_prefetch(memory_.read<Byte>(bucket_of(hashes[c])));
  }
  if (node.depth == 0) {
    node.runs.fill({});
    for (std::size_t c = 0; effort_ == Effort::max && c < contexts_; ++c) {
      bool own;
      const Run& run = *memory_.read<Run>(run_of(c, own));
      if (own) node.runs[c] = run;
    }
  }
  for (std::size_t c = 0; c < contexts_; ++c)
    node.slots[c] = find_slot(hashes[c], node.runs[c], node.known);
}

void Predictor::predict(const Node& node, Prediction& out) const {
  select_refiners(node, out);
  const std::size_t place = place_in_slot(node.known, node.depth);
  const auto c1 = static_cast<Address>(at_.last & 255);
  out.direct = {direct_ + node.known * 4, direct_ + 1024 + (c1 * 256 + node.known) * 4};
  const int first = stretch(memory_.read<Adaptive>(out.direct[0])->p());
  const int second = stretch(memory_.read<Adaptive>(out.direct[1])->p());
  const bool max = effort_ == Effort::max;
  std::size_t n = 0;
  unsigned hits = 0;
  std::int32_t chain = first;
  for (std::size_t c = 0; c < contexts_; ++c) {
    const std::uint8_t history = node.slots[c][place];
    out.histories[c] = history;
    const int p = tables_->maps[c][history].p();
    out.inputs[n++] = history == 0 ? 0 : stretch(p);
    if (max) out.inputs[n++] = history == 0 ? 0 : (p - kOne / 2) >> 5;
    if (c < 6 && history != 0) ++hits;

    const auto& pair = tables_->chain[c][history];
    out.chain[c] = chain;
    chain =
        std::clamp((pair[0] * chain >> 8) + pair[1], -(kMostStretched << 8), kMostStretched << 8) >>
        8;
    out.chain_p[c] = squash(chain);
    out.inputs[n++] = chain;
  }
  if (max) n = predict_runs(node, out, n);
  if (in_picture()) n = predict_pixels(node, out, n);
  Matched matched;
  n = predict_matches(node, out, n, matched);
  out.inputs[n++] = first;
  out.inputs[n++] = second;
  out.inputs[n++] = kInputBias;
  if (ppm_) {
    const int p = ppm_->p(node.known);
    out.inputs[n++] = stretch_finely(p);
    out.inputs[n++] = (p - kOne / 2) >> 5;
  }
  while (n % kLanes != 0) out.inputs[n++] = 0;
  out.inputs_count = n;
  select_sets(node, matched, hits, out);
  mix(node, matched, out);
  refine(out);
}

// By which of the last two bytes that followed the context agree with the known bits, and what they
// say.
std::size_t Predictor::predict_runs(const Node& node, Prediction& out, std::size_t n) const {
  const auto says = [&node](unsigned byte) {  // 1 + the next bit; 0: nothing
    const bool agrees = (byte | 256u) >> (8 - node.depth) == node.known;
    return agrees ? 1 + (byte >> (7 - node.depth) & 1) : 0;
  };
  for (std::size_t c = 0; c < contexts_; ++c, ++n) {
    const Run& run = node.runs[c];
    out.runs[c] = 0;
    out.inputs[n] = 0;
    if (run.count == 0) continue;
    const unsigned latest = says(run.latest), before = says(run.before);
    if (latest + before == 0) continue;
    unsigned often = run.count - 1u;
    if (run.count > 4) often = run.count < 8 ? 4 : run.count < 16 ? 5 : run.count < 64 ? 6 : 7;
    out.runs[c] = static_cast<std::uint16_t>(((latest * 3 + before) * 8 + often) * 8 +
                                             static_cast<unsigned>(node.depth));
    out.inputs[n] = stretch(tables_->runs[c][out.runs[c]].p());
  }
  return n;
}

std::size_t Predictor::predict_matches(const Node& node, Prediction& out, std::size_t n,
                                       Matched& matched) const {
  for (std::size_t m = 0; m < kMatches; ++m, n += 2) {
    const Match& match = at_.matches[m];
    out.match_maps[m] = 0;
    out.inputs[n] = out.inputs[n + 1] = 0;
    if (match.length == 0) continue;
    const unsigned byte = history_at(match.at) | 256u;
    if (byte >> (8 - node.depth) != node.known) continue;
    const unsigned bit = byte >> (7 - node.depth) & 1;
    const std::uint32_t length = class_of_match(match.length);
    out.match_maps[m] =
        static_cast<std::uint16_t>((std::min(match.missed, 3u) * 32 + length) * 2 + bit);
    const int p = tables_->match_maps[m][out.match_maps[m]].p();
    out.inputs[n] = stretch(p);
    out.inputs[n + 1] = (p - kOne / 2) >> 5;
    matched = {std::max(matched.longest, length), bit + 1};
  }
  return n;
}

const std::int32_t* Predictor::first_weights() const {
  return (effort_ == Effort::max ? kFirstWeightsOfMax : kFirstWeights).data();
}

// A row that was never corrected takes the weights of the first set's in their place.
void Predictor::mix(const Node& node, const Matched& matched, Prediction& out) const {
  std::array<const std::int32_t*, kMostSets> rows;
  for (std::size_t s = 0; s < sets_; ++s) {
    rows[s] = memory_.read<std::int32_t>(out.weights[s]);
    if (rows[s][most_inputs_] == 0) rows[s] = s == 0 ? first_weights() : rows[0];
  }
  kernels_->sums(out.inputs.data(), out.inputs_count, rows.data(), sets_, out.outputs.data());
  for (std::size_t s = 0; s < sets_; ++s) {
    out.outputs[s] = std::clamp(out.outputs[s], -kMostStretched, kMostStretched);
    out.set_p[s] = squash(out.outputs[s]);
  }
  for (std::size_t s = sets_; s < kMostSets; ++s) out.outputs[s] = 0;
  out.finals = {node.known, matched.longest * 3 + matched.expected,
                static_cast<unsigned>(at_.last & 255)};
  int sum = 0;
  for (std::size_t f = 0; f < finals_; ++f) {
    const std::int32_t* weights = tables_->final_weights[f][out.finals[f]].data();
    std::int32_t output;
    kernels_->sums(out.outputs.data(), kMostSets, &weights, 1, &output);
    output = std::clamp(output, -kMostStretched, kMostStretched);
    out.final_p[f] = squash(output);
    sum += output;
  }
  out.last = finals_ == 1 ? sum : sum / static_cast<int>(finals_);
}

// Which weights each mixer takes.
void Predictor::select_sets(const Node& node, const Matched& matched, unsigned hits,
                            Prediction& out) const {
  const unsigned c1 = at_.last & 255, c2 = at_.last >> 8 & 255, c3 = at_.last >> 16 & 255;
  const auto depth = static_cast<unsigned>(node.depth);
  const unsigned longest = matched.longest;
  const unsigned kinds = kind_of(c1) * 8 + kind_of(c2);
  std::array<unsigned, kMostSets> rows = {
      longest * 3 + matched.expected,
      node.known,
      c1 * 8 + depth,
      c2,
      kinds * 8 + depth,
      (hits * 8 + depth) * 3 + (longest > 15  ? 2
                                : longest > 0 ? 1
                                              : 0),
      kinds * 8 + kind_of(c3) + (depth > 3 ? 512u : 0u) + (depth > 1 ? 1024u : 0u),
      c3 * 4 + depth / 2,
  };
  if (effort_ == Effort::max) {
    const auto column = std::min<std::uint64_t>(at_.position - at_.line_begin, 127);
    const std::uint32_t length = longer_match().length;
    unsigned of_word = 0;
    while (of_word < 7 && (at_.letters >> 8 * of_word & 255) > ' ') ++of_word;
    rows[8] = static_cast<unsigned>(column) * 8 + depth;
    rows[9] = (of_word * 8 + depth) * 8 + kind_of(c1);
    rows[10] = length == 0 ? 0
                           : (expected_byte() & 255) + (length < 16   ? 256u
                                                        : length < 32 ? 512u
                                                                      : 768u);
    rows[11] = out.histories[1];
    rows[12] = out.histories[2];
    rows[13] = (at_.words[0] >> 24) * 8 + depth;
  }
  if (in_picture()) {
    const Pixel& pixel = at_.pixel;
    const auto between = [&pixel](std::size_t a, std::size_t b, int most) {
      return static_cast<unsigned>(
          std::min(std::abs(pixel.expected[a] - pixel.expected[b]) / 32, most));
    };
    const int middle = static_cast<int>((node.known * 2 + 1) << (7 - node.depth) & 255);
    const auto ahead =
        static_cast<unsigned>(std::clamp(pixel.expected[0] / 8 - middle, -127, 127) + 128);
    const auto error = static_cast<unsigned>(std::min(pixel.error[pixel.color] / 16, 15));
    const unsigned place = depth * kMostChannels + pixel.color;
    rows[2] = static_cast<unsigned>(pixel.expected[0]) / 8 * 8 + depth;
    rows[3] = pixel.texture * 32 + place;
    rows[4] = between(2, 3, 15) * 32 + place;
    rows[5] = error * 32 + place;
    rows[6] = ahead * 8 + depth;
    if (effort_ == Effort::max) {
      rows[8] = between(0, 1, 31) * 32 + place;
      rows[9] = between(2, 4, 15) * 32 + place;
    }
  }
  for (std::size_t s = 0; s < sets_; ++s) out.weights[s] = set_begin_[s] + rows[s] * row_bytes_;
}

// Which adaptive maps correct the result.
void Predictor::select_refiners(const Node& node, Prediction& out) const {
  const unsigned c1 = at_.last & 255, known = node.known;
  std::array<std::uint32_t, kMostRefiners> contexts = {
      hash_of(c1, known), hash_of(at_.last & 0xffff, known), hash_of(at_.last & 0xffffff, known)};
  if (refiners_count_ > 3) {
    contexts[3] = hash_of(expected_byte(), known << 8 | class_of_match(longer_match().length));
    contexts[4] = hash_of(at_.words[0], known + 1000u * c1);
    contexts[5] = hash_of(at_.words[1], known + 1000u * c1);
  }
  if (in_picture()) {
    const Pixel& pixel = at_.pixel;
    const auto of = [&pixel](int value) {
      return static_cast<std::uint64_t>(value) * kMostChannels + pixel.color;
    };
    contexts[0] = hash_of(of(pixel.expected[0] / 4), known);
    contexts[1] = hash_of(of(pixel.expected[1]), known * 8 + pixel.texture);
    contexts[2] = hash_of(of(pixel.expected[4]), known);
  }
  for (std::size_t i = 0; i < refiners_count_; ++i) {
    const auto row = static_cast<Address>(i << kRefinedBits) + (contexts[i] >> (32 - kRefinedBits));
    out.refiners[i] = refiners_ + row * Address{kRefinedRowBytes};
    __builtin_prefetch(memory_.read<Byte>(out.refiners[i]));
  }
}

// The mean of what the last mixers say and what adaptive maps make of it.
void Predictor::refine(Prediction& out) const {
  const RefinedPlace place(out.last);
  int sum = 0;
  for (std::size_t i = 0; i < refiners_count_; ++i) sum += place.p(memory_, out.refiners[i]);
  const int last_p = squash(out.last);
  const int p = refiners_count_ == 3 ? (last_p + sum + 2) >> 2 : (2 * last_p + sum + 4) >> 3;
  out.p = std::clamp(p, 1, kOne - 1);
}

void Predictor::learn_weights(const Prediction& of, int bit) {
  const int target = bit << 16;
  for (std::size_t f = 0; f < finals_; ++f) {
    const std::int32_t step =
        (target - of.final_p[f]) * rate_at(at_.position, kLastRate, kLastStart) / 64;
    std::int32_t* weights = tables_->final_weights[f][of.finals[f]].data();
    kernels_->correct(of.outputs.data(), kMostSets, &weights, 1, &step);
  }
  const auto& rates = effort_ == Effort::max ? kRowRatesOfMax : kRowRates;
  std::array<std::int32_t*, kMostSets> rows;
  std::array<std::int32_t, kMostSets> steps;
  for (std::size_t s = 0; s < sets_; ++s) {
    rows[s] = memory_.write<std::int32_t>(of.weights[s], most_inputs_ + 1);
    std::int32_t& corrections = rows[s][most_inputs_];
    if (corrections == 0) std::copy_n(s == 0 ? first_weights() : rows[0], most_inputs_, rows[s]);
    steps[s] = (target - of.set_p[s]) * rates[static_cast<std::size_t>(corrections)] / 1024;
    corrections = std::min(corrections + 1, kMostCorrections);
  }
  kernels_->correct(of.inputs.data(), of.inputs_count, rows.data(), sets_, steps.data());
}

// Corrects all that the prediction was made of by the bit that came.
void Predictor::learn(unsigned known, int depth, const Prediction& of,
                      const std::array<Byte*, kMostContexts>& slots, int bit) {
  const int target = bit << 16;
  learn_weights(of, bit);
  for (std::size_t i = 0; i < refiners_count_; ++i)
    correct_refined(memory_, of.refiners[i], bit, ppm_ ? kRefineRateWithPpm : kRefineRate);
  const std::size_t place = place_in_slot(known, depth);
  for (std::size_t c = 0; c < contexts_; ++c) {
    const std::uint8_t history = of.histories[c];
    auto& pair = tables_->chain[c][history];
    const std::int32_t step = (target - of.chain_p[c]) * kChainRate;
    const auto kept = [](std::int32_t weight) {
      return std::clamp(weight, -kMostWeight, kMostWeight);
    };
    pair[0] = kept(pair[0] + ((of.chain[c] * step + (1 << 19)) >> 20));
    pair[1] = kept(pair[1] + ((kChainUnit * step + (1 << 19)) >> 20));
    if (history != 0) tables_->maps[c][history].correct(bit, kMapLimit);
    slots[c][place] = kHistories.next(history, bit);
  }
  if (effort_ == Effort::max) {
    for (std::size_t c = 0; c < contexts_; ++c) {
      if (of.runs[c] != 0) tables_->runs[c][of.runs[c]].correct(bit, kRunLimit);
    }
  }
  if (in_picture()) {
    for (const Address at : of.pixels) memory_.write<Adaptive>(at)->correct(bit, kPixelLimit);
  }
  for (std::size_t m = 0; m < kMatches; ++m) {
    if (of.match_maps[m] != 0) tables_->match_maps[m][of.match_maps[m]].correct(bit, kMatchLimit);
  }
  for (const Address at : of.direct) memory_.write<Adaptive>(at)->correct(bit, kDirectLimit);
}

void Predictor::learn_runs(Byte byte) {
  for (std::size_t c = 0; c < contexts_; ++c) {
    bool own;
    Run& run = *memory_.write<Run>(run_of(c, own));
    if (!own) {
      run = {static_cast<Byte>(at_.contexts[c]), byte, 1, byte};
    } else if (run.latest == byte) {
      run.count = static_cast<Byte>(std::min(run.count + 1, 255));
    } else {
      run.before = run.latest;
      run.latest = byte;
      run.count = 1;
    }
  }
}

// The whole byte is predicted before anything is learnt from it, so that what it costs is what
// next_byte() says.
template <class Coder>
Byte Predictor::step(Coder& coder, double& bits_spent) {
  std::array<Prediction, 8> predictions;
  double probability = 1;
  Node node;
  for (auto& prediction : predictions) {
    if (node.depth % 4 == 0) look_up(node);
    predict(node, prediction);
    const int bit = coder.bit(node.depth, prediction.p);
    probability *= likelihood(prediction.p, bit);
    node.known = node.known * 2 + static_cast<unsigned>(bit);
    ++node.depth;
  }
  bits_spent -= portable_log2(probability);
  if (at_.learns) learn_byte(node, predictions);
  const auto byte = static_cast<Byte>(node.known);
  if (in_picture()) learn_pixel(byte);
  if (ppm_) ppm_->observe(byte, at_.learns);
  remember(byte);
  update_matches();
  look_for_picture();
  set_contexts();
  return byte;
}

void Predictor::learn_byte(const Node& node, const std::array<Prediction, 8>& predictions) {
  std::array<Byte, kSlotBytes> none{};
  std::array<Byte*, kMostContexts> slots;
  for (int depth = 0; depth < 8; ++depth) {
    const unsigned known = node.known >> (8 - depth);
    for (std::size_t c = 0; depth % 4 == 0 && c < contexts_; ++c) {
      const Run& run = node.runs[c];
      const bool is_new = effort_ == Effort::max && run.count == 0;
      slots[c] =
          is_new ? none.data()
                 : take_slot(slot_hash(c, known), slot_of_run(run.latest, run.count > 0, known));
    }
    learn(known, depth, predictions[static_cast<std::size_t>(depth)], slots,
          static_cast<int>(node.known >> (7 - depth) & 1));
  }
  if (effort_ == Effort::max) learn_runs(static_cast<Byte>(node.known));
}

double Predictor::observe(Byte byte) {
  Observing coder{byte};
  double bits = 0;
  step(coder, bits);
  return bits;
}

double Predictor::encode(Byte byte, RangeEncoder& encoder) {
  Encoding coder{byte, encoder};
  double bits = 0;
  step(coder, bits);
  return bits;
}

Byte Predictor::decode(RangeDecoder& decoder, double& bits) {
  Decoding coder{decoder};
  return step(coder, bits);
}

// Calls take(byte, its part of the mass) for every byte below the node.
template <class Mass, class Take>
void Predictor::share_out(const Node& node, Mass mass, const Take& take) const {
  Node here = node;
  if (here.depth % 4 == 0) look_up(here);
  Prediction prediction;
  predict(here, prediction);
  for (const unsigned bit : {0u, 1u}) {
    const Mass below = part_of(mass, prediction.p, static_cast<int>(bit));
    Node next = here;
    next.known = 2 * here.known + bit;
    ++next.depth;
    if (next.depth == 8) {
      take(next.known & 255, below);
    } else {
      share_out(next, below, take);
    }
  }
}

void Predictor::next_byte(std::span<double, 256> bits) const {
  share_out(Node{}, 1.0, [&bits](unsigned byte, double p) { bits[byte] = -portable_log2(p); });
}

void Predictor::next_weights(std::span<std::uint64_t, 256> weights) const {
  share_out(Node{}, kAllMass,
            [&weights](unsigned byte, std::uint64_t mass) { weights[byte] = mass; });
}

double Predictor::bits_of(Byte byte) const {
  Node node;
  Prediction prediction;
  double probability = 1;
  for (; node.depth < 8; ++node.depth) {
    if (node.depth % 4 == 0) look_up(node);
    predict(node, prediction);
    const int bit = bit_of(byte, node.depth);
    probability *= likelihood(prediction.p, bit);
    node.known = node.known * 2 + static_cast<unsigned>(bit);
  }
  return -portable_log2(probability);
}

Predictor::Place Predictor::mark() {
  Place place{memory_.mark(), at_, std::make_shared<const Tables>(*tables_), {}};
  if (ppm_) place.ppm = ppm_->mark();
  return place;
}

void Predictor::rewind(const Place& place) {
  memory_.rewind(place.journal);
  at_ = place.registers;
  *tables_ = *place.tables;
  if (ppm_) ppm_->rewind(*place.ppm);
}

}  // namespace kraft::cm
