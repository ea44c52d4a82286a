// The registry: every backend by its name.
//
//     auto model = kraft::make_model("zstd:19,window=17");
//     auto codec = kraft::make_codec("xz:6e");
//     for (const kraft::Backend& backend : kraft::backends()) std::puts(backend.name.c_str());
//
// kraft/spec.h says how specifications are written. One can be checked, and brought into the form
// that Model::spec() has, without making the model:
//
//     std::string spec = kraft::check_spec("mix:gz,ngram");     // mix:gzip:6,ngram:5
//
// An unknown name, a value out of its range or an unknown key is a UsageError that says so and
// names what would have been allowed. Nothing is clamped.
//
// A program's own codecs and models take part under the names that it registers them by:
//
//     kraft::register_codec("mine", "what it is", codec);
//     auto pooled = kraft::make_model("product:mine,ngram:3");
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kraft/codec.h"
#include "kraft/geometry.h"
#include "kraft/granularity.h"
#include "kraft/measuring.h"
#include "kraft/model.h"
#include "kraft/spec.h"

namespace kraft {

// One row of the registry: all that kraft knows of a backend.
struct Backend {
  std::string name;
  std::vector<std::string> aliases;
  std::string summary;
  std::optional<Parameter> argument;
  std::vector<Parameter> parameters;
  // How often its way of coding has changed, and once more: Arguments::revision() says which one to
  // make. A .kraft file names it, so that every earlier one must be kept.
  unsigned revision = 1;
  // Which models the latest revision codes otherwise than the first: the others have but one.
  // Empty: all of them.
  std::function<bool(const Spec&)> revised = {};
  unsigned latest_revision(const Spec& spec) const {
    return revised && !revised(spec) ? 1 : revision;
  }
  Granularity granularity = Granularity::byte;
  std::string window;                    // how far it looks back, in words
  std::function<std::string()> library;  // the library it runs on, with its version
  std::string built_with = {};  // the same as the build found it, where library() has to load it

  // How the model measures, where there is a choice; "recompress" if empty and there is a codec.
  std::function<std::string()> engine = {};

  // Empty for a pure predictor.
  std::function<std::shared_ptr<const Codec>(const Arguments&)> make_codec = {};
  // Empty where model_of(codec) is all there is; the parameters of measured_context_parameters()
  // are the row's then, without being listed.
  std::function<std::shared_ptr<const Model>(const Arguments&, const ModelOptions&)> make_model =
      {};

  // Fills in what the specification leaves open and the geometry decides, besides the parameters
  // that have a dimension's name; may name another backend, which is asked in its place then. May
  // be empty.
  std::function<void(Spec&, const Geometry&)> complete = {};
  // Throws what make_model would throw, as far as that can be told without loading anything: of
  // arguments that are each in range and contradict each other, say. May be empty: make_codec then
  // says all.
  std::function<void(const Arguments&, const Geometry&)> check_model = {};
  // Milliseconds that four distributions within 48 bytes take, roughly, on a processor of 2020:
  // what a .kraft file spends before it is known whether the model here is its own. Empty: next to
  // none. Where each candidate is a whole stream, a thousand of them are compressed.
  std::function<double(const Arguments&)> trial_ms = {};
  // And the MiB that it takes for that. Empty: few.
  std::function<double(const Arguments&)> trial_mib = {};
  // Of a model that is made of others: for one of its trials, so many of each of them.
  double trials_of_parts = 1;
};

// Those of kraft, and those registered since, in this order. What is named here stays where it is
// as long as the program runs.
std::vector<std::reference_wrapper<const Backend>> backends();

// Throws UsageError with the nearest names when there is none of that name.
const Backend& find_backend(std::string_view name);

// The one that a specification names; null where there is none, as for a model of a program's own
// that it has not registered.
const Backend* backend_of(std::string_view spec);

// Adds a backend; safe to call from any thread. Throws UsageError when its name or an alias is
// taken or has anything in it but letters, digits, '-', '_' and '.', when it makes neither codec
// nor model, or when a parameter is named twice.
void register_backend(Backend backend);

// Adds a codec or a model that has no parameters of its own. A codec is measured by model_of(), so
// that it has the parameters `context` and `dither`; a model is called by its new name,
// whatever its own spec() says.
void register_codec(std::string name, std::string summary, std::shared_ptr<const Codec> codec);
void register_model(std::string name, std::string summary, std::shared_ptr<const Model> model);

// Checks each parameter by itself. Throws UsageError.
Arguments check(const Spec& spec, const Backend& backend);

// What make_model(spec, {.geometry = geometry})->spec() would be, and the errors that it would
// throw, but for those of files that turn out to be damaged when they are loaded. Loads nothing.
std::string check_spec(std::string_view spec, const Geometry& geometry = {});

std::shared_ptr<const Model> make_model(std::string_view spec, const ModelOptions& options = {});

// Throws UsageError when the backend predicts but does not compress by itself, and for a parameter
// that only its model reads.
std::shared_ptr<const Codec> make_codec(std::string_view spec, const Geometry& geometry = {});

// The specification without what only a model reads: "zstd:3,context=2KiB" becomes "zstd:3".
std::string codec_spec(std::string_view spec);

}  // namespace kraft
