// What the codec png and the model png have in common.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "kraft/registry.h"

namespace kraft::png {

// As the parameter names them: two means of all five, then each in the order of its number in a
// file.
inline constexpr int kMeans = 2;
inline constexpr std::array<const char*, 7> kFilterNames = {"product", "mix",     "none", "sub",
                                                            "up",      "average", "paeth"};

std::string usable_engine();

// src/models/png_model.cc
std::shared_ptr<const Model> make_model(std::shared_ptr<const Codec> codec,
                                        const Arguments& arguments, const ModelOptions& options);

}  // namespace kraft::png
