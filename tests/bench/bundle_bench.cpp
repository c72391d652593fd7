// Bundles in figures: `bundle_bench DIRECTORY [runs]`. Sets are the workload's 10,000 profiles (RAMPA_SHARED_DATA/risk), once and
// ten times over with new ids: 2.5 and 25 MB. The disk's part is real. Beside the time that passed stands what this process used of
// the processor, which says more on a machine that does other things too.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "edge/runtime/system_clock.hpp"
#include "sync/bundle/bundle.hpp"
#include "sync/bundle/signing.hpp"

namespace {

using namespace rampa;
using namespace rampa::bundle;

runtime::SystemClock clock_;
constexpr const char* k_post = "RS-BATROVCI";

std::vector<KeyPair> keys() {
  return {keys_from_seed("root a", 1), keys_from_seed("root b", 2), keys_from_seed("author", 3), keys_from_seed("approver", 4),
          keys_from_seed("third", 5), keys_from_seed("snapshot", 6), keys_from_seed("timestamp", 7)};
}

/// The workload's lines as profiles with text ids; each `changed`-th one differs from the set before.
std::string set_of(const std::vector<std::string>& lines, int times, int release, std::size_t changed) {
  std::vector<std::pair<std::string, std::string>> profiles;
  for (int round = 0; round < times; ++round)
    for (std::size_t i = 0; i < lines.size(); ++i) {
      char id[40];
      std::snprintf(id, sizeof id, "P%02d-%06zu", round, i);
      const std::size_t number = static_cast<std::size_t>(round) * lines.size() + i;
      const int version = changed && number % changed == 0 ? release : 1;
      // "id":N and the rest of the workload's line; canonical key order: a, all, from, id, ... is put right by canonical_set.
      std::string line = lines[i];
      line.replace(0, line.find(','), std::string("{\"id\":\"") + id + "\",\"edition\":" + std::to_string(version));
      profiles.emplace_back(id, std::move(line));
    }
  std::string text = R"({"format":1,"version":"bench-)" + std::to_string(release) + R"(","profiles":[)";
  for (std::size_t i = 0; i < profiles.size(); ++i) text += (i ? "," : "") + profiles[i].second;
  auto canonical = canonical_set(text + "]}");
  if (!canonical) {
    std::fprintf(stderr, "%s\n", canonical.error().what.c_str());
    std::exit(1);
  }
  return *canonical;
}

/// `before` is not in the figure.
void measure(const std::string& what, int runs, const std::function<bool()>& work, const std::function<void()>& before = [] {}) {
  std::vector<double> ms, cpu;
  for (int i = 0; i < runs; ++i) {
    before();
    const std::clock_t used = std::clock();
    const MonoTime start = clock_.mono();
    if (!work()) {
      std::fprintf(stderr, "%s: failed\n", what.c_str());
      std::exit(1);
    }
    ms.push_back(static_cast<double>((clock_.mono() - start).count()) / 1e6);
    cpu.push_back(static_cast<double>(std::clock() - used) * 1e3 / CLOCKS_PER_SEC);
  }
  std::sort(ms.begin(), ms.end());
  std::sort(cpu.begin(), cpu.end());
  const auto at = [&](double q) { return ms[static_cast<std::size_t>(q * static_cast<double>(ms.size() - 1))]; };
  std::printf("  %-62s min %8.2f  p50 %8.2f  p95 %8.2f  worst %8.2f ms   processor: min %7.2f  p50 %7.2f ms\n", what.c_str(), ms.front(), at(0.5), at(0.95),
              ms.back(), cpu.front(), cpu[cpu.size() / 2]);
  std::fflush(stdout);
}

std::string root_text() {
  const auto k = keys();
  RootPlan plan;
  plan.expires = {clock_.now().wall.ms + 86'400'000ll * 365};
  plan.keys = {{"root", {k[0].open, k[1].open}}, {"targets", {k[2].open, k[3].open, k[4].open}}, {"snapshot", {k[5].open}}, {"timestamp", {k[6].open}}};
  return make_root(plan, {k[0], k[1]}).value();
}

SharedBytes bundle_of(const std::string& root, const std::string& set, const std::string& base, std::uint64_t release, int level) {
  DraftPlan plan;
  plan.roots = {root};
  plan.set = set;
  plan.base = base;
  plan.posts = {k_post};
  plan.release = plan.targets_version = release;
  plan.expires = {clock_.now().wall.ms + 86'400'000ll * 90};
  plan.zstd_level = level;
  const auto draft = make_draft(plan, {keys()[2], keys()[3]});
  if (!draft) {
    std::fprintf(stderr, "%s\n", draft.error().what.c_str());
    std::exit(1);
  }
  const std::string bytes = publish(*draft, {release, plan.expires, plan.expires}, keys()).value();
  return std::make_shared<const Bytes>(bytes.begin(), bytes.end());
}

void size(const std::vector<std::string>& lines, int times, const std::string& directory, int runs) {
  const std::string root = root_text(), one = set_of(lines, times, 1, 0), two = set_of(lines, times, 2, 100);
  const SharedBytes plain = bundle_of(root, one, "", 1, 0), packed = bundle_of(root, one, "", 1, 19), delta = bundle_of(root, two, one, 2, 0),
                    packed_delta = bundle_of(root, two, one, 2, 19);
  const WallTime now = clock_.now().wall;
  const TrustedState fresh = first_trust(root, now).value();
  const auto table = std::make_shared<const ProfileTable>(ProfileTable::read(hold(one)).value());
  std::printf("%zu profiles, set %.2f MB; bundle plain %.2f MB, zstd-19 %.2f MB; delta of 1 %%: %.0f KB, zstd-19 %.0f KB\n", table->size(), static_cast<double>(one.size()) / 1e6,
              static_cast<double>(plain->size()) / 1e6, static_cast<double>(packed->size()) / 1e6, static_cast<double>(delta->size()) / 1e3, static_cast<double>(packed_delta->size()) / 1e3);
  volatile std::uint8_t sink = 0;
  measure("SHA-256 of the set alone (the floor of any hash over it)", runs, [&] { sink = sink ^ sha256(one)[0]; return true; });
  measure("verify a whole set, plain", runs, [&] { return verify(plain, fresh, k_post, now).has_value(); });
  measure("verify a whole set, zstd", runs, [&] { return verify(packed, fresh, k_post, now).has_value(); });

  const auto disk = store::real_disk();
  const std::string folder = directory + "/bundle-bench";
  std::filesystem::remove_all(folder);
  Installed first = begin_trust(*disk, folder, root, now).value();
  auto set_bundle = verify(plain, first.state, k_post, now).value();
  first = install(*disk, folder, first, set_bundle, resulting_set(set_bundle, nullptr).value(), now).value();
  const auto apply = [&](const SharedBytes& bytes) {
    auto verified = verify(bytes, first.state, k_post, now);
    return verified && resulting_set(*verified, first.set).has_value();
  };
  measure("1 % delta on the set in memory: verify, apply, verify the result", runs, [&] { return apply(delta); });
  measure("the same, zstd", runs, [&] { return apply(packed_delta); });
  const std::string state = write_state(first.state);
  const auto back = [&] {  // the post as it was before, outside of the figures
    for (const char* name : {"/trusted/state.json", "/trusted/state.copy.json"}) std::ofstream(folder + name, std::ios::binary) << state;
  };
  auto verified = verify(delta, first.state, k_post, now).value();
  auto set = resulting_set(verified, first.set).value();
  measure("write and activate that delta (fsync, rename)", runs, [&] { return install(*disk, folder, first, verified, set, now).has_value(); }, back);
  measure("all of it: delta in, active and durable", runs, [&] {
    auto checked = verify(delta, first.state, k_post, now);
    auto result = resulting_set(*checked, first.set);
    return install(*disk, folder, first, *checked, *result, now).has_value();
  }, back);
  Installed begun;
  measure("all of a whole set: verify, write, active and durable", runs, [&] {
    auto whole = verify(plain, begun.state, k_post, now).value();
    return install(*disk, folder, begun, whole, whole.set, now).has_value();
  }, [&] {
    std::filesystem::remove_all(folder);
    begun = begin_trust(*disk, folder, root, now).value();
  });
  measure("open the folder: read, cut, hash, compare", runs, [&] { return open_installed(*disk, folder)->set != nullptr; });
  measure("put the set's text together for the compiler", runs, [&] { return table->text().size() == one.size(); });
  std::filesystem::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "bundle_bench DIRECTORY [runs]\n"), 2;
  const char* shared = std::getenv("RAMPA_SHARED_DATA");
  const std::string file = std::string(shared ? shared : "../shared/data") + "/risk/profiles_10000.jsonl";
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  if (lines.empty()) return std::fprintf(stderr, "%s: no profiles; set RAMPA_SHARED_DATA\n", file.c_str()), 1;
  const int runs = std::max(20, argc > 2 ? std::atoi(argv[2]) : 40);
  std::filesystem::create_directories(argv[1]);
  size(lines, 1, argv[1], runs);
  size(lines, 10, argv[1], runs);
}
