#include "samplers/repetition.h"

#include <algorithm>

namespace kraft {

void RepeatIndex::completing(ByteView drawn, ByteView prefix, ByteSet& bytes) {
  learn(drawn);
  bytes.reset();
  if (drawn.size() + prefix.size() < key_bytes_) return;

  // Whatever n-gram ends within the prefix lies in these bytes.
  end_.clear();
  append(end_, drawn.last(std::min(drawn.size(), key_bytes_)));
  append(end_, prefix);
  key_.assign(end_.end() - static_cast<std::ptrdiff_t>(key_bytes_), end_.end());

  const auto found = followers_.find(key_);
  if (found != followers_.end()) bytes = found->second;
  for (std::size_t i = 0; i + key_bytes_ < end_.size(); ++i) {
    if (std::equal(key_.begin(), key_.end(),
                   as_text(end_).begin() + static_cast<std::ptrdiff_t>(i)))
      bytes.set(end_[i + key_bytes_]);
  }
}

void RepeatIndex::learn(ByteView drawn) {
  for (std::size_t i = std::max(learnt_bytes_, key_bytes_); i < drawn.size(); ++i) {
    key_.assign(as_text(drawn.subspan(i - key_bytes_, key_bytes_)));
    followers_[key_].set(drawn[i]);
  }
  learnt_bytes_ = drawn.size();
}

}  // namespace kraft
