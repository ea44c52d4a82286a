// The OpenAPI document: well formed, and true of what the server takes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "serve/routes.h"
#include "serve/service.h"

namespace kraft::serve {
namespace {

// What is wrong with a value under a schema of OpenAPI 3.0, as far as the document uses them; empty
// if nothing is.
class Validator {
 public:
  explicit Validator(const Json& document) : document_(document) {}

  std::string objection(const Json& value, const Json& schema, const std::string& at = "") const {
    if (schema.contains("$ref")) return objection(value, resolved(schema["$ref"]), at);
    if (value.is_null() && schema.value("nullable", false)) return "";
    for (const Json& one : schema.value("allOf", Json::array())) {
      if (std::string why = objection(value, one, at); !why.empty()) return why;
    }
    if (schema.contains("anyOf")) {
      for (const Json& one : schema["anyOf"]) {
        if (objection(value, one, at).empty()) return "";
      }
      return at + ": none of anyOf fits " + value.dump();
    }
    if (!schema.contains("type")) return "";
    const std::string type = schema["type"];
    if (!is_a(value, type)) return at + ": " + value.dump() + " is no " + type;
    if (schema.contains("enum") && std::ranges::find(schema["enum"], value) == schema["enum"].end())
      return at + ": " + value.dump() + " is none of " + schema["enum"].dump();
    if (value.is_number()) return out_of_range(value.get<double>(), schema, at);
    if (type == "array") {
      for (const Json& item : value) {
        if (std::string why = objection(item, schema.value("items", Json::object()), at + "[]");
            !why.empty())
          return why;
      }
    }
    return type == "object" ? objection_to_object(value, schema, at) : "";
  }

  const Json& resolved(const std::string& reference) const {
    return document_.at(Json::json_pointer(reference.substr(1)));
  }

 private:
  static bool is_a(const Json& value, const std::string& type) {
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
  }

  static std::string out_of_range(double value, const Json& schema, const std::string& at) {
    const bool below =
        schema.contains("minimum") &&
        (schema.value("exclusiveMinimum", false) ? value <= schema["minimum"].get<double>()
                                                 : value < schema["minimum"].get<double>());
    const bool above =
        schema.contains("maximum") &&
        (schema.value("exclusiveMaximum", false) ? value >= schema["maximum"].get<double>()
                                                 : value > schema["maximum"].get<double>());
    return below || above ? at + ": out of range" : "";
  }

  std::string objection_to_object(const Json& value, const Json& schema,
                                  const std::string& at) const {
    for (const Json& name : schema.value("required", Json::array())) {
      if (!value.contains(name.get<std::string>())) return at + ": misses " + name.dump();
    }
    const Json properties = schema.value("properties", Json::object());
    for (const auto& [name, field] : value.items()) {
      if (!properties.contains(name)) {
        if (schema.value("additionalProperties", Json(true)) == Json(false))
          return at + ": knows no " + name;
        continue;
      }
      if (std::string why = objection(field, properties[name], at + "." + name); !why.empty())
        return why;
    }
    return "";
  }

  const Json& document_;
};

const Json& schema_of(const Json& document, const std::string& path) {
  return document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
}

void collect_references(const Json& json, std::set<std::string>& references) {
  if (json.is_object() && json.contains("$ref")) references.insert(json["$ref"].get<std::string>());
  if (!json.is_structured()) return;
  for (const Json& part : json) collect_references(part, references);
}

TEST(OpenApi, IsAWellFormedDocument) {
  const Json document = openapi();
  EXPECT_EQ(document["openapi"], "3.0.3");
  EXPECT_TRUE(document["info"]["title"].is_string());
  EXPECT_TRUE(document["info"]["version"].is_string());
  std::set<std::string> ids, references;
  for (const auto& [path, methods] : document["paths"].items()) {
    EXPECT_EQ(path[0], '/');
    for (const auto& [method, operation] : methods.items()) {
      if (method == "parameters") continue;
      EXPECT_TRUE(ids.insert(operation["operationId"].get<std::string>()).second) << path;
      ASSERT_FALSE(operation["responses"].empty()) << path;
      for (const auto& [status, response] : operation["responses"].items())
        EXPECT_TRUE(response["description"].is_string()) << path << " " << status;
    }
  }
  collect_references(document, references);
  const Validator validator(document);
  for (const std::string& reference : references)
    EXPECT_NO_THROW(validator.resolved(reference)) << reference;
  EXPECT_EQ(document["paths"].size(), routes().size() + 5);
}

TEST(OpenApi, HasTheFieldsOfTheTables) {
  const Json document = openapi();
  const Json& sample = schema_of(document, "/v1/sample")["properties"];
  EXPECT_EQ(sample["top_p"]["type"], "number");
  EXPECT_EQ(sample["top_p"]["exclusiveMinimum"], true);
  EXPECT_EQ(sample["top_p"]["maximum"], 1);
  EXPECT_FALSE(sample.contains("threads")) << "a matter of the machine";
  EXPECT_EQ(schema_of(document, "/v1/next")["properties"]["view"]["enum"],
            Json::array({"given", "encoder", "decoder", "both"}));
}

// Each example fits its schema, and the server answers it; what does not fit is refused by both.
TEST(OpenApi, IsTrueOfTheServer) {
  const Json document = openapi();
  const Validator validator(document);
  Settings settings;
  settings.models = {"gzip:9", "ppmd", "ngram:5"};
  Service service(settings);
  const auto status_of = [&](const std::string& path, const Json& body) {
    const Service::Answer answer = service.answer({.method = "POST",
                                                   .path = path,
                                                   .host = "localhost",
                                                   .content_type = "application/json",
                                                   .body = body.dump()});
    return std::pair(answer.reply.status, answer.reply.body);
  };
  for (const Route& route : routes()) {
    const Json& schema = schema_of(document, route.path);
    ASSERT_FALSE(route.examples.empty()) << route.path;
    for (const auto& [name, request] : route.examples.items()) {
      EXPECT_EQ(validator.objection(request, schema), "") << route.path << " " << name;
      const auto [status, body] = status_of(route.path, request);
      EXPECT_EQ(status, 200) << route.path << " " << name << ": " << body;
      Json unknown = request;
      unknown["no_such_field"] = 1;
      EXPECT_NE(validator.objection(unknown, schema), "");
      EXPECT_EQ(status_of(route.path, unknown).first, 400);
      for (const std::string& field : route.required) {
        if (field == "model" && route.path == "/v1/classify") continue;
        Json without = request;
        without.erase(field);
        EXPECT_NE(validator.objection(without, schema), "") << field;
        const auto [refused, why] = status_of(route.path, without);
        EXPECT_EQ(refused, 400) << route.path << " without " << field;
        EXPECT_EQ(validator.objection(Json::parse(why), document["components"]["schemas"]["Error"]),
                  "");
      }
    }
  }
}

// A field of every option can be set by a value that its schema has.
TEST(OpenApi, KnowsEveryFieldThatRoutesTake) {
  const Json document = openapi();
  Settings settings;
  settings.models = {"ppmd"};
  Service service(settings);
  for (const Route& route : routes()) {
    for (const auto& [name, schema] : schema_of(document, route.path)["properties"].items()) {
      const Service::Answer answer = service.answer({.method = "POST",
                                                     .path = route.path,
                                                     .host = "localhost",
                                                     .content_type = "application/json",
                                                     .body = Json{{name, nullptr}}.dump()});
      EXPECT_THAT(answer.reply.body, testing::Not(testing::HasSubstr("unknown field")))
          << route.path << " " << name;
    }
  }
}

}  // namespace
}  // namespace kraft::serve
