#include "models/parts.h"

#include <algorithm>
#include <unordered_set>

#include "registry/model_list.h"

namespace kraft {

Parts make_parts(std::string_view name, const Arguments& arguments, const ModelOptions& options) {
  Parts parts;
  const Backend& backend = find_backend(name);
  for (const ListedModel& part :
       parse_model_list(backend, arguments.text(backend.argument->name))) {
    parts.parts.push_back({make_model(part.spec, options), part.weight});
    parts.total_weight += part.weight;
  }
  return parts;
}

Backend parts_backend(std::string name, std::string summary, char sign, std::string meaning) {
  Backend row;
  row.name = std::move(name);
  row.summary = std::move(summary);
  Parameter list = Parameter::free_text("list of models", "", std::move(meaning));
  list.kind = Parameter::Kind::models;
  list.suffixes = sign;
  row.argument = std::move(list);
  row.granularity = Granularity::fractional;
  row.window = "the longest of its models";
  row.library = [] { return std::string("kraft"); };
  return row;
}

std::optional<std::uint64_t> ModelOfParts::window_bytes() const {
  std::optional<std::uint64_t> longest = 0;
  for (const Part& part : parts_->parts) {
    const auto window = part.model->window_bytes();
    if (!window) return std::nullopt;
    longest = std::max(longest, window);
  }
  return longest;
}

std::string ModelOfParts::fingerprint() const {
  std::string all;
  bool any = false;
  for (const Part& part : parts_->parts) {
    const std::string one = part.model->fingerprint();
    any |= !one.empty();
    all += (&part == parts_->parts.data() ? "" : ",") + one;
  }
  return any ? all : "";
}

std::uint64_t ModelOfParts::parameters() const {
  std::uint64_t sum = 0;
  std::unordered_set<std::string_view> counted;  // a model that is listed twice learnt once
  for (const Part& part : parts_->parts) {
    if (counted.insert(part.model->spec()).second) sum += part.model->parameters();
  }
  return sum;
}

}  // namespace kraft
