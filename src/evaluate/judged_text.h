// What samples of text are held against: the rest of the corpus, judges that have read it, and the
// context that a sample may quote.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "evaluate/copying.h"
#include "evaluate/text_metrics.h"
#include "evaluate/window.h"
#include "kraft/model.h"

namespace kraft {

// Of one window. Judges have seen nothing of the context but its end, as a prompt: copying from it
// does not look good to them. Read by several threads at once.
struct JudgedText {
  JudgedText(const ComparedInput& input, const Window& window,
             std::span<const std::shared_ptr<const Model>> models,
             const std::function<bool()>& cancelled);

  Bytes rest;  // of the corpus
  Grams grams;
  CopyDetector detector;
  std::set<std::string> vocabulary;
  std::vector<std::unique_ptr<State>> judges;  // which have read, in the order of the models
};

}  // namespace kraft
