#include "tasks/drawing.h"

#include <algorithm>

#include "base/text.h"
#include "kraft/candidates.h"
#include "tasks/models.h"

namespace kraft {

TaskModels models_of(const DrawingTask& task, const Geometry& geometry, const Receiver& receiver) {
  TaskModels all{task.models, {}};
  for (const std::string& spec : task.models)
    all.models.push_back(make_model(spec, geometry, task.threads, receiver));
  for (const auto& model : task.made_models) {
    all.names.push_back(model->spec());
    all.models.push_back(model);
  }
  return all;
}

std::shared_ptr<const Model> proposal_of(const DrawingTask& task, const Geometry& geometry,
                                         const Receiver& receiver) {
  if (task.proposal.empty()) return nullptr;
  return make_model(task.proposal, geometry, task.threads, receiver);
}

void check_specs(const DrawingTask& task) {
  check_models(task.models);
  if (!task.proposal.empty()) check_models({task.proposal});
}

SamplerQuestion question_of(const DrawingTask& task) {
  SamplerQuestion question{.sampler = task.sampler.value_or(kAutoSampler),
                           .options = task.sampling.over({})};
  question.is_set = [&sampling = task.sampling](std::string_view name) {
    const auto options = sampler_options();
    const auto row = std::ranges::find(options, name, &SamplerOption::name);
    return row != options.end() && sampling.value(row->field).has_value();
  };
  return question;
}

std::vector<std::string> alphabet_choices() {
  std::vector<std::string> choices = Candidates::names();
  choices.insert(choices.begin(), kAutoAlphabet);
  return choices;
}

std::string alphabet_of(const DrawingTask& task) { return task.alphabet.value_or(kAutoAlphabet); }

const SamplerRow& sampler_row(const std::string& name) {
  kraft::make_sampler(name, {});  // throws for an unknown name
  return *std::ranges::find(samplers(), name, &SamplerRow::name);
}

void refuse_unread(const DrawingTask& task, const SamplerRow& row) {
  for (const SamplerOption& option : sampler_options()) {
    if (row.reads(option) || !task.sampling.value(option.field)) continue;
    std::vector<std::string> readers;
    for (const SamplerRow& reader : samplers()) {
      if (reader.reads(option)) readers.push_back(reader.name);
    }
    throw OptionError({"", option.name, " has no meaning for ", "sampler",
                       " " + row.name + "; it is an option of " + join(readers, ", ")});
  }
}

ByteView shortened_suffix(const DrawingTask& task, ByteView suffix) {
  const auto most = static_cast<std::uint64_t>(task.suffix_first.value_or(kSuffixFirst));
  return most == 0 ? suffix : suffix.first(std::min<std::uint64_t>(most, suffix.size()));
}

}  // namespace kraft
