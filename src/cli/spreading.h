// Commands whose work is spread over cells, and what they say when it is cut short.
#pragma once

#include <functional>
#include <optional>

#include "kraft/tasks/progress.h"

namespace kraft::cli {

enum class Finished { kept, lost };  // what becomes of the cells that were done

// Does the work and returns the exit status: that of an interrupt when the work was cancelled,
// which is said, and what has become of the cells where that can be chosen.
int spread(const std::function<void(const Receiver&)>& work, std::optional<Finished> cells = {});

}  // namespace kraft::cli
