#include "models/bwt/bzip3_view.h"

#include <algorithm>

namespace kraft::bwt {

using bzip3::Before;
using bzip3::BeforeEach;
using bzip3::Decision;
using bzip3::Mixing;
using bzip3::Nodes;
using bzip3::Refined;

// ---- Snapshots -------------------------------------------------------------------------------

Snapshots::Snapshots(ByteView column) {
  const auto mixing = std::make_unique<Mixing>();
  BeforeEach before_each;
  std::bitset<256> after;
  std::array<std::bitset<256>, 2> refined;
  take(*mixing, after, refined);
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (row > 0 && row % kRows == 0) {
      take(*mixing, after, refined);
      after.reset();
      for (std::bitset<256>& of_case : refined) of_case.reset();
    }
    const Before before = before_each.next();
    after.set(before.last);
    for (std::size_t node = 1, left = 8; left > 0; --left) {
      const bool bit = (column[row] >> (left - 1) & 1) != 0;
      refined[before.run ? 1 : 0].set(node);
      mixing->decide(before, node).learn(bit);
      node = 2 * node + (bit ? 1 : 0);
    }
    before_each.push(column[row]);
  }
}

void Snapshots::take(const Mixing& mixing, const std::bitset<256>& after,
                     const std::array<std::bitset<256>, 2>& refined) {
  const auto snapshot = static_cast<std::uint32_t>(any_.size());
  any_.push_back(mixing.any);
  for (std::size_t byte = 0; byte < 256; ++byte) {
    if (!after[byte]) continue;
    after_versions_[byte].push_back({snapshot, static_cast<std::uint32_t>(after_.size())});
    after_.push_back(mixing.after[byte]);
  }
  for (std::size_t run = 0; run < 2; ++run) {
    for (std::size_t node = 0; node < 256; ++node) {
      if (!refined[run][node]) continue;
      refined_versions_[run][node].push_back(
          {snapshot, static_cast<std::uint32_t>(refined_.size())});
      refined_.push_back(mixing.refined[run][node]);
    }
  }
}

// The last one up to the snapshot; null where the table is as it began.
const Snapshots::Version* Snapshots::last(const Versions& versions, std::size_t snapshot) {
  const auto later = std::ranges::upper_bound(versions, snapshot, {}, &Version::snapshot);
  return later == versions.begin() ? nullptr : &*(later - 1);
}

const Nodes& Snapshots::after(std::size_t snapshot, Byte byte) const {
  static constexpr Nodes kBegin = bzip3::even_nodes();
  const Version* const version = last(after_versions_[byte], snapshot);
  return version == nullptr ? kBegin : after_[version->index];
}

const Refined& Snapshots::refined(std::size_t snapshot, bool run, std::size_t node) const {
  static constexpr Refined kBegin = bzip3::unrefined();
  const Version* const version = last(refined_versions_[run ? 1 : 0][node], snapshot);
  return version == nullptr ? kBegin : refined_[version->index];
}

// ---- From a snapshot on ----------------------------------------------------------------------

void Resumed::begin(const Snapshots& snapshots, std::size_t snapshot) {
  snapshots_ = &snapshots;
  snapshot_ = snapshot;
  now_.any = snapshots.any(snapshot);
  has_after_.reset();
  for (std::bitset<256>& of_case : has_refined_) of_case.reset();
}

Nodes& Resumed::after(Byte byte) {
  if (!has_after_[byte]) {
    now_.after[byte] = snapshots_->after(snapshot_, byte);
    has_after_.set(byte);
  }
  return now_.after[byte];
}

Decision Resumed::decide(const Before& before, std::size_t node) {
  const std::size_t run = before.run ? 1 : 0;
  if (!has_refined_[run][node]) {
    now_.refined[run][node] = snapshots_->refined(snapshot_, before.run, node);
    has_refined_[run].set(node);
  }
  return {now_.any[node], after(before.last)[node], after(before.second)[node],
          now_.refined[run][node]};
}

// ---- The block -------------------------------------------------------------------------------

Bzip3Block::Bzip3Block(ByteView text) : column_(text, Bytes(text.size())) {
  const Bytes rows = column_.read(0, column_.size());
  snapshots_ = std::make_shared<const Snapshots>(rows);
  rows_.assign(snapshots_->count(), Snapshots::kRows);
  rows_.back() = static_cast<std::uint32_t>(rows.size() - (rows_.size() - 1) * Snapshots::kRows);
}

void Bzip3Block::push(Byte byte) {
  std::size_t snapshot = 0;
  for (std::size_t left = column_.hole(); left > rows_[snapshot]; ++snapshot)
    left -= rows_[snapshot];
  ++rows_[snapshot];
  column_.push(byte);
  prepared_ = false;
}

void Bzip3Block::pop() {
  column_.pop();
  std::size_t snapshot = 0;
  for (std::size_t left = column_.hole(); left >= rows_[snapshot]; ++snapshot)
    left -= rows_[snapshot];
  --rows_[snapshot];
  prepared_ = false;
}

// Learns from the rows between the last snapshot and the hole.
void Bzip3Block::prepare() {
  if (prepared_) return;
  const std::size_t hole = column_.hole();
  std::size_t snapshot = 0, left = hole;
  for (; left > rows_[snapshot]; ++snapshot) left -= rows_[snapshot];
  mixing_.begin(*snapshots_, snapshot);

  const std::size_t learnt = std::min(left, kMostLearnt);
  constexpr std::size_t kSeen = 4;  // rows that Before depends on
  const std::size_t begin = hole - learnt - std::min(hole - learnt, kSeen);
  const Bytes rows = column_.read(begin, hole - begin);
  before_each_ = {};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Before before = before_each_.next();
    before_each_.push(rows[i]);
    if (begin + i < hole - learnt) continue;
    for (std::size_t node = 1, bits = 8; bits > 0; --bits) {
      const bool bit = (rows[i] >> (bits - 1) & 1) != 0;
      mixing_.decide(before, node).learn(bit);
      node = 2 * node + (bit ? 1 : 0);
    }
  }
  before_ = before_each_.next();
  below_.reset();
  if (hole < column_.size()) below_ = column_.at(hole).next;
  descend(1, 1);
  next_.add_up();
  prepared_ = true;
}

namespace {

double probability_of_one(const Decision& decision) {
  constexpr double kUnit = 1.0 / (1 << Decision::kScaleBits);
  return kUnit * std::max(decision.one(), 1u);
}

}  // namespace

// All bytes that begin with the bits of the node, which has come about with this probability.
// Nothing stays learnt.
void Bzip3Block::descend(std::size_t node, double mass) {
  if (node >= 256) {
    const auto byte = static_cast<Byte>(node);
    next_.of[byte] = mass * mass_below(byte);
    return;
  }
  Decision decision = mixing_.decide(before_, node);
  const Decision::Saved saved = decision.saved();
  const double one = probability_of_one(decision);
  decision.learn(false);
  descend(2 * node, mass * (1 - one));
  decision.restore(saved);
  decision.learn(true);
  descend(2 * node + 1, mass * one);
  decision.restore(saved);
}

// Of the row below, when the byte has been learnt. (No bit of a row changes what another one of it
// reads.)
double Bzip3Block::mass_below(Byte byte) {
  if (!below_) return 1;
  BeforeEach before_each = before_each_;
  before_each.push(byte);
  const Before before = before_each.next();
  double mass = 1;
  for (std::size_t node = 1, bits = 8; bits > 0; --bits) {
    const double one = probability_of_one(mixing_.decide(before, node));
    const bool bit = (*below_ >> (bits - 1) & 1) != 0;
    mass *= bit ? one : 1 - one;
    node = 2 * node + (bit ? 1 : 0);
  }
  return mass;
}

double Bzip3Block::bits_of(Byte byte) {
  prepare();
  return next_.bits_of(byte);
}

void Bzip3Block::next_byte(std::span<double, 256> bits) {
  prepare();
  next_.all_bits(bits);
}

}  // namespace kraft::bwt
