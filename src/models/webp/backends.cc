// webp: the compressor with the models of its two views.

#include <memory>
#include <utility>

#include "codecs/shape.h"
#include "codecs/webp.h"
#include "models/lz/two_views.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "models/webp/decoder_view.h"
#include "registry/backends.h"

namespace kraft {
namespace {

std::shared_ptr<const Model> make_decoder_view(std::shared_ptr<const Codec> codec,
                                               const Arguments& arguments) {
  webp::ViewParameters view;
  view.shape = shape_of(arguments);
  view.codec = std::move(codec);
  view.refresh_bytes = lz::refresh_bytes(arguments, view.refresh_bytes);
  return std::make_shared<lz::ViewModel<webp::DecoderView>>(arguments.spec(), view.source_bytes,
                                                            webp::DecoderView(view));
}

}  // namespace

Backend webp_backend() {
  return lz::with_views(
      webp::codec_row(),
      lz::view_parameters("byte", "codes of the last rows", webp::ViewParameters{}.refresh_bytes),
      make_decoder_view);
}

}  // namespace kraft
