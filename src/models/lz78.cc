// `lz78`: the sequential probability assignment on the tree of LZ78's phrases.
//
// LZ78 (Ziv and Lempel, "Compression of individual sequences via variable-rate coding", IEEE
// Transactions on Information Theory 24(5), 1978) cuts a text into phrases, each of which prolongs
// an earlier one by a byte; the phrases are the nodes of a tree. Sagan and Weissman, "A family of
// LZ78-based universal sequential probability assignments", arXiv:2410.06589, predict the byte b at
// the node z of the phrase so far by
//
//     p(b | z) = (n(b | z) + gamma) / (n(z) + 256 gamma)
//
// where n counts what followed there: a Dirichlet prior in each node, whose log-loss is LZ78's code
// length in the limit. Two refinements in the line of their published program are options: the
// longest suffix of the context that was continued some times predicts in place of the phrase
// (backoff=), and several suffixes predict together, each by its depth (ensemble=).
//
// All of it is integers: a byte is one choice of a total below 2^32, the same on every machine.

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/portable_log2.h"
#include "kraft/coder.h"
#include "kraft/registry.h"
#include "models/choice_model.h"
#include "models/journaled_memory.h"
#include "registry/backends.h"

namespace kraft {
namespace {

constexpr std::int64_t kLeastMemory = 64 << 10;
constexpr unsigned kMostBackoff = 64, kMostEnsemble = 16;
constexpr unsigned kLeastSeen = 4;            // times, of a suffix that predicts
constexpr unsigned kScale = 4096;             // a count of one; the prior is in these units
constexpr unsigned kMostTotal = 1U << 19;     // of a node's counts, which are halved then
constexpr std::uint64_t kShare = 1ULL << 20;  // of a sure byte where several nodes predict

class PhraseTree {
 public:
  using NodeId = std::uint32_t;
  static constexpr NodeId kRoot = 0;  // and none, of children: the root is nobody's

  struct Options {
    unsigned prior = 16;     // gamma, in 4096ths
    unsigned backoff = 0;    // bytes of the longest suffix
    unsigned ensemble = 1;   // suffixes that predict together
    std::size_t memory = 0;  // bytes; the tree stops to grow when they are full
  };

  explicit PhraseTree(const Options& options)
      : options_(options), memory_(options.memory / sizeof(Node) * sizeof(Node)) {}

  // -log2 of the probability of every byte to come next. O(256 * ensemble).
  void next_byte(std::span<double, 256> bits) const {
    const Shares shares = predict();
    for (std::size_t b = 0; b < 256; ++b) bits[b] = shares.bits_of(static_cast<Byte>(b));
  }

  void next_weights(std::span<std::uint64_t, 256> weights) const {
    std::ranges::copy(predict().of, weights.begin());
  }

  double bits_of(Byte byte) const { return predict().bits_of(byte); }

  // Each of these observes a byte; what it costs is returned, or added to `bits`.
  double observe(Byte byte) {
    const double bits = bits_of(byte);
    learn(byte);
    return bits;
  }

  double encode(Byte byte, RangeEncoder& encoder) {
    const Shares shares = predict();
    encoder.encode(shares.before(byte), shares.of[byte], shares.total);
    learn(byte);
    return shares.bits_of(byte);
  }

  Byte decode(RangeDecoder& decoder, double& bits) {
    const Shares shares = predict();
    const std::uint64_t target = decoder.target(shares.total);
    unsigned byte = 0;
    std::uint64_t before = 0;
    while (before + shares.of[byte] <= target) before += shares.of[byte++];
    decoder.take(before, shares.of[byte], shares.total);
    bits += shares.bits_of(static_cast<Byte>(byte));
    learn(static_cast<Byte>(byte));
    return static_cast<Byte>(byte);
  }

  // All that is not in the memory. Kept by value, so that a mark can keep it.
  struct Registers {
    NodeId phrase = kRoot;  // the node of the phrase so far
    std::uint32_t phrase_bytes = 0;
    NodeId nodes = 1;            // as many are in use
    std::uint32_t suffixes = 1;  // how many there are of the following
    // suffix[k]: the node of the last k bytes, as the tree was when the last of them came.
    std::array<NodeId, kMostBackoff + 1> suffix{};
  };

  struct Place {
    std::size_t journal = 0;
    Registers registers;
  };
  Place mark() { return {memory_.mark(), at_}; }
  void rewind(const Place& place) {
    memory_.rewind(place.journal);
    at_ = place.registers;
  }
  void keep_marks(bool any) { memory_.keep_marks(any); }
  PhraseTree clone() const { return PhraseTree(options_, memory_.clone(), at_); }

 private:
  struct Node {
    NodeId first_child = 0, next_sibling = 0;
    std::uint32_t count = 0;  // how often it was entered from its parent: n(b | parent)
    std::uint32_t total : 24 = 0, byte : 8 = 0;
  };
  static_assert(sizeof(Node) == 16 && JournaledMemory::kPageBytes % sizeof(Node) == 0);

  struct Shares {
    std::array<std::uint32_t, 256> of;  // at least 1 each
    std::uint64_t total = 0;

    std::uint64_t before(Byte byte) const {
      return std::accumulate(of.begin(), of.begin() + byte, std::uint64_t{0});
    }
    double bits_of(Byte byte) const {
      return portable_log2(static_cast<double>(total) / static_cast<double>(of[byte]));
    }
  };

  PhraseTree(const Options& options, JournaledMemory memory, const Registers& at)
      : options_(options), memory_(std::move(memory)), at_(at) {}

  const Node& node(NodeId id) const {
    return *memory_.read<Node>(id * static_cast<NodeId>(sizeof(Node)));
  }
  Node& write_node(NodeId id) {
    return *memory_.write<Node>(id * static_cast<NodeId>(sizeof(Node)));
  }

  NodeId child_of(NodeId parent, Byte byte) const {
    NodeId child = node(parent).first_child;
    while (child != 0 && node(child).byte != byte) child = node(child).next_sibling;
    return child;
  }

  // The nodes that predict, the longest context first, and their depths.
  unsigned predictors(std::array<NodeId, kMostEnsemble>& nodes,
                      std::array<unsigned, kMostEnsemble>& depths) const {
    unsigned found = 0;
    const auto add = [&](NodeId id, unsigned depth) {
      if (found == options_.ensemble) return;
      nodes[found] = id;
      depths[found++] = std::min(depth, kMostBackoff);
    };
    if (options_.backoff == 0 ||
        (at_.phrase_bytes > options_.backoff && node(at_.phrase).total > 0))
      add(at_.phrase, at_.phrase_bytes);
    if (options_.backoff > 0)
      for (unsigned k = at_.suffixes; k-- > 0;)
        if (k == 0 || (at_.suffix[k] != 0 && node(at_.suffix[k]).total >= kLeastSeen))
          add(at_.suffix[k], k);
    return found;
  }

  Shares predict() const {
    std::array<NodeId, kMostEnsemble> nodes;
    std::array<unsigned, kMostEnsemble> depths;
    const unsigned found = predictors(nodes, depths);
    if (found == 1) return shares_at(nodes[0]);
    Shares mixed;
    mixed.of.fill(1);
    for (unsigned i = 0; i < found; ++i) {
      const Shares one = shares_at(nodes[i]);
      for (std::size_t b = 0; b < 256; ++b)
        mixed.of[b] +=
            static_cast<std::uint32_t>((depths[i] + 1) * (one.of[b] * kShare / one.total));
    }
    mixed.total = std::accumulate(mixed.of.begin(), mixed.of.end(), std::uint64_t{0});
    return mixed;
  }

  Shares shares_at(NodeId id) const {
    Shares shares;
    shares.of.fill(options_.prior);
    shares.total = std::uint64_t{256} * options_.prior + std::uint64_t{kScale} * node(id).total;
    for (NodeId child = node(id).first_child; child != 0; child = node(child).next_sibling)
      shares.of[node(child).byte] += kScale * node(child).count;
    return shares;
  }

  void learn(Byte byte) {
    NodeId child = child_of(at_.phrase, byte);
    const bool is_new = child == 0;
    if (is_new && at_.nodes < memory_.size_bytes() / sizeof(Node)) {
      child = at_.nodes++;
      write_node(child) = {.next_sibling = node(at_.phrase).first_child, .byte = byte};
      write_node(at_.phrase).first_child = child;
    }
    if (child != 0) count(at_.phrase, child);
    at_.phrase = is_new ? kRoot : child;
    at_.phrase_bytes = is_new ? 0 : at_.phrase_bytes + 1;
    if (options_.backoff > 0) follow(byte);
  }

  void count(NodeId parent, NodeId child) {
    ++write_node(child).count;
    if (++write_node(parent).total < kMostTotal) return;
    std::uint32_t total = 0;
    for (NodeId id = node(parent).first_child; id != 0; id = node(id).next_sibling) {
      Node& halved = write_node(id);
      halved.count = (halved.count + 1) / 2;
      total += halved.count;
    }
    write_node(parent).total = total;
  }

  void follow(Byte byte) {
    at_.suffixes = std::min(at_.suffixes + 1, options_.backoff + 1);
    for (unsigned k = at_.suffixes - 1; k > 0; --k) {
      const NodeId shorter = at_.suffix[k - 1];
      at_.suffix[k] = k > 1 && shorter == 0 ? 0 : child_of(shorter, byte);
    }
  }

  Options options_;
  JournaledMemory memory_;
  Registers at_;
};

}  // namespace

Backend lz78_backend() {
  Backend row;
  row.name = "lz78";
  row.summary = "the phrases of LZ78 as a predictor (Sagan and Weissman 2024)";
  row.parameters = {
      Parameter::integer("prior", 1, 1 << 16, "16",
                         "what each byte counts at each node before it has occurred, in 4096ths"),
      Parameter::integer("backoff", 0, kMostBackoff, "0",
                         "bytes of the longest suffix that may predict in place of the phrase"),
      Parameter::integer("ensemble", 1, kMostEnsemble, "1",
                         "suffixes that predict together, each by its length; needs backoff="),
      Parameter::integer("mem", kLeastMemory, std::int64_t{1} << 30, "64MiB",
                         "bytes of memory; when they are full, there are no new phrases")};
  row.granularity = Granularity::fractional;
  row.window = "all of the context, until mem= is full";
  row.library = [] { return std::string("kraft"); };
  row.make_model = [](const Arguments& arguments, const ModelOptions& of_model) {
    PhraseTree::Options options;
    options.prior = static_cast<unsigned>(arguments.integer("prior"));
    options.backoff = static_cast<unsigned>(arguments.integer("backoff"));
    options.ensemble = static_cast<unsigned>(arguments.integer("ensemble"));
    options.memory = static_cast<std::size_t>(arguments.integer("mem"));
    if (options.ensemble > 1 && options.backoff == 0)
      throw UsageError("lz78: ensemble=" + std::to_string(options.ensemble) +
                       " needs backoff=: without, only the phrase predicts");
    return std::make_shared<ChoiceModel<PhraseTree>>(arguments.spec(), PhraseTree(options),
                                                     of_model.cancelled);
  };
  return row;
}

}  // namespace kraft
