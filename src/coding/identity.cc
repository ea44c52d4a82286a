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

bool lists_models(const Spec& spec, const Backend& backend) {
  return spec.argument && backend.argument && backend.argument->kind == Parameter::Kind::models;
}

// Adds the libraries of a model, and of those that it lists.
void add_libraries(const std::string& text, std::set<std::string>& libraries) {
  const Backend* backend = backend_of(text);
  if (backend == nullptr) return;
  const std::string library = backend->library();
  libraries.insert(library == "kraft" ? library + " " + kVersion : library);
  const Spec spec = Spec::parse(text);
  if (!lists_models(spec, *backend)) return;
  for (const ListedModel& part : parse_model_list(*backend, *spec.argument))
    add_libraries(part.spec, libraries);
}

std::string library_of(const std::string& spec) {
  std::set<std::string> libraries;
  add_libraries(spec, libraries);
  return join(std::vector<std::string>(libraries.begin(), libraries.end()), ", ");
}

// Whether a file may ask for this value: a number or one of several words does no harm.
bool is_harmless(const Parameter& parameter, const std::string& value) {
  return parameter.kind == Parameter::Kind::integer || parameter.kind == Parameter::Kind::number ||
         parameter.kind == Parameter::Kind::choice ||
         std::ranges::find(parameter.choices, value) != parameter.choices.end();
}

// Decides whether a specification may be taken from a file: it has no free text in it, however deep
// in lists of models, and does not go on for ever.
class HarmlessSpec {
 public:
  bool check(const std::string& text, int depth = 0) {
    constexpr int kDeepest = 4, kMostModels = 32;
    if (depth > kDeepest || ++models_ > kMostModels) return false;
    const Spec spec = Spec::parse(text);
    const Backend& backend = find_backend(spec.name);
    for (const auto& given : spec.values) {
      const auto has_name = [&](const Parameter& p) { return p.name == given.first; };
      const auto found = std::ranges::find_if(backend.parameters, has_name);
      if (found != backend.parameters.end() && !is_harmless(*found, given.second)) return false;
    }
    if (!lists_models(spec, backend))
      return !spec.argument || !backend.argument || is_harmless(*backend.argument, *spec.argument);
    return std::ranges::all_of(
        parse_model_list(backend, *spec.argument),
        [&](const ListedModel& part) { return check(part.spec, depth + 1); });
  }

 private:
  int models_ = 0;
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
    if (!HarmlessSpec().check(text))
      throw Error("the file names the model " + printable(text) +
                  ", a command or a path: to trust it, name the model yourself (--model)");
    return make_model(text, options);
  } catch (const UsageError& error) {
    throw Error("the file's model is not known here: " + std::string(error.what()));
  }
}

}  // namespace kraft
