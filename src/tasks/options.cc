#include "kraft/tasks/options.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "base/numbers.h"
#include "base/text.h"

namespace kraft {
namespace {

bool in_range(const Option& option, double value) {  // false for NaN
  return (option.min_open ? value > option.min : value >= option.min) &&
         (option.max_open ? value < option.max : value <= option.max);
}

// Also infinities and NaN, which are numbers out of most ranges.
std::optional<double> any_number(std::string_view text) {
  double number = 0;
  if (parse_number(text, number)) return number;
  const std::string copy(text);
  char* end = nullptr;
  number = std::strtod(copy.c_str(), &end);
  if (copy.empty() || *end != 0 || std::isfinite(number)) return std::nullopt;
  return number;
}

constexpr const char* kSize = "a number of bytes, such as 1000, 64KiB or 1GiB";

bool is_whole_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

[[noreturn]] void out_of_range(const Option& option, std::string_view value) {
  throw OptionError({"", option.name,
                     " " + printable(std::string(value)) + " is out of range: " + option.range()});
}

// Of digits that are too many for an integer: its own bounds stand where the option has none.
[[noreturn]] void out_of_integers(const Option& option, std::string_view value) {
  using Limits = std::numeric_limits<std::int64_t>;
  const std::string from = std::isfinite(option.min) ? "" : std::to_string(Limits::min()) + "..";
  const std::string to = std::isfinite(option.max) ? "" : std::to_string(Limits::max());
  const std::string range = option.range();
  throw OptionError({"", option.name,
                     " " + printable(std::string(value)) + " is out of range: " + from +
                         (range.empty() || from.empty() ? range : range.substr(2)) + to});
}

std::string integer_text(const Option& option, std::int64_t number) {
  return option.is_size && number > 0 ? size_text(static_cast<std::uint64_t>(number))
                                      : std::to_string(number);
}

[[noreturn]] void of_another_kind(const Option& option, const std::string& expected) {
  throw OptionError({"", option.name, " is " + expected});
}

std::string bound(const Option& option, double value) {
  if (!std::isfinite(value)) return "";
  return option.is_size ? integer_text(option, static_cast<std::int64_t>(value)) : shortest(value);
}

// Those of the samplers that have it.
std::string names_of_samplers(bool SamplerRow::*has) {
  std::vector<std::string> names;
  for (const SamplerRow& row : samplers()) {
    if (row.*has) names.push_back(row.name);
  }
  return join(names, ", ");
}

}  // namespace

std::string Option::keyword() const {
  std::string keyword = name;
  std::ranges::replace(keyword, '-', '_');
  return keyword;
}

std::string Option::range() const {
  if (kind == OptionKind::choice) return join(choices, "|");
  if (kind == OptionKind::integer) {
    if (!std::isfinite(min) && !std::isfinite(max)) return "";
    return bound(*this, min) + ".." + bound(*this, max);
  }
  if (kind != OptionKind::number || (!std::isfinite(min) && !std::isfinite(max))) return "";
  return (min_open ? "(" : "[") + shortest(min) + ", " + shortest(max) + (max_open ? ")" : "]");
}

std::string Option::readers() const {
  return of_samplers != nullptr ? names_of_samplers(of_samplers) : join(only_with.values, ", ");
}

OptionValue Option::parsed(std::string_view text) const {
  const std::string quoted = ", not '" + printable(std::string(text)) + "'";
  switch (kind) {
    case OptionKind::flag:
      if (text == "on" || text == "true") return true;
      if (text == "off" || text == "false") return false;
      of_another_kind(*this, "on or off" + quoted);
    case OptionKind::integer: {
      std::int64_t number = 0;
      if (parse_integer(text, number)) return number;
      if (is_whole_number(text)) out_of_integers(*this, text);
      of_another_kind(*this, (is_size ? kSize : "a whole number") + quoted);
    }
    case OptionKind::number:
      if (const auto number = any_number(text)) return *number;
      of_another_kind(*this, "a number" + quoted);
    case OptionKind::list:
      return std::vector<std::string>{std::string(text)};
    case OptionKind::contents:
      return Bytes(text.begin(), text.end());
    case OptionKind::inputs:
      return std::vector<NamedBytes>{{name, Bytes(text.begin(), text.end())}};
    case OptionKind::text:
    case OptionKind::choice:
    case OptionKind::file:
      break;
  }
  return std::string(text);
}

void Option::check(const OptionValue& value) const {
  if (kind == OptionKind::integer) {
    const auto number = std::get<std::int64_t>(value);
    if (!in_range(*this, static_cast<double>(number)))
      out_of_range(*this, integer_text(*this, number));
  } else if (kind == OptionKind::number) {
    const double number = std::get<double>(value);
    if (!in_range(*this, number)) out_of_range(*this, shortest(number));
  } else if (kind == OptionKind::choice) {
    const auto& chosen = std::get<std::string>(value);
    if (std::ranges::find(choices, chosen) == choices.end())
      throw OptionError(
          {"", name, " '" + printable(chosen) + "' is none of " + join(choices, "|")});
  } else if (kind == OptionKind::file ||
             (kind == OptionKind::text && (names_models || !choices.empty()))) {
    if (std::get<std::string>(value).empty()) throw OptionError({"", name, " is empty"});
  }
}

std::string text_of(const OptionValue& value) {
  struct Text {
    std::string operator()(bool on) const { return on ? "on" : "off"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return shortest(number); }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(const Bytes& bytes) const { return std::string(as_text(bytes)); }
    std::string operator()(const std::vector<std::string>& texts) const { return join(texts, ","); }
    std::string operator()(const std::vector<NamedBytes>& inputs) const {
      std::vector<std::string> names;
      for (const NamedBytes& input : inputs) names.push_back(input.name);
      return join(names, ",");
    }
  };
  return std::visit(Text(), value);
}

namespace detail {

// What requests have for a kind may be less than the kind: 1 for 1.0, a text for bytes, one text
// for a list of them.
OptionValue converted(const Option& option, const OptionValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  OptionValue result = value;
  bool fits = false;
  switch (option.kind) {
    case OptionKind::flag:
      fits = std::holds_alternative<bool>(value);
      break;
    case OptionKind::integer:
      if (option.is_size && text != nullptr) result = option.parsed(*text);
      if (const auto* number = std::get_if<double>(&value);
          number != nullptr && std::nearbyint(*number) == *number && std::abs(*number) < 0x1p62)
        result = static_cast<std::int64_t>(*number);
      fits = std::holds_alternative<std::int64_t>(result);
      break;
    case OptionKind::number:
      if (const auto* number = std::get_if<std::int64_t>(&value))
        result = static_cast<double>(*number);
      fits = std::holds_alternative<double>(result);
      break;
    case OptionKind::text:
      if (std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value))
        result = text_of(value);
      fits = std::holds_alternative<std::string>(result);
      break;
    case OptionKind::choice:
    case OptionKind::file:
      fits = text != nullptr;
      break;
    case OptionKind::list:
      if (text != nullptr) result = std::vector<std::string>{*text};
      fits = std::holds_alternative<std::vector<std::string>>(result);
      break;
    case OptionKind::contents:
      if (text != nullptr) result = Bytes(text->begin(), text->end());
      fits = std::holds_alternative<Bytes>(result);
      break;
    case OptionKind::inputs:
      if (text != nullptr)
        result = std::vector<NamedBytes>{{option.name, Bytes(text->begin(), text->end())}};
      if (const auto* bytes = std::get_if<Bytes>(&value))
        result = std::vector<NamedBytes>{{option.name, *bytes}};
      fits = std::holds_alternative<std::vector<NamedBytes>>(result);
      break;
  }
  if (!fits) {
    static constexpr const char* kExpected[] = {"on or off", "a whole number",  "a number",
                                                "a text",    "a text",          "a list of texts",
                                                "bytes",     "a list of bytes", "a name"};
    of_another_kind(option, kExpected[static_cast<std::size_t>(option.kind)]);
  }
  option.check(result);
  return result;
}

void add_default(Option& option, const std::optional<OptionValue>& value) {
  if (!value || option.kind == OptionKind::flag) return;
  option.initial = option.kind == OptionKind::integer
                       ? integer_text(option, std::get<std::int64_t>(*value))
                       : text_of(*value);
}

void unknown_option(std::string_view name, std::span<const Option> rows) {
  std::vector<std::string> names;
  for (const Option& row : rows) names.push_back(row.name);
  throw UsageError("unknown option '" + printable(std::string(name)) + "'" +
                   did_you_mean(name, names));
}

}  // namespace detail

const Option* BoundOptions::find(std::string_view name) const {
  for (const Option& row : rows_) {
    if (row.name == name || row.keyword() == name) return &row;
  }
  return nullptr;
}

void BoundOptions::set(const Option& option, const OptionValue& value) const {
  option.assign_(task_, detail::converted(option, value));
}

bool BoundOptions::is_missing(const Option& option) const {
  const auto is_other_set = [this](const std::string& name) {
    const Option* other = find(name);
    return other != nullptr && is_set(*other);
  };
  return option.required && !is_set(option) && std::ranges::none_of(option.unless, is_other_set);
}

void BoundOptions::check() const {
  for (const Option& row : rows_) {
    const bool set = is_set(row);
    if (is_missing(row)) throw OptionError({"", row.name, " is missing"});
    const bool checked = row.kind == OptionKind::integer || row.kind == OptionKind::number ||
                         row.kind == OptionKind::choice || (row.kind == OptionKind::file && set);
    if (const auto held = checked ? value(row) : std::nullopt) row.check(*held);
  }
  const auto other_is_set = [this](const std::string& name) {
    const Option* other = find(name);
    return other != nullptr && is_set(*other);
  };
  check_conditions({this, 1});
  for (const Option& row : rows_) {
    if (!is_set(row)) continue;
    for (const std::string& other : row.excludes) {
      if (other_is_set(other))
        throw OptionError({"", row.name, " and ", other, " cannot be given together"});
    }
    for (const std::string& other : row.needs) {
      if (!other_is_set(other)) throw OptionError({"", row.name, " needs ", other});
    }
  }
}

void check_conditions(std::span<const BoundOptions> all) {
  const auto said = [&](const std::string& name) -> std::optional<OptionValue> {
    for (const BoundOptions& bound : all) {
      if (const Option* option = bound.find(name)) return bound.value(*option);
    }
    return std::nullopt;
  };
  for (const BoundOptions& bound : all) {
    for (const Option& row : bound.rows()) {
      if (row.only_with.option.empty() || !bound.is_set(row)) continue;
      const std::optional<OptionValue> value = said(row.only_with.option);
      if (!value) continue;
      const std::string text = text_of(*value);
      if (std::ranges::find(row.only_with.values, text) == row.only_with.values.end())
        throw OptionError(
            {"", row.name,
             " has no meaning for " + text + "; it is an option of " + row.readers()});
    }
  }
}

void check_sampler(const BoundOptions& options, const SamplerRow& sampler) {
  for (const Option& row : options.rows()) {
    if (row.of_samplers == nullptr || sampler.*row.of_samplers || !options.is_set(row)) continue;
    throw OptionError({"", row.name, " has no meaning for ", "sampler",
                       " " + sampler.name + "; it is an option of " + row.readers()});
  }
}

void check_media(const BoundOptions& options, Medium medium) {
  for (const Option& row : options.rows()) {
    if (row.media.empty() || !options.is_set(row)) continue;
    if (std::ranges::find(row.media, medium) != row.media.end()) continue;
    std::vector<std::string> pieces = {
        "", row.name,
        std::string(" has no meaning for ") + name_of(medium) + "; it is an option of "};
    std::string between;
    const char* listed = "";
    for (const Medium owner : row.media) {
      if (std::string_view(row_of(owner).files) == listed) continue;  // text, by another name
      listed = row_of(owner).files;
      pieces.back() += between + listed + " (";
      pieces.emplace_back("as");
      pieces.push_back(std::string(" ") + name_of(owner) + ")");
      between = " or ";
    }
    throw OptionError(std::move(pieces));
  }
}

void PartialSamplerOptions::set(const SamplerOption::Field& field, double value) {
  for (auto& [known, held] : values_) {
    if (known != field) continue;
    held = value;
    return;
  }
  values_.emplace_back(field, value);
}

std::optional<double> PartialSamplerOptions::value(const SamplerOption::Field& field) const {
  for (const auto& [known, held] : values_) {
    if (known == field) return held;
  }
  return std::nullopt;
}

SamplerOptions PartialSamplerOptions::over(SamplerOptions options) const {
  for (const auto& [field, value] : values_) {
    std::visit(
        [&, held = value](auto member) {
          options.*member = static_cast<std::remove_cvref_t<decltype(options.*member)>>(held);
        },
        field);
  }
  return options;
}

namespace {

OptionValue value_in(const SamplerOption::Field& field, double value) {
  if (std::holds_alternative<bool SamplerOptions::*>(field)) return value != 0;
  if (std::holds_alternative<int SamplerOptions::*>(field)) return static_cast<std::int64_t>(value);
  return value;
}

double number_of(const OptionValue& value) {
  if (const auto* on = std::get_if<bool>(&value)) return *on ? 1 : 0;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  return std::get<double>(value);
}

OptionKind kind_of(const SamplerOption::Field& field) {
  static constexpr OptionKind kKinds[] = {OptionKind::flag, OptionKind::integer,
                                          OptionKind::number};
  return kKinds[field.index()];
}

OptionTable<PartialSamplerOptions> make_sampler_option_table() {
  OptionTable<PartialSamplerOptions> table;
  for (const SamplerOption& option : sampler_options()) {
    const auto field = option.field;
    const double initial = std::visit(
        [](auto member) { return static_cast<double>(SamplerOptions{}.*member); }, field);
    const bool flag = kind_of(field) == OptionKind::flag;
    table.computed(
        kind_of(field), option.name,
        [field](PartialSamplerOptions& options, const OptionValue& value) {
          options.set(field, number_of(value));
        },
        [field](const PartialSamplerOptions& options) -> std::optional<OptionValue> {
          if (const auto value = options.value(field)) return value_in(field, *value);
          return std::nullopt;
        },
        value_in(field, initial),
        {.letter = option.letter,
         .value_name = flag ? "" : "N",
         .min = option.min,
         .max = option.max,
         .min_open = option.min_open,
         .max_open = option.max_open,
         .meaning = option.meaning});
  }
  return table;
}

}  // namespace

const OptionTable<PartialSamplerOptions>& sampler_option_table() {
  static const OptionTable<PartialSamplerOptions> table = make_sampler_option_table();
  return table;
}

}  // namespace kraft
