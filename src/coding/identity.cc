// Which model is this, and is it the same one here?

#include <algorithm>
#include <array>

#include "base/text.h"
#include "coding/container_format.h"
#include "kraft/coder.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "version.h"

namespace kraft {
namespace {

// Words, digits, repetition and bytes that are no text; a distribution is taken before each 16
// bytes, and at the end.
constexpr std::string_view kProbeText(
    "whale, the whale! 1851\n\0\0\x01\xff\x80\x7f\xc3\xa9 the white whale.", 48);
constexpr std::size_t kProbeStep = 16;

std::uint64_t probe(const Model& model) {
  const auto state = model.start();
  std::array<double, 256> bits;
  IntegerDistribution distribution;
  Bytes masses;
  for (ByteView rest = as_bytes(kProbeText);; rest = rest.subspan(kProbeStep)) {
    state->next_byte(bits);
    distribution.assign(bits);
    for (std::size_t symbol = 0; symbol < distribution.size(); ++symbol)
      put_u64(masses, distribution.mass(symbol));
    if (rest.empty()) return checksum(masses);
    for (std::size_t i = 0; i < kProbeStep; ++i) state->observe(rest.subspan(i, 1));
  }
}

const Backend* backend_of(const std::string& spec) {
  try {
    return &find_backend(Spec::parse(spec).name);
  } catch (const Error&) {  // a model of somebody else's
    return nullptr;
  }
}

std::string library_of(const std::string& spec) {
  const Backend* backend = backend_of(spec);
  if (backend == nullptr) return "";
  const std::string library = backend->library();
  return library == "kraft" ? library + " " + kVersion : library;
}

bool takes_free_text(const Backend& backend) {
  const auto is_text = [](const Parameter& p) { return p.kind == Parameter::Kind::text; };
  return (backend.argument && is_text(*backend.argument)) ||
         std::ranges::any_of(backend.parameters, is_text);
}

// Of a list of models, whatever quotes stand around them: whether it holds a name that one of those
// goes by which take free text. No escape can spell a name.
bool names_free_text(const std::string& models) {
  return std::ranges::any_of(backends(), [&models](const Backend& backend) {
    const auto occurs = [&models](const std::string& name) {
      return models.find(name) != models.npos;
    };
    return takes_free_text(backend) &&
           (occurs(backend.name) || std::ranges::any_of(backend.aliases, occurs));
  });
}

bool is_free(const Parameter& parameter, const std::string& value) {
  if (parameter.kind == Parameter::Kind::models) return names_free_text(value);
  return parameter.kind == Parameter::Kind::text &&
         std::ranges::find(parameter.choices, value) == parameter.choices.end();
}

bool has_free_text(const Spec& spec, const Backend& backend) {
  if (spec.argument && backend.argument && is_free(*backend.argument, *spec.argument)) return true;
  return std::ranges::any_of(spec.values, [&](const auto& given) {
    return std::ranges::any_of(backend.parameters, [&](const Parameter& parameter) {
      return parameter.name == given.first && is_free(parameter, given.second);
    });
  });
}

// Weights may lie elsewhere on another machine: their fingerprint says more than their path.
std::string without_place(const std::string& text) {
  const Backend* backend = backend_of(text);
  if (backend == nullptr || !backend->argument || backend->argument->kind != Parameter::Kind::text)
    return text;
  Spec spec = Spec::parse(text);
  spec.argument.reset();
  return spec.text();
}

bool same_spec(const ModelIdentity& file, const ModelIdentity& here) {
  if (file.spec == here.spec) return true;
  return !file.fingerprint.empty() && without_place(file.spec) == without_place(here.spec);
}

}  // namespace

ModelIdentity identify(const Model& model) {
  return {model.spec(), library_of(model.spec()), model.fingerprint(), probe(model)};
}

void expect_same_model(const ModelIdentity& file, const ModelIdentity& here,
                       const std::function<void(const std::string&)>& warn) {
  if (!same_spec(file, here))
    throw Error("the file was written with the model " + printable(file.spec) + ", not with " +
                printable(here.spec));
  if (file.fingerprint != here.fingerprint)
    throw Error("the file was written with other weights of " + printable(here.spec) +
                ": expected fingerprint " + printable(file.fingerprint) + ", found " +
                (here.fingerprint.empty() ? "none" : printable(here.fingerprint)));
  std::string versions;
  if (file.library != here.library)
    versions = "the file was written with " + printable(file.library) + ", here is " +
               printable(here.library);
  if (file.probe != here.probe)
    throw Error(printable(here.spec) + " gives other probabilities here than where the file was " +
                "written, so that it cannot be decompressed" +
                (versions.empty() ? " on this machine" : ": " + versions));
  if (!versions.empty() && warn) warn(versions);
}

std::shared_ptr<const Model> named_model(const std::string& text, const ModelOptions& options) {
  try {
    const Spec spec = Spec::parse(text);
    if (has_free_text(spec, find_backend(spec.name)))
      throw Error("the file names the model " + printable(text) +
                  ", a command or a path: to trust it, name the model yourself (--model)");
    return make_model(text, options);
  } catch (const UsageError& error) {
    throw Error("the file's model is not known here: " + std::string(error.what()));
  }
}

}  // namespace kraft
