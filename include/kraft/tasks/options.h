// Tables of options: all that can be asked of a task, in one place.
//
// A task is a plain struct. Its table says of each field what it is called, which values it may
// have and what it means; whatever takes requests (the command line, a binding, a server) and
// whatever explains them (help, manual, completion) goes by the table:
//
//     struct Soup {
//       int portions = 2;
//       std::optional<double> salt_grams;      // set, or left to the cook
//       std::vector<std::string> vegetables;
//     };
//
//     kraft::OptionTable<Soup> table;
//     table.integer("portions", &Soup::portions,
//                   {.letter = 'n', .value_name = "N", .min = 1, .meaning = "plates to fill"});
//     table.number("salt-grams", &Soup::salt_grams,
//                  {.value_name = "G", .min = 0, .otherwise = "to taste", .meaning = "salt"});
//     table.list("vegetable", &Soup::vegetables, {.value_name = "NAME", .meaning = "one more"});
//
//     Soup soup;
//     table.parse(soup, "portions", "4");                           // from text
//     table.set(soup, "salt-grams", 2.5);                           // from a value
//     table.rows()[1].keyword();                                    // "salt_grams"
//     kraft::check(table, soup);                                    // of a Soup made by hand, too
//
// Defaults are read from a Soup{} and typed nowhere else. A value that is out of its range, options
// that exclude one another and an option that is missing are an OptionError; its message names
// options as the table does, and can spell them as others do:
//
//     soup.portions = 0;
//     kraft::check(table, soup);             // portions 0 is out of range: 1..
//     error.text([](const std::string& name) { return "--" + name; });  // --portions 0 is ...
//
// A table is built once and then only read, by any number of threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/error.h"
#include "kraft/media.h"
#include "kraft/option_error.h"
#include "kraft/sampler.h"
#include "kraft/tasks/input.h"

namespace kraft {

enum class OptionKind {
  flag,      // on or off
  integer,   //
  number,    //
  text,      //
  choice,    // one of a few names
  list,      // texts: the option may be given several times
  contents,  // of a file: a command line reads the file, other requests have the bytes
  inputs,    // contents with names, any number
  file,      // the name of a file to be written, or kept
};

using OptionValue = std::variant<bool, std::int64_t, double, std::string, Bytes,
                                 std::vector<std::string>, std::vector<NamedBytes>>;

// What another option must say for one to have a meaning: {"experiment", {"fig2", "fig4"}}.
struct OptionCondition {
  std::string option = {};               // empty: nothing
  std::vector<std::string> values = {};  // one of these
};

// What a table says of an option besides its name, its kind and its field.
struct OptionDetails {
  char letter = 0;                                        // -n; 0: none
  std::string value_name = {};                            // "N"; none for flags
  double min = -std::numeric_limits<double>::infinity();  // of integers and numbers
  double max = std::numeric_limits<double>::infinity();
  bool min_open = false;  // whether the bound itself is out of range
  bool max_open = false;
  std::vector<std::string> choices = {};    // of a choice, all; of a text, those known by name
  std::string otherwise = {};               // what holds if it is not set and has no default
  std::string meaning = {};                 // "bytes to draw"
  std::vector<std::string> excludes = {};   // options that cannot be set as well
  std::vector<std::string> needs = {};      // options that must be set as well
  std::vector<Medium> media = {};           // that it has a meaning for; empty: any
  OptionCondition only_with = {};           // where alone it has a meaning
  bool SamplerRow::*of_samplers = nullptr;  // that have this; null: of any
  bool required = false;
  std::vector<std::string> unless = {};  // what is required is not where one of these is set
  bool named = false;                    // inputs: NAME=FILE on a command line
  bool may_be_empty = false;             // contents, inputs: an empty file is one, too
  bool several = false;                  // list: all values up to the next option are its
  bool is_read = false;       // text, list, file: it names what is read, and never overwritten
  bool is_size = false;       // integer: of bytes, and may be written as 64KiB
  bool names_models = false;  // text, list: specifications of models
};

// One row of a table.
class Option : public OptionDetails {
 public:
  std::string name;  // "span-length"
  OptionKind kind = OptionKind::flag;
  std::string initial;  // the default as text; empty: none

  // As a key of JSON, or a keyword of a language: "span_length".
  std::string keyword() const;

  // "1..1024", "1..1GiB", "(0, 1]", "all|seen"; empty where there is nothing to say.
  std::string range() const;

  // Where alone it has a meaning, by of_samplers and only_with: "metropolis, smc", "fig2, fig4";
  // empty: everywhere.
  std::string readers() const;

  // Throws OptionError when the text is none of this kind.
  OptionValue parsed(std::string_view text) const;

  // Throws OptionError when an integer, a number or a choice is out of its range.
  void check(const OptionValue& value) const;

 private:
  template <class Task>
  friend class OptionTable;
  friend class BoundOptions;

  // Of a task of the table's type, which the table and BoundOptions see to.
  std::function<void(void*, const OptionValue&)> assign_;
  std::function<std::optional<OptionValue>(const void*)> read_;
  std::function<bool(const void*)> differs_;  // from the default
};

// A value as text: numbers in their shortest form, lists with commas between.
std::string text_of(const OptionValue& value);

namespace detail {

template <class T>
struct Unwrapped {
  using type = T;
};
template <class T>
struct Unwrapped<std::optional<T>> {
  using type = T;
};

OptionValue converted(const Option& option, const OptionValue& value);  // to the option's kind
void add_default(Option& option, const std::optional<OptionValue>& value);
[[noreturn]] void unknown_option(std::string_view name, std::span<const Option> rows);

}  // namespace detail

// A field is a pointer to a member or a function that takes a Task& and gives a reference. A field
// that is a std::optional has no default: `otherwise` says what holds.
template <class Task>
class OptionTable {
 public:
  template <class Field>
  void flag(std::string name, Field field, OptionDetails details) {
    add(OptionKind::flag, std::move(name), field, std::move(details));
  }
  template <class Field>
  void integer(std::string name, Field field, OptionDetails details) {
    add(OptionKind::integer, std::move(name), field, std::move(details));
  }
  template <class Field>
  void number(std::string name, Field field, OptionDetails details) {
    add(OptionKind::number, std::move(name), field, std::move(details));
  }
  template <class Field>
  void text(std::string name, Field field, OptionDetails details) {
    add(OptionKind::text, std::move(name), field, std::move(details));
  }
  template <class Field>
  void list(std::string name, Field field, OptionDetails details) {
    add(OptionKind::list, std::move(name), field, std::move(details));
  }
  template <class Field>
  void inputs(std::string name, Field field, OptionDetails details) {
    add(OptionKind::inputs, std::move(name), field, std::move(details));
  }
  template <class Field>
  void file(std::string name, Field field, OptionDetails details) {
    add(OptionKind::file, std::move(name), field, std::move(details));
  }

  // The field is a std::optional<Bytes>.
  template <class Field>
  void contents(std::string name, Field field, OptionDetails details) {
    static_assert(std::is_same_v<FieldOf<Field>, std::optional<Bytes>>);
    add(OptionKind::contents, std::move(name), field, std::move(details));
  }

  // One of the names in details.choices.
  template <class Field>
  void choice(std::string name, Field field, OptionDetails details) {
    add(OptionKind::choice, std::move(name), field, std::move(details));
  }

  // An enumeration, by the names of its values.
  template <class Field, class Enum>
  void choice(std::string name, Field field, std::vector<std::pair<std::string, Enum>> names,
              OptionDetails details) {
    details.choices.clear();
    for (const auto& [choice, value] : names) details.choices.push_back(choice);
    const auto name_of = [names](Enum value) {
      for (const auto& [choice, named] : names) {
        if (named == value) return choice;
      }
      return std::string();
    };
    const auto value_of = [names](const std::string& choice) {
      for (const auto& [known, named] : names) {
        if (known == choice) return named;
      }
      return names.front().second;  // the choice has been checked
    };
    structured(OptionKind::choice, std::move(name), field, value_of, name_of, std::move(details));
  }

  // The same of an optional field: `otherwise` is what holds where it is not set.
  template <class Field, class Enum>
  void choice(std::string name, Field field, std::vector<std::pair<std::string, Enum>> names,
              std::type_identity_t<Enum> otherwise, OptionDetails details) {
    for (const auto& [choice, value] : names) {
      if (value == otherwise) details.otherwise = choice;
    }
    choice(std::move(name), field, std::move(names), std::move(details));
  }

  // Anything that is written as text, such as "X,Y,W,H": read(text) gives the field's value, or
  // throws; write(value) gives the text.
  template <class Field, class Read, class Write>
  void structured(std::string name, Field field, Read read, Write write, OptionDetails details) {
    structured(OptionKind::text, std::move(name), field, read, write, std::move(details));
  }

  // What is no field: set(Task&, const OptionValue&) of the kind's own type, and get(const Task&),
  // which gives nothing while it is not set. `initial` is what holds then.
  template <class Set, class Get>
  void computed(OptionKind kind, std::string name, Set set, Get get,
                const std::optional<OptionValue>& initial, OptionDetails details) {
    Option row;
    static_cast<OptionDetails&>(row) = std::move(details);
    row.name = std::move(name);
    row.kind = kind;
    row.assign_ = [set](void* task, const OptionValue& value) {
      set(*static_cast<Task*>(task), value);
    };
    row.read_ = [get](const void* task) -> std::optional<OptionValue> {
      return get(*static_cast<const Task*>(task));
    };
    row.differs_ = [get](const void* task) {
      return get(*static_cast<const Task*>(task)).has_value();
    };
    detail::add_default(row, initial);
    rows_.push_back(std::move(row));
  }

  // All options of a part of the task, by the table of that part.
  template <class Part, class Field>
  void include(const OptionTable<Part>& part, Field field) {
    for (Option row : part.rows_) {
      row.assign_ = [assign = row.assign_, field](void* task, const OptionValue& value) {
        assign(&std::invoke(field, *static_cast<Task*>(task)), value);
      };
      row.read_ = [read = row.read_, field](const void* task) {
        return read(&std::invoke(field, mutable_task(task)));
      };
      row.differs_ = [differs = row.differs_, field](const void* task) {
        return differs(&std::invoke(field, mutable_task(task)));
      };
      rows_.push_back(std::move(row));
    }
  }

  // All rows that there are by now, but the one of that name, have a meaning for these media only.
  void restrict_to(const std::vector<Medium>& media, std::string_view but = {}) {
    for (Option& row : rows_) {
      if (row.name != but) row.media = media;
    }
  }

  // The row of that name needs another option as well, which a table that it is included from may
  // not have.
  void add_need(std::string_view name, const std::string& other) {
    for (Option& row : rows_) {
      if (row.name == name) row.needs.push_back(other);
    }
  }

  std::span<const Option> rows() const { return rows_; }

  // Throws UsageError when there is none of that name or keyword.
  const Option& find(std::string_view name) const {
    for (const Option& row : rows_) {
      if (row.name == name || row.keyword() == name) return row;
    }
    detail::unknown_option(name, rows_);
  }

  // Throw OptionError for a value of another kind, or out of its range.
  void set(Task& task, std::string_view name, const OptionValue& value) const {
    const Option& row = find(name);
    row.assign_(&task, detail::converted(row, value));
  }
  void parse(Task& task, std::string_view name, std::string_view text) const {
    set(task, name, find(name).parsed(text));
  }

  // Whether the option has another value than in a Task{}.
  bool is_set(const Task& task, std::string_view name) const { return find(name).differs_(&task); }

  // Nothing when it is a std::optional without a value.
  std::optional<OptionValue> value(const Task& task, std::string_view name) const {
    return find(name).read_(&task);
  }

 private:
  template <class Other>
  friend class OptionTable;

  template <class Field>
  using FieldOf = std::remove_cvref_t<std::invoke_result_t<Field, Task&>>;

  // For fields that are only read.
  static Task& mutable_task(const void* task) {
    return *const_cast<Task*>(static_cast<const Task*>(task));
  }

  template <class T>
  static OptionValue erased(const T& value) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      return OptionValue(static_cast<std::int64_t>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      return OptionValue(static_cast<double>(value));
    } else {
      return OptionValue(value);
    }
  }

  template <class T>
  static T restored(const OptionValue& value) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      return static_cast<T>(std::get<std::int64_t>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(std::get<double>(value));
    } else {
      return std::get<T>(value);
    }
  }

  template <class Field>
  void add(OptionKind kind, std::string name, Field field, OptionDetails details) {
    using Value = typename detail::Unwrapped<FieldOf<Field>>::type;
    if constexpr (std::is_integral_v<Value> && !std::is_same_v<Value, bool>) {
      // What does not fit the field is out of range, too.
      if constexpr (sizeof(Value) < sizeof(std::int64_t)) {
        details.min = std::max<double>(details.min, std::numeric_limits<Value>::min());
        details.max = std::min<double>(details.max, std::numeric_limits<Value>::max());
      } else if constexpr (std::is_unsigned_v<Value>) {
        details.min = std::max<double>(details.min, 0);
      }
    }
    add_row(kind, std::move(name), field, std::move(details), restored<Value>, erased<Value>);
  }

  template <class Field, class Read, class Write>
  void structured(OptionKind kind, std::string name, Field field, Read read, Write write,
                  OptionDetails details) {
    using Value = typename detail::Unwrapped<FieldOf<Field>>::type;
    add_row(
        kind, std::move(name), field, std::move(details),
        [read](const OptionValue& value) -> Value { return read(std::get<std::string>(value)); },
        [write](const Value& value) { return OptionValue(write(value)); });
  }

  template <class Field, class Restore, class Erase>
  void add_row(OptionKind kind, std::string name, Field field, OptionDetails details,
               Restore restore, Erase erase) {
    using Held = FieldOf<Field>;
    constexpr bool kOptional = !std::is_same_v<Held, typename detail::Unwrapped<Held>::type>;
    Option row;
    static_cast<OptionDetails&>(row) = std::move(details);
    row.name = std::move(name);
    row.kind = kind;
    row.assign_ = [field, restore](void* task, const OptionValue& value) {
      std::invoke(field, *static_cast<Task*>(task)) = restore(value);
    };
    row.read_ = [field, erase](const void* task) -> std::optional<OptionValue> {
      const Held& held = std::invoke(field, mutable_task(task));
      if constexpr (kOptional) {
        if (!held) return std::nullopt;
        return erase(*held);
      } else {
        return erase(held);
      }
    };
    Task defaults{};
    if constexpr (kOptional) {
      row.differs_ = [field](const void* task) {
        return std::invoke(field, mutable_task(task)).has_value();
      };
    } else {
      row.differs_ = [field, initial = Held(std::invoke(field, defaults))](const void* task) {
        return !(std::invoke(field, mutable_task(task)) == initial);
      };
    }
    detail::add_default(row, row.read_(&defaults));
    rows_.push_back(std::move(row));
  }

  std::vector<Option> rows_;
};

// A task with its table, whatever its type: what parsers of requests work on. Both must outlive it.
class BoundOptions {
 public:
  template <class Task>
  BoundOptions(const OptionTable<Task>& table, Task& task) : rows_(table.rows()), task_(&task) {}

  std::span<const Option> rows() const { return rows_; }

  // Null when there is none of that name or keyword.
  const Option* find(std::string_view name) const;

  // As those of the table; the option must be a row of it.
  void set(const Option& option, const OptionValue& value) const;
  bool is_set(const Option& option) const { return option.differs_(task_); }
  std::optional<OptionValue> value(const Option& option) const { return option.read_(task_); }

  // Whether an option is required and not set, nor another one that stands for it.
  bool is_missing(const Option& option) const;

  // Throws OptionError: see kraft::check().
  void check() const;

 private:
  std::span<const Option> rows_;
  void* task_;
};

// Throws OptionError when an option is out of its range or missing, when two are set that exclude
// one another, or one is set without what it needs (OptionDetails::needs, only_with).
template <class Task>
void check(const OptionTable<Task>& table, const Task& task) {
  BoundOptions(table, const_cast<Task&>(task)).check();  // which only reads
}

// Throws OptionError when an option of one of the tables is set where what an option of another one
// says leaves it without a meaning (OptionDetails::only_with).
void check_conditions(std::span<const BoundOptions> all);

// Throws OptionError when an option is set that has no meaning for the sampler.
void check_sampler(const BoundOptions& options, const SamplerRow& sampler);
template <class Task>
void check_sampler(const OptionTable<Task>& table, const Task& task, const SamplerRow& sampler) {
  check_sampler(BoundOptions(table, const_cast<Task&>(task)), sampler);  // which only reads
}

// Throws OptionError when an option is set that has no meaning for the medium.
void check_media(const BoundOptions& options, Medium medium);
template <class Task>
void check_media(const OptionTable<Task>& table, const Task& task, Medium medium) {
  check_media(BoundOptions(table, const_cast<Task&>(task)), medium);  // which only reads
}

// Options of samplers of which some are set: what the others are is left to whoever applies them.
//
//     kraft::PartialSamplerOptions sampling;
//     sampling.set(&kraft::SamplerOptions::temperature, 0.7);
//     kraft::SamplerOptions options = sampling.over({.top_k = 40});   // both
class PartialSamplerOptions {
 public:
  template <class T>
  void set(T SamplerOptions::*field, std::type_identity_t<T> value) {
    set(SamplerOption::Field(field), static_cast<double>(value));
  }
  void set(const SamplerOption::Field& field, double value);

  template <class T>
  bool is_set(T SamplerOptions::*field) const {
    return value(SamplerOption::Field(field)).has_value();
  }
  std::optional<double> value(const SamplerOption::Field& field) const;

  // These where they are set, and those where not.
  SamplerOptions over(SamplerOptions options) const;

  bool operator==(const PartialSamplerOptions&) const = default;

 private:
  std::vector<std::pair<SamplerOption::Field, double>> values_;
};

// One row for each row of sampler_options(), from which it takes everything.
const OptionTable<PartialSamplerOptions>& sampler_option_table();

// --threads, as every task that measures has it: an unsigned number.
template <class Task, class Field>
void add_threads(OptionTable<Task>& table, Field field) {
  table.integer("threads", field,
                {.value_name = "N",
                 .min = 0,
                 .max = 1024,
                 .meaning = "threads to measure with; 0: one per processor"});
}

}  // namespace kraft
