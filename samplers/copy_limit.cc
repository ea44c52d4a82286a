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
    : temperature_(temperature > 0 ? temperature : 1), quotes_(max_copy_bytes) {}

bool CopyLimit::quotes(ByteView text, std::size_t drawn_bytes, ByteView string) {
  quotes_.learn(text);
  return quotes_.end(text, drawn_bytes).completes(string);
}

void CopyLimit::apply(std::vector<Choice>& choices, std::span<const ByteView> units, ByteView text,
                      std::size_t drawn_bytes, CopyLimitReport& report) {
  quotes_.learn(text);
  const GramIndex::End end = quotes_.end(text, drawn_bytes);
  dropped_.clear();
  for (const Choice& choice : choices) dropped_.push_back(end.completes(units[choice.unit]));
  const auto dropped = std::ranges::count(dropped_, true);
  if (dropped == 0) return;
  if (dropped == std::ssize(dropped_)) {
    ++report.exceeded;
    return;
  }
  find_shares(choices);
  ++report.limited;
  report.bits += cost_bits(share_left());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (!dropped_[i]) choices[kept++] = choices[i];
  }
  choices.resize(kept);
  normalise(choices);
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

double CopyLimit::share_left() const {
  double share = 0;
  for (std::size_t i = 0; i < dropped_.size(); ++i) share += dropped_[i] ? 0 : shares_[i];
  return share;
}

// What is left may be too improbable for a double: then it costs what the smallest one does.
double cost_bits(double share_left) {
  return -std::log2(std::max(share_left, std::numeric_limits<double>::denorm_min()));
}

}  // namespace kraft
