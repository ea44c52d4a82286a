// The syntax of specifications, and of the lists of models in them.

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "registry/model_list.h"
#include "registry/spec_scanner.h"

namespace kraft {
namespace {

// Whether what follows the colon is a list of models, whatever is in it.
bool takes_models(std::string_view name) {
  for (const Backend& row : backends()) {
    if (row.name == name) return row.argument && row.argument->kind == Parameter::Kind::models;
  }
  return false;
}

unsigned parse_revision(SpecScanner& scanner) {
  constexpr std::size_t kMostDigits = 6;
  std::int64_t number = 0;
  const std::string digits = scanner.word(":,");
  if (digits.size() > kMostDigits || !parse_integer(digits, number) || number < 0)
    scanner.fail("needs the number of a revision after #");
  return static_cast<unsigned>(number);
}

[[noreturn]] void fail(const Backend& backend, const std::string& what) {
  throw UsageError(backend.name + ": " + what);
}

double parse_weight(const Backend& backend, char sign, const std::string& text) {
  double weight = 0;
  if (!parse_number(text, weight))
    fail(backend,
         std::string("the weight after ") + sign + " is a number, not '" + printable(text) + "'");
  if (!(weight > 0 && weight <= 1000))
    fail(backend, "the weight " + printable(text) + " is out of range: (0, 1000]");
  return weight;
}

}  // namespace

Spec Spec::parse(std::string_view text) {
  SpecScanner scanner(text);
  if (!is_utf8(text)) scanner.fail("is not UTF-8");
  Spec spec;
  spec.name = scanner.word("#:,");
  if (spec.name.empty()) scanner.fail("has no name");
  if (scanner.take('#')) spec.revision = parse_revision(scanner);
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
  if (revision) text += "#" + std::to_string(*revision);
  if (argument) text += ":" + (lists_models ? *argument : quoted_if_needed(*argument));
  for (const auto& [key, value] : values) text += "," + key + "=" + quoted_if_needed(value);
  return text;
}

bool names_model(const Backend& backend) {
  return backend.argument && backend.argument->kind == Parameter::Kind::text &&
         backend.argument->name == "model";
}

std::vector<ListedModel> parse_model_list(const Backend& backend, const std::string& list) {
  const char sign = backend.argument->suffixes.front();
  const std::string stops = {',', sign};
  SpecScanner scanner(list);
  std::vector<ListedModel> models;
  do {
    ListedModel model;
    model.spec = scanner.at('"') ? scanner.value() : scanner.word(stops);
    if (model.spec.empty()) scanner.fail("has an empty model in its list");
    // zstd:19,window=17 without quotes is two models to us, and the second has an odd name.
    if (model.spec.find('=') < model.spec.find_first_of(":,"))
      fail(backend, "'" + printable(model.spec) +
                        "' is no model; one with commas in it stands between double quotes");
    if (scanner.take(sign)) model.weight = parse_weight(backend, sign, scanner.word(","));
    if (!scanner.at_end() && !scanner.at(',')) scanner.fail("needs a comma after a quoted model");
    models.push_back(std::move(model));
  } while (scanner.take(','));
  return models;
}

std::string model_list_text(const Backend& backend, std::span<const ListedModel> models) {
  std::string text;
  for (const ListedModel& model : models) {
    text += (text.empty() ? "" : ",") + quoted_if_needed(model.spec, {"^@", 2});
    if (model.weight != 1) text += backend.argument->suffixes.front() + shortest(model.weight);
  }
  return text;
}

}  // namespace kraft
