// The options of kraft sample for samplers that draw spans jointly: holes, proposals, traces.

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "cli/sample.h"
#include "kraft/error.h"

namespace kraft::cli {
namespace {

template <class Wanted>
std::string names_of_samplers(Wanted wanted) {
  std::vector<std::string> names;
  for (const SamplerRow& row : samplers()) {
    if (wanted(row)) names.push_back(row.name);
  }
  return join(names, ", ");
}

void refuse(const std::string& option, const std::string& sampler, const std::string& readers) {
  throw UsageError("--" + option + " has no meaning for --sampler " + sampler +
                   "; it is an option of " + readers);
}

}  // namespace

void JointOptions::add_to(po::options_description& options) {
  const auto text = [](std::optional<std::string>& target, const char* value_name) {
    return po::value<std::string>()
        ->value_name(value_name)
        ->notifier([&target](const std::string& value) { target = value; });
  };
  // clang-format off
  options.add_options()
      ("suffix", text(suffix, "TEXT"), "metropolis, smc: what follows the hole that is to be filled")
      ("suffix-file", text(suffix_file, "FILE"), "the same, from a file")
      ("hole", text(hole, "MARK"), "metropolis, smc: fill the place where MARK stands in the file or the prompt")
      ("suffix-first", po::value(&suffix_first)->value_name("N")->default_value(suffix_first), "metropolis, smc: look at the first N bytes after the hole only (0: all)")
      ("proposal", po::value(&proposal)->value_name("SPEC"), "metropolis: a cheaper model, such as ngram:3, to propose runs of bytes")
      ("trace", po::value(&trace)->value_name("FILE"), "metropolis: write a plot of the bits of every chain (SVG)");
  // clang-format on
}

const SamplerRow& SampleOptions::sampler_row() const {
  kraft::make_sampler(sampler, {});  // throws for an unknown name
  return *std::ranges::find_if(samplers(),
                               [this](const SamplerRow& row) { return row.name == sampler; });
}

ByteView SampleOptions::shortened_suffix(ByteView suffix) const {
  const auto most = static_cast<std::uint64_t>(joint.suffix_first);
  return most == 0 ? suffix : suffix.first(std::min<std::uint64_t>(most, suffix.size()));
}

void check_joint(const po::variables_map& values, const SampleOptions& options) {
  const SamplerRow& row = options.sampler_row();
  check_range("suffix-first", options.joint.suffix_first, 0, INT64_MAX);
  for (const char* option : {"suffix", "suffix-file", "hole", "suffix-first"}) {
    if (is_set(values, option) && !row.joint)
      refuse(option, row.name, names_of_samplers([](const SamplerRow& r) { return r.joint; }));
  }
  for (const char* option : {"proposal", "trace"}) {
    if (is_set(values, option) && !row.proposes)
      refuse(option, row.name, names_of_samplers([](const SamplerRow& r) { return r.proposes; }));
  }
  exclude(values, "suffix", "suffix-file");
  exclude(values, "suffix", "hole");
  exclude(values, "suffix-file", "hole");
  if (options.joint.hole && options.joint.hole->empty()) throw UsageError("--hole is empty");
  if (is_set(values, "trace") && options.joint.trace.empty()) throw UsageError("--trace is empty");
  const bool uses_stdin = options.context.prime == "-" ||
                          (!options.context.inputs.empty() && options.context.inputs[0] == "-");
  if (options.joint.suffix_file == "-" && uses_stdin)
    throw UsageError("--suffix-file - and another input - both read standard input");
}

Bytes take_suffix(const JointOptions& options, Context& context) {
  if (options.suffix) return Bytes(options.suffix->begin(), options.suffix->end());
  if (options.suffix_file) return read_input(*options.suffix_file);
  if (!options.hole) return {};
  const std::string_view text = as_text(context.prompt());
  const std::size_t at = text.find(*options.hole);
  if (at == text.npos)
    throw UsageError("--hole: '" + printable(*options.hole) + "' is not in the file or the prompt");
  if (text.find(*options.hole, at + 1) != text.npos)
    throw UsageError("--hole: '" + printable(*options.hole) + "' is there more than once");
  const ByteView after = context.prompt().subspan(at + options.hole->size());
  Bytes suffix(after.begin(), after.end());
  context.bytes.resize(context.prompt_begins + at);
  return suffix;
}

}  // namespace kraft::cli
