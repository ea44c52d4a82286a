// Models, as every task makes them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/tasks/progress.h"

namespace kraft {

// Throws UsageError for a specification that is none.
void check_models(const std::vector<std::string>& specs);

std::shared_ptr<const Model> make_model(const std::string& spec, const Geometry& geometry,
                                        unsigned threads, const Receiver& receiver);

// Warns when the model does not reach back to the beginning of the context.
void warn_if_cut(const Model& model, std::uint64_t context_bytes, const Receiver& receiver);

// Passes on what the reader of a file was not content with.
void warn_about(const std::string& name, const std::vector<std::string>& warnings,
                const Receiver& receiver);

// What `read` finds wrong with a file is said with the file's name.
template <class Read>
auto read_named(const std::string& name, Read read) {
  try {
    return read();
  } catch (const UsageError&) {
    throw;
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    throw Error(printable(name) + ": " + error.what());
  }
}

}  // namespace kraft
