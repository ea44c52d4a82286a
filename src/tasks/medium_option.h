// The option that says what a file is taken for.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "kraft/media.h"
#include "kraft/tasks/options.h"

namespace kraft {

inline std::optional<Medium> medium_called(const std::string& name) {  // nothing for "auto"
  for (const Medium medium : {Medium::text, Medium::image, Medium::audio, Medium::bytes}) {
    if (name == name_of(medium)) return medium;
  }
  return std::nullopt;
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
       .choices = {"auto", "text", "image", "audio", "bytes"},
       .meaning = "what the file is taken for; auto: what its content says"});
}

}  // namespace kraft
