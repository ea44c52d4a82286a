// What the rows of codecs with two views have in common (docs/views.md).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/numbers.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft::lz {

// `view`. `resolution` is the encoder's; `decoder` says what the decoder's view holds still.
inline Parameter view_parameter(const std::string& resolution, const std::string& decoder) {
  Parameter view = Parameter::choice("view", {"encoder", "decoder"}, "encoder",
                                     "encoder (" + resolution +
                                         "): increments of what is written; decoder (fractional): "
                                         "what coin flips decode to, with " +
                                         decoder);
  view.of_model = true;
  return view;
}

// `view` and `refresh`, of which the latter is for the decoder's view alone. `frozen` is what it
// holds still until the next refresh, `refresh_bytes` what `refresh` is where it is not given.
inline std::vector<Parameter> view_parameters(const std::string& resolution,
                                              const std::string& frozen,
                                              std::uint64_t refresh_bytes,
                                              std::int64_t shortest_refresh = 1024) {
  std::vector<Parameter> parameters = {
      view_parameter(resolution, "frozen " + frozen),
      Parameter::integer("refresh", shortest_refresh, 1 << 20, "",
                         "bytes after which view=decoder takes new ones; " +
                             size_text(refresh_bytes) + " if not given"),
  };
  parameters.back().of_model = true;
  return parameters;
}

// One of the decoder's view alone that is a number, `otherwise` where it is not given.
inline Parameter decoder_parameter(const std::string& name, std::int64_t least, std::int64_t most,
                                   const std::string& meaning, std::uint64_t otherwise) {
  Parameter parameter = Parameter::integer(
      name, least, most, "", meaning + "; " + std::to_string(otherwise) + " if not given");
  parameter.of_model = true;
  return parameter;
}

// With `hypotheses` of `what`, of which so many are kept if it is not given.
inline std::vector<Parameter> with_hypotheses(std::vector<Parameter> parameters,
                                              const std::string& what, std::size_t otherwise) {
  parameters.push_back(decoder_parameter(
      "hypotheses", 1, 1 << 20, "of " + what + ", how many view=decoder keeps at each position",
      otherwise));
  return parameters;
}

// What `hypotheses` says, or what holds if it is not given.
inline std::size_t hypotheses(const Arguments& arguments, std::size_t otherwise) {
  return static_cast<std::size_t>(
      arguments.integer_or("hypotheses", static_cast<std::int64_t>(otherwise)));
}

// What `refresh` says, or what holds if it is not given.
inline std::uint64_t refresh_bytes(const Arguments& arguments, std::uint64_t otherwise) {
  return static_cast<std::uint64_t>(
      arguments.integer_or("refresh", static_cast<std::int64_t>(otherwise)));
}

// Whether the view is the decoder's. Throws UsageError where the specification sets what only the
// other view reads; `of_encoder` and `of_decoder` are the names of such parameters.
inline bool is_decoder_view(const Arguments& arguments,
                            const std::vector<std::string_view>& of_encoder,
                            const std::vector<std::string_view>& of_decoder = {"refresh"}) {
  const std::string& view = arguments.text("view");
  for (const auto& [name, value] : Spec::parse(arguments.spec()).values) {
    const auto& others = view == "decoder" ? of_encoder : of_decoder;
    if (std::ranges::find(others, name) == others.end()) continue;
    std::string message = name;
    message.append("=").append(value).append(" is for view=");
    message.append(view == "decoder" ? "encoder" : "decoder").append("; the view is ").append(view);
    throw UsageError(message);
  }
  return view == "decoder";
}

}  // namespace kraft::lz
