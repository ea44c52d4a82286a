#include "tasks/compare_records.h"

#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/numbers.h"
#include "base/text.h"
#include "base/wire.h"
#include "evaluate/features.h"
#include "kraft/error.h"
#include "kraft/media.h"
#include "tasks/medium_option.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kBetween = " | ", kInput = "input | ", kModel = "model | ",
                           kFeatures = "features | ", kWindow = "window ",
                           kFeaturesOf = "features ", kOf = " of ";

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// What reading makes of a text; an Error where it is none of what is read.
template <class Read>
auto read(const std::string& text, const char* what, Read of) {
  try {
    return of(Json::parse(text));
  } catch (const nlohmann::json::exception&) {
    throw Error(std::string("what is to be ") + what + " is none");
  }
}

Medium known_medium(const std::string& name) {
  if (const auto medium = medium_called(name)) return *medium;
  throw Error("'" + printable(name) + "' is no medium");
}

Bytes bytes_of(const Json& json) { return from_base64(json.get<std::string>()); }

ComparedInput to_input(const Json& json) {
  ComparedInput input;
  input.name = json.at("name").get<std::string>();
  input.medium = known_medium(json.at("medium").get<std::string>());
  input.fingerprint = json.at("fingerprint").get<std::string>();
  input.size_bytes = json.at("bytes").get<std::uint64_t>();
  input.row_bytes = json.at("row_bytes").get<std::size_t>();
  input.rate_hz = json.at("rate_hz").get<std::uint32_t>();
  for (const Json& window : json.at("windows"))
    input.windows.push_back({window.at("begin").get<std::uint64_t>(),
                             bytes_of(window.at("context")), bytes_of(window.at("truth")),
                             bytes_of(window.at("lead"))});
  if (input.windows.empty() || input.row_bytes == 0)
    throw Error("what is to be an input has no windows");
  return input;
}

}  // namespace

std::string settings_record(const ComparisonSettings& settings) {
  return dumped({{"seed", settings.seed},
                 {"count", settings.count},
                 {"positions", settings.positions},
                 {"judges", settings.judges},
                 {"alphabet", settings.alphabet}});
}

ComparisonSettings read_settings_record(const std::string& text) {
  return read(text, "settings", [](const Json& json) {
    return ComparisonSettings{.seed = json.at("seed").get<std::uint64_t>(),
                              .count = json.at("count").get<std::uint64_t>(),
                              .positions = json.at("positions").get<std::uint64_t>(),
                              .judges = json.at("judges").get<std::vector<std::string>>(),
                              .alphabet = json.at("alphabet").get<std::string>()};
  });
}

std::string input_record(const ComparedInput& input) {
  Json json = {{"name", printable(input.name)},    {"medium", name_of(input.medium)},
               {"fingerprint", input.fingerprint}, {"bytes", input.size_bytes},
               {"row_bytes", input.row_bytes},     {"rate_hz", input.rate_hz},
               {"windows", Json::array()}};
  for (const Window& window : input.windows)
    json["windows"].push_back({{"begin", window.begin},
                               {"context", base64(window.context)},
                               {"truth", base64(window.truth)},
                               {"lead", base64(window.lead)}});
  return dumped(json);
}

ComparedInput read_input_record(const std::string& text) {
  return read(text, "an input", to_input);
}

std::string model_record(const std::string& spec) { return dumped({{"spec", spec}}); }

std::string read_model_record(const std::string& text) {
  return read(text, "a model", [](const Json& json) { return json.at("spec").get<std::string>(); });
}

std::string input_key(const std::string& fingerprint) { return std::string(kInput) + fingerprint; }

std::string model_key(const std::string& fingerprint, const std::string& identity) {
  return std::string(kModel) + fingerprint + std::string(kBetween) + identity;
}

std::string features_hash(const std::string& identity) {
  const std::string text = std::to_string(kFeaturePromptBytes) + " " + identity;
  return hexadecimal(checksum(as_bytes(text)));
}

std::string features_key(const std::string& hash) { return std::string(kFeatures) + hash; }

std::optional<std::string> read_features_key(const std::string& key) {
  if (!key.starts_with(kFeatures)) return std::nullopt;
  return key.substr(kFeatures.size());
}

std::string features_of(const std::string& sampler, const std::string& hash) {
  return std::string(kFeaturesOf) + hash + std::string(kOf) + sampler;
}

std::optional<FeaturesOf> read_features_of(const std::string& what) {
  const std::size_t begin = kFeaturesOf.size(), between = what.find(kOf, begin);
  if (!what.starts_with(kFeaturesOf) || between == what.npos) return std::nullopt;
  return FeaturesOf{what.substr(begin, between - begin), what.substr(between + kOf.size())};
}

std::string CellName::key() const {
  const std::string between(kBetween);
  return fingerprint + between + std::string(kWindow) + std::to_string(window) + between +
         identity + between + what;
}

std::optional<CellName> read_cell_key(const std::string& key) {
  // An identity may have anything in it, the other parts have no bars.
  const std::size_t first = key.find(kBetween), last = key.rfind(kBetween);
  if (first == key.npos || key.compare(first + kBetween.size(), kWindow.size(), kWindow) != 0)
    return std::nullopt;
  const std::size_t number = first + kBetween.size() + kWindow.size();
  const std::size_t second = key.find(kBetween, number);
  std::int64_t window = 0;
  if (second == key.npos || last <= second ||
      !parse_integer(key.substr(number, second - number), window) || window < 0)
    return std::nullopt;
  const std::size_t identity = second + kBetween.size();
  return CellName{key.substr(0, first), static_cast<std::size_t>(window),
                  key.substr(identity, last - identity), key.substr(last + kBetween.size())};
}

std::optional<std::string> read_input_key(const std::string& key) {
  if (!key.starts_with(kInput)) return std::nullopt;
  return key.substr(kInput.size());
}

std::optional<ModelName> read_model_key(const std::string& key) {
  const std::size_t begin = kModel.size(), between = key.find(kBetween, begin);
  if (!key.starts_with(kModel) || between == key.npos) return std::nullopt;
  return ModelName{key.substr(begin, between - begin), key.substr(between + kBetween.size())};
}

}  // namespace kraft
