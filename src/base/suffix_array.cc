#include "base/suffix_array.h"

#include <algorithm>
#include <limits>
#include <span>
#include <string>

#include "kraft/error.h"

namespace kraft {
namespace {

// A suffix is of type S if it is less than the one that begins a symbol later, else of type L. One
// of type S after one of type L is called LMS ("leftmost S"). Once the LMS suffixes are in order,
// one pass over the array from the left puts all of type L in theirs, and one from the right all of
// type S. What orders the LMS suffixes is the same method: for the strings between them first, and
// then, with a name for each such string, for the text of these names.
template <typename Index, typename Symbol>
class SuffixSorter {
 public:
  // Symbols are below `symbols`. The text has at least one.
  SuffixSorter(std::span<const Symbol> text, std::size_t symbols)
      : text_(text), is_s_(text.size()), l_begin_(symbols + 1), s_begin_(symbols) {
    for (std::size_t i = text.size() - 1; i-- > 0;)
      is_s_[i] = text[i] == text[i + 1] ? is_s_[i + 1] : text[i] < text[i + 1];
    for (std::size_t i = 0; i < text.size(); ++i) {
      ++l_begin_[symbol(i) + 1];
      if (!is_s_[i]) ++s_begin_[symbol(i)];
    }
    for (std::size_t c = 0; c < symbols; ++c) {
      l_begin_[c + 1] += l_begin_[c];
      s_begin_[c] += l_begin_[c];
    }
  }

  std::vector<Index> sorted() {
    std::vector<Index> lms;  // in the order of the text
    for (std::size_t i = 1; i < text_.size(); ++i) {
      if (is_lms(i)) lms.push_back(static_cast<Index>(i));
    }
    std::vector<Index> order;
    induce(lms, order);
    if (lms.size() < 2) return order;
    sort_lms(lms, order);
    induce(lms, order);
    return order;
  }

 private:
  static constexpr Index kNone = -1;

  std::size_t symbol(std::size_t at) const { return static_cast<std::size_t>(text_[at]); }
  bool is_lms(std::size_t at) const { return at > 0 && is_s_[at] && !is_s_[at - 1]; }

  void induce(const std::vector<Index>& lms, std::vector<Index>& order) const {
    order.assign(text_.size(), kNone);
    std::vector<std::size_t> next(s_begin_);
    for (const Index at : lms) order[next[symbol(static_cast<std::size_t>(at))]++] = at;

    next.assign(l_begin_.begin(), l_begin_.end() - 1);
    const std::size_t last = text_.size() - 1;  // follows nothing, so that nothing induces it
    order[next[symbol(last)]++] = static_cast<Index>(last);
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (order[i] < 1) continue;
      const auto before = static_cast<std::size_t>(order[i]) - 1;
      if (!is_s_[before]) order[next[symbol(before)]++] = static_cast<Index>(before);
    }

    next.assign(l_begin_.begin() + 1, l_begin_.end());  // the ends
    for (std::size_t i = order.size(); i-- > 0;) {
      if (order[i] < 1) continue;
      const auto before = static_cast<std::size_t>(order[i]) - 1;
      if (is_s_[before]) order[--next[symbol(before)]] = static_cast<Index>(before);
    }
  }

  // Puts the LMS suffixes in order. `order` has the strings from each to the next in theirs.
  void sort_lms(std::vector<Index>& lms, const std::vector<Index>& order) const {
    std::vector<Index> place(text_.size(), kNone);  // of an LMS suffix in `lms`
    for (std::size_t i = 0; i < lms.size(); ++i)
      place[static_cast<std::size_t>(lms[i])] = static_cast<Index>(i);
    const auto end_of = [&](Index at) {
      const auto next = static_cast<std::size_t>(place[static_cast<std::size_t>(at)]) + 1;
      return next < lms.size() ? static_cast<std::size_t>(lms[next]) : text_.size();
    };
    const auto same = [&](Index a, Index b) {
      const std::size_t a_end = end_of(a), b_end = end_of(b);
      if (a_end == text_.size() || b_end == text_.size()) return false;
      return std::equal(text_.begin() + a, text_.begin() + static_cast<std::ptrdiff_t>(a_end) + 1,
                        text_.begin() + b, text_.begin() + static_cast<std::ptrdiff_t>(b_end) + 1);
    };

    std::vector<Index> names(lms.size());
    Index name = -1, previous = kNone;
    for (const Index at : order) {
      if (at < 0 || place[static_cast<std::size_t>(at)] == kNone) continue;
      if (previous == kNone || !same(previous, at)) ++name;
      names[static_cast<std::size_t>(place[static_cast<std::size_t>(at)])] = name;
      previous = at;
    }
    place = {};
    const auto different = static_cast<std::size_t>(name) + 1;
    const std::vector<Index> sorted_names = SuffixSorter<Index, Index>(names, different).sorted();
    std::vector<Index> sorted_lms(lms.size());
    std::ranges::transform(sorted_names, sorted_lms.begin(),
                           [&](Index i) { return lms[static_cast<std::size_t>(i)]; });
    lms = std::move(sorted_lms);
  }

  std::span<const Symbol> text_;
  std::vector<bool> is_s_;
  // Where the suffixes that begin with a symbol stand in the order: first those of type L. One more
  // is the end of all.
  std::vector<std::size_t> l_begin_, s_begin_;
};

template <typename Index>
std::vector<Index> sorted_suffixes(ByteView text) {
  if (text.empty()) return {};
  return SuffixSorter<Index, Byte>(text, 256).sorted();
}

// Halves the range in which the pattern's place is. What it has in common with both ends, it has in
// common with all between them (Manber and Myers 1993).
template <typename Index>
SuffixArray::Match search(ByteView text, const std::vector<Index>& begins, ByteView pattern) {
  SuffixArray::Match best;
  std::size_t low = 0, high = begins.size(), low_common = 0, high_common = 0;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const ByteView suffix = text.subspan(static_cast<std::size_t>(begins[middle]));
    const std::size_t known = std::min(low_common, high_common);
    const auto end = std::ranges::mismatch(suffix.subspan(known), pattern.subspan(known)).in2;
    const auto common = static_cast<std::size_t>(end - pattern.begin());
    if (common > best.bytes) best = {static_cast<std::size_t>(begins[middle]), common};
    if (common == pattern.size()) break;
    if (common == suffix.size() || suffix[common] < pattern[common]) {
      low = middle + 1;
      low_common = common;
    } else {
      high = middle;
      high_common = common;
    }
  }
  return best;
}

}  // namespace

SuffixArray::SuffixArray(ByteView text) : text_(text) {
  if (text.size() < static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    begins_ = sorted_suffixes<std::int32_t>(text);
  } else {
    begins_ = sorted_suffixes<std::int64_t>(text);
  }
}

SuffixArray::Match SuffixArray::longest_match(ByteView pattern) const {
  return std::visit([&](const auto& begins) { return search(text_, begins, pattern); }, begins_);
}

std::vector<std::int32_t> suffixes_in_order(ByteView text) {
  if (text.size() >= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw Error("a text of " + std::to_string(text.size()) + " bytes: expected less than 2 GiB");
  return sorted_suffixes<std::int32_t>(text);
}

}  // namespace kraft
