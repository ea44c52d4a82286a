// flac: the compressor with the models of its two views.

#include <memory>

#include "codecs/flac.h"
#include "models/flac/decoder_view.h"
#include "models/lz/two_views.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "registry/backends.h"

namespace kraft {
namespace {

std::shared_ptr<const Model> make_decoder_view(const std::shared_ptr<const Codec>& /*codec*/,
                                               const Arguments& arguments) {
  flac::ViewParameters view;
  view.refresh_samples = lz::refresh_bytes(arguments, view.refresh_samples);
  view.frame_samples = static_cast<std::size_t>(
      arguments.integer_or("frame", static_cast<std::int64_t>(view.frame_samples)));
  return std::make_shared<lz::ViewModel<flac::DecoderView>>(
      arguments.spec(), std::nullopt, flac::DecoderView(flac::settings_of(arguments), view));
}

}  // namespace

Backend flac_backend() {
  const flac::ViewParameters view;
  return lz::with_views(
      flac::codec_row(),
      {lz::view_parameter("bit", "frozen predictor"),
       lz::decoder_parameter("refresh", 16, 4096,
                             "samples after which view=decoder takes a new frame's predictor",
                             view.refresh_samples),
       lz::decoder_parameter("frame", 32, flac::kMostBlockSamples,
                             "last samples that are that frame", view.frame_samples)},
      make_decoder_view);
}

}  // namespace kraft
