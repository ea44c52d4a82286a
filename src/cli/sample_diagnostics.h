// What kraft sample tells of samplers that draw spans jointly: whether they have converged.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kraft/model.h"
#include "kraft/sampler.h"
#include "report/trace_plot.h"

namespace kraft::cli {

// One object for each span.
nlohmann::ordered_json diagnostics_json(const std::vector<SpanReport>& spans,
                                        const SamplerOptions& sampling);

// One line on all spans together, the worst of each; empty if there is nothing to say.
std::string diagnostics_text(const std::vector<SpanReport>& spans, const SamplerOptions& sampling);

// Appends a trace for each span that has chains.
void add_traces(std::vector<Trace>& traces, const Model& model, int index,
                const std::vector<SpanReport>& spans, const SamplerOptions& sampling);

}  // namespace kraft::cli
