#include "report/copy_limit.h"

#include <cstdio>

#include "base/text.h"

namespace kraft {

nlohmann::ordered_json copy_limit_json(int max_copy_bytes, const CopyLimitReport& report) {
  using Json = nlohmann::ordered_json;
  return {{"max_copy_bytes", max_copy_bytes},
          {"limited", report.is_counted ? Json(report.limited) : Json(nullptr)},
          {"exceeded", report.exceeded},
          {"bits", report.is_counted ? Json(report.bits) : Json(nullptr)}};
}

std::string copy_limit_text(int max_copy_bytes, const CopyLimitReport& report) {
  if (max_copy_bytes == 0) return {};
  std::string text = "quotations of more than " + std::to_string(max_copy_bytes) + " bytes were ";
  if (report.is_counted) {
    char bits[40];
    std::snprintf(bits, sizeof bits, "%.1f bits", report.bits);
    text += "avoided " + grouped(report.limited) + " times, at a cost of " + bits;
  } else {
    text += "passed over, at a cost that chains do not know";
  }
  if (report.exceeded == 0) return text;
  return text + "; " + grouped(report.exceeded) + " times nothing else could follow";
}

}  // namespace kraft
