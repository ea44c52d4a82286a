#include "serve/shelf.h"

#include <algorithm>

#include "base/text.h"
#include "kraft/container.h"
#include "kraft/registry.h"
#include "kraft/views.h"
#include "serve/failure.h"
#include "serve/work.h"
#include "tasks/chosen_views.h"

namespace kraft::serve {
namespace {

constexpr std::size_t kMostOthers = 32;

Failure unknown(const std::string& asked, const std::vector<std::string>& names) {
  return Failure::not_found(
      "there is no model '" + printable(asked) + "' here; there are " + join(names, ", "),
      "model_not_found", "model");
}

std::vector<std::string> views_of(const std::string& name) {
  const Backend* backend = backend_of(name);
  if (backend == nullptr || !backend->make_codec) return {};
  const Spec spec = Spec::parse(name);
  for (const auto& [key, value] : spec.values) {
    if (key == "view") return {value};
  }
  if (has_decoder_view(*backend)) return {"encoder", "decoder"};
  return {"encoder"};
}

}  // namespace

std::vector<std::string> default_models() {
  return {"gzip:9", "zstd:19", "xz:6", "brotli:11", "bzip3",
          "png",    "ngram:5", "ppmd", "cm",        "bytelm"};
}

Shelf::Shelf(Settings settings) : settings_(std::move(settings)) {
  if (settings_.models.empty()) settings_.models = default_models();
  for (const std::string& asked : settings_.models) {
    const std::shared_ptr<const Model> model = make(asked);
    const std::string name = check_spec(asked);
    known_[asked] = known_[name] = known_[model->spec()] = name;
    if (std::ranges::find(names_, name) != names_.end()) continue;
    names_.push_back(name);
    models_[name] = model;
    const std::vector<std::string> views = views_of(name);
    if (std::ranges::find(views, "decoder") == views.end() || views.size() < 2) continue;
    for (const std::string& called : {asked, name}) {
      const std::string decoder = in_views({called}, ChosenView::decoder).front();
      known_[decoder] = known_[check_spec(decoder)] = check_spec(decoder);
    }
  }
}

std::string Shelf::allowed(const std::string& asked) const {
  if (const auto known = known_.find(asked); known != known_.end()) return known->second;
  std::string name, why;
  try {
    why = objection_to(asked);  // before anything looks for a file
    if (why.empty()) name = check_spec(asked);
  } catch (const UsageError& error) {
    why = error.what();
  }
  if (const auto known = known_.find(name); known != known_.end()) return known->second;
  if (!settings_.any_codec) throw unknown(asked, names_);
  if (why.empty()) return name;
  throw Failure::not_found("the model '" + printable(asked) + "' is refused: " + why,
                           "model_not_found", "model");
}

std::string Shelf::own(const std::string& asked) const {
  const auto known = known_.find(asked);
  if (known == known_.end() || std::ranges::find(names_, known->second) == names_.end())
    throw unknown(asked, names_);
  return known->second;
}

std::shared_ptr<const Model> Shelf::make(const std::string& spec) const {
  return make_model(spec, {.threads = settings_.threads, .cancelled = Work::current_is_cancelled});
}

std::shared_ptr<const Model> Shelf::model(const std::string& asked) {
  const std::string name = allowed(asked);
  const std::lock_guard lock(mutex_);
  const bool own = known_.contains(name);
  if (!own) std::erase(others_, name);
  auto& model = models_[name];
  if (!model) {
    try {
      model = make(name);
    } catch (...) {
      models_.erase(name);
      throw;
    }
  }
  if (!own) {
    others_.push_front(name);
    if (others_.size() > kMostOthers) {
      models_.erase(others_.back());
      others_.pop_back();
    }
  }
  return models_[name];
}

Json Shelf::json(const std::string& name, std::int64_t created) const {
  const std::shared_ptr<const Model> shared = [&] {
    const std::lock_guard lock(mutex_);
    return models_.at(name);
  }();
  const Model& model = *shared;
  const Backend* backend = backend_of(name);
  const auto window = model.window_bytes();
  const bool tokens =
      std::ranges::any_of(model.units(), [](const Bytes& unit) { return unit.size() > 1; });
  return {{"id", name},
          {"object", "model"},
          {"created", created},
          {"owned_by", "kraft"},
          {"kraft",
           {{"name", backend == nullptr ? name : backend->name},
            {"summary", backend == nullptr ? "" : backend->summary},
            {"views", views_of(name)},
            {"granularity", name_of(model.granularity())},
            {"window_bytes", window ? Json(*window) : Json(nullptr)},
            {"units", tokens ? "tokens" : "bytes"},
            {"unit_count", tokens ? model.units().size() : 256},
            {"parameters", model.parameters()},
            {"compresses", backend != nullptr && backend->make_codec != nullptr}}}};
}

}  // namespace kraft::serve
