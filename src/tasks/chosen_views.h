// The option `view` of tasks that may look at codecs from both sides.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kraft/tasks/options.h"
#include "kraft/views.h"

namespace kraft {

std::vector<std::pair<std::string, ChosenView>> names_of_views();

template <class Task>
void add_view(OptionTable<Task>& table, ChosenView Task::*field) {
  table.choice("view", field, names_of_views(),
               {.value_name = "WHICH",
                .meaning = "views of the codecs; both: side by side, given: as the models say"});
}

// The same of an optional field, without which the models are looked at as in_views() says.
template <class Task>
void add_view(OptionTable<Task>& table, std::optional<ChosenView> Task::*field) {
  table.choice("view", field, names_of_views(),
               {.value_name = "WHICH",
                .otherwise = "both, of those that are given without a view",
                .meaning = "views of the codecs; both: side by side, given: as the models say"});
}

// The specifications in the views that are wanted, the encoder's first. Throws UsageError where a
// specification has chosen already, or lacks the decoder's.
std::vector<std::string> in_views(const std::vector<std::string>& models, ChosenView view);

// Without a choice: both views, one after the other, of what has two and is given without one, and
// all else as it is given. What is given in both ways itself stays so.
std::vector<std::string> in_views(const std::vector<std::string>& models,
                                  const std::optional<ChosenView>& view);

// What values of pixels and sound are best drawn from (docs/media.md): the specification of a codec
// in its decoder's view, if it has two and is given without one, and if the encoder's lengths are
// whole bytes, which do not tell values apart. All else is as it is given.
std::string in_view_for_samples(const std::string& model);

}  // namespace kraft
