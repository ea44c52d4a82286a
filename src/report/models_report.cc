// The models that there are, as a table, as text and as JSON.

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "kraft/registry.h"
#include "kraft/report.h"
#include "kraft/views.h"
#include "report/table.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

std::string engine_of(const Backend& backend) {
  if (backend.engine) return backend.engine();
  return backend.make_model ? "own" : "recompress";
}

// The steps that code lengths come in, in each view of a codec.
constexpr Granularity kDecoderGranularity = Granularity::fractional;

std::string granularity_of(const Backend& backend) {
  std::string own = name_of(backend.granularity);
  if (!has_decoder_view(backend)) return own;
  return own + " (decoder: " + name_of(kDecoderGranularity) + ")";
}

Json views_json(const Backend& backend) {
  if (!backend.make_codec) return nullptr;
  Json views = {{"encoder", name_of(backend.granularity)}};
  if (has_decoder_view(backend)) views["decoder"] = name_of(kDecoderGranularity);
  return views;
}

Json to_json(const Parameter& parameter) {
  Json json = {{"name", parameter.name}, {"range", parameter.range()}};
  json["default"] = parameter.initial.empty() ? Json(nullptr) : Json(parameter.initial);
  json["meaning"] = parameter.meaning;
  return json;
}

Json to_json(const Backend& backend) {
  Json json = {{"name", backend.name}, {"aliases", backend.aliases}, {"summary", backend.summary}};
  json["argument"] = backend.argument ? to_json(*backend.argument) : Json(nullptr);
  json["parameters"] = Json::array();
  for (const Parameter& parameter : backend.parameters)
    json["parameters"].push_back(to_json(parameter));
  json["granularity"] = name_of(backend.granularity);
  json["views"] = views_json(backend);
  json["window"] = backend.window;
  json["library"] = backend.library();
  json["engine"] = engine_of(backend);
  json["compresses"] = static_cast<bool>(backend.make_codec);
  return json;
}

std::string argument_text(const Backend& backend) {
  if (!backend.argument) return "-";
  const Parameter& argument = *backend.argument;
  if (argument.kind == Parameter::Kind::text) return argument.name;
  if (argument.kind == Parameter::Kind::models) return argument.range();
  return argument.name + " " + argument.range();
}

std::string description(const Backend& backend) {
  std::string text = backend.name + ": " + backend.summary + "\n";
  text += "library " + backend.library() + ", granularity " + granularity_of(backend) +
          ", window " + backend.window + ", engine " + engine_of(backend) + "\n\n";
  Table table({"parameter", "range", "default", "meaning"});
  const auto add = [&](const Parameter& parameter, const std::string& written) {
    table.add({written, parameter.range(), parameter.initial.empty() ? "-" : parameter.initial,
               parameter.meaning});
  };
  if (backend.argument) add(*backend.argument, backend.name + ":" + backend.argument->name);
  for (const Parameter& parameter : backend.parameters) add(parameter, parameter.name + "=");
  return text + table.text();
}

std::vector<const Backend*> chosen(const std::vector<std::string>& names) {
  std::vector<const Backend*> rows;
  for (const std::string& name : names) rows.push_back(&find_backend(name));
  if (names.empty()) {
    for (const Backend& backend : backends()) rows.push_back(&backend);
  }
  return rows;
}

}  // namespace

std::string models_table() {
  Table table({"model", "argument", "default", "granularity", "window", "engine", "library"});
  for (const Backend& backend : backends()) {
    std::string name = backend.name;
    if (!backend.aliases.empty()) name += " (" + join(backend.aliases, ", ") + ")";
    table.add(
        {name, argument_text(backend),
         backend.argument && !backend.argument->initial.empty() ? backend.argument->initial : "-",
         granularity_of(backend), backend.window, engine_of(backend), backend.library()});
  }
  return table.text();
}

std::string models_text(const std::vector<std::string>& names) {
  std::vector<std::string> descriptions;
  for (const Backend* backend : chosen(names)) descriptions.push_back(description(*backend));
  return join(descriptions, "\n");
}

std::string models_json(const std::vector<std::string>& names) {
  Json json = Json::array();
  for (const Backend* backend : chosen(names)) json.push_back(to_json(*backend));
  return json.dump(2) + "\n";
}

}  // namespace kraft
