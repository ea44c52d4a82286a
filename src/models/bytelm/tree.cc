#include "models/bytelm/tree.h"

#include <algorithm>

namespace kraft::bytelm {

Tree::Node Tree::child(Node node, Byte byte) {
  const auto& children = nodes_[node].children;
  const auto found = std::ranges::lower_bound(children, byte, {}, &std::pair<Byte, Node>::first);
  if (found != children.end() && found->first == byte) return found->second;
  const Node made = nodes_.size();
  nodes_[node].children.insert(found, {byte, made});
  nodes_.push_back({.parent = node, .byte = byte, .depth = nodes_[node].depth + 1});
  return made;
}

Tree::Node Tree::walk(ByteView bytes) {
  Node node = kRoot;
  for (const Byte byte : bytes) node = child(node, byte);
  return node;
}

// A cache of the context, and the tokens that lead from there to the node, in a window that the
// node's parent is not seen through.
Cache Tree::branch(Windows& windows, ByteView context, Node node, std::size_t begin,
                   std::vector<std::size_t>& tokens) const {
  const std::size_t place = context.size() + nodes_[node].depth;
  Bytes path;
  for (Node at = node; at != kRoot; at = nodes_[at].parent) path.push_back(nodes_[at].byte);
  std::ranges::reverse(path);
  const std::size_t known = std::max(begin, context.size() + 1);
  tokens.clear();
  for (std::size_t at = known; at <= place; ++at)
    tokens.push_back(at == begin ? kBegin : path[at - context.size() - 1]);
  if (begin > context.size()) return windows.engine().cache();
  return windows.branch(context, place, known);
}

void Tree::evaluate(Windows& windows, ByteView context) {
  std::vector<Branch> branches;
  for (const auto& [byte, node] : nodes_[kRoot].children) branches.push_back({node, nullptr});
  evaluate(windows, context, branches);
}

void Tree::evaluate(Windows& windows, ByteView context, const std::vector<Branch>& branches) {
  std::vector<Cache> caches;
  std::vector<std::size_t> tokens;
  for (std::size_t first = 0; first < branches.size(); first += kMostInputs) {
    const std::size_t last = std::min(first + kMostInputs, branches.size());
    caches.clear();
    caches.reserve(kMostInputs);
    std::vector<Question> questions;
    for (std::size_t i = first; i < last; ++i) {
      const Node node = branches[i].node;
      const std::size_t begin = windows.begin_of(context.size() + nodes_[node].depth);
      const bool same = branches[i].parent != nullptr &&
                        begin == windows.begin_of(context.size() + nodes_[node].depth - 1);
      if (same) {
        caches.push_back(*branches[i].parent);
        tokens.assign(1, nodes_[node].byte);
      } else {
        caches.push_back(branch(windows, context, node, begin, tokens));
      }
      for (const std::size_t token : tokens) questions.push_back({&caches.back(), token});
      questions.back().next = &nodes_[node].next;
    }
    windows.engine().evaluate(questions);
    windows.stop_if_cancelled();
    std::vector<Branch> deeper;
    for (std::size_t i = first; i < last; ++i) {
      for (const auto& [byte, node] : nodes_[branches[i].node].children)
        deeper.push_back({node, &caches[i - first]});
    }
    if (!deeper.empty()) evaluate(windows, context, deeper);
  }
}

}  // namespace kraft::bytelm
