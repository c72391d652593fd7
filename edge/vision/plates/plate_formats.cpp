#include "edge/vision/plates/plate_formats.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace rampa::vision::plates {
namespace {

using nlohmann::json;

// Log-probabilities before a picture is seen, beside prior_no_format. Rough on purpose (a factor of two each step): the picture decides where it
// is clear.
constexpr double prior_from_memory = -0.7, prior_uncertain = -2.0;
constexpr double prior_old = -0.7, prior_personal = -1.5, prior_official = -1.0;
constexpr double country_floor = -4.0;  // a country head that is sure and wrong must not rule a plain text out
constexpr double hint_bonus = 1.0;
constexpr std::size_t length_max = 12;

struct Broken {
  std::string what;
};

double prior_of(const CountryBelief& belief, std::string_view country) {
  double log_p = belief.other;
  for (const auto& [code, p] : belief.log_p)
    if (code == country) log_p = p;
  return std::max(log_p, country_floor) + (!country.empty() && country == belief.hint ? hint_bonus : 0);
}

/// One part of a pattern: so many signs of a kind, or one of the region's codes.
struct Part {
  SignSet signs = 0;
  bool region = false, number = false;
  std::size_t least = 1, most = 1;
};

}  // namespace

double prior_of(const Series& s) {
  double prior = s.trust == Trust::well_known ? 0 : s.trust == Trust::from_memory ? prior_from_memory : prior_uncertain;
  if (s.kind == "old") prior += prior_old;
  else if (s.kind == "personal") prior += prior_personal;
  else if (s.kind != "standard") prior += prior_official;
  return prior;
}

class FormatsReader {
 public:
  PlateFormats read(std::string_view text) {
    const json root = json::parse(text.begin(), text.end());
    if (member(root, "schema", "") != 1) throw Broken{"schema: this program reads 1"};
    formats_.shapes_.resize(length_max + 1);
    std::size_t at = 0;
    for (const auto& entry : list(root, "countries", "")) country(entry, "countries[" + std::to_string(at++) + "]");
    formats_.countries_ = std::make_shared<const std::vector<Country>>(std::move(countries_));
    return std::move(formats_);
  }

 private:
  static const json& member(const json& object, const char* key, const std::string& where) {
    if (!object.is_object() || !object.contains(key)) throw Broken{where + (where.empty() ? "" : ", ") + key + ": is missing"};
    return object[key];
  }
  static const json& list(const json& object, const char* key, const std::string& where) {
    const json& out = member(object, key, where);
    if (!out.is_array()) throw Broken{where + (where.empty() ? "" : ", ") + key + ": must be a list"};
    return out;
  }
  static std::string text(const json& object, const char* key, const std::string& where) {
    const json& out = member(object, key, where);
    if (!out.is_string() || out.get_ref<const std::string&>().empty()) throw Broken{where + ", " + key + ": must be a text"};
    return out;
  }
  static std::size_t length(const json& object, const char* key, std::size_t otherwise, const std::string& where) {
    if (!object.contains(key)) return otherwise;
    if (!object[key].is_number_unsigned() || object[key] > length_max) throw Broken{where + ", " + key + ": must be 0 to " + std::to_string(length_max)};
    return object[key];
  }

  int region_set(const json& regions, const std::string& where) {
    if (!regions.is_object()) throw Broken{where + ": must be an object of codes and names"};
    PlateFormats::Regions set;
    for (const auto& [code, name] : regions.items()) {
      auto signs = signs_of(code);
      if (!signs || signs->empty() || signs->size() > 3) throw Broken{where + ", \"" + code + "\": must be one to three characters of the reader's alphabet"};
      if (!name.is_string()) throw Broken{where + ", \"" + code + "\": its name must be a text"};
      set.codes.push_back(std::move(*signs));
    }
    formats_.regions_.push_back(std::move(set));
    return static_cast<int>(formats_.regions_.size()) - 1;
  }

  void country(const json& entry, const std::string& place) {
    Country out;
    out.code = text(entry, "code", place);
    const std::string where = place + " " + out.code;
    if (!codes_.insert(out.code).second) throw Broken{where + ": this country is there twice"};
    out.name = text(entry, "name", where);
    std::map<std::string, int> sets;
    sets[""] = region_set(member(entry, "regions", where), where + ", regions");
    if (entry.contains("region_sets")) {
      for (const auto& [name, regions] : entry["region_sets"].items()) sets[name] = region_set(regions, where + ", region_sets " + name);
    }
    std::set<std::string> names;
    std::size_t at = 0;
    for (const auto& s : list(entry, "series", where)) {
      std::string here = where + ", series[" + std::to_string(at++) + "]";
      const std::string name = text(s, "name", here);
      here += " " + name;
      if (!names.insert(name).second) throw Broken{here + ": this name is there twice"};
      out.series.push_back(series(s, name, sets, here, out.series.size()));
    }
    countries_.push_back(std::move(out));
  }

  Series series(const json& s, const std::string& name, const std::map<std::string, int>& sets, const std::string& where, std::size_t number) {
    Series out{name, text(s, "kind", where), text(s, "pattern", where), Trust::uncertain, 1};
    const std::string trust = text(s, "trust", where);
    if (trust == "well known") out.trust = Trust::well_known;
    else if (trust == "from memory") out.trust = Trust::from_memory;
    else if (trust != "uncertain") throw Broken{where + ", trust: \"" + trust + "\" is none of well known, from memory, uncertain"};
    const json& lines = member(s, "lines", where);
    if (lines != 1 && lines != 2) throw Broken{where + ", lines: must be 1 or 2"};
    out.lines = lines;
    if ((out.lines == 2) != (out.pattern.find('|') != std::string::npos)) throw Broken{where + ", pattern: two lines have a | and one has none"};
    SignSet letters = 0;
    if (s.contains("letters")) {
      const auto signs = signs_of(text(s, "letters", where));
      if (!signs) throw Broken{where + ", letters: a character is not of the reader's alphabet"};
      for (const Sign l : *signs) letters |= only(l);
    }
    const std::string set_name = s.contains("regions") ? text(s, "regions", where) : "";
    const auto set = sets.find(set_name);
    if (set == sets.end()) throw Broken{where + ", regions: no region_sets has the name \"" + set_name + "\""};
    const bool no_leading_zero = s.contains("leading_zero") && s["leading_zero"] == false;
    const std::size_t least = length(s, "length_min", 1, where), most = length(s, "length_max", length_max, where);
    PlateFormats::Shape shape;
    shape.country = static_cast<std::uint16_t>(countries_.size());
    shape.series = static_cast<std::uint16_t>(number);
    const std::size_t before = shapes_made_;
    spread(parts(out.pattern, letters, where), 0, set->second, no_leading_zero, least, most, shape);
    if (shapes_made_ == before) throw Broken{where + ", pattern: no text has a length that is allowed, or no region's code has the pattern's length"};
    return out;
  }

  static std::vector<Part> parts(std::string_view pattern, SignSet letters, const std::string& where) {
    const auto broken = [&](const std::string& what) { throw Broken{where + ", pattern: " + what}; };
    std::vector<Part> out;
    for (std::size_t i = 0; i < pattern.size();) {
      const char c = pattern[i++];
      if (c == ' ' || c == '-' || c == '.' || c == '|') continue;
      if (pattern.substr(i - 1).starts_with("·")) {
        ++i;
        continue;
      }
      if (c == '\'') {
        const auto end = pattern.find('\'', i);
        const auto signs = end == std::string_view::npos ? std::nullopt : signs_of(pattern.substr(i, end - i));
        if (!signs) broken("a quoted text does not end, or has a character that is not of the reader's alphabet");
        for (const Sign l : *signs) out.push_back({.signs = only(l)});
        i = end + 1;
        continue;
      }
      Part part;
      if (c == 'R') {
        part.region = true;
        for (; i < pattern.size() && pattern[i] == 'R'; ++i) ++part.least;
        part.most = part.least;
      } else if (c == '#') {
        part.signs = digits;
        part.number = true;
      } else if (c == 'L' || c == 'X') {
        if (letters == 0) broken("has L or X, and the series has no letters");
        part.signs = c == 'L' ? letters : letters | digits;
      } else {
        broken(std::string("\"") + c + "\" means nothing; R, #, L, X, 'text', blank, -, ., · and | do");
      }
      if (i < pattern.size() && pattern[i] == '{') {
        std::size_t low = 0, high = 0;
        const auto number = [&](std::size_t& value) {
          for (; i < pattern.size() && pattern[i] >= '0' && pattern[i] <= '9'; ++i) value = value * 10 + static_cast<std::size_t>(pattern[i] - '0');
        };
        ++i;
        number(low);
        if (i < pattern.size() && pattern[i] == ',') ++i;
        number(high);
        if (low == 0 || high < low || high > length_max || i >= pattern.size() || pattern[i++] != '}') broken("a count must be {least,most}, 1 to " + std::to_string(length_max));
        part.least = low;
        part.most = high;
      }
      out.push_back(part);
    }
    return out;
  }

  /// All lengths that the parts from `at` on may have.
  void spread(const std::vector<Part>& parts, std::size_t at, int set, bool no_leading_zero, std::size_t least, std::size_t most, const PlateFormats::Shape& begun) {
    if (at == parts.size()) {
      if (begun.places.size() < least || begun.places.size() > most) return;
      formats_.shapes_[begun.places.size()].push_back(begun);
      ++shapes_made_;
      return;
    }
    const Part& part = parts[at];
    for (std::size_t n = part.least; n <= part.most && begun.places.size() + n <= length_max; ++n) {
      PlateFormats::Shape shape = begun;
      if (part.region) {
        const auto& codes = formats_.regions_[static_cast<std::size_t>(set)].codes;
        if (std::none_of(codes.begin(), codes.end(), [&](const Signs& code) { return code.size() == n; })) continue;
        shape.region_set = set;
        shape.region_at = shape.places.size();
        shape.region_length = n;
      }
      const bool number_goes_on = at > 0 && parts[at - 1].number;
      for (std::size_t i = 0; i < n; ++i) {
        SignSet signs = part.region ? ~SignSet{0} : part.signs;
        if (part.number && i == 0 && no_leading_zero && !number_goes_on) signs &= ~only(0);
        shape.places.push_back(signs);
      }
      spread(parts, at + 1, set, no_leading_zero, least, most, shape);
    }
  }

  PlateFormats formats_;
  std::vector<Country> countries_;
  std::set<std::string> codes_;
  std::size_t shapes_made_ = 0;
};

Result<PlateFormats> PlateFormats::parse(std::string_view text) {
  try {
    return FormatsReader{}.read(text);
  } catch (const Broken& broken) {
    return fail(ErrorCode::invalid, broken.what);
  } catch (const json::exception& e) {
    return fail(ErrorCode::invalid, std::string("no JSON: ") + e.what());
  }
}

Result<PlateFormats> PlateFormats::load(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::not_found, file + ": can't be opened");
  std::stringstream text;
  text << in.rdbuf();
  auto out = parse(text.str());
  if (!out) return fail(out.error().code, file + ": " + out.error().what);
  return out;
}

std::vector<Fit> PlateFormats::fits(std::string_view text, std::string_view country) const {
  std::vector<Fit> out;
  const auto signs = signs_of(text);
  if (!signs || signs->size() >= shapes_.size()) return out;
  // A plain letter may stand for one with a mark; a mark that was read must be there.
  const auto stands_for = [](Sign seen, Sign meant) { return seen == meant || seen == plain(meant); };
  const auto allowed = [&](Sign seen, SignSet signs_there) {
    if (signs_there & only(seen)) return true;
    for (Sign s = 36; s < signs_count; ++s)
      if ((signs_there & only(s)) && stands_for(seen, s)) return true;
    return false;
  };
  for (const Shape& shape : shapes_[signs->size()]) {
    const Country& owner = (*countries_)[shape.country];
    if (!country.empty() && owner.code != country) continue;
    bool fine = true;
    for (std::size_t i = 0; i < signs->size() && fine; ++i) fine = allowed((*signs)[i], shape.places[i]);
    if (!fine) continue;
    Fit fit{&owner, &owner.series[shape.series], {}};
    if (shape.region_set >= 0) {
      const auto& codes = regions_[static_cast<std::size_t>(shape.region_set)].codes;
      const auto begin = signs->begin() + static_cast<std::ptrdiff_t>(shape.region_at);
      const auto code = std::find_if(codes.begin(), codes.end(), [&](const Signs& c) {
        return c.size() == shape.region_length && std::equal(c.begin(), c.end(), begin, [&](Sign meant, Sign seen) { return stands_for(seen, meant); });
      });
      if (code == codes.end()) continue;
      fit.region = printed(*code);
    }
    out.push_back(std::move(fit));
  }
  return out;
}

std::vector<Explained> PlateFormats::explain(const Seen& seen, const CountryBelief& belief, std::size_t max) const {
  const std::size_t n = seen.size();
  if (n == 0 || max == 0) return {};
  // Hundreds of shapes share a dozen sets of signs and their regions: each best sign and best code is looked for once.
  struct BestSign {
    SignSet among;
    Sign sign;
  };
  std::vector<std::vector<BestSign>> best_signs(n);
  const auto best_of = [&](std::size_t place, SignSet among) {
    for (const BestSign& known : best_signs[place])
      if (known.among == among) return known.sign;
    BestSign best{among, 0};
    float log_p = -std::numeric_limits<float>::infinity();
    for (Sign s = 0; s < signs_count; ++s)
      if ((among & only(s)) && seen[place][s] > log_p) log_p = seen[place][s], best.sign = s;
    best_signs[place].push_back(best);
    return best.sign;
  };
  struct BestCode {
    int set;
    std::size_t at, length;
    const Signs* code;
  };
  std::vector<BestCode> best_codes;
  const auto best_code = [&](const Shape& shape) {
    for (const BestCode& known : best_codes)
      if (known.set == shape.region_set && known.at == shape.region_at && known.length == shape.region_length) return known.code;
    BestCode best{shape.region_set, shape.region_at, shape.region_length, nullptr};
    float log_p = -std::numeric_limits<float>::infinity();
    for (const Signs& code : regions_[static_cast<std::size_t>(shape.region_set)].codes) {
      if (code.size() != shape.region_length) continue;
      float sum = 0;
      for (std::size_t i = 0; i < code.size(); ++i) sum += seen[shape.region_at + i][code[i]];
      if (sum > log_p) log_p = sum, best.code = &code;
    }
    best_codes.push_back(best);
    return best.code;
  };
  const auto sign_at = [&](const Shape& shape, const Signs* code, std::size_t i) {
    return code && i >= shape.region_at && i < shape.region_at + code->size() ? (*code)[i - shape.region_at] : best_of(i, shape.places[i]);
  };

  // Scores first; texts are made of the best alone.
  struct Scored {
    double seen, prior;
    const Shape* shape;  ///< none: as it was seen
    const Signs* code;
  };
  std::vector<Scored> scored;
  constexpr SignSet all = ~SignSet{0} >> (64 - signs_count);
  // What fits no format may be of any country, the likeliest too: formats stay worth what they are worth, however sure the picture is of a country.
  double any_country = prior_of(belief, "");
  for (const auto& [code, log_p] : belief.log_p) any_country = std::max(any_country, prior_of(belief, code));
  Scored as_seen{0, prior_no_format + any_country, nullptr, nullptr};
  for (std::size_t i = 0; i < n; ++i) as_seen.seen += seen[i][best_of(i, all)];
  scored.push_back(as_seen);
  if (n < shapes_.size()) {
    std::vector<double> country_priors;
    for (const Country& c : *countries_) country_priors.push_back(prior_of(belief, c.code));
    for (const Shape& shape : shapes_[n]) {
      Scored one{0, prior_of((*countries_)[shape.country].series[shape.series]) + country_priors[shape.country], &shape, shape.region_set >= 0 ? best_code(shape) : nullptr};
      for (std::size_t i = 0; i < n; ++i) one.seen += seen[i][sign_at(shape, one.code, i)];
      scored.push_back(one);
    }
  }
  std::stable_sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) { return a.seen + a.prior > b.seen + b.prior; });

  std::vector<Explained> out;
  for (const Scored& s : scored) {
    if (out.size() == max) break;
    Explained one;
    one.seen = s.seen;
    one.prior = s.prior;
    for (std::size_t i = 0; i < n; ++i) one.signs.push_back(s.shape ? sign_at(*s.shape, s.code, i) : best_of(i, all));
    if (std::any_of(out.begin(), out.end(), [&](const Explained& o) { return o.signs == one.signs; })) continue;
    if (s.shape) {
      const Country& country = (*countries_)[s.shape->country];
      one.fit = {&country, &country.series[s.shape->series], s.code ? printed(*s.code) : std::string{}};
      for (std::size_t i = 0; i < n; ++i) {
        const bool in_code = s.code && i >= s.shape->region_at && i < s.shape->region_at + s.code->size();
        // Codes are of letters, or of digits (Turkey, Kosovo).
        one.allowed.push_back(in_code ? (only(one.signs[i]) & digits ? digits : ~digits) : s.shape->places[i]);
      }
    }
    out.push_back(std::move(one));
  }
  return out;
}

std::string twin(std::string_view country, const Signs& signs) {
  using Table = std::vector<std::pair<std::string_view, std::string_view>>;
  static const Table cyrillic_shapes{{"A", "А"}, {"B", "В"}, {"C", "С"}, {"E", "Е"}, {"H", "Н"}, {"I", "І"}, {"K", "К"},
                                     {"M", "М"}, {"O", "О"}, {"P", "Р"}, {"T", "Т"}, {"X", "Х"}, {"Y", "У"}};
  static const Table greek_shapes{{"A", "Α"}, {"B", "Β"}, {"E", "Ε"}, {"Z", "Ζ"}, {"H", "Η"}, {"I", "Ι"}, {"K", "Κ"},
                                  {"M", "Μ"}, {"N", "Ν"}, {"O", "Ο"}, {"P", "Ρ"}, {"T", "Τ"}, {"Y", "Υ"}, {"X", "Χ"}};
  // Serbian and Macedonian say the letter, not its shape.
  static const Table said{{"A", "А"}, {"B", "Б"}, {"C", "Ц"}, {"Č", "Ч"}, {"Ć", "Ћ"}, {"D", "Д"}, {"Đ", "Ђ"}, {"E", "Е"}, {"F", "Ф"},
                          {"G", "Г"}, {"H", "Х"}, {"I", "И"}, {"J", "Ј"}, {"K", "К"}, {"L", "Л"}, {"M", "М"}, {"N", "Н"}, {"O", "О"},
                          {"P", "П"}, {"R", "Р"}, {"S", "С"}, {"Š", "Ш"}, {"T", "Т"}, {"U", "У"}, {"V", "В"}, {"Z", "З"}, {"Ž", "Ж"}};
  const Table* table = country == "BG" || country == "UA" ? &cyrillic_shapes : country == "GR" ? &greek_shapes : country == "RS" || country == "MK" ? &said : nullptr;
  if (!table) return {};
  std::string out;
  for (const Sign s : signs) {
    const auto found = std::find_if(table->begin(), table->end(), [&](const auto& pair) { return pair.first == alphabet[s]; });
    if (found != table->end()) out += found->second;
    else if (s < 10) out += alphabet[s];
    else return {};
  }
  return out;
}

}  // namespace rampa::vision::plates
