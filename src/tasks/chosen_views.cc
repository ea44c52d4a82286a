#include "tasks/chosen_views.h"

#include <algorithm>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft {
namespace {

bool names_view(const Spec& spec) {
  return std::ranges::any_of(spec.values, [](const auto& named) { return named.first == "view"; });
}

// Whether the parameters go with the view: engine=recompress, for one, is the encoder's.
bool is_possible(const std::string& spec) {
  try {
    check_spec(spec);
  } catch (const UsageError&) {
    return false;
  }
  return true;
}

void add_in_views(const std::string& text, ChosenView view, std::vector<std::string>& models) {
  Spec spec = Spec::parse(text);
  const Backend& backend = find_backend(spec.name);
  if (names_view(spec)) throw UsageError("the view of " + printable(text) + " is chosen twice");
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

std::vector<std::pair<std::string, ChosenView>> names_of_views() {
  std::vector<std::pair<std::string, ChosenView>> names;
  for (const ChosenView view :
       {ChosenView::given, ChosenView::encoder, ChosenView::decoder, ChosenView::both})
    names.emplace_back(name_of(view), view);
  return names;
}

std::vector<std::string> in_views(const std::vector<std::string>& models, ChosenView view) {
  if (view == ChosenView::given) return models;
  std::vector<std::string> viewed;
  for (const std::string& text : models) add_in_views(text, view, viewed);
  return viewed;
}

std::vector<std::string> in_views(const std::vector<std::string>& models,
                                  const std::optional<ChosenView>& view) {
  if (view) return in_views(models, *view);
  std::vector<std::string> viewed;
  for (const std::string& text : models) {
    if (names_view(Spec::parse(text))) {
      viewed.push_back(text);
      continue;
    }
    for (const std::string& one : in_views({text}, ChosenView::both)) {
      const bool itself = one == text;
      if (itself || (std::ranges::count(models, one) == 0 && is_possible(one)))
        viewed.push_back(one);
    }
  }
  return viewed;
}

std::string in_view_for_samples(const std::string& model) {
  Spec spec = Spec::parse(model);
  const Backend& backend = find_backend(spec.name);
  if (names_view(spec) || !has_decoder_view(backend) || backend.granularity != Granularity::byte)
    return model;
  spec.values.emplace_back("view", "decoder");
  const std::string viewed = spec.text();
  return is_possible(viewed) ? viewed : model;
}

}  // namespace kraft
