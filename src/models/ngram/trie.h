// What has followed the last bytes, counted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/error.h"

namespace kraft::ngram {

inline constexpr std::size_t kMostOrder = 16;

// The contexts of up to N bytes form a trie read from left to right: a node is a byte string of at
// most N + 1 bytes that has occurred, its children are the bytes that have followed it. Counting a
// byte costs O(N * 256) at worst and some dozen steps on text; memory is 20 bytes for each distinct
// string. Going back undoes the counts one by one. Belongs to one thread at a time.
class Trie {
 public:
  using NodeId = std::uint32_t;
  static constexpr NodeId kNone = 0xffffffff;

  struct Node {
    std::uint32_t count = 0;     // occurrences of this string
    std::uint32_t total = 0;     // c(h): occurrences of it with a successor
    NodeId first_child = kNone;  // the newest child; the rest follow through next_sibling
    NodeId next_sibling = kNone;
    std::uint16_t distinct = 0;  // T(h)
    Byte byte = 0;               // its last byte
  };

  explicit Trie(std::size_t order) : order_(order), nodes_(1) { contexts_.push_back(kRoot); }

  // The nodes of the last 0, 1, ... N bytes, as many as there are.
  std::span<const NodeId> contexts() const { return contexts_; }

  const Node& operator[](NodeId node) const { return nodes_[node]; }

  // How often the byte has followed.
  std::uint32_t count_of(NodeId context, Byte byte) const {
    const NodeId child = find_child(context, byte);
    return child == kNone ? 0 : nodes_[child].count;
  }

  // Calls use(byte, count) for each byte that has followed.
  template <class Use>
  void each_count(NodeId context, Use&& use) const {
    for (NodeId child = nodes_[context].first_child; child != kNone;
         child = nodes_[child].next_sibling)
      use(nodes_[child].byte, nodes_[child].count);
  }

  // Counts the byte after each context, and moves on.
  void learn(Byte byte) {
    for (std::size_t k = contexts_.size(); k-- > 0;) {
      const NodeId child = count(contexts_[k], byte);
      if (k < order_) {
        if (k + 1 == contexts_.size()) contexts_.push_back(kNone);
        contexts_[k + 1] = child;
      }
    }
  }

  struct Place {
    std::size_t journal_size;
    std::vector<NodeId> contexts;
  };
  Place mark() {
    marked_ = true;
    return {journal_.size(), contexts_};
  }
  void rewind(const Place& place) {
    while (journal_.size() > place.journal_size) {
      undo(journal_.back());
      journal_.pop_back();
    }
    contexts_ = place.contexts;
  }

  // Called when marks are dropped: whether any is left.
  void keep_marks(bool any) {
    marked_ = any;
    if (!any) journal_.clear();
  }

 private:
  static constexpr NodeId kRoot = 0;

  struct Change {
    NodeId parent;
    NodeId child;
    bool created;
  };

  NodeId find_child(NodeId parent, Byte byte) const {
    NodeId child = nodes_[parent].first_child;
    while (child != kNone && nodes_[child].byte != byte) child = nodes_[child].next_sibling;
    return child;
  }

  NodeId count(NodeId parent, Byte byte) {
    NodeId child = find_child(parent, byte);
    const bool created = child == kNone;
    if (created) {
      if (nodes_.size() == kNone) throw Error("ngram: the context has too many distinct strings");
      child = static_cast<NodeId>(nodes_.size());
      nodes_.push_back({.next_sibling = nodes_[parent].first_child, .byte = byte});
      nodes_[parent].first_child = child;
      ++nodes_[parent].distinct;
    }
    ++nodes_[parent].total;
    ++nodes_[child].count;
    if (marked_) journal_.push_back({parent, child, created});
    return child;
  }

  // The newest node is the last one, and the first child of its parent.
  void undo(const Change& change) {
    --nodes_[change.parent].total;
    --nodes_[change.child].count;
    if (!change.created) return;
    nodes_[change.parent].first_child = nodes_[change.child].next_sibling;
    --nodes_[change.parent].distinct;
    nodes_.pop_back();
  }

  std::size_t order_;
  std::vector<Node> nodes_;
  std::vector<NodeId> contexts_;
  std::vector<Change> journal_;  // of what was counted since the first mark
  bool marked_ = false;
};

}  // namespace kraft::ngram
