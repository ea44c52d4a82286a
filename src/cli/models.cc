// kraft models: what there is.

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "kraft/registry.h"
#include "report/table.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string engine_of(const Backend& backend) {
  if (backend.engine) return backend.engine();
  return backend.make_model ? "own" : "recompress";
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

std::string overview() {
  Table table({"model", "argument", "default", "granularity", "window", "engine", "library"});
  for (const Backend& backend : backends()) {
    std::string name = backend.name;
    if (!backend.aliases.empty()) name += " (" + join(backend.aliases, ", ") + ")";
    table.add(
        {name, argument_text(backend),
         backend.argument && !backend.argument->initial.empty() ? backend.argument->initial : "-",
         name_of(backend.granularity), backend.window, engine_of(backend), backend.library()});
  }
  return table.text() + "\n`kraft models NAME` shows a model's parameters.\n";
}

std::string description(const Backend& backend) {
  std::string text = backend.name + ": " + backend.summary + "\n";
  text += "library " + backend.library() + ", granularity " + name_of(backend.granularity) +
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

struct Options {
  std::vector<std::string> names;
  bool json = false;
};

const OptionTable<Options>& options() {
  static const auto table = [] {
    OptionTable<Options> rows;
    rows.flag("json", &Options::json, {.meaning = "print JSON"});
    rows.list("name", &Options::names, {.value_name = "NAME", .meaning = "models to describe"});
    return rows;
  }();
  return table;
}

int run(const Options& options) {
  std::vector<const Backend*> chosen;
  for (const std::string& name : options.names) chosen.push_back(&find_backend(name));
  if (chosen.empty()) {
    for (const Backend& backend : backends()) chosen.push_back(&backend);
  }
  if (options.json) {
    Json json = Json::array();
    for (const Backend* backend : chosen) json.push_back(to_json(*backend));
    write_out(json.dump(2) + "\n");
  } else if (options.names.empty()) {
    write_out(overview());
  } else {
    std::vector<std::string> descriptions;
    for (const Backend* backend : chosen) descriptions.push_back(description(*backend));
    write_out(join(descriptions, "\n"));
  }
  return 0;
}

}  // namespace

Command models_command() {
  Command command;
  command.name = "models";
  command.synopsis = "[NAME...] [--json]";
  command.summary = "list the models, or describe some of them";
  command.details =
      "A model is specified as name[:argument][,key=value...], on every command and in the "
      "library.";
  command.examples = {"kraft models", "kraft models zstd", "kraft models --json"};
  command.positional = "name";
  serve(command, options(), run);
  return command;
}

}  // namespace kraft::cli
