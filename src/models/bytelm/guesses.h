// Guesses of the bytes to come, which an engine evaluates beside the byte that was asked for: where
// they come true, what follows them is known already. What is predicted does not depend on them.
//
//     Guesses guesses;
//     const Bytes likely = guesses.after(bytes, 7);      // none where nothing is likely
//     guesses.came_true(3);
//     guesses.failed(1);
//
// As in speculative decoding (Leviathan et al. 2023, arXiv 2211.17192), by a model that costs next
// to nothing: what followed the same bytes before, among the last 2,048, has a vote that grows
// with the number of bytes that are the same.
#pragma once

#include <cstddef>

#include "kraft/bytes.h"

namespace kraft::bytelm {

class Guesses {
 public:
  // At most so many, the first ones of which are likely enough to be worth their evaluation. Takes
  // some microseconds.
  Bytes after(ByteView bytes, std::size_t most);

  // What became of so many of them. Where they fail, fewer are made.
  void came_true(std::size_t count);
  void failed(std::size_t count);

 private:
  double trust_ = 1;  // how much likelier they were than their votes said
};

}  // namespace kraft::bytelm
