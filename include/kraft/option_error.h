// Errors that name options, which everyone spells in his own way.
//
//     const kraft::OptionError error({"", "top-k", " needs ", "model"});
//     error.what();                                                      // top-k needs model
//     error.text([](const std::string& name) { return "--" + name; });   // --top-k needs --model
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kraft/error.h"

namespace kraft {

// The pieces of its message are text and names by turns, text first.
class OptionError : public UsageError {
 public:
  explicit OptionError(std::vector<std::string> pieces);

  // The message with every name as `spelled` gives it.
  std::string text(const std::function<std::string(const std::string&)>& spelled) const;

 private:
  std::vector<std::string> pieces_;
};

}  // namespace kraft
