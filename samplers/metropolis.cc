// metropolis: whole spans from the joint distribution that a code length really defines,
//
//     pi(s) proportional to 2^-((l(x s y) - l(x)) / T)     over all s of `span` bytes,
//
// for the context x and, in a hole, what follows it: y. It needs nothing but lengths of whole
// strings, so that it is exact in the limit of many steps for every code, those of whole bytes
// included. Metropolis, Rosenbluth, Rosenbluth, Teller and Teller, "Equation of State Calculations
// by Fast Computing Machines", Journal of Chemical Physics 21(6), 1953; Hastings, "Monte Carlo
// Sampling Methods Using Markov Chains and Their Applications", Biometrika 57(1), 1970.
//
// A step takes a run of bytes out of the span at i, closes the gap, and puts another run of the
// same length in at j: mostly where the old one was, a replacement; otherwise what lies between is
// shifted. The new run comes from one of several sources q(run | what stands before it): single
// letters by their frequency, what followed the last 0 to 6 bytes somewhere in the history, or what
// another model expects there (SampleRequest::proposal). The way back is the same move with i and j
// exchanged, so that the step is taken with probability
//
//     min(1, 2^-((bits(s') - bits(s)) / T) * q(old run | before i) / q(new run | before j)).
//
// Several proposals from the same span are measured together, for models answer many questions
// faster than one; when one of them is accepted, those after it are thrown away, as if they had
// never been made.
//
// Longer requests are drawn span by span, each given those before it. At T = 0 a step is taken if
// the span gets cheaper, or lower among equals. With `anneal` the temperature falls linearly from T
// to 0 over the steps of each chain, and the cheapest span that any chain came across is drawn
// (Kirkpatrick, Gelatt and Vecchi, "Optimization by Simulated Annealing", Science 220, 1983).
#include "samplers/metropolis.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "base/text.h"
#include "core/observing.h"
#include "kraft/error.h"
#include "samplers/filters.h"
#include "samplers/registry.h"
#include "samplers/run_sampler.h"

namespace kraft {

SpanBits::SpanBits(State& state, ByteView suffix, bool whole_bytes)
    : state_(state), suffix_(suffix) {
  if (whole_bytes) context_bits_ = state.context_bits();
}

void SpanBits::measure(std::span<const Bytes> spans, std::span<double> bits) {
  strings_.resize(std::max(strings_.size(), spans.size()));
  views_.clear();
  for (std::size_t i = 0; i < spans.size(); ++i) {
    strings_[i] = spans[i];
    append(strings_[i], suffix_);
    views_.push_back(strings_[i]);
  }
  state_.measure(views_, bits);
  if (context_bits_) round_up_to_bytes(bits, *context_bits_);
  for (double b : bits) {
    if (std::isnan(b) || b == -std::numeric_limits<double>::infinity())
      throw Error("the model's code length is not a number of bits");
  }
}

Chain::Chain(SpanBits bits, std::vector<Source> sources, const Candidates& candidates,
             ByteView context, std::uint64_t remaining_bytes, Random random,
             const ChainOptions& options)
    : target_(std::move(bits)),
      sources_(std::move(sources)),
      well_formed_(candidates),
      candidates_(candidates),
      remaining_bytes_(remaining_bytes),
      random_(random),
      options_(options) {
  const ByteView end = context.last(std::min(context.size(), PlaceIndex::kLongestKey));
  context_.assign(end.begin(), end.end());
  for (const Source& source : sources_) weights_.push_back(source.weight);
  if (options.quotes != nullptr) quotes_end_ = options.quotes->end(context, options.drawn_bytes);
}

void Chain::start(std::size_t span_bytes) {
  if (!set_out_from_sources(span_bytes)) set_out_from_model(span_bytes);
  best_ = span_;
  best_bits_ = bits_;
}

// Runs of the sources, one after the other, until they make a span that is possible.
bool Chain::set_out_from_sources(std::size_t span_bytes) {
  constexpr int kMostTrials = 16;
  for (int trial = 0; trial < kMostTrials; ++trial) {
    span_.clear();
    while (span_.size() < span_bytes) {
      Source& source = sources_[random_.choose(weights_)];
      const std::size_t size =
          std::min(1 + static_cast<std::size_t>(random_.below(source.longest_run)),
                   span_bytes - span_.size());
      if (source.proposal->draw(place(span_), size, random_, run_)) append(span_, run_);
    }
    if (!well_formed_(context_, remaining_bytes_, span_) || quotes(span_)) continue;
    target_.measure({&span_, 1}, {&bits_, 1});
    if (std::isfinite(bits_)) return true;
  }
  return false;
}

void Chain::set_out_from_model(std::size_t span_bytes) {
  span_.clear();
  Bytes text = context_;
  while (span_.size() < span_bytes) {
    candidates_.allowed(text, remaining_bytes_ - span_.size(), allowed_);
    Bytes alphabet;
    for (std::uint32_t index : allowed_) alphabet.push_back(candidates_[index][0]);
    keep_unquoted(alphabet);
    std::vector<double> bits(alphabet.size());
    const ByteView prefix(span_);
    target_.state().extend({&prefix, 1}, alphabet, bits);
    if (std::ranges::none_of(bits, [](double b) { return std::isfinite(b); })) throw_impossible();
    span_.push_back(alphabet[random_.choose(probabilities(bits))]);
    text.push_back(span_.back());
  }
  target_.measure({&span_, 1}, {&bits_, 1});
  if (!std::isfinite(bits_)) throw_impossible();
}

// Drops the bytes that would make the span a quotation, but not all of them.
void Chain::keep_unquoted(Bytes& alphabet) const {
  if (!quotes_end_) return;
  Bytes span = span_, kept;
  for (const Byte byte : alphabet) {
    span.push_back(byte);
    if (!quotes(span)) kept.push_back(byte);
    span.pop_back();
  }
  if (!kept.empty()) alphabet = kept;
}

void Chain::throw_impossible() const {
  throw Error("the model finds no span possible that the chain could set out from");
}

void Chain::run(std::uint64_t steps, const std::function<bool()>& cancelled) {
  constexpr std::uint64_t kAhead = 8;
  const std::uint64_t end = step_ + steps;
  while (step_ < end) {
    stop_if(cancelled);
    const auto ahead = static_cast<std::size_t>(std::min(kAhead, end - step_));
    moves_.resize(ahead);
    spans_.resize(ahead);
    spans_bits_.resize(ahead);
    for (std::size_t k = 0; k < ahead; ++k) propose(moves_[k], spans_[k]);
    target_.measure(spans_, spans_bits_);
    bool moved = false;
    for (std::size_t k = 0; k < ahead && !moved; ++k) {
      moved = accepts(moves_[k], spans_[k], spans_bits_[k]);
      if (moved) move_to(spans_[k], spans_bits_[k]);
      ++step_;
      if (step_ % options_.thin == 0) trace_.push_back(bits_);
    }
  }
}

// A move that cannot be made leaves the span itself as the candidate.
void Chain::propose(Move& move, Bytes& candidate) {
  Source& source = sources_[random_.choose(weights_)];
  const std::size_t size = run_bytes(source);
  const std::size_t places = span_.size() - size + 1;
  constexpr double kStays = 0.75;
  const auto from = static_cast<std::size_t>(random_.below(places));
  const auto to =
      random_.uniform() < kStays ? from : static_cast<std::size_t>(random_.below(places));
  const ByteView old = ByteView(span_).subspan(from, size);
  rest_.assign(span_.begin(), span_.begin() + static_cast<std::ptrdiff_t>(from));
  append(rest_, ByteView(span_).subspan(from + size));

  const ByteView rest(rest_);
  move = {.log2_odds = 0, .log2_uniform = 0, .possible = false};
  candidate = span_;
  const bool drawn = source.proposal->draw(place(rest.first(to)), size, random_, run_);
  move.log2_uniform = std::log2(random_.uniform());
  if (!drawn) return;
  candidate.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(to));
  append(candidate, run_);
  append(candidate, rest.subspan(to));
  move.possible = candidate != span_ && well_formed_(context_, remaining_bytes_, candidate) &&
                  !quotes(candidate);
  if (!move.possible) {
    candidate = span_;
    return;
  }
  if (temperature() == 0) return;
  move.log2_odds = source.proposal->log2_probability(place(rest.first(to)), run_);
  move.log2_odds = source.proposal->log2_probability(place(rest.first(from)), old) - move.log2_odds;
}

// Its distribution must not depend on the span, but for the span's length.
std::size_t Chain::run_bytes(const Source& source) {
  const std::size_t longest = std::min(source.longest_run, span_.size());
  constexpr double kLonger = 0.6;
  std::size_t limit = 1;  // a power of two, so that short runs are tried more often
  while (limit < longest && random_.uniform() < kLonger) limit *= 2;
  return 1 + static_cast<std::size_t>(random_.below(std::min(limit, longest)));
}

Place Chain::place(ByteView before) {
  before_ = context_;
  append(before_, before);
  return {before_, before.size()};
}

double Chain::temperature() const {
  if (!options_.anneal) return options_.temperature;
  const double share = static_cast<double>(step_) / static_cast<double>(options_.steps);
  return options_.temperature * std::max(0.0, 1 - share);
}

bool Chain::accepts(const Move& move, const Bytes& candidate, double bits) const {
  if (!move.possible || !std::isfinite(bits)) return false;
  const double t = temperature();
  if (t == 0) return bits < bits_ || (bits == bits_ && candidate < span_);
  return move.log2_uniform < (bits_ - bits) / t + move.log2_odds;
}

void Chain::move_to(Bytes& candidate, double bits) {
  span_.swap(candidate);
  bits_ = bits;
  ++accepted_;
  if (bits_ > best_bits_ || (bits_ == best_bits_ && span_ > best_)) return;
  best_ = span_;
  best_bits_ = bits_;
}

namespace {

class Metropolis {
 public:
  static constexpr bool kSearches = true;
  static constexpr bool kJoint = true;

  Metropolis(Drawing& drawing, const SamplerOptions& options)
      : drawing_(drawing),
        options_(options),
        pool_(drawing.request().threads),
        threaded_(pool_.size() > 1 && options.chains > 1) {
    require_single_bytes(drawing.candidates(), "metropolis");
    require_whole_hole(drawing, options.span, "metropolis");
  }

  Step next() {
    const auto begin = std::chrono::steady_clock::now();
    const auto span_bytes = static_cast<std::size_t>(std::min<std::uint64_t>(
        static_cast<std::uint64_t>(options_.span), drawing_.remaining_bytes()));
    run_chains(span_bytes);
    drawn_ = chains_.front()->span();
    double bits = chains_.front()->bits();
    if (options_.anneal) {
      const auto& best = **std::ranges::min_element(chains_, [](const auto& a, const auto& b) {
        return std::pair(a->best_bits(), a->best()) < std::pair(b->best_bits(), b->best());
      });
      drawn_ = best.best();
      bits = best.best_bits();
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    if (quotes_ && quotes_->end(drawing_.text(), drawing_.drawn().size()).completes(drawn_))
      ++drawing_.copy_limit_report().exceeded;
    report(bits, spent.count());
    if (!drawing_.request().suffix.empty()) return Step(drawn_);  // theirs are included
    return {drawn_, {}, bits};
  }

 private:
  std::uint64_t burn_in() const { return static_cast<std::uint64_t>(options_.burn_in); }
  std::uint64_t all_steps() const { return burn_in() + static_cast<std::uint64_t>(options_.steps); }

  // Every chain has random numbers of its own, so that it does not matter which thread runs it.
  void run_chains(std::size_t span_bytes) {
    prepare_sources();
    const std::uint64_t seed = drawing_.random().bits();
    const auto count = static_cast<std::size_t>(options_.chains);
    chains_.clear();
    chains_.resize(count);
    accepted_in_burn_in_.assign(count, 0);
    clones_.clear();
    if (threaded_) clone_states(count);
    const auto run = [&](std::size_t i, unsigned) {
      chains_[i] = make_chain(i, Random(seed, i));
      chains_[i]->start(span_bytes);
      chains_[i]->run(burn_in(), drawing_.request().cancelled);
      accepted_in_burn_in_[i] = chains_[i]->accepted();
      chains_[i]->run(static_cast<std::uint64_t>(options_.steps), drawing_.request().cancelled);
    };
    if (threaded_) return pool_.run(count, run);
    for (std::size_t i = 0; i < count; ++i) run(i, 0);
  }

  void clone_states(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      clones_.push_back({drawing_.state().clone(), nullptr});
      if (drawing_.request().proposal != nullptr)
        clones_.back().proposal = drawing_.request().proposal->clone();
    }
  }

  // The history is indexed once, with what the request began with.
  void prepare_sources() {
    if (options_.max_copy > 0) {
      drawing_.copy_limit_report().is_counted = false;
      if (!quotes_) quotes_.emplace(options_.max_copy);
      quotes_->learn(drawing_.text());
    }
    if (letters_) return;
    letters_.emplace(drawing_.candidates(), drawing_.text());
    if (!drawing_.text().empty()) places_ = std::make_shared<PlaceIndex>(drawing_.text());
  }

  std::vector<Chain::Source> sources(State* proposal) const {
    std::vector<Chain::Source> sources;
    sources.push_back({std::make_unique<LetterRuns>(*letters_), 1, 2});
    if (places_) {
      for (std::size_t key_bytes = 0; key_bytes <= PlaceIndex::kLongestKey; ++key_bytes)
        sources.push_back({std::make_unique<CorpusRuns>(places_, key_bytes, *letters_), 0.5,
                           PlaceIndex::kLongestRun});
    }
    constexpr std::size_t kLongestModelRun = 16;
    if (proposal != nullptr)
      sources.push_back(
          {std::make_unique<ModelRuns>(*proposal, drawing_.candidates()), 4, kLongestModelRun});
    return sources;
  }

  std::unique_ptr<Chain> make_chain(std::size_t i, Random random) {
    const SampleRequest& request = drawing_.request();
    State& state = threaded_ ? *clones_[i].state : drawing_.state();
    State* proposal = threaded_ ? clones_[i].proposal.get() : request.proposal;
    return std::make_unique<Chain>(SpanBits(state, request.suffix, options_.whole_bytes),
                                   sources(proposal), drawing_.candidates(), drawing_.text(),
                                   drawing_.remaining_bytes(), random,
                                   ChainOptions{.temperature = options_.temperature,
                                                .anneal = options_.anneal,
                                                .steps = all_steps(),
                                                .thin = static_cast<std::uint64_t>(options_.thin),
                                                .quotes = quotes_ ? &*quotes_ : nullptr,
                                                .drawn_bytes = drawing_.drawn().size()});
  }

  void report(double bits, double seconds) const {
    if (!drawing_.request().report) return;
    SpanReport report{.size_bytes = drawn_.size(), .bits = bits, .seconds = seconds};
    report.burn_in =
        static_cast<std::size_t>(burn_in() / static_cast<std::uint64_t>(options_.thin));
    report.steps = all_steps() * chains_.size();
    report.proposals = static_cast<std::uint64_t>(options_.steps) * chains_.size();
    for (std::size_t i = 0; i < chains_.size(); ++i) {
      report.chains_bits.push_back(chains_[i]->trace_bits());
      report.accepted += chains_[i]->accepted() - accepted_in_burn_in_[i];
    }
    drawing_.request().report(report);
  }

  struct Clone {
    std::unique_ptr<State> state, proposal;
  };

  Drawing& drawing_;
  SamplerOptions options_;
  ThreadPool pool_;
  bool threaded_;
  std::optional<QuoteIndex> quotes_;
  std::optional<LetterRuns> letters_;
  std::shared_ptr<const PlaceIndex> places_;
  std::vector<Clone> clones_;
  std::vector<std::unique_ptr<Chain>> chains_;
  std::vector<std::uint64_t> accepted_in_burn_in_;
  Bytes drawn_;
};

}  // namespace

SamplerRow metropolis_row() {
  return {.name = "metropolis",
          .summary = "whole spans from the joint distribution, by a Markov chain",
          .options = {"span", "steps", "burn-in", "thin", "chains", "anneal"},
          .make = make_run_sampler<Metropolis>,
          .not_read = filter_names(),
          .joint = true,
          .proposes = true,
          .traces = true};
}

}  // namespace kraft
