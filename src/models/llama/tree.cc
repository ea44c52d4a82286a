#ifdef KRAFT_HAVE_LLAMA

#include "models/llama/tree.h"

#include <algorithm>

namespace kraft {

LlamaTree::Node LlamaTree::child(Node parent, std::uint32_t unit) {
  const auto [found, is_new] = nodes_[parent].children.try_emplace(unit, nodes_.size());
  const Node node = found->second;
  if (is_new) {
    const std::size_t depth = nodes_[parent].depth + 1;
    nodes_.push_back({.parent = parent, .unit = unit, .depth = depth});
  }
  return node;
}

// Each leaf is a path that asks for the nodes which no leaf before it has asked for. In depth-first
// order neighbours share the most.
void LlamaTree::evaluate(const LlamaCore& core, const LlamaContextView& context) {
  std::vector<std::pair<Node, std::size_t>> open = {{kRoot, 1}};  // and its first new depth
  while (!open.empty()) {
    const auto [node, first_depth] = open.back();
    open.pop_back();
    const Entry& entry = nodes_[node];
    if (entry.children.empty() && node != kRoot) add_paths(core, context, node, first_depth);
    for (auto i = entry.children.rbegin(); i != entry.children.rend(); ++i) {
      const bool is_first = i == std::prev(entry.children.rend());
      open.emplace_back(i->second, is_first ? first_depth : entry.depth + 1);
    }
  }
  core.engine.evaluate(paths_,
                       [&](std::size_t path, std::size_t index, std::span<const float> logits) {
                         const Node node = wanted_[path][index - paths_[path].first_wanted];
                         nodes_[node].next = core.vocabulary.next(logits);
                       });
  paths_.clear();
  wanted_.clear();
}

// Where the window slides on the way, the path falls into one for each window.
void LlamaTree::add_paths(const LlamaCore& core, const LlamaContextView& context, Node leaf,
                          std::size_t first_depth) {
  std::vector<Node> way(nodes_[leaf].depth + 1);  // by depth
  for (Node node = leaf; node != kRoot; node = nodes_[node].parent) way[nodes_[node].depth] = node;
  const std::size_t end = context.end_token();
  const auto token = [&](std::size_t number) {
    return number < end ? context.tokens[number - context.first_token]
                        : core.vocabulary.token(nodes_[way[number - end + 1]].unit);
  };
  for (std::size_t depth = first_depth; depth < way.size();) {
    const std::size_t begin = window_begin(end + depth, core.window_tokens());
    std::size_t last = depth;
    while (last + 1 < way.size() && window_begin(end + last + 1, core.window_tokens()) == begin)
      ++last;
    TokenPath path;
    path.tokens.push_back(core.vocabulary.start());
    for (std::size_t number = begin; number < end + last; ++number)
      path.tokens.push_back(token(number));
    path.first_wanted = end + depth - begin;
    paths_.push_back(std::move(path));
    wanted_.emplace_back(way.begin() + static_cast<std::ptrdiff_t>(depth),
                         way.begin() + static_cast<std::ptrdiff_t>(last + 1));
    depth = last + 1;
  }
}

}  // namespace kraft

#endif  // KRAFT_HAVE_LLAMA
