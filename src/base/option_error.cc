#include "kraft/option_error.h"

#include <utility>

#include "base/text.h"

namespace kraft {

OptionError::OptionError(std::vector<std::string> pieces)
    : UsageError(join(pieces, "")), pieces_(std::move(pieces)) {}

std::string OptionError::text(const std::function<std::string(const std::string&)>& spelled) const {
  std::string text;
  for (std::size_t i = 0; i < pieces_.size(); ++i)
    text += i % 2 == 0 ? pieces_[i] : spelled(pieces_[i]);
  return text;
}

}  // namespace kraft
