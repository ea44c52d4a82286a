#include "tasks/models.h"

#include "base/text.h"

namespace kraft {

void check_models(const std::vector<std::string>& specs) {
  for (const std::string& spec : specs) check_spec(spec);
}

std::shared_ptr<const Model> make_model(const std::string& spec, const Geometry& geometry,
                                        unsigned threads, const Receiver& receiver) {
  return make_model(spec,
                    {.threads = threads, .geometry = geometry, .cancelled = receiver.cancelled});
}

void warn_if_cut(const Model& model, std::uint64_t context_bytes, const Receiver& receiver) {
  const auto window = model.window_bytes();
  if (!window || context_bytes <= *window) return;
  receiver.warn(model.spec() + " reaches back " + grouped(*window) +
                " bytes: it can copy nothing from the first " + grouped(context_bytes - *window) +
                " of " + grouped(context_bytes) + " bytes of context");
}

void warn_about(const std::string& name, const std::vector<std::string>& warnings,
                const Receiver& receiver) {
  for (const std::string& warning : warnings) {
    std::string text = name;
    receiver.warn(printable(text.append(": ").append(warning)));
  }
}

}  // namespace kraft
