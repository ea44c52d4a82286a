#include "models/lz4/decoder_view.h"

#include <algorithm>

#include "models/lz/powers.h"
#include "models/lz/refuse_rewind.h"

namespace kraft::lz4 {
namespace {

constexpr std::uint32_t kNibble = 15;  // followed by bytes
constexpr std::uint32_t kPeriod = 255;
constexpr double kByte = 1.0 / 256;

// Copies of kLongest bytes stand for longer ones, too.
double equal_length(std::uint32_t length) {
  return length < kLongest ? equal_share(length - kShortestCopy)
                           : longer_share(kLongest - kShortestCopy - 1);
}

double longer_length(std::uint32_t length) {
  if (length >= kLongest) return 0;
  return length < kShortestCopy ? 1 : longer_share(length - kShortestCopy);
}

}  // namespace

double equal_share(std::uint32_t value) {
  if (value < kNibble) return 1.0 / 16;
  double share = kByte / 16;
  for (value -= kNibble; value >= kPeriod; value -= kPeriod) share *= kByte;
  return share;
}

double longer_share(std::uint32_t value) {
  if (value < kNibble) return (kNibble - value) / 16.0;
  return equal_share(value) * (kPeriod - (value - kNibble) % kPeriod);
}

DecoderView::DecoderView()
    : schedule_(kRestart, kRestart),
      tracker_(kWindow, kLongest, kWindow + kRunInBytes),
      matches_of_length_(kLongest + 2) {
  start_block(0, 0);
}

// ---- Masses ----------------------------------------------------------------------------------

void DecoderView::start_block(std::uint64_t begin, std::uint64_t first) {
  blocks_.push_back({begin, first, {}});
  Place place;
  place.begun = 1;
  end_runs(place, first);
  prepared_ = false;
}

void DecoderView::begin_block(std::uint64_t position) {
  start_block(position, position - std::min(position, kRunInBytes));
  for (std::uint64_t at = block().first + 1; at <= position; ++at) push_place(at);
}

void DecoderView::begin_sequence() { start_block(position_bytes(), position_bytes()); }

void DecoderView::add_up_matches(std::uint64_t position) {
  std::fill_n(matches_of_length_.begin(), longest_match_ + 1, 0u);
  longest_match_ = 0;
  for (const lz::MatchTracker::Match& match : tracker_.matches(position)) {
    matches_of_length_[match.length] += match.count;
    longest_match_ = std::max(longest_match_, match.length);
  }
  for (std::uint32_t m = longest_match_; m > 0; --m)
    matches_of_length_[m - 1] += matches_of_length_[m];
}

// Of a mass in the unit of a place, in another unit, after so many literals.
double DecoderView::factor(const Place& place, std::int64_t unit, std::uint64_t literals) const {
  return lz::power_of_two(unit - place.exponent - 8 * static_cast<std::int64_t>(literals));
}

void DecoderView::push_place(std::uint64_t position) {
  const Block& now = block();
  add_up_matches(position);
  Place place;
  place.exponent = now.places.back().exponent;
  for (std::uint32_t k = kShortestCopy; k <= longest_match_ && k <= now.places.size(); ++k) {
    const Place& from = now.places[now.places.size() - k];
    place.begun += from.copy * factor(from, place.exponent, 0) * equal_length(k) *
                   static_cast<double>(matches_of_length_[k]);
  }
  end_runs(place, position);
}

// Completes the place: the runs of literals that end there, or go on. Powers of two are exact: the
// numbers do not depend on the unit.
void DecoderView::end_runs(Place place, std::uint64_t position) {
  Block& now = block();
  const std::size_t count = now.places.size();
  double ends = place.begun * equal_share(0), goes_on = place.begun * longer_share(0);
  for (std::uint32_t l = 1; l <= count && l < kNibble; ++l) {
    const Place& from = now.places[count - l];
    const double mass = from.begun * factor(from, place.exponent, l);
    ends += mass * equal_share(l);
    goes_on += mass * longer_share(l);
  }
  for (std::uint32_t l = kNibble; l <= count && l < kNibble + kPeriod; ++l) {
    const Place& from = now.places[count - l];
    const double mass = from.begun * factor(from, place.exponent, l);
    place.long_ends += mass;
    place.long_goes_on += mass * (kPeriod - (l - kNibble));
  }
  place.long_ends *= kByte / 16;
  place.long_goes_on *= kByte / 16;
  if (count >= kPeriod) {
    const Place& from = now.places[count - kPeriod];
    const double later = kByte * factor(from, place.exponent, kPeriod);
    place.long_ends += later * from.long_ends;
    place.long_goes_on += later * from.long_goes_on;
  }
  ends += place.long_ends;
  place.literal = goes_on + place.long_goes_on;
  const auto offsets = static_cast<double>(std::min<std::uint64_t>(position, kWindow));
  place.copy = offsets == 0 ? 0 : ends / offsets;

  constexpr double kSmall = 0x1p-60;
  const double mass = place.literal + ends;
  if (mass < kSmall) {
    const std::int64_t up = lz::exponent_to_one(mass);
    for (double* part :
         {&place.begun, &place.copy, &place.literal, &place.long_ends, &place.long_goes_on})
      *part *= lz::power_of_two(up);
    place.exponent += up;
  }
  now.places.push_back(place);
}

// ---- Going on and back -----------------------------------------------------------------------

void DecoderView::observe(Byte byte) {
  tracker_.push({&byte, 1});
  const std::uint64_t position = position_bytes();
  if (next_bytes_are_current_) next_bytes_.forth(tracker_.text());
  if (schedule_.begins_at(position))
    begin_block(position);
  else
    push_place(position);
  prepared_ = false;
}

void DecoderView::observe(ByteView bytes) {
  const std::uint64_t end = position_bytes() + bytes.size();
  const std::uint64_t begin = schedule_.last_begin(end);
  if (begin > position_bytes()) {
    tracker_.push(bytes.first(static_cast<std::size_t>(begin - position_bytes())));
    bytes = bytes.last(static_cast<std::size_t>(end - begin));
    next_bytes_are_current_ = false;
    begin_block(begin);
  }
  for (const Byte byte : bytes) observe(byte);
}

void DecoderView::rewind(std::uint64_t position) {
  const std::uint64_t now = position_bytes();
  if (position > now || position < now - tracker_.text().size() || position < blocks_.front().first)
    lz::refuse_rewind(position, now);
  while (blocks_.back().begin > position) blocks_.pop_back();
  block().places.resize(static_cast<std::size_t>(position - block().first + 1));
  constexpr std::uint64_t kFar = 10000;
  if (now - position > kFar) next_bytes_are_current_ = false;
  if (next_bytes_are_current_) {
    for (std::uint64_t at = now; at > position; --at) next_bytes_.back(tracker_.text_up_to(at));
  }
  tracker_.pop(now - position);
  prepared_ = false;
}

void DecoderView::trim() {
  tracker_.trim();
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
  Block& now = block();
  constexpr std::size_t kNeeded = kLongest + 1;
  if (now.places.size() <= 2 * kNeeded) return;
  const std::size_t dropped = now.places.size() - kNeeded;
  now.places.erase(now.places.begin(), now.places.begin() + static_cast<std::ptrdiff_t>(dropped));
  now.first += dropped;
}

// ---- Distributions ---------------------------------------------------------------------------

void DecoderView::prepare() {
  if (prepared_) return;
  if (!next_bytes_are_current_) {
    constexpr std::array<std::uint32_t, 1> kAlike = {1};
    next_bytes_.begin({kAlike, kWindow}, tracker_.text());
    next_bytes_are_current_ = true;
  }
  const Block& now = block();
  const Place& here = now.places.back();
  const auto start = [&](std::size_t k) {
    if (k >= now.places.size()) return 0.0;
    const Place& from = now.places[now.places.size() - 1 - k];
    return from.copy * factor(from, here.exponent, 0);
  };
  const double any = start(0) * longer_length(0), last = start(1) * longer_length(1);
  for (std::size_t b = 0; b < next_.of.size(); ++b) {
    next_.of[b] = here.literal * kByte + any * static_cast<double>(next_bytes_.after_any()[b]);
    if (next_bytes_.has_last())
      next_.of[b] += last * static_cast<double>(next_bytes_.after_last()[b]);
  }
  add_up_matches(position_bytes());
  open_.assign(longest_match_ + 2, 0);
  for (std::uint32_t k = 2; k <= longest_match_; ++k)
    open_[k] = open_[k - 1] + start(k) * longer_length(k);
  for (const lz::MatchTracker::Match& match : tracker_.matches())
    next_.of[match.next] += static_cast<double>(match.count) * open_[match.length];
  next_.add_up();
  prepared_ = true;
}

double DecoderView::bits_of(Byte byte) {
  prepare();
  return next_.bits_of(byte);
}

void DecoderView::next_byte(std::span<double, 256> bits) {
  prepare();
  next_.all_bits(bits);
}

}  // namespace kraft::lz4
