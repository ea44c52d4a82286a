// Models that models are made of: one, or lists of them with weights, "gzip^0.5,ngram:3", the
// argument of a backend that takes one (Parameter::Kind::models).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kraft/registry.h"

namespace kraft {

// Whether the argument is the specification of one other model.
bool names_model(const Backend& backend);

struct ListedModel {
  std::string spec;
  double weight = 1;
};

// As they were written. Throws UsageError on bad syntax.
std::vector<ListedModel> parse_model_list(const Backend& backend, const std::string& list);

std::string model_list_text(const Backend& backend, std::span<const ListedModel> models);

}  // namespace kraft
