// Lists of models with weights: "gzip^0.5,ngram:3", the argument of a backend that takes one
// (Parameter::Kind::models).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kraft/registry.h"

namespace kraft {

struct ListedModel {
  std::string spec;
  double weight = 1;
};

// As they were written. Throws UsageError on bad syntax.
std::vector<ListedModel> parse_model_list(const Backend& backend, const std::string& list);

std::string model_list_text(const Backend& backend, std::span<const ListedModel> models);

}  // namespace kraft
