// lz4: the compressor with the models of its two views.

#include <memory>

#include "codecs/lz4.h"
#include "kraft/error.h"
#include "models/lz/two_views.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "models/lz4/decoder_view.h"
#include "registry/backends.h"

namespace kraft {
namespace {

std::shared_ptr<const Model> make_decoder_view(const std::shared_ptr<const Codec>& /*codec*/,
                                               const Arguments& arguments) {
  return std::make_shared<lz::ViewModel<lz4::DecoderView>>(arguments.spec(), lz4::kWindow,
                                                           lz4::DecoderView());
}

void expect_linked(const Arguments& arguments) {
  if (!arguments.on("linked"))
    throw UsageError("linked=off is for view=encoder; view=decoder has no blocks");
}

}  // namespace

Backend lz4_backend() {
  return lz::with_views(lz4::codec_row(),
                        {lz::view_parameter("byte", "nothing frozen, since nothing is learned")},
                        make_decoder_view, expect_linked);
}

}  // namespace kraft
