#include "models/webp/pixel_view.h"

#include <algorithm>
#include <utility>

namespace kraft::webp {
namespace {

// Of the weights where a row of a square begins: those of the square to the left, and the prior.
constexpr double kFromLeft = 0.2, kFromPrior = 0.2;
constexpr double kNegligible = 1.0 / (1 << 12);  // of the likeliest hypothesis
// Weights of a shape by which copies, or the cache, count as literals.
constexpr double kFewCopies = 1.0 / (1 << 10), kFewCached = 1.0 / 32;
constexpr double kAsLiteral = 1.0 / (1 << 14);  // of a token, what is not worth being listed

// to[v + by] += weight * from[v], modulo 256.
void add_shifted(const std::array<double, 256>& from, int by, double weight,
                 std::array<double, 256>& to) {
  const auto shift = static_cast<std::size_t>(by & 255);
  for (std::size_t v = shift; v < 256; ++v) to[v] += weight * from[v - shift];
  for (std::size_t v = 0; v < shift; ++v) to[v] += weight * from[v + 256 - shift];
}

double price(const std::array<double, 256>& of, int value) {
  return of[static_cast<std::size_t>(value & 255)];
}

}  // namespace

PixelView::PixelView(std::shared_ptr<const Prices> prices, const Stream& stream, bool gray,
                     bool opaque, std::size_t run_in_pixels)
    : prices_(std::move(prices)), gray_(gray), opaque_(opaque) {
  const bool takes_nothing_else = std::ranges::all_of(
      prices_->shapes, [](const ResidualShape& s) { return s.colours == Colours{}; });
  only_greens_ =
      !prices_->palette.empty() || (gray && opaque && prices_->takes_green && takes_nothing_else);
  if (prices_->cache_bits > 0) cache_.resize(std::size_t{1} << prices_->cache_bits);
  for (std::size_t i = 0; i < cache_.size(); ++i) empty_places_ += holds(i) ? 0 : 1;
  tokens_.resize(prices_->groups.size());
  predictions_.resize(prices_->shapes.size());
  now_.resize(prices_->hypotheses.size());
  weigh_tokens();
  run_in(stream, run_in_pixels);
}

// ---- Pixels and residuals --------------------------------------------------------------------

Argb PixelView::prediction(unsigned mode) const {
  if (!prices_->predicts) return 0;
  const std::size_t width = prices_->coded_width, n = pixels_.size();
  Around around;
  if (n > 0) around.left = pixels_[n - 1];
  if (n >= width) {
    around.above = pixels_[n - width];
    if (width > 1) around.above_right = pixels_[n - width + 1];
    if (n > width) around.above_left = pixels_[n - width - 1];
  }
  return predict_at(mode, around, n % width == 0, n < width);
}

Argb PixelView::residual(std::size_t shape, Argb pixel) const {
  return without_colours(prices_->shapes[shape].colours, difference(pixel, predictions_[shape]));
}

Argb PixelView::pixel_of(std::size_t shape, Argb residual) const {
  const Argb pixel =
      sum(predictions_[shape], with_colours(prices_->shapes[shape].colours, residual));
  return prices_->takes_green ? with_green(pixel) : pixel;
}

// The residual, where pixels differ in green alone.
Argb PixelView::of_green(std::size_t green) const {
  return argb(prices_->predicts ? 0 : 255, 0, static_cast<int>(green), 0);
}

void PixelView::predict_all() {
  std::array<Argb, kPredictors> by_mode;
  std::array<bool, kPredictors> known{};
  for (std::size_t s = 0; s < predictions_.size(); ++s) {
    const unsigned mode = prices_->shapes[s].mode;
    if (!known[mode]) by_mode[mode] = prediction(mode);
    known[mode] = true;
    predictions_[s] = by_mode[mode];
  }
}

// ---- Tokens ----------------------------------------------------------------------------------

double PixelView::literal(const GroupPrices& group, Argb residual) const {
  return group.green[static_cast<std::size_t>(channel(residual, 1))] *
         group.red[static_cast<std::size_t>(channel(residual, 2))] *
         group.blue[static_cast<std::size_t>(channel(residual, 0))] *
         group.alpha[static_cast<std::size_t>(channel(residual, 3))];
}

double PixelView::cached(const GroupPrices& group, Argb residual) const {
  if (cache_.empty()) return 0;
  const std::uint32_t place = place_in_cache(residual, prices_->cache_bits);
  return cache_[place] == residual ? group.cached[place] : 0;
}

// At first all places hold 0, which belongs to one of them, and can come where pixels are
// predicted.
bool PixelView::holds(std::size_t place) const {
  return cache_[place] != 0 || (place == 0 && prices_->predicts);
}

// What each group has for each green, by literals and by the cache as it is.
void PixelView::weigh_tokens() {
  if (!only_greens_) return;
  for (std::size_t g = 0; g < tokens_.size(); ++g) {
    const GroupPrices& group = prices_->groups[g];
    for (std::size_t green = 0; green < 256; ++green) {
      const Argb residual = of_green(green);
      tokens_[g][green] = literal(group, residual) + cached(group, residual);
    }
  }
}

// The sum over all tokens that can begin here.
double PixelView::tokens_of(std::size_t g) const {
  const GroupPrices& group = prices_->groups[g];
  const std::uint64_t from = pixels_.size();
  double sum = group.copy * Prices::kUnit *
               static_cast<double>(prices_->far_up_to(from) + prices_->near_up_to(from));
  if (only_greens_) {
    for (const double token : tokens_[g]) sum += token;
  } else {
    sum += group.literals;
    if (empty_places_ == 0) {
      sum += group.all_cached;
    } else {
      for (std::size_t i = 0; i < cache_.size(); ++i) sum += holds(i) ? group.cached[i] : 0;
    }
  }
  return sum;
}

// ---- Masses ----------------------------------------------------------------------------------

void PixelView::run_in(const Stream& stream, std::size_t most) {
  const std::size_t end = stream.residuals.size(), first = end - std::min(end, most);
  for (std::size_t n = 0; n < first; ++n) {
    remember(stream.residuals[n]);
    pixels_.push_back(stream.plain[n]);
  }
  const auto group_at = [&](std::size_t n) {
    return stream.group_index(n % stream.coded_width, n / stream.coded_width);
  };
  const auto start = [&](double mass, std::size_t group) {
    if (!cache_.empty()) weigh_tokens();
    push_start(mass, tokens_of(group), prices_->groups[group].copy);
  };
  if (first < end) start(1, group_at(first));
  for (std::size_t n = first; n < end; ++n) {
    const Argb value = stream.residuals[n];
    const GroupPrices& group = prices_->groups[group_at(n)];
    double mass = 0;
    starts_.each(0, [&](std::size_t, double token) { mass = token; });
    mass *= literal(group, value) + cached(group, value);
    remember(value);
    pixels_.push_back(stream.plain[n]);
    mass += ended_copies();
    if (n + 1 < end) {
      start(mass, group_at(n + 1));
      continue;
    }
    const std::size_t hypotheses = prices_->hypotheses.size();
    for (const std::uint16_t h : prices_->last_squares) {
      weights_.resize(weights_.size() + hypotheses);
      const std::span<double> weights = std::span(weights_).last(hypotheses);
      if (h < hypotheses) {
        weights[h] = 1;
      } else {
        for (std::size_t i = 0; i < hypotheses; ++i) weights[i] = prices_->hypotheses[i].prior;
      }
    }
    arrive();
    push_arrival(mass);
  }
}

std::span<double> PixelView::weights_in(std::size_t column) {
  return std::span(weights_).subspan(column * now_.size(), now_.size());
}

// The weights at the next pixel, and what they make of predictions and tokens.
void PixelView::arrive() {
  const std::size_t x = pixels_.size() % prices_->coded_width, column = column_at(x);
  std::ranges::copy(weights_in(column), now_.begin());
  if ((x & ((std::size_t{1} << prices_->square_bits) - 1)) == 0) {
    const double left = column > 0 ? kFromLeft : 0;
    for (std::size_t h = 0; h < now_.size(); ++h) {
      now_[h] = (1 - left - kFromPrior) * now_[h] + kFromPrior * prices_->hypotheses[h].prior;
      if (column > 0) now_[h] += left * weights_in(column - 1)[h];
    }
  }
  predict_all();
  if (!cache_.empty()) weigh_tokens();
  prepared_ = false;
}

void PixelView::push_arrival(double mass) {
  std::vector<double> of_group(tokens_.size());
  for (std::size_t h = 0; h < now_.size(); ++h) of_group[prices_->hypotheses[h].group] += now_[h];
  double tokens = 0, copies = 0;
  for (std::size_t g = 0; g < of_group.size(); ++g) {
    tokens += of_group[g] * tokens_of(g);
    copies += of_group[g] * prices_->groups[g].copy;
  }
  push_start(mass, tokens, copies);
}

// `mass` is in the unit of the last place.
void PixelView::push_start(double mass, double tokens, double copies) {
  starts_.push(mass / tokens);
  copies_.push_back(copies);
}

// Of the pixels from far, some come into another class of distances.
void PixelView::move_far(bool forth) {
  Prices::Weight before = 0;
  for (std::size_t c = Prices::kFirstFarClass; c < kDistanceCodes; ++c) {
    const std::uint32_t distance = Prices::first_far(c);
    if (distance > past_.size()) return;
    const Prices::Weight more = prices_->far[c] - before;  // modulo 2^64
    far_[static_cast<std::size_t>(channel(past_.back(distance), 1))] +=
        forth ? more : Prices::Weight{0} - more;
    before = prices_->far[c];
  }
}

void PixelView::remember(Argb residual) {
  past_.push(residual);
  if (!cache_.empty()) {
    const std::uint32_t place = place_in_cache(residual, prices_->cache_bits);
    const bool held = holds(place);
    cache_[place] = residual;
    if (!held && holds(place)) --empty_places_;
  }
  move_far(true);
}

// The mass of the copies that end here, in the unit of the last place, which is one pixel back.
double PixelView::ended_copies() {
  std::uint32_t longest = 0;
  for (const Past::Match& match : past_.matches()) longest = std::max(longest, match.length);
  if (longest == 0) return 0;
  open_.assign(longest + 1, 0);
  double sum = 0;
  starts_.each(longest - 1, [&](std::size_t k, double mass) {
    sum += mass * copies_[copies_.size() - 1 - k] * prices_->length[k + 1];
    open_[k + 1] = sum;
  });
  for (std::size_t k = starts_.size() + 1; k <= longest; ++k) open_[k] = sum;
  double ended = 0;
  for (const Past::Match& match : past_.matches())
    ended += static_cast<double>(prices_->weight(match.distance)) * open_[match.length];
  return Prices::kUnit * ended;
}

void PixelView::push(Argb pixel) {
  prepare();
  const std::size_t column = column_at(pixels_.size() % prices_->coded_width);
  const std::span<double> weights = weights_in(column);
  old_weights_.insert(old_weights_.end(), weights.begin(), weights.end());
  std::vector<Argb> residuals;
  for (std::size_t s = 0; s < predictions_.size(); ++s) residuals.push_back(residual(s, pixel));
  double total = 0, tokens = 0;
  std::size_t best = 0;
  for (std::size_t h = 0; h < now_.size(); ++h) {
    const Hypothesis& hypothesis = prices_->hypotheses[h];
    const GroupPrices& group = prices_->groups[hypothesis.group];
    const Argb value = residuals[hypothesis.shape];
    const double price = literal(group, value), from_cache = cached(group, value);
    tokens += now_[h] * token_ * (price + from_cache);
    weights[h] = now_[h] * (as_literals_ * price + token_ * from_cache + copied(value));
    total += weights[h];
    if (weights[h] > weights[best]) best = h;
  }
  for (double& weight : weights) weight /= total;
  const Argb value = residuals[prices_->hypotheses[best].shape];
  double alike = 0;
  for (std::size_t h = 0; h < now_.size(); ++h) {
    if (residuals[prices_->hypotheses[h].shape] == value) alike += now_[h];
  }
  steps_.push_back({cache_.empty() ? 0 : cache_[place_in_cache(value, prices_->cache_bits)],
                    static_cast<std::uint32_t>(column)});
  remember(value);
  pixels_.push_back(pixel);
  // Copies that go on are not made less by what the other hypotheses would have had of them.
  const double mass = tokens / alike + ended_copies();
  arrive();
  push_arrival(mass);
}

void PixelView::pop() {
  const Step step = steps_.back();
  const Argb value = past_.back(1);
  move_far(false);
  past_.pop();
  if (!cache_.empty()) {
    const std::uint32_t place = place_in_cache(value, prices_->cache_bits);
    const bool held = holds(place);
    cache_[place] = step.cached;
    if (held && !holds(place)) ++empty_places_;
  }
  pixels_.pop_back();
  starts_.pop(1);
  copies_.pop_back();
  std::ranges::copy(std::span(old_weights_).last(now_.size()), weights_in(step.column).begin());
  old_weights_.resize(old_weights_.size() - now_.size());
  steps_.pop_back();
  arrive();
}

void PixelView::trim() {
  steps_.clear();
  old_weights_.clear();
}

// ---- Distributions ---------------------------------------------------------------------------

void PixelView::prepare() {
  if (prepared_) return;
  prepared_ = true;
  greens_ready_ = said_ready_ = false;
  add_copies();
}

// What copies say comes next: those that go on, and those that begin here.
void PixelView::add_copies() {
  std::uint32_t longest = 0;
  for (const Past::Match& match : past_.matches()) longest = std::max(longest, match.length);
  open_.assign(longest + 1, 0);
  double sum = 0, fresh = 0;
  starts_.each(longest, [&](std::size_t k, double mass) {
    const double open = Prices::kUnit * mass * copies_[copies_.size() - 1 - k] * prices_->longer[k];
    if (k == 0) {
      token_ = mass;
      fresh = open;
    } else {
      sum += open;
      open_[k] = sum;
    }
  });
  for (std::size_t k = starts_.size(); k <= longest; ++k) open_[k] = sum;
  as_literals_ = token_;
  copied_.fill(0);
  points_.clear();
  const auto add = [&](Argb value, double mass) {
    if (only_greens_)
      copied_[static_cast<std::size_t>(channel(value, 1))] += mass;
    else if (mass < kAsLiteral * token_)
      as_literals_ += mass;
    else
      points_.push_back({value, mass});
  };
  for (const Past::Match& match : past_.matches())
    add(match.next, static_cast<double>(prices_->weight(match.distance)) * open_[match.length]);
  for (const auto& [distance, weight] : prices_->around) {
    if (distance <= past_.size()) add(past_.back(distance), fresh * static_cast<double>(weight));
  }
  if (only_greens_) {
    for (std::size_t green = 0; green < 256; ++green)
      copied_[green] += fresh * static_cast<double>(far_[green]);
  } else {
    as_literals_ += fresh * static_cast<double>(prices_->far_up_to(past_.size()));
    merge_points();
  }
}

void PixelView::merge_points() {
  std::ranges::stable_sort(points_, std::ranges::less{}, &Point::value);
  std::size_t merged = 0;
  for (const Point& point : points_) {
    if (merged > 0 && points_[merged - 1].value == point.value)
      points_[merged - 1].mass += point.mass;
    else
      points_[merged++] = point;
  }
  points_.resize(merged);
  points_mass_ = 0;
  for (const Point& point : points_) points_mass_ += point.mass;
}

double PixelView::copied(Argb residual) const {
  if (only_greens_) return copied_[static_cast<std::size_t>(channel(residual, 1))];
  const auto at = std::ranges::lower_bound(points_, residual, std::ranges::less{}, &Point::value);
  return at != points_.end() && at->value == residual ? at->mass : 0;
}

const std::array<double, 256>& PixelView::greens() {
  prepare();
  if (greens_ready_) return greens_;
  greens_ready_ = true;
  greens_.fill(0);
  const double least = kNegligible * *std::ranges::max_element(now_);
  std::vector<std::array<double, 256>> of_shape(predictions_.size());
  std::vector<double> shape_weights(predictions_.size());
  for (std::size_t h = 0; h < now_.size(); ++h) {
    if (now_[h] < least) continue;
    const Hypothesis& hypothesis = prices_->hypotheses[h];
    shape_weights[hypothesis.shape] += now_[h];
    const double weight = token_ * now_[h];
    for (std::size_t e = 0; e < 256; ++e)
      of_shape[hypothesis.shape][e] += weight * tokens_[hypothesis.group][e];
  }
  for (std::size_t s = 0; s < of_shape.size(); ++s) {
    if (shape_weights[s] == 0) continue;
    for (std::size_t e = 0; e < 256; ++e) of_shape[s][e] += shape_weights[s] * copied_[e];
    add_shifted(of_shape[s], channel(predictions_[s], 1), 1, greens_);
  }
  return greens_;
}

// Whole pixels that copies and the cache say, by the shapes of some weight.
void PixelView::prepare_said() {
  if (said_ready_) return;
  said_ready_ = true;
  said_.clear();
  shape_weights_.assign(predictions_.size(), 0);
  for (std::size_t h = 0; h < now_.size(); ++h)
    shape_weights_[prices_->hypotheses[h].shape] += now_[h];
  std::vector<double> cached_weights;
  for (std::size_t s = 0; s < predictions_.size(); ++s) {
    if (shape_weights_[s] < kFewCopies) continue;
    for (const Point& point : points_)
      say(pixel_of(s, point.value), shape_weights_[s] * point.mass);
    if (shape_weights_[s] < kFewCached) continue;
    cached_weights.assign(cache_.size(), 0);
    for (std::size_t h = 0; h < now_.size(); ++h) {
      if (prices_->hypotheses[h].shape != s) continue;
      const GroupPrices& group = prices_->groups[prices_->hypotheses[h].group];
      for (std::size_t i = 0; i < cache_.size(); ++i)
        cached_weights[i] += token_ * now_[h] * group.cached[i];
    }
    for (std::size_t i = 0; i < cache_.size(); ++i) {
      if (place_in_cache(cache_[i], prices_->cache_bits) == i)
        say(pixel_of(s, cache_[i]), cached_weights[i]);
    }
  }
}

// By the other shapes, copies and cache come as literals do.
double PixelView::literal_mass(const Hypothesis& h) const {
  double mass = as_literals_;
  if (shape_weights_[h.shape] < kFewCopies) mass += points_mass_;
  if (shape_weights_[h.shape] < kFewCached) mass += token_ * prices_->groups[h.group].all_cached;
  return mass;
}

void PixelView::say(Argb pixel, double mass) {
  if (mass < kAsLiteral * kFewCopies * token_) return;
  if (opaque_ && channel(pixel, 3) != 255) return;
  if (gray_ && (channel(pixel, 1) != channel(pixel, 2) || channel(pixel, 1) != channel(pixel, 0)))
    return;
  said_.push_back({pixel, mass});
}

// The order in which a picture has its channels.
int PixelView::channel_at(std::size_t index) const {
  if (gray_) return index == 0 ? 1 : 3;
  constexpr std::array<int, 4> kOrder = {2, 1, 0, 3};
  return kOrder[index];
}

// Of red and blue in the pixel's own order of things: what green takes off, and what colours say.
struct PixelView::Literals {
  const GroupPrices& group;
  Argb predicted;
  Colours colours;
  int minus_green;

  int of_green(int green) const { return green - channel(predicted, 1); }
  int of_red(int red, int green) const {  // before colours
    return red - minus_green * green - channel(predicted, 2);
  }
  double green(int g) const { return price(group.green, of_green(g)); }
  double red(int r, int g) const {
    return price(group.red, of_red(r, g) - Colours::said(colours.green_to_red, of_green(g)));
  }
  // What is to be taken off blue.
  int blue_offset(int r, int g) const {
    return minus_green * g + channel(predicted, 0) +
           Colours::said(colours.green_to_blue, of_green(g)) +
           Colours::said(colours.red_to_blue, of_red(r, g));
  }
  double blue(int r, int g, int b) const { return price(group.blue, b - blue_offset(r, g)); }
  double gray(int v) const { return green(v) * red(v, v) * blue(v, v, v); }
};

PixelView::Literals PixelView::literals_by(const Hypothesis& h) const {
  return {prices_->groups[h.group], predictions_[h.shape], prices_->shapes[h.shape].colours,
          prices_->takes_green ? 1 : 0};
}

// The probability of the channels before, given the hypothesis.
double PixelView::literals_before(const Hypothesis& h, std::span<const Byte> before) const {
  const Literals of = literals_by(h);
  double p = opaque_ ? price(of.group.alpha, 255 - channel(of.predicted, 3)) : 1;
  if (before.empty()) return p;
  if (gray_) return p * of.gray(before[0]);
  if (before.size() == 1) return p * price(prices_->reds[h.reds], before[0] - red_offset(of));
  p *= of.green(before[1]) * of.red(before[0], before[1]);
  return before.size() == 2 ? p : p * of.blue(before[0], before[1], before[2]);
}

// Adds what the next channel's values have, of which `weight` is before them.
void PixelView::add_literals(const Hypothesis& h, double weight, std::span<const Byte> before,
                             std::array<double, 256>& masses) const {
  const Literals of = literals_by(h);
  const std::size_t next = gray_ ? 3 * before.size() : before.size();
  if (gray_ && before.empty()) {
    for (int v = 0; v < 256; ++v) masses[static_cast<std::size_t>(v)] += weight * of.gray(v);
  } else if (next == 0) {
    add_shifted(prices_->reds[h.reds], red_offset(of), weight, masses);
  } else if (next == 1) {
    weight /= price(prices_->reds[h.reds], before[0] - red_offset(of));  // the sum of what follows
    for (int g = 0; g < 256; ++g)
      masses[static_cast<std::size_t>(g)] += weight * of.green(g) * of.red(before[0], g);
  } else if (next == 2) {
    add_shifted(of.group.blue, of.blue_offset(before[0], before[1]), weight, masses);
  } else {
    add_shifted(of.group.alpha, channel(of.predicted, 3), weight, masses);
  }
}

int PixelView::red_offset(const Literals& of) {
  return channel(of.predicted, 2) + of.minus_green * channel(of.predicted, 1);
}

void PixelView::channel_masses(std::span<const Byte> before, std::array<double, 256>& masses) {
  prepare();
  prepare_said();
  masses.fill(0);
  std::vector<double> weights;
  for (std::size_t h = 0; h < now_.size(); ++h) {
    const Hypothesis& hypothesis = prices_->hypotheses[h];
    weights.push_back(now_[h] * literal_mass(hypothesis) * literals_before(hypothesis, before));
  }
  const double least = kNegligible * *std::ranges::max_element(weights);
  for (std::size_t h = 0; h < now_.size(); ++h) {
    if (weights[h] >= least) add_literals(prices_->hypotheses[h], weights[h], before, masses);
  }
  for (const Point& point : said_) {
    bool agrees = true;
    for (std::size_t i = 0; i < before.size(); ++i)
      agrees = agrees && channel(point.value, channel_at(i)) == before[i];
    if (agrees)
      masses[static_cast<std::size_t>(channel(point.value, channel_at(before.size())))] +=
          point.mass;
  }
}

}  // namespace kraft::webp
