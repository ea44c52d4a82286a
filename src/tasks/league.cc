#include "tasks/league.h"

#include <algorithm>
#include <iterator>

#include "kraft/registry.h"
#include "tasks/chosen_views.h"
#include "tasks/paper_media.h"

namespace kraft {
namespace {

// Windows are small, for some codecs compress anew for each of 256 candidates.
constexpr PixelSize kLeaguePatch = {32, 16};
constexpr std::uint64_t kLeagueRows = 2;
constexpr std::uint64_t kLeagueSamples = 128;

// The codecs alone have views.
std::vector<std::string> in_league_views(const std::vector<std::string>& specs, ChosenView view) {
  std::vector<std::string> viewed;
  for (const std::string& spec : specs) {
    const bool has_two = has_decoder_view(find_backend(Spec::parse(spec).name));
    std::ranges::move(in_views({spec}, has_two ? view : ChosenView::given),
                      std::back_inserter(viewed));
  }
  return viewed;
}

}  // namespace

const LeagueModels& league_models() {
  static const LeagueModels models = {
      {Medium::bytes, {"gzip:1",  "gzip:9",   "lz4:1",     "lz4:12",  "zstd:1",  "zstd:19", "xz:0",
                       "xz:9",    "brotli:1", "brotli:11", "bzip2:1", "bzip2:9", "bzip3",   "lz78",
                       "ngram:2", "ngram:5",  "ppmd:4",    "ppmd",    "cm",      "cm:max"}},
      {Medium::text,
       {"bytelm:text", "blend:cm,bytelm:text", "product:cm^0.7,ngram:4^0.4,ngram:3^0.3"}},
      {Medium::image,
       {"png:1", "png:9", "jpegls", "webp:0", "webp:9", "jxl:1", "jxl:7", "bytelm:image",
        "blend:cm,bytelm:image"}},
      {Medium::audio,
       {"flac:0", "flac:8", "wavpack:fast", "wavpack:high", "bytelm:audio",
        "blend:cm,bytelm:audio"}}};
  return models;
}

CompareTask league_task(const ReproduceTask& task, LeagueModels models) {
  CompareTask compared;
  for (const PaperMedium& row : paper_media()) {
    if (row.files == nullptr) continue;
    for (const ReproduceInput& file : task.*row.files)
      compared.inputs.push_back(
          {file.name, file.read(row.medium == Medium::text ? task.limit_bytes : UINT64_MAX)});
    if (const auto own = models.find(row.medium); own != models.end())
      compared.models_of[row.medium] = own->second;
  }
  compared.models = std::move(models[Medium::bytes]);
  compared.models.insert(compared.models.end(), task.models.begin(), task.models.end());
  if (task.view) {
    compared.view = ChosenView::given;
    compared.models = in_league_views(compared.models, *task.view);
    for (auto& [medium, specs] : compared.models_of) specs = in_league_views(specs, *task.view);
  }
  if (!task.images.empty()) {
    compared.patch = kLeaguePatch;
    compared.rows = kLeagueRows;
  }
  if (!task.audio.empty()) compared.truth_samples = kLeagueSamples;
  compared.samplers_of[Medium::text] = {"auto", "auto,temperature=0.5", "auto,temperature=1"};
  compared.seed = task.seed.value_or(ReproduceTask::kDefaultSeed);
  compared.windows = task.windows.value_or(ReproduceTask::kDefaultWindows);
  compared.threads = task.threads;
  compared.resume = task.resume;
  return compared;
}

}  // namespace kraft
