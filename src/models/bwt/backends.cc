// bzip2 and bzip3: the compressors with the models of their two views.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "codecs/bzip2.h"
#include "codecs/bzip3.h"
#include "models/bwt/bzip2_view.h"
#include "models/bwt/bzip3_view.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "registry/backends.h"

namespace kraft {
namespace {

using MakeView =
    std::function<std::shared_ptr<const Model>(std::shared_ptr<const Codec>, const Arguments&)>;

bool is_decoder_view(const Arguments& arguments) {
  return lz::is_decoder_view(arguments, {"context", "dither"});
}

Backend with_views(Backend row, const std::string& frozen, MakeView make_view) {
  for (Parameter& parameter : measured_context_parameters())
    row.parameters.push_back(std::move(parameter));
  for (Parameter& parameter : lz::view_parameters("byte", frozen, "16KiB"))
    row.parameters.push_back(std::move(parameter));
  row.engine = [] { return std::string("recompress"); };
  row.check_model = [make_codec = row.make_codec](const Arguments& arguments, const Geometry&) {
    make_codec(arguments);
    is_decoder_view(arguments);
  };
  row.make_model = [make_codec = row.make_codec, make_view = std::move(make_view)](
                       const Arguments& arguments, const ModelOptions& options) {
    auto codec = make_codec(arguments);
    if (is_decoder_view(arguments)) return make_view(std::move(codec), arguments);
    return model_of(std::move(codec), arguments.spec(), measured_context(arguments), options);
  };
  return row;
}

std::uint64_t refresh_bytes(const Arguments& arguments, std::uint64_t otherwise) {
  return static_cast<std::uint64_t>(
      arguments.integer_or("refresh", static_cast<std::int64_t>(otherwise)));
}

std::shared_ptr<const Model> make_bzip2_view(std::shared_ptr<const Codec> codec,
                                             const Arguments& arguments) {
  bwt::Bzip2ViewParameters view;
  view.codec = std::move(codec);
  view.block_bytes = 100000 * static_cast<std::uint64_t>(arguments.integer("level"));
  view.refresh_bytes = refresh_bytes(arguments, view.refresh_bytes);
  return std::make_shared<lz::ViewModel<bwt::Bzip2View>>(
      arguments.spec(), view.block_bytes + view.refresh_bytes, bwt::Bzip2View(view));
}

// All of a longer block would have to be sorted at each refresh.
constexpr std::uint64_t kMostBzip3Bytes = 1 << 20;

std::shared_ptr<const Model> make_bzip3_view(const std::shared_ptr<const Codec>& /*codec*/,
                                             const Arguments& arguments) {
  const std::uint64_t refresh = refresh_bytes(arguments, 16 << 10);
  return std::make_shared<lz::ViewModel<bwt::Bzip3View>>(
      arguments.spec(), kMostBzip3Bytes + refresh, bwt::Bzip3View(kMostBzip3Bytes, refresh));
}

}  // namespace

Backend bzip2_backend() {
  return with_views(bzip2::codec_row(), "codes of the last block and the rows they are used in",
                    make_bzip2_view);
}

Backend bzip3_backend() {
  return with_views(bzip3::codec_row(), "learning at every 256 rows of the last MiB",
                    make_bzip3_view);
}

}  // namespace kraft
