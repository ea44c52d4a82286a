// What the server has done so far, as Prometheus reads it (its text format, version 0.0.4).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace kraft::serve {

// Safe to share between threads.
class Metrics {
 public:
  // `route` is a path of the server, or "other".
  void count(const std::string& route, int status, double seconds);

  // HELP, TYPE and samples of all that is counted here.
  std::string text() const;

  // One line more: "# HELP ...", "# TYPE ...", "name value".
  static std::string figure(const std::string& name, const char* type, const std::string& help,
                            double value);

 private:
  static constexpr std::array<double, 10> kBounds = {0.001, 0.005, 0.02, 0.05, 0.2,
                                                     0.5,   1,     5,    20,   60};
  struct Times {
    std::array<std::uint64_t, kBounds.size()> up_to{};
    std::uint64_t count = 0;
    double sum = 0;
  };

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, std::uint64_t> requests_;
  std::map<std::string, Times> times_;
};

}  // namespace kraft::serve
