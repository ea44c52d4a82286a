#include "serve/state_cache.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

namespace kraft::serve {
namespace {

// Most contexts that are no beginning of another differ from it near their end.
bool begins_with(ByteView context, ByteView prefix) {
  if (prefix.size() > context.size()) return false;
  const std::size_t last = std::min<std::size_t>(prefix.size(), 64), begin = prefix.size() - last;
  return std::ranges::equal(prefix.last(last), context.subspan(begin, last)) &&
         std::ranges::equal(prefix.first(begin), context.first(begin));
}

}  // namespace

std::uint64_t resident_bytes() {
  unsigned long long all = 0, resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  const int read = std::fscanf(file, "%llu %llu", &all, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

std::optional<StateCache::Found> StateCache::longest_prefix(const Model& model, ByteView context) {
  std::shared_ptr<Entry> best;
  {
    const std::lock_guard lock(mutex_);
    auto found = entries_.end();
    for (auto at = entries_.begin(); at != entries_.end(); ++at) {
      const Entry& entry = **at;
      const bool longer =
          found == entries_.end() || entry.context.size() > (*found)->context.size();
      if (entry.model.get() == &model && longer && begins_with(context, entry.context)) found = at;
    }
    if (found == entries_.end()) {
      ++figures_.misses;
      return std::nullopt;
    }
    ++figures_.hits;
    figures_.reused_bytes += (*found)->context.size();
    entries_.splice(entries_.begin(), entries_, found);
    best = *found;
  }
  const std::lock_guard lock(best->in_use);
  return Found{best->state->clone(), best->context.size()};
}

void StateCache::put(std::shared_ptr<const Model> model, Bytes context,
                     std::unique_ptr<State> state, bool pinned) {
  std::shared_ptr<Entry> replaced;  // destroyed when the lock is gone
  {
    const std::lock_guard lock(mutex_);
    for (auto at = entries_.begin(); at != entries_.end(); ++at) {
      if ((*at)->model != model || (*at)->context != context) continue;
      if ((*at)->pinned) return;
      replaced = std::move(*at);
      entries_.erase(at);
      break;
    }
    auto entry = std::make_shared<Entry>();
    entry->model = std::move(model);
    entry->context = std::move(context);
    entry->state = std::move(state);
    entry->pinned = pinned;
    entries_.push_front(std::move(entry));
  }
  shrink();
}

// Where the heap is full of holes, dropping states frees nothing at once: an eighth of them is
// dropped at a time, and the heap returned.
void StateCache::shrink() {
  std::size_t states = figures().states;
  if (states > limits_.most_states) drop_oldest(states - limits_.most_states);
  while (limits_.resident() > limits_.most_resident_bytes) {
    states = figures().states;
    if (drop_oldest(std::max<std::size_t>(states / 8, 1)) == 0) return;
    ::malloc_trim(0);
  }
}

std::size_t StateCache::drop_oldest(std::size_t count) {
  std::vector<std::shared_ptr<Entry>> dropped;  // destroyed when the lock is gone
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.end(); at != entries_.begin() && dropped.size() < count;) {
    --at;
    if ((*at)->pinned) continue;
    dropped.push_back(std::move(*at));
    at = entries_.erase(at);
  }
  figures_.dropped += dropped.size();
  return dropped.size();
}

StateCache::Figures StateCache::figures() const {
  const std::lock_guard lock(mutex_);
  Figures figures = figures_;
  figures.states = entries_.size();
  for (const auto& entry : entries_) figures.context_bytes += entry->context.size();
  return figures;
}

}  // namespace kraft::serve
