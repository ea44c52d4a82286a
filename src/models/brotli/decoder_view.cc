#include "models/brotli/decoder_view.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/lz/powers.h"
#include "models/lz/refuse_rewind.h"

namespace kraft::brotli {
namespace {

constexpr double kSmall = 0x1p-100;

Byte byte_before(ByteView text, std::size_t back) {
  return back <= text.size() ? text[text.size() - back] : Byte{0};
}

// The one to read prices from; null: there is none.
const MetaBlock* chosen(const std::vector<MetaBlock>& blocks) {
  const MetaBlock* best = nullptr;
  for (const MetaBlock& block : blocks) {
    if (best == nullptr || block.bytes >= std::min(kEnoughBytes, best->bytes)) best = &block;
  }
  return best;
}

}  // namespace

// ---- Blocks ----------------------------------------------------------------------------------

DecoderView::DecoderView(const ViewParameters& parameters)
    : parameters_(parameters),
      schedule_(parameters.refresh_bytes),
      tracker_(
          parameters.window_bytes, kLongest,
          std::max<std::uint64_t>(parameters.source_bytes, parameters.window_bytes + kRunInBytes)),
      best_weight_(kLongest + 2),
      best_distance_(kLongest + 2) {
  for (auto& weights : weight_of_length_) weights.resize(kLongest + 2);
  for (auto& sums : open_) sums.resize(kLongest + 2);
  begin_block(0);
  refresh_histograms();
}

void DecoderView::start_block(std::uint64_t begin, std::uint64_t first,
                              std::shared_ptr<const Prices> prices) {
  const std::vector<double> types = prices->types_at_first();
  blocks_.push_back({begin, std::move(prices), first, {}, {}, types, first, {}});
  repeats_.clear();
  Place place;
  place.before_run = found_.move_to(block().histories, 1, kFirstLastDistances);
  end_runs(place, 1, first);
}

void DecoderView::begin_block(std::uint64_t position) {
  const ByteView before = tracker_.text_up_to(position);
  const ByteView source =
      before.last(std::min<std::uint64_t>(before.size(), parameters_.source_bytes));
  std::vector<MetaBlock> read;
  Bytes message;
  if (!source.empty())
    read = read_stream(parameters_.codec->encode(source), source.size(), message);
  // Only a stream with prices of its own has words: the others' numbers are too far away.
  const MetaBlock* const of = chosen(read);
  const std::uint64_t farthest =
      of == nullptr ? 0 : std::min<std::uint64_t>(source.size(), parameters_.window_bytes);
  start_block(position, position - std::min(position, kRunInBytes),
              std::make_shared<const Prices>(of, parameters_.window_bytes, farthest));
  for (std::uint64_t at = block().first + 1; at <= position; ++at) push_place(at);
}

void DecoderView::begin_command(std::shared_ptr<const Prices> prices, std::size_t hypotheses) {
  parameters_.hypotheses = hypotheses;
  start_block(position_bytes(), position_bytes(), std::move(prices));
  refresh_histograms();
  prepared_ = false;
}

void DecoderView::refresh_histograms() {
  const Prices& prices = *block().prices;
  next_bytes_.resize(prices.distances.size());
  for (std::size_t j = 0; j < next_bytes_.size(); ++j)
    next_bytes_[j].begin(prices.distances[j].mean, tracker_.text());
}

// ---- Masses ----------------------------------------------------------------------------------

// Of each length m the weight of the distances that match so many bytes or more, and the heaviest.
void DecoderView::add_up_matches(std::uint64_t position) {
  const Prices& prices = *block().prices;
  const DistancePrices& of_longest = prices.distances[prices.code_of_context.back()];
  for (auto& weights : weight_of_length_) std::fill_n(weights.begin(), longest_match_ + 1, 0u);
  std::fill_n(best_weight_.begin(), longest_match_ + 1, 0u);
  longest_match_ = 0;
  for (const lz::MatchTracker::Match& match : tracker_.matches(position)) {
    const std::uint32_t before = match.distance - 1, end = before + match.count;
    for (std::size_t j = 0; j < prices.distances.size(); ++j) {
      const auto& up_to = prices.distances[j].up_to;
      weight_of_length_[j][match.length] += up_to[end] - up_to[before];
    }
    longest_match_ = std::max(longest_match_, match.length);
    const DistanceFormat::Weight weight = of_longest.of(match.distance);
    if (weight > best_weight_[match.length]) {
      best_weight_[match.length] = weight;
      best_distance_[match.length] = match.distance;
    }
  }
  for (std::uint32_t m = longest_match_; m > 0; --m) {
    for (std::size_t j = 0; j < prices.distances.size(); ++j)
      weight_of_length_[j][m - 1] += weight_of_length_[j][m];
    if (best_weight_[m] >= best_weight_[m - 1]) {
      best_weight_[m - 1] = best_weight_[m];
      best_distance_[m - 1] = best_distance_[m];
    }
  }
}

// From a start's unit to that of the last one.
double DecoderView::scale_of(const Start& start) const {
  return lz::power_of_two(blocks_.back().starts.back().exponent - start.exponent);
}

// Null where it is before the first, or gone.
const DecoderView::Start* DecoderView::start_at(std::uint64_t position, std::uint64_t back) const {
  const Block& now = blocks_.back();
  if (back > position || position - back < now.first_start) return nullptr;
  return &now.starts[static_cast<std::size_t>(position - back - now.first_start)];
}

// The mass of its copies of so many bytes, in the unit of the last start.
double DecoderView::ends_after(const Repeat& repeat, std::uint64_t bytes) const {
  if (bytes < kCopyBase[0]) return 0;
  const Prices& prices = *blocks_.back().prices;
  const Start& start = *start_at(repeat.begin, 0);
  const std::size_t c = class_of_length(bytes);
  const std::size_t code = prices.code_of_context[distance_context(bytes)];
  double mass = start.copy[c] * prices.distances[code].recent[repeat.symbol];
  if (repeat.symbol == 0 && c < start.last.size()) mass += start.last[c];
  return mass * repeat.share * scale_of(start);
}

// Of the copies that end here.
DecoderView::Best DecoderView::likeliest_copy(std::uint64_t position) const {
  const Prices& prices = *blocks_.back().prices;
  Best best;
  for (std::uint32_t k = kCopyBase[0]; k <= longest_match_ && best_weight_[k] > 0; ++k) {
    const Start* const start = start_at(position, k);
    if (start == nullptr) break;
    const DistancePrices& distances = prices.distances[prices.code_of_context[distance_context(k)]];
    const double mass = start->copy[class_of_length(k)] * scale_of(*start) *
                        (Prices::kUnit * static_cast<double>(distances.of(best_distance_[k])));
    if (mass > best.mass) best = {mass, position - k, best_distance_[k]};
  }
  for (const Repeat& repeat : repeats_) {
    const double mass = ends_after(repeat, position - repeat.begin);
    if (mass > best.mass) best = {mass, repeat.begin, repeat.distance};
  }
  return best;
}

// The history that it leaves.
void DecoderView::find_likeliest(const Best& best) {
  if (best.mass == 0) return;
  const Block& now = block();
  const Place& from = now.places[static_cast<std::size_t>(best.begin - now.first)];
  LastDistances distances = histories(from.before_copy).front().distances;
  if (best.distance != 0 && distances[0] != best.distance) push(distances, best.distance);
  found_.add(distances, 1);
}

// Of the copies that end here; `begun` is the mass of those, and of words.
void DecoderView::find_histories(std::uint64_t position, double begun) {
  const Block& now = block();
  const Prices& prices = *now.prices;
  const double least = lz::share_listed(parameters_.hypotheses) * begun;
  struct Length {
    std::uint32_t bytes;
    std::size_t code;  // of distances
    double mass;       // of its copies, by the weight of their distance
  };
  std::vector<Length> lengths;
  for (std::uint32_t k = kCopyBase[0]; k <= longest_match_; ++k) {
    const Start* const start = start_at(position, k);
    if (start == nullptr) break;
    const std::size_t code = prices.code_of_context[distance_context(k)];
    const double mass = Prices::kUnit * start->copy[class_of_length(k)] * scale_of(*start);
    if (mass * static_cast<double>(weight_of_length_[code][k]) >= least)
      lengths.push_back({k, code, mass});
  }
  for (const lz::MatchTracker::Match& match : tracker_.matches(position)) {
    const std::uint32_t before = match.distance - 1, end = before + match.count;
    for (const Length& length : lengths) {
      if (length.bytes > match.length) break;
      const auto& up_to = prices.distances[length.code].up_to;
      const double mass = length.mass * static_cast<double>(up_to[end] - up_to[before]);
      if (mass < least) continue;
      const Place& from = now.places[static_cast<std::size_t>(position - length.bytes - now.first)];
      for (const History& history : histories(from.before_copy)) {
        if (mass * history.share < least) continue;
        LastDistances distances = history.distances;
        push(distances, match.distance);
        found_.add(distances, mass * history.share);
      }
    }
  }
  for (const Repeat& repeat : repeats_)
    found_.add(repeat.next, ends_after(repeat, position - repeat.begin));
}

void DecoderView::push_place(std::uint64_t position) {
  Block& now = block();
  const Prices& prices = *now.prices;
  const bool one_history = parameters_.hypotheses == 1;
  add_up_matches(position);
  std::erase_if(repeats_, [&](const Repeat& r) { return !goes_on(r, position); });

  double begun = 0;
  for (std::uint32_t k = kCopyBase[0]; k <= longest_match_; ++k) {
    const Start* const start = start_at(position, k);
    if (start == nullptr) break;
    const std::size_t code = prices.code_of_context[distance_context(k)];
    begun += start->copy[class_of_length(k)] * scale_of(*start) *
             (Prices::kUnit * static_cast<double>(weight_of_length_[code][k]));
  }
  for (const Repeat& repeat : repeats_) begun += ends_after(repeat, position - repeat.begin);
  Best best = one_history ? likeliest_copy(position) : Best{};
  const ByteView text = tracker_.text_up_to(position);
  if (prices.words.has_words()) {
    each_spelling(
        prices.words, text, position - now.first_start, [](const Spelling&) {},
        [&](std::size_t bytes, double share) {
          const Start& start = *start_at(position, bytes);
          const double mass = start.words * share * scale_of(start);
          begun += mass;
          if (mass > best.mass) best = {mass, position - bytes, 0};
          if (one_history) return;
          const Place& from = now.places[static_cast<std::size_t>(position - bytes - now.first)];
          for (const History& history : histories(from.before_copy))
            found_.add(history.distances, mass * history.share);
        });
  }
  if (one_history)
    find_likeliest(best);
  else
    find_histories(position, begun);

  Place place;
  place.before_run = found_.move_to(now.histories, parameters_.hypotheses, kFirstLastDistances);
  const Byte last = byte_before(text, 2), before_last = byte_before(text, 3);
  const Place& before = now.places.back();
  place.product = before.product * prices.literal(last, before_last, text.back(), last_types());
  place.product_bits = before.product_bits;
  if (place.product < kSmall) {
    int down = 0;
    place.product = std::frexp(place.product, &down);
    place.product_bits -= down;
  }
  add_types(last, before_last, text.back());
  end_runs(place, begun, position);
}

// Which type of literals is in use, at the last place.
std::span<const double> DecoderView::last_types() const {
  const Block& now = blocks_.back();
  return std::span(now.types).last(now.prices->types_at_first().size());
}

void DecoderView::add_types(Byte last, Byte before, Byte byte) {
  Block& now = block();
  const std::size_t types = last_types().size();
  now.types.resize(now.types.size() + types);
  const std::span<double> added = std::span(now.types).last(types);
  std::ranges::copy(std::span(now.types).last(2 * types).first(types), added.begin());
  now.prices->add_literal(last, before, byte, added);
}

// Completes the place, where `begun` is B_t in the unit of the last start: the runs of literals
// that end there, or go on.
void DecoderView::end_runs(Place place, double begun, std::uint64_t position) {
  // Runs that add next to nothing for so long are not followed further back.
  constexpr std::size_t kPatience = 64;
  constexpr double kNothing = 0x1p-50;
  Block& now = block();
  const Prices& prices = *now.prices;
  const std::int64_t unit = now.starts.empty() ? 0 : now.starts.back().exponent;
  place.begun = begun / place.product;
  place.exponent = unit - place.product_bits;
  LastDistances likeliest = histories(place.before_run).front().distances;
  if (parameters_.hypotheses > 1) {
    for (const History& history : histories(place.before_run))
      found_.add(history.distances, begun * prices.run_code[0] * history.share);
  }
  std::array<double, kLengthCodes> ends{};
  ends[0] = begun;
  double literal = begun * prices.longer_run[0], best = begun * prices.run_code[0], all = begun;
  std::size_t idle = 0, code = 0;
  for (std::size_t l = 1; l <= now.places.size() && idle < kPatience; ++l) {
    const Place& from = now.places[now.places.size() - l];
    while (code + 1 < kLengthCodes && l >= kRunBase[code + 1]) ++code;
    const double mass =
        from.begun * place.product * lz::power_of_two(unit - from.exponent - place.product_bits);
    const double here = mass / static_cast<double>(std::uint32_t{1} << kRunExtra[code]);
    const double goes_on = mass * prices.longer_run[std::min(l, Prices::kMostRun)];
    idle = goes_on < kNothing * literal ? idle + 1 : 0;
    ends[code] += here;
    literal += goes_on;
    all += here;
    const double copies = here * prices.run_code[code];
    if (parameters_.hypotheses > 1) {
      if (copies < lz::share_listed(parameters_.hypotheses) * best) continue;
      for (const History& history : histories(from.before_run))
        found_.add(history.distances, copies * history.share);
    } else if (copies > best) {
      likeliest = histories(from.before_run).front().distances;
    }
    best = std::max(best, copies);
  }
  place.before_copy = found_.move_to(now.histories, parameters_.hypotheses, likeliest);
  int down = 0;
  if (literal + all < kSmall) std::frexp(literal + all, &down);
  const double scale = std::ldexp(1.0, -down);
  place.literal = literal * scale;
  now.places.push_back(place);
  add_repeats(position);
  push_start(ends, scale, unit - down, position);
}

void DecoderView::push_start(std::span<const double, kLengthCodes> ends, double scale,
                             std::int64_t exponent, std::uint64_t position) {
  Block& now = block();
  const Prices& prices = *now.prices;
  // What of the distances can be copied from.
  std::array<double, kDistanceContexts> possible{};
  bool last_is_possible = false;
  for (std::size_t j = 0; j < prices.distances.size(); ++j) {
    const DistancePrices& distances = prices.distances[j];
    const std::uint64_t farthest = std::min<std::uint64_t>(position, parameters_.window_bytes);
    possible[j] = Prices::kUnit * static_cast<double>(distances.up_to[farthest]);
    for (auto repeat = repeats_.rbegin(); repeat != repeats_.rend() && repeat->begin == position;
         ++repeat) {
      possible[j] += distances.recent[repeat->symbol] * repeat->share;
      last_is_possible = last_is_possible || repeat->symbol == 0;
    }
  }
  Start start;
  start.exponent = exponent;
  for (std::size_t c = 0; c < kLengthCodes; ++c) {
    const std::size_t of = std::min(c, kCopyClasses - 1);
    const double all = possible[prices.code_of_context[std::min(c, kDistanceContexts - 1)]] +
                       prices.word_weight[of];
    if (all == 0) continue;
    double mass = 0;
    for (std::size_t i = 0; i < kLengthCodes; ++i) mass += ends[i] * prices.copy[i][c];
    mass *= scale / all;
    if (c < kCopyClasses - 1) mass /= static_cast<double>(std::uint32_t{1} << kCopyExtra[c]);
    start.copy[of] += mass;
  }
  for (std::size_t c = 0; c < start.last.size() && last_is_possible; ++c) {
    double mass = 0;
    for (std::size_t i = 0; i < prices.copy_last.size(); ++i)
      mass += ends[i] * prices.copy_last[i][c];
    start.last[c] = mass * scale / static_cast<double>(std::uint32_t{1} << kCopyExtra[c]);
  }
  // The longest of the last code below is kLongest, which is a class of its own.
  start.copy[kCopyClasses - 1] += start.copy[kCopyClasses - 2];
  for (std::size_t length = Dictionary::kShortest; length <= Dictionary::kLongest; ++length)
    start.words += start.copy[class_of_length(length)] * prices.words.of_length(length);
  now.starts.push_back(start);
}

// ---- The last distances ----------------------------------------------------------------------

bool DecoderView::reaches(std::uint32_t distance, std::uint64_t position) const {
  return distance > 0 && distance <= position && distance <= parameters_.window_bytes;
}

void DecoderView::add_repeats(std::uint64_t position) {
  for (const History& history : histories(block().places.back().before_copy)) {
    for (std::uint32_t symbol = 0; symbol < kRecentDistances; ++symbol) {
      const std::uint32_t distance = recent_distance(history.distances, symbol);
      if (!reaches(distance, position)) continue;
      LastDistances next = history.distances;
      if (symbol > 0) push(next, distance);
      repeats_.push_back({position, distance, symbol, history.share, next});
    }
  }
}

// Whether a copy that went on until the byte before does so with the last one.
bool DecoderView::goes_on(const Repeat& repeat, std::uint64_t position) const {
  const ByteView text = tracker_.text_up_to(position);
  return position - repeat.begin < kLongest && repeat.distance < text.size() &&
         text.back() == text[text.size() - 1 - repeat.distance];
}

// Of the bytes before the position; 1 if no match is listed.
std::uint32_t DecoderView::longest_match(std::uint64_t position) {
  std::uint32_t longest = 1;
  for (const lz::MatchTracker::Match& match : tracker_.matches(position))
    longest = std::max(longest, match.length);
  return longest;
}

// All of them anew, after a rewind. One that goes on has matched since it began.
void DecoderView::find_repeats(std::uint64_t position) {
  Block& now = block();
  repeats_.clear();
  const std::uint64_t begin =
      std::max(now.first, position - std::min<std::uint64_t>(position, longest_match(position)));
  const std::vector<Place> later(
      now.places.begin() + static_cast<std::ptrdiff_t>(begin - now.first), now.places.end());
  now.places.resize(static_cast<std::size_t>(begin - now.first));
  for (std::uint64_t at = begin; at <= position; ++at) {
    if (at > begin) std::erase_if(repeats_, [&](const Repeat& r) { return !goes_on(r, at); });
    now.places.push_back(later[static_cast<std::size_t>(at - begin)]);
    add_repeats(at);
  }
}

// ---- Going on and back -----------------------------------------------------------------------

void DecoderView::observe(Byte byte) {
  tracker_.push({&byte, 1});
  const std::uint64_t position = position_bytes();
  if (schedule_.begins_at(position)) {
    begin_block(position);
    refresh_histograms();
  } else {
    for (auto& next_bytes : next_bytes_) next_bytes.forth(tracker_.text());
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
  back.places.resize(static_cast<std::size_t>(position - back.first + 1));
  back.histories.resize(back.places.back().before_copy.end());
  back.types.resize(back.places.size() * back.prices->types_at_first().size());
  back.starts.resize(static_cast<std::size_t>(position - back.first_start + 1));
  if (same_block && now - position < 1000) {
    for (std::uint64_t at = now; at > position; --at) {
      for (auto& next_bytes : next_bytes_) next_bytes.back(tracker_.text_up_to(at));
    }
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
  Block& now = block();
  if (now.starts.size() < 2 * kLongest) return;
  const std::size_t gone = now.starts.size() - kLongest - 1;
  now.starts.erase(now.starts.begin(), now.starts.begin() + static_cast<std::ptrdiff_t>(gone));
  now.first_start += gone;
}

// ---- Distributions ---------------------------------------------------------------------------

// Of the copies that began so many bytes ago, in the unit of the last start.
DecoderView::Longer DecoderView::longer_than(std::uint64_t bytes, std::uint64_t position) const {
  Longer longer;
  const Start* const start = start_at(position, bytes);
  if (start == nullptr || bytes >= kLongest) return longer;
  const Prices& prices = *blocks_.back().prices;
  const double scale = scale_of(*start);
  for (std::size_t c = kCopyClasses; c-- > 0 && end_of_lengths(c) > bytes + 1;) {
    const std::uint64_t first = std::max<std::uint64_t>(first_length(c), bytes + 1);
    const double lengths = static_cast<double>(end_of_lengths(c) - first) * scale;
    longer.by_code[prices.code_of_context[std::min(c, kDistanceContexts - 1)]] +=
        start->copy[c] * lengths;
    if (c < start->last.size()) longer.last += start->last[c] * lengths;
  }
  return longer;
}

double DecoderView::goes_on_with(const Repeat& repeat, std::uint64_t position) const {
  const Prices& prices = *blocks_.back().prices;
  const Longer& longer = longer_[static_cast<std::size_t>(position - repeat.begin)];
  double mass = repeat.symbol == 0 ? longer.last : 0;
  for (std::size_t j = 0; j < prices.distances.size(); ++j)
    mass += longer.by_code[j] * prices.distances[j].recent[repeat.symbol];
  return mass * repeat.share;
}

void DecoderView::add_literals() {
  const ByteView text = tracker_.text();
  std::array<double, 256> share;
  block().prices->literals(byte_before(text, 1), byte_before(text, 2), last_types(), share);
  const double literal = block().places.back().literal;
  for (std::size_t b = 0; b < share.size(); ++b) next_.of[b] += literal * share[b];
}

void DecoderView::add_words(std::uint64_t position) {
  const WordPrices& words = block().prices->words;
  if (!words.has_words()) return;
  const double begins = start_at(position, 0)->words;
  for (std::size_t b = 0; b < words.first().size(); ++b) next_.of[b] += begins * words.first()[b];
  each_spelling(
      words, tracker_.text(), position - block().first_start,
      [&](const Spelling& spelling) {
        const Start& start = *start_at(position, spelling.bytes);
        const double mass = start.words * scale_of(start);
        words.each_next(spelling, [&](Byte next, double share) { next_.of[next] += mass * share; });
      },
      [](std::size_t, double) {});
}

// From distances that are not the last ones: those that have said less than two bytes, and those
// that are listed.
void DecoderView::add_matches(std::uint32_t longest) {
  const Prices& prices = *block().prices;
  for (std::size_t j = 0; j < prices.distances.size(); ++j) {
    const double after_any = Prices::kUnit * longer_[0].by_code[j];
    const double after_last = Prices::kUnit * longer_[1].by_code[j];
    for (std::size_t b = 0; b < next_.of.size(); ++b)
      next_.of[b] += after_any * static_cast<double>(next_bytes_[j].after_any()[b]);
    for (std::size_t b = 0; b < next_.of.size() && next_bytes_[j].has_last(); ++b)
      next_.of[b] += after_last * static_cast<double>(next_bytes_[j].after_last()[b]);
    open_[j][1] = 0;
    for (std::uint32_t k = 2; k <= longest; ++k)
      open_[j][k] = open_[j][k - 1] + Prices::kUnit * longer_[k].by_code[j];
  }
  for (const lz::MatchTracker::Match& match : tracker_.matches()) {
    const std::uint32_t before = match.distance - 1, end = before + match.count;
    for (std::size_t j = 0; j < prices.distances.size(); ++j) {
      const auto& up_to = prices.distances[j].up_to;
      next_.of[match.next] +=
          static_cast<double>(up_to[end] - up_to[before]) * open_[j][match.length];
    }
  }
}

void DecoderView::prepare() {
  if (prepared_) return;
  const std::uint64_t position = position_bytes();
  const std::uint32_t longest = longest_match(position);
  std::uint64_t most = longest;
  if (!repeats_.empty()) most = std::max(most, position - repeats_.front().begin);
  longer_.clear();
  for (std::uint64_t k = 0; k <= most; ++k) longer_.push_back(longer_than(k, position));
  next_.of.fill(0);
  add_literals();
  add_words(position);
  add_matches(longest);
  const ByteView text = tracker_.text();
  for (const Repeat& repeat : repeats_)
    next_.of[text[text.size() - repeat.distance]] += goes_on_with(repeat, position);
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

}  // namespace kraft::brotli
