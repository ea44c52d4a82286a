#include "models/brotli/words.h"

#include <algorithm>
#include <utility>

namespace kraft::brotli {
namespace {

// RFC 7932, appendix B: the transforms of each form, without a space at the end and with one; and
// those that leave out the last bytes, 1 to 9.
constexpr std::array<std::uint8_t, kWordForms> kPlain = {0, 9, 6, 30};
constexpr std::array<std::uint8_t, kWordForms> kSpaced = {1, 4, 2, 15};
constexpr std::array<std::uint8_t, 9> kCut = {12, 27, 23, 42, 63, 56, 48, 59, 64};

bool is_small(Byte byte) { return byte >= 'a' && byte <= 'z'; }

}  // namespace

// ---- The tree --------------------------------------------------------------------------------

const WordTree& WordTree::get() {
  static const WordTree tree;
  return tree;
}

// Level by level, so that the children of a node follow one another.
WordTree::WordTree() {
  std::vector<ByteView> words;
  for (std::size_t length = Dictionary::kShortest; length <= Dictionary::kLongest; ++length) {
    const Dictionary::Words& all = Dictionary::words(length, 0);
    for (std::size_t i = 0; i < all.count; ++i) words.push_back(all[i]);
  }
  std::ranges::sort(
      words, [](ByteView a, ByteView b) { return std::ranges::lexicographical_compare(a, b); });
  std::vector<std::pair<std::size_t, std::size_t>> ranges = {{0, words.size()}};  // of each node
  nodes_.emplace_back();
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    auto [at, end] = ranges[n];
    const std::size_t depth = nodes_[n].depth;
    for (; at < end && words[at].size() == depth; ++at) ++nodes_[n].words;
    nodes_[n].first_child = static_cast<std::uint32_t>(nodes_.size());
    while (at < end) {
      const Byte byte = words[at][depth];
      std::size_t next = at;
      while (next < end && words[next][depth] == byte) ++next;
      Node child;
      child.parent = static_cast<std::uint32_t>(n);
      child.byte = byte;
      child.depth = static_cast<std::uint8_t>(depth + 1);
      child.has_capital = depth == 0 ? is_small(byte) : nodes_[n].has_capital;
      nodes_.push_back(child);
      ranges.emplace_back(at, next);
      ++nodes_[n].children;
      at = next;
    }
  }
}

std::optional<std::uint32_t> WordTree::child(std::uint32_t node, Byte byte) const {
  const auto first = nodes_.begin() + nodes_[node].first_child;
  const auto end = first + nodes_[node].children;
  const auto found = std::ranges::lower_bound(first, end, byte, {}, &Node::byte);
  if (found == end || found->byte != byte) return {};
  return static_cast<std::uint32_t>(found - nodes_.begin());
}

std::optional<Spelling> spelled(std::size_t form, ByteView said) {
  const std::size_t spaces = form / 2;
  if (spaces == 1 && !said.empty() && said.front() != ' ') return {};
  Spelling at{form, WordTree::kRoot, said.size()};
  for (std::size_t i = spaces; i < said.size(); ++i) {
    Byte byte = said[i];
    if (form % 2 == 1 && i == spaces) {
      if (byte < 'A' || byte > 'Z') return {};
      byte = static_cast<Byte>(byte - 'A' + 'a');
    }
    const auto next = WordTree::get().child(at.node, byte);
    if (!next) return {};
    at.node = *next;
  }
  return at;
}

// ---- Prices ----------------------------------------------------------------------------------

WordPrices::WordPrices(const std::array<double, kLengths>& length_share,
                       const std::function<double(std::size_t, std::uint64_t)>& weight) {
  const std::vector<WordTree::Node>& nodes = WordTree::get().nodes();
  const auto of_transform = [&](std::size_t length, std::uint64_t transform) {
    const std::uint64_t count = std::uint64_t{1} << Dictionary::index_bits(length);
    return weight(length, transform * count + count / 2);
  };
  std::array<std::array<double, kCut.size()>, kLengths> cut{};
  for (std::size_t length = Dictionary::kShortest; length < kLengths; ++length) {
    for (std::size_t form = 0; form < kWordForms; ++form) {
      plain_[form][length] = of_transform(length, kPlain[form]);
      spaced_[form][length] = of_transform(length, kSpaced[form]);
    }
    for (std::size_t i = 0; i < kCut.size() && i + 1 < length; ++i)
      cut[length][i] = of_transform(length, kCut[i]);
  }

  cut_.resize(nodes.size());
  for (auto& below : below_) below.resize(nodes.size());
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    if (nodes[n].words == 0) continue;
    const std::size_t length = nodes[n].depth;
    const double share = length_share[length] * nodes[n].words;
    double sum = 0;
    for (std::size_t form = 0; form < kWordForms; ++form) {
      if (form % 2 == 1 && !nodes[n].has_capital) continue;
      const double both = plain_[form][length] + spaced_[form][length];
      below_[form][n] += share * both;
      sum += both;
    }
    std::size_t shorter = n;
    for (const double weight_of_cut : cut[length]) {
      shorter = nodes[shorter].parent;
      if (shorter == WordTree::kRoot) break;
      cut_[shorter] += share * weight_of_cut;
      sum += weight_of_cut;
    }
    of_length_[length] += sum * nodes[n].words;
  }
  for (std::size_t n = nodes.size() - 1; n > 0; --n) {
    below_[0][n] += cut_[n];
    for (auto& below : below_) below[nodes[n].parent] += below[n];
  }

  double all = 0;
  for (const auto& below : below_) all += below[WordTree::kRoot];
  if (all == 0) {
    *this = WordPrices();
    return;
  }
  for (double& share : cut_) share /= all;
  for (auto& below : below_) {
    for (double& share : below) share /= all;
  }
  for (std::size_t length = 0; length < kLengths; ++length) {
    for (std::size_t form = 0; form < kWordForms; ++form) {
      plain_[form][length] *= length_share[length] / all;
      spaced_[form][length] *= length_share[length] / all;
    }
  }
  const WordTree::Node& root = nodes[WordTree::kRoot];
  for (std::uint32_t c = root.first_child; c < root.first_child + root.children; ++c) {
    first_[nodes[c].byte] += below_[0][c];
    first_[capital(nodes[c].byte)] += below_[1][c];
  }
  first_[' '] += below_[2][WordTree::kRoot] + below_[3][WordTree::kRoot];
}

double WordPrices::ends(const Spelling& spelling) const {
  const WordTree::Node& node = WordTree::get().nodes()[spelling.node];
  double share = spelling.form == 0 ? cut_[spelling.node] : 0;
  if (node.words > 0 && (spelling.form % 2 == 0 || node.has_capital))
    share += node.words * plain_[spelling.form][node.depth];
  return share;
}

double WordPrices::ends_in_space(const Spelling& spelling) const {
  const WordTree::Node& node = WordTree::get().nodes()[spelling.node];
  if (node.words == 0 || (spelling.form % 2 == 1 && !node.has_capital)) return 0;
  return node.words * spaced_[spelling.form][node.depth];
}

}  // namespace kraft::brotli
