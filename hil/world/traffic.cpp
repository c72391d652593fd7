#include "hil/world/traffic.hpp"

#include <cmath>
#include <cstdio>

namespace rampa::hil {
namespace {

// Formats as they are on the road: A = letter of the country's alphabet, 9 = digit, other characters stand for
// themselves. Two-letter prefixes are real districts where the country has districts.
struct PlateFormat {
  const char* country;
  std::vector<const char*> formats;
  const char* letters;
  int weight;
};

const std::vector<PlateFormat>& plate_formats() {
  constexpr const char* latin = "ABCDEFGHJKLMNPRSTUVXYZ";
  static const std::vector<PlateFormat> all{
      {"SRB", {"BG999AA", "NS999AA", "SM999AA", "BG9999AA", "NI999AA"}, latin, 6},
      {"ROU", {"CJ99AAA", "TM99AAA", "AR99AAA", "B99AAA", "B999AAA"}, latin, 4},
      {"BGR", {"CA9999AA", "CB9999AA", "B9999AA", "PB9999AA"}, "ABEKMHOPCTYX", 4},
      {"TUR", {"34AAA99", "34AA999", "06AAA99", "22AA999"}, latin, 5},
      {"HUN", {"AAA999", "AAAA999"}, latin, 2},
      {"HRV", {"ZG9999AA", "OS999AA", "RI999A"}, latin, 3},
      {"SVN", {"LJAA999", "MBAA999"}, latin, 2},
      {"MKD", {"SK9999AA", "KU9999AA"}, "ABCDEFGHJKLMNOPRSTUVZ", 2},
      {"BIH", {"A99A999", "E99M999", "J99K999"}, "AEJKMOT", 2},
      {"DEU", {"MAA9999", "PAAA999", "HHAA999"}, latin, 2},
      {"POL", {"WA99999", "KR9AA99", "PO999AA"}, latin, 2},
      {"AUT", {"W99999A", "G999AA"}, latin, 1},
      {"GRC", {"AAA9999"}, "ABEZHIKMNOPTYX", 1},
  };
  return all;
}

struct Goods {
  const char* hs;
  const char* text;
  double eur_per_kg;
};
constexpr Goods goods_list[] = {
    {"08105000", "kiwifruit, fresh", 1.4},        {"07020000", "tomatoes, fresh", 1.1},
    {"39269097", "articles of plastics", 4.2},    {"84182100", "refrigerators", 6.5},
    {"61091000", "T-shirts of cotton", 14.0},     {"72142000", "bars of iron, ribbed", 0.7},
    {"87083099", "brakes and parts thereof", 9.0},{"44071190", "sawn wood, pine", 0.5},
    {"30049000", "medicaments", 60.0},            {"24022090", "cigarettes with tobacco", 25.0},
};

std::string number_text(const char* format, std::uint64_t value) {
  char text[64];
  std::snprintf(text, sizeof text, format, static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

std::string make_plate(SubStream& draws, std::string& country) {
  const auto& all = plate_formats();
  int total = 0;
  for (const auto& f : all) total += f.weight;
  auto pick = draws.whole(0, total - 1);
  const PlateFormat* chosen = &all.front();
  for (const auto& f : all) {
    if (pick < f.weight) {
      chosen = &f;
      break;
    }
    pick -= f.weight;
  }
  country = chosen->country;
  // Leading district letters stand for themselves; a run of A after the first digit, or a format of only A and 9, is drawn.
  const std::string format = chosen->formats[static_cast<std::size_t>(
      draws.whole(0, static_cast<std::int64_t>(chosen->formats.size()) - 1))];
  const std::string letters = chosen->letters;
  const bool district = format[0] != 'A' && (format[0] < '0' || format[0] > '9');
  std::string plate;
  bool digits_seen = !district;
  for (std::size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    if (c == '9') {
      digits_seen = true;
      plate += static_cast<char>('0' + draws.whole(plate.empty() ? 1 : 0, 9));
    } else if (c == 'A' && (digits_seen || i >= 1)) {
      plate += letters[static_cast<std::size_t>(draws.whole(0, static_cast<std::int64_t>(letters.size()) - 1))];
    } else if (c == 'A' && !district) {
      plate += letters[static_cast<std::size_t>(draws.whole(0, static_cast<std::int64_t>(letters.size()) - 1))];
    } else {
      plate += c;
    }
  }
  return plate;
}

std::vector<Axle> articulated_axles(double gross_kg) {
  const double offsets[] = {1.4, 5.2, 10.4, 11.7, 13.0};
  const double shares[] = {0.17, 0.26, 0.19, 0.19, 0.19};
  std::vector<Axle> axles;
  for (int i = 0; i < 5; ++i) axles.push_back({offsets[i], std::round(gross_kg * shares[i])});
  for (int i = 0; i < 4; ++i) gross_kg -= axles[static_cast<std::size_t>(i)].load_kg;
  axles.back().load_kg = gross_kg;
  return axles;
}

Declaration make_declaration(std::uint64_t seed, const Lorry& lorry, double goods_kg) {
  SubStream draws(seed, "declaration", lorry.number);
  const Goods& goods = goods_list[draws.whole(0, static_cast<std::int64_t>(std::size(goods_list)) - 1)];
  Declaration d;
  d.reference = number_text("26RS%014llu", draws.next() % 100'000'000'000'000ull);
  d.kind = "transit";
  d.plate = lorry.plate_front;
  d.trailer = lorry.plate_rear;
  const auto goods_gross_kg = static_cast<std::int64_t>(std::llround(goods_kg / 10) * 10);
  d.gross_kg = goods_gross_kg + static_cast<std::int64_t>(tare_kg);
  d.consignor = number_text("TR%010llu", draws.next() % 10'000'000'000ull);
  d.consignee = number_text("RS%09llu", draws.next() % 1'000'000'000ull);
  d.declarant = number_text("RS%09llu", draws.next() % 1'000'000'000ull);
  d.carrier = number_text("BG%09llu", draws.next() % 1'000'000'000ull);
  static constexpr const char* names[] = {"Petar Ilic", "Mehmet Kaya", "Ion Popescu", "Ivan Dimitrov", "Ana Kovac"};
  d.driver_name = names[draws.whole(0, 4)];
  static constexpr const char* origins[] = {"TR", "GR", "CN", "IT", "DE", "EG"};
  d.goods.push_back({goods.hs, origins[draws.whole(0, 5)], goods_gross_kg,
                     static_cast<std::int64_t>(std::llround(goods_kg * goods.eur_per_kg)), goods.text});
  return d;
}

Arrival make_ordinary_arrival(std::uint64_t seed, std::uint64_t number) {
  SubStream draws(seed, "lorry", number);
  Arrival a;
  a.lorry.number = number;
  a.lorry.plate_front = make_plate(draws, a.lorry.country);
  std::string trailer_country;
  a.lorry.plate_rear = make_plate(draws, trailer_country);
  const double goods_kg = std::round(draws.between(6'000, 22'000) / 20) * 20;
  a.lorry.axles = articulated_axles(tare_kg + goods_kg);
  a.lorry.behaviour = "normal";
  a.declarations.push_back(make_declaration(seed, a.lorry, goods_kg));
  a.lorry.declaration = a.declarations.front().reference;
  return a;
}

Arrival make_arrival(std::uint64_t seed, std::uint64_t number, const TrafficMix& mix) {
  Arrival a = make_ordinary_arrival(seed, number);
  SubStream draws(seed, "oddity", number);
  if (draws.chance(mix.overweight)) {
    const double goods_kg = std::round(draws.between(26'000, 32'000) / 20) * 20;
    a.lorry.axles = articulated_axles(tare_kg + goods_kg);
    a.declarations = {make_declaration(seed, a.lorry, goods_kg)};
  }
  if (draws.chance(mix.mass_mismatch)) {
    a.declarations.front().gross_kg = a.declarations.front().gross_kg * 7 / 10;
    auto& goods_kg = a.declarations.front().goods.front().gross_kg;
    goods_kg = *goods_kg * 7 / 10;
  }
  if (draws.chance(mix.radiation)) {
    a.lorry.gamma_cps = draws.between(2'000, 8'000);
    if (draws.chance(0.2)) a.lorry.neutron_cps = draws.between(20, 60);
  }
  a.lorry.plate_unreadable = draws.chance(mix.plate_unreadable);
  if (draws.chance(mix.behaviour)) {
    static constexpr const char* odd[] = {"stalls_under_boom", "tailgates", "reverses_out", "leaves_before_decision",
                                          "wrong_way",         "second_on_scale", "stops_short"};
    a.lorry.behaviour = odd[draws.whole(0, static_cast<std::int64_t>(std::size(odd)) - 1)];
  }
  if (draws.chance(mix.no_declaration)) {
    a.declarations.clear();
    a.lorry.declaration.clear();
  }
  return a;
}

}  // namespace rampa::hil
