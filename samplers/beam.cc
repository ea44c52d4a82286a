// beam: plans `horizon` bytes ahead, commits the first `commit` bytes of the plan (0: all), plans
// again. (Where the candidates are tokens of a language model, read tokens for bytes.) Beam search
// goes back to Lowerre, "The Harpy Speech Recognition System", 1976; as a way to write text with a
// compressor it is that of the program gzipt (Nathan Barry, "Is gzip a language model?",
// nathan.rs/posts/gzip-lm).
//
// Each step extends every partial plan by every byte of the alphabet, in this order of generation,
// and keeps the `beam_width` extensions of least bits, best first, equal ones in the order of their
// generation. At the horizon the filters choose between the plans that are left, as between units:
// temperature 0 commits the best one, temperature T > 0 draws one in proportion to 2^-(bits / T),
// top-k keeps the k best, and so on. Repetition control applies to every byte of every plan
// instead.
//
// Plans are `horizon` bytes long even where fewer are still to be drawn. A plan that no byte can
// follow ends the search early; the plans have the same length in any case.
#include <algorithm>

#include "kraft/error.h"
#include "kraft/option_error.h"
#include "samplers/frontier.h"
#include "samplers/registry.h"
#include "samplers/run_sampler.h"

namespace kraft {
namespace {

class Beam {
 public:
  static constexpr bool kSearches = true;

  Beam(Drawing& drawing, const SamplerOptions& options)
      : drawing_(drawing),
        frontier_(drawing, options),
        horizon_(static_cast<std::size_t>(options.horizon)),
        width_(static_cast<std::size_t>(options.beam_width)),
        temperature_(options.temperature),
        commit_(static_cast<std::size_t>(options.commit == 0 ? options.horizon : options.commit)) {
    require_bytes_or_units(drawing.candidates(), "beam");
  }

  Step next() {
    frontier_.reset();
    while (frontier_.depth() < horizon_) {
      std::vector<Extension>& extensions = frontier_.expand();
      if (frontier_.depth() == 0) frontier_.count_limit(temperature_);
      if (extensions.empty()) break;
      keep_best(extensions, width_);
      frontier_.keep(extensions);
    }
    if (frontier_.depth() == 0) drawing_.throw_impossible();

    plans_.clear();
    for (std::size_t i = 0; i < frontier_.size(); ++i) plans_.push_back(frontier_[i]);
    return frontier_.first(drawing_.choose(plans_, frontier_.bits()), commit_);
  }

 private:
  Drawing& drawing_;
  Frontier frontier_;
  std::size_t horizon_;
  std::size_t width_;
  double temperature_;
  std::size_t commit_;
  std::vector<ByteView> plans_;
};

}  // namespace

SamplerRow beam_row() {
  return {
      "beam",
      "the cheapest of many plans, several bytes ahead",
      {"horizon", "beam-width", "commit"},
      [](const SamplerOptions& options) {
        if (options.commit > options.horizon)
          throw OptionError({"", "commit", " " + std::to_string(options.commit) + " is more than ",
                             "horizon", " " + std::to_string(options.horizon)});
        return make_run_sampler<Beam>(options);
      }};
}

}  // namespace kraft
