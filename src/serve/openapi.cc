// The OpenAPI document (version 3.0.3), made of the routes and the tables of options.

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "serve/routes.h"
#include "version.h"

namespace kraft::serve {
namespace {

Json ref(const char* name) { return {{"$ref", std::string("#/components/schemas/") + name}}; }

Json of_type(const char* type) { return {{"type", type}}; }

void add_bounds(Json& schema, const Option& option) {
  const auto bound = [&](double value) {
    return option.kind == OptionKind::integer ? Json(static_cast<std::int64_t>(value))
                                              : Json(value);
  };
  if (std::isfinite(option.min)) schema["minimum"] = bound(option.min);
  if (std::isfinite(option.max)) schema["maximum"] = bound(option.max);
  if (option.min_open) schema["exclusiveMinimum"] = true;
  if (option.max_open) schema["exclusiveMaximum"] = true;
}

Json type_of(const Option& option) {
  switch (option.kind) {
    case OptionKind::flag:
      return of_type("boolean");
    case OptionKind::integer: {
      Json number = of_type("integer");
      add_bounds(number, option);
      if (!option.is_size) return number;
      return {{"anyOf", Json::array({number, of_type("string")})}};
    }
    case OptionKind::number: {
      Json number = of_type("number");
      add_bounds(number, option);
      return number;
    }
    case OptionKind::choice: {
      Json schema = of_type("string");
      schema["enum"] = option.choices;
      return schema;
    }
    case OptionKind::list:
      return {{"anyOf", Json::array({of_type("string"),
                                     {{"type", "array"}, {"items", of_type("string")}}})}};
    case OptionKind::contents:
      return {{"allOf", Json::array({ref("Text")})}};
    case OptionKind::inputs:
      return {{"anyOf",
               Json::array({ref("NamedText"), {{"type", "array"}, {"items", ref("NamedText")}}})}};
    case OptionKind::text:
    case OptionKind::file:
      break;
  }
  if (option.names_models) return of_type("string");
  return {{"anyOf", Json::array({ref("Text"), of_type("number")})}};
}

Json schema_of(const Option& option) {
  Json schema = type_of(option);
  std::string meaning = option.meaning;
  const std::string readers = option.readers();
  const std::string initial = option.initial.empty() ? option.otherwise : option.initial;
  if (!readers.empty()) meaning = readers + ": " + meaning;
  if (!initial.empty()) meaning += " (default: " + initial + ")";
  schema["description"] = meaning;
  return schema;
}

Json request_schema(const Route& route) {
  Json properties = Json::object();
  for (const std::span<const Option>& table : route.options) {
    for (const Option& option : table) {
      const bool taken = std::ranges::find(route.not_taken, option.name) == route.not_taken.end();
      if (taken && !is_private(option)) properties[option.keyword()] = schema_of(option);
    }
  }
  for (const auto& [name, schema] : route.more.items()) properties[name] = schema;
  for (auto& [name, schema] : properties.items()) schema["nullable"] = true;
  Json schema = {
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!route.required.empty()) schema["required"] = route.required;
  for (const std::string& name : route.required) schema["properties"][name].erase("nullable");
  return schema;
}

Json errors() {
  return {{"description", "what went wrong"},
          {"content", {{"application/json", {{"schema", ref("Error")}}}}}};
}

Json answers(const char* type, bool streams) {
  Json content = {
      {type,
       {{"schema", of_type(std::string_view(type) == "application/json" ? "object" : "string")}}}};
  if (streams) content["text/event-stream"] = {{"schema", of_type("string")}};
  return {{"200", {{"description", "the result"}, {"content", std::move(content)}}},
          {"default", errors()}};
}

Json post(const Route& route) {
  Json examples = Json::object();
  for (const auto& [name, request] : route.examples.items()) examples[name] = {{"value", request}};
  Json content = {
      {"application/json", {{"schema", request_schema(route)}, {"examples", std::move(examples)}}}};
  if (route.takes_forms) content["multipart/form-data"] = {{"schema", of_type("object")}};
  return {{"post",
           {{"summary", route.summary},
            {"operationId", route.path.substr(4)},
            {"requestBody", {{"required", true}, {"content", std::move(content)}}},
            {"responses", answers("application/json", route.streams)}}}};
}

Json get(const char* id, const char* summary, const char* type = "application/json") {
  return {
      {"get", {{"summary", summary}, {"operationId", id}, {"responses", answers(type, false)}}}};
}

Json schemas() {
  const Json string = of_type("string");
  const Json null_or_string = {{"type", "string"}, {"nullable", true}};
  const auto object = [](Json properties, Json required) {
    return Json{{"type", "object"},
                {"properties", std::move(properties)},
                {"required", std::move(required)},
                {"additionalProperties", false}};
  };
  const Json base64 = object({{"base64", string}}, Json::array({"base64"}));
  return {
      {"Text",
       {{"anyOf", Json::array({string, base64})}, {"description", "a text, or bytes in base64"}}},
      {"NamedText",
       {{"anyOf",
         Json::array({string, object({{"name", string}, {"text", string}}, Json::array({"text"})),
                      object({{"name", string}, {"base64", string}}, Json::array({"base64"}))})}}},
      {"Error", object({{"error", object({{"message", string},
                                          {"type", string},
                                          {"param", null_or_string},
                                          {"code", null_or_string}},
                                         Json::array({"message", "type", "param", "code"}))}},
                       Json::array({"error"}))}};
}

}  // namespace

Json openapi() {
  Json paths = Json::object();
  for (const Route& route : routes()) paths[route.path] = post(route);
  paths["/v1/models"] = get("models", "The models that the server has");
  paths["/v1/models/{id}"] = get("model", "One of them");
  paths["/v1/models/{id}"]["parameters"] = Json::array(
      {{{"name", "id"}, {"in", "path"}, {"required", true}, {"schema", of_type("string")}}});
  paths["/health"] = get("health", "Whether the server works, and on how much");
  paths["/metrics"] = get("metrics", "Figures for Prometheus", "text/plain");
  paths["/openapi.json"] = get("openapi", "This document");
  return {{"openapi", "3.0.3"},
          {"info",
           {{"title", "kraft serve"},
            {"description", "Samples from compressors; compresses with predictors."},
            {"version", kVersion}}},
          {"paths", std::move(paths)},
          {"components",
           {{"schemas", schemas()},
            {"securitySchemes", {{"key", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
}

}  // namespace kraft::serve
