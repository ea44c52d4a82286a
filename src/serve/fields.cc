#include "serve/fields.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/base64.h"
#include "base/text.h"
#include "kraft/option_error.h"
#include "serve/failure.h"

namespace kraft::serve {
namespace {

[[noreturn]] void of_another_type(const std::string& field, const std::string& expected,
                                  const Json& found) {
  std::string text = json_text(found);
  if (text.size() > 40) text = text.substr(0, 40) + "...";
  throw Failure::invalid(field + " is " + expected + ", not " + printable(text), field);
}

Bytes strict_base64(const std::string& text, const std::string& field) {
  std::string_view digits = text;
  while (digits.ends_with('=') && text.size() - digits.size() < 2) digits.remove_suffix(1);
  if (digits.find_first_not_of(kBase64Digits) != digits.npos || digits.size() % 4 == 1)
    throw Failure::invalid(field + ": this is not base64", field);
  return from_base64(digits);
}

// One text of several, with or without a name: the text itself, or {"name", "text" or "base64"}.
NamedBytes named_bytes_of(const Json& json, const std::string& field, std::size_t number) {
  NamedBytes named{std::to_string(number), {}};
  if (json.is_string()) {
    named.bytes = bytes_of(json, field);
    return named;
  }
  if (!json.is_object())
    of_another_type(field, "a list of texts, or of {\"name\", \"text\" or \"base64\"}", json);
  Json content;
  for (const auto& [key, value] : json.items()) {
    if (key == "name" && value.is_string()) {
      named.name = value.get<std::string>();
    } else if ((key == "text" || key == "base64") && value.is_string() && content.is_null()) {
      content = key == "text" ? value : Json{{"base64", value}};
    } else {
      throw Failure::invalid(
          field + ": a text is {\"name\", \"text\" or \"base64\"}, each of them a string; '" +
              printable(key) + "' is not one of them",
          field);
    }
  }
  if (content.is_null())
    throw Failure::invalid(field + ": '" + printable(named.name) + "' has no text", field);
  named.bytes = bytes_of(content, field);
  return named;
}

bool fits(const Json& unsigned_number) {
  return unsigned_number.get<std::uint64_t>() <=
         static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

OptionValue number_of(const Json& json) {
  if (json.is_number_unsigned() && !fits(json)) return json.get<double>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  return json.get<double>();
}

}  // namespace

Bytes bytes_of(const Json& json, const std::string& field) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    return Bytes(text.begin(), text.end());
  }
  if (json.is_object() && json.size() == 1) {
    if (const auto found = json.find("base64"); found != json.end() && found->is_string())
      return strict_base64(found->get_ref<const std::string&>(), field);
    if (const auto found = json.find("text"); found != json.end() && found->is_string())
      return bytes_of(*found, field);
  }
  of_another_type(field, "a text, or {\"base64\": \"...\"}", json);
}

bool is_private(const Option& option) {
  return option.name == "threads" || option.kind == OptionKind::file;
}

Fields::Fields(Json object) : object_(std::move(object)) {
  if (!object_.is_object())
    throw Failure::invalid("the body is a JSON object with the fields of the request");
}

Fields::Fields(std::span<const FormPart> form) : object_(Json::object()), is_form_(true) {
  for (const FormPart& part : form) {
    if (!object_.contains(part.name)) {
      object_[part.name] = part.content;
      continue;
    }
    Json& value = object_[part.name];
    if (!value.is_array()) value = Json::array({value});
    value.push_back(part.content);
  }
}

const Json* Fields::find(std::string_view name) const {
  const auto found = object_.find(std::string(name));
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

bool Fields::has(std::string_view name) const { return find(name) != nullptr; }

bool Fields::is_null(std::string_view name) const {
  const auto found = object_.find(std::string(name));
  return found != object_.end() && found->is_null();
}

OptionValue Fields::value_of(const Option& option, const Json& json) const {
  const std::string field = option.keyword();
  if (is_form_ && json.is_string() && option.kind != OptionKind::contents &&
      option.kind != OptionKind::inputs)
    return option.parsed(json.get_ref<const std::string&>());
  if (option.kind == OptionKind::integer && json.is_number_unsigned() && !fits(json))
    return option.parsed(json.dump());
  switch (option.kind) {
    case OptionKind::contents:
      return bytes_of(json, field);
    case OptionKind::inputs: {
      std::vector<NamedBytes> all;
      if (!json.is_array()) return std::vector{named_bytes_of(json, field, 1)};
      for (const Json& one : json) all.push_back(named_bytes_of(one, field, all.size() + 1));
      return all;
    }
    case OptionKind::list: {
      if (!json.is_array()) break;
      std::vector<std::string> all;
      for (const Json& one : json) {
        if (!one.is_string()) of_another_type(field, "a list of texts", json);
        all.push_back(one.get<std::string>());
      }
      return all;
    }
    case OptionKind::text:
      if (json.is_object()) return std::string(as_text(bytes_of(json, field)));
      break;
    default:
      break;
  }
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number()) return number_of(json);
  if (json.is_string()) return json.get<std::string>();
  of_another_type(field, "a single value", json);
}

void Fields::take(const BoundOptions& options, std::initializer_list<std::string_view> except) {
  for (const Option& option : options.rows()) {
    if (is_private(option) || std::ranges::find(except, option.name) != except.end()) continue;
    const std::string field = option.keyword();
    taken_.insert(field);
    if (const Json* json = find(field)) options.set(option, value_of(option, *json));
  }
}

const Json* Fields::other(const std::string& name) {
  taken_.insert(name);
  return find(name);
}

std::optional<std::int64_t> Fields::integer(const WholeNumber& of) {
  const auto value = number(of.name, static_cast<double>(of.min), static_cast<double>(of.max));
  if (!value) return of.initial;
  if (std::nearbyint(*value) != *value) of_another_type(of.name, "a whole number", *find(of.name));
  return static_cast<std::int64_t>(*value);
}

std::optional<double> Fields::number(const std::string& name, double min, double max) {
  const Json* json = other(name);
  if (json == nullptr) return std::nullopt;
  double value = 0;
  if (is_form_ && json->is_string()) {
    if (!parse_number(json->get_ref<const std::string&>(), value))
      of_another_type(name, "a number", *json);
  } else if (json->is_number()) {
    value = json->get<double>();
  } else {
    of_another_type(name, "a number", *json);
  }
  if (value < min || value > max)
    throw Failure::invalid(
        name + " " + shortest(value) + " is out of range: " + shortest(min) + ".." + shortest(max),
        name);
  return value;
}

std::optional<bool> Fields::flag(const std::string& name) {
  const Json* json = other(name);
  if (json == nullptr) return std::nullopt;
  if (json->is_boolean()) return json->get<bool>();
  if (is_form_ && json->is_string()) {
    const auto& text = json->get_ref<const std::string&>();
    if (text == "true" || text == "on") return true;
    if (text == "false" || text == "off") return false;
  }
  of_another_type(name, "true or false", *json);
}

std::optional<Bytes> Fields::text(const std::string& name) {
  const Json* json = other(name);
  if (json == nullptr) return std::nullopt;
  return bytes_of(*json, name);
}

std::optional<std::vector<std::string>> Fields::texts(const std::string& name) {
  const Json* json = other(name);
  if (json == nullptr) return std::nullopt;
  if (json->is_string()) return std::vector{json->get<std::string>()};
  if (!json->is_array()) of_another_type(name, "a text, or a list of texts", *json);
  std::vector<std::string> all;
  for (const Json& one : *json) {
    if (!one.is_string()) of_another_type(name, "a text, or a list of texts", *json);
    all.push_back(one.get<std::string>());
  }
  return all;
}

void Fields::expect_no_others() const {
  for (const auto& [name, value] : object_.items()) {
    if (taken_.contains(name)) continue;
    const std::vector<std::string> names(taken_.begin(), taken_.end());
    throw Failure::invalid("unknown field '" + printable(name) + "'" + did_you_mean(name, names),
                           name);
  }
}

}  // namespace kraft::serve
