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

constexpr std::uint64_t kRefreshSamples = 256;

std::shared_ptr<const Model> make_decoder_view(const std::shared_ptr<const Codec>& /*codec*/,
                                               const Arguments& arguments) {
  return std::make_shared<lz::ViewModel<flac::DecoderView>>(
      arguments.spec(), std::nullopt,
      flac::DecoderView(flac::settings_of(arguments),
                        lz::refresh_bytes(arguments, kRefreshSamples)));
}

}  // namespace

Backend flac_backend() {
  Parameter refresh = Parameter::integer(
      "refresh", 16, 1 << 16, "",
      "samples after which view=decoder takes new ones; " + std::to_string(kRefreshSamples) +
          " if not given");
  refresh.of_model = true;
  return lz::with_views(
      flac::codec_row(),
      {lz::view_parameter("bit", "frozen predictor and Rice parameter"), std::move(refresh)},
      make_decoder_view);
}

}  // namespace kraft
