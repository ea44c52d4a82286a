// Commands whose work is spread over cells, and what they say when it is cut short.
#pragma once

#include <functional>

#include "kraft/tasks/progress.h"

namespace kraft::cli {

// Does the work and returns the exit status: that of an interrupt when the work was cancelled,
// which is said, and what has become of the cells that were done. `kept`: they are in a file.
int spread(bool kept, const std::function<void(const Receiver&)>& work);

}  // namespace kraft::cli
