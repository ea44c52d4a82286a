// A sampler is a class that decides the next bytes, and a row that names it:
//
//     class Coin {
//      public:
//       static constexpr bool kSearches = false;
//       Coin(Drawing& drawing, const SamplerOptions& options);
//       Step next();                            // from drawing.extend(), measure() and choose()
//     };
//     SamplerRow coin_row() { return {"coin", "...", {}, make_run_sampler<Coin>}; }
//
// and one line in registry.h. Everything else is done by the Drawing.
#pragma once

#include <memory>
#include <string_view>

#include "kraft/sampler.h"
#include "samplers/drawing.h"

namespace kraft {

[[noreturn]] void throw_no_suffix();  // UsageError

// Throws UsageError when a hole is longer than a span: spans but the last would not see its end.
void require_whole_hole(const Drawing& drawing, int span_bytes, std::string_view sampler);

// Throw UsageError: "beam: candidates must be single bytes".
void require_single_bytes(const Candidates& candidates, std::string_view sampler);
void require_bytes_or_units(const Candidates& candidates, std::string_view sampler);

template <class Run>
class RunSampler final : public Sampler {
 public:
  explicit RunSampler(const SamplerOptions& options) : options_(options) {}

  void sample(State& state, const Candidates& candidates, const SampleRequest& request,
              Random& random, const Sink& sink) const override {
    constexpr bool kJoint = requires { Run::kJoint; };
    if (!kJoint && !request.suffix.empty()) throw_no_suffix();
    Drawing drawing(state, candidates, request, options_, Run::kSearches, random, sink);
    Run run(drawing, options_);
    drawing.run([&] { return run.next(); });
  }

 private:
  SamplerOptions options_;
};

template <class Run>
std::unique_ptr<Sampler> make_run_sampler(const SamplerOptions& options) {
  return std::make_unique<RunSampler<Run>>(options);
}

}  // namespace kraft
