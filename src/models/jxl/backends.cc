// jxl: the compressor with the models of its two views.

#include <memory>

#include "codecs/jxl.h"
#include "codecs/shape.h"
#include "kraft/error.h"
#include "models/jxl/decoder_view.h"
#include "models/lz/two_views.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "registry/backends.h"

namespace kraft {
namespace {

std::shared_ptr<const Model> make_decoder_view(const std::shared_ptr<const Codec>& /*codec*/,
                                               const Arguments& arguments) {
  jxl::ViewParameters view;
  view.shape = shape_of(arguments);
  view.codec =
      jxl::codec_without_patches(view.shape, static_cast<int>(arguments.integer("effort")));
  view.refresh_bytes = lz::refresh_bytes(arguments, view.refresh_bytes);
  return std::make_shared<lz::ViewModel<jxl::DecoderView>>(arguments.spec(), view.source_bytes,
                                                           jxl::DecoderView(view));
}

void check_view(const Arguments& arguments) {
  if (shape_of(arguments).depth_bits == 16)
    throw UsageError(
        "depth=16 is for view=encoder; the decoder's view of jxl has samples of 8 bits");
}

}  // namespace

Backend jxl_backend() {
  return lz::with_views(jxl::codec_row(),
                        lz::view_parameters("byte", "trees and distributions of the last rows",
                                            jxl::ViewParameters{}.refresh_bytes),
                        make_decoder_view, check_view);
}

}  // namespace kraft
