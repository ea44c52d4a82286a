// What is said of samples and completions: JSON, lines of text, pictures.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kraft/tasks/complete.h"
#include "kraft/tasks/sample.h"
#include "report/trace_plot.h"

namespace kraft {

// One object for each sample; with `echo` also what stands around it.
nlohmann::ordered_json to_json(const SampleTask& task, const SampleResult& result,
                               const Sample& sample, bool echo);

// Lines on a sample. "60 bytes at 2.345 bits each; copies from ..."; empty for an empty sample.
std::string summary_of(const Sample& sample);

// What the limit of quotations came to; empty if there is none.
std::string copy_limit_of(const SampledModel& model, const Sample& sample);

// What samplers that draw spans jointly tell of all spans together, the worst of each: whether they
// have converged. Empty if there is nothing to say.
std::string diagnostics_of(const SampledModel& model, const Sample& sample);

// Appends a trace for each span that has chains.
void add_traces(std::vector<Trace>& traces, const SampledModel& model, const Sample& sample);

nlohmann::ordered_json to_json(const ImageCompletionTask& task, const ImageCompletionResult& result,
                               const ImageCompletion& completion);
nlohmann::ordered_json to_json(const AudioCompletionTask& task, const AudioCompletionResult& result,
                               const AudioCompletion& completion);

// Empty where nothing was drawn.
std::string summary_of(const ImageCompletionResult& result, const ImageCompletion& completion);
std::string summary_of(const AudioCompletionResult& result, const AudioCompletion& completion);

// The original, the context and every completion; a row for each sample of the models.
Image panel_of(const ImageCompletionTask& task, const ImageCompletionResult& result);
// Spectrograms, one below the other.
Image panel_of(const AudioCompletionTask& task, const AudioCompletionResult& result);

}  // namespace kraft
