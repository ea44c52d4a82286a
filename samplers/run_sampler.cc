#include "samplers/run_sampler.h"

#include <string>
#include <vector>

#include "base/text.h"
#include "kraft/error.h"

namespace kraft {

void require_single_bytes(const Candidates& candidates, std::string_view sampler) {
  if (!candidates.single_bytes())
    throw UsageError(std::string(sampler) + ": candidates must be single bytes, not strings");
}

void require_bytes_or_units(const Candidates& candidates, std::string_view sampler) {
  if (!candidates.model_units()) require_single_bytes(candidates, sampler);
}

void require_whole_hole(const Drawing& drawing, int span_bytes, std::string_view sampler) {
  if (drawing.request().suffix.empty() ||
      drawing.remaining_bytes() <= static_cast<std::uint64_t>(span_bytes))
    return;
  throw UsageError(std::string(sampler) + ": a hole of " +
                   std::to_string(drawing.remaining_bytes()) +
                   " bytes must be drawn as one span, but span is " + std::to_string(span_bytes));
}

void throw_no_suffix() {
  std::vector<std::string> joint;
  for (const SamplerRow& row : samplers()) {
    if (row.joint) joint.push_back(row.name);
  }
  throw UsageError("this sampler knows nothing of a suffix: " + join(joint, ", ") + " do");
}

}  // namespace kraft
