#include "models/deflate/decoder_view_model.h"

#include "kraft/registry.h"
#include "models/deflate/decoder_view.h"
#include "models/lz/view_model.h"

namespace kraft::deflate {

std::shared_ptr<const Model> make_decoder_view(const Parameters& parameters,
                                               const Arguments& arguments) {
  ViewParameters view;
  view.deflate = parameters;
  view.refresh_bytes = static_cast<std::uint64_t>(
      arguments.integer_or("refresh", static_cast<std::int64_t>(view.refresh_bytes)));
  return std::make_shared<lz::ViewModel<DecoderView>>(
      arguments.spec(), std::uint64_t{1} << parameters.window_bits, DecoderView(view));
}

}  // namespace kraft::deflate
