#include "serve/desk.h"

#include "serve/cached_model.h"

namespace kraft::serve {

std::shared_ptr<const Model> Desk::model(const std::string& asked, std::size_t corpus_bytes) const {
  return cached(shelf.model(asked), cache, corpus_bytes);
}

void Desk::allow(std::vector<std::string>& models) const {
  for (std::string& model : models) model = shelf.allowed(model);
}

void Desk::expect_moderate(double amount, const std::string& what, const std::string& field,
                           const std::string& unit) const {
  if (amount > static_cast<double>(settings.most_drawn_bytes))
    throw Failure::invalid(what + " is more than the server draws in one request: " +
                               std::to_string(settings.most_drawn_bytes) + unit,
                           field);
}

void Desk::add_prime(const Fields& fields, std::optional<Bytes>& prime) const {
  if (prime && prime->empty()) prime.reset();
  if (!fields.has("prime") && !fields.is_null("prime")) prime = settings.prime;
}

Receiver Heard::receiver(const std::shared_ptr<Work>& work) {
  return {.warning = [this](const std::string& text) { warnings.push_back(text); },
          .cancelled = [work] { return work->cancelled(); }};
}

}  // namespace kraft::serve
