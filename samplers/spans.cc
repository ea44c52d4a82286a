// spans: the candidates are the byte strings that followed the current end of the text before, in
// the history or in what was drawn; the model decides between them. Copying spans between matching
// contexts is how Shannon drew text from a book ("A Mathematical Theory of Communication", 1948,
// section 3); here a code length chooses the place instead of chance.
//
// The key is the last `key_length` bytes of the text. Where it has not come before it is shortened
// by a byte at a time, and where not even the last byte has, one single byte is drawn as
// `ancestral` does. Every candidate is `span_length` bytes long (at the end, what is left to draw),
// so it is the same whether they are ranked by bits or by bits per byte: rho is taken over the
// bits. Of the places where the key occurred the latest are looked at, until `span_limit` distinct
// candidates are found: a model with a window knows those best. Candidates hold bytes of the
// alphabet only. Where all of them would quote more than max_copy allows, the key is shortened as
// well, until at last a single byte is drawn.
#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_set>

#include "kraft/error.h"
#include "samplers/ancestral.h"
#include "samplers/registry.h"
#include "samplers/run_sampler.h"

namespace kraft {
namespace {

// Where each key of a fixed length occurs in a text that grows: chains of places with equal hashes,
// the latest first, as in zlib's matcher. 4 bytes a place and 256 KiB; O(key) to add a place.
class KeyIndex {
 public:
  explicit KeyIndex(std::size_t key_bytes)
      : key_bytes_(key_bytes), next_(key_bytes), latest_(std::size_t{1} << kHashBits, kNone) {}

  // Adds the places up to `last`: a place is where a key ends.
  void add(ByteView text, std::size_t last) {
    for (; next_ <= last; ++next_) {
      std::uint32_t& latest = latest_[hash(text.subspan(next_ - key_bytes_, key_bytes_))];
      earlier_.push_back(latest);
      latest = static_cast<std::uint32_t>(next_);
    }
  }

  // Calls visit(place) from the latest occurrence of the key on, until it returns false, or
  // kMostPlaces places have been looked at: those of other keys with the same hash count as well.
  template <class Visit>
  void find(ByteView text, ByteView key, Visit&& visit) const {
    std::uint32_t place = latest_[hash(key)];
    for (int i = 0; place != kNone && i < kMostPlaces; ++i) {
      const ByteView there = text.subspan(place - key_bytes_, key_bytes_);
      if (std::equal(key.begin(), key.end(), there.begin()) && !visit(std::size_t{place})) return;
      place = earlier_[place - key_bytes_];
    }
  }

 private:
  static constexpr int kHashBits = 16;
  static constexpr int kMostPlaces = 1 << 14;  // of a hash, so that a text of one byte repeated
                                               // costs little
  static constexpr std::uint32_t kNone = 0;    // no key ends at 0

  static std::size_t hash(ByteView key) {
    std::uint64_t h = 0;
    for (Byte byte : key) h = (h + byte + 1) * 0x9e3779b97f4a7c15u;
    return h >> (64 - kHashBits);
  }

  std::size_t key_bytes_;
  std::size_t next_;                    // the first place not yet added
  std::vector<std::uint32_t> latest_;   // by hash
  std::vector<std::uint32_t> earlier_;  // the place before each, from place key_bytes_ on
};

class Spans {
 public:
  static constexpr bool kSearches = false;

  Spans(Drawing& drawing, const SamplerOptions& options)
      : drawing_(drawing),
        one_byte_(drawing, options),
        span_bytes_(static_cast<std::size_t>(options.span_length)),
        limit_(static_cast<std::size_t>(options.span_limit)),
        indexes_(static_cast<std::size_t>(options.key_length)) {
    require_single_bytes(drawing.candidates(), "spans");
    if (drawing.text().size() + drawing.remaining_bytes() >
        std::numeric_limits<std::uint32_t>::max())
      throw Error("spans: history and output together are longer than 4 GiB");
  }

  Step next() {
    find_spans();
    if (spans_.empty()) return one_byte_.next();
    std::sort(spans_.begin(), spans_.end(), [](ByteView a, ByteView b) {
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
    });
    bits_.resize(spans_.size());
    drawing_.measure(spans_, bits_);
    const std::size_t chosen = drawing_.choose(spans_, bits_);
    const ByteView span = spans_[chosen];
    chosen_.assign(span.begin(), span.end());  // the text, which it is part of, is about to grow
    return {chosen_, {}, bits_[chosen]};
  }

 private:
  void find_spans() {
    const ByteView text = drawing_.text();
    const auto length =
        static_cast<std::size_t>(std::min<std::uint64_t>(span_bytes_, drawing_.remaining_bytes()));
    bool all_quote = true;  // too much; also if there is none
    for (std::size_t key_bytes = indexes_.size(); key_bytes > 0 && all_quote; --key_bytes) {
      spans_.clear();
      distinct_.clear();
      if (text.size() < key_bytes + length) continue;
      std::optional<KeyIndex>& index = indexes_[key_bytes - 1];
      if (!index) index.emplace(key_bytes);
      index->add(text, text.size() - length);
      index->find(text, text.last(key_bytes), [&](std::size_t place) {
        const ByteView span = text.subspan(place, length);
        if (distinct_.insert(as_text(span)).second && drawing_.well_formed(span)) {
          all_quote = drawing_.quotes(span) && all_quote;
          spans_.push_back(span);
        }
        return spans_.size() < limit_;
      });
    }
    if (all_quote) spans_.clear();
  }

  Drawing& drawing_;
  Ancestral one_byte_;
  std::size_t span_bytes_;
  std::size_t limit_;
  std::vector<std::optional<KeyIndex>> indexes_;  // by key length, each made when first needed

  std::vector<ByteView> spans_;
  std::unordered_set<std::string_view> distinct_;
  std::vector<double> bits_;
  Bytes chosen_;
};

}  // namespace

SamplerRow spans_row() {
  return {"spans",
          "strings that followed the same bytes before, by the bits that they cost",
          {"span-length", "span-limit", "key-length"},
          make_run_sampler<Spans>};
}

}  // namespace kraft
