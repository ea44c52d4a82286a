// Which model is this, and is it the same one here?

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "base/text.h"
#include "coding/container_format.h"
#include "kraft/coder.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "registry/model_list.h"
#include "version.h"

namespace kraft {
namespace {

// Words, digits, repetition and bytes that are no text; a distribution is taken before each 16
// bytes, and at the end.
constexpr std::string_view kProbeText(
    "whale, the whale! 1851\n\0\0\x01\xff\x80\x7f\xc3\xa9 the white whale.", 48);
constexpr std::size_t kProbeStep = 16;

// Of models within models, in a specification from a file; of models in all; and of those among
// them that load weights.
constexpr int kDeepest = 4, kMostModels = 10, kMostLoaded = 2;
constexpr int kDeepestChanged = 64;  // models further down stay as they are written

std::uint64_t probe(const Model& model) {
  const auto state = model.start();
  if (state->by_choices() != nullptr) {  // what it codes by is integers already
    RangeEncoder encoder;
    encode_bytes(*state, as_bytes(kProbeText), encoder);
    return checksum(encoder.finish());
  }
  IntegerDistribution distribution;
  Bytes masses;
  for (ByteView rest = as_bytes(kProbeText);; rest = rest.subspan(kProbeStep)) {
    state->next_distribution(distribution);
    for (std::size_t symbol = 0; symbol < distribution.size(); ++symbol)
      put_u64(masses, distribution.mass(symbol));
    if (rest.empty()) return checksum(masses);
    for (std::size_t i = 0; i < kProbeStep; ++i) state->observe(rest.subspan(i, 1));
  }
}

// What a file may spend before it is known whether the model here is its own.
constexpr double kMostTrialMs = 700, kMostTrialMiB = 90;

double trial_ms(const Arguments& arguments, const Backend& backend) {
  constexpr double kMostTakeMs = 5;
  const double ms = backend.trial_ms ? backend.trial_ms(arguments) : kMostTakeMs;
  return ms * static_cast<double>(arguments.integer_or("dither", 1));
}

double trial_mib(const Arguments& arguments, const Backend& backend) {
  constexpr double kFewMiB = 5;
  return backend.trial_mib ? backend.trial_mib(arguments) : kFewMiB;
}

bool is_of_speed(const Backend& backend, std::string_view parameter) {
  const auto row = std::ranges::find(backend.parameters, parameter, &Parameter::name);
  return row != backend.parameters.end() && row->of_speed;
}

bool lists_models(const Spec& spec, const Backend& backend) {
  return spec.argument && backend.argument && backend.argument->kind == Parameter::Kind::models;
}

// What the argument is when none is given, too.
std::string argument_of(const Spec& spec, const Backend& backend) {
  return spec.argument.value_or(backend.argument->initial);
}

// The models that one is made of: those of a list, or the inner one.
std::vector<ListedModel> parts_of(const Spec& spec, const Backend& backend) {
  if (lists_models(spec, backend)) return parse_model_list(backend, *spec.argument);
  if (names_model(backend)) return {{argument_of(spec, backend)}};
  return {};
}

// Adds the libraries of a model, and of those that it is made of.
void add_libraries(const std::string& text, std::set<std::string>& libraries) {
  const Backend* backend = backend_of(text);
  if (backend == nullptr) return;
  const std::string library = backend->library();
  libraries.insert(library == "kraft" ? library + " " + kVersion : library);
  for (const ListedModel& part : parts_of(Spec::parse(text), *backend))
    add_libraries(part.spec, libraries);
}

std::string library_of(const std::string& spec) {
  std::set<std::string> libraries;
  add_libraries(spec, libraries);
  return join(std::vector<std::string>(libraries.begin(), libraries.end()), ", ");
}

// Changes the specification of a model, and of each of those that it is made of.
template <class Change>
std::string changed(const std::string& text, const Change& change, int depth = 0) {
  const Backend* backend = backend_of(text);
  if (backend == nullptr || depth > kDeepestChanged) return text;
  Spec spec = Spec::parse(text);
  change(spec, *backend);
  std::vector<ListedModel> parts = parts_of(spec, *backend);
  for (ListedModel& part : parts) part.spec = changed(part.spec, change, depth + 1);
  if (lists_models(spec, *backend)) {
    spec.argument = model_list_text(*backend, parts);
  } else if (spec.argument && !parts.empty()) {
    spec.argument = parts[0].spec;
  }
  return spec.text();
}

// The specification without what changes no result, so that a file opens on a machine with fewer
// processors, say.
std::string without_speed(const std::string& text) {
  return changed(text, [](Spec& spec, const Backend& backend) {
    std::erase_if(spec.values,
                  [&](const auto& given) { return is_of_speed(backend, given.first); });
  });
}

// Decides whether a specification may be taken from a file: it has no free text in it, however deep
// in lists of models, asks for nothing that is dear, and does not go on for ever.
class Trust {
 public:
  // Why not; empty if it may.
  std::string objection(const std::string& text, int depth = 0, double trials = 1) {
    if (depth > kDeepest || ++models_ > kMostModels) return "which is made of too many models";
    const Spec spec = Spec::parse(text);
    const Backend& backend = find_backend(spec.name);
    for (const auto& [name, value] : spec.values) {
      const auto parameter = std::ranges::find(backend.parameters, name, &Parameter::name);
      if (parameter == backend.parameters.end()) continue;  // check() will say so
      std::string why = objection_to(*parameter, value);
      if (!why.empty()) return why;
    }
    const Arguments arguments = check(spec, backend);
    trial_ms_ += trials * trial_ms(arguments, backend);
    if (trial_ms_ > kMostTrialMs) return "which takes too long to be tried";
    trial_mib_ += trial_mib(arguments, backend);
    if (trial_mib_ > kMostTrialMiB) return "which takes too much memory to be tried";
    for (const ListedModel& part : parts_of(spec, backend)) {
      std::string why = objection(part.spec, depth + 1, trials * backend.trials_of_parts);
      if (!why.empty()) return why;
    }
    if (!backend.argument || names_model(backend) || lists_models(spec, backend)) return "";
    if (backend.argument->kind == Parameter::Kind::text && ++loaded_ > kMostLoaded)
      return "which loads too many files";
    return objection_to(*backend.argument, argument_of(spec, backend));
  }

 private:
  static std::string objection_to(const Parameter& parameter, const std::string& value) {
    switch (parameter.kind) {
      case Parameter::Kind::text:
      case Parameter::Kind::models:
        return std::ranges::find(parameter.choices, value) != parameter.choices.end()
                   ? ""
                   : "a command or a path";
      case Parameter::Kind::integer: {
        std::int64_t number = 0;
        if (!parse_integer(value, number)) return "";  // check() will say so, or a level "9e"
        const bool too_much = parameter.most_from_file && number > *parameter.most_from_file;
        return too_much ? "whose " + parameter.name + " is more than " +
                              std::to_string(*parameter.most_from_file)
                        : "";
      }
      case Parameter::Kind::number:
      case Parameter::Kind::choice:
        return "";
    }
    return "";
  }

  int models_ = 0, loaded_ = 0;
  double trial_ms_ = 0, trial_mib_ = 0;
};

// Weights may lie elsewhere on another machine: their fingerprint says more than their path.
std::string without_place(const std::string& text) {
  const Backend* backend = backend_of(text);
  if (backend == nullptr || !backend->argument || backend->argument->kind != Parameter::Kind::text)
    return text;
  Spec spec = Spec::parse(text);
  spec.argument.reset();
  return spec.text();
}

bool same_spec(const std::string& file, const std::string& here, bool has_fingerprint) {
  const std::string there = without_speed(file);
  if (there == here) return true;
  return has_fingerprint && without_place(there) == without_place(here);
}

void expect_same_spec(const ModelIdentity& file, const std::string& here) {
  if (!same_spec(file.spec, here, !file.fingerprint.empty()))
    throw Error("the file was written with the model " + printable(file.spec) + ", not with " +
                printable(here));
}

}  // namespace

ModelIdentity identify(const Model& model) {
  return {without_speed(model.spec()), library_of(model.spec()), model.fingerprint(), probe(model)};
}

// A file says what is the latest revision here, which may be another elsewhere. Files without
// revisions were written by the first.
std::string spec_for_file(const std::string& spec) {
  return changed(spec, [](Spec& written, const Backend& backend) {
    const unsigned revision = written.revision.value_or(backend.latest_revision(written));
    written.revision = revision > 1 ? std::optional(revision) : std::nullopt;
  });
}

std::string spec_from_file(const std::string& spec) {
  try {
    return changed(spec, [](Spec& read, const Backend& backend) {
      const unsigned revision = read.revision.value_or(1);
      read.revision =
          revision != backend.latest_revision(read) ? std::optional(revision) : std::nullopt;
    });
  } catch (const UsageError&) {  // whoever makes the model says what is wrong with it
    return spec;
  }
}

std::optional<bool> is_portable(const ModelIdentity& file) {
  try {
    return named_model(file, {})->portable();
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string objection_to(const std::string& spec) { return Trust().objection(without_speed(spec)); }

void expect_same_model(const ModelIdentity& file, const Model& model,
                       const std::function<void(const std::string&)>& warn) {
  const std::string here = without_speed(model.spec());
  expect_same_spec(file, here);
  const std::string fingerprint = model.fingerprint();
  const auto shown = [](const std::string& text) {
    return text.empty() ? std::string("none") : printable(text);
  };
  if (file.fingerprint != fingerprint)
    throw Error("the file was written with other weights of " + printable(here) +
                ": expected fingerprint " + shown(file.fingerprint) + ", found " +
                shown(fingerprint));
  std::string versions;
  if (const std::string library = library_of(here); file.library != library)
    versions =
        "the file was written with " + printable(file.library) + ", here is " + printable(library);
  if (file.probe != probe(model))
    throw Error(printable(here) + " gives other probabilities here than where the file was " +
                "written, so that it cannot be decompressed" +
                (versions.empty() ? " on this machine" : ": " + versions));
  if (!versions.empty() && warn) warn(versions);
}

namespace {

// What `work` makes of the file's specification.
template <class Work>
auto of_named(const ModelIdentity& file, Work work) {
  try {
    if (const std::string why = objection_to(file.spec); !why.empty())
      throw Error("the file names the model " + printable(file.spec) + ", " + why +
                  ": to trust it, name the model yourself");
    const std::string spec = without_speed(file.spec);
    expect_same_spec(file, check_spec(spec));  // before anything is loaded
    return work(spec);
  } catch (const UsageError& error) {
    throw Error("the file's model is not known here: " + std::string(error.what()));
  }
}

}  // namespace

void expect_known_model(const ModelIdentity& file) {
  of_named(file, [](const std::string&) {});
}

std::shared_ptr<const Model> named_model(const ModelIdentity& file, const ModelOptions& options) {
  return of_named(file, [&](const std::string& spec) { return make_model(spec, options); });
}

}  // namespace kraft
