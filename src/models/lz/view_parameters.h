// What the rows of codecs with two views have in common (docs/views.md).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft::lz {

// `view` and `refresh`, of which the latter is for the decoder's view alone. `resolution` is the
// encoder's; `frozen`, what the decoder's view holds still until the next refresh.
inline std::vector<Parameter> view_parameters(const std::string& resolution,
                                              const std::string& frozen,
                                              const std::string& refresh) {
  std::vector<Parameter> parameters = {
      Parameter::choice("view", {"encoder", "decoder"}, "encoder",
                        "encoder (" + resolution +
                            "): increments of what is written; decoder (fractional): what coin "
                            "flips decode to, with frozen " +
                            frozen),
      Parameter::integer(
          "refresh", 1024, 1 << 20, "",
          "bytes after which view=decoder takes new ones; " + refresh + " if not given"),
  };
  for (Parameter& parameter : parameters) parameter.of_model = true;
  return parameters;
}

// Whether the view is the decoder's. Throws UsageError where the specification sets what only the
// other view reads; `of_encoder` are the names of such parameters.
inline bool is_decoder_view(const Arguments& arguments,
                            const std::vector<std::string_view>& of_encoder) {
  const std::string& view = arguments.text("view");
  for (const auto& [name, value] : Spec::parse(arguments.spec()).values) {
    const bool unread = view == "decoder" ? std::ranges::find(of_encoder, name) != of_encoder.end()
                                          : name == "refresh";
    if (!unread) continue;
    std::string message = name;
    message.append("=").append(value).append(" is for view=");
    message.append(view == "decoder" ? "encoder" : "decoder").append("; the view is ").append(view);
    throw UsageError(message);
  }
  return view == "decoder";
}

}  // namespace kraft::lz
