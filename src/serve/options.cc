#include "serve/options.h"

#include "base/text.h"
#include "serve/guards.h"
#include "serve/shelf.h"

namespace kraft::serve {
namespace {

OptionTable<ServeTask> make_table() {
  using T = ServeTask;
  OptionTable<T> table;
  table.list("model", &T::models,
             {.letter = 'm',
              .value_name = "SPEC",
              .otherwise = join(default_models(), ", "),
              .meaning = "a model that requests may name; several may be given",
              .names_models = true});
  table.text(
      "host", &T::host,
      {.value_name = "ADDRESS", .meaning = "where to listen; 0.0.0.0: for other machines, too"});
  table.integer("port", &T::port,
                {.letter = 'p',
                 .value_name = "N",
                 .min = 0,
                 .max = 65535,
                 .meaning = "where to listen; 0: any port that is free"});
  table.contents("prime", &T::prime,
                 {.value_name = "FILE",
                  .meaning = "corpus to imitate; comes first in the context of requests that have "
                             "none of their own"});
  table.contents("api-key-file", &T::keys,
                 {.value_name = "FILE",
                  .meaning = "requests need one of these keys, one a line (Authorization: Bearer "
                             "KEY)"});
  table.list("allow-host", &T::hosts,
             {.value_name = "NAME",
              .meaning = "a name that the server is asked by, besides localhost and addresses"});
  table.list("allow-origin", &T::origins,
             {.value_name = "ORIGIN",
              .meaning = "pages of this origin may use the server, too (https://example.org); *: "
                         "all"});
  table.flag("allow-any-codec", &T::any_codec,
             {.meaning = "requests may name other models, too, but no commands and no files"});
  table.integer("workers", &T::workers,
                {.value_name = "N",
                 .min = 0,
                 .max = 1024,
                 .meaning = "requests that are worked on at a time; 0: one per processor"});
  table.integer("queue", &T::queue,
                {.value_name = "N",
                 .min = 0,
                 .max = 1 << 20,
                 .meaning = "requests that wait; more are refused (429)"});
  table.integer("body-limit", &T::body_limit,
                {.value_name = "SIZE",
                 .min = 1024,
                 .max = std::int64_t{1} << 30,
                 .meaning = "bytes of a request; longer ones are refused (413)",
                 .is_size = true});
  table.number("deadline", &T::deadline,
               {.value_name = "SECONDS",
                .min = 0,
                .max = 86'400,
                .min_open = true,
                .meaning = "what a request may take, waiting included; longer ones end (504)"});
  table.integer("memory", &T::memory,
                {.value_name = "SIZE",
                 .min = std::int64_t{16} << 20,
                 .max = std::int64_t{1} << 44,
                 .meaning = "while the process has more, states of contexts are dropped",
                 .is_size = true});
  table.integer("cached-states", &T::cached,
                {.value_name = "N",
                 .min = 0,
                 .max = 1 << 20,
                 .meaning = "states of contexts that are kept at most"});
  table.flag("quiet", &T::quiet, {.letter = 'q', .meaning = "no line for each request"});
  return table;
}

}  // namespace

const OptionTable<ServeTask>& options() {
  static const OptionTable<ServeTask> table = make_table();
  return table;
}

Settings settings_of(const ServeTask& task) {
  Settings settings;
  settings.models = task.models;
  settings.any_codec = task.any_codec;
  settings.prime = task.prime;
  if (task.keys) settings.keys = keys_of(*task.keys);
  settings.hosts = task.hosts;
  settings.hosts.push_back(task.host);
  settings.origins = task.origins;
  settings.workers = static_cast<std::size_t>(task.workers);
  settings.most_waiting = static_cast<std::size_t>(task.queue);
  settings.most_body_bytes = static_cast<std::size_t>(task.body_limit);
  settings.deadline_seconds = task.deadline;
  settings.cache.most_states = static_cast<std::size_t>(task.cached);
  settings.cache.most_resident_bytes = static_cast<std::uint64_t>(task.memory);
  return settings;
}

}  // namespace kraft::serve
