// What the reports of kraft/tasks/reproduce.h have in common.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "kraft/tasks/reproduce.h"

namespace kraft {

// "text: book.txt, 1,048,576 bytes; ..."
std::string described(const ReproduceResult& result);

// "48.1 +- 0.3"
std::string percent_text(const ReproduceRate& rate);

nlohmann::ordered_json data_json(const ReproduceResult& result);
nlohmann::ordered_json rate_json(const ReproduceRate& rate);

// As text and as JSON, each of one experiment.
std::string table1_text(const ReproduceResult& result);
nlohmann::ordered_json table1_json(const ReproduceResult& result);
std::string fig2_text(const ReproduceResult& result);
nlohmann::ordered_json fig2_json(const ReproduceResult& result);
std::string fig3_text(const ReproduceResult& result);
nlohmann::ordered_json fig3_json(const ReproduceResult& result);
std::string fig4_text(const ReproduceResult& result);
nlohmann::ordered_json fig4_json(const ReproduceResult& result);
std::string table2_text(const ReproduceResult& result);
nlohmann::ordered_json table2_json(const ReproduceResult& result);
std::string views_text(const ReproduceResult& result);
nlohmann::ordered_json views_json(const ReproduceResult& result);
std::string league_text(const ReproduceResult& result);
nlohmann::ordered_json league_json(const ReproduceResult& result);

// As SVG.
std::string views_plot(const ReproduceResult& result);

}  // namespace kraft
