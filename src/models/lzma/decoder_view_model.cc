#include "models/lzma/decoder_view_model.h"

#include "kraft/error.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "models/lzma/decoder_view.h"

namespace kraft::lzma {

std::shared_ptr<const Model> make_decoder_view(const lzma_options_lzma& options,
                                               const Arguments& arguments,
                                               const ModelOptions& model_options) {
  static const bool usable = rewind_self_check();
  if (!usable)
    throw Error(arguments.spec() + ": liblzma " + lzma_version_string() +
                " cannot be rewound, which the decoder's view needs");
  ViewParameters view{.options = options};
  view.refresh_bytes = lz::refresh_bytes(arguments, view.refresh_bytes);
  view.hypotheses = lz::hypotheses(arguments, view.hypotheses);
  auto engine = std::make_shared<Engine>(options, 1, model_options.cancelled);
  return std::make_shared<lz::ViewModel<DecoderView>>(arguments.spec(), options.dict_size,
                                                      DecoderView(view, std::move(engine)));
}

}  // namespace kraft::lzma
