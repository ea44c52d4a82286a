// brotli: the compressor with the models of its two views.

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

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

std::vector<Parameter> parameters_of_views() {
  const brotli::ViewParameters defaults;
  std::vector<Parameter> parameters =
      lz::view_parameters("byte", "codes of the last meta-block", defaults.refresh_bytes);
  parameters.push_back(lz::hypotheses_parameter("the last distances", defaults.hypotheses));
  return parameters;
}

}  // namespace

Backend brotli_backend() {
  return lz::with_views(brotli::codec_row(), parameters_of_views(), make_decoder_view,
                        expect_small_window);
}

}  // namespace kraft
