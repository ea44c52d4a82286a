// zstd: the compressor with the models of its two views.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "codecs/zstd.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "models/zstd/decoder_view.h"
#include "registry/backends.h"

namespace kraft {
namespace {

bool is_decoder_view(const Arguments& arguments) {
  return lz::is_decoder_view(arguments, {"context", "dither"});
}

std::shared_ptr<const Model> make_decoder_view(std::shared_ptr<const Codec> codec,
                                               const Arguments& arguments) {
  zstd::ViewParameters view;
  view.codec = std::move(codec);
  if (arguments.has("window"))
    view.window_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        std::uint64_t{1} << arguments.integer("window"), view.window_bytes));
  view.refresh_bytes = static_cast<std::uint64_t>(
      arguments.integer_or("refresh", static_cast<std::int64_t>(view.refresh_bytes)));
  return std::make_shared<lz::ViewModel<zstd::DecoderView>>(arguments.spec(), view.window_bytes,
                                                            zstd::DecoderView(view));
}

}  // namespace

Backend zstd_backend() {
  Backend row = zstd::codec_row();
  for (Parameter& parameter : measured_context_parameters())
    row.parameters.push_back(std::move(parameter));
  for (Parameter& parameter : lz::view_parameters(
           "byte", "tables of the last block, and one history of offsets at each position",
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
