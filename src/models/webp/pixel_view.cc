#include "models/webp/pixel_view.h"

#include <algorithm>
#include <utility>

namespace kraft::webp {
namespace {

// Of the weights where a row of a square begins: those of the square to the left, and the prior.
constexpr double kFromLeft = 0.2, kFromPrior = 0.2;
constexpr double kNegligible = 1.0 / (1 << 12);  // of the likeliest hypothesis
constexpr double kAsLiteral = 1.0 / (1 << 20);   // of a token, what is not worth being listed

}  // namespace

PixelView::PixelView(std::shared_ptr<const Prices> prices, const Stream& stream, bool gray,
                     bool opaque, std::size_t run_in_pixels)
    : prices_(std::move(prices)), gray_(gray), opaque_(opaque) {
  const bool takes_nothing_else = std::ranges::all_of(
      prices_->shapes, [](const ResidualShape& s) { return s.colours == Colours{}; });
  only_greens_ =
      !prices_->palette.empty() || (gray && opaque && prices_->takes_green && takes_nothing_else);
  if (prices_->cache_bits > 0) cache_.resize(std::size_t{1} << prices_->cache_bits);
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
    around.above_right = pixels_[n - width + 1];
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
    for (const double token : group.cached) sum += token;
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
  if (!cache_.empty()) cache_[place_in_cache(residual, prices_->cache_bits)] = residual;
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
  if (!cache_.empty()) cache_[place_in_cache(value, prices_->cache_bits)] = step.cached;
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
}

double PixelView::copied(Argb residual) const {
  if (only_greens_) return copied_[static_cast<std::size_t>(channel(residual, 1))];
  const auto at = std::ranges::lower_bound(points_, residual, std::ranges::less{}, &Point::value);
  return at != points_.end() && at->value == residual ? at->mass : 0;
}

double PixelView::negligible() const { return kNegligible * *std::ranges::max_element(now_); }

const std::array<double, 256>& PixelView::greens() {
  prepare();
  if (greens_ready_) return greens_;
  greens_ready_ = true;
  greens_.fill(0);
  const double least = negligible();
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
    const int predicted = channel(predictions_[s], 1);
    for (int green = 0; green < 256; ++green) {
      const auto e = static_cast<std::size_t>((green - predicted) & 255);
      greens_[static_cast<std::size_t>(green)] += of_shape[s][e] + shape_weights[s] * copied_[e];
    }
  }
  return greens_;
}

// Whole pixels that copies and the cache say, by all hypotheses.
void PixelView::prepare_said() {
  if (said_ready_) return;
  said_ready_ = true;
  said_.clear();
  const double least = negligible();
  std::vector<double> cached_weights;
  for (std::size_t s = 0; s < predictions_.size(); ++s) {
    double weight = 0;
    cached_weights.assign(cache_.size(), 0);
    for (std::size_t h = 0; h < now_.size(); ++h) {
      const Hypothesis& hypothesis = prices_->hypotheses[h];
      if (hypothesis.shape != s || now_[h] < least) continue;
      weight += now_[h];
      const GroupPrices& group = prices_->groups[hypothesis.group];
      for (std::size_t i = 0; i < cache_.size(); ++i)
        cached_weights[i] += token_ * now_[h] * group.cached[i];
    }
    if (weight == 0) continue;
    for (const Point& point : points_) say(pixel_of(s, point.value), weight * point.mass);
    for (std::size_t i = 0; i < cache_.size(); ++i) {
      if (place_in_cache(cache_[i], prices_->cache_bits) == i)
        say(pixel_of(s, cache_[i]), cached_weights[i]);
    }
  }
}

void PixelView::say(Argb pixel, double mass) {
  if (mass < kAsLiteral * kAsLiteral * token_) return;
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

void PixelView::add_literals(const Hypothesis& h, double weight, std::span<const Byte> before,
                             std::array<double, 256>& masses) const {
  const GroupPrices& group = prices_->groups[h.group];
  const Argb predicted = predictions_[h.shape];
  const Colours colours = prices_->shapes[h.shape].colours;
  const int minus_green = prices_->takes_green ? 1 : 0;
  const auto price = [](const std::array<double, 256>& of, int value) {
    return of[static_cast<std::size_t>(value & 255)];
  };
  if (opaque_) weight *= price(group.alpha, 255 - channel(predicted, 3));
  if (!gray_ && before.empty()) {
    const int offset = channel(predicted, 2) + minus_green * channel(predicted, 1);
    for (int red = 0; red < 256; ++red)
      masses[static_cast<std::size_t>(red)] += weight * price(prices_->reds[h.reds], red - offset);
    return;
  }
  const auto of_green = [&](int green) { return green - channel(predicted, 1); };
  const auto of_red = [&](int red, int green) {  // before colours
    return red - minus_green * green - channel(predicted, 2);
  };
  const auto red_price = [&](int red, int green) {
    return price(group.red,
                 of_red(red, green) - Colours::said(colours.green_to_red, of_green(green)));
  };
  const auto blue_price = [&](int red, int green, int blue) {
    return price(group.blue, blue - minus_green * green - channel(predicted, 0) -
                                 Colours::said(colours.green_to_blue, of_green(green)) -
                                 Colours::said(colours.red_to_blue, of_red(red, green)));
  };
  if (gray_ && before.empty()) {
    for (int v = 0; v < 256; ++v)
      masses[static_cast<std::size_t>(v)] +=
          weight * price(group.green, of_green(v)) * red_price(v, v) * blue_price(v, v, v);
    return;
  }
  const int red = before[0], green = before[gray_ || before.size() < 2 ? 0 : 1];
  if (!gray_ && before.size() == 1) {
    for (int g = 0; g < 256; ++g)
      masses[static_cast<std::size_t>(g)] +=
          weight * price(group.green, of_green(g)) * red_price(red, g);
    return;
  }
  weight *= price(group.green, of_green(green)) * red_price(red, green);
  if (!gray_ && before.size() == 2) {
    for (int b = 0; b < 256; ++b)
      masses[static_cast<std::size_t>(b)] += weight * blue_price(red, green, b);
    return;
  }
  weight *= blue_price(red, green, before[gray_ ? 0 : 2]);
  for (int a = 0; a < 256; ++a)
    masses[static_cast<std::size_t>(a)] += weight * price(group.alpha, a - channel(predicted, 3));
}

void PixelView::channel_masses(std::span<const Byte> before, std::array<double, 256>& masses) {
  prepare();
  prepare_said();
  masses.fill(0);
  const double least = negligible();
  for (std::size_t h = 0; h < now_.size(); ++h) {
    if (now_[h] >= least)
      add_literals(prices_->hypotheses[h], as_literals_ * now_[h], before, masses);
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
