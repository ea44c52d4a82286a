#include "kraft/tasks/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kraft/tasks/classify.h"
#include "kraft/tasks/compare.h"
#include "kraft/tasks/complete.h"
#include "kraft/tasks/next.h"
#include "kraft/tasks/pack.h"
#include "kraft/tasks/reproduce.h"
#include "kraft/tasks/sample.h"
#include "kraft/tasks/score.h"

namespace kraft {
namespace {

enum class Bowl { deep, flat };

struct Spice {
  std::string name = "pepper";
  int pinches = 1;
};

struct Soup {
  int portions = 2;
  std::optional<double> salt_grams;
  std::vector<std::string> vegetables;
  bool hot = false;
  Bowl bowl = Bowl::deep;
  std::string by = "spoon";
  std::optional<Bytes> recipe;
  std::vector<NamedBytes> pictures;
  std::string file;
  std::uint8_t stars = 3;
  std::optional<Box> table;
  Spice spice;
};

const OptionTable<Spice>& spice_table() {
  static const auto table = [] {
    OptionTable<Spice> rows;
    rows.text("spice", &Spice::name, {.value_name = "NAME", .meaning = "what to add"});
    rows.integer("pinches", &Spice::pinches,
                 {.value_name = "N", .min = 0, .max = 9, .meaning = "how much of it"});
    return rows;
  }();
  return table;
}

OptionTable<Soup> soup_table() {
  OptionTable<Soup> rows;
  rows.integer("portions", &Soup::portions,
               {.letter = 'n', .value_name = "N", .min = 1, .meaning = "plates to fill"});
  rows.number("salt-grams", &Soup::salt_grams,
              {.value_name = "G",
               .min = 0,
               .max = 10,
               .max_open = true,
               .otherwise = "to taste",
               .meaning = "salt to add",
               .excludes = {"hot"}});
  rows.list("vegetable", &Soup::vegetables,
            {.value_name = "NAME", .meaning = "what goes in", .required = true});
  rows.flag("hot", &Soup::hot, {.meaning = "serve it hot", .needs = {"recipe"}});
  rows.choice("bowl", &Soup::bowl,
              std::vector<std::pair<std::string, Bowl>>{{"deep", Bowl::deep}, {"flat", Bowl::flat}},
              {.value_name = "SHAPE", .meaning = "what it is served in"});
  rows.choice("by", &Soup::by,
              {.value_name = "TOOL", .choices = {"spoon", "straw"}, .meaning = "how it is eaten"});
  rows.contents("recipe", &Soup::recipe, {.value_name = "FILE", .meaning = "what the cook reads"});
  rows.inputs("picture", &Soup::pictures, {.value_name = "FILE", .meaning = "what it looks like"});
  rows.file("output", &Soup::file, {.value_name = "FILE", .meaning = "where to write"});
  rows.integer("stars", &Soup::stars, {.value_name = "N", .meaning = "verdict"});
  rows.structured(
      "table", &Soup::table, [](const std::string& text) { return parse_box("table", text); },
      [](const Box& box) { return text_of(box); },
      {.value_name = "X,Y,W,H", .meaning = "where to sit", .media = {Medium::image}});
  rows.include(spice_table(), &Soup::spice);
  return rows;
}

// The message of an OptionError, as the library and as the command line spell it.
template <class Call>
std::pair<std::string, std::string> complaint(Call call) {
  try {
    call();
  } catch (const OptionError& error) {
    return {error.what(), error.text([](const std::string& name) { return "--" + name; })};
  }
  return {"no error", "no error"};
}

Soup fit_soup() {
  Soup soup;
  soup.vegetables = {"leek"};
  return soup;
}

TEST(OptionTable, ReadsDefaultsFromADefaultTask) {
  const auto table = soup_table();
  std::vector<std::string> initial;
  for (const Option& row : table.rows()) initial.push_back(row.initial);
  EXPECT_THAT(initial, ::testing::ElementsAre("2", "", "", "", "deep", "spoon", "", "", "", "3", "",
                                              "pepper", "1"));
}

TEST(OptionTable, DerivesKeywordsAndRangesFromItsRows) {
  const auto table = soup_table();
  EXPECT_EQ(table.find("salt-grams").keyword(), "salt_grams");
  EXPECT_EQ(&table.find("salt_grams"), &table.find("salt-grams"));
  EXPECT_EQ(table.find("portions").range(), "1..2147483647");
  EXPECT_EQ(table.find("salt-grams").range(), "[0, 10)");
  EXPECT_EQ(table.find("bowl").range(), "deep|flat");
  EXPECT_EQ(table.find("stars").range(), "0..255") << "what the field can hold";
  EXPECT_EQ(table.find("vegetable").range(), "");
}

TEST(OptionTable, ParsesEveryKindFromText) {
  const auto table = soup_table();
  Soup soup;
  table.parse(soup, "portions", "4KiB");
  table.parse(soup, "salt-grams", "2.5");
  table.parse(soup, "vegetable", "leek");
  table.parse(soup, "hot", "on");
  table.parse(soup, "bowl", "flat");
  table.parse(soup, "by", "straw");
  table.parse(soup, "recipe", "boil");
  table.parse(soup, "picture", "pixels");
  table.parse(soup, "output", "soup.txt");
  table.parse(soup, "table", "1,2,3,4");
  table.parse(soup, "pinches", "7");
  EXPECT_EQ(soup.portions, 4096);
  EXPECT_EQ(soup.salt_grams, 2.5);
  EXPECT_THAT(soup.vegetables, ::testing::ElementsAre("leek"));
  EXPECT_TRUE(soup.hot);
  EXPECT_EQ(soup.bowl, Bowl::flat);
  EXPECT_EQ(soup.by, "straw");
  EXPECT_EQ(as_text(*soup.recipe), "boil");
  EXPECT_EQ(soup.pictures, (std::vector<NamedBytes>{{"picture", {'p', 'i', 'x', 'e', 'l', 's'}}}));
  EXPECT_EQ(soup.file, "soup.txt");
  ASSERT_TRUE(soup.table);
  EXPECT_EQ(text_of(*soup.table), "1,2,3,4");
  EXPECT_EQ(soup.spice.pinches, 7);
}

TEST(OptionTable, TakesValuesThatConvertWithoutLoss) {
  const auto table = soup_table();
  Soup soup;
  table.set(soup, "portions", 3.0);
  table.set(soup, "salt_grams", std::int64_t{1});
  table.set(soup, "vegetable", std::vector<std::string>{"leek", "bean"});
  table.set(soup, "recipe", std::string("stir"));
  table.set(soup, "hot", true);
  EXPECT_EQ(soup.portions, 3);
  EXPECT_EQ(soup.salt_grams, 1.0);
  EXPECT_EQ(soup.vegetables.size(), 2u);
  EXPECT_EQ(as_text(*soup.recipe), "stir");
  EXPECT_TRUE(soup.hot);
}

TEST(OptionTable, GivesValuesAsTextThatReadsBack) {
  const auto table = soup_table();
  Soup soup;
  soup.salt_grams = 0.1;
  soup.table = Box{5, 6, 7, 8};
  soup.hot = true;
  for (const Option& row : table.rows()) {
    const auto value = table.value(soup, row.name);
    if (!value || row.kind == OptionKind::list || row.kind == OptionKind::inputs ||
        row.kind == OptionKind::file)
      continue;
    Soup copy;
    table.parse(copy, row.name, text_of(*value));
    EXPECT_EQ(table.value(copy, row.name), value) << row.name;
  }
  EXPECT_FALSE(table.value(Soup{}, "salt-grams"));
}

TEST(OptionTable, KnowsWhatIsSet) {
  const auto table = soup_table();
  const Soup untouched;
  for (const Option& row : table.rows())
    EXPECT_FALSE(table.is_set(untouched, row.name)) << row.name;
  Soup soup;
  soup.salt_grams = 0;
  soup.spice.name = "";
  soup.recipe = Bytes();
  EXPECT_TRUE(table.is_set(soup, "salt-grams"));
  EXPECT_TRUE(table.is_set(soup, "spice"));
  EXPECT_TRUE(table.is_set(soup, "recipe")) << "an empty file is one, too";
}

TEST(OptionTable, RefusesValuesOfAnotherKindOrOutOfRange) {
  const auto table = soup_table();
  Soup soup;
  const auto parsing = [&](const char* name, const char* text) {
    return complaint([&] { table.parse(soup, name, text); }).first;
  };
  EXPECT_EQ(parsing("portions", "many"), "portions is a whole number, not 'many'");
  EXPECT_EQ(parsing("portions", "0"), "portions 0 is out of range: 1..2147483647");
  EXPECT_EQ(parsing("portions", "99999999999999999999"),
            "portions 99999999999999999999 is out of range: 1..2147483647");
  ScoreTask score;
  EXPECT_EQ(complaint([&] { score_options().parse(score, "seed", "18446744073709551615"); }).first,
            "seed 18446744073709551615 is out of range: 0..9223372036854775807");
  EXPECT_EQ(parsing("stars", "256"), "stars 256 is out of range: 0..255");
  EXPECT_EQ(parsing("salt-grams", "10"), "salt-grams 10 is out of range: [0, 10)");
  EXPECT_EQ(parsing("salt-grams", "nan"), "salt-grams nan is out of range: [0, 10)");
  EXPECT_EQ(parsing("salt-grams", "some"), "salt-grams is a number, not 'some'");
  EXPECT_EQ(parsing("hot", "maybe"), "hot is on or off, not 'maybe'");
  EXPECT_EQ(parsing("bowl", "square"), "bowl 'square' is none of deep|flat");
  EXPECT_EQ(parsing("by", "fork"), "by 'fork' is none of spoon|straw");
  EXPECT_EQ(parsing("output", ""), "output is empty");
  EXPECT_EQ(parsing("table", "1,2,3"), "table is X,Y,W,H in pixels, not '1,2,3'");
  const auto setting = [&](const char* name, const OptionValue& value) {
    return complaint([&] { table.set(soup, name, value); }).first;
  };
  EXPECT_EQ(setting("portions", 2.5), "portions is a whole number");
  EXPECT_EQ(setting("portions", std::string("2")), "portions is a whole number");
  EXPECT_EQ(setting("hot", std::int64_t{1}), "hot is on or off");
  EXPECT_EQ(setting("vegetable", true), "vegetable is a list of texts");
  EXPECT_EQ(setting("output", true), "output is a name");
  EXPECT_THROW(table.parse(soup, "porions", "2"), UsageError);
}

TEST(OptionTable, ChecksATaskMadeByHand) {
  const auto table = soup_table();
  EXPECT_NO_THROW(check(table, fit_soup()));
  const auto of = [&](auto change) {
    Soup soup = fit_soup();
    change(soup);
    return complaint([&] { check(table, soup); });
  };
  using Said = std::pair<std::string, std::string>;
  EXPECT_EQ(of([](Soup& s) { s.portions = 0; }),
            Said("portions 0 is out of range: 1..2147483647",
                 "--portions 0 is out of range: 1..2147483647"));
  EXPECT_EQ(of([](Soup& s) { s.salt_grams = std::nan(""); }).first,
            "salt-grams nan is out of range: [0, 10)");
  EXPECT_EQ(of([](Soup& s) { s.by = "fork"; }).first, "by 'fork' is none of spoon|straw");
  EXPECT_EQ(of([](Soup& s) { s.spice.pinches = 10; }).first, "pinches 10 is out of range: 0..9");
  EXPECT_EQ(of([](Soup& s) { s.vegetables.clear(); }),
            Said("vegetable is missing", "--vegetable is missing"));
  EXPECT_EQ(of([](Soup& s) { s.hot = true; }), Said("hot needs recipe", "--hot needs --recipe"));
  EXPECT_EQ(of([](Soup& s) {
              s.hot = true;
              s.recipe = Bytes{'x'};
              s.salt_grams = 1;
            }),
            Said("salt-grams and hot cannot be given together",
                 "--salt-grams and --hot cannot be given together"));
}

TEST(OptionTable, RefusesOptionsOfAnotherMedium) {
  const auto table = soup_table();
  Soup soup;
  EXPECT_NO_THROW(check_media(table, soup, Medium::text));
  soup.table = Box{};
  EXPECT_NO_THROW(check_media(table, soup, Medium::image));
  EXPECT_EQ(complaint([&] { check_media(table, soup, Medium::audio); }).second,
            "--table has no meaning for audio; it is an option of images (--as image)");
}

struct Meal {
  std::string course = "soup";
  std::optional<Bowl> bowl;
  std::uint64_t weight_bytes = 3 << 20;
  bool spoon = false, traced = false;
  std::optional<std::string> recipe;
};

OptionTable<Meal> meal_table() {
  OptionTable<Meal> rows;
  rows.text("course", &Meal::course, {.value_name = "NAME"});
  rows.choice("bowl", &Meal::bowl,
              std::vector<std::pair<std::string, Bowl>>{{"deep", Bowl::deep}, {"flat", Bowl::flat}},
              Bowl::flat, {.value_name = "WHICH"});
  rows.integer("weight", &Meal::weight_bytes,
               {.value_name = "SIZE", .min = 1000, .max = 1 << 30, .is_size = true});
  rows.flag("spoon", &Meal::spoon, {.only_with = {"course", {"soup", "dessert"}}});
  rows.flag("traced", &Meal::traced, {.of_samplers = &SamplerRow::joint});
  rows.text("recipe", &Meal::recipe, {.value_name = "TEXT"});
  return rows;
}

TEST(OptionTable, ASizeIsWrittenInItsLargestUnit) {
  const auto table = meal_table();
  Meal meal;
  EXPECT_EQ(table.find("weight").initial, "3MiB");
  EXPECT_EQ(table.find("weight").range(), "1000..1GiB");
  table.parse(meal, "weight", "64KiB");
  EXPECT_EQ(meal.weight_bytes, 65536U);
  table.set(meal, "weight", std::string("2MiB"));
  EXPECT_EQ(meal.weight_bytes, 2097152U);
  EXPECT_EQ(complaint([&] { table.parse(meal, "weight", "many"); }).second,
            "--weight is a number of bytes, such as 1000, 64KiB or 1GiB, not 'many'");
  EXPECT_EQ(complaint([&] { table.parse(meal, "weight", "2GiB"); }).second,
            "--weight 2GiB is out of range: 1000..1GiB");
  EXPECT_EQ(complaint([&] { table.parse(meal, "weight", "-5"); }).second,
            "--weight -5 is out of range: 1000..1GiB");
}

TEST(OptionTable, AnOptionalChoiceSaysWhatHoldsOtherwise) {
  const Option bowl = meal_table().find("bowl");
  EXPECT_EQ(bowl.otherwise, "flat");
  EXPECT_EQ(bowl.initial, "");
}

TEST(OptionTable, RefusesWhatHasNoMeaningBesideAnotherOption) {
  const auto table = meal_table();
  Meal meal;
  EXPECT_EQ(table.find("spoon").readers(), "soup, dessert");
  meal.spoon = true;
  EXPECT_NO_THROW(check(table, meal));
  meal.course = "salad";
  EXPECT_EQ(complaint([&] { check(table, meal); }).second,
            "--spoon has no meaning for salad; it is an option of soup, dessert");
  Soup soup;  // an option of one table, the condition in another
  OptionTable<Soup> shown;
  shown.flag("hot", &Soup::hot, {.only_with = {"course", {"soup"}}});
  soup.hot = true;
  meal.spoon = false;
  const BoundOptions both[] = {{table, meal}, {shown, soup}};
  EXPECT_EQ(complaint([&] { check_conditions(both); }).second,
            "--hot has no meaning for salad; it is an option of soup");
  meal.course = "soup";
  EXPECT_NO_THROW(check_conditions(both));
}

TEST(OptionTable, RefusesOptionsOfOtherSamplers) {
  const auto table = meal_table();
  Meal meal;
  SamplerRow plain, joint;
  plain.name = "plain";
  joint.joint = true;
  EXPECT_NO_THROW(check_sampler(table, meal, plain));
  meal.traced = true;
  EXPECT_NO_THROW(check_sampler(table, meal, joint));
  EXPECT_EQ(complaint([&] { check_sampler(table, meal, plain); }).second,
            "--traced has no meaning for --sampler plain; it is an option of " +
                table.find("traced").readers());
  EXPECT_EQ(table.find("traced").readers(), "metropolis, smc");
}

TEST(OptionTable, RestrictsAllRowsButOneToSomeMedia) {
  auto table = meal_table();
  table.restrict_to({Medium::image, Medium::audio}, "recipe");
  Meal meal;
  meal.recipe = "boil";
  EXPECT_NO_THROW(check_media(table, meal, Medium::text));
  meal.spoon = true;
  EXPECT_NO_THROW(check_media(table, meal, Medium::audio));
  EXPECT_EQ(complaint([&] { check_media(table, meal, Medium::text); }).second,
            "--spoon has no meaning for text; it is an option of images (--as image) or recordings "
            "(--as audio)");
  table.restrict_to({Medium::bytes, Medium::text});
  EXPECT_EQ(complaint([&] { check_media(table, meal, Medium::image); }).second,
            "--spoon has no meaning for image; it is an option of text (--as bytes)");
}

TEST(SamplerOptionTable, TakesItsRowsFromTheSamplers) {
  const auto& table = sampler_option_table();
  ASSERT_EQ(table.rows().size(), sampler_options().size());
  for (std::size_t i = 0; i < table.rows().size(); ++i) {
    EXPECT_EQ(table.rows()[i].name, sampler_options()[i].name);
    EXPECT_EQ(table.rows()[i].meaning, sampler_options()[i].meaning);
  }
  EXPECT_EQ(table.find("horizon").initial, "8");
  EXPECT_EQ(table.find("temperature").range(), "[0, inf)");
  EXPECT_EQ(table.find("temperature").letter, 't');
}

TEST(SamplerOptionTable, KeepsWhatIsSetApartFromWhatIsNot) {
  PartialSamplerOptions sampling;
  const auto& table = sampler_option_table();
  EXPECT_FALSE(table.is_set(sampling, "top-k"));
  table.parse(sampling, "top-k", "0");
  table.parse(sampling, "whole-bytes", "on");
  sampling.set(&SamplerOptions::temperature, 0.7);
  EXPECT_TRUE(table.is_set(sampling, "top-k")) << "also at its default";
  EXPECT_TRUE(sampling.is_set(&SamplerOptions::temperature));
  EXPECT_FALSE(sampling.is_set(&SamplerOptions::top_p));
  const SamplerOptions options = sampling.over({.top_k = 40, .top_p = 0.5});
  EXPECT_EQ(options.top_k, 0);
  EXPECT_EQ(options.top_p, 0.5);
  EXPECT_EQ(options.temperature, 0.7);
  EXPECT_TRUE(options.whole_bytes);
}

// Whether it excludes an option, needs one, or has no meaning for a medium must not depend on its
// value: a default that is given is given.
template <class Task>
void expect_that_given_is_set(const OptionTable<Task>& table) {
  for (const Option& row : table.rows()) {
    if (row.kind == OptionKind::flag) continue;
    const std::string& initial = row.initial.empty() ? row.otherwise : row.initial;
    const bool matters = !row.excludes.empty() || !row.needs.empty() || !row.media.empty() ||
                         row.required ||
                         std::ranges::any_of(table.rows(), [&row](const Option& other) {
                           return std::ranges::count(other.excludes, row.name) > 0 ||
                                  std::ranges::count(other.needs, row.name) > 0;
                         });
    if (!matters || initial.empty()) continue;
    Task task{};
    try {
      table.parse(task, row.name, initial);
    } catch (const UsageError&) {
      continue;  // `otherwise` in words
    }
    EXPECT_TRUE(table.is_set(task, row.name)) << row.name << " " << initial;
  }
}

TEST(Options, WhatIsGivenIsSetEvenToItsDefault) {
  expect_that_given_is_set(sample_options());
  expect_that_given_is_set(image_completion_options());
  expect_that_given_is_set(audio_completion_options());
  expect_that_given_is_set(next_options());
  expect_that_given_is_set(score_options());
  expect_that_given_is_set(classify_options());
  expect_that_given_is_set(compare_options());
  expect_that_given_is_set(reproduce_options());
  expect_that_given_is_set(compress_options());
  expect_that_given_is_set(decompress_options());
  // Samplers' options are set or not, too, and some tasks refuse these by hand.
  for (const char* name : {"sampler", "alphabet", "suffix-first", "temperature", "length"}) {
    SampleTask task;
    const Option& row = sample_options().find(name);
    sample_options().parse(task, name, row.initial.empty() ? row.otherwise : row.initial);
    EXPECT_TRUE(sample_options().is_set(task, name)) << name;
  }
  CompletionTask completion;
  completion_options().parse(completion, "candidate", "byte");
  EXPECT_TRUE(completion_options().is_set(completion, "candidate"));
}

}  // namespace
}  // namespace kraft
