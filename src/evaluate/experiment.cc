#include "evaluate/experiment.h"

#include <algorithm>

#include "evaluate/paper_data.h"
#include "kraft/error.h"
#include "kraft/views.h"

namespace kraft {
namespace {

// Widths are those of the paper's images, or what a codec for images is shown of other bytes.
std::string shaped(const std::string& spec, std::size_t width) {
  Spec parsed = Spec::parse(spec);
  const auto is_width = [](const auto& named) { return named.name == "width"; };
  const auto given = [](const auto& value) { return value.first == "width"; };
  if (std::ranges::none_of(find_backend(parsed.name).parameters, is_width) ||
      std::ranges::any_of(parsed.values, given))
    return spec;
  parsed.values.emplace_back("width", std::to_string(width));
  return parsed.text();
}

}  // namespace

Streams::Streams(const std::string& spec, std::size_t width)
    : spec_(codec_spec(spec)), width_(width) {}

std::uint64_t Streams::bytes(ByteView message) {
  const std::size_t width =
      width_ == 0 ? near_square_width(message.size()) : std::min(width_, message.size());
  const std::string spec = shaped(spec_, width);
  auto& encoder = encoders_[spec];
  if (!encoder) encoder = make_codec(spec)->encoder();
  encoder->encode(message, stream_);
  return stream_.size();
}

std::uint64_t Streams::header_bytes() {
  const Byte zero = 0;
  return bytes({&zero, 1});
}

std::vector<std::string> canonical_once(const std::vector<std::string>& specs) {
  std::vector<std::string> models;
  for (const std::string& spec : specs) {
    std::string canonical = canonical_spec(spec);
    if (std::ranges::find(models, canonical) == models.end())
      models.push_back(std::move(canonical));
  }
  return models;
}

double figure(const CellResults& results, const std::string& key, const char* name) {
  const auto cell = results.find(key);
  if (cell == results.end()) throw Error("the cell " + key + " was not computed");
  const auto found = cell->second.figures.find(name);
  if (found == cell->second.figures.end()) throw Error("the cell " + key + " has no " + name);
  return found->second;
}

std::string canonical_spec(const std::string& spec) {
  const Spec parsed = Spec::parse(spec);
  return check(parsed, find_backend(parsed.name)).spec();
}

bool is_codec(const std::string& spec) { return measures_codec(spec); }

std::vector<std::size_t> evenly_spread(std::size_t total, std::uint64_t count) {
  if (count == 0 || count > total) count = total;
  std::vector<std::size_t> chosen;
  for (std::uint64_t i = 0; i < count; ++i)  // the middle of each of `count` equal stretches
    chosen.push_back(static_cast<std::size_t>((2 * i + 1) * total / (2 * count)));
  return chosen;
}

std::shared_ptr<const Model> SharedModels::get(const std::string& spec,
                                               const Geometry& geometry) const {
  const std::lock_guard lock(mutex_);
  auto& model = models_[{spec, geometry.values()}];
  if (!model)
    model = make_model(spec, {.threads = threads_, .geometry = geometry, .cancelled = cancelled_});
  return model;
}

}  // namespace kraft
