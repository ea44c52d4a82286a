// A Markov chain over the spans of one length. Private to this folder; metropolis.cc says what it
// is for.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "samplers/copy_limit.h"
#include "samplers/run_proposals.h"

namespace kraft {

// The bits of whole spans: l(x s y) - l(x).
class SpanBits {
 public:
  // The state has observed x.
  SpanBits(State& state, ByteView suffix, bool whole_bytes);

  // Sets bits[i] to those of spans[i]. Throws Error where they are no number.
  void measure(std::span<const Bytes> spans, std::span<double> bits);

  State& state() { return state_; }

 private:
  State& state_;
  ByteView suffix_;
  std::optional<double> context_bits_;  // if lengths are rounded up to bytes
  std::vector<Bytes> strings_;          // spans with the suffix
  std::vector<ByteView> views_;
};

struct ChainOptions {
  double temperature = 1;
  bool anneal = false;
  std::uint64_t steps = 0;  // all of them: the temperature falls to 0 over them
  std::uint64_t thin = 1;
  const QuoteIndex* quotes = nullptr;  // what a span may not quote; null: it may
  std::size_t drawn_bytes = 0;         // at the end of the context
};

// The Metropolis-Hastings chain whose stationary distribution is proportional to 2^-(bits / T) over
// the spans that the candidates allow. O(1) measurements a step. One thread at a time.
class Chain {
 public:
  // A way to move, and how often it is tried.
  struct Source {
    std::unique_ptr<RunProposal> proposal;
    double weight = 1;
    std::size_t longest_run = 1;
  };

  // `context` is what comes before the span, or its end; `remaining_bytes` as for Candidates.
  Chain(SpanBits bits, std::vector<Source> sources, const Candidates& candidates, ByteView context,
        std::uint64_t remaining_bytes, Random random, const ChainOptions& options);

  // Sets out from a span that the model finds possible. Throws Error if it finds none.
  void start(std::size_t span_bytes);

  // Takes steps; asks cancelled() in between if it is not empty and throws Cancelled.
  void run(std::uint64_t steps, const std::function<bool()>& cancelled);

  const Bytes& span() const { return span_; }
  double bits() const { return bits_; }

  // The cheapest span so far, the lowest of equals.
  const Bytes& best() const { return best_; }
  double best_bits() const { return best_bits_; }

  const std::vector<double>& trace_bits() const { return trace_; }  // after every thin-th step
  std::uint64_t accepted() const { return accepted_; }              // steps that changed the span

 private:
  struct Move {
    double log2_odds = 0;     // of the proposal: back over there
    double log2_uniform = 0;  // what accepting is compared with
    bool possible = false;
  };

  bool set_out_from_sources(std::size_t span_bytes);
  void set_out_from_model(std::size_t span_bytes);
  void keep_unquoted(Bytes& alphabet) const;
  void propose(Move& move, Bytes& candidate);
  std::size_t run_bytes(const Source& source);
  Place place(ByteView before);
  bool quotes(ByteView span) const { return quotes_end_ && quotes_end_->completes(span); }
  bool accepts(const Move& move, const Bytes& candidate, double bits) const;
  void move_to(Bytes& candidate, double bits);
  double temperature() const;
  [[noreturn]] void throw_impossible() const;

  SpanBits target_;
  std::vector<Source> sources_;
  std::vector<double> weights_;
  WellFormed well_formed_;
  const Candidates& candidates_;
  Bytes context_;
  std::uint64_t remaining_bytes_;
  Random random_;
  ChainOptions options_;
  std::optional<GramIndex::End> quotes_end_;

  Bytes span_, best_;
  double bits_ = 0, best_bits_ = 0;
  std::uint64_t step_ = 0, accepted_ = 0;
  std::vector<double> trace_;

  Bytes rest_, run_, before_;  // scratch of propose()
  std::vector<Move> moves_;
  std::vector<Bytes> spans_;
  std::vector<double> spans_bits_;
  std::vector<std::uint32_t> allowed_;
};

}  // namespace kraft
