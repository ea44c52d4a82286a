#include "models/deflate/decoder_view.h"

#include <algorithm>

#include "base/portable_log2.h"
#include "models/lz/refuse_rewind.h"

namespace kraft::deflate {
DecoderView::DecoderView(const ViewParameters& parameters)
    : parameters_(parameters),
      schedule_(parameters.refresh_bytes),
      tracker_(1u << parameters.deflate.window_bits, kMaxMatch,
               std::max<std::uint64_t>(parameters.source_bytes,
                                       kRunInBytes + (1u << parameters.deflate.window_bits))) {
  begin_block(0);
  refresh_histograms();
}

ByteView DecoderView::window() const {
  const ByteView text = tracker_.text();
  return text.last(
      std::min<std::size_t>(text.size(), std::size_t{1} << parameters_.deflate.window_bits));
}

std::unique_ptr<CoinFlips> DecoderView::coin_flips(double temperature) const {
  return std::make_unique<Flips>(header(), window(), temperature);
}

// ---- Blocks ----------------------------------------------------------------------------------

std::shared_ptr<const DecoderView::Code> DecoderView::code_at(std::uint64_t position) const {
  const ByteView before = tracker_.text_up_to(position);
  const ByteView source =
      before.last(std::min<std::uint64_t>(before.size(), parameters_.source_bytes));
  BlockHeader header = parameters_.header_after ? parameters_.header_after(source)
                                                : last_dynamic_header(source, parameters_.deflate,
                                                                      parameters_.fewest_bytes);
  Prices prices(header.lengths, parameters_.floor, parameters_.deflate.window_bits);
  return std::make_shared<const Code>(Code{std::move(header), prices});
}

void DecoderView::begin_block(std::uint64_t position) {
  Block block;
  block.begin = position;
  block.code = code_at(position);
  block.first = position - std::min(position, kRunInBytes);
  blocks_.push_back(std::move(block));
  Block& now = blocks_.back();
  now.starts.push(1 / now.code->prices.tokens_at(now.first));
  for (std::uint64_t at = now.first + 1; at <= position; ++at) push_start(at);
}

void DecoderView::begin_token() {
  Block block;
  block.begin = position_bytes();
  block.code = blocks_.back().code;
  block.first = position_bytes();
  block.starts.push(1 / block.code->prices.tokens_at(block.first));
  blocks_.push_back(std::move(block));
  prepared_ = false;
}

void DecoderView::refresh_histograms() {
  next_bytes_.begin(blocks_.back().code->prices.distance, tracker_.text());
}

// ---- Masses ----------------------------------------------------------------------------------

// Of each length m the weight of the distances that match so many bytes or more.
void DecoderView::add_up_matches(std::uint64_t position) {
  const DistanceWeights& weights = blocks_.back().code->prices.distance;
  std::fill_n(weight_of_length_.begin(), longest_match_ + 1, 0u);
  longest_match_ = 0;
  for (const lz::MatchTracker::Match& match : tracker_.matches(position)) {
    const DistanceFormat::Weight weight =
        match.count == 1
            ? weights.of(match.distance)
            : weights.up_to(match.distance + match.count - 1) - weights.up_to(match.distance - 1);
    weight_of_length_[match.length] += weight;
    longest_match_ = std::max(longest_match_, match.length);
  }
  for (std::uint32_t m = longest_match_; m > 0; --m)
    weight_of_length_[m - 1] += weight_of_length_[m];
}

// A_t, from the places before.
void DecoderView::push_start(std::uint64_t position) {
  Block& block = blocks_.back();
  const Prices& prices = block.code->prices;
  add_up_matches(position);
  const Byte last = tracker_.text_up_to(position).back();
  double mass = 0, copies = 0;
  // The last place is one byte back: there a literal began, or k bytes before it a copy.
  block.starts.each(longest_match_ == 0 ? 0 : longest_match_ - 1, [&](std::size_t k, double start) {
    if (k == 0) mass = start * prices.literal[last];
    copies += start * prices.length[k + 1] * static_cast<double>(weight_of_length_[k + 1]);
  });
  mass += Prices::kUnit * copies;
  block.starts.push(mass / prices.tokens_at(position));
}

void DecoderView::observe(Byte byte) {
  tracker_.push({&byte, 1});
  const std::uint64_t position = position_bytes();
  if (schedule_.begins_at(position)) {
    begin_block(position);
    refresh_histograms();
  } else {
    next_bytes_.forth(tracker_.text());
    push_start(position);
  }
  prepared_ = false;
}

void DecoderView::observe(ByteView bytes) {
  const std::uint64_t end = position_bytes() + bytes.size();
  const std::uint64_t begin = schedule_.last_begin(end);
  if (begin > position_bytes()) {
    // Only the block in which they end matters, and what it is made of.
    tracker_.push(bytes.first(static_cast<std::size_t>(begin - position_bytes())));
    bytes = bytes.last(static_cast<std::size_t>(end - begin));
    begin_block(begin);
    refresh_histograms();
    prepared_ = false;
  }
  for (const Byte byte : bytes) observe(byte);
}

void DecoderView::rewind(std::uint64_t position) {
  const std::uint64_t now = position_bytes();
  if (position > now || position < tracker_.position() - tracker_.text().size())
    lz::refuse_rewind(position, now);
  bool same_block = true;
  while (blocks_.back().begin > position) {
    blocks_.pop_back();
    same_block = false;
  }
  Block& block = blocks_.back();
  block.starts.pop(block.starts.size() - static_cast<std::size_t>(position - block.first + 1));
  if (same_block && now - position < 1000) {
    for (std::uint64_t at = now; at > position; --at) next_bytes_.back(tracker_.text_up_to(at));
    tracker_.pop(now - position);
  } else {
    tracker_.pop(now - position);
    refresh_histograms();
  }
  prepared_ = false;
}

void DecoderView::trim() {
  tracker_.trim();
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
}

// ---- Distributions ---------------------------------------------------------------------------

void DecoderView::prepare() {
  if (prepared_) return;
  add_up_matches(position_bytes());
  sum_open_copies();
  prepared_ = true;
}

void DecoderView::sum_open_copies() {
  const Block& block = blocks_.back();
  const Prices& prices = block.code->prices;
  const std::uint32_t most = std::max(longest_match_, 1u);
  double sum = 0, copies = 0;
  after_last_ = 0;
  open_[0] = open_[1] = 0;
  // Where the text is shorter than its longest match, G does not grow any more.
  std::uint32_t done = 1;
  block.starts.each(most, [&](std::size_t k, double start) {
    const double open = Prices::kUnit * (start * prices.longer[k]);
    if (k == 0) {
      token_ = start;
      after_any_ = open;
    } else if (k == 1) {
      after_last_ = open;
    } else {
      sum += open;
      open_[k] = sum;
      copies += open * static_cast<double>(weight_of_length_[k]);
      done = static_cast<std::uint32_t>(k);
    }
  });
  for (std::uint32_t k = done + 1; k <= longest_match_; ++k) open_[k] = sum;
  const double after_last = next_bytes_.has_last()
                                ? after_last_ * static_cast<double>(next_bytes_.total_after_last())
                                : 0;
  total_ = token_ * prices.tokens_at(position_bytes()) + after_last + copies;
  total_bits_ = portable_log2(total_);
}

double DecoderView::single(Byte byte) const {
  const Prices& prices = blocks_.back().code->prices;
  double p = token_ * prices.literal[byte] +
             after_any_ * static_cast<double>(next_bytes_.after_any()[byte]);
  if (next_bytes_.has_last())
    p += after_last_ * static_cast<double>(next_bytes_.after_last()[byte]);
  return p;
}

double DecoderView::bits_of(Byte byte) {
  prepare();
  const DistanceWeights& weights = blocks_.back().code->prices.distance;
  double p = single(byte);
  for (const lz::MatchTracker::Match& match : tracker_.matches()) {
    if (match.next != byte) continue;
    const DistanceFormat::Weight weight =
        match.count == 1
            ? weights.of(match.distance)
            : weights.up_to(match.distance + match.count - 1) - weights.up_to(match.distance - 1);
    p += static_cast<double>(weight) * open_[match.length];
  }
  return total_bits_ - portable_log2(p);
}

void DecoderView::next_byte(std::span<double, 256> bits) {
  prepare();
  const DistanceWeights& weights = blocks_.back().code->prices.distance;
  std::array<double, 256> p;
  for (std::size_t byte = 0; byte < p.size(); ++byte) p[byte] = single(static_cast<Byte>(byte));
  for (const lz::MatchTracker::Match& match : tracker_.matches()) {
    const DistanceFormat::Weight weight =
        match.count == 1
            ? weights.of(match.distance)
            : weights.up_to(match.distance + match.count - 1) - weights.up_to(match.distance - 1);
    p[match.next] += static_cast<double>(weight) * open_[match.length];
  }
  for (std::size_t byte = 0; byte < p.size(); ++byte)
    bits[byte] = total_bits_ - portable_log2(p[byte]);
}

}  // namespace kraft::deflate
