#include "registry/model_files.h"

#include <algorithm>

#include "kraft/error.h"
#include "kraft/registry.h"
#include "registry/model_list.h"

namespace kraft {
namespace {

constexpr int kDeepest = 8;  // of models within models; deeper ones are refused elsewhere

void add_files(const std::string& text, int depth, std::vector<std::string>& files) {
  const Backend* backend = backend_of(text);
  if (backend == nullptr || !backend->argument || depth > kDeepest) return;
  const Parameter& argument = *backend->argument;
  const Spec spec = Spec::parse(text);
  if (!spec.argument) return;
  if (argument.kind == Parameter::Kind::models) {
    for (const ListedModel& part : parse_model_list(*backend, *spec.argument))
      add_files(part.spec, depth + 1, files);
  } else if (names_model(*backend)) {
    add_files(*spec.argument, depth + 1, files);
  } else if (argument.kind == Parameter::Kind::text && argument.name == "file" &&
             std::ranges::find(argument.choices, *spec.argument) == argument.choices.end()) {
    files.push_back(*spec.argument);
  }
}

}  // namespace

std::vector<std::string> model_files(const std::string& spec) {
  std::vector<std::string> files;
  try {
    add_files(spec, 0, files);
  } catch (const UsageError&) {  // whoever makes the model says what is wrong with it
  }
  return files;
}

}  // namespace kraft
