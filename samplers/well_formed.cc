#include "samplers/well_formed.h"

#include <algorithm>

namespace kraft {

WellFormed::WellFormed(const Candidates& candidates) : candidates_(&candidates) {
  for (std::size_t i = 0; i < candidates.size(); ++i) bytes_.set(candidates[i][0]);
}

bool WellFormed::operator()(ByteView text, std::uint64_t remaining_bytes, ByteView string) {
  for (Byte byte : string) {
    if (!bytes_.test(byte)) return false;
  }
  if (!candidates_->restricted()) return true;
  constexpr std::size_t kLongestUnfinishedBytes = 3;
  end_.clear();
  append(end_, text.last(std::min(text.size(), kLongestUnfinishedBytes)));
  for (std::size_t i = 0; i < string.size(); ++i) {
    candidates_->allowed(end_, remaining_bytes - i, allowed_);
    const auto is_byte = [&](std::uint32_t unit) { return (*candidates_)[unit][0] == string[i]; };
    if (std::none_of(allowed_.begin(), allowed_.end(), is_byte)) return false;
    end_.push_back(string[i]);
  }
  return true;
}

}  // namespace kraft
