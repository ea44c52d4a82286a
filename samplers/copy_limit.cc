#include "samplers/copy_limit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "samplers/filters.h"

namespace kraft {

QuoteIndex::QuoteIndex(int max_copy_bytes) : grams_(static_cast<std::size_t>(max_copy_bytes) + 1) {}

void QuoteIndex::learn(ByteView text) {
  grams_.learn(text, [](std::size_t, bool) {});
}

CopyLimit::CopyLimit(int max_copy_bytes, double temperature)
    : most_bytes_(static_cast<std::size_t>(max_copy_bytes)),
      half_bytes_(most_bytes_ / 2),
      temperature_(temperature > 0 ? temperature : 1),
      longest_(most_bytes_ + 1),
      half_(half_bytes_ + 1) {}

void CopyLimit::learn(ByteView text, std::size_t drawn_bytes) {
  longest_.learn(text, [](std::size_t, bool) {});
  const std::size_t history_bytes = text.size() - drawn_bytes;
  half_.learn(text, [&](std::size_t end, bool known) {
    const bool drawn = end >= history_bytes + half_.gram_bytes();
    beyond_half_ = known && drawn ? beyond_half_ + 1 : 0;
  });
}

bool CopyLimit::quotes(ByteView text, std::size_t drawn_bytes, ByteView string) {
  learn(text, drawn_bytes);
  return longest_.end(text, drawn_bytes).completes(string);
}

void CopyLimit::apply(std::vector<Choice>& choices, std::span<const ByteView> units, ByteView text,
                      std::size_t drawn_bytes, CopyLimitReport& report) {
  learn(text, drawn_bytes);
  const GramIndex::End end = longest_.end(text, drawn_bytes);
  dropped_.clear();
  for (const Choice& choice : choices) dropped_.push_back(end.completes(units[choice.unit]));
  if (std::ranges::find(dropped_, false) == dropped_.end()) {
    ++report.exceeded;
    return;
  }
  find_shares(choices);
  if (beyond_half_ > 0) {
    const GramIndex::End half = half_.end(text, drawn_bytes);
    left_.clear();
    for (std::size_t i = 0; i < choices.size(); ++i)
      left_.push_back(dropped_[i] || half.completes(units[choices[i].unit]));
    const double room = static_cast<double>(most_bytes_ - half_bytes_);
    const double wanted = 0.5 * (1 - static_cast<double>(beyond_half_) / room);
    const double share = share_left(left_);
    if (share > 0 && share >= wanted) dropped_.swap(left_);
  }
  drop(choices, dropped_, report);
}

// At the temperature of the drawing, relative to the most probable one.
void CopyLimit::find_shares(const std::vector<Choice>& choices) {
  double least = std::numeric_limits<double>::infinity(), sum = 0;
  for (const Choice& choice : choices) least = std::min(least, choice.bits);
  shares_.clear();
  for (const Choice& choice : choices) {
    shares_.push_back(std::exp2((least - choice.bits) / temperature_));
    sum += shares_.back();
  }
  for (double& share : shares_) share /= sum;
}

double CopyLimit::share_left(const std::vector<bool>& dropped) const {
  double share = 0;
  for (std::size_t i = 0; i < dropped.size(); ++i) share += dropped[i] ? 0 : shares_[i];
  return share;
}

void CopyLimit::drop(std::vector<Choice>& choices, const std::vector<bool>& dropped,
                     CopyLimitReport& report) {
  if (std::ranges::find(dropped, true) == dropped.end()) return;
  ++report.limited;
  report.bits += cost_bits(share_left(dropped));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (!dropped[i]) choices[kept++] = choices[i];
  }
  choices.resize(kept);
  normalise(choices);
}

// What is left may be too improbable for a double: then it costs what the smallest one does.
double cost_bits(double share_left) {
  return -std::log2(std::max(share_left, std::numeric_limits<double>::denorm_min()));
}

}  // namespace kraft
