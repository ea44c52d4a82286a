#include "models/jxl/entropy.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "models/lz/near_distance.h"

namespace kraft::jxl {
namespace {

constexpr int kLogParts = 12;
constexpr std::uint32_t kParts = 1u << kLogParts;
constexpr int kLogPrefixAlphabet = 15;

int bits_for(std::uint32_t most) { return static_cast<int>(std::bit_width(most)); }

// ---- Integers (section C.2.3) ----------------------------------------------------------------

HybridInteger read_integer(Bits& bits, int log_alphabet) {
  HybridInteger integer;
  integer.split_exponent = bits.read(bits_for(static_cast<std::uint32_t>(log_alphabet)));
  if (integer.split_exponent == static_cast<std::uint32_t>(log_alphabet)) return integer;
  integer.high_bits = bits.read(bits_for(integer.split_exponent));
  if (integer.high_bits > integer.split_exponent) fail("an integer has too many high bits");
  integer.low_bits = bits.read(bits_for(integer.split_exponent - integer.high_bits));
  if (integer.high_bits + integer.low_bits > integer.split_exponent)
    fail("an integer has too many low bits");
  return integer;
}

// ---- Prefix codes (section C.2.4) ------------------------------------------------------------

lz::PrefixCode code_of(std::vector<std::uint8_t> word_bits) {
  std::optional<lz::PrefixCode> code = lz::PrefixCode::complete(std::move(word_bits));
  if (!code) fail("a prefix code is not complete");
  return std::move(*code);
}

lz::PrefixCode read_simple_code(Bits& bits, std::uint32_t symbols) {
  const std::uint32_t count = bits.read(2) + 1;
  std::array<std::uint32_t, 4> symbol{};
  for (std::uint32_t i = 0; i < count; ++i) {
    symbol[i] = bits.read(bits_for(symbols - 1));
    if (symbol[i] >= symbols) fail("a prefix code has a symbol that is none");
    for (std::uint32_t k = 0; k < i; ++k) {
      if (symbol[k] == symbol[i]) fail("a prefix code has a symbol twice");
    }
  }
  if (count == 1) return lz::PrefixCode::of_one(symbol[0], symbols);
  constexpr std::array<std::array<std::uint8_t, 4>, 5> kWordBits = {
      {{}, {1, 1}, {1, 2, 2}, {2, 2, 2, 2}, {1, 2, 3, 3}}};
  const std::size_t shape = count == 4 && bits.flag() ? 4 : count - 1;
  std::vector<std::uint8_t> word_bits(symbols);
  for (std::uint32_t i = 0; i < count; ++i) word_bits[symbol[i]] = kWordBits[shape][i];
  return code_of(std::move(word_bits));
}

// The code in which the lengths of words are written.
lz::PrefixCode read_code_of_lengths(Bits& bits, std::uint32_t skipped) {
  constexpr std::array<std::uint8_t, 18> kOrder = {1, 2, 3, 4,  0,  5,  17, 6,  16,
                                                   7, 8, 9, 10, 11, 12, 13, 14, 15};
  std::vector<std::uint8_t> word_bits(kOrder.size());
  std::uint32_t filled = 0, words = 0;
  std::size_t last = 0;
  for (std::size_t i = skipped; i < kOrder.size() && filled < 32; ++i) {
    // A fixed code: 00 is 0, 10 is 3, 01 is 4, 110 is 2, 1110 is 1, 1111 is 5.
    constexpr std::array<std::uint8_t, 3> kTwoBits = {0, 4, 3};
    const std::uint32_t two = bits.read(2);
    std::uint8_t length = 0;
    if (two < 3)
      length = kTwoBits[two];
    else if (!bits.flag())
      length = 2;
    else
      length = bits.flag() ? 5 : 1;
    word_bits[kOrder[i]] = length;
    if (length == 0) continue;
    ++words;
    last = kOrder[i];
    filled += 32u >> length;
  }
  if (words == 1) return lz::PrefixCode::of_one(last, kOrder.size());
  if (filled != 32) fail("a code of lengths is not complete");
  return code_of(std::move(word_bits));
}

lz::PrefixCode read_long_code(Bits& bits, std::uint32_t symbols, std::uint32_t skipped) {
  const lz::PrefixCode of_lengths = read_code_of_lengths(bits, skipped);
  constexpr std::uint32_t kFull = 1u << lz::PrefixCode::kMostBits;
  std::vector<std::uint8_t> word_bits;
  std::uint32_t filled = 0, repeats = 0;
  std::uint8_t repeated = 0, before = 8;
  std::size_t last = 0;
  while (word_bits.size() < symbols && filled < kFull) {
    const std::size_t length = of_lengths.read([&] { return bits.read(1); });
    if (length < 16) {
      repeats = 0;
      word_bits.push_back(static_cast<std::uint8_t>(length));
      if (length == 0) continue;
      before = static_cast<std::uint8_t>(length);
      filled += kFull >> length;
      continue;
    }
    // Another repetition of the same after one: its number has more digits.
    const int width = length == 16 ? 2 : 3;
    repeated = length == 16 ? before : 0;
    const std::uint32_t old = repeats > 0 && last == length ? repeats : 0;
    last = length;
    repeats = (old > 0 ? (old - 2) << width : 0) + bits.read(width) + 3;
    const std::uint32_t more = repeats - old;
    if (more > symbols - word_bits.size()) fail("a prefix code has too many words");
    word_bits.insert(word_bits.end(), more, repeated);
    if (repeated > 0) filled += more * (kFull >> repeated);
  }
  if (filled != kFull) fail("a prefix code is not complete");
  word_bits.resize(symbols);
  return code_of(std::move(word_bits));
}

lz::PrefixCode read_prefix_code(Bits& bits, std::uint32_t symbols) {
  if (symbols == 1) return lz::PrefixCode::of_one(0, 1);
  const std::uint32_t skipped = bits.read(2);
  return skipped == 1 ? read_simple_code(bits, symbols) : read_long_code(bits, symbols, skipped);
}

// ---- Distributions (section C.2.5) -----------------------------------------------------------

// The logarithm of a part, and one more; 13 for repetitions.
std::uint32_t read_logarithm(Bits& bits) {
  switch (bits.read(3)) {
    case 0:
      return 10;
    case 1:
      for (const std::uint32_t logarithm : {4u, 0u, 11u, 13u}) {
        if (bits.flag()) return logarithm;
      }
      return 12;
    case 2:
      return 7;
    case 3:
      return bits.flag() ? 1 : 3;
    case 4:
      return 6;
    case 5:
      return 8;
    case 6:
      return 9;
    default:
      return bits.flag() ? 2 : 5;
  }
}

struct Logarithms {
  std::vector<std::uint32_t> of;
  std::vector<bool> repeats;  // the part before
  std::size_t largest = 0;    // the first of them
};

Logarithms read_logarithms(Bits& bits, std::size_t symbols) {
  constexpr std::uint32_t kRepeat = 13;
  Logarithms logarithms{std::vector<std::uint32_t>(symbols), std::vector<bool>(symbols)};
  bool some = false;
  for (std::size_t i = 0; i < symbols;) {
    logarithms.of[i] = read_logarithm(bits);
    if (logarithms.of[i] == kRepeat) {
      const std::size_t count = bits.small8() + 4;
      if (count > symbols - i) fail("a distribution has too many symbols");
      std::fill_n(logarithms.repeats.begin() + static_cast<std::ptrdiff_t>(i), count, true);
      i += count;
      continue;
    }
    if (!some || logarithms.of[i] > logarithms.of[logarithms.largest]) logarithms.largest = i;
    some = true;
    ++i;
  }
  if (!some || (logarithms.largest + 1 < symbols && logarithms.repeats[logarithms.largest + 1]))
    fail("a distribution has no largest part of its own");
  return logarithms;
}

std::vector<std::uint16_t> read_parts(Bits& bits, std::size_t most) {
  std::size_t log = 0;
  while (log < 3 && bits.flag()) ++log;
  const auto shift = static_cast<int>(bits.read(static_cast<int>(log)) + (1u << log) - 1);
  if (shift > kLogParts + 1) fail("a distribution has too many digits");
  const std::size_t symbols = bits.small8() + 3;
  if (symbols > most) fail("a distribution has too many symbols");
  const Logarithms logarithms = read_logarithms(bits, symbols);
  std::vector<std::uint16_t> parts(symbols);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < symbols; ++i) {
    if (logarithms.repeats[i]) {
      // The one of a run that begins it repeats the part before, as do the others.
      parts[i] = i > 0 ? parts[i - 1] : std::uint16_t{0};
    } else if (i != logarithms.largest && logarithms.of[i] > 0) {
      const auto zeros = static_cast<int>(logarithms.of[i]) - 1;
      const int digits = std::clamp(shift - ((kLogParts - zeros) >> 1), 0, zeros);
      parts[i] =
          static_cast<std::uint16_t>((1u << zeros) + (bits.read(digits) << (zeros - digits)));
    }
    sum += parts[i];
  }
  if (sum >= kParts) fail("a distribution's parts are too many");
  parts[logarithms.largest] = static_cast<std::uint16_t>(kParts - sum);
  return parts;
}

std::vector<std::uint16_t> read_one_or_two(Bits& bits, std::size_t most) {
  const bool two = bits.flag();
  const std::size_t first = bits.small8(), second = two ? bits.small8() : first;
  if (two && first == second) fail("a distribution has a symbol twice");
  if (std::max(first, second) >= most) fail("a distribution has too many symbols");
  std::vector<std::uint16_t> parts(std::max(first, second) + 1);
  const std::uint32_t part = two ? bits.read(kLogParts) : kParts;
  parts[second] = static_cast<std::uint16_t>(kParts - part);
  parts[first] = static_cast<std::uint16_t>(part);
  return parts;
}

std::vector<std::uint16_t> read_even(Bits& bits, std::size_t most) {
  const std::size_t symbols = bits.small8() + 1;
  if (symbols > most) fail("a distribution has too many symbols");
  std::vector<std::uint16_t> parts(symbols, static_cast<std::uint16_t>(kParts / symbols));
  for (std::size_t i = 0; i < kParts % symbols; ++i) ++parts[i];
  return parts;
}

// ---- Clusters (section C.2.2) ----------------------------------------------------------------

std::vector<std::uint8_t> read_coded_clusters(Bits& bits, std::size_t contexts) {
  const bool moved_to_front = bits.flag();
  const EntropyCode code = EntropyCode::read(bits, 1, contexts > 2);
  SymbolReader reader(code, bits);
  std::vector<std::uint8_t> clusters;
  for (std::size_t i = 0; i < contexts; ++i) {
    const std::uint32_t cluster = reader.read(code.cluster(0));
    if (cluster > 255) fail("it has too many clusters");
    clusters.push_back(static_cast<std::uint8_t>(cluster));
  }
  reader.finish();
  if (!moved_to_front) return clusters;
  std::array<std::uint8_t, 256> front;
  std::iota(front.begin(), front.end(), std::uint8_t{0});
  for (std::uint8_t& cluster : clusters) {
    const auto found = front.begin() + cluster;
    cluster = *found;
    std::rotate(front.begin(), found, found + 1);
  }
  return clusters;
}

std::vector<std::uint8_t> read_clusters(Bits& bits, std::size_t contexts) {
  if (contexts == 1) return {0};
  if (!bits.flag()) return read_coded_clusters(bits, contexts);
  const auto width = static_cast<int>(bits.read(2));
  std::vector<std::uint8_t> clusters;
  for (std::size_t i = 0; i < contexts; ++i)
    clusters.push_back(static_cast<std::uint8_t>(bits.read(width)));
  return clusters;
}

}  // namespace

// ---- Integers --------------------------------------------------------------------------------

HybridInteger::Coded HybridInteger::code(std::uint32_t value) const {
  const std::uint32_t split = 1u << split_exponent;
  if (value < split) return {value, 0};
  const auto log = static_cast<std::uint32_t>(std::bit_width(value)) - 1;
  const std::uint32_t bits = log - high_bits - low_bits;
  const std::uint32_t high = value >> (log - high_bits) & ((1u << high_bits) - 1);
  const std::uint32_t low = value & ((1u << low_bits) - 1);
  return {split + ((log - split_exponent) << (high_bits + low_bits)) + (high << low_bits) + low,
          static_cast<int>(bits)};
}

std::uint32_t HybridInteger::read(std::uint32_t token, Bits& bits) const {
  const std::uint32_t split = 1u << split_exponent;
  if (token < split) return token;
  const std::uint32_t in_token = high_bits + low_bits;
  const std::uint32_t count = split_exponent - in_token + ((token - split) >> in_token);
  if (count + in_token > 31) fail("an integer is too large");
  const std::uint32_t low = token & ((1u << low_bits) - 1);
  const std::uint32_t high = (token >> low_bits & ((1u << high_bits) - 1)) | 1u << high_bits;
  return (high << count | bits.read(static_cast<int>(count))) << low_bits | low;
}

// ---- Distributions ---------------------------------------------------------------------------

AnsDistribution AnsDistribution::read(Bits& bits, int log_alphabet) {
  const std::size_t most = std::size_t{1} << log_alphabet;
  AnsDistribution distribution;
  if (bits.flag())
    distribution.parts_ = read_one_or_two(bits, most);
  else if (bits.flag())
    distribution.parts_ = read_even(bits, most);
  else
    distribution.parts_ = read_parts(bits, most);
  distribution.make_buckets(log_alphabet);
  return distribution;
}

// Section C.2.6: buckets that a symbol does not fill are filled up with what others have too much.
void AnsDistribution::make_buckets(int log_alphabet) {
  log_bucket_ = kLogParts - log_alphabet;
  const auto size = static_cast<std::uint16_t>(1u << log_bucket_);
  const std::size_t count = std::size_t{1} << log_alphabet;
  parts_.resize(count);
  const auto whole = std::ranges::find(parts_, kParts);
  if (whole != parts_.end()) {
    const auto symbol = static_cast<std::uint16_t>(whole - parts_.begin());
    for (std::size_t i = 0; i < count; ++i)
      buckets_.push_back({0, symbol, static_cast<std::uint16_t>(i * size)});
    return;
  }
  std::vector<std::size_t> lacking, overfull;
  for (std::size_t i = 0; i < count; ++i) {
    buckets_.push_back({parts_[i], static_cast<std::uint16_t>(i), 0});
    if (parts_[i] < size) lacking.push_back(i);
    if (parts_[i] > size) overfull.push_back(i);
  }
  while (!overfull.empty() && !lacking.empty()) {
    const std::size_t from = overfull.back(), to = lacking.back();
    overfull.pop_back();
    lacking.pop_back();
    Bucket &giver = buckets_[from], &taker = buckets_[to];
    giver.cutoff = static_cast<std::uint16_t>(giver.cutoff - (size - taker.cutoff));
    taker.symbol = static_cast<std::uint16_t>(from);
    taker.offset = giver.cutoff;
    if (giver.cutoff < size) lacking.push_back(from);
    if (giver.cutoff > size) overfull.push_back(from);
  }
  for (std::size_t i = 0; i < count; ++i) {
    Bucket& bucket = buckets_[i];
    if (bucket.cutoff == size)
      bucket = {0, static_cast<std::uint16_t>(i), 0};
    else
      bucket.offset = static_cast<std::uint16_t>(bucket.offset - bucket.cutoff);
  }
}

std::uint32_t AnsDistribution::read_symbol(std::uint32_t& state, Bits& bits) const {
  const std::uint32_t index = state & (kParts - 1);
  const std::uint32_t in_bucket = index & ((1u << log_bucket_) - 1);
  std::uint32_t symbol = index >> log_bucket_, offset = in_bucket;
  const Bucket& bucket = buckets_[symbol];
  if (in_bucket >= bucket.cutoff) {
    symbol = bucket.symbol;
    offset = (bucket.offset + in_bucket) & 0xffff;
  }
  state = (state >> kLogParts) * parts_[symbol] + offset;
  if (state < 1u << 16) state = state << 16 | bits.read(16);
  return symbol;
}

// ---- Codes -----------------------------------------------------------------------------------

EntropyCode EntropyCode::read(Bits& bits, std::size_t contexts, bool may_copy) {
  constexpr int kLogLengths = 8;
  EntropyCode code;
  if (bits.flag()) {
    if (!may_copy) fail("there are copies where none may be");
    code.copies_.emplace();
    code.copies_->first_token = bits.number({value(224), value(512), value(4096), 8 + u(15)});
    code.copies_->shortest = bits.number({value(3), value(4), 5 + u(2), 9 + u(8)});
    code.copies_->length = read_integer(bits, kLogLengths);
    ++contexts;
  }
  code.cluster_of_ = read_clusters(bits, contexts);
  const std::size_t clusters = std::size_t{*std::ranges::max_element(code.cluster_of_)} + 1;
  std::vector<bool> used(clusters);
  for (const std::uint8_t cluster : code.cluster_of_) used[cluster] = true;
  if (std::ranges::find(used, false) != used.end()) fail("a cluster has no context");
  const bool prefixes = bits.flag();
  const int log_alphabet = prefixes ? kLogPrefixAlphabet : static_cast<int>(5 + bits.read(2));
  for (std::size_t i = 0; i < clusters; ++i)
    code.integers_.push_back(read_integer(bits, log_alphabet));
  if (!prefixes) {
    for (std::size_t i = 0; i < clusters; ++i)
      code.distributions_.push_back(AnsDistribution::read(bits, log_alphabet));
    return code;
  }
  std::vector<std::uint32_t> symbols;
  for (std::size_t i = 0; i < clusters; ++i) {
    symbols.push_back(bits.small16() + 1);
    if (symbols.back() > 1u << kLogPrefixAlphabet) fail("a prefix code has too many symbols");
  }
  for (const std::uint32_t count : symbols)
    code.prefix_codes_.push_back(read_prefix_code(bits, count));
  return code;
}

double EntropyCode::token_share(std::size_t cluster, std::uint32_t token) const {
  if (prefix_codes_.empty()) return distributions_[cluster].share(token);
  const lz::PrefixCode& code = prefix_codes_[cluster];
  return token < code.symbols() ? code.share(token) : 0;
}

double EntropyCode::share(std::size_t cluster, std::uint32_t value) const {
  const HybridInteger::Coded coded = integers_[cluster].code(value);
  if (is_copy(coded.token)) return 0;
  double share = token_share(cluster, coded.token);
  for (int i = 0; i < coded.bits; ++i) share /= 2;
  return share;
}

double EntropyCode::share_of_copies(std::size_t cluster) const {
  if (!copies_) return 0;
  const std::size_t symbols = prefix_codes_.empty() ? 256 : prefix_codes_[cluster].symbols();
  double sum = 0;
  for (std::uint32_t token = copies_->first_token; token < symbols; ++token)
    sum += token_share(cluster, token);
  return sum;
}

// ---- Symbols ---------------------------------------------------------------------------------

SymbolReader::SymbolReader(const EntropyCode& code, Bits& bits, std::size_t width)
    : code_(code), bits_(bits), width_(width) {
  if (!code.uses_prefix_code()) state_ = bits.read(32);
}

std::uint32_t SymbolReader::token(std::size_t cluster) {
  if (!code_.prefix_codes_.empty()) {
    return static_cast<std::uint32_t>(
        code_.prefix_codes_[cluster].read([this] { return bits_.read(1); }));
  }
  return code_.distributions_[cluster].read_symbol(state_, bits_);
}

void SymbolReader::begin_copy(std::uint32_t token) {
  constexpr std::size_t kWindow = 1 << 20;
  const CopyTokens& copies = *code_.copies_;
  const std::size_t cluster = code_.cluster_of_.back();
  to_copy_ = copies.length.read(token - copies.first_token, bits_) + copies.shortest;
  const std::uint32_t coded = code_.integers_[cluster].read(this->token(cluster), bits_);
  std::size_t distance = width_ == 0 ? std::size_t{coded} + 1 : lz::distance_of_name(coded, width_);
  distance = std::min({distance, kWindow, past_.size()});
  from_ = past_.size() - distance;
}

std::uint32_t SymbolReader::read(std::size_t cluster) {
  if (!code_.copies_) return code_.integers_[cluster].read(token(cluster), bits_);
  std::uint32_t value = 0;
  if (to_copy_ == 0) {
    const std::uint32_t next = token(cluster);
    if (next >= code_.copies_->first_token)
      begin_copy(next);
    else
      value = code_.integers_[cluster].read(next, bits_);
  }
  if (to_copy_ > 0) {
    --to_copy_;
    // Before the first one there are zeros.
    if (from_ < past_.size()) value = past_[from_++];
  }
  past_.push_back(value);
  return value;
}

void SymbolReader::finish() const {
  constexpr std::uint32_t kFinalState = 0x130000;
  if (!code_.uses_prefix_code() && state_ != kFinalState) fail("it ends in another state");
}

}  // namespace kraft::jxl
