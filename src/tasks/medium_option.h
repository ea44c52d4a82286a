// The option that says what a file is taken for.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kraft/media.h"
#include "kraft/tasks/options.h"

namespace kraft {

inline std::optional<Medium> medium_called(const std::string& name) {  // nothing for "auto"
  const auto row = std::ranges::find(media(), name, &MediumRow::name);
  return row == media().end() ? std::nullopt : std::optional(row->medium);
}

inline std::vector<std::string> medium_choices() {
  std::vector<MediumRow> rows(media().begin(), media().end());
  std::ranges::sort(rows, {}, &MediumRow::medium);
  std::vector<std::string> names = {"auto"};
  for (const MediumRow& row : rows) names.emplace_back(row.name);
  return names;
}

// The field is a std::optional<Medium>; nothing is what the content says.
template <class Task, class Field>
void add_medium(OptionTable<Task>& table, Field field) {
  table.computed(
      OptionKind::choice, "as",
      [field](Task& task, const OptionValue& value) {
        std::invoke(field, task) = medium_called(std::get<std::string>(value));
      },
      [field](const Task& task) -> std::optional<OptionValue> {
        const std::optional<Medium>& medium = std::invoke(field, task);
        if (!medium) return std::nullopt;
        return std::string(name_of(*medium));
      },
      OptionValue(std::string("auto")),
      {.value_name = "MEDIUM",
       .choices = medium_choices(),
       .meaning = "what the file is taken for; auto: what its content says"});
}

}  // namespace kraft
