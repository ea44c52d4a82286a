#include "samplers/run_proposals.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace kraft {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLetterShare = 1.0 / 16;  // of CorpusRuns where the key occurs

// Goes back to where a state was, also when something fails.
class Return {
 public:
  explicit Return(State& state) : state_(state), mark_(state.mark()) {}
  ~Return() {
    try {
      state_.rewind(mark_);
      state_.forget(mark_);
    } catch (...) {
      // Only a broken state fails here, and then the exception under way matters more.
    }
  }
  Return(const Return&) = delete;
  Return& operator=(const Return&) = delete;

 private:
  State& state_;
  Mark mark_;
};

}  // namespace

LetterRuns::LetterRuns(const Candidates& alphabet, ByteView history) : weights_(256, 0.0) {
  std::array<double, 256> counts{};
  for (Byte byte : history) ++counts[byte];
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    const Byte byte = alphabet[i][0];
    weights_[byte] = std::max(1.0, counts[byte]);
  }
  const double sum = std::accumulate(weights_.begin(), weights_.end(), 0.0);
  for (std::size_t b = 0; b < 256; ++b) log2_[b] = std::log2(weights_[b] / sum);
}

bool LetterRuns::draw(const Place&, std::size_t run_bytes, Random& random, Bytes& run) {
  run.clear();
  while (run.size() < run_bytes) run.push_back(static_cast<Byte>(random.choose(weights_)));
  return true;
}

double LetterRuns::log2_probability(const Place&, ByteView run) {
  double sum = 0;
  for (Byte byte : run) sum += log2_[byte];
  return sum;
}

PlaceIndex::PlaceIndex(ByteView text) {
  const ByteView end = text.last(std::min(text.size(), kMostBytes));
  text_.assign(end.begin(), end.end());
  places_.resize(text_.size());
  std::iota(places_.begin(), places_.end(), 0u);
  constexpr std::size_t kSorted = kLongestKey + kLongestRun;
  const auto shown = [&](std::uint32_t place) {
    return as_text(ByteView(text_).subspan(place)).substr(0, kSorted);
  };
  std::ranges::sort(places_, [&](std::uint32_t a, std::uint32_t b) {
    const int order = shown(a).compare(shown(b));
    return order != 0 ? order < 0 : a < b;
  });
}

PlaceIndex::Range PlaceIndex::find(ByteView string) const {
  const std::string_view key = as_text(string);
  const auto order = [&](std::uint32_t place) {
    return as_text(ByteView(text_).subspan(place)).substr(0, key.size()).compare(key);
  };
  const auto begin = std::ranges::partition_point(places_, [&](auto p) { return order(p) < 0; });
  const auto end =
      std::partition_point(begin, places_.end(), [&](auto p) { return order(p) == 0; });
  return {static_cast<std::size_t>(begin - places_.begin()),
          static_cast<std::size_t>(end - places_.begin())};
}

CorpusRuns::CorpusRuns(std::shared_ptr<const PlaceIndex> index, std::size_t key_bytes,
                       LetterRuns letters)
    : index_(std::move(index)), key_bytes_(key_bytes), letters_(std::move(letters)) {}

ByteView CorpusRuns::key_of(const Place& place) const {
  return place.before.last(std::min(place.before.size(), key_bytes_));
}

bool CorpusRuns::draw(const Place& place, std::size_t run_bytes, Random& random, Bytes& run) {
  const ByteView key = key_of(place);
  const PlaceIndex::Range found = index_->find(key);
  if (found.size() == 0 || random.uniform() < kLetterShare)
    return letters_.draw(place, run_bytes, random, run);
  const ByteView there = index_->from(found.begin + random.below(found.size()));
  if (there.size() < key.size() + run_bytes) return false;
  const ByteView chosen = there.subspan(key.size(), run_bytes);
  run.assign(chosen.begin(), chosen.end());
  return true;
}

double CorpusRuns::log2_probability(const Place& place, ByteView run) {
  const ByteView key = key_of(place);
  const PlaceIndex::Range found = index_->find(key);
  const double letters = letters_.log2_probability(place, run);
  if (found.size() == 0) return letters;
  string_.assign(key.begin(), key.end());
  append(string_, run);
  const double copied =
      static_cast<double>(index_->find(string_).size()) / static_cast<double>(found.size());
  return std::log2(kLetterShare * std::exp2(letters) + (1 - kLetterShare) * copied);
}

ModelRuns::ModelRuns(State& state, const Candidates& alphabet) : state_(state) {
  for (std::size_t i = 0; i < alphabet.size(); ++i) alphabet_.push_back(alphabet[i][0]);
  bits_.resize(alphabet_.size());
  probabilities_.resize(alphabet_.size());
}

bool ModelRuns::predict() {
  const ByteView nothing;
  state_.extend({&nothing, 1}, alphabet_, bits_);
  if (*std::ranges::min_element(bits_) == kInfinity) return false;
  normalise(bits_, probabilities_);
  return true;
}

bool ModelRuns::draw(const Place& place, std::size_t run_bytes, Random& random, Bytes& run) {
  const Return home(state_);
  state_.observe(place.before.last(place.span_bytes));
  run.clear();
  while (run.size() < run_bytes) {
    if (!predict()) return false;
    const Byte byte = alphabet_[random.choose(probabilities_)];
    run.push_back(byte);
    state_.observe({&byte, 1});
  }
  return true;
}

double ModelRuns::log2_probability(const Place& place, ByteView run) {
  const Return home(state_);
  state_.observe(place.before.last(place.span_bytes));
  double sum = 0;
  for (const Byte byte : run) {
    const auto index = std::ranges::find(alphabet_, byte) - alphabet_.begin();
    if (index == static_cast<std::ptrdiff_t>(alphabet_.size()) || !predict()) return -kInfinity;
    sum -= surprisal_bits(bits_, static_cast<std::size_t>(index));
    state_.observe({&byte, 1});
  }
  return sum;
}

}  // namespace kraft
