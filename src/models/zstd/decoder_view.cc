#include "models/zstd/decoder_view.h"

#include <algorithm>
#include <cmath>

#include "base/portable_log2.h"
#include "models/lz/powers.h"
#include "models/lz/refuse_rewind.h"

namespace kraft::zstd {
namespace {

constexpr double kNoState = 1.0 / 2048;
constexpr int kNoWordBits = 15;
constexpr std::size_t kMostRun = 8192;  // longer runs of literals cost as much

double share(const StateCounts& table, std::size_t code) {
  const double share = table.share(code);
  return share > 0 ? share : kNoState;
}

}  // namespace

// ---- Prices ----------------------------------------------------------------------------------

Prices::Prices(const Tables& tables, std::uint32_t window_bytes) {
  double sum = 0;
  for (std::size_t b = 0; b < 256; ++b) {
    literal_bits[b] =
        tables.literal_bits[b] == 0 ? std::uint8_t{kNoWordBits} : tables.literal_bits[b];
    sum += lz::power_of_two(-std::int64_t{literal_bits[b]});
  }
  for (std::size_t b = 0; b < 256; ++b)
    literal[b] = lz::power_of_two(-std::int64_t{literal_bits[b]}) / sum;

  double runs = 0, copies = 0;
  for (std::size_t c = 0; c < kLiteralLengthCodes; ++c) runs += share(tables.literal_lengths, c);
  for (std::size_t c = 0; c < kMatchLengthCodes; ++c) copies += share(tables.match_lengths, c);

  double more = 1, normalised = 1;
  for (std::size_t c = 0; c < kLiteralLengthCodes && run.size() <= kMostRun; ++c) {
    const double p = share(tables.literal_lengths, c) / runs / (1u << kLiteralLengthExtra[c]);
    for (std::size_t i = 0; i < (std::size_t{1} << kLiteralLengthExtra[c]); ++i) {
      if (run.size() > kMostRun) break;
      more -= p;
      run.push_back(p * normalised);
      longer_run.push_back(std::max(more, 0x1p-40) * normalised);
      normalised /= sum;
    }
  }

  for (std::size_t c = 0; c < kMatchLengthCodes; ++c) {
    const double p = share(tables.match_lengths, c) / copies / (1u << kMatchLengthExtra[c]);
    for (std::size_t i = 0; i < (std::size_t{1} << kMatchLengthExtra[c]); ++i)
      length[std::min<std::size_t>(kMatchLengthBase[c] + i, kLongest)] += p;
  }
  for (std::size_t k = kLongest; k > 0; --k) longer[k - 1] = longer[k] + length[k];

  double offsets = 0;
  for (std::size_t c = 0; c < kOffsetCodes; ++c) offsets += share(tables.offsets, c);
  std::array<OffsetFormat::Weight, OffsetFormat::kClasses> weights{};
  for (std::size_t c = 0; c < weights.size(); ++c) {
    const std::size_t code = c + OffsetFormat::kFirstCode;
    weights[c] = static_cast<OffsetFormat::Weight>(std::ldexp(
        share(tables.offsets, code) / offsets, OffsetFormat::kUnitBits - static_cast<int>(code)));
  }
  offset = OffsetWeights(weights, window_bytes);
  repeated = {share(tables.offsets, 0) / offsets, share(tables.offsets, 1) / offsets / 2,
              share(tables.offsets, 1) / offsets / 2};
}

// ---- Blocks ----------------------------------------------------------------------------------

DecoderView::DecoderView(const ViewParameters& parameters)
    : parameters_(parameters),
      schedule_(parameters.refresh_bytes),
      tracker_(
          parameters.window_bytes, kLongest,
          std::max<std::uint64_t>(parameters.source_bytes, parameters.window_bytes + kRunInBytes)),
      weight_of_length_(kLongest + 2),
      best_weight_(kLongest + 2),
      best_distance_(kLongest + 2),
      open_(kLongest + 2) {
  begin_block(0);
  refresh_histograms();
}

void DecoderView::start_block(std::uint64_t begin, std::uint64_t first,
                              std::shared_ptr<const Prices> prices) {
  blocks_.push_back({begin, std::move(prices), first, {}, {}, {}, 0});
  repeats_.clear();
  repeats_position_ = first;
  Place place;
  place.begun = 1;
  place.before_run = found_.move_to(block().histories, 1, kFirstOffsets);
  end_runs(place, first);
}

void DecoderView::begin_block(std::uint64_t position) {
  const ByteView before = tracker_.text_up_to(position);
  const ByteView source =
      before.last(std::min<std::uint64_t>(before.size(), parameters_.source_bytes));
  Tables tables;
  if (!source.empty()) read_tables(parameters_.codec->encode(source), tables);
  start_block(position, position - std::min(position, kRunInBytes),
              std::make_shared<const Prices>(tables, parameters_.window_bytes));
  for (std::uint64_t at = block().first + 1; at <= position; ++at) push_place(at);
}

void DecoderView::begin_sequence(std::shared_ptr<const Prices> prices, std::size_t hypotheses) {
  parameters_.hypotheses = hypotheses;
  start_block(position_bytes(), position_bytes(), std::move(prices));
  refresh_histograms();
  prepared_ = false;
}

void DecoderView::refresh_histograms() {
  next_bytes_.begin(block().prices->offset, tracker_.text());
}

// ---- Masses ----------------------------------------------------------------------------------

OffsetFormat::Weight DecoderView::weight_of(const lz::MatchTracker::Match& match) const {
  const OffsetWeights& weights = blocks_.back().prices->offset;
  if (match.count == 1) return weights.of(match.distance);
  return weights.up_to(match.distance + match.count - 1) - weights.up_to(match.distance - 1);
}

// Of each length m the weight of the distances that match so many bytes or more, and the heaviest.
void DecoderView::add_up_matches(std::uint64_t position) {
  const OffsetWeights& weights = block().prices->offset;
  std::fill_n(weight_of_length_.begin(), longest_match_ + 1, 0u);
  std::fill_n(best_weight_.begin(), longest_match_ + 1, 0u);
  longest_match_ = 0;
  for (const lz::MatchTracker::Match& match : tracker_.matches(position)) {
    weight_of_length_[match.length] += weight_of(match);
    longest_match_ = std::max(longest_match_, match.length);
    const OffsetFormat::Weight weight = weights.of(match.distance);
    if (weight > best_weight_[match.length]) {
      best_weight_[match.length] = weight;
      best_distance_[match.length] = match.distance;
    }
  }
  for (std::uint32_t m = longest_match_; m > 0; --m) {
    weight_of_length_[m - 1] += weight_of_length_[m];
    if (best_weight_[m] >= best_weight_[m - 1]) {
      best_weight_[m - 1] = best_weight_[m];
      best_distance_[m - 1] = best_distance_[m];
    }
  }
}

// Those that a copy going on at the position may have begun at; the last place pushed is k = 0.
void DecoderView::list_starts(std::uint64_t position) {
  std::uint64_t most = std::max(longest_match_, 1u);
  if (!repeats_.empty()) most = std::max(most, position - repeats_.front().begin);
  starts_.clear();
  block().starts.each(most, [&](std::size_t, double start) { starts_.push_back(start); });
}

// Of the copies that end here; k counts from the last place, which is one byte back.
DecoderView::Best DecoderView::likeliest_copy(std::uint64_t position) {
  const Prices& prices = *block().prices;
  Best best;
  for (std::uint32_t k = kMinMatch; k <= longest_match_ && k <= starts_.size(); ++k) {
    const double mass =
        starts_[k - 1] * prices.length[k] * (Prices::kUnit * static_cast<double>(best_weight_[k]));
    if (mass > best.mass) best = {mass, position - k, best_distance_[k]};
  }
  for (const Repeat& repeat : repeats_) {
    const std::uint64_t k = position - repeat.begin;
    const double mass = starts_[k - 1] * repeat.share * prices.length[k];
    if (mass > best.mass) best = {mass, repeat.begin, repeat.distance};
  }
  return best;
}

void DecoderView::push_place(std::uint64_t position) {
  Block& now = block();
  const Prices& prices = *now.prices;
  const ByteView text = tracker_.text_up_to(position);
  add_up_matches(position);
  std::erase_if(repeats_, [&](const Repeat& r) { return !goes_on(r, position); });
  repeats_position_ = position;
  list_starts(position - 1);

  Place place;
  double copies = 0;
  for (std::uint32_t k = kMinMatch; k <= longest_match_ && k <= starts_.size(); ++k)
    copies += starts_[k - 1] * prices.length[k] * static_cast<double>(weight_of_length_[k]);
  place.begun = Prices::kUnit * copies;
  for (const Repeat& repeat : repeats_) {
    const std::uint64_t k = position - repeat.begin;
    place.begun += starts_[k - 1] * repeat.share * prices.length[k];
  }
  find_histories(position, place.begun);
  place.before_run = found_.move_to(now.histories, parameters_.hypotheses, kFirstOffsets);
  now.literal_bits += prices.literal_bits[text.back()];
  place.exponent = now.starts.unit() - now.literal_bits;
  end_runs(place, position);
}

// Of the copies that end here, `begun` in all.
void DecoderView::find_histories(std::uint64_t position, double begun) {
  const Block& now = block();
  const Prices& prices = *now.prices;
  if (parameters_.hypotheses == 1) {
    const Best best = likeliest_copy(position);
    if (best.mass == 0) return;
    const Place& from = now.places[static_cast<std::size_t>(best.begin - now.first)];
    Offsets offsets = histories(from.before_copy).front().distances;
    const auto found = std::ranges::find(offsets, best.distance);
    if (found == offsets.end()) offsets.back() = best.distance;
    const auto last = found == offsets.end() ? offsets.end() - 1 : found;
    std::rotate(offsets.begin(), last, last + 1);
    return found_.add(offsets, 1);
  }
  const double least = lz::share_listed(parameters_.hypotheses) * begun;
  struct Length {
    std::uint32_t bytes;
    double mass;  // of its copies, by the weight of their offset
  };
  std::vector<Length> lengths;
  for (std::uint32_t k = kMinMatch; k <= longest_match_ && k <= starts_.size(); ++k) {
    const double mass = Prices::kUnit * starts_[k - 1] * prices.length[k];
    if (mass * static_cast<double>(weight_of_length_[k]) >= least) lengths.push_back({k, mass});
  }
  for (const lz::MatchTracker::Match& match : tracker_.matches(position)) {
    const auto weight = static_cast<double>(weight_of(match));
    for (const Length& length : lengths) {
      if (length.bytes > match.length) break;
      add_histories(now.places[static_cast<std::size_t>(position - length.bytes - now.first)],
                    match.distance, length.mass * weight, least);
    }
  }
  for (const Repeat& repeat : repeats_) {
    const std::uint64_t k = position - repeat.begin;
    found_.add(repeat.next, starts_[k - 1] * repeat.share * prices.length[k]);
  }
}

// Of a copy that began there, and whose offset is not one of the last.
void DecoderView::add_histories(const Place& from, std::uint32_t distance, double mass,
                                double least) {
  if (mass < least) return;
  const auto add = [&](const lz::HistoryRange& range, double of_them) {
    for (const History& history : histories(range)) {
      const double here = of_them * history.share;
      if (here >= least) found_.add({distance, history.distances[0], history.distances[1]}, here);
    }
  };
  add(from.before_copy, mass * (1 - from.at_once));
  add(from.before_run, mass * from.at_once);
}

// Completes the place: the runs of literals that end there, or go on.
void DecoderView::end_runs(Place place, std::uint64_t position) {
  // Runs that add next to nothing for so long are not followed further back.
  constexpr std::size_t kPatience = 64;
  constexpr double kNothing = 0x1p-50;
  Block& now = block();
  const Prices& prices = *now.prices;
  const std::int64_t unit = now.starts.size() == 0 ? 0 : now.starts.unit();
  const double at_once = place.begun * prices.run[0];
  double after_some = 0, literal = place.begun * prices.longer_run[0], best = 0;
  Offsets otherwise = histories(place.before_run).front().distances;
  std::size_t idle = 0;
  for (std::size_t l = 1; l <= now.places.size() && idle < kPatience; ++l) {
    const Place& from = now.places[now.places.size() - l];
    const std::size_t price = std::min(l, prices.run.size() - 1);
    const double mass = from.begun * lz::power_of_two(unit - from.exponent - now.literal_bits);
    const double ends = mass * prices.run[price], goes_on = mass * prices.longer_run[price];
    idle = goes_on < kNothing * literal ? idle + 1 : 0;
    after_some += ends;
    literal += goes_on;
    if (parameters_.hypotheses > 1) {
      if (ends < lz::share_listed(parameters_.hypotheses) * after_some) continue;
      for (const History& history : histories(from.before_run))
        found_.add(history.distances, ends * history.share);
    } else if (ends > best) {
      best = ends;
      otherwise = histories(from.before_run).front().distances;
    }
  }
  place.before_copy = found_.move_to(now.histories, parameters_.hypotheses, otherwise);
  const double copy = at_once + after_some;
  double offsets = Prices::kUnit * static_cast<double>(prices.offset.up_to(position));
  for (const double repeated : prices.repeated) offsets += repeated;
  now.starts.push(copy / offsets);
  place.literal = literal * lz::power_of_two(now.starts.unit() - unit);
  place.at_once = at_once / copy;
  now.places.push_back(place);
  add_repeats(position);
}

// ---- The last offsets ------------------------------------------------------------------------

// RFC 8878, section 3.1.1.5: right after a copy, the first of the values means the second offset,
// the second the third, and the third the first less one.
void DecoderView::add_repeats(std::uint64_t position) {
  const Block& now = block();
  const Place& place = now.places.back();
  const std::array<double, 3>& shares = now.prices->repeated;
  const auto add = [&](std::uint32_t distance, double share, const Offsets& next) {
    if (distance == 0 || distance > position || distance > parameters_.window_bytes || share == 0)
      return;
    repeats_.push_back({position, distance, share, next});
  };
  const double some = 1 - place.at_once;
  for (const History& history : histories(place.before_copy)) {
    const auto [first, second, third] = history.distances;
    const double share = some * history.share;
    add(first, share * shares[0], history.distances);
    add(second, share * shares[1], {second, first, third});
    add(third, share * shares[2], {third, first, second});
  }
  for (const History& history : histories(place.before_run)) {
    const auto [first, second, third] = history.distances;
    const double share = place.at_once * history.share;
    add(second, share * shares[0], {second, first, third});
    add(third, share * shares[1], {third, first, second});
    add(first - 1, share * shares[2], {first - 1, first, second});
  }
}

// Whether a copy that went on until the byte before does so with the last one.
bool DecoderView::goes_on(const Repeat& repeat, std::uint64_t position) const {
  const ByteView text = tracker_.text_up_to(position);
  return position - repeat.begin < kLongest && repeat.distance < text.size() &&
         text.back() == text[text.size() - 1 - repeat.distance];
}

// All of them anew, after a rewind.
void DecoderView::find_repeats(std::uint64_t position) {
  Block& now = block();
  repeats_.clear();
  const std::uint64_t begin =
      std::max(now.first, position - std::min<std::uint64_t>(position, kLongest - 1));
  std::vector<Place> later;
  const auto keep = static_cast<std::size_t>(begin - now.first);
  later.assign(now.places.begin() + static_cast<std::ptrdiff_t>(keep), now.places.end());
  now.places.resize(keep);
  for (std::uint64_t at = begin; at <= position; ++at) {
    if (at > begin) std::erase_if(repeats_, [&](const Repeat& r) { return !goes_on(r, at); });
    now.places.push_back(later[static_cast<std::size_t>(at - begin)]);
    add_repeats(at);
  }
  repeats_position_ = position;
}

// ---- Going on and back -----------------------------------------------------------------------

void DecoderView::observe(Byte byte) {
  tracker_.push({&byte, 1});
  const std::uint64_t position = position_bytes();
  if (schedule_.begins_at(position)) {
    begin_block(position);
    refresh_histograms();
  } else {
    next_bytes_.forth(tracker_.text());
    push_place(position);
  }
  prepared_ = false;
}

void DecoderView::observe(ByteView bytes) {
  const std::uint64_t end = position_bytes() + bytes.size();
  const std::uint64_t begin = schedule_.last_begin(end);
  if (begin > position_bytes()) {
    tracker_.push(bytes.first(static_cast<std::size_t>(begin - position_bytes())));
    bytes = bytes.last(static_cast<std::size_t>(end - begin));
    begin_block(begin);
    refresh_histograms();
    prepared_ = false;
  }
  for (const Byte byte : bytes) observe(byte);
}

void DecoderView::rewind(std::uint64_t position) {
  const std::uint64_t now = position_bytes();
  if (position > now || position < now - tracker_.text().size()) lz::refuse_rewind(position, now);
  if (position == now) return;
  bool same_block = true;
  while (blocks_.back().begin > position) {
    blocks_.pop_back();
    same_block = false;
  }
  Block& back = block();
  const auto places = static_cast<std::size_t>(position - back.first + 1);
  const std::uint64_t end = back.first + back.places.size() - 1;  // of this block's places
  for (std::uint64_t at = end; at > position; --at)
    back.literal_bits -= back.prices->literal_bits[tracker_.text_up_to(at).back()];
  back.starts.pop(back.starts.size() - places);
  back.places.resize(places);
  back.histories.resize(back.places.back().before_copy.end());
  if (same_block && now - position < 1000) {
    for (std::uint64_t at = now; at > position; --at) next_bytes_.back(tracker_.text_up_to(at));
    tracker_.pop(now - position);
  } else {
    tracker_.pop(now - position);
    refresh_histograms();
  }
  find_repeats(position);
  prepared_ = false;
}

void DecoderView::trim() {
  tracker_.trim();
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
}

// ---- Distributions ---------------------------------------------------------------------------

void DecoderView::prepare() {
  if (prepared_) return;
  const Block& now = block();
  const Prices& prices = *now.prices;
  const std::uint64_t position = position_bytes();
  add_up_matches(position);
  list_starts(position);
  const auto start = [&](std::size_t k) { return k < starts_.size() ? starts_[k] : 0; };
  after_any_ = Prices::kUnit * (start(0) * prices.longer[0]);
  after_last_ = Prices::kUnit * (start(1) * prices.longer[1]);
  double sum = 0, copies = 0;
  open_[0] = open_[1] = 0;
  for (std::uint32_t k = 2; k <= longest_match_; ++k) {
    const double open = Prices::kUnit * (start(k) * prices.longer[k]);
    sum += open;
    open_[k] = sum;
    copies += open * static_cast<double>(weight_of_length_[k]);
  }
  double total = now.places.back().literal +
                 after_any_ * static_cast<double>(prices.offset.up_to(position)) + copies;
  if (next_bytes_.has_last())
    total += after_last_ * static_cast<double>(next_bytes_.total_after_last());
  for (const Repeat& repeat : repeats_) {
    const std::uint64_t k = position - repeat.begin;
    total += starts_[k] * repeat.share * prices.longer[k];
  }
  total_bits_ = portable_log2(total);
  prepared_ = true;
}

double DecoderView::single(Byte byte) const {
  const Block& now = blocks_.back();
  double p = now.places.back().literal * now.prices->literal[byte] +
             after_any_ * static_cast<double>(next_bytes_.after_any()[byte]);
  if (next_bytes_.has_last())
    p += after_last_ * static_cast<double>(next_bytes_.after_last()[byte]);
  return p;
}

// Calls take(next byte, mass) for the copies that are listed.
template <typename Take>
void DecoderView::each_copy(Take&& take) {
  const Prices& prices = *block().prices;
  const std::uint64_t position = position_bytes();
  for (const lz::MatchTracker::Match& match : tracker_.matches())
    take(match.next, static_cast<double>(weight_of(match)) * open_[match.length]);
  const ByteView text = tracker_.text();
  for (const Repeat& repeat : repeats_) {
    const std::uint64_t k = position - repeat.begin;
    take(text[text.size() - repeat.distance], starts_[k] * repeat.share * prices.longer[k]);
  }
}

double DecoderView::bits_of(Byte byte) {
  prepare();
  double p = single(byte);
  each_copy([&](Byte next, double mass) {
    if (next == byte) p += mass;
  });
  return total_bits_ - portable_log2(p);
}

void DecoderView::next_byte(std::span<double, 256> bits) {
  prepare();
  std::array<double, 256> p;
  for (std::size_t byte = 0; byte < p.size(); ++byte) p[byte] = single(static_cast<Byte>(byte));
  each_copy([&](Byte next, double mass) { p[next] += mass; });
  for (std::size_t byte = 0; byte < p.size(); ++byte)
    bits[byte] = total_bits_ - portable_log2(p[byte]);
}

}  // namespace kraft::zstd
