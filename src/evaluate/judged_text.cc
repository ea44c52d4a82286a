#include "evaluate/judged_text.h"

#include <algorithm>

#include "core/observing.h"

namespace kraft {
namespace {

constexpr std::size_t kJudgePromptBytes = 256;  // of the context, shown to judges before a sample
constexpr std::size_t kMostJudgeBytes = std::size_t{4} << 20;  // of held-out text

}  // namespace

JudgedText::JudgedText(const ComparedInput& input, const Window& window,
                       std::span<const std::shared_ptr<const Model>> models,
                       const std::function<bool()>& cancelled)
    : rest(held_out(input, window)), grams(rest), detector(window.context) {
  for (const std::string& word : whole_words_of(rest)) vocabulary.insert(word);
  for (const std::string& word : whole_words_of(window.context)) vocabulary.insert(word);
  const ByteView context(window.context);
  const ByteView prompt = context.last(std::min(context.size(), kJudgePromptBytes));
  for (const auto& model : models) {
    auto state = model->start();
    if (model->parameters() == 0)
      observe(*state, ByteView(rest).first(std::min(rest.size(), kMostJudgeBytes)), cancelled);
    observe(*state, prompt, cancelled);
    state->context_bits();
    judges.push_back(std::move(state));
  }
}

}  // namespace kraft
