// What a piece of work costs, measured where it disturbs nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace kraft {

struct WorkCost {
  double seconds = 0;
  std::uint64_t peak_memory_bytes = 0;  // more than before the work
};

// Does the work in a copy of this process, which ends after it: only the cost comes back, or
// nothing when the work failed. Memory that this process has free already is not counted. To be
// called while this process has one thread.
std::optional<WorkCost> cost_of(const std::function<void()>& work);

}  // namespace kraft
