#include "evaluate/text_metrics.h"

#include <algorithm>
#include <cmath>

namespace kraft {
namespace {

constexpr std::size_t kFrontierPoints = 99;  // between its ends
constexpr double kFrontierScale = 1;  // the paper has 5, for far fewer events than pairs of bytes
constexpr std::size_t kFrontierGramBytes = 2;

double share_of(const Grams& grams, std::size_t gram_bytes, std::uint32_t gram) {
  const auto found = grams.counts(gram_bytes).find(gram);
  return found == grams.counts(gram_bytes).end() ? 0 : found->second / grams.total(gram_bytes);
}

// KL(a || weight a + (1 - weight) b) in nats.
double divergence_from_mixture(const Grams& a, const Grams& b, double weight) {
  // Summed in the order of the strings: that of the table differs between libraries.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ordered(a.counts(kFrontierGramBytes).begin(),
                                                               a.counts(kFrontierGramBytes).end());
  std::ranges::sort(ordered);
  double sum = 0;
  for (const auto& [gram, count] : ordered) {
    const double p = count / a.total(kFrontierGramBytes);
    const double mixed = weight * p + (1 - weight) * share_of(b, kFrontierGramBytes, gram);
    sum += p * std::log(p / mixed);
  }
  return std::max(0.0, sum);
}

}  // namespace

std::vector<std::string> words_of(ByteView text) {
  std::vector<std::string> words(1);
  for (Byte byte : text) {
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    if (letter) {
      words.back() += static_cast<char>(byte | 0x20);
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  words.pop_back();
  if (!words.empty()) words.erase(words.begin());
  std::erase_if(words, [](const std::string& word) { return word.size() < 2; });
  return words;
}

double known_word_share(ByteView text, const std::set<std::string>& vocabulary) {
  const std::vector<std::string> words = words_of(text);
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

double frontier_area(const Grams& a, const Grams& b) {
  if (a.total(kFrontierGramBytes) == 0 || b.total(kFrontierGramBytes) == 0) return 0;
  // From (0, 1) to (1, 0): x grows and y falls as the mixture turns from b to a.
  double area = 0, last_x = 0, last_y = 1;
  const auto step_to = [&](double x, double y) {
    area += (x - last_x) * (y + last_y) / 2;
    last_x = x;
    last_y = y;
  };
  for (std::size_t i = 0; i <= kFrontierPoints + 1; ++i) {
    const double weight = static_cast<double>(i) / (kFrontierPoints + 1);
    // At the ends of the mixture what the other distribution lacks costs infinitely much.
    const double from_a = divergence_from_mixture(a, b, weight);
    const double from_b = divergence_from_mixture(b, a, 1 - weight);
    step_to(std::exp(-kFrontierScale * from_a), std::exp(-kFrontierScale * from_b));
  }
  step_to(1, 0);
  return std::clamp(area, 0.0, 1.0);
}

}  // namespace kraft
