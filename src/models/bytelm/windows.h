// The part of a sequence of bytes that an engine has read: keys and values of one window or more.
//
//     Windows windows(engine);
//     windows.next(bytes, 0, true);                // what follows them; reads what is new
//     windows.predict(bytes, 0, 9, 0, receive);    // what follows the first 0, 1, ..., 9
//
// When a window is full, its older half is dropped and the rest read anew, so that what is in sight
// depends on the number of bytes alone. Of the windows that a mark may come back to, the first and
// the last few are kept; another is read anew.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "core/observing.h"
#include "kraft/bytes.h"
#include "models/bytelm/engine.h"
#include "models/bytelm/guesses.h"

namespace kraft::bytelm {

// The first byte that is still in sight when so many have been observed.
std::size_t window_begin(std::size_t bytes, std::size_t capacity);

// Belongs to one thread at a time; copies share what neither has read since. `cancelled` is asked
// between two calls of the engine.
class Windows {
 public:
  explicit Windows(std::shared_ptr<const Engine> engine, std::function<bool()> cancelled = {})
      : engine_(std::move(engine)), cancelled_(std::move(cancelled)) {}

  const Engine& engine() const { return *engine_; }
  void stop_if_cancelled() const { stop_if(cancelled_); }  // throws Cancelled
  std::size_t capacity_bytes() const { return engine_->window_tokens() - 1; }
  std::size_t begin_of(std::size_t bytes) const { return window_begin(bytes, capacity_bytes()); }

  // What follows all bytes. Guesses what comes next and evaluates that as well, if it may; each
  // byte that comes must then be told to follow(). No place before `oldest` will be asked for
  // again. Valid until the next call of anything else.
  const Distribution& next(ByteView bytes, std::size_t oldest, bool may_guess);

  // Bytes were appended.
  void follow(ByteView bytes);

  // How many more bytes may come as guessed, so that what follows them is known.
  std::size_t guessed_bytes() const { return ahead_.guesses.size() - ahead_.came_true; }

  // What follows the first `place` bytes, for each place of [first, last]; calls receive(place,
  // distribution) in order. No place before `oldest` will be asked for again, unless it is one of
  // these.
  template <typename Receive>
  void predict(ByteView bytes, std::size_t first, std::size_t last, std::size_t oldest,
               const Receive& receive) {
    give_up_guesses();
    std::vector<Question> questions;
    std::vector<Distribution> answers;
    while (first <= last) {
      const std::size_t begin = begin_of(first);
      drop_before(first, oldest);
      Cache& cache = read_up_to(bytes, begin, first);
      questions.clear();
      answers.resize(std::min(kMostPlaces, last - first + 1));
      while (questions.size() < kMostPlaces && first + questions.size() <= last &&
             begin_of(first + questions.size()) == begin)
        questions.push_back(
            {&cache, token(bytes, begin, first + questions.size()), &answers[questions.size()]});
      engine_->evaluate(questions);
      for (std::size_t i = 0; i < questions.size(); ++i) receive(first + i, answers[i]);
      first += questions.size();
      if (first <= last) stop_if_cancelled();
    }
  }

  // Of the last place, what its prediction is made of (Question::hidden). No place before `oldest`
  // will be asked for again.
  std::vector<float> hidden(ByteView bytes, std::size_t oldest);

  // A cache that has read what is in sight of place `place` and comes before place `known`, for
  // known <= bytes.size().
  Cache branch(ByteView bytes, std::size_t place, std::size_t known) {
    give_up_guesses();
    return read_up_to(bytes, begin_of(place), known);
  }

  // The token behind which place `place` lies.
  static std::size_t token(ByteView bytes, std::size_t begin, std::size_t place) {
    return place == begin ? kBegin : bytes[place - 1];
  }

  // Forgets what was read of the bytes after the first `bytes`.
  void rewind(std::size_t bytes);

  // Drops windows that neither `place` nor what follows it looks through, and no place from
  // `oldest` on either; and others between these, if they are many.
  void drop_before(std::size_t place, std::size_t oldest);

 private:
  static constexpr std::size_t kMostPlaces = 256;  // predicted at once
  static constexpr std::size_t kMostGuesses = 7;

  // Has read the places [begin, begin + cache.tokens()).
  struct Window {
    std::size_t begin;
    Cache cache;
  };

  // What is known of the places from `place` on. The window's cache has read all of them.
  struct Ahead {
    std::size_t place = 0;
    Bytes guesses = {};                   // of what comes behind it
    std::size_t came_true = 0;            // so many of the first
    std::vector<Distribution> next = {};  // at the place, and behind each guess; empty: nothing is
  };

  // Forgets the guesses that have not come true.
  void give_up_guesses();

  // The cache of a window, which has read the places [begin, place) and no others.
  Cache& read_up_to(ByteView bytes, std::size_t begin, std::size_t place);

  std::shared_ptr<const Engine> engine_;
  std::function<bool()> cancelled_;
  std::vector<Window> windows_;  // by their beginning
  Ahead ahead_;
  Guesses guesses_;
};

}  // namespace kraft::bytelm
