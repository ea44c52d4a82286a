// Parameters: what a value may be, and what it is.

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft {

Parameter Parameter::integer(std::string name, std::int64_t min, std::int64_t max,
                             std::string initial, std::string meaning) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.kind = Kind::integer;
  parameter.min = static_cast<double>(min);
  parameter.max = static_cast<double>(max);
  parameter.initial = std::move(initial);
  parameter.meaning = std::move(meaning);
  return parameter;
}

Parameter Parameter::choice(std::string name, std::vector<std::string> choices, std::string initial,
                            std::string meaning) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.kind = Kind::choice;
  parameter.choices = std::move(choices);
  parameter.initial = std::move(initial);
  parameter.meaning = std::move(meaning);
  return parameter;
}

Parameter Parameter::on_off(std::string name, std::string initial, std::string meaning) {
  return choice(std::move(name), {"on", "off"}, std::move(initial), std::move(meaning));
}

Parameter Parameter::up_to_from_file(std::int64_t most) && {
  most_from_file = most;
  return std::move(*this);
}

Parameter Parameter::free_text(std::string name, std::string initial, std::string meaning) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.kind = Kind::text;
  parameter.initial = std::move(initial);
  parameter.meaning = std::move(meaning);
  return parameter;
}

std::string Parameter::range() const {
  switch (kind) {
    case Kind::integer:
    case Kind::number: {
      const bool unbounded = max >= 9e18;
      std::string text = shortest(min) + ".." + (unbounded ? "" : shortest(max));
      if (kind == Kind::integer) {
        text = std::to_string(static_cast<std::int64_t>(min)) + ".." +
               (unbounded ? "" : std::to_string(static_cast<std::int64_t>(max)));
      }
      for (char suffix : suffixes) text += std::string("[") + suffix + "]";
      return text;
    }
    case Kind::choice:
      return join(choices, "|");
    case Kind::text:
      return "text";
    case Kind::models:
      return "MODEL[" + suffixes + "WEIGHT],...";
  }
  return "";
}

bool Arguments::has(std::string_view name) const { return values_.contains(name); }

std::int64_t Arguments::integer(std::string_view name) const {
  std::int64_t number = 0;
  parse_integer(text(name), number);
  return number;
}

std::int64_t Arguments::integer_or(std::string_view name, std::int64_t otherwise) const {
  return has(name) ? integer(name) : otherwise;
}

double Arguments::number(std::string_view name) const {
  double number = 0;
  parse_number(text(name), number);
  return number;
}

bool Arguments::on(std::string_view name) const { return has(name) && text(name) == "on"; }

const std::string& Arguments::text(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end())
    throw Error("parameter '" + std::string(name) + "' of " + spec_ + " has no value");
  return found->second;
}

bool Arguments::has_suffix(std::string_view name, char suffix) const {
  const auto found = suffixes_.find(name);
  return found != suffixes_.end() && found->second.find(suffix) != std::string::npos;
}

namespace {

[[noreturn]] void fail(const Backend& backend, const std::string& what) {
  throw UsageError(backend.name + ": " + what);
}

// Checks one value against its parameter and returns it in canonical form (integers without units
// or suffix letters; those go to `suffix`).
std::string checked(const Backend& backend, const Parameter& parameter, const std::string& value,
                    std::string& suffix) {
  const auto out_of_range = [&] {
    fail(backend,
         parameter.name + " " + printable(value) + " is out of range: " + parameter.range());
  };
  const auto malformed = [&](const char* expected) {
    fail(backend, parameter.name + " is " + expected + ", not '" + printable(value) + "'");
  };
  switch (parameter.kind) {
    case Parameter::Kind::integer: {
      std::string_view digits = value;
      while (!digits.empty() && parameter.suffixes.find(digits.back()) != std::string::npos) {
        if (suffix.find(digits.back()) != std::string::npos) malformed("an integer");
        suffix += digits.back();
        digits.remove_suffix(1);
      }
      std::int64_t number = 0;
      if (!parse_integer(digits, number)) malformed("an integer");
      const auto as_double = static_cast<double>(number);
      if (as_double < parameter.min || as_double > parameter.max) out_of_range();
      return std::to_string(number);
    }
    case Parameter::Kind::number: {
      double number = 0;
      if (!parse_number(value, number)) malformed("a number");
      if (number < parameter.min || number > parameter.max) out_of_range();
      return shortest(number);
    }
    case Parameter::Kind::choice:
      if (std::ranges::find(parameter.choices, value) == parameter.choices.end())
        fail(backend,
             parameter.name + " '" + printable(value) + "' is none of " + parameter.range());
      return value;
    case Parameter::Kind::text:
    case Parameter::Kind::models:
      if (value.empty()) fail(backend, parameter.name + " is empty");
      return value;
  }
  return value;
}

}  // namespace

Arguments check(const Spec& spec, const Backend& backend) {
  Arguments arguments;
  Spec canonical;
  canonical.name = backend.name;
  canonical.lists_models = spec.lists_models;
  const unsigned latest = backend.latest_revision(spec);
  arguments.revision_ = spec.revision.value_or(latest);
  if (arguments.revision_ < 1 || arguments.revision_ > latest)
    fail(backend, "revision " + std::to_string(arguments.revision_) + " is out of range: 1.." +
                      std::to_string(latest));
  if (arguments.revision_ != latest) canonical.revision = arguments.revision_;
  const auto set = [&](const Parameter& parameter, const std::string& value) {
    std::string suffix;
    std::string clean = checked(backend, parameter, value, suffix);
    arguments.suffixes_[parameter.name] = suffix;
    return arguments.values_[parameter.name] = std::move(clean);
  };

  if (spec.argument && !backend.argument)
    fail(backend, "takes nothing after a colon, but got '" + printable(*spec.argument) + "'");
  if (backend.argument) {
    const Parameter& parameter = *backend.argument;
    const std::string& value = spec.argument ? *spec.argument : parameter.initial;
    if (value.empty())
      fail(backend, "needs a " + parameter.name + ", as in " + backend.name + ":...");
    canonical.argument = set(parameter, value) + arguments.suffixes_[parameter.name];
  }

  std::vector<std::string> names;
  for (const Parameter& parameter : backend.parameters) names.push_back(parameter.name);
  for (const auto& [key, value] : spec.values) {
    if (std::ranges::find(names, key) != names.end()) continue;
    fail(backend, "unknown parameter '" + printable(key) + "'" + did_you_mean(key, names) +
                      (names.empty() ? "; it has none" : "; there are " + join(names, ", ")));
  }
  for (const Parameter& parameter : backend.parameters) {
    int times = 0;
    for (const auto& [key, value] : spec.values) {
      if (key != parameter.name) continue;
      if (++times > 1) fail(backend, "parameter '" + key + "' is given twice");
      canonical.values.emplace_back(key, set(parameter, value) + arguments.suffixes_[key]);
    }
    if (times == 0 && !parameter.initial.empty()) set(parameter, parameter.initial);
  }
  arguments.spec_ = canonical.text();
  return arguments;
}

}  // namespace kraft
