// The registry: every backend by its name.
//
//     auto model = kraft::make_model("zstd:19,window=17");
//     auto codec = kraft::make_codec("xz:6e");
//     for (const kraft::Backend& backend : kraft::backends()) std::puts(backend.name.c_str());
//
// A model is specified as name[:argument][,key=value...]. The argument is the level for most
// compressors, the order for `ngram`, the command line for `cmd`. A value with commas or quotes in
// it is written between double quotes, with \" and \\ inside:
//
//     gzip    gzip:9    zstd:19,window=17,long=on    xz:6e    ngram:5    cmd:"bzip3 -e"
//
// Models combine: product and mix take a list of models after the colon, each with a weight if it
// is to have another than 1. A specification with commas in it stands between double quotes there,
// and so does one that has the weight's sign in it:
//
//     product:gzip^0.5,ngram:3               p(b) proportional to p_gzip(b)^0.5 * p_ngram(b)
//     product:"zstd:19,window=17"^2,ngram    exponents are above 0
//     mix:gzip@0.3,xz@0.7                    p(b) = 0.3 p_gzip(b) + 0.7 p_xz(b)
//     product:"mix:gzip,xz"^0.5,ngram:3      of lists, too
//
// Both are normalised over the 256 bytes at each byte, so that the bits of a string are the sum
// over its bytes.
//
// An unknown name, a value out of its range or an unknown key is a UsageError that says so and
// names what would have been allowed. Nothing is clamped.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kraft/codec.h"
#include "kraft/model.h"

namespace kraft {

// A specification taken apart, unchecked.
struct Spec {
  std::string name;
  std::optional<std::string> argument;
  std::vector<std::pair<std::string, std::string>> values;
  bool lists_models = false;  // the argument is a list of models: all that follows the colon

  // Throws UsageError on bad syntax.
  static Spec parse(std::string_view text);
  std::string text() const;
};

// What one argument or key of a backend may be. `initial` is the value when none is given; empty
// means that the library decides.
struct Parameter {
  enum class Kind { integer, number, choice, text, models };

  std::string name;
  Kind kind = Kind::integer;
  double min = 0;
  double max = 0;
  std::string initial;
  std::string meaning;
  std::vector<std::string> choices = {};  // for Kind::choice; of Kind::text, names of kraft's own
  // Letters that may follow an integer, such as xz's 'e'; the sign before a model's weight.
  std::string suffixes = {};
  bool of_model = false;  // about measuring: no codec reads it

  static Parameter integer(std::string name, std::int64_t min, std::int64_t max,
                           std::string initial, std::string meaning);
  static Parameter choice(std::string name, std::vector<std::string> choices, std::string initial,
                          std::string meaning);
  static Parameter on_off(std::string name, std::string initial, std::string meaning);
  static Parameter free_text(std::string name, std::string initial, std::string meaning);

  std::string range() const;  // "1..9", "default|huffman|rle", ...
};

// A specification checked against its backend: every parameter has a legal value or none. Integers
// may be given as 64KiB or 1MiB.
class Arguments {
 public:
  bool has(std::string_view name) const;  // given, or with a default
  std::int64_t integer(std::string_view name) const;
  std::int64_t integer_or(std::string_view name, std::int64_t otherwise) const;
  double number(std::string_view name) const;
  bool on(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  bool has_suffix(std::string_view name, char suffix) const;

  const std::string& spec() const { return spec_; }  // canonical

 private:
  friend Arguments check(const Spec& spec, const struct Backend& backend);
  std::map<std::string, std::string, std::less<>> values_;
  std::map<std::string, std::string, std::less<>> suffixes_;
  std::string spec_;
};

// The shape of the samples that a model is to see, as far as it is known. A backend that has a
// parameter of one of these names gets its value where the specification does not set it:
// make_model("png", {.geometry = {.width = 128, .channels = 1, .depth = 8}}) makes
// "png,width=128,channels=1,depth=8"; make_model("gzip", ...) stays "gzip:6".
struct Geometry {
  std::optional<std::int64_t> width = {};     // pixels of a row
  std::optional<std::int64_t> rate = {};      // frames of sound in a second
  std::optional<std::int64_t> channels = {};  // samples of a pixel or a frame
  std::optional<std::int64_t> depth = {};     // bits of a sample

  // Those that are set, by their names.
  std::vector<std::pair<std::string, std::int64_t>> values() const;
};

struct ModelOptions {
  unsigned threads = 0;    // for measuring (default 0: one per processor)
  Geometry geometry = {};  // of what is to be modelled (default: not known)
  // Asked between compressions, by any thread; true ends the measuring with a Cancelled. May be
  // empty.
  std::function<bool()> cancelled = {};
};

// One row of the registry: all that kraft knows of a backend.
struct Backend {
  std::string name;
  std::vector<std::string> aliases;
  std::string summary;
  std::optional<Parameter> argument;
  std::vector<Parameter> parameters;
  Granularity granularity = Granularity::byte;
  std::string window;                    // how far it looks back, in words
  std::function<std::string()> library;  // the library it runs on, with its version

  // How the model measures, where there is a choice; "recompress" if empty and there is a codec.
  std::function<std::string()> engine = {};

  // Empty for a pure predictor.
  std::function<std::shared_ptr<const Codec>(const Arguments&)> make_codec = {};
  // Empty where model_of(codec) is all there is.
  std::function<std::shared_ptr<const Model>(const Arguments&, const ModelOptions&)> make_model =
      {};
};

std::span<const Backend> backends();

// Throws UsageError with the nearest names when there is none of that name.
const Backend& find_backend(std::string_view name);

// Throws UsageError.
Arguments check(const Spec& spec, const Backend& backend);

std::shared_ptr<const Model> make_model(std::string_view spec, const ModelOptions& options = {});

// Throws UsageError when the backend predicts but does not compress by itself, and for a parameter
// that only its model reads.
std::shared_ptr<const Codec> make_codec(std::string_view spec, const Geometry& geometry = {});

// The specification without what only a model reads: "zstd:3,context=2KiB" becomes "zstd:3".
std::string codec_spec(std::string_view spec);

// What of the context each measurement of model_of() compresses.
struct MeasuredContext {
  std::uint64_t bytes = 0;  // the last so many (default 0: all), as far as they begin where a
                            // message of the codec may (Codec::alignment_bytes())

  // Dithering (default 1: none). Whole bytes hide most of what a codec knows of the next byte. The
  // same context without its first byte, without its first two, ... ends elsewhere within a byte:
  // the mean of the increments after so many such contexts tells more than each of them. They
  // differ by whole pieces of Codec::alignment_bytes() and keep half of the bytes at least, so that
  // after a short context there are fewer. Sizes that are a power of two from 256 on are passed
  // over, since some codecs change their parameters there.
  std::uint64_t dither = 1;
};

// Any codec as a model, by measuring: the increment of a continuation is the difference of the
// lengths of two whole streams. It costs one compression of the context for every distinct
// continuation (and each of the dithered contexts), spread over `options.threads` threads. This is
// the truth that every faster engine is tested against.
std::shared_ptr<const Model> model_of(std::shared_ptr<const Codec> codec, std::string spec,
                                      const MeasuredContext& context = {},
                                      const ModelOptions& options = {});

// The parameters `context` and `dither` of a specification, for a backend of whatever engine that
// measures by model_of().
std::vector<Parameter> measured_context_parameters();
MeasuredContext measured_context(const Arguments& arguments);

}  // namespace kraft
