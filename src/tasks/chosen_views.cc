#include "tasks/chosen_views.h"

#include <algorithm>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft {
namespace {

void add_in_views(const std::string& text, ChosenView view, std::vector<std::string>& models) {
  Spec spec = Spec::parse(text);
  const Backend& backend = find_backend(spec.name);
  const auto is_view = [](const auto& named) { return named.first == "view"; };
  if (std::ranges::any_of(spec.values, is_view))
    throw UsageError("the view of " + printable(text) + " is chosen twice");
  const bool has_decoder = has_decoder_view(backend);
  if (!has_decoder && view == ChosenView::decoder)
    throw UsageError(backend.name + " has no decoder's view");
  if (view != ChosenView::decoder) models.push_back(text);
  if (has_decoder && view != ChosenView::encoder) {
    spec.values.emplace_back("view", "decoder");
    models.push_back(spec.text());
  }
}

}  // namespace

std::vector<std::string> in_views(const std::vector<std::string>& models, ChosenView view) {
  if (view == ChosenView::given) return models;
  std::vector<std::string> viewed;
  for (const std::string& text : models) add_in_views(text, view, viewed);
  return viewed;
}

}  // namespace kraft
