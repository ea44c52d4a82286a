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
  give_up_guesses();
  const std::size_t place = bytes.size(), begin = begin_of(place);
  drop_before(place, oldest);
  Distribution next;
  std::vector<float> hidden;
  const Question question{&read_up_to(bytes, begin, place), token(bytes, begin, place), &next,
                          &hidden};
  engine_->evaluate({&question, 1});
  return hidden;
}

const Distribution& Windows::next(ByteView bytes, std::size_t oldest, bool may_guess) {
  const std::size_t place = bytes.size();
  if (!ahead_.next.empty() && place >= ahead_.place && place - ahead_.place < ahead_.next.size())
    return ahead_.next[place - ahead_.place];
  give_up_guesses();
  const std::size_t begin = begin_of(place);
  drop_before(place, oldest);
  Cache& cache = read_up_to(bytes, begin, place);
  std::size_t most = may_guess ? kMostGuesses : 0;
  while (begin_of(place + most) != begin) --most;
  Ahead ahead{.place = place, .guesses = guesses_.after(bytes, most)};
  ahead.next.resize(ahead.guesses.size() + 1);
  std::vector<Question> questions = {{&cache, token(bytes, begin, place), ahead.next.data()}};
  for (const Byte guess : ahead.guesses)
    questions.push_back({&cache, guess, &ahead.next[questions.size()]});
  engine_->evaluate(questions);
  ahead_ = std::move(ahead);
  return ahead_.next[0];
}

void Windows::follow(ByteView bytes) {
  if (ahead_.next.empty()) return;
  const ByteView came = bytes.subspan(ahead_.place);
  while (ahead_.came_true < std::min(came.size(), ahead_.guesses.size())) {
    if (came[ahead_.came_true] != ahead_.guesses[ahead_.came_true]) return give_up_guesses();
    ++ahead_.came_true;
    guesses_.came_true(1);
  }
}

void Windows::give_up_guesses() {
  if (guessed_bytes() == 0) return;
  guesses_.failed(guessed_bytes());
  const std::size_t end = ahead_.place + ahead_.came_true + 1, begin = begin_of(ahead_.place);
  ahead_.guesses.resize(ahead_.came_true);
  ahead_.next.resize(ahead_.came_true + 1);
  for (Window& window : windows_) {
    if (window.begin == begin && window.begin + window.cache.tokens() > end)
      window.cache.truncate(end - begin);
  }
}

void Windows::rewind(std::size_t bytes) {
  if (bytes < ahead_.place) {
    give_up_guesses();
    ahead_ = {};
  } else {
    ahead_.came_true = std::min(ahead_.came_true, bytes - ahead_.place);  // they may come again
  }
  while (!windows_.empty() && windows_.back().begin > bytes) windows_.pop_back();
  for (Window& window : windows_) {
    const bool is_ahead = !ahead_.next.empty() && window.begin == begin_of(ahead_.place);
    const std::size_t end = std::max(bytes, is_ahead ? ahead_.place + ahead_.guesses.size() : 0);
    if (window.cache.tokens() > end + 1 - window.begin)
      window.cache.truncate(end + 1 - window.begin);
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
