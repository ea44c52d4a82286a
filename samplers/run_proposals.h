// What a Metropolis move may put in the place of a run of bytes, and how probable that is. Private
// to this folder.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "samplers/drawing.h"

namespace kraft {

// Where a run goes: after all that comes before it, of which the last bytes belong to the span.
struct Place {
  ByteView before;             // the end of the context, and the span up to the run
  std::size_t span_bytes = 0;  // how much of `before` is the span
};

// A distribution q(run | place) over runs of a given length; what is missing to 1 is the
// probability that a draw fails. One thread at a time.
class RunProposal {
 public:
  virtual ~RunProposal() = default;

  // False: no run this time.
  virtual bool draw(const Place& place, std::size_t run_bytes, Random& random, Bytes& run) = 0;

  virtual double log2_probability(const Place& place, ByteView run) = 0;
};

// Every byte by itself, as often as it occurs in the history; those that do not occur count once.
class LetterRuns final : public RunProposal {
 public:
  LetterRuns(const Candidates& alphabet, ByteView history);

  bool draw(const Place& place, std::size_t run_bytes, Random& random, Bytes& run) override;
  double log2_probability(const Place& place, ByteView run) override;

 private:
  std::vector<double> weights_;  // by byte
  std::array<double, 256> log2_;
};

// Where strings occur in a text, for strings of at most kLongestKey + kLongestRun bytes: a suffix
// array (Manber and Myers, "Suffix Arrays: A New Method for On-Line String Searches", SIAM Journal
// on Computing 22(5), 1993) that is sorted only so far. Immutable; O(log n) for each question.
class PlaceIndex {
 public:
  static constexpr std::size_t kLongestKey = 6;
  static constexpr std::size_t kLongestRun = 16;
  static constexpr std::size_t kMostBytes = std::size_t{1} << 16;  // the last so many are indexed

  explicit PlaceIndex(ByteView text);

  struct Range {
    std::size_t begin = 0, end = 0;
    std::size_t size() const { return end - begin; }
  };

  // The places where `string` begins; the empty one begins everywhere.
  Range find(ByteView string) const;

  // The text from the i-th of all places on.
  ByteView from(std::size_t i) const { return ByteView(text_).subspan(places_[i]); }

 private:
  Bytes text_;
  std::vector<std::uint32_t> places_;  // in the order of what begins there
};

// What followed the last `key_bytes` bytes somewhere in the text, all places alike; with a small
// probability, or where the key does not occur, letters instead, so that a run of the corpus can
// replace one that is none.
class CorpusRuns final : public RunProposal {
 public:
  CorpusRuns(std::shared_ptr<const PlaceIndex> index, std::size_t key_bytes, LetterRuns letters);

  bool draw(const Place& place, std::size_t run_bytes, Random& random, Bytes& run) override;
  double log2_probability(const Place& place, ByteView run) override;

 private:
  ByteView key_of(const Place& place) const;

  std::shared_ptr<const PlaceIndex> index_;
  std::size_t key_bytes_;
  LetterRuns letters_;
  Bytes string_;
};

// What another model expects there, one byte after the other. The state has observed the context.
class ModelRuns final : public RunProposal {
 public:
  ModelRuns(State& state, const Candidates& alphabet);

  bool draw(const Place& place, std::size_t run_bytes, Random& random, Bytes& run) override;
  double log2_probability(const Place& place, ByteView run) override;

 private:
  bool predict();  // false if nothing is possible

  State& state_;
  Bytes alphabet_;
  std::vector<double> bits_;
  std::vector<double> probabilities_;
};

}  // namespace kraft
