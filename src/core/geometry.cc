#include "kraft/geometry.h"

namespace kraft {

std::vector<std::pair<std::string, std::int64_t>> Geometry::values() const {
  std::vector<std::pair<std::string, std::int64_t>> values;
  if (width) values.emplace_back("width", *width);
  if (rate) values.emplace_back("rate", *rate);
  if (channels) values.emplace_back("channels", *channels);
  if (depth) values.emplace_back("depth", *depth);
  return values;
}

}  // namespace kraft
