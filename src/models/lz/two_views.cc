#include "models/lz/two_views.h"

#include <string>
#include <utility>

#include "models/lz/view_parameters.h"

namespace kraft::lz {

Backend with_views(Backend row, std::vector<Parameter> parameters, MakeView make_view,
                   std::function<void(const Arguments&)> check_view) {
  for (Parameter& parameter : measured_context_parameters())
    row.parameters.push_back(std::move(parameter));
  std::vector<std::string> of_decoder;
  for (Parameter& parameter : parameters) {
    if (parameter.name != "view") of_decoder.push_back(parameter.name);
    row.parameters.push_back(std::move(parameter));
  }
  row.engine = [] { return std::string("recompress"); };
  const auto is_decoders = [check_view = std::move(check_view),
                            of_decoder = std::move(of_decoder)](const Arguments& arguments) {
    const bool decoder =
        is_decoder_view(arguments, {"context", "dither"}, {of_decoder.begin(), of_decoder.end()});
    if (decoder && check_view) check_view(arguments);
    return decoder;
  };
  row.check_model = [make_codec = row.make_codec, is_decoders](const Arguments& arguments,
                                                               const Geometry&) {
    make_codec(arguments);
    is_decoders(arguments);
  };
  row.make_model = [make_codec = row.make_codec, make_view = std::move(make_view), is_decoders](
                       const Arguments& arguments, const ModelOptions& options) {
    auto codec = make_codec(arguments);
    if (is_decoders(arguments)) return make_view(std::move(codec), arguments);
    return model_of(std::move(codec), arguments.spec(), measured_context(arguments), options);
  };
  return row;
}

}  // namespace kraft::lz
