// What models are, in a line: for files of results, and for ranks that must agree.
#pragma once

#include <string>

#include "kraft/model.h"

namespace kraft {

// Its specification, its library, its weights and a probe of its predictions.
std::string identity_of(const Model& model);

}  // namespace kraft
