// The stack of marks that every state keeps, with what each needs to come back to its mark.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "kraft/error.h"
#include "kraft/model.h"

namespace kraft {

template <typename Saved>
class MarkStack {
 public:
  Mark push(Saved saved) {
    marks_.emplace_back(++last_serial_, std::move(saved));
    return {last_serial_};
  }

  // Drops the marks above `mark` and returns what it saved. Throws Error if it was dropped already.
  Saved& back_to(Mark mark) {
    while (!marks_.empty() && marks_.back().first > mark.serial) marks_.pop_back();
    if (marks_.empty() || marks_.back().first != mark.serial)
      throw Error("a mark was used after it had been dropped");
    return marks_.back().second;
  }

  // What `mark` saved; null if it was dropped already.
  const Saved* find(Mark mark) const {
    const auto found = std::ranges::lower_bound(marks_, mark.serial, {},
                                                [](const auto& held) { return held.first; });
    return found != marks_.end() && found->first == mark.serial ? &found->second : nullptr;
  }

  // Drops `mark` and those above it, unless it was dropped already.
  void forget(Mark mark) {
    if (find(mark) == nullptr) return;
    while (!marks_.empty() && marks_.back().first >= mark.serial) marks_.pop_back();
  }

  void clear() { marks_.clear(); }
  bool empty() const { return marks_.empty(); }
  const Saved& oldest() const { return marks_.front().second; }

 private:
  std::vector<std::pair<std::uint64_t, Saved>> marks_;
  std::uint64_t last_serial_ = 0;
};

// Marks where a state is and comes back when it goes, whatever was thrown meanwhile.
class Excursion {
 public:
  explicit Excursion(State& state) : state_(state), from_(state.mark()) {}
  ~Excursion() {
    state_.rewind(from_);
    state_.forget(from_);
  }
  Excursion(const Excursion&) = delete;
  Excursion& operator=(const Excursion&) = delete;

 private:
  State& state_;
  Mark from_;
};

}  // namespace kraft
