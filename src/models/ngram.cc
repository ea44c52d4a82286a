// Adaptive order-N byte model with Witten-Bell interpolation.
//
// For a context h of k bytes with total count c(h), T(h) distinct successors and successor counts
// c(h, b), the estimate is
//
//     p(b | h) = (c(h, b) + T(h) p(b | h')) / (c(h) + T(h))
//
// where h' is h without its first byte, and below the empty context stands the uniform 1/256. This
// is the interpolated form (Chen and Goodman 1998, section 2.4) of method C of Witten and Bell,
// "The zero-frequency problem", IEEE Transactions on Information Theory 37(4), 1991. Counts are
// updated by every observed byte, so that the model learns from the context and from nothing else.

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "base/portable_log2.h"
#include "core/marks.h"
#include "core/observing.h"
#include "kraft/registry.h"
#include "kraft/text_temperature.h"
#include "registry/backends.h"

namespace kraft {
namespace {

using NodeId = std::uint32_t;
constexpr NodeId kNone = 0xffffffff;
constexpr NodeId kRoot = 0;

// The contexts form a trie read from left to right: a node is a byte string of at most N + 1 bytes
// that has occurred, its children are the bytes that have followed it.
struct Node {
  std::uint32_t count = 0;     // occurrences of this string
  std::uint32_t total = 0;     // c(h): occurrences of it with a successor
  NodeId first_child = kNone;  // the newest child; the rest follow through next_sibling
  NodeId next_sibling = kNone;
  std::uint16_t distinct = 0;  // T(h)
  Byte byte = 0;               // its last byte
};

// Rewinding undoes the increments one by one. Observing a byte costs O(N * 256) at worst and some
// dozen steps on text; memory is 20 bytes for each distinct string of at most N + 1 bytes.
class NgramState final : public State {
 public:
  NgramState(std::size_t order, std::function<bool()> cancelled)
      : order_(order), cancelled_(std::move(cancelled)), nodes_(1) {
    active_.push_back(kRoot);
  }

  void observe(ByteView bytes) override {
    for (Byte byte : bytes) {
      total_bits_ += bits_of(byte);
      learn(byte);
    }
    position_bytes_ += bytes.size();
  }

  std::uint64_t position_bytes() const override { return position_bytes_; }
  double context_bits() override { return total_bits_; }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    for (std::size_t i = 0; i < continuations.size(); ++i) {
      const ByteView continuation = continuations[i];
      if (continuation.size() == 1) {
        bits[i] = bits_of(continuation[0]);
        continue;
      }
      const Excursion excursion(*this);
      bits[i] = 0;
      in_pieces(continuation, cancelled_, [&](ByteView piece) {
        for (const Byte byte : piece) {
          bits[i] += bits_of(byte);
          learn(byte);
        }
      });
    }
  }

  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    std::array<double, 256> p;
    std::size_t at = 0;
    for (ByteView prefix : prefixes) {
      const Excursion excursion(*this);
      double prefix_bits = 0;
      for (Byte byte : prefix) {
        prefix_bits += bits_of(byte);
        learn(byte);
      }
      distribution(p);
      for (Byte byte : alphabet) bits[at++] = prefix_bits - portable_log2(p[byte]);
    }
  }

  Mark mark() override {
    return marks_.push({journal_.size(), active_, position_bytes_, total_bits_});
  }

  void rewind(Mark mark) override {
    const Saved& saved = marks_.back_to(mark);
    while (journal_.size() > saved.journal_size) {
      undo(journal_.back());
      journal_.pop_back();
    }
    active_ = saved.active;
    position_bytes_ = saved.position_bytes;
    total_bits_ = saved.total_bits;
  }

  void forget(Mark mark) override {
    marks_.forget(mark);
    if (marks_.empty()) journal_.clear();
  }

  std::unique_ptr<State> clone() const override {
    auto copy = std::make_unique<NgramState>(*this);
    copy->marks_.clear();
    copy->journal_.clear();
    return copy;
  }

 private:
  struct Change {
    NodeId parent;
    NodeId child;
    bool created;
  };

  struct Saved {
    std::size_t journal_size;
    std::vector<NodeId> active;
    std::uint64_t position_bytes;
    double total_bits;
  };

  NodeId find_child(NodeId parent, Byte byte) const {
    NodeId child = nodes_[parent].first_child;
    while (child != kNone && nodes_[child].byte != byte) child = nodes_[child].next_sibling;
    return child;
  }

  // p(byte | context), from the shortest context to the longest.
  double bits_of(Byte byte) const {
    double p = 1.0 / 256;
    for (NodeId context : active_) {
      const Node& node = nodes_[context];
      if (node.total == 0) break;  // a longer context has not been seen either
      const NodeId child = find_child(context, byte);
      const double count = child == kNone ? 0 : nodes_[child].count;
      p = (count + node.distinct * p) / (static_cast<double>(node.total) + node.distinct);
    }
    return -portable_log2(p);
  }

  void distribution(std::array<double, 256>& p) const {
    p.fill(1.0 / 256);
    for (NodeId context : active_) {
      const Node& node = nodes_[context];
      if (node.total == 0) break;
      const double denominator = static_cast<double>(node.total) + node.distinct;
      std::array<double, 256> counts{};
      for (NodeId child = node.first_child; child != kNone; child = nodes_[child].next_sibling)
        counts[nodes_[child].byte] = nodes_[child].count;
      // The same expression as in bits_of, so that both give the same number.
      for (std::size_t b = 0; b < 256; ++b) p[b] = (counts[b] + node.distinct * p[b]) / denominator;
    }
  }

  // active_[k] is the node of the last k bytes. Counts the byte after each, and moves on.
  void learn(Byte byte) {
    for (std::size_t k = active_.size(); k-- > 0;) {
      const NodeId child = count(active_[k], byte);
      if (k < order_) {
        if (k + 1 == active_.size()) active_.push_back(kNone);
        active_[k + 1] = child;
      }
    }
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
    if (!marks_.empty()) journal_.push_back({parent, child, created});
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
  std::function<bool()> cancelled_;
  std::vector<Node> nodes_;
  std::vector<NodeId> active_;
  std::vector<Change> journal_;
  std::uint64_t position_bytes_ = 0;
  double total_bits_ = 0;
  MarkStack<Saved> marks_;
};

class NgramModel final : public Model, public WritesAtTemperature {
 public:
  NgramModel(std::string spec, std::size_t order, std::function<bool()> cancelled)
      : spec_(std::move(spec)), order_(order), cancelled_(std::move(cancelled)) {}
  std::unique_ptr<State> start() const override {
    return std::make_unique<NgramState>(order_, cancelled_);
  }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return Granularity::fractional; }
  std::optional<std::uint64_t> window_bytes() const override { return std::nullopt; }
  // Longer contexts have seen one continuation only: then, what is drawn is quoted.
  double text_temperature() const override {
    constexpr std::size_t kMostHedgedOrder = 5;
    return order_ <= kMostHedgedOrder ? kHedgedTextTemperature : 1;
  }

 private:
  std::string spec_;
  std::size_t order_;
  std::function<bool()> cancelled_;
};

}  // namespace

Backend ngram_backend() {
  Backend row;
  row.name = "ngram";
  row.summary = "adaptive order-N byte model, Witten-Bell interpolation";
  row.argument = Parameter::integer("order", 0, 16, "5", "bytes of context that predict the next");
  row.granularity = Granularity::fractional;
  row.window = "all of the context, N bytes at a time";
  row.library = [] { return std::string("kraft"); };
  row.make_model = [](const Arguments& arguments, const ModelOptions& options) {
    return std::make_shared<NgramModel>(
        arguments.spec(), static_cast<std::size_t>(arguments.integer("order")), options.cancelled);
  };
  return row;
}

}  // namespace kraft
