// Continuations as a tree, in which what begins alike is evaluated once.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "kraft/bytes.h"
#include "models/bytelm/windows.h"

namespace kraft::bytelm {

class Tree {
 public:
  using Node = std::size_t;
  static constexpr Node kRoot = 0;

  Tree() : nodes_(1) {}

  // The node behind a node, made if it is not there.
  Node child(Node node, Byte byte);
  Node walk(ByteView bytes);

  // What follows each node but the root. Nodes of the same depth are evaluated side by side; so
  // many of them as the engine takes at once have caches at the same time, for each depth.
  void evaluate(Windows& windows, ByteView context);

  const Distribution& next(Node node) const { return nodes_[node].next; }
  std::size_t size() const { return nodes_.size(); }

 private:
  struct Place {
    Node parent = kRoot;
    Byte byte = 0;
    std::size_t depth = 0;
    std::vector<std::pair<Byte, Node>> children = {};
    Distribution next = {};
  };

  // A node, and a cache that has read its parent's place; none where the window is another.
  struct Branch {
    Node node;
    const Cache* parent;
  };

  void evaluate(Windows& windows, ByteView context, const std::vector<Branch>& branches);
  Cache branch(Windows& windows, ByteView context, Node node, std::size_t begin,
               std::vector<std::size_t>& tokens) const;

  std::vector<Place> nodes_;
};

}  // namespace kraft::bytelm
