#include "evaluate/cell.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "kraft/error.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// JSON has no infinity: null stands for it, and what is not there has no value. What else is no
// number is there by name, so that a double comes back as it was.
Json to_json(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";
  return value > 0 ? Json(nullptr) : Json("-inf");
}

double to_number(const Json& json) {
  if (json.is_null()) return kInfinity;
  if (json == "-inf") return -kInfinity;
  if (json == "nan") return std::numeric_limits<double>::quiet_NaN();
  return json.get<double>();
}

Json to_json(const Figures& figures) {
  Json json = Json::object();
  for (const auto& [key, value] : figures) json[key] = to_json(value);
  return json;
}

Figures to_figures(const Json& json) {
  Figures figures;
  for (const auto& [key, value] : json.items()) figures[key] = to_number(value);
  return figures;
}

// Two bytes a number, the lower one first.
Bytes bytes_of(const Feature& feature) {
  Bytes bytes;
  for (const std::int16_t number : feature) {
    const auto bits = static_cast<std::uint16_t>(number);
    bytes.push_back(static_cast<Byte>(bits & 0xFF));
    bytes.push_back(static_cast<Byte>(bits >> 8));
  }
  return bytes;
}

Feature to_feature(const Bytes& bytes) {
  if (bytes.size() % 2 != 0) throw Error("what is to be a feature is none");
  Feature feature;
  for (std::size_t at = 0; at < bytes.size(); at += 2)
    feature.push_back(static_cast<std::int16_t>(bytes[at] | bytes[at + 1] << 8));
  return feature;
}

Json to_json(const Cell& cell) {
  Json json = {{"figures", to_json(cell.figures)}};
  for (const Forecast& forecast : cell.forecasts)
    json["forecasts"].push_back({forecast.confidence, forecast.hit});
  for (const RateAtContext& rate : cell.rates)
    json["rates"].push_back({rate.context_bytes, to_json(rate.bits_per_byte)});
  for (const Draw& draw : cell.draws)
    json["draws"].push_back({{"base64", base64(draw.bytes)}, {"figures", to_json(draw.figures)}});
  for (const Feature& feature : cell.features)
    json["features"].push_back(base64(bytes_of(feature)));
  if (cell.seconds > 0) json["seconds"] = to_json(cell.seconds);
  return json;
}

Cell to_cell(const Json& json) {
  Cell cell;
  cell.figures = to_figures(json.at("figures"));
  for (const Json& pair : json.value("forecasts", Json::array()))
    cell.forecasts.push_back({pair.at(0).get<double>(), pair.at(1).get<bool>()});
  for (const Json& pair : json.value("rates", Json::array()))
    cell.rates.push_back({pair.at(0).get<std::uint64_t>(), to_number(pair.at(1))});
  for (const Json& draw : json.value("draws", Json::array()))
    cell.draws.push_back(
        {from_base64(draw.at("base64").get<std::string>()), to_figures(draw.at("figures"))});
  for (const Json& feature : json.value("features", Json::array()))
    cell.features.push_back(to_feature(from_base64(feature.get<std::string>())));
  if (json.contains("seconds")) cell.seconds = to_number(json["seconds"]);
  return cell;
}

}  // namespace

std::string cell_text(const Cell& cell) { return to_json(cell).dump(); }

Cell read_cell(const std::string& text) {
  try {
    return to_cell(Json::parse(text));
  } catch (const nlohmann::json::exception&) {
    throw Error("what is to be a cell is none");
  }
}

}  // namespace kraft
