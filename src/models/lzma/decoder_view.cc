#include "models/lzma/decoder_view.h"

#include <algorithm>
#include <utility>

#include "kraft/error.h"
#include "models/lz/powers.h"
#include "models/lz/refuse_rewind.h"

namespace kraft::lzma {
namespace {

constexpr std::uint64_t kFirstRefresh = 64;
constexpr std::uint64_t kSlackBytes = 2048;  // kRunInBytes, a token before them, and one after

double sum(const std::array<double, 2>& two) { return two[0] + two[1]; }

bool is_after_literal(std::uint32_t state) { return state < kFirstMatchedState; }

}  // namespace

// ---- Hypotheses ------------------------------------------------------------------------------

void DecoderView::Candidates::clear() {
  all_.clear();
  if (slots_.empty()) slots_.resize(1024);
  std::ranges::fill(slots_, 0u);
}

void DecoderView::Candidates::add(const Hypothesis& hypothesis) {
  if (2 * all_.size() >= slots_.size()) grow();
  std::uint64_t key = hypothesis.state;
  for (const std::uint32_t distance : hypothesis.distances)
    key = (key ^ distance) * 0x9E3779B97F4A7C15u;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = key >> 32 & mask;; at = (at + 1) & mask) {
    if (slots_[at] == 0) {
      all_.push_back(hypothesis);
      slots_[at] = static_cast<std::uint32_t>(all_.size());
      return;
    }
    Hypothesis& found = all_[slots_[at] - 1];
    if (found.state == hypothesis.state && found.distances == hypothesis.distances) {
      found.mass += hypothesis.mass;
      return;
    }
  }
}

void DecoderView::Candidates::grow() {
  const std::vector<Hypothesis> all = std::move(all_);
  slots_.assign(4 * slots_.size(), 0);
  all_.clear();
  for (const Hypothesis& hypothesis : all) add(hypothesis);
}

bool DecoderView::Candidates::add_to_best(std::uint32_t state, double mass) {
  Hypothesis* best = nullptr;
  for (Hypothesis& h : all_) {
    if (h.state == state && (best == nullptr || h.mass > best->mass)) best = &h;
  }
  if (best != nullptr) best->mass += mass;
  return best != nullptr;
}

double DecoderView::Candidates::mass() const {
  double mass = 0;
  for (const Hypothesis& h : all_) mass += h.mass;
  return mass;
}

void DecoderView::Candidates::scale(double factor) {
  for (Hypothesis& h : all_) h.mass *= factor;
}

std::vector<DecoderView::Hypothesis> DecoderView::Candidates::take_best(std::size_t most) {
  if (all_.size() <= most) return all_;
  order_.resize(all_.size());
  for (std::uint32_t i = 0; i < order_.size(); ++i) order_[i] = i;
  const auto heavier = [this](std::uint32_t a, std::uint32_t b) {
    return all_[a].mass > all_[b].mass || (all_[a].mass == all_[b].mass && a < b);
  };
  std::ranges::nth_element(order_, order_.begin() + static_cast<std::ptrdiff_t>(most), heavier);
  std::vector<Hypothesis> best;
  std::array<std::size_t, kStates> of_state;
  of_state.fill(SIZE_MAX);
  std::sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(most), heavier);
  for (std::size_t i = 0; i < most; ++i) {
    const Hypothesis& h = all_[order_[i]];
    if (of_state[h.state] == SIZE_MAX) of_state[h.state] = best.size();
    best.push_back(h);
  }
  // A state that is not among them keeps its best; the others join the best of their state.
  std::array<std::uint32_t, kStates> left_out;
  left_out.fill(UINT32_MAX);
  for (std::size_t i = most; i < order_.size(); ++i) {
    const Hypothesis& h = all_[order_[i]];
    if (of_state[h.state] != SIZE_MAX) continue;
    std::uint32_t& left = left_out[h.state];
    if (left == UINT32_MAX || heavier(order_[i], left)) left = order_[i];
  }
  for (std::size_t state = 0; state < kStates; ++state) {
    if (left_out[state] == UINT32_MAX) continue;
    of_state[state] = best.size();
    best.push_back(all_[left_out[state]]);
    best.back().mass = 0;  // added below
  }
  // In the order in which they were found, whatever nth_element() did.
  kept_.assign(all_.size(), 0);
  for (std::size_t i = 0; i < most; ++i) kept_[order_[i]] = 1;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (kept_[i] == 0) best[of_state[all_[i].state]].mass += all_[i].mass;
  }
  return best;
}

// ---- Blocks ----------------------------------------------------------------------------------

DecoderView::DecoderView(const ViewParameters& parameters, std::shared_ptr<Engine> engine)
    : parameters_(parameters),
      engine_(std::move(engine)),
      schedule_(parameters.refresh_bytes, kFirstRefresh),
      tracker_(parameters.options.dict_size, kLongestMatch,
               parameters.options.dict_size + kSlackBytes) {
  begin_block(0);
}

Text DecoderView::text_of_encoder() const { return {.begin = kept_begin_, .context = kept_}; }

// The encoder, moved on as far as none that is flushed later must be.
std::shared_ptr<const Checkpoint> DecoderView::follow(std::shared_ptr<const Checkpoint> encoder,
                                                      std::uint64_t position) {
  const std::uint64_t far = far_flush(position);
  if (far <= encoder->position_bytes) return encoder;
  return engine_->advance(*encoder, text_of_encoder(), far, /*flush=*/false);
}

void DecoderView::start_block(Block block, const Boundary& boundary) {
  block.first = boundary.position;
  blocks_.push_back(std::move(block));
  Hypothesis only{.mass = 1, .distances = {}, .state = boundary.state};
  for (std::size_t i = 0; i < only.distances.size(); ++i)
    only.distances[i] = boundary.distances[i] + 1;
  copies_position_ = UINT64_MAX;
  candidates_.clear();
  candidates_.add(only);
  finish_place(boundary.position, {});
  far_is_current_ = false;
  prepared_ = false;
}

void DecoderView::begin_block(std::uint64_t position) {
  const lzma_options_lzma& options = parameters_.options;
  Block block;
  block.begin = position;
  block.encoder = follow(blocks_.empty() ? engine_->start() : blocks_.back().encoder, position);
  Reader reader = block.encoder->reader;
  if (position > 0) {
    reader = engine_->read_up_to(*block.encoder, text_of_encoder(), position,
                                 position - std::min(position, kRunInBytes));
    if (reader.position_bytes() != position)
      throw Error("liblzma wrote a stream without the end of the text");
  }
  block.prices = std::make_shared<const Prices>(reader.probabilities(), options.lc, options.lp,
                                                options.pb, options.dict_size);
  start_block(std::move(block), reader.noted());
  for (std::uint64_t at = reader.noted().position + 1; at <= position; ++at) push_place(at);
}

void DecoderView::begin_token(const Boundary& boundary, std::shared_ptr<const Prices> prices,
                              std::size_t hypotheses) {
  parameters_.hypotheses = hypotheses;
  Block block;
  block.begin = boundary.position;
  block.encoder = blocks_.back().encoder;
  block.prices = std::move(prices);
  start_block(std::move(block), boundary);
}

void DecoderView::refresh_histograms() {
  far_.begin(*block().prices, tracker_.text(), position_bytes());
  far_is_current_ = true;
}

std::unique_ptr<CoinFlips> DecoderView::coin_flips(double temperature) const {
  if (temperature != 1)
    throw UsageError("LZMA's probabilities have no temperature for coin flips; gzip's codes do");
  return std::make_unique<Flips>(kept_, parameters_.options);
}

// ---- Masses ----------------------------------------------------------------------------------

// The distances that match two bytes or more at a position, with their weights.
void DecoderView::list_copies(std::uint64_t position) {
  if (copies_position_ == position) return;
  copies_position_ = position;
  const Prices& prices = *block().prices;
  std::fill_n(weight_of_length_.begin(), longest_copy_ + 1, std::array<double, 4>{});
  longest_copy_ = 0;
  copies_.clear();
  for (const lz::MatchTracker::Match& match : tracker_.matches(position)) {
    Copy& copy = copies_.emplace_back();
    copy = {match.distance, match.count, match.length, match.next, {}};
    if (match.count == 1) {
      copy.weight = prices.distances(match.distance);
    } else {
      for (std::uint32_t g = 0; g < Prices::kGroups; ++g)
        copy.weight[g] =
            prices.up_to(g, match.distance + match.count - 1) - prices.up_to(g, match.distance - 1);
    }
    for (std::uint32_t g = 0; g < Prices::kGroups; ++g)
      weight_of_length_[match.length][g] += copy.weight[g];
    longest_copy_ = std::max(longest_copy_, match.length);
  }
  for (std::uint32_t m = longest_copy_; m > 0; --m) {
    for (std::uint32_t g = 0; g < Prices::kGroups; ++g)
      weight_of_length_[m - 1][g] += weight_of_length_[m][g];
  }
}

// Of the places k bytes back, as far as a copy can have begun there.
void DecoderView::list_starts(std::uint64_t position) {
  const Block& now = block();
  const std::uint64_t last = now.first + now.places.size() - 1;
  const std::int64_t unit = now.places.back().exponent;
  starts_.assign(static_cast<std::size_t>(position - last), {});
  const std::uint64_t most =
      std::min<std::uint64_t>(std::max(longest_copy_, 1u), position - now.first);
  for (std::uint64_t k = position - last; k <= most; ++k) {
    const Place& place = place_at(position - k);
    const double factor = lz::power_of_two(unit - place.exponent);
    starts_.push_back({{place.matches[0] * factor, place.matches[1] * factor}, factor});
  }
}

// Repeats that go on with the byte that is new; those that have begun with it are new.
void DecoderView::go_on_with_repeats(std::uint64_t position, Place& place) {
  const Prices& prices = *block().prices;
  const ByteView text = tracker_.text_up_to(position);
  const Place& last = block().places.back();
  const auto agrees = [&](std::uint32_t distance) {
    return distance < text.size() && text.back() == text[text.size() - 1 - distance];
  };
  for (const Repeat& repeat : last.repeats) {
    if (position - repeat.begin <= kLongestMatch && agrees(repeat.distances[0]))
      place.repeats.push_back(repeat);
  }
  for (const Hypothesis& h : last.hypotheses) {
    const Prices::Kinds& kinds = prices.kinds(h.state, prices.place(position - 1));
    for (std::size_t i = 0; i < h.distances.size(); ++i) {
      if (h.distances[i] >= position || !agrees(h.distances[i])) continue;
      Repeat repeat{position - 1, h.mass * kinds.repeat[i], h.distances, after_repeat(h.state)};
      std::rotate(repeat.distances.begin(),
                  repeat.distances.begin() + static_cast<std::ptrdiff_t>(i),
                  repeat.distances.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      place.repeats.push_back(repeat);
    }
  }
}

// Literals and short repeats, from the place before.
void DecoderView::add_literals(std::uint64_t position) {
  const Prices& prices = *block().prices;
  const ByteView text = tracker_.text_up_to(position);
  const Byte byte = text.back();
  const Byte before = text.size() < 2 ? Byte{0} : text[text.size() - 2];
  const double plain = prices.plain_literal(position - 1, before, byte);
  const std::uint32_t place = prices.place(position - 1);
  for (const Hypothesis& h : block().places.back().hypotheses) {
    const Prices::Kinds& kinds = prices.kinds(h.state, place);
    const bool valid = h.distances[0] < position;
    const Byte expected = valid ? text[text.size() - 1 - h.distances[0]] : Byte{0};
    const double literal = is_after_literal(h.state)
                               ? plain
                               : prices.matched_literal(position - 1, before, expected, byte);
    candidates_.add({h.mass * kinds.literal * literal, h.distances, after_literal(h.state)});
    if (valid && expected == byte)
      candidates_.add({h.mass * kinds.short_repeat, h.distances, after_short_repeat(h.state)});
  }
}

void DecoderView::push_place(std::uint64_t position) {
  const Prices& prices = *block().prices;
  const std::int64_t unit = block().places.back().exponent;
  list_copies(position);
  list_starts(position);
  candidates_.clear();
  Place place;
  add_literals(position);
  go_on_with_repeats(position, place);

  // All that has not been refuted, but for matches that began with the last byte.
  double total = candidates_.mass();
  for (std::size_t k = 2; k < starts_.size(); ++k) {
    const std::uint32_t at = prices.place(position - k);
    const auto length = static_cast<std::uint32_t>(k);
    double open = prices.match_lengths(at).equal[k] * weight_of_length_[k][Prices::group(length)];
    for (std::uint32_t g = 1; g < Prices::kGroups; ++g)
      open += prices.longer_in_group(g, at, length) * weight_of_length_[k][g];
    total += sum(starts_[k].matches) * open;
  }
  for (const Repeat& repeat : place.repeats)
    total += repeat.mass * open_share(repeat, position, unit);
  least_ = total / (4096.0 * static_cast<double>(parameters_.hypotheses));

  std::erase_if(place.repeats, [&](const Repeat& repeat) {
    return repeat.mass * open_share(repeat, position, unit) < least_ / 16;
  });
  add_repeats(place, position);
  add_matches(position);
  place.exponent = unit;
  // Powers of two are exact: the numbers do not depend on the unit.
  constexpr double kSmall = 0x1p-60;
  if (total < kSmall) {
    const std::int64_t down = lz::exponent_to_one(total);
    candidates_.scale(lz::power_of_two(down));
    place.exponent += down;
  }
  finish_place(position, std::move(place));
}

// Of a repeat, in a unit, the share that ends here or goes on.
double DecoderView::open_share(const Repeat& repeat, std::uint64_t position,
                               std::int64_t unit) const {
  const Prices& prices = *block().prices;
  const auto k = static_cast<std::size_t>(position - repeat.begin);
  const Prices::Lengths& lengths = prices.repeat_lengths(prices.place(repeat.begin));
  const std::int64_t began =
      block().places[static_cast<std::size_t>(repeat.begin - block().first)].exponent;
  return lengths.longer[k - 1] * lz::power_of_two(unit - began);
}

void DecoderView::add_repeats(const Place& place, std::uint64_t position) {
  const Prices& prices = *block().prices;
  const std::int64_t unit = block().places.back().exponent;
  for (const Repeat& repeat : place.repeats) {
    const auto k = static_cast<std::size_t>(position - repeat.begin);
    if (k < kShortestMatch) continue;
    const double factor = lz::power_of_two(unit - place_at(repeat.begin).exponent);
    candidates_.add(
        {repeat.mass * factor * prices.repeat_lengths(prices.place(repeat.begin)).equal[k],
         repeat.distances, repeat.state});
  }
}

// Matches that end here.
void DecoderView::add_matches(std::uint64_t position) {
  const Prices& prices = *block().prices;
  const std::size_t most = starts_.size() - 1;
  if (longest_copy_ < kShortestMatch || most < kShortestMatch) return;
  // Of each length the mass, without the distance; of those of 5 and more the sums.
  std::array<double, 2> total{};
  std::array<double, 3> single{};
  of_length_.assign(longest_copy_ + 1, 0);
  for (std::size_t k = kShortestMatch; k <= longest_copy_; ++k) {
    if (k > most) {
      of_length_[k] = k > 5 ? of_length_[k - 1] : 0;
      continue;
    }
    const double length = prices.match_lengths(prices.place(position - k)).equal[k];
    const double weight = weight_of_length_[k][Prices::group(static_cast<std::uint32_t>(k))];
    for (std::size_t side = 0; side < 2; ++side)
      total[side] += starts_[k].matches[side] * length * weight;
    const double mass = sum(starts_[k].matches) * length;
    if (k < 5)
      single[k - 2] = mass;
    else
      of_length_[k] = of_length_[k - 1] + mass;
  }
  std::array<double, 2> expanded{};
  double best = 0;
  heaviest_ = 0;
  for (std::size_t i = 0; i < copies_.size(); ++i) {
    const Copy& copy = copies_[i];
    double mass = copy.weight[0] * single[0] + copy.weight[3] * of_length_[copy.length];
    if (copy.length >= 3) mass += copy.weight[1] * single[1];
    if (copy.length >= 4) mass += copy.weight[2] * single[2];
    if (mass > best) {
      best = mass;
      heaviest_ = i;
    }
    if (mass >= least_) expand(copy, position, expanded);
  }
  add_rest(position, total, expanded);
}

// A copy, or the nearest ones of those alike, with each of the lengths that it may have had.
void DecoderView::expand(const Copy& copy, std::uint64_t position,
                         std::array<double, 2>& expanded) {
  constexpr std::uint32_t kMostAlike = 8;
  const Prices& prices = *block().prices;
  const auto longest =
      std::min<std::uint32_t>(copy.length, static_cast<std::uint32_t>(starts_.size()) - 1);
  for (std::uint32_t i = 0; i < std::min(copy.count, kMostAlike); ++i) {
    for (std::uint32_t k = kShortestMatch; k <= longest; ++k) {
      const std::uint32_t group = Prices::group(k);
      const double weight =
          copy.count == 1 ? copy.weight[group] : prices.distance(group, copy.distance + i);
      const double share = weight * prices.match_lengths(prices.place(position - k)).equal[k];
      if (sum(starts_[k].matches) * share < least_) continue;
      expand_length(copy.distance + i, k, share * starts_[k].factor, position, expanded);
    }
  }
}

void DecoderView::expand_length(std::uint32_t distance, std::uint32_t length, double share,
                                std::uint64_t position, std::array<double, 2>& expanded) {
  const Prices& prices = *block().prices;
  const std::uint32_t place = prices.place(position - length);
  for (const Hypothesis& h : place_at(position - length).hypotheses) {
    const double mass = h.mass * prices.kinds(h.state, place).match * share;
    if (mass < least_) continue;
    const Distances& last = h.distances;
    candidates_.add({mass, {distance, last[0], last[1], last[2]}, after_match(h.state)});
    expanded[is_after_literal(h.state) ? 0 : 1] += mass;
  }
}

// What has not been expanded, by the state before.
void DecoderView::add_rest(std::uint64_t position, const std::array<double, 2>& total,
                           const std::array<double, 2>& expanded) {
  constexpr double kRounding = 1e-12;
  for (std::size_t side = 0; side < 2; ++side) {
    const double rest = total[side] - expanded[side];
    if (!(rest > kRounding * total[side])) continue;
    const std::uint32_t state = after_match(side == 0 ? 0 : kFirstMatchedState);
    if (candidates_.add_to_best(state, rest)) continue;
    if (const Hypothesis* best = likeliest_before(copies_[heaviest_], side, position)) {
      const Distances& last = best->distances;
      candidates_.add({rest, {copies_[heaviest_].distance, last[0], last[1], last[2]}, state});
    } else {
      // None that this copy could have begun with: the distances are anyone's.
      candidates_.add({rest, {copies_[heaviest_].distance, 1, 1, 1}, state});
    }
  }
}

// The hypothesis, of those with this side's states, where a copy that ends here most likely began.
const DecoderView::Hypothesis* DecoderView::likeliest_before(const Copy& copy, std::size_t side,
                                                             std::uint64_t position) {
  const Prices& prices = *block().prices;
  double most = 0;
  std::uint32_t length = 0;
  for (std::uint32_t k = kShortestMatch; k < starts_.size() && k <= copy.length; ++k) {
    const double mass = starts_[k].matches[side] * copy.weight[Prices::group(k)] *
                        prices.match_lengths(prices.place(position - k)).equal[k];
    if (mass <= most) continue;
    most = mass;
    length = k;
  }
  if (length == 0) return nullptr;
  const Hypothesis* best = nullptr;
  for (const Hypothesis& h : place_at(position - length).hypotheses) {
    if (is_after_literal(h.state) != (side == 0)) continue;
    if (best == nullptr || h.mass > best->mass) best = &h;
  }
  return best;
}

// Takes the candidates, each divided by the sum of the tokens that can follow it.
void DecoderView::finish_place(std::uint64_t position, Place place) {
  Block& now = block();
  const Prices& prices = *now.prices;
  const std::uint32_t at = prices.place(position);
  const double valid = prices.valid_match(at, position);
  place.hypotheses = candidates_.take_best(parameters_.hypotheses);
  for (Hypothesis& h : place.hypotheses) {
    const Prices::Kinds& kinds = prices.kinds(h.state, at);
    double tokens = kinds.literal + kinds.match * valid;
    if (h.distances[0] <= position) tokens += kinds.short_repeat;
    for (std::size_t i = 0; i < h.distances.size(); ++i) {
      if (h.distances[i] <= position) tokens += kinds.repeat[i];
    }
    h.mass /= tokens;
    place.matches[is_after_literal(h.state) ? 0 : 1] += h.mass * kinds.match;
  }
  now.places.push_back(std::move(place));
}

// ---- Going on and back -----------------------------------------------------------------------

void DecoderView::push(ByteView bytes) {
  for (const Byte byte : bytes) {
    const ByteView text = tracker_.text();
    if (!text.empty()) lists_.push(text.back(), byte, position_bytes());
    tracker_.push({&byte, 1});
  }
  append(kept_, bytes);
}

void DecoderView::observe(Byte byte) {
  push({&byte, 1});
  const std::uint64_t position = position_bytes();
  if (schedule_.begins_at(position)) {
    begin_block(position);
  } else {
    if (far_is_current_) far_.forth(tracker_.text(), position);
    push_place(position);
  }
  prepared_ = false;
}

void DecoderView::observe(ByteView bytes) {
  const std::uint64_t end = position_bytes() + bytes.size();
  const std::uint64_t begin = schedule_.last_begin(end);
  if (begin > position_bytes()) {
    push(bytes.first(static_cast<std::size_t>(begin - position_bytes())));
    bytes = bytes.last(static_cast<std::size_t>(end - begin));
    begin_block(begin);
  }
  for (const Byte byte : bytes) observe(byte);
}

void DecoderView::rewind(std::uint64_t position) {
  const std::uint64_t now = position_bytes();
  if (position > now || position < now - tracker_.text().size() || position < blocks_.front().first)
    lz::refuse_rewind(position, now);
  if (position == now) return;
  while (blocks_.back().begin > position) {
    blocks_.pop_back();
    far_is_current_ = false;
  }
  constexpr std::uint64_t kFar = 1000;
  if (now - position > kFar) far_is_current_ = false;
  block().places.resize(static_cast<std::size_t>(position - block().first + 1));
  for (std::uint64_t at = now; at > position; --at) {
    const ByteView text = tracker_.text_up_to(at);
    if (far_is_current_) far_.back(text, at);
    if (text.size() > 1) lists_.pop(text[text.size() - 2]);
  }
  tracker_.pop(now - position);
  kept_.resize(static_cast<std::size_t>(position - kept_begin_));
  copies_position_ = UINT64_MAX;
  prepared_ = false;
}

void DecoderView::trim() {
  tracker_.trim();
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
  // Copies that can still be going on began at the last places.
  Block& now = block();
  constexpr std::size_t kNeeded = kLongestMatch + 1;
  if (now.places.size() > 2 * kNeeded) {
    const std::size_t dropped = now.places.size() - kNeeded;
    now.places.erase(now.places.begin(), now.places.begin() + static_cast<std::ptrdiff_t>(dropped));
    now.first += dropped;
  }
  const std::uint64_t window = parameters_.options.dict_size, position = position_bytes();
  lists_.drop_before(position - std::min(position, window), window);
  const std::uint64_t needed = now.encoder->reader.position_bytes();
  const std::uint64_t first = needed - std::min(needed, window);
  if (first - kept_begin_ <= kept_.size() / 2) return;  // each byte moves at most once on average
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(first - kept_begin_));
  kept_begin_ = first;
}

// ---- Distributions ---------------------------------------------------------------------------

// Tokens that begin here.
void DecoderView::add_tokens(std::uint64_t position) {
  const Prices& prices = *block().prices;
  const ByteView text = tracker_.text();
  const std::uint32_t at = prices.place(position);
  double plain = 0;
  std::array<double, 256> expected{};
  Bytes listed;
  for (const Hypothesis& h : block().places.back().hypotheses) {
    const Prices::Kinds& kinds = prices.kinds(h.state, at);
    const auto next = [&](std::size_t i) { return text[text.size() - h.distances[i]]; };
    const bool valid = h.distances[0] <= position;
    const double literal = h.mass * kinds.literal;
    if (is_after_literal(h.state)) {
      plain += literal;
    } else {
      const Byte byte = valid ? next(0) : Byte{0};
      if (expected[byte] == 0) listed.push_back(byte);
      expected[byte] += literal;
    }
    if (valid) next_.of[next(0)] += h.mass * kinds.short_repeat;
    for (std::size_t i = 0; i < h.distances.size(); ++i) {
      if (h.distances[i] <= position) next_.of[next(i)] += h.mass * kinds.repeat[i];
    }
  }
  prices.add_literals(position, text.empty() ? Byte{0} : text.back(), plain, expected, listed,
                      next_.of);

  const double match = sum(block().places.back().matches);
  const std::uint64_t near =
      std::min<std::uint64_t>({position, Prices::kNear, prices.window_bytes()});
  for (std::uint32_t code = 0; code < near; ++code)
    next_.of[text[text.size() - 1 - code]] += match * prices.near_distance(at, code);
  far_.add(prices, at, position, match, next_.of);
}

void DecoderView::add_open_repeats(std::uint64_t position) {
  const std::int64_t unit = block().places.back().exponent;
  const ByteView text = tracker_.text();
  for (const Repeat& repeat : block().places.back().repeats)
    next_.of[text[text.size() - repeat.distances[0]]] +=
        repeat.mass * open_share(repeat, position + 1, unit);
}

void DecoderView::add_open_matches(std::uint64_t position) {
  const Prices& prices = *block().prices;
  list_copies(position);
  list_starts(position);
  const ByteView text = tracker_.text();
  if (starts_.size() > 1 && !text.empty())
    lists_.add(prices, prices.place(position - 1), position, text.back(), sum(starts_[1].matches),
               next_.of);
  open_.assign(longest_copy_ + 1, {});
  for (std::uint32_t k = 2; k <= longest_copy_; ++k) {
    open_[k] = open_[k - 1];
    if (k >= starts_.size()) continue;
    const double start = sum(starts_[k].matches);
    const std::uint32_t at = prices.place(position - k);
    for (std::uint32_t g = 1; g < Prices::kGroups; ++g)
      open_[k][g] += start * prices.longer_in_group(g, at, k);
  }
  for (const Copy& copy : copies_) {
    const auto& open = open_[copy.length];
    next_.of[copy.next] +=
        copy.weight[1] * open[1] + copy.weight[2] * open[2] + copy.weight[3] * open[3];
  }
}

void DecoderView::prepare() {
  if (prepared_) return;
  if (!far_is_current_) refresh_histograms();
  const std::uint64_t position = position_bytes();
  next_.of.fill(0);
  add_tokens(position);
  add_open_repeats(position);
  add_open_matches(position);
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

}  // namespace kraft::lzma
