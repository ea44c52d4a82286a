// What the codec png and the model png have in common.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "kraft/registry.h"

namespace kraft::png {

// As a parameter names them; from the second on, in the order of their numbers in a file.
inline constexpr std::array<const char*, 6> kFilterNames = {"mix", "none",    "sub",
                                                            "up",  "average", "paeth"};

std::string usable_engine();

// src/models/png_model.cc
std::shared_ptr<const Model> make_model(std::shared_ptr<const Codec> codec,
                                        const Arguments& arguments, const ModelOptions& options);

}  // namespace kraft::png
