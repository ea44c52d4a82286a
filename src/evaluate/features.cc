#include "evaluate/features.h"

#include <algorithm>
#include <set>

#include "core/hidden_state.h"
#include "core/observing.h"
#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft {
namespace {

constexpr std::uint64_t kPieceStream = std::uint64_t{5} << 60;  // of the seed
constexpr std::uint64_t kRoom = 6;  // bytes of text for each of a piece: places are found at once
constexpr int kMostTries = 1000;

HasHiddenState* hidden_in(State& state) { return dynamic_cast<HasHiddenState*>(&state); }

}  // namespace

bool has_features(const Model& model) { return hidden_in(*model.start()) != nullptr; }

std::vector<Feature> features_after(const Model& model, ByteView context,
                                    std::span<const ByteView> texts,
                                    const std::function<bool()>& cancelled) {
  const auto state =
      start(model, context.last(std::min(context.size(), kFeaturePromptBytes)), cancelled);
  HasHiddenState* hidden = hidden_in(*state);
  if (hidden == nullptr)
    throw UsageError("the model '" + model.spec() + "' shows no hidden states");
  std::vector<Feature> features;
  const Mark prompt = state->mark();
  for (const ByteView text : texts) {
    stop_if(cancelled);
    state->observe(text);
    features.push_back(feature_of(hidden->hidden_state()));
    state->rewind(prompt);
  }
  return features;
}

std::optional<std::vector<std::vector<std::uint64_t>>> further_pieces(const ComparedInput& input,
                                                                      std::size_t pieces,
                                                                      std::uint64_t seed) {
  const std::uint64_t windows = input.windows.size(), size = input.windows[0].truth.size();
  const std::uint64_t prompt = std::min(input.windows[0].context.size(), kFeaturePromptBytes);
  if (input.bytes.size() < prompt + kRoom * size * windows * (pieces + 1)) return std::nullopt;
  const std::uint64_t room = input.bytes.size() - prompt;
  std::set<std::uint64_t> taken;  // where what is as long as a piece begins
  for (const Window& window : input.windows) taken.insert(window.begin + window.context.size());
  const auto is_free = [&](std::uint64_t begin) {
    const auto next = taken.lower_bound(begin < size ? 0 : begin - size + 1);
    return next == taken.end() || *next >= begin + size;
  };
  Random random(seed, kPieceStream);
  std::vector<std::vector<std::uint64_t>> begins(windows);
  for (std::uint64_t w = 0; w < windows; ++w) {
    const std::uint64_t from = prompt + room * w / windows;
    const std::uint64_t places = prompt + room * (w + 1) / windows - from - size + 1;
    for (int tries = 0; begins[w].size() < pieces && tries < kMostTries; ++tries) {
      const std::uint64_t begin = from + random.below(places);
      if (!is_free(begin)) continue;
      taken.insert(begin);
      begins[w].push_back(begin);
    }
    if (begins[w].size() < pieces) return std::nullopt;
  }
  return begins;
}

}  // namespace kraft
