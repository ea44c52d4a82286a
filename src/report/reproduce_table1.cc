// Table 1: rates, beside the paper's.

#include <algorithm>

#include "base/numbers.h"
#include "base/text.h"
#include "report/reproduce.h"
#include "report/table.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

// Null where the model is not measured in that way.
const ReproduceRate* find(const ReproduceResult& result, const std::string& model, Layout layout,
                          Medium medium) {
  for (const ReproduceRate& rate : result.rates) {
    if (rate.model == model && rate.layout == layout && rate.medium == medium) return &rate;
  }
  return nullptr;
}

const ReproducePublished* find_published(const ReproduceResult& result, const std::string& ours,
                                         Layout layout, Medium medium) {
  for (const ReproducePublished& paper : result.published) {
    if (paper.ours == ours && paper.layout == layout && paper.medium == medium) return &paper;
  }
  return nullptr;
}

std::vector<std::string> titles_of(const ReproduceResult& result, bool with_published) {
  std::vector<std::string> titles = {"model"};
  for (const ReproduceData& data : result.data) {
    titles.push_back(">" + std::string(paper_name(data.medium)));
    if (with_published) titles.emplace_back(">paper");
  }
  return titles;
}

// What the paper has of models that are none of ours.
void add_others(const ReproduceResult& result, Layout layout, Table& table) {
  std::vector<std::pair<std::string, std::vector<std::string>>> others;
  for (const ReproducePublished& paper : result.published) {
    if (!paper.ours.empty() || paper.layout != layout) continue;
    if (others.empty() || others.back().first != paper.model)
      others.emplace_back(paper.model, std::vector{paper.model});
    others.back().second.insert(others.back().second.end(), {"", fixed(paper.percent, 1)});
  }
  for (auto& [model, fields] : others) table.add(std::move(fields));
}

std::string rates_table(const ReproduceResult& result, Layout layout) {
  Table table(titles_of(result, true));
  for (const std::string& model : result.models) {
    std::vector<std::string> fields = {model};
    for (const ReproduceData& data : result.data) {
      const ReproduceRate* rate = find(result, model, layout, data.medium);
      const ReproducePublished* paper = find_published(result, model, layout, data.medium);
      fields.push_back(rate != nullptr ? percent_text(*rate) : "-");
      fields.push_back(paper != nullptr ? fixed(paper->percent, 1) : "");
    }
    table.add(std::move(fields));
  }
  add_others(result, layout, table);
  return table.text();
}

// Of models with parameters; empty when there are none.
std::string adjusted_table(const ReproduceResult& result) {
  std::vector<std::string> titles = titles_of(result, false);
  titles.emplace_back(">parameters");
  Table table(std::move(titles));
  bool any = false;
  for (const std::string& model : result.models) {
    std::vector<std::string> fields = {model};
    std::uint64_t parameters = 0;
    for (const ReproduceData& data : result.data) {
      const ReproduceRate* rate = find(result, model, Layout::chunked, data.medium);
      fields.push_back(fixed(rate->adjusted_percent, 1));
      parameters = rate->parameters;
    }
    if (parameters == 0) continue;
    any = true;
    fields.push_back(grouped(parameters));
    table.add(std::move(fields));
  }
  return any ? table.text() : "";
}

std::string libraries(const ReproduceResult& result) {
  std::vector<std::string> names;
  for (const ReproduceRate& rate : result.rates) {
    if (std::ranges::find(names, rate.library) == names.end()) names.push_back(rate.library);
  }
  return join(names, ", ");
}

}  // namespace

std::string table1_text(const ReproduceResult& result) {
  std::string text = "rate in %, chunks of 2,048 bytes, a codec's header counted once\n" +
                     rates_table(result, Layout::chunked) + "\nrate in %, everything at once\n" +
                     rates_table(result, Layout::unchunked);
  const std::string adjusted = adjusted_table(result);
  if (!adjusted.empty())
    text +=
        "\nadjusted rate in %, chunked: with the model, 2 bytes a parameter, in what is sent "
        "(others: as above)\n" +
        adjusted;
  text += "\n";
  for (const ReproduceData& data : result.data)
    text += "ours, " + std::string(paper_name(data.medium)) + ": " + data.source + ", " +
            grouped(data.bytes) + " bytes\n";
  text +=
      "paper: Deletang et al. 2024, table 1: enwik9, ImageNet, LibriSpeech, noise; 1 GB each\n"
      "ours runs on " +
      libraries(result) + "; the paper's PNG is Pillow's, its FLAC ffmpeg's\n";
  if (!adjusted.empty() && result.chunks > 0)
    text += "models with parameters predicted " + std::to_string(result.chunks) +
            " chunks, evenly spread; +- is the standard error\n";
  return text;
}

Json table1_json(const ReproduceResult& result) {
  Json rows = Json::array();
  for (const ReproduceRate& rate : result.rates) {
    Json row = {{"model", rate.model},
                {"library", rate.library},
                {"layout", name_of(rate.layout)},
                {"medium", paper_name(rate.medium)}};
    row.update(rate_json(rate));
    row["published_percent"] =
        rate.published_percent ? Json(*rate.published_percent) : Json(nullptr);
    rows.push_back(std::move(row));
  }
  Json published = Json::array();
  for (const ReproducePublished& paper : result.published)
    published.push_back({{"model", paper.model},
                         {"layout", name_of(paper.layout)},
                         {"medium", paper_name(paper.medium)},
                         {"rate_percent", paper.percent}});
  return {{"experiment", "table1"},
          {"data", data_json(result)},
          {"rows", std::move(rows)},
          {"published", std::move(published)}};
}

}  // namespace kraft
