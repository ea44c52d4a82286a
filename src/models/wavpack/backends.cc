// wavpack: the compressor with the models of its two views.

#include <memory>

#include "codecs/wavpack.h"
#include "models/lz/two_views.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "models/wavpack/decoder_view.h"
#include "registry/backends.h"

namespace kraft {
namespace {

std::shared_ptr<const Model> make_decoder_view(const std::shared_ptr<const Codec>& /*codec*/,
                                               const Arguments& arguments) {
  wavpack::ViewParameters view;
  view.refresh_frames = lz::refresh_bytes(arguments, view.refresh_frames);
  view.block_frames = static_cast<std::size_t>(
      arguments.integer_or("block", static_cast<std::int64_t>(view.block_frames)));
  return std::make_shared<lz::ViewModel<wavpack::DecoderView>>(
      arguments.spec(), std::nullopt, wavpack::DecoderView(wavpack::settings_of(arguments), view));
}

}  // namespace

Backend wavpack_backend() {
  const wavpack::ViewParameters view;
  return lz::with_views(
      wavpack::codec_row(),
      {lz::view_parameter("byte", "the block's adaptive predictors and medians"),
       lz::decoder_parameter("refresh", 32, 1 << 20,
                             "frames after which view=decoder takes a new block's predictors",
                             view.refresh_frames),
       lz::decoder_parameter("block", 32, wavpack::kMostBlockFrames,
                             "last frames that are that block", view.block_frames)},
      make_decoder_view);
}

}  // namespace kraft
