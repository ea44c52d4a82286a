// Models that are made of models, whose distributions of the next byte they combine.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kraft/registry.h"

namespace kraft {

struct Part {
  std::shared_ptr<const Model> model;
  double weight = 1;
};

struct Parts {
  std::vector<Part> parts;
  double total_weight = 0;
};

// Of the models in the list that is the argument of that backend.
Parts make_parts(std::string_view backend, const Arguments& arguments, const ModelOptions& options);

// A row whose argument is such a list; `sign` stands before a weight.
Backend parts_backend(std::string name, std::string summary, char sign, std::string meaning);

// What is known of a model from its parts.
class ModelOfParts : public Model {
 public:
  ModelOfParts(std::string spec, Parts parts)
      : spec_(std::move(spec)), parts_(std::make_shared<const Parts>(std::move(parts))) {}

  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return Granularity::fractional; }
  std::optional<std::uint64_t> window_bytes() const override;  // the longest
  std::string fingerprint() const override;  // those of the models, where one has any
  std::uint64_t parameters() const override;

 protected:
  const std::shared_ptr<const Parts>& shared_parts() const { return parts_; }

 private:
  std::string spec_;
  std::shared_ptr<const Parts> parts_;
};

}  // namespace kraft
