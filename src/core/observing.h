// Long strings go through a model piece by piece, so that whoever waits for it can give it up.
//
//     const auto state = start(model, context, receiver.cancelled);   // throws Cancelled
//     observe(*state, more, receiver.cancelled);
//     in_pieces(bytes, cancelled, [&](ByteView piece) { ... });
//
// `cancelled` is asked between two pieces, never before the first; it may be empty. A state that
// was cut short has observed a part of the bytes: it is of no more use.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>

#include "kraft/error.h"
#include "kraft/model.h"

namespace kraft {

// The slowest predictors, which read 100 KB a second, are asked several times in each.
inline constexpr std::size_t kReadTogether = std::size_t{16} << 10;

inline void stop_if(const std::function<bool()>& cancelled) {
  if (cancelled && cancelled()) throw Cancelled("interrupted");
}

template <class Read>
void in_pieces(ByteView bytes, const std::function<bool()>& cancelled, const Read& read) {
  while (bytes.size() > kReadTogether) {
    read(bytes.first(kReadTogether));
    bytes = bytes.subspan(kReadTogether);
    stop_if(cancelled);
  }
  read(bytes);
}

// What a State is besides that reads all of a context faster than its pieces, or that asks by
// itself.
class ReadsAtOnce {
 public:
  virtual ~ReadsAtOnce() = default;
  virtual bool reads_at_once() const { return true; }
};

bool reads_at_once(const State& state);

void observe(State& state, ByteView bytes, const std::function<bool()>& cancelled);

// model.start(context).
std::unique_ptr<State> start(const Model& model, ByteView context,
                             const std::function<bool()>& cancelled);

}  // namespace kraft
