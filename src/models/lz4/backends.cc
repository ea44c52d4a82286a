// lz4: the compressor with the models of its two views.

#include <memory>
#include <utility>

#include "codecs/lz4.h"
#include "kraft/error.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "models/lz4/decoder_view.h"
#include "registry/backends.h"

namespace kraft {
namespace {

bool is_decoder_view(const Arguments& arguments) {
  const bool decoder = lz::is_decoder_view(arguments, {"context", "dither"}, {});
  if (decoder && !arguments.on("linked"))
    throw UsageError("linked=off is for view=encoder; view=decoder has no blocks");
  return decoder;
}

}  // namespace

Backend lz4_backend() {
  Backend row = lz4::codec_row();
  for (Parameter& parameter : measured_context_parameters())
    row.parameters.push_back(std::move(parameter));
  Parameter view = lz::view_parameter("byte", "nothing frozen, since nothing is learned");
  row.parameters.push_back(std::move(view));
  row.engine = [] { return std::string("recompress"); };
  row.check_model = [make_codec = row.make_codec](const Arguments& arguments, const Geometry&) {
    make_codec(arguments);
    is_decoder_view(arguments);
  };
  row.make_model = [make_codec = row.make_codec](
                       const Arguments& arguments,
                       const ModelOptions& options) -> std::shared_ptr<const Model> {
    auto codec = make_codec(arguments);
    if (is_decoder_view(arguments))
      return std::make_shared<lz::ViewModel<lz4::DecoderView>>(arguments.spec(), lz4::kWindow,
                                                               lz4::DecoderView());
    return model_of(std::move(codec), arguments.spec(), measured_context(arguments), options);
  };
  return row;
}

}  // namespace kraft
