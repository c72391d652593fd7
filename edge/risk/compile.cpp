// From a set's text to the form that lanes use.
#include <algorithm>

#include "edge/risk/comparable.hpp"
#include "edge/risk/compiled_set.hpp"
#include "edge/risk/hashing_internal.hpp"
#include "edge/risk/secret_name.hpp"
#include "edge/risk/urgent.hpp"

namespace rampa::risk {

namespace {

/// Lists that many profiles share are kept once.
template <class T>
std::uint32_t keep_once(std::vector<T>& kept, std::map<T, std::uint32_t>& places, T value) {
  const auto [place, fresh] = places.try_emplace(value, static_cast<std::uint32_t>(kept.size()));
  if (fresh) kept.push_back(std::move(value));
  return place->second;
}

std::string lines_of(const std::vector<Finding>& findings) {
  std::string all;
  for (const auto& f : findings) all += (all.empty() ? "" : "\n") + f.path + ": " + f.cause + "; " + f.remedy;
  return all;
}

class Compiler {
 public:
  Compiler(CompiledSet& set, bool as_written) : set_(set), as_written_(as_written), all_heads_(set.heads.growing()), all_texts_(set.texts.growing()) {}

  /// Did a value count in another form, too?
  [[nodiscard]] bool compared() const { return compared_; }

  void add(RiskProfile&& p) {
    if (p.state != LifeCycle::active && p.state != LifeCycle::shadow) return;
    ProfileHead head;
    head.valid_from = p.valid_from.ms;
    head.valid_before = p.valid_before.ms;
    head.draw_name = draw_name(p.id);
    head.root = root_of(p.scope == Scope{} ? std::move(p.when) : with_scope(p));
    head.weight = p.weight;
    head.sample_of_10000 = p.sample_of_10000;
    head.aeo_of_10000 = p.aeo_of_10000;
    head.channel = p.channel;
    head.shadow = p.state == LifeCycle::shadow;
    head.security = p.security;
    head.open_in_full = p.security && !p.id.starts_with(urgent_id_prefix);
    if (!p.weekly.empty()) {
      head.weekly = static_cast<std::uint32_t>(set_.weeklies.size());
      set_.weeklies.push_back(std::move(p.weekly));
    }
    ProfileTexts texts;
    texts.id = set_.program.append_text(p.id);
    texts.title = set_.program.keep(p.title);
    texts.owner = set_.program.keep(p.owner);
    texts.reason_number = set_.program.keep(p.reason_number);
    texts.version = p.version;
    texts.secret = p.secret;
    static constexpr std::array<std::string_view, 6> kinds{"", "rif", "common", "financial", "priority_area", "national"};
    texts.reason_kind = static_cast<std::uint8_t>(std::find(kinds.begin(), kinds.end(), p.reason_kind) - kinds.begin());
    // Neighbours mostly say the same.
    const bool as_before = !all_texts_.empty() && same(set_.instructions[all_texts_.back().instruction], p.instruction);
    texts.instruction = as_before ? all_texts_.back().instruction : keep_once(set_.instructions, instruction_places_, {p.instruction.begin(), p.instruction.end()});
    std::vector<std::array<std::string, 5>> key;
    for (const auto& c : p.controls) key.push_back({c.control, c.what, c.where, c.with, c.evidence});
    const auto [place, fresh] = control_places_.try_emplace(std::move(key), static_cast<std::uint32_t>(set_.control_lists.size()));
    if (fresh) set_.control_lists.push_back(std::move(p.controls));
    texts.controls = place->second;
    all_heads_.push_back(head);
    all_texts_.push_back(texts);
  }

  void finish(const std::vector<Fields>& traffic, PageAdvice advice) {
    for (auto& g : set_.head.green_lists)
      set_.green_lists.push_back({g.id, g.valid_from.ms, g.valid_before.ms, g.residual_of_10000, root_of(std::move(g.when))});
    set_.head.green_lists.clear();
    set_.program.finish();
    set_.head.lists.clear();
    order_by_id();
    set_.heads.seal();
    set_.texts.seal();
    std::vector<FactSheet> sheets;
    // A small set must not wait longer for the sample than for itself: the sample is thinned evenly.
    const auto wanted = std::clamp<std::size_t>(set_.heads.size() / 16, 500, 2000);
    const auto step = std::max<std::size_t>(1, traffic.size() / wanted);
    sheets.reserve(traffic.size() / step + 1);
    for (std::size_t i = 0; i < traffic.size(); i += step) sheets.push_back(fact_sheet(traffic[i]));
    std::vector<std::uint32_t> roots;
    for (const auto& head : set_.heads) roots.push_back(head.root);
    set_.index.build(set_.program, roots, sheets);
    // What every decision reads comes first; what only words are made of, last.
    set_.block.reserve(set_.index.packed_bytes() + set_.heads.packed_bytes() + set_.program.packed_bytes() + set_.texts.packed_bytes(), advice);
    set_.index.pack(set_.block);
    set_.heads.pack(set_.block);
    set_.program.pack(set_.block);
    set_.texts.pack(set_.block);
  }

 private:
  std::uint32_t root_of(Condition condition) {
    if (!as_written_) compared_ = values_.add(condition) || compared_;
    return set_.program.add(condition, set_.head.lists);
  }

  static bool same(const std::map<std::string, std::string, std::less<>>& a, const std::map<std::string, std::string>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

  void order_by_id() {
    // The first eight bytes beside the place: most comparisons need no look at the id itself.
    const auto id_of = [&](std::uint32_t i) { return set_.program.at(all_texts_[i].id); };
    std::vector<std::pair<std::uint64_t, std::uint32_t>> order;
    order.reserve(all_heads_.size());
    for (std::uint32_t i = 0; i < all_heads_.size(); ++i) {
      std::uint64_t first = 0;
      const auto id = id_of(i);
      for (std::size_t k = 0; k < 8; ++k) first = first << 8 | (k < id.size() ? static_cast<unsigned char>(id[k]) : 0u);
      order.emplace_back(first, i);
    }
    const auto before = [&](const auto& a, const auto& b) { return a.first != b.first ? a.first < b.first : id_of(a.second) < id_of(b.second); };
    if (std::is_sorted(order.begin(), order.end(), before)) return;
    std::sort(order.begin(), order.end(), before);
    std::vector<ProfileHead> heads;
    std::vector<ProfileTexts> texts;
    heads.reserve(order.size());
    texts.reserve(order.size());
    for (const auto& [first, i] : order) {
      heads.push_back(all_heads_[i]);
      texts.push_back(all_texts_[i]);
    }
    all_heads_ = std::move(heads);
    all_texts_ = std::move(texts);
  }

  CompiledSet& set_;
  const bool as_written_;
  bool compared_ = false;
  ComparedValues values_{set_.head.lists};
  std::vector<ProfileHead>& all_heads_;
  std::vector<ProfileTexts>& all_texts_;
  std::map<std::map<std::string, std::string, std::less<>>, std::uint32_t> instruction_places_;
  std::map<std::vector<std::array<std::string, 5>>, std::uint32_t> control_places_;
};

}  // namespace

Result<std::shared_ptr<const ProfileSet>> compile(const std::string& json, const std::string& sha256, const std::vector<Fields>& traffic, PageAdvice advice, Reading reading) {
  return compile_changed(json, sha256, {}, traffic, advice, reading);
}

Result<std::shared_ptr<const CompiledSet>> compile_changed(const std::string& json, const std::string& sha256, const Changes& changes, const std::vector<Fields>& traffic, PageAdvice advice, Reading reading) {
  const auto compiled = [&](bool as_written) -> Result<std::pair<std::shared_ptr<CompiledSet>, bool>> {
    auto set = std::make_shared<CompiledSet>();
    Compiler compiler(*set, as_written);
    const auto take = [&](RiskProfile&& p) {
      if (changes.profile) changes.profile(p);
      compiler.add(std::move(p));
    };
    if (const auto findings = read_set(json, set->head, take, advice, reading); !findings.empty()) return fail(ErrorCode::invalid, lines_of(findings));
    if (changes.policy) changes.policy(set->head.policy);
    compiler.finish(traffic, advice);
    set->hash = sha256;
    return std::pair(std::move(set), compiler.compared());
  };
  auto set = compiled(false);
  if (!set) return tl::unexpected(set.error());
  if (set->second) {
    auto as_written = compiled(true);
    if (!as_written) return tl::unexpected(as_written.error());
    set->first->as_written = std::move(as_written->first);
  }
  return std::shared_ptr<const CompiledSet>(std::move(set->first));
}

std::uint32_t CompiledSet::find(std::string_view wanted) const {
  std::uint32_t low = 0, high = static_cast<std::uint32_t>(texts.size());
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    if (id(middle) < wanted) low = middle + 1;
    else high = middle;
  }
  return low < texts.size() && id(low) == wanted ? low : static_cast<std::uint32_t>(texts.size());
}

std::string_view CompiledSet::instruction_of(std::uint32_t profile, std::string_view language) const {
  const auto& by_language = instructions[texts[profile].instruction];
  auto text = by_language.find(language);
  if (text == by_language.end()) text = by_language.find(head.default_language);
  return text == by_language.end() ? std::string_view{} : std::string_view(text->second);
}

std::string CompiledSet::shown_id(std::uint32_t profile) const {
  const auto name = id(profile);
  return texts[profile].secret ? secret_name(head.policy, name) : std::string(name);
}

std::string secret_name(const SetPolicy& policy, std::string_view id) {
  const auto keyed = siphash(policy.draw_secret, id.data(), id.size());
  std::string shown = "S-";
  for (int shift = 44; shift >= 0; shift -= 4) shown += "0123456789abcdef"[keyed >> shift & 15];
  return shown;
}

std::size_t CompiledSet::bytes() const {
  std::size_t sum = sizeof *this + block.bytes() + program.bytes() + index.bytes();
  for (const auto& list : control_lists)
    for (const auto& c : list) sum += sizeof c + c.what.capacity() + c.where.capacity() + c.with.capacity() + c.evidence.capacity();
  for (const auto& windows : weeklies) sum += sizeof windows + windows.capacity() * sizeof(WeeklyWindow);
  return sum;
}

std::string CompiledSet::outgrown() const { return lines_of(head.outgrown); }

std::string CompiledSet::stop_raised() const {
  const auto& p = head.policy;
  if (p.stop_profile_of_10000 <= SetPolicy::stop_profile_usual && p.stop_set_of_10000 <= SetPolicy::stop_set_usual) return {};
  const auto percent = [](std::uint16_t of_10000) {
    const auto hundredths = std::to_string(of_10000 % 100);
    return std::to_string(of_10000 / 100) + (hundredths == "0" ? "" : (hundredths.size() == 1 ? ".0" : ".") + hundredths) + " %";
  };
  return "its policy lets one profile stop up to " + percent(p.stop_profile_of_10000) + " and the set " + percent(p.stop_set_of_10000);
}

}  // namespace rampa::risk
