// Bytes from a model of tokens.
//
// The probability of a byte string x is that of all texts that begin with it, however they are cut
// into tokens: the sum over its coverings, the sequences of tokens whose bytes begin with x and
// whose last token is needed for that,
//
//     P(x) = sum over coverings t1..tk of p(t1) p(t2 | t1) ... p(tk | t1..tk-1).
//
// See Vieira et al., "From Language Models over Tokens to Language Models over Characters"
// (arXiv 2412.03719), and Hayase et al., "Sampling from Your Language Model One Byte at a Time"
// (arXiv 2506.14123). Coverings that agree but for the last token are kept together: the tokens
// before it, and the bytes that it must begin with. A byte more narrows the last token down, and
// where it completes one, a covering with that token settled begins beside.
//
// At most `beam` of these are kept, those of the most mass, and none with less than 2^-34 of it.
// What is left out is added up (covering_bounds()). The likeliest one that ends where x ends always
// stays, so that a vocabulary with all bytes leaves every continuation possible.

#ifdef KRAFT_HAVE_LLAMA

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/hidden_state.h"
#include "core/marks.h"
#include "kraft/error.h"
#include "kraft/units.h"
#include "models/llama/tree.h"

namespace kraft {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNegligible = 0x1p-34;
constexpr std::size_t kTogether = 16;  // continuations whose distributions are in memory at once

// Tokens that are settled, shared between the coverings that go on from them.
struct Settled {
  Settled(std::shared_ptr<Settled> tokens_before, std::uint32_t its_unit)
      : before(std::move(tokens_before)), unit(its_unit), count(before ? before->count + 1 : 1) {}
  Settled(const Settled&) = delete;
  Settled& operator=(const Settled&) = delete;
  ~Settled() {  // a long chain one by one instead of recursively
    std::shared_ptr<Settled> next = std::move(before);
    while (next && next.use_count() == 1) next = std::exchange(next->before, nullptr);
  }

  std::shared_ptr<Settled> before;
  std::uint32_t unit;
  std::size_t count;  // of tokens, with those before
};

// What comes after some tokens.
struct Following {
  explicit Following(LlamaNext of_units)
      : next(std::move(of_units)), probabilities(next.probabilities()) {}

  LlamaNext next;
  std::vector<double> probabilities;  // by unit; asked for byte by byte
};

struct Covering {
  std::shared_ptr<Settled> settled = nullptr;
  double weight = 1;                  // of the settled tokens, relative to the sum of all masses
  std::size_t depth = 0;              // bytes after them, with which the next token begins
  LlamaVocabulary::Range range = {};  // of the units that do
  std::shared_ptr<const Following> next = nullptr;  // after the settled tokens, once it is needed
  double mass = 1;  // weight times the probability of the range, without units that end here

  std::size_t tokens() const { return settled ? settled->count : 0; }
};

// What is known of the tokens after some bytes. The masses of the coverings add up to 1, unless
// nothing covers the bytes.
struct Coverings {
  std::vector<Covering> list;
  double total_bits = 0;    // of the bytes
  double dropped_bits = 0;  // how much longer they would be if what was dropped were not replaced
  double dropped_log2 = -kInfinity;  // of the sum of what was dropped
};

using Masses = std::array<double, 256>;

// What may be drawn next, by unit: the text goes on with its bytes, and a token ends there.
struct Onward {
  struct Token {
    std::size_t covering = 0;  // that it goes on from, the likeliest
    std::uint32_t unit = 0;    // which begins with the bytes after the covering's settled tokens
  };
  std::vector<double> bits;
  std::vector<Token> tokens;
};

double log2_of_sum(double a, double b) {
  const double most = std::max(a, b);
  return std::isinf(most) ? most : most + std::log2(std::exp2(a - most) + std::exp2(b - most));
}

// The tokens in sight after a covering's settled ones.
LlamaContextView view_of(const LlamaCore& core, const Covering& covering) {
  LlamaContextView view;
  view.first_token = window_begin(covering.tokens(), core.window_tokens());
  view.tokens.resize(covering.tokens() - view.first_token);
  const Settled* token = covering.settled.get();
  for (auto i = view.tokens.rbegin(); i != view.tokens.rend(); ++i, token = token->before.get())
    *i = core.vocabulary.token(token->unit);
  return view;
}

// All that the model is shown of them.
std::vector<Token> path_to(const LlamaCore& core, const Covering& covering) {
  std::vector<Token> tokens = {core.vocabulary.start()};
  const LlamaContextView view = view_of(core, covering);
  tokens.insert(tokens.end(), view.tokens.begin(), view.tokens.end());
  return tokens;
}

class CoveringRules {
 public:
  explicit CoveringRules(const LlamaCore& core) : core_(core), vocabulary_(core.vocabulary) {}

  Coverings start() const {
    Coverings coverings;
    coverings.list.push_back({.range = vocabulary_.all()});
    if (!vocabulary_.space_prefix()) return coverings;
    find_next({&coverings, 1});
    Coverings after = coverings;
    if (std::isinf(advance(after, ' '))) return coverings;
    after.total_bits = after.dropped_bits = 0;
    after.dropped_log2 = -kInfinity;
    return after;
  }

  // Evaluates what the next bytes of these depend on.
  void find_next(std::span<Coverings> sets) const {
    std::vector<std::pair<TokenPath, Covering*>> questions;
    for (Coverings& set : sets) {
      for (Covering& covering : set.list) {
        if (covering.next) continue;
        TokenPath path{path_to(core_, covering), 0};
        path.first_wanted = path.tokens.size() - 1;
        questions.emplace_back(std::move(path), &covering);
      }
    }
    std::ranges::stable_sort(
        questions, {}, [](const auto& q) -> const auto& { return q.first.tokens; });
    std::vector<TokenPath> paths;
    for (auto& [path, covering] : questions) paths.push_back(std::move(path));
    core_.engine.evaluate(paths, [&](std::size_t path, std::size_t, std::span<const float> logits) {
      questions[path].second->next = std::make_shared<const Following>(vocabulary_.next(logits));
    });
  }

  // By symbol, the mass of what goes on with it. find_next() comes before.
  Masses masses(const Coverings& coverings) const {
    Masses masses{};
    for (const Covering& covering : coverings.list) {
      const std::vector<double>& probabilities = covering.next->probabilities;
      const auto add = [&](Byte symbol, LlamaVocabulary::Range units) {
        double mass = masses[symbol];
        for (std::size_t i = units.begin; i < units.end; ++i)
          mass += covering.weight * probabilities[i];
        masses[symbol] = mass;
      };
      vocabulary_.each_next(covering.range, covering.depth, add);
    }
    return masses;
  }

  // Sets bits[b] for all bytes.
  void price(const Coverings& coverings, std::span<double, 256> bits) const {
    const Masses mass = masses(coverings);
    const double sum = std::accumulate(mass.begin(), mass.end(), 0.0);
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const double m = mass[core_.symbol(static_cast<Byte>(byte))];
      bits[byte] = m > 0 ? std::log2(sum / m) + core_.lost_bits() : kInfinity;
    }
  }

  // Where the context ends within a token, what completes it counts; only what is no unit by itself
  // is left out. find_next() comes before. Throws Error where nothing is left.
  Onward onward(const Coverings& coverings) const {
    const std::size_t units = vocabulary_.units().size();
    Onward onward{.bits = std::vector<double>(units), .tokens = std::vector<Onward::Token>(units)};
    std::vector<double> masses(units);
    std::vector<double> most(units);
    for (std::size_t c = 0; c < coverings.list.size(); ++c) {
      const Covering& covering = coverings.list[c];
      for (std::size_t i = covering.range.begin; i < covering.range.end; ++i) {
        const ByteView rest = ByteView(vocabulary_.units()[i]).subspan(covering.depth);
        const auto unit =
            covering.depth == 0 ? static_cast<std::uint32_t>(i) : vocabulary_.find(rest);
        if (!unit) continue;
        const double mass = covering.weight * covering.next->probabilities[i];
        masses[*unit] += mass;
        if (mass <= most[*unit]) continue;
        most[*unit] = mass;
        onward.tokens[*unit] = {c, static_cast<std::uint32_t>(i)};
      }
    }
    const double sum = std::accumulate(masses.begin(), masses.end(), 0.0);
    if (sum == 0) throw Error("llama: no token ends where the context ends");
    for (std::size_t unit = 0; unit < units; ++unit)
      onward.bits[unit] = masses[unit] > 0 ? std::log2(sum / masses[unit]) : kInfinity;
    return onward;
  }

  // Goes on with a symbol; returns its bits. find_next() comes before.
  double advance(Coverings& coverings, Byte symbol) const {
    const Masses mass = masses(coverings);
    const double sum = std::accumulate(mass.begin(), mass.end(), 0.0);
    const double bits = mass[symbol] > 0 ? std::log2(sum / mass[symbol]) : kInfinity;
    std::vector<Covering> list;
    for (const Covering& covering : coverings.list) narrow(covering, symbol, list);
    coverings.list = std::move(list);
    coverings.total_bits += bits + core_.lost_bits();
    prune(coverings);
    return bits + core_.lost_bits();
  }

 private:
  void narrow(const Covering& covering, Byte symbol, std::vector<Covering>& list) const {
    Covering longer = covering;
    longer.range = vocabulary_.narrow(covering.range, covering.depth, symbol);
    ++longer.depth;
    const std::size_t complete = vocabulary_.complete(longer.range, longer.depth);
    for (std::size_t i = 0; i < complete; ++i) {
      const auto unit = static_cast<std::uint32_t>(longer.range.begin + i);
      const double weight = covering.weight * covering.next->probabilities[unit];
      if (weight == 0) continue;
      list.push_back({.settled = std::make_shared<Settled>(covering.settled, unit),
                      .weight = weight,
                      .range = vocabulary_.all(),
                      .mass = weight});
    }
    longer.range.begin += complete;
    longer.mass = 0;
    for (std::size_t i = longer.range.begin; i < longer.range.end; ++i)
      longer.mass += covering.weight * covering.next->probabilities[i];
    if (longer.mass > 0) list.push_back(std::move(longer));
  }

  void prune(Coverings& coverings) const {
    std::vector<Covering>& list = coverings.list;
    if (list.empty()) return;
    std::ranges::stable_sort(list, std::greater{}, &Covering::mass);
    double sum = 0;
    for (const Covering& covering : list) sum += covering.mass;
    const auto ends_here = [](const Covering& covering) { return covering.depth == 0; };
    const auto stays = std::ranges::find_if(list, ends_here) - list.begin();
    std::vector<Covering> kept;
    double kept_sum = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const bool room = kept.size() + (static_cast<std::ptrdiff_t>(i) < stays ? 1 : 0) < core_.beam;
      const bool must = static_cast<std::ptrdiff_t>(i) == stays;
      if (!must && (!room || list[i].mass < kNegligible * sum)) continue;
      kept_sum += list[i].mass;
      kept.push_back(std::move(list[i]));
    }
    const double dropped = std::max(0.0, 1 - kept_sum / sum);
    if (kept.size() < list.size() && dropped > 0) {
      coverings.dropped_log2 =
          log2_of_sum(coverings.dropped_log2,
                      std::log2(dropped) - coverings.total_bits - coverings.dropped_bits);
      coverings.dropped_bits -= std::log1p(-dropped) / std::log(2.0);
    }
    for (Covering& covering : kept) {
      covering.weight /= kept_sum;
      covering.mass /= kept_sum;
    }
    list = std::move(kept);
  }

  const LlamaCore& core_;
  const LlamaVocabulary& vocabulary_;
};

// Observing a byte costs up to `beam` evaluations of one token, put off until something is asked.
// Memory: the bytes observed and, for each covering, a distribution over the vocabulary.
class LlamaCoveringState final : public State, private UnitState, public HasHiddenState {
 public:
  explicit LlamaCoveringState(std::shared_ptr<const LlamaCore> core)
      : core_(std::move(core)), rules_(*core_), now_(rules_.start()) {}
  LlamaCoveringState(const LlamaCoveringState& other)
      : core_(other.core_),
        rules_(*core_),
        waiting_(other.waiting_),
        position_bytes_(other.position_bytes_),
        now_(other.now_) {}
  LlamaCoveringState& operator=(const LlamaCoveringState&) = delete;

  void observe(ByteView bytes) override {
    append(waiting_, bytes);
    position_bytes_ += bytes.size();
  }

  std::uint64_t position_bytes() const override { return position_bytes_; }

  double context_bits() override {
    catch_up();
    return now_.total_bits;
  }

  CoveringBounds bounds() {
    catch_up();
    CoveringBounds bounds{now_.total_bits, now_.total_bits};
    if (now_.dropped_bits == 0) return bounds;
    bounds.most_bits = now_.total_bits + now_.dropped_bits;
    bounds.least_bits = -log2_of_sum(-bounds.most_bits, now_.dropped_log2);
    return bounds;
  }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    for (std::size_t begin = 0; begin < continuations.size(); begin += kTogether) {
      const std::size_t size = std::min(kTogether, continuations.size() - begin);
      const std::vector<Coverings> ends = walk(continuations.subspan(begin, size));
      for (std::size_t i = 0; i < size; ++i) bits[begin + i] = bits_after(ends[i]);
    }
  }

  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    std::array<double, 256> next;
    for (std::size_t begin = 0; begin < prefixes.size(); begin += kTogether) {
      const std::size_t size = std::min(kTogether, prefixes.size() - begin);
      std::vector<Coverings> ends = walk(prefixes.subspan(begin, size));
      rules_.find_next(ends);
      for (std::size_t i = 0; i < size; ++i) {
        rules_.price(ends[i], next);
        for (std::size_t a = 0; a < alphabet.size(); ++a)
          bits[(begin + i) * alphabet.size() + a] = bits_after(ends[i]) + next[alphabet[a]];
      }
    }
  }

  UnitState* by_units() override { return this; }

  void extend_units(std::span<const UnitsView> prefixes, std::span<double> bits) override {
    const Onward onward = find_onward();
    const std::size_t units = onward.bits.size();
    std::map<std::size_t, LlamaTree> trees;  // by the covering that they go on from
    const auto each_token = [&](UnitsView prefix, auto visit) {
      const Onward::Token first = onward.tokens[prefix[0]];
      LlamaTree& tree = trees[first.covering];
      LlamaTree::Node node = tree.child(LlamaTree::kRoot, first.unit);
      for (const std::uint32_t unit : prefix.subspan(1)) {
        visit(tree.next(node), unit);
        node = tree.child(node, unit);
      }
      return &tree.next(node);
    };
    for (const UnitsView prefix : prefixes)
      if (!prefix.empty()) each_token(prefix, [](const LlamaNext&, std::uint32_t) {});
    for (auto& [covering, tree] : trees)
      tree.evaluate(*core_, view_of(*core_, now_.list[covering]));
    for (std::size_t p = 0; p < prefixes.size(); ++p) {
      const std::span<double> to = bits.subspan(p * units, units);
      if (prefixes[p].empty()) {
        std::ranges::copy(onward.bits, to.begin());
        continue;
      }
      double prefix_bits = onward.bits[prefixes[p][0]];
      const LlamaNext* last = each_token(
          prefixes[p],
          [&](const LlamaNext& next, std::uint32_t unit) { prefix_bits += next.bits(unit); });
      for (std::size_t u = 0; u < units; ++u) to[u] = prefix_bits + last->bits(u);
    }
  }

  void observe_units(UnitsView units) override {
    for (const std::uint32_t unit : units) {
      const Onward onward = find_onward();
      const Onward::Token token = onward.tokens[unit];
      now_.total_bits += onward.bits[unit];
      const Covering after{
          .settled = std::make_shared<Settled>(now_.list[token.covering].settled, token.unit),
          .range = core_->vocabulary.all()};
      now_.list.assign(1, after);
      position_bytes_ += core_->vocabulary.units()[unit].size();
    }
  }

  // Of the likeliest tokens that end where the context ends.
  std::vector<float> hidden_state() override {
    catch_up();
    return core_->engine.hidden_state(path_to(*core_, likeliest()));
  }

  Mark mark() override { return marks_.push({waiting_, position_bytes_, now_}); }

  void rewind(Mark mark) override {
    const Saved& saved = marks_.back_to(mark);
    waiting_ = saved.waiting;
    position_bytes_ = saved.position_bytes;
    now_ = saved.now;
  }

  void forget(Mark mark) override { marks_.forget(mark); }

  std::unique_ptr<State> clone() const override {
    return std::make_unique<LlamaCoveringState>(*this);
  }

 private:
  struct Saved {
    Bytes waiting;
    std::uint64_t position_bytes;
    Coverings now;
  };

  void catch_up() {
    for (Byte byte : waiting_) {
      rules_.find_next({&now_, 1});
      rules_.advance(now_, core_->symbol(byte));
    }
    waiting_.clear();
  }

  double bits_after(const Coverings& end) const {
    return std::isinf(end.total_bits) ? kInfinity : end.total_bits - now_.total_bits;
  }

  // The coverings after each string; equal beginnings are walked once.
  std::vector<Coverings> walk(std::span<const ByteView> strings) {
    catch_up();
    std::vector<Coverings> ends(strings.size());
    std::vector<Coverings> level = {now_};
    std::vector<std::size_t> place(strings.size(), 0);  // of each string in the level
    for (std::size_t depth = 0;; ++depth) {
      bool more = false;
      for (std::size_t i = 0; i < strings.size(); ++i) {
        more = more || strings[i].size() > depth;
        if (strings[i].size() == depth) ends[i] = level[place[i]];
      }
      if (!more) break;
      rules_.find_next(level);
      if (depth == 0) now_ = level[0];  // it need not be asked again
      std::vector<Coverings> deeper;
      std::map<std::pair<std::size_t, Byte>, std::size_t> made;
      for (std::size_t i = 0; i < strings.size(); ++i) {
        if (strings[i].size() <= depth) continue;
        const Byte symbol = core_->symbol(strings[i][depth]);
        const auto [found, is_new] = made.try_emplace({place[i], symbol}, deeper.size());
        if (is_new) {
          deeper.push_back(level[place[i]]);
          rules_.advance(deeper.back(), symbol);
        }
        place[i] = found->second;
      }
      level = std::move(deeper);
    }
    return ends;
  }

  // Of the coverings that end where the context ends.
  const Covering& likeliest() const {
    const auto ends_here = [](const Covering& covering) { return covering.depth == 0; };
    const auto best = std::ranges::find_if(now_.list, ends_here);  // the list is in order of mass
    if (best == now_.list.end()) throw Error("llama: no token ends where the context ends");
    return *best;
  }

  Onward find_onward() {
    catch_up();
    if (now_.list.empty()) throw Error("llama: no tokens cover the context");
    rules_.find_next({&now_, 1});
    const Covering& first = now_.list[0];
    if (now_.list.size() > 1 || first.depth > 0) return rules_.onward(now_);
    Onward onward;  // after tokens that were drawn
    for (std::uint32_t unit = 0; unit < core_->vocabulary.units().size(); ++unit) {
      onward.bits.push_back(first.next->next.bits(unit));
      onward.tokens.push_back({0, unit});
    }
    return onward;
  }

  std::shared_ptr<const LlamaCore> core_;
  CoveringRules rules_;
  Bytes waiting_;  // observed and not yet covered
  std::uint64_t position_bytes_ = 0;
  Coverings now_;
  MarkStack<Saved> marks_;
};

}  // namespace

std::unique_ptr<State> make_llama_covering_state(std::shared_ptr<const LlamaCore> core) {
  return std::make_unique<LlamaCoveringState>(std::move(core));
}

CoveringBounds covering_bounds(State& state) {
  auto* covering = dynamic_cast<LlamaCoveringState*>(&state);
  if (covering == nullptr) throw Error("not a state of coverings");
  return covering->bounds();
}

}  // namespace kraft

#endif  // KRAFT_HAVE_LLAMA
