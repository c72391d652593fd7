#include "edge/vision/codes/iso6346.hpp"

#include <algorithm>
#include <array>

#include "edge/risk/container_code.hpp"

namespace rampa::vision::codes {
namespace {

bool letter(char c) { return c >= 'A' && c <= 'Z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

struct Alike {
  char a, b;
};
constexpr std::array alikes{Alike{'O', '0'}, Alike{'D', '0'}, Alike{'Q', '0'}, Alike{'U', '0'}, Alike{'I', '1'}, Alike{'L', '1'}, Alike{'Z', '2'},
                            Alike{'A', '4'}, Alike{'S', '5'}, Alike{'G', '6'}, Alike{'T', '7'}, Alike{'B', '8'},
                            Alike{'O', 'D'}, Alike{'O', 'Q'}, Alike{'C', 'G'}, Alike{'E', 'F'}, Alike{'M', 'N'}, Alike{'U', 'V'}, Alike{'P', 'R'}, Alike{'I', 'L'},
                            Alike{'3', '8'}, Alike{'6', '8'}, Alike{'5', '6'}, Alike{'0', '8'}, Alike{'1', '7'}, Alike{'3', '9'}};

std::string alike(char c) {
  std::string out;
  for (const auto& pair : alikes) {
    if (pair.a == c) out += pair.b;
    if (pair.b == c) out += pair.a;
  }
  return out;
}

/// Whether the character may stand at this place of a container's code.
bool may_stand(std::size_t place, char c) {
  return place < 3 ? letter(c) : place == 3 ? c == 'U' || c == 'J' || c == 'Z' : digit(c);
}

}  // namespace

ContainerReading read_container(std::string_view text) {
  ContainerReading out;
  const std::string code = risk::normalise_container_code(text);
  const auto check = risk::container_check_digit(code);
  if (code.size() != 11 || !check || !digit(code[10])) {
    out.fault = ContainerFault::form;
    return out;
  }
  if (risk::bic_prefix(code).empty()) {
    out.fault = ContainerFault::category;
    return out;
  }
  out.code = {code.substr(0, 3), code[3] == 'U' ? Category::container : code[3] == 'J' ? Category::equipment : Category::trailer, code.substr(4, 6), code[10]};
  if (code[10] - '0' != *check) out.fault = ContainerFault::check;
  out.remainder_ten = risk::container_remainder(code) == std::uint8_t{10};
  return out;
}

std::vector<std::string> container_candidates(std::string_view text) {
  const std::string code = risk::normalise_container_code(text);
  std::vector<std::string> out;
  if (code.size() != 11 || read_container(code).accepted()) return out;
  // What cannot stand at its place must change; beyond that one further character may.
  std::vector<std::size_t> wrong;
  for (std::size_t i = 0; i < code.size(); ++i)
    if (!may_stand(i, code[i])) wrong.push_back(i);
  if (wrong.size() > 2) return out;
  const auto add = [&](const std::string& candidate) {
    if (read_container(candidate).accepted() && std::find(out.begin(), out.end(), candidate) == out.end()) out.push_back(candidate);
  };
  const auto exchange = [&](auto&& self, std::string now, std::size_t at, int spare) -> void {
    if (at == wrong.size()) {
      add(now);
      if (spare == 0) return;
      for (std::size_t i = 0; i < now.size(); ++i) {
        if (std::find(wrong.begin(), wrong.end(), i) != wrong.end()) continue;
        for (const char c : alike(now[i])) {
          if (!may_stand(i, c)) continue;
          std::string other = now;
          other[i] = c;
          add(other);
        }
      }
      return;
    }
    for (const char c : alike(code[wrong[at]])) {
      if (!may_stand(wrong[at], c)) continue;
      now[wrong[at]] = c;
      self(self, now, at + 1, spare);
    }
  };
  exchange(exchange, code, 0, wrong.size() < 2 ? 1 : 0);
  return out;
}

std::optional<SizeType> size_type(std::string_view code) {
  if (code.size() != 4) return std::nullopt;
  SizeType out;
  switch (code[0]) {
    case '1': out.length_ft = 10; break;
    case '2': out.length_ft = 20; break;
    case '3': out.length_ft = 30; break;
    case '4': out.length_ft = 40; break;
    case 'B': out.length_ft = 24; break;
    case 'C': out.length_ft = 24.5; break;
    case 'G': out.length_ft = 41; break;
    case 'H': out.length_ft = 43; break;
    case 'L': out.length_ft = 45; break;
    case 'M': out.length_ft = 48; break;
    case 'N': out.length_ft = 49; break;
    default: return std::nullopt;
  }
  switch (code[1]) {
    case '0': out.height_ft = 8; break;
    case '2': out.height_ft = 8.5; break;
    case '4': out.height_ft = 9; break;
    case '5': out.height_ft = 9.5; break;
    case '6': out.height_ft = 9.5; break;  // above 9 ft 6 in
    case '8': out.height_ft = 4.25; break;
    case '9': out.height_ft = 4; break;
    case 'C': out.height_ft = 8.5, out.wide = true; break;
    case 'D': out.height_ft = 9, out.wide = true; break;
    case 'E': out.height_ft = 9.5, out.wide = true; break;
    case 'F': out.height_ft = 9.5, out.wide = true; break;
    case 'L': out.height_ft = 8.5, out.wide = true; break;
    case 'M': out.height_ft = 9, out.wide = true; break;
    case 'N': out.height_ft = 9.5, out.wide = true; break;
    case 'P': out.height_ft = 9.5, out.wide = true; break;
    default: return std::nullopt;
  }
  struct Type {
    std::string_view code, what;
  };
  static constexpr std::array types{
      Type{"G0", "general purpose, openings at one or both ends"}, Type{"G1", "general purpose, passive vents"},
      Type{"G2", "general purpose, opening at an end and a whole side"}, Type{"G3", "general purpose, openings at an end and parts of the sides"},
      Type{"V0", "ventilated, lower and upper vents"}, Type{"V2", "ventilated, fan inside"}, Type{"V4", "ventilated, fan outside"},
      Type{"B0", "dry bulk, closed"}, Type{"B1", "dry bulk, airtight"}, Type{"B3", "dry bulk, horizontal discharge"},
      Type{"B4", "dry bulk, horizontal discharge, pressure"}, Type{"B5", "dry bulk, tipping discharge"}, Type{"B6", "dry bulk, tipping discharge, pressure"},
      Type{"S0", "livestock"}, Type{"S1", "automobiles"}, Type{"S2", "live fish"},
      Type{"R0", "refrigerated"}, Type{"R1", "refrigerated and heated"}, Type{"R2", "refrigerated, own power"}, Type{"R3", "refrigerated and heated, own power"},
      Type{"H0", "insulated, outside cooling unit"}, Type{"H1", "insulated, inside cooling unit"}, Type{"H2", "insulated, outside cooling unit removable"},
      Type{"H5", "insulated"}, Type{"H6", "insulated, better"},
      Type{"U0", "open top"}, Type{"U1", "open top, top members removable"}, Type{"U2", "open top, opening side"},
      Type{"U3", "open top, opening side, members removable"}, Type{"U4", "open top, partly opening side"}, Type{"U5", "open top, whole side removable"},
      Type{"P0", "platform"}, Type{"P1", "platform, fixed ends"}, Type{"P2", "platform, fixed posts"}, Type{"P3", "platform, folding ends"},
      Type{"P4", "platform, folding posts"}, Type{"P5", "platform, open top and ends, with roof"},
      Type{"T0", "tank, no dangerous liquids, 45 kPa"}, Type{"T1", "tank, no dangerous liquids, 150 kPa"}, Type{"T2", "tank, no dangerous liquids, 265 kPa"},
      Type{"T3", "tank, dangerous liquids, 150 kPa"}, Type{"T4", "tank, dangerous liquids, 265 kPa"}, Type{"T5", "tank, dangerous liquids, 400 kPa"},
      Type{"T6", "tank, dangerous liquids, 600 kPa"}, Type{"T7", "tank, gases, 910 kPa"}, Type{"T8", "tank, gases, 2200 kPa"}, Type{"T9", "tank, gases"},
      Type{"A0", "air and surface"},
      // Groups without detail, where the number says nothing.
      Type{"GP", "general purpose"}, Type{"VH", "ventilated"}, Type{"BU", "dry bulk"}, Type{"BK", "dry bulk, pressure"}, Type{"SN", "named cargo"},
      Type{"RE", "refrigerated"}, Type{"RT", "refrigerated and heated"}, Type{"RS", "refrigerated, own power"}, Type{"HR", "insulated, outside unit"},
      Type{"HI", "insulated"}, Type{"UT", "open top"}, Type{"PL", "platform"}, Type{"PF", "platform, fixed ends"}, Type{"PC", "platform, folding ends"},
      Type{"PS", "platform, open"}, Type{"TN", "tank, no dangerous liquids"}, Type{"TD", "tank, dangerous liquids"}, Type{"TG", "tank, gases"},
      Type{"AS", "air and surface"},
  };
  const auto found = std::find_if(types.begin(), types.end(), [&](const Type& t) { return t.code == code.substr(2); });
  if (found == types.end()) return std::nullopt;
  out.what = found->what;
  return out;
}

}  // namespace rampa::vision::codes
