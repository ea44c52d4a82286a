// The routes that work is done on: what each is called, who handles it, and what it takes, from
// which the OpenAPI document is made.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "serve/desk.h"

namespace kraft::serve {

struct Route {
  std::string path;
  Handler handler;
  std::string summary;
  std::vector<std::span<const Option>> options = {};  // tables of what it takes
  Json more = {};  // JSON schemas of other fields: {"stream": {"type": "boolean"}}
  std::vector<std::string> required = {};
  std::vector<std::string> not_taken = {};  // options of the tables that it does not take
  bool takes_forms = false;                 // multipart/form-data, too
  bool streams = false;
  Json examples = {};  // {"name": request}
};

const std::vector<Route>& routes();

// OpenAPI 3.0.3, made of the routes.
Json openapi();

}  // namespace kraft::serve
