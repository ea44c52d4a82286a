// The models of zlib's formats, and which engine they measure with.
#pragma once

#include <memory>
#include <string>

#include "codecs/deflate.h"
#include "kraft/registry.h"

namespace kraft::deflate {

// The engine that models use unless their specification names one: "twin" where it agrees with the
// linked library, else "clone" or "recompress". The first call with these parameters compares them,
// which takes milliseconds. Safe to call from any thread.
std::string usable_engine(const Parameters& parameters = {.level = 6});

// What the parameter `engine` comes to. Throws UsageError for one that cannot do it. An engine that
// was named is not compared with the library.
std::string engine_for(const Arguments& arguments, const Parameters& parameters);

Parameter engine_parameter(std::string meaning);

// `engine` is twin or clone.
std::shared_ptr<const Model> make_model(const std::string& engine, std::string spec,
                                        const Parameters& parameters, Container container);

}  // namespace kraft::deflate
