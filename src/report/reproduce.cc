#include "report/reproduce.h"

#include "base/numbers.h"
#include "base/text.h"
#include "kraft/error.h"
#include "kraft/report.h"

namespace kraft {

using Json = nlohmann::ordered_json;

std::string described(const ReproduceResult& result) {
  std::vector<std::string> sources;
  for (const ReproduceData& data : result.data)
    sources.push_back(std::string(paper_name(data.medium)) + ": " + data.source + ", " +
                      grouped(data.bytes) + " bytes");
  return join(sources, "; ");
}

std::string percent_text(const ReproduceRate& rate) {
  std::string text = fixed(rate.percent, 1);
  if (rate.standard_error > 0) text += " +- " + fixed(rate.standard_error, 1);
  return text;
}

Json data_json(const ReproduceResult& result) {
  Json json = Json::array();
  for (const ReproduceData& data : result.data)
    json.push_back(
        {{"medium", paper_name(data.medium)}, {"source", data.source}, {"bytes", data.bytes}});
  return json;
}

Json rate_json(const ReproduceRate& rate) {
  return {{"rate_percent", rate.percent},
          {"standard_error_percent", rate.standard_error},
          {"adjusted_rate_percent", rate.adjusted_percent},
          {"parameters", rate.parameters},
          {"measured_bytes", rate.measured_bytes}};
}

std::string reproduce_text(const ReproduceResult& result) {
  switch (result.experiment) {
    case Experiment::table1:
      return table1_text(result);
    case Experiment::fig2:
      return fig2_text(result);
    case Experiment::fig3:
      return fig3_text(result);
    case Experiment::fig4:
      return fig4_text(result);
    case Experiment::table2:
      return table2_text(result);
    case Experiment::views:
      return views_text(result);
    case Experiment::league:
      return league_text(result);
  }
  throw Error("no such experiment");
}

std::string reproduce_json(const ReproduceResult& result) {
  const auto json = [&]() -> Json {
    switch (result.experiment) {
      case Experiment::table1:
        return table1_json(result);
      case Experiment::fig2:
        return fig2_json(result);
      case Experiment::fig3:
        return fig3_json(result);
      case Experiment::fig4:
        return fig4_json(result);
      case Experiment::table2:
        return table2_json(result);
      case Experiment::views:
        return views_json(result);
      case Experiment::league:
        return league_json(result);
    }
    throw Error("no such experiment");
  };
  return json().dump(2) + "\n";
}

}  // namespace kraft
