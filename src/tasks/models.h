// Models, as every task makes them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kraft/registry.h"
#include "kraft/tasks/progress.h"

namespace kraft {

// Throws UsageError for a specification that is none.
void check_models(const std::vector<std::string>& specs);

std::shared_ptr<const Model> make_model(const std::string& spec, const Geometry& geometry,
                                        unsigned threads, const Receiver& receiver);

// Warns when the model does not reach back to the beginning of the context.
void warn_if_cut(const Model& model, std::uint64_t context_bytes, const Receiver& receiver);

}  // namespace kraft
