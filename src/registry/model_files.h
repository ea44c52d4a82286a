// The files that a model is loaded from.
#pragma once

#include <string>
#include <vector>

namespace kraft {

// As the specification names them, be they there or not; of a model that is made of others, theirs.
// None for what is no specification.
std::vector<std::string> model_files(const std::string& spec);

}  // namespace kraft
