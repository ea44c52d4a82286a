#include "evaluate/bpe.h"

#include <algorithm>
#include <limits>
#include <map>
#include <queue>
#include <set>
#include <string>
#include <string_view>

#include "base/text.h"
#include "kraft/error.h"

namespace kraft {
namespace {

constexpr std::size_t kLongestWord = 64;

bool is_space(Byte byte) {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t' || byte == '\v' ||
         byte == '\f';
}

std::uint64_t pair_key(std::uint32_t left, std::uint32_t right) {
  return std::uint64_t{left} << 32 | right;
}

std::uint32_t left_of(std::uint64_t key) { return static_cast<std::uint32_t>(key >> 32); }
std::uint32_t right_of(std::uint64_t key) { return static_cast<std::uint32_t>(key); }

// Joins every `left`, `right` of the word, from its beginning on.
bool join_in(std::vector<std::uint32_t>& word, std::uint64_t pair, std::uint32_t token) {
  std::size_t to = 0;
  for (std::size_t from = 0; from < word.size(); ++to) {
    const bool here = from + 1 < word.size() && pair_key(word[from], word[from + 1]) == pair;
    word[to] = here ? token : word[from];
    from += here ? 2 : 1;
  }
  const bool joined = to < word.size();
  word.resize(to);
  return joined;
}

// Distinct words with their counts, and where each pair occurs.
class Learner {
 public:
  explicit Learner(const std::vector<ByteView>& all_words) {
    std::map<std::string_view, std::int64_t> counts;
    for (const ByteView word : all_words) ++counts[as_text(word)];
    for (const auto& [word, count] : counts) {
      const ByteView bytes = as_bytes(word);
      words_.emplace_back(bytes.begin(), bytes.end());
      counts_.push_back(count);
    }
    for (std::size_t i = 0; i < words_.size(); ++i) add(i, 1, true);
    for (const auto& [pair, count] : pairs_) queue_.push({count, ~pair});
  }

  // The most frequent pair; false when none occurs twice.
  bool next(std::uint64_t& pair) {
    while (!queue_.empty()) {
      const Entry top = queue_.top();
      queue_.pop();
      pair = ~top.inverted_pair;
      const std::int64_t count = pairs_[pair];
      if (count == top.count && count >= 2) return true;
      if (count < top.count && count >= 2) queue_.push({count, ~pair});  // it was out of date
    }
    return false;
  }

  void join(std::uint64_t pair, std::uint32_t token) {
    const std::vector<std::size_t> places = std::move(places_[pair]);
    places_.erase(pair);
    for (const std::size_t i : places) {
      std::vector<std::uint32_t> joined = words_[i];
      if (!join_in(joined, pair, token)) continue;  // it was in the list twice
      add(i, -1, false);
      words_[i] = std::move(joined);
      add(i, 1, true, token);
    }
    for (const std::uint64_t fresh : fresh_) queue_.push({pairs_[fresh], ~fresh});
    fresh_.clear();
  }

 private:
  struct Entry {
    std::int64_t count;
    std::uint64_t inverted_pair;  // so that the lowest pair comes first
    bool operator<(const Entry& other) const {
      return std::pair(count, inverted_pair) < std::pair(other.count, other.inverted_pair);
    }
  };

  // Counts the word's pairs, `sign` times; with a token, notes those that have it as new.
  void add(std::size_t word, std::int64_t sign, bool with_place,
           std::uint32_t token = std::numeric_limits<std::uint32_t>::max()) {
    const std::vector<std::uint32_t>& tokens = words_[word];
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      const std::uint64_t pair = pair_key(tokens[i], tokens[i + 1]);
      pairs_[pair] += sign * counts_[word];
      if (!with_place) continue;
      const bool begins = token == std::numeric_limits<std::uint32_t>::max();
      if (begins || tokens[i] == token || tokens[i + 1] == token) places_[pair].push_back(word);
      if (!begins && (tokens[i] == token || tokens[i + 1] == token)) fresh_.push_back(pair);
    }
  }

  std::vector<std::vector<std::uint32_t>> words_;
  std::vector<std::int64_t> counts_;
  std::unordered_map<std::uint64_t, std::int64_t> pairs_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> places_;
  std::vector<std::uint64_t> fresh_;
  std::priority_queue<Entry> queue_;
};

}  // namespace

std::vector<ByteView> words_of(ByteView text) {
  std::vector<ByteView> words;
  std::size_t begin = 0;
  for (std::size_t at = 1; at <= text.size(); ++at) {
    const bool begins = at < text.size() && is_space(text[at]) && !is_space(text[at - 1]);
    if (at < text.size() && !begins && at - begin < kLongestWord) continue;
    words.push_back(text.subspan(begin, at - begin));
    begin = at;
  }
  return words;
}

BytePairs BytePairs::learn_words(const std::vector<ByteView>& words, std::size_t vocabulary) {
  if (vocabulary < 256 || vocabulary > kMostTokens)
    throw Error("a vocabulary of " + grouped(vocabulary) + " tokens: expected 256.." +
                grouped(kMostTokens));
  BytePairs pairs;
  std::set<Bytes> known;
  Learner learner(words);
  for (std::uint64_t key = 0; pairs.size() < vocabulary && learner.next(key);) {
    const Pair pair(left_of(key), right_of(key));
    if (!known.insert(pairs.bytes_of(pair)).second) continue;  // another pair has made them
    learner.join(key, static_cast<std::uint32_t>(pairs.size()));
    pairs.append(pair);
  }
  return pairs;
}

BytePairs BytePairs::learn(ByteView text, std::size_t vocabulary) {
  return learn_words(words_of(text), vocabulary);
}

BytePairs BytePairs::from(std::span<const Pair> joined) {
  BytePairs pairs;
  std::set<Bytes> known;
  for (const Pair& pair : joined) {
    const std::size_t there = pairs.size();
    if (pair.first >= there || pair.second >= there || !known.insert(pairs.bytes_of(pair)).second)
      throw Error("token " + grouped(there) + " joins what cannot be joined");
    pairs.append(pair);
  }
  return pairs;
}

BytePairs BytePairs::first(std::size_t vocabulary) const {
  BytePairs fewer;
  for (const Pair& pair : joined_) {
    if (fewer.size() >= vocabulary) break;
    fewer.append(pair);
  }
  return fewer;
}

void BytePairs::append(Pair pair) {
  token_of_pair_[pair_key(pair.first, pair.second)] = static_cast<std::uint32_t>(size());
  joined_.push_back(pair);
}

Bytes BytePairs::bytes_of(std::uint32_t token) const {
  if (token < 256) return {static_cast<Byte>(token)};
  return bytes_of(joined_.at(token - 256));
}

Bytes BytePairs::bytes_of(Pair pair) const {
  Bytes bytes = bytes_of(pair.first);
  kraft::append(bytes, bytes_of(pair.second));
  return bytes;
}

std::vector<std::uint32_t> BytePairs::encode_word(ByteView word) const {
  std::vector<std::uint32_t> tokens(word.begin(), word.end());
  while (tokens.size() > 1) {
    std::uint32_t earliest = std::numeric_limits<std::uint32_t>::max();
    std::uint64_t pair = 0;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      const auto found = token_of_pair_.find(pair_key(tokens[i], tokens[i + 1]));
      if (found == token_of_pair_.end() || found->second >= earliest) continue;
      earliest = found->second;
      pair = found->first;
    }
    if (earliest == std::numeric_limits<std::uint32_t>::max()) break;
    join_in(tokens, pair, earliest);
  }
  return tokens;
}

std::vector<std::uint32_t> BytePairs::encode_words(const std::vector<ByteView>& words) const {
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> known;
  std::vector<std::uint32_t> tokens;
  for (const ByteView word : words) {
    auto& of_word = known[as_text(word)];
    if (of_word.empty()) of_word = encode_word(word);
    tokens.insert(tokens.end(), of_word.begin(), of_word.end());
  }
  return tokens;
}

std::vector<std::uint32_t> BytePairs::encode(ByteView text) const {
  return encode_words(words_of(text));
}

}  // namespace kraft
