#include "models/cm/predictor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "models/cm/bit_history.h"
#include "models/cm/logistic.h"

namespace kraft::cm {
namespace {

using Address = JournaledMemory::Address;

constexpr Address kPage = JournaledMemory::kPageBytes;

// Slots: a byte that tells contexts apart, then the histories of the 15 places of half a byte.
constexpr std::size_t kSlotBytes = 16, kSlotsOfBucket = 4;

// An adaptive probability: 22 bits of it above 10 bits that count how often it was corrected.
constexpr int kCountBits = 10;
constexpr std::uint32_t kMostCount = 1023;

constexpr std::array<std::uint32_t, kMostCount + 1> make_rates() {
  std::array<std::uint32_t, kMostCount + 1> rates{};
  for (std::uint32_t n = 0; n <= kMostCount; ++n) rates[n] = (2 * 65536) / (2 * n + 3);
  return rates;
}
constexpr auto kRates = make_rates();

int probability_of(std::uint32_t adaptive) { return static_cast<int>(adaptive >> 16); }

void correct(std::uint32_t& adaptive, int bit, std::uint32_t limit) {
  const std::uint32_t count = adaptive & kMostCount;
  const auto p = static_cast<std::int32_t>(adaptive >> kCountBits);
  const std::int32_t error = ((bit << 22) - bit - p) >> 3;
  const auto move =
      static_cast<std::int32_t>((std::int64_t{error} * std::int64_t{kRates[count]}) >> 13);
  adaptive = static_cast<std::uint32_t>(p + move) << kCountBits | std::min(count + 1, limit);
}

constexpr std::uint32_t kMapLimit = 1023, kMatchLimit = 1023, kDirectLimit = 30;

std::uint32_t initial_probability(const History& history) {
  const auto ones = static_cast<std::uint64_t>(2 * history.counts[1] + 1);
  const auto all = static_cast<std::uint64_t>(2 * (history.counts[0] + history.counts[1]) + 2);
  return static_cast<std::uint32_t>((ones << 32) / all) & ~kMostCount;
}

std::uint32_t hash_of(std::uint64_t a, std::uint64_t b) {
  std::uint64_t h = (a + 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
  h = (h ^ h >> 32 ^ b) * 0xa0761d6478bd642fu;
  return static_cast<std::uint32_t>((h ^ h >> 29) >> 24);
}

bool is_letter(unsigned byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte >= 128;
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

// Match models: how many of the latest bytes must have occurred before.
constexpr std::array<unsigned, 2> kMatchBytes = {6, 12};
constexpr std::uint32_t kMostMatch = 65535, kLongestLook = 400;
constexpr std::uint32_t kMatchClasses = 32;

std::uint32_t class_of_match(std::uint32_t length) {
  if (length < 16) return length;
  if (length < 32) return 16 + (length - 16) / 4;
  return std::min(kMatchClasses - 1, 20 + (length - 32) / 16);
}

constexpr std::size_t kNoMatch = SIZE_MAX;
constexpr std::int32_t kChainUnit = 256;  // the chain's second input

// Adaptive maps from a stretched probability, at 32 points, to a better one.
constexpr std::size_t kPoints = 32;
constexpr std::uint32_t kRefinedContexts = 1 << 16;
constexpr int kRefineRate = 6;

constexpr std::array<std::size_t, 8> kSetCounts = {96, 256, 2048, 256, 512, 512, 2048, 1024};

constexpr std::int32_t kInputBias = 340;

// Rates of learning, in units of 2^-20 of input times error: high at first.
constexpr int kMixingRate = 10, kMixingStart = 40;
constexpr int kLastRate = 6, kLastStart = 8;
constexpr int kChainRate = 4;

int rate_at(std::uint64_t position, int rate, int start) {
  return rate + static_cast<int>(static_cast<std::uint64_t>(start) * 1024 / (1024 + position));
}

// -log2(p / 2^16).
double bits_of_probability(int p) {
  static const std::vector<double> table = [] {
    std::vector<double> bits(kOne + 1);
    for (int i = 1; i <= kOne; ++i) bits[static_cast<std::size_t>(i)] = 16 - std::log2(i);
    return bits;
  }();
  return table[static_cast<std::size_t>(p)];
}

// Where the bits of a byte come from, and what they cost.
struct Observing {
  Byte byte;
  double bits = 0;
  int bit(int depth, int p) {
    const int bit = byte >> (7 - depth) & 1;
    bits += bits_of_probability(bit ? p : kOne - p);
    return bit;
  }
};

struct Encoding {
  Observing observing;
  RangeEncoder& encoder;
  int bit(int depth, int p) {
    const int bit = observing.bit(depth, p);
    const auto one = static_cast<std::uint64_t>(p);
    encoder.encode(bit ? 0 : one, bit ? one : kOne - one, kOne);
    return bit;
  }
};

struct Decoding {
  RangeDecoder& decoder;
  double bits = 0;
  int bit(int, int p) {
    const auto one = static_cast<std::uint64_t>(p);
    const bool bit = decoder.target(kOne) < one;
    decoder.take(bit ? 0 : one, bit ? one : kOne - one, kOne);
    bits += bits_of_probability(bit ? p : kOne - p);
    return bit ? 1 : 0;
  }
};

}  // namespace

Predictor::Predictor(Effort effort, std::size_t memory_bytes)
    : effort_(effort),
      contexts_(effort == Effort::max ? 20 : 11),
      inputs_((2 * contexts_ + 2 * kMatches + 3 + kLanes - 1) / kLanes * kLanes),
      sets_(effort == Effort::max ? 8 : 6),
      kernels_(&fast_kernels()),
      memory_(std::max(memory_bytes, kLeastMemory)),
      tables_(std::make_unique<Tables>()) {
  lay_out(memory_.size_bytes());
  fill_tables();
  set_contexts();
}

Predictor::Predictor(const Predictor& other, JournaledMemory memory)
    : effort_(other.effort_),
      contexts_(other.contexts_),
      inputs_(other.inputs_),
      sets_(other.sets_),
      kernels_(other.kernels_),
      memory_(std::move(memory)),
      direct_(other.direct_),
      weights_(other.weights_),
      refiners_(other.refiners_),
      match_table_(other.match_table_),
      history_(other.history_),
      slots_(other.slots_),
      set_begin_(other.set_begin_),
      history_bytes_(other.history_bytes_),
      match_entries_(other.match_entries_),
      buckets_(other.buckets_),
      at_(other.at_),
      tables_(std::make_unique<Tables>(*other.tables_)) {}

// Small tables first, each from a page of its own; then the history, an eighth of the memory, the
// tables of the match models, a sixteenth, and slots in what is left.
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
  std::size_t rows = 0;
  for (std::size_t s = 0; s < sets_; ++s) rows += kSetCounts[s];
  const std::size_t row_bytes = kMostInputs * 4;  // so that no row reaches over a page
  weights_ = take(rows * row_bytes);
  refiners_ = take(std::size_t{kRefiners} * kRefinedContexts * kPoints * 2);
  history_bytes_ = power_below(memory_bytes / 8);
  history_ = take(history_bytes_);
  match_entries_ = power_below(memory_bytes / 32 / 4);
  match_table_ = take(kMatches * match_entries_ * std::size_t{4});
  slots_ = next;
  buckets_ = static_cast<std::uint32_t>((memory_bytes - next) / (kSlotBytes * kSlotsOfBucket));
  Address begin = weights_;
  for (std::size_t s = 0; s < sets_; ++s) {
    set_begin_[s] = begin;
    begin += static_cast<Address>(kSetCounts[s] * row_bytes);
  }
}

void Predictor::fill_tables() {
  const std::uint32_t half = std::uint32_t{1} << 31;
  Tables& tables = *tables_;
  for (std::size_t c = 0; c < kMostContexts; ++c) {
    for (std::size_t h = 0; h < 256; ++h) {
      tables.maps[c][h] = initial_probability(kHistories[h]);
      const bool known = h > 0 && h < kHistories.size();
      tables.chain[c][h][0] = known ? kWeightOne * 4 / 5 : kWeightOne;
      tables.chain[c][h][1] = known ? stretch(probability_of(tables.maps[c][h])) * 90 : 0;
    }
  }
  for (auto& map : tables.match_maps) map.fill(half);
  for (auto& weights : tables.last_weights)
    weights.fill(kWeightOne / static_cast<std::int32_t>(sets_));
  for (Address at = direct_; at < direct_ + (256 + 65536) * 4; at += kPage)
    std::fill_n(memory_.write<std::uint32_t>(at, kPage / 4), kPage / 4, half);
  for (std::size_t s = 0; s < sets_; ++s) {
    for (std::size_t row = 0; row < kSetCounts[s]; ++row) {
      auto* weights = memory_.write<std::int32_t>(
          set_begin_[s] + static_cast<Address>(row * kMostInputs * 4), kMostInputs);
      std::fill_n(weights, kMostInputs, kWeightOne / 5);
    }
  }
  for (Address at = refiners_; at < refiners_ + kRefiners * kRefinedContexts * kPoints * 2;
       at += kPage) {
    auto* points = memory_.write<std::uint16_t>(at, kPage / 2);
    for (std::size_t i = 0; i < kPage / 2; ++i)
      points[i] = static_cast<std::uint16_t>(
          squash((static_cast<int>(i % kPoints) * 2 - 31) * kStretchedHalf / 31));
  }
}

// The contexts of the next byte; those that refine one another in the chain come first.
void Predictor::set_contexts() {
  Registers& r = at_;
  const std::uint64_t last = r.last;
  const auto latest = [last](unsigned bytes) {
    return last & ((std::uint64_t{1} << 8 * bytes) - 1);
  };
  const unsigned c1 = last & 255;
  std::size_t n = 0;
  const auto add = [&](std::uint64_t a, std::uint64_t b = 0) {
    r.contexts[n] = hash_of(a, b * 32 + n);
    ++n;
  };
  add(latest(1));
  add(latest(2));
  add(latest(3));
  add(latest(4));
  add(latest(5));
  add(latest(6));
  add(r.word, is_letter(c1) ? 0 : c1 + 1);
  add(r.word, r.word_before);
  add(last);
  add(last & 0xff00ff);
  add(r.word_before, c1);
  if (effort_ == Effort::normal) return;
  const std::uint64_t column = r.position - r.line_begin;
  add(r.word, r.word_before_that);
  add(latest(3) >> 8);
  add(latest(4) >> 8);
  add(latest(4) >> 16);
  add(last & 0xf0f0f0f0, 1);
  add(last & 0xdfdfdfdfdf);
  add(hash_of(r.word, r.word_before), r.word_before_that);
  add(std::min<std::uint64_t>(column, 255),
      history_at(r.line_before + std::min<std::uint64_t>(column, r.line_begin - r.line_before)));
  add(latest(7));
}

std::uint32_t Predictor::slot_hash(std::size_t context, unsigned known) const {
  return known == 1 ? at_.contexts[context] : hash_of(at_.contexts[context], known);
}

JournaledMemory::Address Predictor::bucket_of(std::uint32_t hash) const {
  const auto bucket = static_cast<Address>(std::uint64_t{hash} * buckets_ >> 32);
  return slots_ + bucket * Address{kSlotBytes * kSlotsOfBucket};
}

// The slot of a context, or one that is empty.
const Byte* Predictor::find_slot(std::uint32_t hash) const {
  static constexpr Byte kEmpty[kSlotBytes] = {};
  const Byte* slot = memory_.read<Byte>(bucket_of(hash));
  const auto check = static_cast<Byte>(hash | 1);
  for (std::size_t i = 0; i < kSlotsOfBucket; ++i) {
    if (slot[i * kSlotBytes] == check) return slot + i * kSlotBytes;
  }
  return kEmpty;
}

// The same to be written; where there is none, in place of the one of its bucket that has seen
// least.
Byte* Predictor::take_slot(std::uint32_t hash) {
  const Address begin = bucket_of(hash);
  const Byte* slot = memory_.read<Byte>(begin);
  const auto check = static_cast<Byte>(hash | 1);
  std::size_t least = 0;
  int least_seen = INT32_MAX;
  for (std::size_t i = 0; i < kSlotsOfBucket; ++i) {
    if (slot[i * kSlotBytes] == check)
      return memory_.write<Byte>(begin + static_cast<Address>(i * kSlotBytes), kSlotBytes);
    const History& history = kHistories[slot[i * kSlotBytes + 1]];
    const int seen = slot[i * kSlotBytes] == 0 ? -1 : history.counts[0] + history.counts[1];
    if (seen >= least_seen) continue;
    least_seen = seen;
    least = i;
  }
  Byte* taken = memory_.write<Byte>(begin + static_cast<Address>(least * kSlotBytes), kSlotBytes);
  std::memset(taken, 0, kSlotBytes);
  taken[0] = check;
  return taken;
}

Byte Predictor::history_at(std::uint64_t position) const {
  return *memory_.read<Byte>(history_ + static_cast<Address>(position & (history_bytes_ - 1)));
}

// Where in its slot a node has its history.
static std::size_t place_in_slot(unsigned known, int depth) {
  const int low = depth & 3;
  return (std::size_t{1} << low) + (known & ((1u << low) - 1));
}

void Predictor::predict(const Node& node, Prediction& prediction) const {
  Prediction& out = prediction;
  const std::size_t place = place_in_slot(node.known, node.depth);
  std::size_t n = 0;
  unsigned hits = 0;
  out.direct = {direct_ + node.known * 4,
                direct_ + 1024 + (static_cast<Address>(at_.last & 255) * 256 + node.known) * 4};
  std::int32_t chain = stretch(probability_of(*memory_.read<std::uint32_t>(out.direct[0])));
  for (std::size_t c = 0; c < contexts_; ++c) {
    const std::uint8_t history = node.slots[c][place];
    out.histories[c] = history;
    out.inputs[n++] = history == 0 ? 0 : stretch(probability_of(tables_->maps[c][history]));
    if (c < 6 && history != 0) ++hits;

    const auto& pair = tables_->chain[c][history];
    out.chain[c] = chain;
    chain =
        std::clamp((pair[0] * chain >> 8) + pair[1], -(kMostStretched << 8), kMostStretched << 8) >>
        8;
    out.chain_p[c] = squash(chain);
    out.inputs[n++] = chain;
  }

  int longest = 0, expected = 0;
  for (std::size_t m = 0; m < kMatches; ++m) {
    const Match& match = at_.matches[m];
    out.match_maps[m] = kNoMatch;
    out.inputs[n] = out.inputs[n + 1] = 0;
    if (match.length > 0) {
      const unsigned byte = history_at(match.at) | 256u;
      if (byte >> (8 - node.depth) == node.known) {
        const unsigned bit = byte >> (7 - node.depth) & 1;
        const std::uint32_t length = class_of_match(match.length);
        out.match_maps[m] = length * 2 + bit;
        const int p = probability_of(tables_->match_maps[m][out.match_maps[m]]);
        out.inputs[n] = stretch(p);
        out.inputs[n + 1] = (p - kOne / 2) >> 5;
        longest = std::max(longest, static_cast<int>(length));
        expected = static_cast<int>(bit) + 1;
      }
    }
    n += 2;
  }
  for (const Address direct : out.direct)
    out.inputs[n++] = stretch(probability_of(*memory_.read<std::uint32_t>(direct)));
  out.inputs[n] = kInputBias;

  select_sets(node, out, longest, expected, hits);
  std::array<const std::int32_t*, kMostSets> rows;
  for (std::size_t s = 0; s < sets_; ++s) rows[s] = memory_.read<std::int32_t>(out.weights[s]);
  kernels_->sums(out.inputs.data(), inputs_, rows.data(), sets_, out.outputs.data());
  for (std::size_t s = 0; s < sets_; ++s) {
    out.outputs[s] = std::clamp(out.outputs[s], -kMostStretched, kMostStretched);
    out.set_p[s] = squash(out.outputs[s]);
  }
  const std::int32_t* last = tables_->last_weights[node.known].data();
  kernels_->sums(out.outputs.data(), kLanes, &last, 1, &out.last);
  out.last = std::clamp(out.last, -kMostStretched, kMostStretched);
  refine(node, out);
}

// Which weights each mixer takes.
void Predictor::select_sets(const Node& node, Prediction& out, int match, int expected,
                            unsigned hits) const {
  const unsigned c1 = at_.last & 255, c2 = at_.last >> 8 & 255, c3 = at_.last >> 16 & 255;
  const auto depth = static_cast<unsigned>(node.depth);
  const auto longest = static_cast<unsigned>(match);
  const std::array<unsigned, kMostSets> rows = {
      longest * 3 + static_cast<unsigned>(expected),
      node.known,
      c1 * 8 + depth,
      c2,
      (kind_of(c1) * 8 + kind_of(c2)) * 8 + depth,
      (hits * 8 + depth) * 3 + (longest > 15  ? 2
                                : longest > 0 ? 1
                                              : 0),
      (kind_of(c1) * 8 + kind_of(c2)) * 8 + kind_of(c3) + (depth > 3 ? 512u : 0u) +
          (depth > 1 ? 1024u : 0u),
      c3 * 4 + depth / 2,
  };
  for (std::size_t s = 0; s < sets_; ++s)
    out.weights[s] = set_begin_[s] + rows[s] * Address{kMostInputs * 4};
}

// The mean of what the last mixer says and what adaptive maps make of it.
void Predictor::refine(const Node& node, Prediction& out) const {
  const unsigned c1 = at_.last & 255;
  const std::array<std::uint32_t, kRefiners> contexts = {
      c1 << 8 | node.known, hash_of(at_.last & 0xffff, node.known) % kRefinedContexts,
      hash_of(at_.last & 0xffffff, node.known) % kRefinedContexts};
  const auto scaled =
      static_cast<unsigned>((out.last + kStretchedHalf) * static_cast<int>(kPoints - 1));
  const unsigned point = scaled >> 12;
  const int above = static_cast<int>(scaled & 4095);
  out.last_p = squash(out.last);
  int sum = 2 * out.last_p;
  for (std::size_t i = 0; i < kRefiners; ++i) {
    const Address row = refiners_ + (static_cast<Address>(i * kRefinedContexts) + contexts[i]) *
                                        Address{kPoints * 2};
    const auto* points = memory_.read<std::uint16_t>(row + point * 2);
    const int p = (points[0] * (4096 - above) + points[1] * above) >> 12;
    sum += 2 * p;
    out.refiners[i] = row + (point + (above >= 2048 ? 1 : 0)) * 2;
  }
  out.p = std::clamp((sum + 4) >> 3, 1, kOne - 1);
}

// Corrects all that the prediction was made of by the bit that came.
void Predictor::learn(const Node& node, const Prediction& prediction,
                      const std::array<Byte*, kMostContexts>& slots, int bit) {
  const Prediction& of = prediction;
  const int target = bit << 16;

  const std::int32_t last_step =
      (target - of.last_p) * rate_at(at_.position, kLastRate, kLastStart) / 64;
  std::int32_t* last = tables_->last_weights[node.known].data();
  kernels_->correct(of.outputs.data(), kLanes, &last, 1, &last_step);

  const int rate = rate_at(at_.position, kMixingRate, kMixingStart);
  std::array<std::int32_t*, kMostSets> rows;
  std::array<std::int32_t, kMostSets> steps;
  for (std::size_t s = 0; s < sets_; ++s) {
    rows[s] = memory_.write<std::int32_t>(of.weights[s], inputs_);
    steps[s] = (target - of.set_p[s]) * rate / 64;
  }
  kernels_->correct(of.inputs.data(), inputs_, rows.data(), sets_, steps.data());

  for (const Address point : of.refiners) {
    auto& p = *memory_.write<std::uint16_t>(point);
    p = static_cast<std::uint16_t>(p + ((target - bit - p) >> kRefineRate));
  }

  const std::size_t place = place_in_slot(node.known, node.depth);
  for (std::size_t c = 0; c < contexts_; ++c) {
    const std::uint8_t history = of.histories[c];
    auto& pair = tables_->chain[c][history];
    const std::int32_t step = (target - of.chain_p[c]) * kChainRate;
    const auto kept = [](std::int32_t weight) {
      return std::clamp(weight, -kMostWeight, kMostWeight);
    };
    pair[0] = kept(pair[0] + ((of.chain[c] * step + (1 << 19)) >> 20));
    pair[1] = kept(pair[1] + ((kChainUnit * step + (1 << 19)) >> 20));
    if (history != 0) correct(tables_->maps[c][history], bit, kMapLimit);
    slots[c][place] = kHistories.next(history, bit);
  }
  for (std::size_t m = 0; m < kMatches; ++m) {
    if (of.match_maps[m] != kNoMatch)
      correct(tables_->match_maps[m][of.match_maps[m]], bit, kMatchLimit);
  }
  for (const Address direct : of.direct)
    correct(*memory_.write<std::uint32_t>(direct), bit, kDirectLimit);
}

void Predictor::finish_byte(Byte byte) {
  Registers& r = at_;
  *memory_.write<Byte>(history_ + static_cast<Address>(r.position & (history_bytes_ - 1))) = byte;
  ++r.position;
  r.last = r.last << 8 | byte;
  if (is_letter(byte)) {
    const unsigned lower = byte >= 'A' && byte <= 'Z' ? byte + 32u : byte;
    r.word = hash_of(r.word, lower);
  } else if (r.word != 0) {
    r.word_before_that = r.word_before;
    r.word_before = r.word;
    r.word = 0;
  }
  if (byte == '\n') {
    r.line_before = r.line_begin;
    r.line_begin = static_cast<std::uint32_t>(r.position);
  }
  update_matches();
  set_contexts();
}

// Goes on with what is matched, or looks for a new match in the table of the latest places.
void Predictor::update_matches() {
  const std::uint64_t position = at_.position;
  const Byte byte = static_cast<Byte>(at_.last);
  for (std::size_t m = 0; m < kMatches; ++m) {
    Match& match = at_.matches[m];
    if (match.length > 0 && history_at(match.at) == byte) {
      match.length = std::min(match.length + 1, kMostMatch);
      ++match.at;
    } else {
      match.length = 0;
    }
    if (position < kMatchBytes[m]) continue;
    std::uint32_t hash = 0;
    for (unsigned i = 1; i <= kMatchBytes[m]; ++i)
      hash = (hash + history_at(position - i) + 1) * 0x2f0b4c47u;
    hash ^= hash >> 15;
    auto& latest = *memory_.write<std::uint32_t>(
        match_table_ +
        (static_cast<Address>(m) * match_entries_ + (hash & (match_entries_ - 1))) * 4);
    if (match.length == 0 && latest != 0 && position - latest < history_bytes_) {
      match.at = latest;
      const std::uint64_t most =
          std::min<std::uint64_t>(latest, history_bytes_ - (position - latest));
      while (match.length < std::min<std::uint64_t>(most, kLongestLook) &&
             history_at(latest - 1 - match.length) == history_at(position - 1 - match.length))
        ++match.length;
      if (match.length < kMatchBytes[m]) match.length = 0;
    }
    latest = static_cast<std::uint32_t>(position);
  }
}

// The whole byte is predicted before anything is learnt from it, so that what it costs is what
// next_byte() says.
template <class Coder>
Byte Predictor::step(Coder& coder) {
  std::array<Node, 8> nodes;
  std::array<std::array<Byte*, kMostContexts>, 2> slots;  // of both halves
  std::array<Prediction, 8> predictions;
  std::array<int, 8> bits;
  Node node;
  for (; node.depth < 8; ++node.depth) {
    const auto at = static_cast<std::size_t>(node.depth);
    if (at % 4 == 0) {
      std::array<std::uint32_t, kMostContexts> hashes;
      for (std::size_t c = 0; c < contexts_; ++c) {
        hashes[c] = slot_hash(c, node.known);
        __builtin_prefetch(memory_.read<Byte>(bucket_of(hashes[c])));
      }
      for (std::size_t c = 0; c < contexts_; ++c) node.slots[c] = find_slot(hashes[c]);
    }
    nodes[at] = node;
    predict(node, predictions[at]);
    bits[at] = coder.bit(node.depth, predictions[at].p);
    node.known = node.known * 2 + static_cast<unsigned>(bits[at]);
  }
  for (std::size_t at = 0; at < 8; ++at) {
    auto& half = slots[at / 4];
    if (at % 4 == 0) {
      for (std::size_t c = 0; c < contexts_; ++c)
        half[c] = take_slot(slot_hash(c, nodes[at].known));
    }
    learn(nodes[at], predictions[at], half, bits[at]);
  }
  const auto byte = static_cast<Byte>(node.known);
  finish_byte(byte);
  return byte;
}

double Predictor::observe(Byte byte) {
  Observing coder{byte};
  step(coder);
  return coder.bits;
}

double Predictor::encode(Byte byte, RangeEncoder& encoder) {
  Encoding coder{{byte}, encoder};
  step(coder);
  return coder.observing.bits;
}

Byte Predictor::decode(RangeDecoder& decoder, double& bits) {
  Decoding coder{decoder};
  const Byte byte = step(coder);
  bits += coder.bits;
  return byte;
}

void Predictor::costs(const Node& node, double spent, std::span<double, 256> bits) const {
  Node here = node;
  if (here.depth % 4 == 0) {
    for (std::size_t c = 0; c < contexts_; ++c) here.slots[c] = find_slot(slot_hash(c, here.known));
  }
  Prediction prediction;
  predict(here, prediction);
  for (const unsigned bit : {0u, 1u}) {
    const double total = spent + bits_of_probability(bit ? prediction.p : kOne - prediction.p);
    Node next = here;
    next.known = 2 * here.known + bit;
    ++next.depth;
    if (next.depth == 8) {
      bits[next.known & 255] = total;
    } else {
      costs(next, total, bits);
    }
  }
}

void Predictor::next_byte(std::span<double, 256> bits) const { costs(Node{}, 0, bits); }

double Predictor::bits_of(Byte byte) const {
  Node node;
  Prediction prediction;
  double total = 0;
  for (; node.depth < 8; ++node.depth) {
    if (node.depth % 4 == 0) {
      for (std::size_t c = 0; c < contexts_; ++c)
        node.slots[c] = find_slot(slot_hash(c, node.known));
    }
    predict(node, prediction);
    const bool bit = byte >> (7 - node.depth) & 1;
    total += bits_of_probability(bit ? prediction.p : kOne - prediction.p);
    node.known = node.known * 2 + bit;
  }
  return total;
}

Predictor::Place Predictor::mark() {
  return {memory_.mark(), at_, std::make_shared<const Tables>(*tables_)};
}

void Predictor::rewind(const Place& place) {
  memory_.rewind(place.journal);
  at_ = place.registers;
  *tables_ = *place.tables;
}

}  // namespace kraft::cm
