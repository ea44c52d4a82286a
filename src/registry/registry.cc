#include "kraft/registry.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "base/text.h"
#include "kraft/error.h"
#include "registry/backends.h"
#include "registry/model_list.h"

namespace kraft {
namespace {

[[noreturn]] void fail(const Backend& backend, const std::string& what) {
  throw UsageError(backend.name + ": " + what);
}

// Throws UsageError.
void expect_well_formed(const Backend& row) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  std::vector<std::string> names = row.aliases;
  names.push_back(row.name);
  for (const std::string& name : names) {
    if (name.empty() || name.find_first_not_of(kAllowed) != std::string::npos)
      throw UsageError("a backend cannot be called '" + printable(name) +
                       "': a name is made of letters, digits, '-', '_' and '.'");
  }
  if (!row.make_codec && !row.make_model) fail(row, "makes neither a codec nor a model");
  std::vector<std::string> parameters;
  for (const Parameter& parameter : row.parameters) {
    if (std::ranges::find(parameters, parameter.name) != parameters.end())
      fail(row, "has the parameter '" + printable(parameter.name) + "' twice");
    parameters.push_back(parameter.name);
  }
}

// The rows, which never move. Safe to share between threads.
class Table {
 public:
  Table() {
#define KRAFT_ADD_BACKEND(name) add(name##_backend());
    KRAFT_BACKENDS(KRAFT_ADD_BACKEND)
#undef KRAFT_ADD_BACKEND
  }

  void add(Backend row) {
    if (!row.make_model) {
      for (Parameter& parameter : measured_context_parameters())
        row.parameters.push_back(std::move(parameter));
    }
    expect_well_formed(row);
    const std::unique_lock lock(mutex_);
    expect_free(row.name);
    for (const std::string& alias : row.aliases) expect_free(alias);
    rows_.push_back(std::move(row));
  }

  std::vector<std::reference_wrapper<const Backend>> rows() const {
    const std::shared_lock lock(mutex_);
    return {rows_.begin(), rows_.end()};
  }

 private:
  static bool is_called(const Backend& row, std::string_view name) {
    return row.name == name || std::ranges::find(row.aliases, name) != row.aliases.end();
  }

  void expect_free(const std::string& name) const {
    const auto taken = [&name](const Backend& row) { return is_called(row, name); };
    if (std::ranges::any_of(rows_, taken))
      throw UsageError("there is a backend called '" + name + "' already");
  }

  mutable std::shared_mutex mutex_;
  std::deque<Backend> rows_;
};

Table& table() {
  static Table table;
  return table;
}

// Sets the parameters that the backend has, the geometry knows, and the specification leaves open.
// A backend that knows of channels is one for samples; the depth of another is of something else.
void fill_in_shape(Spec& spec, const Backend& backend, const Geometry& geometry) {
  if (std::ranges::none_of(backend.parameters,
                           [](const Parameter& p) { return p.name == "channels"; }))
    return;
  for (const auto& known : geometry.values()) {
    const auto has_name = [&known](const Parameter& p) { return p.name == known.first; };
    const auto sets_name = [&known](const auto& given) { return given.first == known.first; };
    if (std::ranges::any_of(backend.parameters, has_name) &&
        std::ranges::none_of(spec.values, sets_name))
      spec.values.emplace_back(known.first, std::to_string(known.second));
  }
}

bool is_of_model(const Backend& backend, std::string_view name) {
  return std::ranges::any_of(backend.parameters, [name](const Parameter& parameter) {
    return parameter.name == name && parameter.of_model;
  });
}

// The canonical list, whose models are all checked.
void complete_list(Spec& spec, const Backend& backend, const Geometry& geometry) {
  if (!spec.argument) return;
  std::vector<ListedModel> models = parse_model_list(backend, *spec.argument);
  for (ListedModel& model : models) model.spec = check_spec(model.spec, geometry);
  spec.argument = model_list_text(backend, models);
}

struct Request {
  const Backend& backend;
  Spec spec;
  Arguments arguments;
};

Request read(std::string_view text, const Geometry& geometry) {
  Spec spec = Spec::parse(text);
  const Backend& backend = find_backend(spec.name);
  fill_in_shape(spec, backend, geometry);
  if (backend.argument && backend.argument->kind == Parameter::Kind::models)
    complete_list(spec, backend, geometry);
  if (backend.complete) backend.complete(spec, geometry);
  if (spec.name != backend.name && &find_backend(spec.name) != &backend)
    return read(spec.text(), geometry);
  Arguments arguments = check(spec, backend);
  return {backend, std::move(spec), std::move(arguments)};
}

Request read_for_model(std::string_view text, const Geometry& geometry) {
  Request request = read(text, geometry);
  const Backend& backend = request.backend;
  if (backend.check_model) {
    backend.check_model(request.arguments, geometry);
  } else if (backend.make_codec) {
    backend.make_codec(request.arguments);
  }
  return request;
}

}  // namespace

std::vector<std::reference_wrapper<const Backend>> backends() { return table().rows(); }

const Backend& find_backend(std::string_view name) {
  std::vector<std::string> names;
  for (const Backend& row : backends()) {
    if (row.name == name || std::ranges::find(row.aliases, name) != row.aliases.end()) return row;
    names.push_back(row.name);
    names.insert(names.end(), row.aliases.begin(), row.aliases.end());
  }
  throw UsageError("unknown model '" + printable(name) + "'" + did_you_mean(name, names) +
                   "; there are " + join(names, ", "));
}

const Backend* backend_of(std::string_view spec) {
  try {
    return &find_backend(Spec::parse(spec).name);
  } catch (const UsageError&) {
    return nullptr;
  }
}

void register_backend(Backend backend) { table().add(std::move(backend)); }

std::string check_spec(std::string_view spec, const Geometry& geometry) {
  return read_for_model(spec, geometry).arguments.spec();
}

std::shared_ptr<const Model> make_model(std::string_view spec, const ModelOptions& options) {
  const auto [backend, parsed, arguments] = read_for_model(spec, options.geometry);
  if (backend.make_model) return backend.make_model(arguments, options);
  return model_of(backend.make_codec(arguments), arguments.spec(), measured_context(arguments),
                  options);
}

std::shared_ptr<const Codec> make_codec(std::string_view spec, const Geometry& geometry) {
  const auto [backend, parsed, arguments] = read(spec, geometry);
  if (!backend.make_codec)
    throw UsageError(backend.name + ": predicts, but is not a compressor by itself");
  for (const auto& given : parsed.values) {
    if (is_of_model(backend, given.first))
      fail(backend, given.first + " belongs to the model; the compressor has no such parameter");
  }
  return backend.make_codec(arguments);
}

std::string codec_spec(std::string_view spec) {
  Spec parsed = Spec::parse(spec);
  const Backend& backend = find_backend(parsed.name);
  std::erase_if(parsed.values,
                [&backend](const auto& given) { return is_of_model(backend, given.first); });
  return parsed.text();
}

}  // namespace kraft
