// States of contexts that were asked about lately, so that a context that goes on costs what is new
// of it.
//
//     StateCache cache({.most_states = 256, .most_resident_bytes = 1 << 30});
//     if (auto found = cache.longest_prefix(*model, context)) {
//       found->state->observe(context.subspan(found->bytes));     // the rest
//       cache.put(model, context, std::move(found->state));
//     }
//
// What a state takes in memory is not known, and models share much of it between copies. So what is
// limited is the number of states, and the memory of the whole process: while it has more than it
// may, the states that were not asked for the longest are dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

#include "kraft/bytes.h"
#include "kraft/model.h"

namespace kraft::serve {

// What the process has in memory now.
std::uint64_t resident_bytes();

// Safe to share between threads: a state is used by one of them at a time, and only to be copied.
class StateCache {
 public:
  struct Limits {
    std::size_t most_states = 256;
    std::uint64_t most_resident_bytes = std::uint64_t{1} << 30;
    std::function<std::uint64_t()> resident = resident_bytes;
  };

  explicit StateCache(Limits limits) : limits_(std::move(limits)) {}

  struct Found {
    std::unique_ptr<State> state;  // a copy, for the caller alone
    std::size_t bytes = 0;         // of the context that it has observed
  };
  // The state of the model that has observed the longest beginning of the context.
  std::optional<Found> longest_prefix(const Model& model, ByteView context);

  // Keeps the state, which has observed the context. What is pinned is never dropped.
  void put(std::shared_ptr<const Model> model, Bytes context, std::unique_ptr<State> state,
           bool pinned = false);

  struct Figures {
    std::size_t states = 0;
    std::uint64_t context_bytes = 0;  // that they have observed together
    std::uint64_t hits = 0, misses = 0;
    std::uint64_t reused_bytes = 0;  // of contexts, that need not be observed again
    std::uint64_t dropped = 0;
  };
  Figures figures() const;

 private:
  struct Entry {
    std::shared_ptr<const Model> model;
    Bytes context;
    std::unique_ptr<State> state;
    bool pinned = false;
    std::mutex in_use;
  };
  using Entries = std::list<std::shared_ptr<Entry>>;

  void shrink();
  std::size_t drop_oldest(std::size_t count);

  Limits limits_;
  mutable std::mutex mutex_;
  Entries entries_;  // the latest first
  Figures figures_;
};

}  // namespace kraft::serve
