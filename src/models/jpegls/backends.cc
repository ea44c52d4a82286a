// jpegls: the compressor with the models of its two views.

#include <memory>

#include "codecs/jpegls.h"
#include "codecs/shape.h"
#include "models/jpegls/decoder_view.h"
#include "models/lz/two_views.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "registry/backends.h"

namespace kraft {
namespace {

std::shared_ptr<const Model> make_decoder_view(const std::shared_ptr<const Codec>& /*codec*/,
                                               const Arguments& arguments) {
  return std::make_shared<lz::ViewModel<jpegls::DecoderView>>(
      arguments.spec(), std::nullopt, jpegls::DecoderView(shape_of(arguments)));
}

}  // namespace

Backend jpegls_backend() {
  return lz::with_views(jpegls::codec_row(),
                        {lz::view_parameter("byte", "nothing frozen: all goes on adapting")},
                        make_decoder_view);
}

}  // namespace kraft
