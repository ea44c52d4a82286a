// brotli: the compressor with the models of its two views.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "codecs/brotli.h"
#include "kraft/error.h"
#include "models/brotli/decoder_view.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "registry/backends.h"

namespace kraft {
namespace {

bool is_decoder_view(const Arguments& arguments) {
  const bool is = lz::is_decoder_view(arguments, {"context", "dither"});
  if (is && arguments.on("large"))
    throw UsageError("large=on is for view=encoder; view=decoder reads the format of RFC 7932");
  return is;
}

std::shared_ptr<const Model> make_decoder_view(std::shared_ptr<const Codec> codec,
                                               const Arguments& arguments) {
  brotli::ViewParameters view;
  view.codec = std::move(codec);
  // Section 9.1: 16 bytes less than a power of two.
  view.window_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(
      (std::uint64_t{1} << arguments.integer("window")) - 16, view.window_bytes));
  view.refresh_bytes = static_cast<std::uint64_t>(
      arguments.integer_or("refresh", static_cast<std::int64_t>(view.refresh_bytes)));
  return std::make_shared<lz::ViewModel<brotli::DecoderView>>(arguments.spec(), view.window_bytes,
                                                              brotli::DecoderView(view));
}

}  // namespace

Backend brotli_backend() {
  Backend row = brotli::codec_row();
  for (Parameter& parameter : measured_context_parameters())
    row.parameters.push_back(std::move(parameter));
  for (Parameter& parameter : lz::view_parameters(
           "byte", "codes of the last meta-block, and one history of distances at each position",
           "16KiB"))
    row.parameters.push_back(std::move(parameter));
  row.engine = [] { return std::string("recompress"); };
  row.check_model = [make_codec = row.make_codec](const Arguments& arguments, const Geometry&) {
    make_codec(arguments);
    is_decoder_view(arguments);
  };
  row.make_model = [make_codec = row.make_codec](const Arguments& arguments,
                                                 const ModelOptions& options) {
    auto codec = make_codec(arguments);
    if (is_decoder_view(arguments)) return make_decoder_view(std::move(codec), arguments);
    return model_of(std::move(codec), arguments.spec(), measured_context(arguments), options);
  };
  return row;
}

}  // namespace kraft
