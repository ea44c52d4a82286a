#include "models/brotli/prices.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace kraft::brotli {
namespace {

constexpr double kNoWord = 0x1p-15;
constexpr double kNoCommand = 0x1p-18;

// Of so many symbols at a block's end, the types count.
constexpr std::uint64_t kLastCommands = 512;  // and distances
constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

struct TypeShare {
  std::size_t type;
  double share;
};

std::vector<TypeShare> last_types(const std::vector<TypeRun>& runs, std::uint64_t symbols) {
  std::vector<TypeShare> types;
  std::uint64_t left = symbols;
  for (auto run = runs.rbegin(); run != runs.rend() && left > 0; ++run) {
    const std::uint64_t used = std::min(run->symbols, left);
    left -= used;
    if (used == 0) continue;
    const auto found = std::ranges::find(types, run->type, &TypeShare::type);
    if (found == types.end())
      types.push_back({run->type, static_cast<double>(used)});
    else
      found->share += static_cast<double>(used);
  }
  if (types.empty()) return {{0, 1.0}};
  const auto all = static_cast<double>(symbols - left);
  for (TypeShare& type : types) type.share /= all;
  return types;
}

// Adds `weight` times the shares of the code's symbols, which sum to 1.
void add_shares(const PrefixCode* code, double floor, double weight, std::span<double> shares) {
  const auto of = [&](std::size_t symbol) {
    const double share = code == nullptr ? 0 : code->share(symbol);
    return share > 0 ? share : floor;
  };
  double sum = 0;
  for (std::size_t s = 0; s < shares.size(); ++s) sum += of(s);
  for (std::size_t s = 0; s < shares.size(); ++s) shares[s] += weight * (of(s) / sum);
}

constexpr double size_of(std::uint8_t extra_bits) {
  return static_cast<double>(std::uint32_t{1} << extra_bits);
}

}  // namespace

std::size_t class_of_length(std::uint64_t length) {
  return length >= kLongest ? kCopyClasses - 1 : copy_code_of(static_cast<std::size_t>(length));
}

Prices::Prices(const MetaBlock* block, std::uint32_t window_bytes, std::uint64_t farthest)
    : format_(block == nullptr ? DistanceSymbols{} : block->distances), farthest_(farthest) {
  set_literals(block);
  set_commands(block);
  set_distances(block, window_bytes);
  if (farthest > 0) set_words();
}

// ---- Literals --------------------------------------------------------------------------------

void Prices::set_literals(const MetaBlock* block) {
  if (block == nullptr) {
    rows_.emplace_back().fill(1.0 / 256);
    literal_types_.push_back({LiteralMode::lowest_6_bits, {}});
    type_shares_ = {1};
    return;
  }
  for (const PrefixCode& code : block->literal_codes)
    add_shares(&code, kNoWord, 1, rows_.emplace_back());
  for (const auto& [type, share] : last_types(block->literal_types, kAll)) {
    type_shares_.push_back(share);
    LiteralType& mixed = literal_types_.emplace_back();
    mixed.mode = block->literal_modes[type];
    for (std::size_t c = 0; c < kLiteralContexts; ++c)
      mixed.row[c] = block->literal_map[kLiteralContexts * type + c];
  }
  double literals = 0;
  for (const TypeRun& run : block->literal_types) literals += static_cast<double>(run.symbols);
  if (literals > 0) type_changes_ = static_cast<double>(block->literal_types.size() - 1) / literals;
}

double Prices::literal(const LiteralType& type, Byte last, Byte before, Byte byte) const {
  return rows_[type.row[literal_context(type.mode, last, before)]][byte];
}

void Prices::literals(Byte last, Byte before, std::span<const double> types,
                      std::span<double, 256> p) const {
  std::ranges::fill(p, 0.0);
  for (std::size_t t = 0; t < literal_types_.size(); ++t) {
    const LiteralType& type = literal_types_[t];
    const auto& row = rows_[type.row[literal_context(type.mode, last, before)]];
    for (std::size_t b = 0; b < p.size(); ++b) p[b] += types[t] * row[b];
  }
}

double Prices::literal(Byte last, Byte before, Byte byte, std::span<const double> types) const {
  double p = 0;
  for (std::size_t t = 0; t < literal_types_.size(); ++t)
    p += types[t] * literal(literal_types_[t], last, before, byte);
  return p;
}

void Prices::add_literal(Byte last, Byte before, Byte byte, std::span<double> types) const {
  double sum = 0;
  for (std::size_t t = 0; t < literal_types_.size(); ++t)
    sum += types[t] *= literal(literal_types_[t], last, before, byte);
  for (std::size_t t = 0; t < literal_types_.size(); ++t)
    types[t] = (1 - type_changes_) * (types[t] / sum) + type_changes_ * type_shares_[t];
}

// ---- Commands --------------------------------------------------------------------------------

void Prices::set_commands(const MetaBlock* block) {
  std::vector<double> shares(kCommands);
  if (block == nullptr) {
    add_shares(nullptr, kNoCommand, 1, shares);
  } else {
    for (const auto& [type, share] : last_types(block->command_types, kLastCommands))
      add_shares(&block->command_codes[type], kNoCommand, share, shares);
  }
  for (std::size_t symbol = 0; symbol < kCommands; ++symbol) {
    const Command now = command(symbol);
    run_code[now.run_code] += shares[symbol];
    if (now.last_distance)
      copy_last[now.run_code][now.copy_code] += shares[symbol];
    else
      copy[now.run_code][now.copy_code] += shares[symbol];
  }
  // From the end, so that nothing is subtracted.
  std::vector<double> longer(kMostRun + 1);
  double more = 0;
  for (std::size_t c = kLengthCodes; c-- > 0;) {
    const std::uint64_t size = std::uint64_t{1} << kRunExtra[c];
    const double each = run_code[c] / size_of(kRunExtra[c]);
    for (std::uint64_t l = kRunBase[c]; l < kRunBase[c] + size && l <= kMostRun; ++l)
      longer[l] = more + static_cast<double>(kRunBase[c] + size - 1 - l) * each;
    more += run_code[c];
  }
  longer_run = std::move(longer);
}

// ---- Distances -------------------------------------------------------------------------------

namespace {

DistancePrices price_distances(const std::vector<double>& shares, const DistanceSymbols& format,
                               std::uint32_t window_bytes) {
  using Weight = DistanceFormat::Weight;
  DistancePrices prices;
  std::copy_n(shares.begin(), prices.recent.size(), prices.recent.begin());
  prices.up_to.resize(window_bytes + std::size_t{1});
  for (std::size_t symbol = kRecentDistances; symbol < shares.size(); ++symbol) {
    const int extra = format.extra_bits(symbol);
    const auto weight =
        static_cast<Weight>(std::ldexp(shares[symbol], DistanceFormat::kUnitBits - extra));
    const std::uint64_t first = format.first_distance(symbol);
    for (std::uint64_t x = 0; x < std::uint64_t{1} << extra; ++x) {
      const std::uint64_t distance = first + (x << format.postfix_bits);
      if (distance > window_bytes) break;
      prices.up_to[distance] = weight;
    }
  }
  for (std::size_t d = 1; d < prices.up_to.size(); ++d) prices.up_to[d] += prices.up_to[d - 1];
  std::array<Weight, DistanceFormat::kClasses> means{};
  for (int c = 0; c < DistanceFormat::kClasses; ++c) {
    const std::uint32_t first = DistanceFormat::first_distance(c);
    const std::uint32_t end = std::min(DistanceFormat::first_distance(c + 1), window_bytes + 1);
    if (first < end)
      means[static_cast<std::size_t>(c)] =
          (prices.up_to[end - 1] - prices.up_to[first - 1]) / (end - first);
  }
  prices.mean = DistanceWeights(means, window_bytes);
  return prices;
}

}  // namespace

void Prices::set_distances(const MetaBlock* block, std::uint32_t window_bytes) {
  for (std::size_t context = 0; context < kDistanceContexts; ++context) {
    std::vector<double> shares(format_.count());
    if (block == nullptr) {
      add_shares(nullptr, kNoWord, 1, shares);
    } else {
      for (const auto& [type, share] : last_types(block->distance_types, kLastCommands)) {
        const std::uint8_t code = block->distance_map[kDistanceContexts * type + context];
        add_shares(&block->distance_codes[code], kNoWord, share, shares);
      }
    }
    const auto found = std::ranges::find(distance_shares_, shares);
    code_of_context[context] = static_cast<std::size_t>(found - distance_shares_.begin());
    if (found != distance_shares_.end()) continue;
    distances.push_back(price_distances(shares, format_, window_bytes));
    distance_shares_.push_back(std::move(shares));
  }
}

// ---- Words -----------------------------------------------------------------------------------

double Prices::weight_of_word(std::size_t length, std::uint64_t number) const {
  const auto& shares = distance_shares_[code_of_context[distance_context(length)]];
  const std::size_t symbol = format_.symbol_of(farthest_ + 1 + number);
  return symbol < shares.size() ? std::ldexp(shares[symbol], -format_.extra_bits(symbol)) : 0;
}

void Prices::set_words() {
  std::array<double, WordPrices::kLengths> length_share{};
  for (std::size_t length = Dictionary::kShortest; length < length_share.size(); ++length) {
    const std::size_t c = copy_code_of(length);
    for (const auto& of_run : copy) length_share[length] += of_run[c];
    length_share[length] /= size_of(kCopyExtra[c]);
  }
  words = WordPrices(length_share, [this](std::size_t length, std::uint64_t number) {
    return weight_of_word(length, number);
  });
  for (std::size_t length = Dictionary::kShortest; length < length_share.size(); ++length)
    word_weight[copy_code_of(length)] +=
        words.of_length(length) / size_of(kCopyExtra[copy_code_of(length)]);
}

}  // namespace kraft::brotli
