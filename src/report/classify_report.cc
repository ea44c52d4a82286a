// Verdicts as a table and as JSON.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/numbers.h"
#include "base/text.h"
#include "kraft/report.h"
#include "report/table.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

const char* title_of(Distance by) { return by == Distance::ncd ? "NCD" : "bits/byte"; }

// "whales = code": the nearest one first, then those that are as near.
std::string names_of_nearest(const ClassifyResult& result, const Verdict& verdict) {
  std::string names = printable(result.corpora[verdict.nearest]);
  for (const std::size_t corpus : verdict.tied) {
    if (corpus != verdict.nearest) names += " = " + printable(result.corpora[corpus]);
  }
  return names;
}

std::string brief_table(const ClassifyResult& result) {
  Table table({"line", ">bytes", "corpus", std::string(">") + title_of(result.by), ">ahead by"});
  for (const Classification& of : result.inputs) {
    const Verdict& verdict = of.verdict(result.by);
    table.add({printable(of.input), grouped(of.bytes), names_of_nearest(result, verdict),
               fixed(of.distances(result.by)[verdict.nearest], 4),
               verdict.tied.empty() ? fixed(verdict.margin, 4) : "tie"});
  }
  return table.text();
}

bool holds(const std::vector<std::size_t>& corpora, std::size_t corpus) {
  return std::ranges::find(corpora, corpus) != corpora.end();
}

// What the last column says of a corpus.
std::string mark_of(const Classification& of, Distance by, std::size_t corpus) {
  const Distance other = by == Distance::ncd ? Distance::conditional : Distance::ncd;
  const bool nearest = of.verdict(by).nearest == corpus;
  const bool also = of.verdict(other).nearest == corpus;
  std::string mark = nearest && also ? "<- both"
                     : nearest       ? std::string("<- ") + title_of(by)
                     : also          ? std::string("by ") + title_of(other)
                                     : "";
  if (holds(of.verdict(by).tied, corpus)) mark += mark.empty() ? "tie" : ", tie";
  return mark;
}

std::string full_table(const ClassifyResult& result) {
  Table table({"input", ">bytes", "corpus", ">bits/byte", ">NCD", ">ahead by", "nearest"});
  for (const Classification& of : result.inputs) {
    const Verdict& verdict = of.verdict(result.by);
    for (std::size_t i = 0; i < result.corpora.size(); ++i) {
      table.add({printable(of.input), grouped(of.bytes), printable(result.corpora[i]),
                 fixed(of.conditional_bits_per_byte[i], 4), fixed(of.ncd[i], 4),
                 verdict.nearest == i ? fixed(verdict.margin, 4) : "", mark_of(of, result.by, i)});
    }
  }
  return table.text();
}

Json to_json(const ClassifyResult& result, const Classification& of) {
  const auto name = [&](std::size_t corpus) { return printable(result.corpora[corpus]); };
  const Verdict& verdict = of.verdict(result.by);
  Json distances = Json::array(), tied = Json::array();
  for (std::size_t i = 0; i < result.corpora.size(); ++i)
    distances.push_back({{"corpus", name(i)},
                         {"conditional_bits_per_byte", of.conditional_bits_per_byte[i]},
                         {"ncd", of.ncd[i]}});
  for (const std::size_t corpus : verdict.tied) tied.push_back(name(corpus));
  return {{"input", printable(of.input)},
          {"bytes", of.bytes},
          {"winner", name(verdict.nearest)},
          {"margin", verdict.margin},
          {"tied", std::move(tied)},
          {"winner_by_conditional", name(of.by_conditional.nearest)},
          {"margin_by_conditional", of.by_conditional.margin},
          {"winner_by_ncd", name(of.by_ncd.nearest)},
          {"margin_by_ncd", of.by_ncd.margin},
          {"corpora", std::move(distances)}};
}

}  // namespace

std::string classify_table(const ClassifyResult& result, bool brief) {
  return brief ? brief_table(result) : full_table(result);
}

std::string classify_json(const ClassifyResult& result) {
  Json inputs = Json::array();
  for (const Classification& of : result.inputs) inputs.push_back(to_json(result, of));
  const Json json = {{"model", result.model},
                     {"by", result.by == Distance::ncd ? "ncd" : "conditional"},
                     {"inputs", std::move(inputs)}};
  return json.dump(2) + "\n";
}

}  // namespace kraft
