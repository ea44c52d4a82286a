#include "models/bytelm/windows.h"

#include <algorithm>

namespace kraft::bytelm {

std::size_t window_begin(std::size_t bytes, std::size_t capacity) {
  if (bytes <= capacity) return 0;
  const std::size_t dropped = capacity - capacity / 2;
  return (bytes - capacity + dropped - 1) / dropped * dropped;
}

Cache& Windows::read_up_to(ByteView bytes, std::size_t begin, std::size_t place) {
  auto window = std::ranges::find_if(windows_, [&](const Window& w) { return w.begin >= begin; });
  if (window == windows_.end() || window->begin != begin)
    window = windows_.insert(window, {begin, engine_->cache()});
  Cache& cache = window->cache;
  if (cache.tokens() > place - begin) cache.truncate(place - begin);
  std::vector<Question> questions;
  for (std::size_t at = begin + cache.tokens(); at < place; ++at)
    questions.push_back({&cache, token(bytes, begin, at)});
  engine_->evaluate(questions);
  return cache;
}

std::vector<float> Windows::hidden(ByteView bytes, std::size_t oldest) {
  const std::size_t place = bytes.size(), begin = begin_of(place);
  drop_before(place, oldest);
  Distribution next;
  std::vector<float> hidden;
  const Question question{&read_up_to(bytes, begin, place), token(bytes, begin, place), &next,
                          &hidden};
  engine_->evaluate({&question, 1});
  return hidden;
}

void Windows::rewind(std::size_t bytes) {
  while (!windows_.empty() && windows_.back().begin > bytes) windows_.pop_back();
  for (Window& window : windows_) {
    if (window.cache.tokens() > bytes + 1 - window.begin)
      window.cache.truncate(bytes + 1 - window.begin);
  }
}

void Windows::drop_before(std::size_t place, std::size_t oldest) {
  constexpr std::size_t kKept = 2;  // before that of the place
  const std::size_t first = begin_of(std::min(place, oldest)), last = begin_of(place);
  const std::size_t step = capacity_bytes() - capacity_bytes() / 2;
  std::erase_if(windows_, [&](const Window& window) {
    return window.begin < first || (window.begin > first && window.begin + kKept * step < last);
  });
}

}  // namespace kraft::bytelm
