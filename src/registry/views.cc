#include "kraft/views.h"

#include <algorithm>

#include "registry/model_list.h"

namespace kraft {

bool has_decoder_view(const Backend& backend) {
  return std::ranges::any_of(backend.parameters, [](const Parameter& parameter) {
    return parameter.name == "view" && std::ranges::count(parameter.choices, "decoder") > 0;
  });
}

bool measures_codec(std::string_view spec) {
  const Backend* const backend = backend_of(spec);
  if (backend == nullptr || !backend->make_codec) return false;
  const auto is_decoder = [](const auto& given) {
    return given.first == "view" && given.second == "decoder";
  };
  const Spec parsed = Spec::parse(spec);
  if (std::ranges::any_of(parsed.values, is_decoder)) return false;
  // Made of another model, it is as much of a codec as that.
  return !names_model(*backend) ||
         measures_codec(parsed.argument.value_or(backend->argument->initial));
}

std::string name_of(ChosenView view) {
  switch (view) {
    case ChosenView::given:
      return "given";
    case ChosenView::encoder:
      return "encoder";
    case ChosenView::decoder:
      return "decoder";
    case ChosenView::both:
      return "both";
  }
  return {};
}

}  // namespace kraft
