// smc: whole spans from the joint distribution that a code length really defines,
//
//     pi(s) proportional to 2^-((l(x s y) - l(x)) / T)     over all s of `span` bytes,
//
// by sequential Monte Carlo: `particles` partial spans grow by a byte at a time. A particle p takes
// byte b with probability proportional to 2^-(increment / T), and its weight is multiplied by what
// that must be divided by to be a probability,
//
//     q(b | p) = 2^-((l(x p b) - l(x p)) / T) / Z(p),      w <- w Z(p),
//
// so that weighted spans of any length have the distribution of that length; at the end of a hole
// the weights take in what follows it, y. Where the effective sample size (sum w)^2 / sum w^2 falls
// below half of the particles, they are drawn anew in proportion to their weights, by systematic
// resampling: light ones die and heavy ones branch. One of the last ones is drawn by its weight.
// The limit of many particles is exact. Gordon, Salmond and Smith, "Novel approach to
// nonlinear/non-Gaussian Bayesian state estimation", IEE Proceedings F 140(2), 1993; Doucet and
// Johansen, "A Tutorial on Particle Filtering and Smoothing", 2009.
//
// Every byte costs a distribution over the alphabet for each particle, all in one question, in
// which particles that share a beginning share its cost. At T = 0 all particles take the cheapest
// byte.
//
// Another model can propose the bytes instead (SampleRequest::proposal), with its own bits m at the
// same temperature: then
//
//     q(b | p) = 2^-((m(x p b) - m(x p)) / T) / Z(p)
//     w <- w 2^-((l(x p b) - l(x p)) / T) / q(b | p)
//
// has the same limit, as long as every byte that the model finds possible can be proposed, and asks
// the model for one length a particle instead of a distribution.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "kraft/error.h"
#include "samplers/filters.h"
#include "samplers/frontier.h"
#include "samplers/registry.h"
#include "samplers/run_sampler.h"

namespace kraft {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

class SequentialMonteCarlo {
 public:
  static constexpr bool kSearches = true;
  static constexpr bool kJoint = true;

  SequentialMonteCarlo(Drawing& drawing, const SamplerOptions& options)
      : drawing_(drawing),
        proposal_(drawing.request().proposal),
        frontier_(drawing, options, proposal_),
        span_bytes_(static_cast<std::size_t>(options.span)),
        particles_(static_cast<std::size_t>(options.particles)),
        temperature_(options.temperature) {
    require_single_bytes(drawing.candidates(), "smc");
    require_whole_hole(drawing, options.span, "smc");
    if (proposal_ != nullptr && temperature_ == 0)
      throw UsageError(
          "smc: at temperature 0 the model's cheapest byte is taken: no other model can "
          "propose it");
  }

  Step next() {
    const auto begin = std::chrono::steady_clock::now();
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(span_bytes_, drawing_.remaining_bytes()));
    report_ = {.size_bytes = size};
    frontier_.reset();
    bits_.assign(1, 0.0);
    log2_weights_.assign(1, 0.0);
    while (frontier_.depth() < size) {
      drawing_.stop_if_cancelled();
      if (frontier_.depth() > 0) resample_if_needed();
      extend();
      report_.effective_particles.push_back(effective_particles());
    }
    take_in_suffix();
    const std::size_t chosen = drawing_.random().choose(weights());
    const ByteView span = frontier_[chosen];
    drawn_.assign(span.begin(), span.end());
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    report_.seconds = spent.count();
    report_.bits = bits_[chosen] + suffix_bits_[chosen];
    report_.log2_sum += log2_mean_weight();
    if (drawing_.request().report) drawing_.request().report(report_);
    return {drawn_, {}, bits_[chosen]};
  }

 private:
  // Every particle by a byte; in the first step one empty span becomes all particles.
  void extend() {
    const std::vector<Extension>& extensions = frontier_.expand();
    frontier_.count_limit(temperature_);
    const std::size_t parents = frontier_.size();
    const std::size_t children = frontier_.depth() == 0 ? particles_ : 1;  // of each
    kept_.clear();
    kept_from_.clear();
    next_log2_weights_.clear();
    auto begin = extensions.begin();
    for (std::size_t parent = 0; parent < parents; ++parent) {
      const auto end = std::find_if(begin, extensions.end(), [&](const Extension& extension) {
        return frontier_.parent(extension) != parent;
      });
      if (begin != end) grow({begin, end}, parent, children);
      begin = end;
    }
    if (kept_.empty()) drawing_.throw_impossible();
    frontier_.keep(kept_);
    next_bits_.assign(frontier_.bits().begin(), frontier_.bits().end());
    if (proposal_ != nullptr) weigh_proposed();
    if (std::ranges::max(next_log2_weights_) == -kInfinity) drawing_.throw_impossible();
    bits_.swap(next_bits_);
    log2_weights_.swap(next_log2_weights_);
  }

  // The weights take in what the model itself thinks of the bytes that another one proposed.
  void weigh_proposed() {
    measure_with({}, next_bits_);
    for (std::size_t i = 0; i < next_bits_.size(); ++i) {
      const double added_bits = next_bits_[i] - bits_[kept_from_[i]];
      double& log2_weight = next_log2_weights_[i];
      log2_weight =
          std::isfinite(added_bits) ? log2_weight - added_bits / temperature_ : -kInfinity;
    }
  }

  // Lets one particle take bytes; a dead one, which no byte can follow, is not kept.
  void grow(std::span<const Extension> extensions, std::size_t parent, std::size_t children) {
    const double parent_bits = frontier_.bits()[parent];
    double least = kInfinity;
    for (const Extension& extension : extensions) least = std::min(least, extension.bits);
    probabilities_.clear();
    double sum = 0;
    for (const Extension& extension : extensions) {
      const double excess = extension.bits - least;
      const double share =
          temperature_ > 0 ? std::exp2(-excess / temperature_) : (excess == 0 ? 1 : 0);
      // Of equals the lowest, as everywhere at temperature 0.
      probabilities_.push_back(temperature_ == 0 && sum > 0 ? 0 : share);
      sum += probabilities_.back();
    }
    const double log2_z =
        temperature_ > 0 ? std::log2(sum) - (least - parent_bits) / temperature_ : 0;
    for (std::size_t child = 0; child < children; ++child) {
      const Extension& chosen = extensions[drawing_.random().choose(probabilities_)];
      kept_.push_back(chosen);
      kept_from_.push_back(parent);
      // Z(p), and 1 / q(b | p) where the model itself has not been asked yet.
      const double log2_factor =
          proposal_ == nullptr ? log2_z : log2_z + (chosen.bits - parent_bits) / temperature_;
      next_log2_weights_.push_back(log2_weights_[parent] + log2_factor);
    }
  }

  // Relative to the heaviest.
  std::vector<double> weights() const {
    const double most = std::ranges::max(log2_weights_);
    std::vector<double> weights;
    for (double w : log2_weights_) weights.push_back(std::exp2(w - most));
    return weights;
  }

  double effective_particles() const {
    double sum = 0, squares = 0;
    for (double w : weights()) {
      sum += w;
      squares += w * w;
    }
    return sum * sum / squares;
  }

  // Dead particles count as particles of weight 0.
  double log2_mean_weight() const {
    const std::vector<double> w = weights();
    const double sum = std::accumulate(w.begin(), w.end(), 0.0);
    return std::ranges::max(log2_weights_) + std::log2(sum / static_cast<double>(particles_));
  }

  // Systematic: one uniform number places a comb of `particles_` teeth on the cumulated weights.
  void resample_if_needed() {
    if (effective_particles() >= 0.5 * static_cast<double>(particles_)) return;
    const std::vector<double> w = weights();
    const double step = std::accumulate(w.begin(), w.end(), 0.0) / static_cast<double>(particles_);
    report_.log2_sum += log2_mean_weight();
    ++report_.resamplings;
    kept_.clear();
    double tooth = drawing_.random().uniform() * step, cumulated = 0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (w[i] > 0) last = i;
      cumulated += w[i];
      for (; tooth < cumulated && kept_.size() < particles_; tooth += step)
        kept_.push_back({frontier_.bits()[i], static_cast<std::uint32_t>(i)});
    }
    while (kept_.size() < particles_)  // teeth that rounding put behind the end
      kept_.push_back({frontier_.bits()[last], static_cast<std::uint32_t>(last)});
    next_bits_.clear();
    for (const Extension& particle : kept_) next_bits_.push_back(bits_[particle.order]);
    bits_.swap(next_bits_);
    frontier_.select(kept_);
    log2_weights_.assign(particles_, 0.0);
  }

  void take_in_suffix() {
    suffix_bits_.assign(frontier_.size(), 0.0);
    const ByteView suffix = drawing_.request().suffix;
    if (suffix.empty()) return;
    measure_with(suffix, suffix_bits_);
    for (std::size_t i = 0; i < suffix_bits_.size(); ++i) {
      if (log2_weights_[i] == -kInfinity) continue;
      suffix_bits_[i] -= bits_[i];
      if (temperature_ > 0) log2_weights_[i] -= suffix_bits_[i] / temperature_;
    }
    if (std::ranges::max(log2_weights_) == -kInfinity) drawing_.throw_impossible();
    report_.effective_particles.push_back(effective_particles());
  }

  // The model's bits of each particle and what follows it.
  void measure_with(ByteView suffix, std::span<double> bits) {
    std::vector<Bytes> strings(frontier_.size());
    std::vector<ByteView> views;
    for (std::size_t i = 0; i < strings.size(); ++i) {
      strings[i].assign(frontier_[i].begin(), frontier_[i].end());
      append(strings[i], suffix);
      views.emplace_back(strings[i]);
    }
    drawing_.measure(views, bits);
    for (double b : bits) {
      if (std::isnan(b) || b == -kInfinity)
        throw Error("the model's code length is not a number of bits");
    }
  }

  Drawing& drawing_;
  State* proposal_;
  Frontier frontier_;
  std::size_t span_bytes_;
  std::size_t particles_;
  double temperature_;

  // Of each continuation of the frontier. Its own bits are those of the model that proposes.
  std::vector<double> bits_, next_bits_;
  std::vector<double> log2_weights_, next_log2_weights_;
  std::vector<Extension> kept_;
  std::vector<std::size_t> kept_from_;  // the particle that each of them extends
  std::vector<double> probabilities_;
  std::vector<double> suffix_bits_;
  SpanReport report_;
  Bytes drawn_;
};

}  // namespace

SamplerRow smc_row() {
  return {.name = "smc",
          .summary = "whole spans from the joint distribution, by sequential Monte Carlo",
          .options = {"span", "particles"},
          .make = make_run_sampler<SequentialMonteCarlo>,
          .not_read = filter_names(),
          .joint = true,
          .proposes = true};
}

}  // namespace kraft
