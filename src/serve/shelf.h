// The models that a server has: those that it was started with, in both views, and no others.
//
//     Shelf shelf({.models = {"gzip:9", "cm"}});
//     std::shared_ptr<const Model> model = shelf.model("gz:9,view=decoder");
//     shelf.model("xz");                                                    // throws Failure (404)
//
// A specification can name a command or a file. What a request says is compared with the server's
// own models, or found to name neither, before anything is made of it.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kraft/model.h"
#include "serve/json.h"

namespace kraft::serve {

// What a server is started with where it is not told.
std::vector<std::string> default_models();

class Shelf {
 public:
  struct Settings {
    std::vector<std::string> models = {};
    bool any_codec = false;  // whatever names no command and no file
    unsigned threads = 1;    // each of them measures with
  };

  // Makes the models. Throws Error.
  explicit Shelf(Settings settings);

  // The specification that a request means, in its canonical form. Throws Failure.
  std::string allowed(const std::string& asked) const;

  // Made once and shared; those that the server was not started with are kept for a while. Throws
  // Failure.
  std::shared_ptr<const Model> model(const std::string& asked);

  // The same, of the models that the server was started with only.
  std::string own(const std::string& asked) const;

  const std::vector<std::string>& names() const { return names_; }  // canonical
  Json json(const std::string& name, std::int64_t created) const;   // of one of them

 private:
  std::shared_ptr<const Model> make(const std::string& spec) const;

  Settings settings_;
  std::vector<std::string> names_;
  std::map<std::string, std::string> known_;  // what a model may be called: its canonical form
  std::map<std::string, std::shared_ptr<const Model>> models_;
  std::list<std::string> others_;  // of models_, those that may go; the latest first
  mutable std::mutex mutex_;       // of models_ and others_
};

}  // namespace kraft::serve
