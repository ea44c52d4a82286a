// The league: every codec at a low and a high level and in both views, and what predicts, on the
// same windows of books, source code, DNA, photographs and recordings. docs/league.md has what came
// out. Private to this folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kraft/tasks/compare.h"
#include "kraft/tasks/reproduce.h"

namespace kraft {

// Those for any bytes are under Medium::bytes.
using LeagueModels = std::map<Medium, std::vector<std::string>>;

const LeagueModels& league_models();

// What is compared: the task's files, by `models`. Throws Error for a file that cannot be read.
CompareTask league_task(const ReproduceTask& task, LeagueModels models);

}  // namespace kraft
