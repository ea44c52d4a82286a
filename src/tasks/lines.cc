#include "tasks/lines.h"

#include <algorithm>

#include "base/text.h"
#include "kraft/error.h"

namespace kraft {

std::vector<Line> lines_of(const std::string& name, ByteView bytes) {
  std::vector<Line> lines;
  const std::string_view text = as_text(bytes);
  std::size_t number = 1;
  for (std::size_t begin = 0; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.push_back({name + ":" + std::to_string(number), as_bytes(line)});
    begin = end + 1;
  }
  if (lines.empty()) throw Error(printable(name) + " has no line that is not empty");
  return lines;
}

}  // namespace kraft
