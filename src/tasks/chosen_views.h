// The option `view` of tasks that may look at codecs from both sides.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kraft/tasks/options.h"
#include "kraft/views.h"

namespace kraft {

template <class Task, class Field>
void add_view(OptionTable<Task>& table, Field field) {
  std::vector<std::pair<std::string, ChosenView>> names;
  for (const ChosenView view :
       {ChosenView::given, ChosenView::encoder, ChosenView::decoder, ChosenView::both})
    names.emplace_back(name_of(view), view);
  table.choice("view", field, std::move(names),
               {.value_name = "WHICH",
                .meaning = "views of the codecs; both: side by side, given: as the models say"});
}

// The specifications in the views that are wanted, the encoder's first. Throws UsageError where a
// specification has chosen already, or lacks the decoder's.
std::vector<std::string> in_views(const std::vector<std::string>& models, ChosenView view);

}  // namespace kraft
