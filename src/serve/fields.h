// The fields of a request: from JSON, or a form, to a task by the task's table of options.
//
//     Fields fields(parse_json(body));
//     fields.take({next_options(), task});                    // every option of the table
//     const std::int64_t top = *fields.integer(kNextTop);
//     fields.expect_no_others();                              // throws Failure that names one
//
// A text is a JSON string, or {"base64": "..."} for bytes that are none. A field that is null is as
// if it were not there.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kraft/tasks/options.h"
#include "serve/json.h"
#include "serve/whole_numbers.h"

namespace kraft::serve {

// Options of tasks that are none of a request's business: they concern the machine, or name files.
bool is_private(const Option& option);

// A part of a form (multipart/form-data).
struct FormPart {
  std::string name, file_name, content;
  bool is_file() const { return !file_name.empty(); }
};

class Fields {
 public:
  explicit Fields(Json object);                     // throws Failure when it is none
  explicit Fields(std::span<const FormPart> form);  // values are texts: "64" is a number, too

  // Sets every option of the table that there is a field for, but those with a name in `except`.
  void take(const BoundOptions& options, std::initializer_list<std::string_view> except = {});

  bool has(std::string_view name) const;  // and it is not null
  bool is_null(std::string_view name) const;

  // Throw Failure for another type, or one out of range.
  std::optional<std::int64_t> integer(const WholeNumber& number);  // or its initial value
  std::optional<double> number(const std::string& name, double min, double max);
  std::optional<bool> flag(const std::string& name);
  std::optional<Bytes> text(const std::string& name);
  std::optional<std::vector<std::string>> texts(const std::string& name);  // one is a list, too
  const Json* other(const std::string& name);  // of any type; null where there is none

  void expect_no_others() const;

 private:
  const Json* find(std::string_view name) const;
  OptionValue value_of(const Option& option, const Json& json) const;

  Json object_;
  bool is_form_ = false;
  std::set<std::string, std::less<>> taken_;
};

// A string, or {"base64": "..."}. Throws Failure that names the field.
Bytes bytes_of(const Json& json, const std::string& field);

}  // namespace kraft::serve
