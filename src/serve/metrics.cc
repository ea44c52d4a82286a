#include "serve/metrics.h"

#include "base/text.h"

namespace kraft::serve {

void Metrics::count(const std::string& route, int status, double seconds) {
  const std::lock_guard lock(mutex_);
  ++requests_[{route, status}];
  Times& times = times_[route];
  ++times.count;
  times.sum += seconds;
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    if (seconds <= kBounds[i]) ++times.up_to[i];
  }
}

std::string Metrics::figure(const std::string& name, const char* type, const std::string& help,
                            double value) {
  return "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n" + name + " " +
         shortest(value) + "\n";
}

std::string Metrics::text() const {
  const std::lock_guard lock(mutex_);
  std::string text =
      "# HELP kraft_requests_total Requests by route and status.\n"
      "# TYPE kraft_requests_total counter\n";
  for (const auto& [key, count] : requests_)
    text += "kraft_requests_total{route=\"" + key.first + "\",status=\"" +
            std::to_string(key.second) + "\"} " + std::to_string(count) + "\n";
  text +=
      "# HELP kraft_request_seconds What requests took, waiting included.\n"
      "# TYPE kraft_request_seconds histogram\n";
  for (const auto& [route, times] : times_) {
    const std::string labels = "kraft_request_seconds_bucket{route=\"" + route + "\",le=\"";
    for (std::size_t i = 0; i < kBounds.size(); ++i)
      text += labels + shortest(kBounds[i]) + "\"} " + std::to_string(times.up_to[i]) + "\n";
    text += labels + "+Inf\"} " + std::to_string(times.count) + "\n";
    text += "kraft_request_seconds_sum{route=\"" + route + "\"} " + shortest(times.sum) + "\n";
    text += "kraft_request_seconds_count{route=\"" + route + "\"} " + std::to_string(times.count) +
            "\n";
  }
  return text;
}

}  // namespace kraft::serve
