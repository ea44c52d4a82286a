// What the tasks that draw share: how their requests are read. Private to this folder.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kraft/sampler_choice.h"
#include "kraft/tasks/sample.h"

namespace kraft {

// The models of a task, specified ones first, with the names that they were given.
struct TaskModels {
  std::vector<std::string> names;
  std::vector<std::shared_ptr<const Model>> models;
};
TaskModels models_of(const DrawingTask& task, const Geometry& geometry, const Receiver& receiver);

// Null when the task has none.
std::shared_ptr<const Model> proposal_of(const DrawingTask& task, const Geometry& geometry,
                                         const Receiver& receiver);

// Throws UsageError for a specification that is none.
void check_specs(const DrawingTask& task);

// The task's options of samplers, and which of them are set.
SamplerQuestion question_of(const DrawingTask& task);

// Throws UsageError for an unknown name.
const SamplerRow& sampler_row(const std::string& name);

// Throws OptionError for an option that the sampler does not read, also at its initial value.
void refuse_unread(const DrawingTask& task, const SamplerRow& row);

template <class Row>
std::vector<std::string> names_of(std::span<const Row> rows) {
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(row.name);
  return names;
}

std::vector<std::string> alphabet_choices();  // kAutoAlphabet, and those Candidates::parse() knows
std::string alphabet_of(const DrawingTask& task);  // or kAutoAlphabet

// What of it a sampler is to see.
ByteView shortened_suffix(const DrawingTask& task, ByteView suffix);

}  // namespace kraft
