// A model whose tokens are the bytes: what was observed is the sequence of tokens.

#ifdef KRAFT_HAVE_LLAMA

#include <algorithm>
#include <array>
#include <optional>

#include "core/hidden_state.h"
#include "core/marks.h"
#include "models/llama/tree.h"

namespace kraft {
namespace {

// Observing costs nothing until something is asked; then one evaluation for each byte that is new
// and, unless context_bits() asks for all of them, in the window at the end.
// Memory: the bytes observed. Copies share nothing that changes.
class LlamaByteState final : public State, public HasHiddenState {
 public:
  explicit LlamaByteState(std::shared_ptr<const LlamaCore> core) : core_(std::move(core)) {}

  void observe(ByteView bytes) override { append(bytes_, bytes); }
  std::uint64_t position_bytes() const override { return bytes_.size(); }

  double context_bits() override {
    if (skipped_) now_ = *skipped_, skipped_.reset();
    catch_up();
    return now_.total_bits;
  }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    LlamaTree tree;
    for (ByteView continuation : continuations) {
      if (!continuation.empty()) walk(tree, continuation.first(continuation.size() - 1));
    }
    evaluate(tree);
    for (std::size_t i = 0; i < continuations.size(); ++i)
      bits[i] = bits_along(tree, continuations[i]);
  }

  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    LlamaTree tree;
    std::vector<LlamaTree::Node> ends;
    for (ByteView prefix : prefixes) ends.push_back(walk(tree, prefix));
    evaluate(tree);
    std::size_t at = 0;
    for (std::size_t p = 0; p < prefixes.size(); ++p) {
      const double prefix_bits = bits_along(tree, prefixes[p]);
      for (Byte byte : alphabet) bits[at++] = prefix_bits + bits_of(tree, ends[p], byte);
    }
  }

  std::vector<float> hidden_state() override {
    const std::size_t begin = window_begin(bytes_.size(), core_->window_tokens());
    return core_->engine.hidden_state(path(begin, bytes_.size()).tokens);
  }

  Mark mark() override { return marks_.push({bytes_.size(), now_, skipped_}); }

  void rewind(Mark mark) override {
    const Saved& saved = marks_.back_to(mark);
    bytes_.resize(saved.bytes);
    now_ = saved.now;
    skipped_ = saved.skipped;
  }

  void forget(Mark mark) override { marks_.forget(mark); }

  std::unique_ptr<State> clone() const override {
    auto copy = std::make_unique<LlamaByteState>(*this);
    copy->marks_.clear();
    return copy;
  }

 private:
  // What is known of a place in the context.
  struct Place {
    std::size_t priced_bytes = 0;  // the first so many are in total_bits
    double total_bits = 0;
    std::shared_ptr<const LlamaNext> next = nullptr;  // after those; null before the first question
  };

  struct Saved {
    std::size_t bytes;
    Place now;
    std::optional<Place> skipped;
  };

  double bits_of(const LlamaNext& next, Byte byte) const {
    return next.bits(core_->symbol(byte)) + core_->lost_bits();
  }

  // The tokens of bytes [begin, end), after the one that stands before every window.
  TokenPath path(std::size_t begin, std::size_t end) const {
    TokenPath path;
    path.tokens.reserve(end - begin + 1);
    path.tokens.push_back(core_->vocabulary.start());
    for (std::size_t i = begin; i < end; ++i)
      path.tokens.push_back(core_->vocabulary.token(core_->symbol(bytes_[i])));
    return path;
  }

  // What follows does not depend on bytes that no window shows any more: goes on at the end.
  void skip_to_end() {
    const std::size_t begin = window_begin(bytes_.size(), core_->window_tokens());
    if (begin <= (now_.next ? now_.priced_bytes : 0)) return;
    if (!skipped_) skipped_ = now_;
    now_ = {.priced_bytes = bytes_.size()};
  }

  // Prices what has been observed since the last question, window by window.
  void catch_up() {
    std::size_t place = now_.next ? now_.priced_bytes + 1 : now_.priced_bytes;  // to ask for next
    while (place <= bytes_.size()) {
      const std::size_t begin = window_begin(place, core_->window_tokens());
      std::size_t last = place;
      while (last < bytes_.size() && window_begin(last + 1, core_->window_tokens()) == begin)
        ++last;
      TokenPath question = path(begin, last);
      question.first_wanted = place - begin;
      core_->engine.evaluate({&question, 1},
                             [&](std::size_t, std::size_t index, std::span<const float> logits) {
                               arrive(begin + index, core_->vocabulary.next(logits));
                             });
      place = last + 1;
    }
  }

  void arrive(std::size_t place, LlamaNext next) {
    if (now_.next) now_.total_bits += bits_of(*now_.next, bytes_[now_.priced_bytes]);
    now_.priced_bytes = place;
    now_.next = std::make_shared<const LlamaNext>(std::move(next));
  }

  LlamaTree::Node walk(LlamaTree& tree, ByteView bytes) const {
    LlamaTree::Node node = LlamaTree::kRoot;
    for (Byte byte : bytes) node = tree.child(node, core_->symbol(byte));
    return node;
  }

  void evaluate(LlamaTree& tree) {
    skip_to_end();
    catch_up();
    if (tree.size() == 1) return;
    const std::size_t begin = window_begin(bytes_.size(), core_->window_tokens());
    LlamaContextView context{.first_token = begin, .tokens = path(begin, bytes_.size()).tokens};
    context.tokens.erase(context.tokens.begin());
    tree.evaluate(*core_, context);
  }

  double bits_of(const LlamaTree& tree, LlamaTree::Node node, Byte byte) const {
    return bits_of(node == LlamaTree::kRoot ? *now_.next : tree.next(node), byte);
  }

  double bits_along(LlamaTree& tree, ByteView bytes) const {
    double bits = 0;
    LlamaTree::Node node = LlamaTree::kRoot;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bits += bits_of(tree, node, bytes[i]);
      if (i + 1 < bytes.size()) node = tree.child(node, core_->symbol(bytes[i]));
    }
    return bits;
  }

  std::shared_ptr<const LlamaCore> core_;
  Bytes bytes_;
  Place now_;
  std::optional<Place> skipped_;  // the last place whose total_bits counts all bytes, if not now_
  MarkStack<Saved> marks_;
};

}  // namespace

std::unique_ptr<State> make_llama_byte_state(std::shared_ptr<const LlamaCore> core) {
  return std::make_unique<LlamaByteState>(std::move(core));
}

}  // namespace kraft

#endif  // KRAFT_HAVE_LLAMA
