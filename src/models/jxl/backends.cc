// jxl: the compressor with the models of its two views.

#include <memory>

#include "codecs/jxl.h"
#include "codecs/shape.h"
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
  const auto effort = static_cast<int>(arguments.integer("effort"));
  view.codec = jxl::codec_for_view(view.shape, effort);
  if (arguments.revision() > 1)
    view.codec_without_palettes = jxl::codec_for_view(view.shape, effort, jxl::Palettes::none);
  view.refresh_bytes = lz::refresh_bytes(arguments, view.refresh_bytes);
  return std::make_shared<lz::ViewModel<jxl::DecoderView>>(arguments.spec(), view.source_bytes,
                                                           jxl::DecoderView(view));
}

}  // namespace

Backend jxl_backend() {
  Backend row =
      lz::with_views(jxl::codec_row(),
                     lz::view_parameters("byte", "trees and distributions of the last rows",
                                         jxl::ViewParameters{}.refresh_bytes),
                     make_decoder_view);
  row.revision = 2;
  return row;
}

}  // namespace kraft
