// gzip, zlib and deflate: the compressor with the engines that measure it.

#include "registry/backends.h"
#include "models/deflate/decoder_view.h"
#include "models/deflate/decoder_view_model.h"
#include "models/deflate/model.h"
#include "models/lz/view_parameters.h"

namespace kraft {
namespace {

using deflate::Container;

Backend with_engines(Container container) {
  Backend row = deflate::codec_row(container);
  row.parameters.push_back(deflate::engine_parameter("how lengths are measured"));
  for (Parameter& parameter : lz::view_parameters("bit", "codes of the last block",
                                                  deflate::ViewParameters{}.refresh_bytes))
    row.parameters.push_back(std::move(parameter));
  row.engine = [] { return deflate::usable_engine(); };
  row.check_model = [](const Arguments& arguments, const Geometry&) {
    if (lz::is_decoder_view(arguments, {"engine"})) return;
    if (arguments.text("engine") == "auto") return;
    deflate::engine_for(arguments, deflate::parameters_of(arguments));
  };
  row.make_model = [make_codec = row.make_codec, container](const Arguments& arguments,
                                                            const ModelOptions& options) {
    const deflate::Parameters parameters = deflate::parameters_of(arguments);
    if (lz::is_decoder_view(arguments, {"engine"}))
      return deflate::make_decoder_view(parameters, arguments);
    const std::string engine = deflate::engine_for(arguments, parameters);
    if (engine == "recompress")
      return model_of(make_codec(arguments), arguments.spec(), {}, options);
    return deflate::make_model(engine, arguments.spec(), parameters, container);
  };
  return row;
}

}  // namespace

Backend gzip_backend() { return with_engines(Container::gzip); }
Backend zlib_backend() { return with_engines(Container::zlib); }
Backend deflate_backend() { return with_engines(Container::raw); }

}  // namespace kraft
