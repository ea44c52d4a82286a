// Specifications: the text that names a model, taken apart and checked.
//
//     kraft::Spec spec = kraft::Spec::parse("zstd:19,window=17");
//     std::puts(spec.name.c_str());                             // zstd
//     std::puts(spec.argument->c_str());                        // 19
//     std::puts(spec.values[0].first.c_str());                  // window
//
// A model is specified as name[#revision][:argument][,key=value...]. The argument is the level for
// most compressors, the order for `ngram`, the command line for `cmd`. A value with commas or
// quotes in it is written between double quotes, with \" and \\ inside:
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
// The arithmetic of a model of kraft's own may change from one version to another, while files that
// were written by it must be read for ever. Each way of coding is a revision of the model, numbered
// from 1; "ngram#1:5" is ngram:5 as the first version predicted.
//
// Without a number, a specification means the latest.
//
// The registry knows which names, arguments and keys there are: see check_spec() in
// kraft/registry.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kraft {

struct Backend;  // kraft/registry.h

// A specification taken apart, unchecked.
struct Spec {
  std::string name;
  std::optional<unsigned> revision = {};  // nothing: the latest
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
  bool of_speed = false;  // changes no result: no .kraft file records it, nor is it taken from one
  // The most of an integer that a .kraft file may ask for when nobody vouches for it: what takes
  // memory or time before anything of the file can be checked has a limit.
  std::optional<std::int64_t> most_from_file = {};

  static Parameter integer(std::string name, std::int64_t min, std::int64_t max,
                           std::string initial, std::string meaning);
  static Parameter choice(std::string name, std::vector<std::string> choices, std::string initial,
                          std::string meaning);
  static Parameter on_off(std::string name, std::string initial, std::string meaning);
  static Parameter free_text(std::string name, std::string initial, std::string meaning);

  Parameter up_to_from_file(std::int64_t most) &&;  // with this most_from_file

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

  unsigned revision() const { return revision_; }  // the latest, unless another was asked for

  const std::string& spec() const { return spec_; }  // canonical

 private:
  friend Arguments check(const Spec& spec, const Backend& backend);
  std::map<std::string, std::string, std::less<>> values_;
  std::map<std::string, std::string, std::less<>> suffixes_;
  unsigned revision_ = 1;
  std::string spec_;
};

}  // namespace kraft
