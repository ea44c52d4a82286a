#include "kraft/views.h"

#include <algorithm>

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
  return std::ranges::none_of(Spec::parse(spec).values, is_decoder);
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
