// zstd: the compressor with the models of its two views.

#include <algorithm>
#include <memory>
#include <utility>

#include "codecs/zstd.h"
#include "models/lz/two_views.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "models/zstd/decoder_view.h"
#include "registry/backends.h"

namespace kraft {
namespace {

std::shared_ptr<const Model> make_decoder_view(std::shared_ptr<const Codec> codec,
                                               const Arguments& arguments) {
  zstd::ViewParameters view;
  view.codec = std::move(codec);
  if (arguments.has("window"))
    view.window_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        std::uint64_t{1} << arguments.integer("window"), view.window_bytes));
  view.refresh_bytes = lz::refresh_bytes(arguments, view.refresh_bytes);
  view.hypotheses = lz::hypotheses(arguments, view.hypotheses);
  return std::make_shared<lz::ViewModel<zstd::DecoderView>>(arguments.spec(), view.window_bytes,
                                                            zstd::DecoderView(view));
}

}  // namespace

Backend zstd_backend() {
  const zstd::ViewParameters defaults;
  return lz::with_views(zstd::codec_row(),
                        lz::with_hypotheses(lz::view_parameters("byte", "tables of the last block",
                                                                defaults.refresh_bytes),
                                            "the last offsets", defaults.hypotheses),
                        make_decoder_view);
}

}  // namespace kraft
