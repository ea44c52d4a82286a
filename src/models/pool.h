// What a list of models names, for those who must know before any of them is made.
#pragma once

#include <string>
#include <vector>

#include "kraft/registry.h"

namespace kraft {

// The specifications in the argument of a backend that takes a list (Parameter::Kind::models), as
// they were written. Throws UsageError on bad syntax.
std::vector<std::string> listed_models(const Backend& backend, const std::string& list);

}  // namespace kraft
