#include "kraft/registry.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kraft/error.h"
#include "registry/backends.h"
#include "registry/spec_scanner.h"

namespace kraft {
namespace {

std::vector<Backend> all_backends() {
  std::vector<Backend> rows = {
      gzip_backend(),  zlib_backend(),    deflate_backend(),  zstd_backend(),    xz_backend(),
      lzma_backend(),  bzip2_backend(),   brotli_backend(),   lz4_backend(),     png_backend(),
      webp_backend(),  jxl_backend(),     flac_backend(),     cmd_backend(),     llama_backend(),
      ngram_backend(), uniform_backend(), filtered_backend(), product_backend(), mix_backend(),
  };
  for (Backend& row : rows) {
    if (row.make_model) continue;
    for (Parameter& parameter : measured_context_parameters())
      row.parameters.push_back(std::move(parameter));
  }
  return rows;
}

// Whether what follows the colon is a list of models, whatever is in it.
bool takes_models(std::string_view name) {
  const auto named = [name](const Backend& row) { return row.name == name; };
  const auto found = std::ranges::find_if(backends(), named);
  return found != backends().end() && found->argument &&
         found->argument->kind == Parameter::Kind::models;
}

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

Spec Spec::parse(std::string_view text) {
  SpecScanner scanner(text);
  if (!is_utf8(text)) scanner.fail("is not UTF-8");
  Spec spec;
  spec.name = scanner.word(":,");
  if (spec.name.empty()) scanner.fail("has no name");
  if (scanner.take(':')) {
    spec.lists_models = takes_models(spec.name);
    spec.argument = spec.lists_models ? scanner.rest() : scanner.value();
    if (spec.argument->empty()) scanner.fail("has nothing after the colon");
  }
  while (!scanner.at_end()) {
    if (!scanner.take(',')) scanner.fail("needs a comma after a quoted value");
    std::string key = scanner.word("=,");
    if (key.empty() || !scanner.take('=')) scanner.fail("needs key=value after each comma");
    spec.values.emplace_back(std::move(key), scanner.value());
  }
  return spec;
}

std::string Spec::text() const {
  std::string text = name;
  if (argument) text += ":" + (lists_models ? *argument : quoted_if_needed(*argument));
  for (const auto& [key, value] : values) text += "," + key + "=" + quoted_if_needed(value);
  return text;
}

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

std::span<const Backend> backends() {
  static const std::vector<Backend> rows = all_backends();
  return rows;
}

const Backend& find_backend(std::string_view name) {
  std::vector<std::string> names;
  for (const Backend& row : backends()) {
    if (row.name == name || std::ranges::find(row.aliases, name) != row.aliases.end()) return row;
    names.push_back(row.name);
    names.insert(names.end(), row.aliases.begin(), row.aliases.end());
  }
  throw UsageError("unknown model '" + printable(name) + "'" + did_you_mean(name, names) +
                   "; there are " + join(names, ", "));
}

Arguments check(const Spec& spec, const Backend& backend) {
  Arguments arguments;
  Spec canonical;
  canonical.name = backend.name;
  canonical.lists_models = spec.lists_models;
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

std::vector<Parameter> measured_context_parameters() {
  std::vector<Parameter> parameters = {
      Parameter::integer("context", 0, INT64_MAX, "8KiB",
                         "bytes of context that each measurement compresses (0: all)"),
      Parameter::integer("dither", 1, 64, "1",
                         "contexts, each a little shorter than the one before, over whose "
                         "increments the mean is taken (1: off)"),
  };
  for (Parameter& parameter : parameters) parameter.of_model = true;
  return parameters;
}

MeasuredContext measured_context(const Arguments& arguments) {
  return {.bytes = static_cast<std::uint64_t>(arguments.integer("context")),
          .dither = static_cast<std::uint64_t>(arguments.integer("dither"))};
}

std::vector<std::pair<std::string, std::int64_t>> Geometry::values() const {
  std::vector<std::pair<std::string, std::int64_t>> values;
  if (width) values.emplace_back("width", *width);
  if (rate) values.emplace_back("rate", *rate);
  if (channels) values.emplace_back("channels", *channels);
  if (depth) values.emplace_back("depth", *depth);
  return values;
}

namespace {

// Sets the parameters that the backend has, the geometry knows, and the specification leaves open.
// A backend that knows of channels is one for samples; the depth of another is of something else.
void fill_in(Spec& spec, const Backend& backend, const Geometry& geometry) {
  if (std::ranges::none_of(backend.parameters,
                           [](const Parameter& p) { return p.name == "channels"; }))
    return;
  for (const auto& known : geometry.values()) {
    const auto has_name = [&known](const Parameter& p) { return p.name == known.first; };
    const auto sets_name = [&known](const auto& given) { return given.first == known.first; };
    if (std::ranges::any_of(backend.parameters, has_name) &&
        std::ranges::none_of(spec.values, sets_name))
      spec.values.emplace_back(known.first, std::to_string(known.second));
  }
}

bool is_of_model(const Backend& backend, std::string_view name) {
  return std::ranges::any_of(backend.parameters, [name](const Parameter& parameter) {
    return parameter.name == name && parameter.of_model;
  });
}

}  // namespace

std::shared_ptr<const Model> make_model(std::string_view spec, const ModelOptions& options) {
  Spec parsed = Spec::parse(spec);
  const Backend& backend = find_backend(parsed.name);
  fill_in(parsed, backend, options.geometry);
  const Arguments arguments = check(parsed, backend);
  if (backend.make_model) return backend.make_model(arguments, options);
  return model_of(backend.make_codec(arguments), arguments.spec(), measured_context(arguments),
                  options);
}

std::shared_ptr<const Codec> make_codec(std::string_view spec, const Geometry& geometry) {
  Spec parsed = Spec::parse(spec);
  const Backend& backend = find_backend(parsed.name);
  fill_in(parsed, backend, geometry);
  const Arguments arguments = check(parsed, backend);
  if (!backend.make_codec)
    throw UsageError(backend.name + ": predicts, but is not a compressor by itself");
  for (const auto& given : parsed.values) {
    if (is_of_model(backend, given.first))
      fail(backend, given.first + " belongs to the model; the compressor has no such parameter");
  }
  return backend.make_codec(arguments);
}

std::string codec_spec(std::string_view spec) {
  Spec parsed = Spec::parse(spec);
  const Backend& backend = find_backend(parsed.name);
  std::erase_if(parsed.values,
                [&backend](const auto& given) { return is_of_model(backend, given.first); });
  return parsed.text();
}

}  // namespace kraft
