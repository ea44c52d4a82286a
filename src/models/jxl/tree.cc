#include "models/jxl/tree.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

#include "models/jxl/entropy.h"

namespace kraft::jxl {
namespace {

constexpr std::uint32_t kPredictors = 14, kMostProperties = 256;

std::int32_t clamped32(std::int64_t value) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(
      value, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
}

// 2^24 / (i + 1), rounded down.
constexpr auto kReciprocals = [] {
  std::array<std::uint32_t, 64> reciprocals{};
  for (std::uint32_t i = 0; i < reciprocals.size(); ++i) reciprocals[i] = (1u << 24) / (i + 1);
  return reciprocals;
}();

// About 2^24 * weight / (error + 1), and 4 at least.
std::uint32_t weight_for(std::uint64_t error, std::uint32_t weight) {
  const int shift = std::max(static_cast<int>(std::bit_width(error + 1)) - 6, 0);
  return 4 + (weight * kReciprocals[error >> shift] >> shift);
}

std::int64_t clamped_gradient(std::int64_t above, std::int64_t left, std::int64_t above_left) {
  return std::clamp(above + left - above_left, std::min(above, left), std::max(above, left));
}

}  // namespace

WeightedParameters WeightedParameters::read(Bits& bits) {
  WeightedParameters parameters;
  if (bits.flag()) return parameters;
  const auto five = [&] { return static_cast<std::int32_t>(bits.read(5)); };
  parameters.above_left_right = five();
  parameters.left = five();
  for (std::int32_t& other : parameters.others) other = five();
  for (std::uint32_t& weight : parameters.weights) weight = bits.read(4);
  return parameters;
}

// ---- Trees (section H.4.2) -------------------------------------------------------------------

Tree Tree::read(Bits& bits, std::size_t most_nodes) {
  enum Context : std::size_t {
    split,
    property,
    predictor,
    offset,
    log_multiplier,
    multiplier,
    all
  };
  const EntropyCode code = EntropyCode::read(bits, all);
  SymbolReader reader(code, bits);
  const auto next = [&](Context context) { return reader.read(code.cluster(context)); };
  Tree tree;
  for (std::size_t left = 1; left > 0; --left) {
    if (tree.nodes_.size() > most_nodes) fail("its tree is too large");
    const std::uint32_t coded_property = next(property);
    if (coded_property > kMostProperties) fail("its tree looks at what is not there");
    if (coded_property > 0) {
      Node node;
      node.property = static_cast<std::int32_t>(coded_property) - 1;
      node.split = unpack_signed(next(split));
      node.child = static_cast<std::uint32_t>(tree.nodes_.size() + left);
      tree.nodes_.push_back(node);
      left += 2;
      continue;
    }
    Leaf leaf;
    const std::uint32_t coded_predictor = next(predictor);
    if (coded_predictor >= kPredictors) fail("its tree has a predictor that is none");
    leaf.predictor = static_cast<Predictor>(coded_predictor);
    leaf.offset = unpack_signed(next(offset));
    const std::uint32_t log = next(log_multiplier);
    if (log > 30) fail("its tree has a multiplier that is too large");
    const std::uint32_t factor = next(multiplier);
    if (factor >= (1u << (31 - log)) - 1) fail("its tree has a multiplier that is too large");
    leaf.multiplier = static_cast<std::int32_t>((factor + 1) << log);
    leaf.context = static_cast<std::uint32_t>(tree.leaves_.size());
    tree.nodes_.push_back({-1, 0, leaf.context});
    tree.leaves_.push_back(leaf);
  }
  reader.finish();
  return tree;
}

Tree Tree::of(std::size_t channel, std::size_t group) const {
  const auto decided = [&](std::size_t at) {
    while (nodes_[at].property >= 0 && nodes_[at].property <= static_cast<int>(kGroupProperty)) {
      const std::size_t known = nodes_[at].property == 0 ? channel : group;
      at = nodes_[at].child + (static_cast<std::int64_t>(known) > nodes_[at].split ? 0 : 1);
    }
    return at;
  };
  Tree part;
  std::vector<std::size_t> from = {decided(0)};
  for (std::size_t i = 0; i < from.size(); ++i) {
    Node node = nodes_[from[i]];
    if (node.property < 0) {
      part.leaves_.push_back(leaves_[node.child]);
      node.child = static_cast<std::uint32_t>(part.leaves_.size() - 1);
    } else {
      const std::size_t child = node.child;
      node.child = static_cast<std::uint32_t>(from.size());
      from.push_back(decided(child));
      from.push_back(decided(child + 1));
    }
    part.nodes_.push_back(node);
  }
  return part;
}

bool Tree::looks_at_weighted() const {
  return std::ranges::any_of(
             nodes_,
             [](const Node& n) { return n.property == static_cast<int>(kWeightedProperty); }) ||
         std::ranges::any_of(leaves_,
                             [](const Leaf& l) { return l.predictor == Predictor::weighted; });
}

std::size_t Tree::references() const {
  std::int32_t most = -1;
  for (const Node& node : nodes_) most = std::max(most, node.property);
  if (most < static_cast<int>(kOwnProperties)) return 0;
  return (static_cast<std::size_t>(most) - kOwnProperties) / kPropertiesOfReference + 1;
}

// ---- Walks -----------------------------------------------------------------------------------

Walk::Walk(std::shared_ptr<const Tree> tree, const WeightedParameters& weighted, std::size_t width,
           std::vector<const std::vector<std::int32_t>*> references, Rows rows)
    : tree_(std::move(tree)),
      weighted_(weighted),
      width_(width),
      references_(std::move(references)),
      rows_(rows),
      uses_weighted_(tree_->looks_at_weighted()),
      is_leaf_(tree_->is_leaf()),
      properties_(kOwnProperties + kPropertiesOfReference * tree_->references()) {}

// Section H.3: at the edges of the channel others stand in.
Walk::Around Walk::around(std::size_t x, std::size_t y) const {
  Around n;
  n.left = x > 0 ? at(x - 1, y) : y > 0 ? at(x, y - 1) : 0;
  n.above = y > 0 ? at(x, y - 1) : n.left;
  n.above_left = x > 0 && y > 0 ? at(x - 1, y - 1) : n.left;
  n.above_right = x + 1 < width_ && y > 0 ? at(x + 1, y - 1) : n.above;
  n.left_left = x > 1 ? at(x - 2, y) : n.left;
  n.above_above = y > 1 ? at(x, y - 2) : n.above;
  n.above_right_right = x + 2 < width_ && y > 0 ? at(x + 2, y - 1) : n.above_right;
  return n;
}

std::int64_t Walk::gradient(std::size_t x, std::size_t y) const {
  const std::int64_t left = x > 0 ? at(x - 1, y) : y > 0 ? at(x, y - 1) : 0;
  const std::int64_t above = y > 0 ? at(x, y - 1) : left;
  const std::int64_t above_left = x > 0 && y > 0 ? at(x - 1, y - 1) : left;
  return left + above - above_left;
}

// Section H.5.
void Walk::weigh(const Around& n, std::size_t x, std::size_t y) {
  static constexpr Errors kNone{};
  const Errors& above = y > 0 ? errors_at(x, y - 1) : kNone;
  const Errors& left = x > 0 ? errors_at(x - 1, y) : kNone;
  const Errors& above_left = x == 0 ? above : y > 0 ? errors_at(x - 1, y - 1) : kNone;
  const Errors& left_left = x > 1 ? errors_at(x - 2, y) : kNone;
  const bool last = x + 1 == width_;
  const Errors& above_right = last ? above : y > 0 ? errors_at(x + 1, y - 1) : kNone;
  std::array<std::uint32_t, 4> weights;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    std::uint64_t error = std::uint64_t{above.of[i]} + left.of[i];
    error += std::uint64_t{above_right.of[i]} + (last ? left.of[i] : 0);
    error += std::uint64_t{above_left.of[i]} + left_left.of[i];
    weights[i] = weight_for(error, weighted_.weights[i]);
  }
  const std::int64_t of_left = left.of_mean, of_above = above.of_mean;
  const std::int64_t of_above_left = above_left.of_mean, of_above_right = above_right.of_mean;
  const std::int64_t w = n.left * 8, a = n.above * 8, r = n.above_right * 8;
  const std::int64_t both = of_left + of_above;
  const std::array<std::int32_t, 5>& others = weighted_.others;
  predictions_[0] = w + r - a;
  predictions_[1] = a - ((both + of_above_right) * weighted_.above_left_right >> 5);
  predictions_[2] = w - ((both + of_above_left) * weighted_.left >> 5);
  predictions_[3] =
      a - ((of_above_left * others[0] + of_above * others[1] + of_above_right * others[2] +
            (n.above_above * 8 - a) * others[3] + (n.above_left * 8 - w) * others[4]) >>
           5);
  std::uint32_t sum = 0;
  for (const std::uint32_t weight : weights) sum += weight;
  const int shift = static_cast<int>(std::bit_width(sum)) - 5;
  sum = 0;
  for (std::uint32_t& weight : weights) sum += weight >>= shift;
  mean_ = static_cast<std::int64_t>(sum >> 1) - 1;
  for (std::size_t i = 0; i < weights.size(); ++i) mean_ += predictions_[i] * weights[i];
  mean_ = mean_ * kReciprocals[sum - 1] >> 24;
  // Where errors are not all of one sign, it stays among the neighbours.
  if (((of_above ^ of_left) | (of_above ^ of_above_left)) <= 0)
    mean_ = std::clamp(mean_, std::min({w, a, r}), std::max({w, a, r}));
  weighted_prediction_ = (mean_ + 3) >> 3;
  std::int64_t largest = of_left;
  for (const std::int64_t error : {of_above, of_above_left, of_above_right}) {
    if (std::abs(error) > std::abs(largest)) largest = error;
  }
  properties_[kWeightedProperty] = clamped32(largest);
  weighed_ = true;
}

// Section H.4.1.
void Walk::set_properties(const Around& n, std::size_t x, std::size_t y) {
  const auto set = [&](std::size_t i, std::int64_t value) { properties_[i] = clamped32(value); };
  set(2, static_cast<std::int64_t>(std::clamp(y, rows_.first, rows_.last) - rows_.first));
  set(3, static_cast<std::int64_t>(x));
  set(4, std::abs(n.above));
  set(5, std::abs(n.left));
  set(6, n.above);
  set(7, n.left);
  set(8, n.left - (x > 0 ? gradient(x - 1, y) : 0));
  set(9, n.left + n.above - n.above_left);
  set(10, n.left - n.above_left);
  set(11, n.above_left - n.above);
  set(12, n.above - n.above_right);
  set(13, n.above - n.above_above);
  set(14, n.left - n.left_left);
  set_references(x, y);
}

void Walk::set_references(std::size_t x, std::size_t y) {
  std::size_t to = kOwnProperties;
  for (const std::vector<std::int32_t>* reference : references_) {
    if (to >= properties_.size()) return;
    const std::vector<std::int32_t>& samples = *reference;
    const std::size_t i = y * width_ + x;
    const std::int64_t value = samples[i];
    const std::int64_t left = x > 0 ? samples[i - 1] : 0;
    const std::int64_t above = y > 0 ? samples[i - width_] : left;
    const std::int64_t above_left = x > 0 && y > 0 ? samples[i - width_ - 1] : left;
    const std::int64_t error = value - clamped_gradient(left, above, above_left);
    for (const std::int64_t property : {std::abs(value), value, std::abs(error), error})
      properties_[to++] = clamped32(property);
  }
}

std::int64_t Walk::predict(Predictor predictor, const Around& n) const {
  switch (predictor) {
    case Predictor::left:
      return n.left;
    case Predictor::above:
      return n.above;
    case Predictor::mean_left_above:
      return (n.left + n.above) / 2;
    case Predictor::select:
      return std::abs(n.above - n.above_left) < std::abs(n.left - n.above_left) ? n.left : n.above;
    case Predictor::gradient:
      return clamped_gradient(n.above, n.left, n.above_left);
    case Predictor::weighted:
      return weighted_prediction_;
    case Predictor::above_right:
      return n.above_right;
    case Predictor::above_left:
      return n.above_left;
    case Predictor::left_left:
      return n.left_left;
    case Predictor::mean_left_above_left:
      return (n.left + n.above_left) / 2;
    case Predictor::mean_above_left_above:
      return (n.above_left + n.above) / 2;
    case Predictor::mean_above_above_right:
      return (n.above + n.above_right) / 2;
    case Predictor::mean_of_all:
      return (6 * n.above - 2 * n.above_above + 7 * n.left + n.left_left + n.above_right_right +
              3 * n.above_right + 8) /
             16;
    default:
      return 0;
  }
}

const Expectation& Walk::next() {
  if (ready_) return expected_;
  ready_ = true;
  const std::size_t y = row(), x = column();
  const Around n = around(x, y);
  if (uses_weighted_ && !weighed_) weigh(n, x, y);
  if (!is_leaf_) set_properties(n, x, y);
  const Leaf& leaf = tree_->find(properties_);
  expected_ = {leaf.context, predict(leaf.predictor, n) + leaf.offset, leaf.multiplier};
  return expected_;
}

void Walk::push(std::int32_t sample) {
  if (uses_weighted_) {
    const std::size_t y = row(), x = column();
    if (!weighed_) weigh(around(x, y), x, y);
    Errors errors;
    const std::int64_t value = std::int64_t{sample} * 8;
    errors.of_mean = clamped32(mean_ - value);
    for (std::size_t i = 0; i < predictions_.size(); ++i)
      errors.of[i] = static_cast<std::uint32_t>((std::abs(predictions_[i] - value) + 3) >> 3);
    errors_.push_back(errors);
  }
  samples_.push_back(sample);
  ready_ = weighed_ = false;
}

void Walk::pop() {
  samples_.pop_back();
  if (uses_weighted_) errors_.pop_back();
  ready_ = weighed_ = false;
}

void Walk::trim() {
  constexpr std::size_t kNeeded = 2, kFewRows = 16;  // above the row of the next sample
  const std::size_t rows = samples_.size() / width_;
  if (rows < kFewRows) return;
  const auto dropped = static_cast<std::ptrdiff_t>((rows - kNeeded) * width_);
  samples_.erase(samples_.begin(), samples_.begin() + dropped);
  if (uses_weighted_) errors_.erase(errors_.begin(), errors_.begin() + dropped);
  first_row_ += rows - kNeeded;
}

}  // namespace kraft::jxl
