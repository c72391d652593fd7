// What a start makes of HQ's lists from earlier boots and the site's own files.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "edge/app/cached_lists.hpp"

using namespace rampa;
using Names = std::vector<std::string>;

namespace {
Declaration declared(const std::string& reference, const std::string& plate, std::int64_t gross_kg) {
  Declaration d;
  d.reference = reference;
  d.plate = plate;
  d.gross_kg = gross_kg;
  return d;
}
}  // namespace

TEST(CachedLists, WhatHqSentInAnEarlierBootCountsAndTheSitesOwnStandsBesideIt) {
  store::CachedLists hq, site;
  hq.declarations["A"] = declared("A", "BG1", 12'000);
  hq.watch_lists["stolen"] = {"BG9"};
  site.declarations["A"] = declared("A", "BG1", 38'000);  // older
  site.declarations["B"] = declared("B", "BG2", 5'000);
  site.watch_lists["stolen"] = {"BG8"};
  site.watch_lists["local"] = {"BG9"};
  app::CachedDeclarations lists;
  app::take_lists(lists, hq, site);

  ASSERT_EQ(lists.of({"BG1"}).size(), 1u);
  EXPECT_EQ(lists.of({"BG1"})[0].gross_kg, 12'000);
  EXPECT_EQ(lists.of({"BG2"}).size(), 1u);
  EXPECT_EQ(lists.watch_lists_with({"BG9"}), (Names{"local", "stolen"}));
  EXPECT_EQ(lists.watch_lists_with({"BG8"}), (Names{"stolen"}));

  lists.replace_watch_list("stolen", {});  // HQ takes its own list back; the site's stays
  EXPECT_EQ(lists.watch_lists_with({"BG9", "BG8"}), (Names{"local", "stolen"}));
  EXPECT_EQ(lists.watch_lists_with({"BG7", ""}), Names{});
}

TEST(CachedLists, BadLinesOfTheSitesFilesAreNamedAndTheOthersTaken) {
  const std::string file = testing::TempDir() + "/rampa-watch-lists.jsonl";
  std::ofstream(file) << "{\"list\":\"local\",\"plate\":\"BG 1\"}\nnonsense\n";
  config::Site site;
  site.watch_lists_file = file;
  std::vector<config::Finding> findings;
  const auto lists = app::read_site_lists(site, findings);
  std::filesystem::remove(file);
  EXPECT_EQ(lists.watch_lists.at("local"), (std::vector<std::string>{"BG1"}));
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].line, 2);
}
