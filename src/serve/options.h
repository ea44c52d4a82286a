// What a server can be told: a task's struct and table, as for every other command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kraft/tasks/options.h"
#include "serve/desk.h"

namespace kraft::serve {

// options() has the ranges and meanings.
struct ServeTask {
  std::vector<std::string> models = {};  // empty: default_models()
  std::string host = "127.0.0.1";
  std::int64_t port = 8080;
  std::optional<Bytes> prime = {};
  std::optional<Bytes> keys = {};
  std::vector<std::string> hosts = {}, origins = {};
  bool any_codec = false;
  std::int64_t workers = 0;
  std::int64_t queue = 256;
  std::int64_t body_limit = std::int64_t{16} << 20;
  std::int64_t memory = std::int64_t{1} << 30;
  std::int64_t cached = 256;
  double deadline = 60;
  bool quiet = false;
};

const OptionTable<ServeTask>& options();

// Throws UsageError for keys that are none.
Settings settings_of(const ServeTask& task);

}  // namespace kraft::serve
