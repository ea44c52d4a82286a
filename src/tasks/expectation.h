// What one model expects, for whoever has the model.
#pragma once

#include <functional>

#include "kraft/tasks/next.h"

namespace kraft {

// Throws Cancelled.
Expectation expectation_of(const Model& model, ByteView context, BaseBits base_bits,
                           const std::function<bool()>& cancelled);

}  // namespace kraft
