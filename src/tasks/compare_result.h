// The result of kraft compare of cells, whether they were computed or come from files.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evaluate/comparison.h"
#include "kraft/tasks/compare.h"

namespace kraft {

// Of models on inputs, by both: library, weights and a probe.
using ModelIdentities = std::map<std::pair<std::size_t, std::string>, std::string>;

// The comparison says how cells are summed up. Those that are not there are windows that a model
// has not seen.
CompareResult compare_result(const Comparison& comparison, std::map<CellKey, Cell> cells,
                             const ModelIdentities& identities,
                             const std::optional<std::string>& reference);

// Throws UsageError unless the reference, where one is named, is one of the models or a bound.
void check_reference(const std::optional<std::string>& reference,
                     const std::vector<std::string>& models);

}  // namespace kraft
