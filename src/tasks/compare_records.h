// What a file of results of kraft compare says besides its cells, so that tables and pages can be
// made of it alone; and the keys of its lines.
//
//     "settings"                          seed, count, positions, judges, alphabet
//     "input | FINGERPRINT"               its name, medium, shape and windows
//     "model | FINGERPRINT | IDENTITY"    what the model was called
//     "features | HASH"                   which model's hidden states those features are
//     "FINGERPRINT | window N | IDENTITY | SAMPLER"    a cell; "bound truth" and "prediction" are
//                                         an identity and a sampler, too
//     "FINGERPRINT | window N | IDENTITY | features HASH of SAMPLER"    of what that cell has drawn
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "evaluate/comparison.h"
#include "evaluate/window.h"

namespace kraft {

// As one line of JSON, and back. Reading throws Error for what is none.
std::string settings_record(const ComparisonSettings& settings);
ComparisonSettings read_settings_record(const std::string& text);

std::string input_record(const ComparedInput& input);
ComparedInput read_input_record(const std::string& text);

std::string model_record(const std::string& spec);
std::string read_model_record(const std::string& text);

inline constexpr const char* kSettingsKey = "settings";
std::string input_key(const std::string& fingerprint);
std::string model_key(const std::string& fingerprint, const std::string& identity);

// The parts of a key, whose `what` is kPredictionKey, kOwnRateKey, a sampler, or features of one.
struct CellName {
  std::string fingerprint;
  std::size_t window = 0;
  std::string identity;  // of the model, or "bound truth"
  std::string what;

  std::string key() const;
};

inline constexpr const char* kPredictionKey = "prediction";
// Of a codec's model. Earlier versions kept predictions without own rates under the other one.
inline constexpr const char* kOwnRateKey = "prediction, own rate";
inline constexpr std::string_view kBoundIdentity = "bound ";

// The hash is of the features' model, with what it is shown.
std::string features_hash(const std::string& identity);
std::string features_key(const std::string& hash);
std::optional<std::string> read_features_key(const std::string& key);
std::string features_of(const std::string& sampler, const std::string& hash);
struct FeaturesOf {
  std::string hash, sampler;
};
std::optional<FeaturesOf> read_features_of(const std::string& what);

// Nothing for a key of another kind.
std::optional<CellName> read_cell_key(const std::string& key);
// The input's and the model's of such a key; nothing for another one.
std::optional<std::string> read_input_key(const std::string& key);
struct ModelName {
  std::string fingerprint, identity;
};
std::optional<ModelName> read_model_key(const std::string& key);

}  // namespace kraft
