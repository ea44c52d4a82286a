#include "models/jxl/pixel_view.h"

#include <algorithm>
#include <utility>

#include "models/jxl/bits.h"

namespace kraft::jxl {
namespace {

// Of groups one above the other, the last one that has so many rows, or the one with the most.
constexpr std::size_t kEnoughRows = 64;

const Group& chosen(const Stream& stream, const Group& first) {
  const Group* best = &first;
  for (const Group& group : stream.groups) {
    if (group.x == first.x && (group.height >= kEnoughRows ||
                               (best->height < kEnoughRows && group.height > best->height)))
      best = &group;
  }
  return *best;
}

}  // namespace

// ---- Shares ----------------------------------------------------------------------------------

ResidualShares::ResidualShares(std::shared_ptr<const Coding> coding) : coding_(std::move(coding)) {
  const EntropyCode& code = coding_->code;
  for (std::size_t cluster = 0; cluster < code.clusters(); ++cluster) {
    const double literals = 1 - code.share_of_copies(cluster);
    of_literals_.push_back(literals > 0 ? static_cast<float>(1 / literals) : 1);
    std::vector<float>& shares = shares_.emplace_back();
    for (auto residual = static_cast<std::int32_t>(-kFar); residual <= kFar; ++residual)
      shares.push_back(computed(cluster, residual));
  }
}

float ResidualShares::computed(std::size_t cluster, std::int32_t residual) const {
  return of_literals_[cluster] *
         static_cast<float>(coding_->code.share(cluster, pack_signed(residual)));
}

float ResidualShares::share(std::uint32_t context, std::int64_t residual) const {
  const std::size_t cluster = coding_->code.cluster(context);
  if (residual >= -kFar && residual <= kFar)
    return shares_[cluster][static_cast<std::size_t>(residual + kFar)];
  constexpr std::int64_t kMost = 1 << 30;
  if (residual < -kMost || residual > kMost) return 0;
  return computed(cluster, static_cast<std::int32_t>(residual));
}

// ---- Pixels ----------------------------------------------------------------------------------

PixelView::PixelView(const Stream& stream) : width_(stream.width) {
  std::shared_ptr<const Coding> last;
  std::shared_ptr<const ResidualShares> shares;
  for (const Group& first : stream.groups) {
    if (first.y > 0) break;
    const Group& group = chosen(stream, first);
    if (!group.coding) refuse("a group has no codes");
    if (group.coding != last) shares = std::make_shared<const ResidualShares>(group.coding);
    last = group.coding;
    Columns columns{group.x,
                    group.x + group.width,
                    std::make_shared<const PixelParts>(group.steps, stream.channels),
                    shares,
                    {}};
    for (std::size_t c = 0; c < group.channels; ++c) {
      auto tree =
          std::make_shared<const Tree>(group.coding->tree.of(group.first_channel + c, group.id));
      if (tree->references() > 0) refuse("its tree looks at other channels");
      columns.walks.emplace_back(std::move(tree), group.weighted, group.width,
                                 std::vector<const Samples*>{},
                                 Rows{group.y, group.y + group.height - 1});
    }
    columns_.push_back(std::move(columns));
  }
}

PixelView::Columns& PixelView::columns_at(std::size_t x) {
  return *std::ranges::find_if(columns_, [x](const Columns& c) { return x < c.end; });
}

void PixelView::fill(Columns& columns, std::size_t coded, const CodedValues& values,
                     std::span<float> to) {
  const Expectation& expected = columns.walks[coded].next();
  const std::int64_t first = values.first - expected.guess;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::int64_t offset = first + static_cast<std::int64_t>(i);
    if (expected.multiplier == 1)
      to[i] = columns.shares->share(expected.context, offset);
    else
      to[i] = offset % expected.multiplier == 0
                  ? columns.shares->share(expected.context, offset / expected.multiplier)
                  : 0;
  }
}

void PixelView::masses(ByteView before, std::array<double, 256>& masses) {
  Columns& columns = columns_at(size_ % width_);
  const PixelParts::Range range = columns.parts->coded_of_byte(before.size());
  std::vector<std::vector<float>> coded;
  for (std::size_t c = range.begin; c < range.end; ++c) {
    const CodedValues values = columns.parts->values(c);
    fill(columns, c, values, coded.emplace_back(values.count));
  }
  columns.parts->masses(coded, before, masses);
}

void PixelView::push(ByteView pixel) {
  Columns& columns = columns_at(size_ % width_);
  std::vector<std::int32_t> coded;
  columns.parts->code(pixel, coded);
  for (std::size_t c = 0; c < coded.size(); ++c) columns.walks[c].push(coded[c]);
  ++size_;
}

void PixelView::pop() {
  --size_;
  for (Walk& walk : columns_at(size_ % width_).walks) walk.pop();
}

void PixelView::trim() {
  for (Columns& columns : columns_) {
    for (Walk& walk : columns.walks) walk.trim();
  }
}

}  // namespace kraft::jxl
