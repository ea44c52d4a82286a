#include "evaluate/text_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace kraft {
namespace {

constexpr double kFrontierScale = 1;  // the paper has 5, for far fewer events than pairs of bytes
constexpr std::size_t kFrontierGramBytes = 2;

double share_of(const Grams& grams, std::size_t gram_bytes, std::uint32_t gram) {
  const auto found = grams.counts(gram_bytes).find(gram);
  return found == grams.counts(gram_bytes).end() ? 0 : found->second / grams.total(gram_bytes);
}

// The divergence frontier of two distributions P and Q: the curve of x = e^-c KL(P || R) and
// y = e^-c KL(Q || R) over R = w P + (1 - w) Q. Only what P has is kept one by one: of the rest of
// Q, each pair costs -ln (1 - w).
class Frontier {
 public:
  Frontier(const Grams& a, const Grams& b) {
    // In the order of the strings: that of the table differs between libraries.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ordered(
        a.counts(kFrontierGramBytes).begin(), a.counts(kFrontierGramBytes).end());
    std::ranges::sort(ordered);
    double shared_count = 0;  // of Q: whole numbers, so that nothing is left of equal ones
    for (const auto& [gram, count] : ordered) {
      const auto found = b.counts(kFrontierGramBytes).find(gram);
      const double other = found == b.counts(kFrontierGramBytes).end() ? 0 : found->second;
      shared_count += other;
      events_.push_back({count / a.total(kFrontierGramBytes), other / b.total(kFrontierGramBytes)});
    }
    q_alone_ = 1 - shared_count / b.total(kFrontierGramBytes);
  }

  // Both weights are given, for one of them may be too near to 1 to be told from it.
  double x(double w, double rest) const {
    double divergence = 0;
    for (const auto& [p, q] : events_) divergence += p * std::log(p / (w * p + rest * q));
    return std::exp(-kFrontierScale * divergence);
  }

  double y(double w, double rest) const {
    double divergence = q_alone_ > 0 ? -q_alone_ * std::log(rest) : 0;
    for (const auto& [p, q] : events_) {
      if (q > 0) divergence += q * std::log(q / (w * p + rest * q));
    }
    return std::exp(-kFrontierScale * divergence);
  }

  // -d KL(P || R) / dw.
  double gain(double w, double rest) const {
    double sum = 0;
    for (const auto& [p, q] : events_) sum += p * (p - q) / (w * p + rest * q);
    return sum;
  }

 private:
  struct Event {
    double p = 0, q = 0;
  };
  std::vector<Event> events_;
  double q_alone_ = 0;  // what of Q is not in P
};

// Nodes above 0 and weights of Gauss and Legendre's rule with eight points on [-1, 1].
constexpr std::array<std::pair<double, double>, 4> kGauss8 = {
    {{0.1834346424956498, 0.3626837833783620},
     {0.5255324099163290, 0.3137066458778873},
     {0.7966664774136267, 0.2223810344533745},
     {0.9602898564975363, 0.1012285362903763}}};

}  // namespace

std::vector<std::string> whole_words_of(ByteView text) {
  std::vector<std::string> words;
  bool inside = false;
  for (Byte byte : text) {
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    if (letter && !inside) words.emplace_back();
    if (letter) words.back() += static_cast<char>(byte | 0x20);
    inside = letter;
  }
  if (!words.empty()) words.pop_back();
  if (!words.empty()) words.erase(words.begin());
  std::erase_if(words, [](const std::string& word) { return word.size() < 2; });
  return words;
}

double known_word_share(ByteView text, const std::set<std::string>& vocabulary) {
  const std::vector<std::string> words = whole_words_of(text);
  if (words.empty()) return 0;
  const auto known = std::ranges::count_if(
      words, [&](const std::string& word) { return vocabulary.contains(word); });
  return static_cast<double>(known) / static_cast<double>(words.size());
}

Grams::Grams(ByteView text) {
  for (std::size_t n = 1; n <= kMostGramBytes; ++n) {
    if (text.size() < n) break;
    for (std::size_t at = 0; at + n <= text.size(); ++at) {
      std::uint32_t gram = 0;
      for (std::size_t i = 0; i < n; ++i) gram = gram << 8 | text[at + i];
      ++counts_[n - 1][gram];
    }
    totals_[n - 1] = static_cast<double>(text.size() - n + 1);
  }
}

double distinct_share(const Grams& text, std::size_t gram_bytes) {
  if (text.total(gram_bytes) == 0) return 1;
  return static_cast<double>(text.counts(gram_bytes).size()) / text.total(gram_bytes);
}

double repetition_rate(const Grams& text) {
  double product = 1;
  for (std::size_t n = 1; n <= kMostGramBytes; ++n) {
    const Grams::Counts& counts = text.counts(n);
    if (counts.empty()) return 0;
    const auto repeated =
        std::ranges::count_if(counts, [](const auto& entry) { return entry.second > 1; });
    product *= static_cast<double>(repeated) / static_cast<double>(counts.size());
  }
  return std::pow(product, 1.0 / kMostGramBytes);
}

// Where a has nothing, b's share adds half of itself.
double jensen_shannon_bits(const Grams& a, const Grams& b, std::size_t gram_bytes) {
  if (a.total(gram_bytes) == 0 || b.total(gram_bytes) == 0)
    return a.total(gram_bytes) == b.total(gram_bytes) ? 0 : 1;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ordered(a.counts(gram_bytes).begin(),
                                                               a.counts(gram_bytes).end());
  std::ranges::sort(ordered);
  double twice = 0, seen = 0;
  for (const auto& [gram, count] : ordered) {
    const double p = count / a.total(gram_bytes), q = share_of(b, gram_bytes, gram);
    twice += p * std::log2(2 * p / (p + q));
    if (q > 0) twice += q * std::log2(2 * q / (p + q));
    seen += q;
  }
  return std::clamp((twice + 1 - seen) / 2, 0.0, 1.0);
}

// With w = 1 / (1 + e^-t) the integrand y dx/dt is analytic in t, and Gauss and Legendre's rule on
// pieces of it is exact to some eleven digits. Beyond t = +-kEnd the curve is all but closed: there
// y is 1 at the left end, and at the right one x is.
double frontier_area(const Grams& a, const Grams& b) {
  if (a.total(kFrontierGramBytes) == 0 || b.total(kFrontierGramBytes) == 0) return 0;
  constexpr double kEnd = 40, kPiece = 2;
  const Frontier frontier(a, b);
  const auto rise = [&](double t) {  // y dx/dt
    const double w = 1 / (1 + std::exp(-t)), rest = 1 / (1 + std::exp(t));
    return kFrontierScale * frontier.x(w, rest) * frontier.y(w, rest) * frontier.gain(w, rest) * w *
           rest;
  };
  double area = frontier.x(1 / (1 + std::exp(kEnd)), 1);  // from (0, 1) on
  for (double begin = -kEnd; begin < kEnd; begin += kPiece) {
    const double middle = begin + kPiece / 2, half = kPiece / 2;
    for (const auto& [node, weight] : kGauss8)
      area += half * weight * (rise(middle - half * node) + rise(middle + half * node));
  }
  return std::clamp(area, 0.0, 1.0);
}

}  // namespace kraft
