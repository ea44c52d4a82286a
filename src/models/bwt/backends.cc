// bzip2 and bzip3: the compressors with the models of their two views.

#include <memory>
#include <utility>

#include "codecs/bzip2.h"
#include "codecs/bzip3.h"
#include "models/bwt/bzip2_view.h"
#include "models/bwt/bzip3_view.h"
#include "models/lz/two_views.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "registry/backends.h"

namespace kraft {
namespace {

std::shared_ptr<const Model> make_bzip2_view(std::shared_ptr<const Codec> codec,
                                             const Arguments& arguments) {
  bwt::Bzip2ViewParameters view;
  view.codec = std::move(codec);
  view.block_bytes = 100000 * static_cast<std::uint64_t>(arguments.integer("level"));
  view.refresh_bytes = lz::refresh_bytes(arguments, view.refresh_bytes);
  return std::make_shared<lz::ViewModel<bwt::Bzip2View>>(
      arguments.spec(), view.block_bytes + view.refresh_bytes, bwt::Bzip2View(view));
}

// All of a longer block would have to be sorted at each refresh.
constexpr std::uint64_t kMostBzip3Bytes = 1 << 20;
constexpr std::uint64_t kBzip3RefreshBytes = 16 << 10;

std::shared_ptr<const Model> make_bzip3_view(const std::shared_ptr<const Codec>& /*codec*/,
                                             const Arguments& arguments) {
  const std::uint64_t refresh = lz::refresh_bytes(arguments, kBzip3RefreshBytes);
  return std::make_shared<lz::ViewModel<bwt::Bzip3View>>(
      arguments.spec(), kMostBzip3Bytes + refresh, bwt::Bzip3View(kMostBzip3Bytes, refresh));
}

}  // namespace

Backend bzip2_backend() {
  return lz::with_views(
      bzip2::codec_row(),
      lz::view_parameters("byte", "codes of the last block and the rows they are used in",
                          bwt::Bzip2ViewParameters{}.refresh_bytes),
      make_bzip2_view);
}

Backend bzip3_backend() {
  return lz::with_views(
      bzip3::codec_row(),
      lz::view_parameters("byte", "learning at every 256 rows of the last MiB", kBzip3RefreshBytes),
      make_bzip3_view);
}

}  // namespace kraft
