#include "models/jxl/pixel_view.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "models/jxl/bits.h"

namespace kraft::jxl {
namespace {

// Of groups one above the other, the last one that has so many rows, or the one with the most.
constexpr std::size_t kEnoughRows = 64;

// A distribution counts as so many observations; of it, so much is what others have.
constexpr float kStrength = 512, kOthers = 1.0f / 256;

// What a colour costs, about, that is not in a palette.
constexpr double kNewColourBits = 10, kNewColourBitsPerByte = 8;

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

// ---- Residuals -------------------------------------------------------------------------------

Residuals::Residuals(std::shared_ptr<const Coding> coding, int depth_bits)
    : fixed_(fixed_of(std::move(coding), depth_bits)) {
  for (const std::vector<float>& tokens : fixed_->tokens) counts_.emplace_back(tokens.size());
}

Residuals::Table Residuals::table_of(const EntropyCode& code, const HybridInteger& integer,
                                     int depth_bits) {
  Table table{.far = depth_bits == 8 ? 2047 : (1 << 17) - 1, .coded = {}};
  std::map<std::pair<std::uint32_t, bool>, Run> last;  // of a token, above and below zero
  for (std::int32_t residual = -table.far; residual <= table.far; ++residual) {
    const HybridInteger::Coded coded = integer.code(pack_signed(residual));
    if (code.is_copy(coded.token)) {
      table.coded.push_back({});
      continue;
    }
    table.coded.push_back({coded.token, 1.0f / static_cast<float>(1u << coded.bits)});
    if (depth_bits == 8) continue;
    Run& run = last[{coded.token, residual < 0}];
    if (run.count == 1) run.step = residual - run.first;
    if (run.count > 0 && residual != run.first + run.step * run.count) {
      table.runs.push_back(run);
      run.count = 0;
    }
    if (run.count == 0) run = {.first = residual, .coded = table.coded.back()};
    ++run.count;
  }
  for (const auto& [token, run] : last) table.runs.push_back(run);
  return table;
}

std::shared_ptr<const Residuals::Fixed> Residuals::fixed_of(std::shared_ptr<const Coding> coding,
                                                            int depth_bits) {
  auto fixed = std::make_shared<Fixed>();
  fixed->coding = std::move(coding);
  const EntropyCode& code = fixed->coding->code;
  std::uint32_t most = 0;
  for (std::size_t cluster = 0; cluster < code.clusters(); ++cluster) {
    std::size_t same = 0;  // clusters have a few kinds of integers between them
    while (code.integer(same) != code.integer(cluster)) ++same;
    if (same < cluster)
      fixed->coded.push_back(fixed->coded[same]);
    else
      fixed->coded.push_back(
          std::make_shared<const Table>(table_of(code, code.integer(cluster), depth_bits)));
    for (const Coded& coded : fixed->coded.back()->coded) most = std::max(most, coded.token);
  }
  std::vector<double> all(most + 1);  // of all clusters together
  for (std::size_t cluster = 0; cluster < code.clusters(); ++cluster) {
    for (std::uint32_t token = 0; token <= most; ++token) {
      if (!code.is_copy(token)) all[token] += code.token_share(cluster, token);
    }
  }
  for (std::size_t cluster = 0; cluster < code.clusters(); ++cluster) {
    std::vector<float>& tokens = fixed->tokens.emplace_back();
    const double literals = 1 - code.share_of_copies(cluster);
    for (std::uint32_t token = 0; token <= most; ++token) {
      double share = double{kOthers} * all[token] / static_cast<double>(code.clusters());
      if (!code.is_copy(token) && literals > 0)
        share += double{1 - kOthers} * code.token_share(cluster, token) / literals;
      tokens.push_back(kStrength * static_cast<float>(share));
    }
  }
  return fixed;
}

float Residuals::mass(std::uint32_t context, std::int64_t residual) const {
  const std::size_t cluster = fixed_->coding->code.cluster(context);
  return mass_of(cluster, coded(cluster, residual));
}

void Residuals::fill(std::uint32_t context, std::int64_t first, std::span<float> to) const {
  const std::size_t cluster = fixed_->coding->code.cluster(context);
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] = mass_of(cluster, coded(cluster, first + static_cast<std::int64_t>(i)));
}

void Residuals::fill_high_bytes(std::uint32_t context, std::int64_t first,
                                std::array<double, 256>& to) const {
  to.fill(0);
  const std::size_t cluster = fixed_->coding->code.cluster(context);
  for (const Run& run : fixed_->coded[cluster]->runs) {
    const auto mass = static_cast<double>(mass_of(cluster, run.coded));
    std::int64_t at = run.first - first;
    const std::int64_t skipped =
        at < 0 ? std::min((-at + run.step - 1) / run.step, static_cast<std::int64_t>(run.count))
               : 0;
    at += skipped * run.step;
    for (std::int64_t left = run.count - skipped; left > 0 && at < 65536;) {
      const std::int64_t cell = at / 256;
      const std::int64_t here = std::min(left, ((cell + 1) * 256 - at + run.step - 1) / run.step);
      to[static_cast<std::size_t>(cell)] += mass * static_cast<double>(here);
      at += here * run.step;
      left -= here;
    }
  }
}

std::optional<Residuals::Counted> Residuals::count(std::uint32_t context, std::int64_t residual) {
  const std::size_t cluster = fixed_->coding->code.cluster(context);
  const Coded found = coded(cluster, residual);
  if (found.share == 0) return {};
  ++counts_[cluster][found.token];
  return Counted{static_cast<std::uint32_t>(cluster), found.token};
}

void Residuals::take_back(const Counted& counted) { --counts_[counted.cluster][counted.token]; }

// ---- Pixels ----------------------------------------------------------------------------------

PixelView::PixelView(const Stream& stream) : width_(stream.width) {
  std::shared_ptr<const Coding> last;
  for (const Group& first : stream.groups) {
    if (first.y > 0) break;
    const Group& group = chosen(stream, first);
    if (!group.coding) refuse("a group has no codes");
    if (group.coding != last) residuals_.emplace_back(group.coding, stream.depth_bits);
    last = group.coding;
    Columns columns{
        group.x,
        group.x + group.width,
        std::make_shared<const PixelParts>(group.steps, stream.channels,
                                           static_cast<std::size_t>(stream.depth_bits) / 8),
        residuals_.size() - 1,
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
  const Residuals& residuals = residuals_[columns.residuals];
  const std::int64_t first = values.first - expected.guess;
  if (expected.multiplier == 1) {
    residuals.fill(expected.context, first, to);
    return;
  }
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::int64_t offset = first + static_cast<std::int64_t>(i);
    to[i] = offset % expected.multiplier == 0
                ? residuals.mass(expected.context, offset / expected.multiplier)
                : 0;
  }
}

// A sample of two bytes, of which one may be there.
void PixelView::fill_word(Columns& columns, std::size_t coded, ByteView begun,
                          std::array<double, 256>& masses) {
  const Expectation& expected = columns.walks[coded].next();
  if (begun.empty() && expected.multiplier == 1) {
    residuals_[columns.residuals].fill_high_bytes(expected.context, -expected.guess, masses);
    return;
  }
  std::array<float, 256> low;
  const auto fill_low = [&](std::size_t high) {
    fill(columns, coded, {static_cast<std::int32_t>(high * 256), low.size()}, low);
  };
  if (!begun.empty()) {
    fill_low(begun[0]);
    std::ranges::copy(low, masses.begin());
    return;
  }
  for (std::size_t high = 0; high < masses.size(); ++high) {
    fill_low(high);
    masses[high] = std::accumulate(low.begin(), low.end(), 0.0);
  }
}

void PixelView::masses(ByteView before, std::array<double, 256>& masses) {
  Columns& columns = columns_at(size_ % width_);
  const PixelParts::Range range = columns.parts->coded_of_byte(before.size());
  if (const std::optional<ByteView> begun = columns.parts->begun_word(before)) {
    fill_word(columns, range.begin, *begun, masses);
    return;
  }
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
  if (watches_) watch(columns, pixel);
  columns.parts->code(pixel, coded);
  for (std::size_t c = 0; c < coded.size(); ++c) {
    if (counts_) {
      const Expectation& expected = columns.walks[c].next();
      counted_.push_back(residuals_[columns.residuals].count(
          expected.context, (coded[c] - expected.guess) / expected.multiplier));
    }
    columns.walks[c].push(coded[c]);
  }
  ++size_;
}

void PixelView::begin_counting() {
  counts_ = true;
  watches_ = false;
  for (Columns& columns : columns_) columns.palettes.clear();
}

void PixelView::watch(Columns& columns, ByteView pixel) {
  if (!columns.parts->lack_colours()) return;
  std::vector<PixelParts::Place> places;
  columns.parts->places(pixel, places);
  columns.palettes.resize(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    columns.palettes[i].bytes = places[i].bytes;
    ++columns.palettes[i].times[places[i].place];
  }
}

double PixelView::new_colour_bits() const {
  double bits = 0;
  for (const Columns& columns : columns_) {
    for (const Columns::Watched& palette : columns.palettes) {
      const auto once = std::ranges::count_if(
          palette.times, [](const auto& of_place) { return of_place.second == 1; });
      bits += static_cast<double>(once) *
              (kNewColourBits + kNewColourBitsPerByte * static_cast<double>(palette.bytes));
    }
  }
  return size_ == 0 ? 0 : bits / static_cast<double>(size_);
}

void PixelView::pop() {
  --size_;
  Columns& columns = columns_at(size_ % width_);
  for (Walk& walk : columns.walks) {
    walk.pop();
    if (!counts_) continue;
    if (counted_.back()) residuals_[columns.residuals].take_back(*counted_.back());
    counted_.pop_back();
  }
}

void PixelView::trim() {
  counted_.clear();
  for (Columns& columns : columns_) {
    for (Walk& walk : columns.walks) walk.trim();
  }
}

}  // namespace kraft::jxl
