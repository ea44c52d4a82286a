// What a language model makes of the texts of a comparison, for MAUVE: those of real text, and
// those that were drawn.
//
//     std::vector<Feature> features = features_after(*model, window.context, samples, cancelled);
//
// As published, a model reads the prompt and what follows it, and a feature is its hidden state at
// the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "evaluate/mauve.h"
#include "evaluate/window.h"
#include "kraft/model.h"

namespace kraft {

inline constexpr std::size_t kFeaturePromptBytes = 256;  // of the context; judges read as many

// Whether it shows its hidden states, as MAUVE needs.
bool has_features(const Model& model);

// Of each text after the last kFeaturePromptBytes of the context. Throws UsageError for a model
// that has none, Error, and Cancelled.
std::vector<Feature> features_after(const Model& model, ByteView context,
                                    std::span<const ByteView> texts,
                                    const std::function<bool()>& cancelled);

// More pieces of a text that are as long as its windows' truths, for each window so many, by where
// they begin: drawn from as many equal parts of the text, none of them overlapping another or a
// truth, and each after a prompt as long as the windows'. Nothing where the text is less than six
// times as long as all pieces and truths together.
std::optional<std::vector<std::vector<std::uint64_t>>> further_pieces(const ComparedInput& input,
                                                                      std::size_t pieces,
                                                                      std::uint64_t seed);

}  // namespace kraft
