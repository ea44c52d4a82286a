// Continuations of one context as a tree of tokens, evaluated together.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "models/llama/states.h"

namespace kraft {

// The window's tokens: number first_token of the context and those after it. It must reach back to
// where the window begins.
struct LlamaContextView {
  std::size_t first_token = 0;
  std::vector<Token> tokens;

  std::size_t end_token() const { return first_token + tokens.size(); }
};

// Nodes are numbered as they are made, children after their parents; 0 is the context itself.
class LlamaTree {
 public:
  using Node = std::size_t;
  static constexpr Node kRoot = 0;

  LlamaTree() : nodes_(1) {}

  // The child of a node for a unit; made if there is none.
  Node child(Node parent, std::uint32_t unit);
  std::size_t size() const { return nodes_.size(); }

  // Sets what comes next after every node but the root.
  void evaluate(const LlamaCore& core, const LlamaContextView& context);

  // After evaluate().
  const LlamaNext& next(Node node) const { return nodes_[node].next; }

 private:
  struct Entry {
    Node parent = 0;
    std::uint32_t unit = 0;
    std::size_t depth = 0;
    std::map<std::uint32_t, Node> children = {};
    LlamaNext next = {};
  };

  void add_paths(const LlamaCore& core, const LlamaContextView& context, Node leaf,
                 std::size_t first_depth);

  std::vector<Entry> nodes_;
  std::vector<TokenPath> paths_;
  std::vector<std::vector<Node>> wanted_;  // by path, then by index after its first_wanted
};

}  // namespace kraft
