// brotli: the compressor with the models of its two views.

#include <algorithm>
#include <memory>
#include <utility>

#include "codecs/brotli.h"
#include "kraft/error.h"
#include "models/brotli/decoder_view.h"
#include "models/lz/two_views.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "registry/backends.h"

namespace kraft {
namespace {

std::shared_ptr<const Model> make_decoder_view(std::shared_ptr<const Codec> codec,
                                               const Arguments& arguments) {
  brotli::ViewParameters view;
  view.codec = std::move(codec);
  // Section 9.1: 16 bytes less than a power of two.
  view.window_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(
      (std::uint64_t{1} << arguments.integer("window")) - 16, view.window_bytes));
  view.refresh_bytes = lz::refresh_bytes(arguments, view.refresh_bytes);
  view.hypotheses = lz::hypotheses(arguments, view.hypotheses);
  return std::make_shared<lz::ViewModel<brotli::DecoderView>>(arguments.spec(), view.window_bytes,
                                                              brotli::DecoderView(view));
}

void expect_small_window(const Arguments& arguments) {
  if (arguments.on("large"))
    throw UsageError("large=on is for view=encoder; view=decoder reads the format of RFC 7932");
}

}  // namespace

Backend brotli_backend() {
  const brotli::ViewParameters defaults;
  return lz::with_views(
      brotli::codec_row(),
      lz::with_hypotheses(
          lz::view_parameters("byte", "codes of the last meta-block", defaults.refresh_bytes),
          "the last distances", defaults.hypotheses),
      make_decoder_view, expect_small_window);
}

}  // namespace kraft
