// `ppmd`: the model around the tree.

#include "kraft/registry.h"
#include "models/choice_model.h"
#include "models/ppmd/tree.h"
#include "registry/backends.h"

namespace kraft {

Backend ppmd_backend() {
  Backend row;
  row.name = "ppmd";
  row.summary = "PPMd variant H: prediction by partial matching, escapes estimated (Shkarin 2002)";
  row.argument = Parameter::integer("order", ppmd::kLeastOrder, ppmd::kMostOrder, "8",
                                    "bytes of context that predict the next, at most");
  row.parameters = {
      Parameter::integer("mem", ppmd::Tree::kLeastMemory, std::int64_t{1} << 30, "64MiB",
                         "bytes of memory; when they are full, the model begins anew")};
  row.granularity = Granularity::fractional;
  row.window = "all of the context, N bytes at a time, until mem= is full";
  row.library = [] { return std::string("kraft"); };
  row.make_model = [](const Arguments& arguments, const ModelOptions& options) {
    return std::make_shared<ChoiceModel<ppmd::Tree>>(
        arguments.spec(),
        ppmd::Tree(static_cast<int>(arguments.integer("order")),
                   static_cast<std::size_t>(arguments.integer("mem"))),
        options.cancelled);
  };
  return row;
}

}  // namespace kraft
