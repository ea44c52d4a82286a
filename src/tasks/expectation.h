// What one model expects, for whoever has the model.
#pragma once

#include "kraft/tasks/next.h"

namespace kraft {

Expectation expectation_of(const Model& model, ByteView context, BaseBits base_bits);

}  // namespace kraft
