#include "hil/devices/registers/io_models.hpp"

#include <algorithm>
#include <string_view>

namespace rampa::hil {

using icd::Table;

// ---- Moxa ioLogik E1214 (E1200 user's manual: E1214 mapping; system parameters 5000 ff.) ----------------------------

void MoxaE1214Model::advance(MonoTime now) {
  IoModule::advance(now);
  if (!is("frozen")) up_time_s_ = static_cast<std::uint32_t>(to_ms(now_ - booted_) / 1000);
}

bool MoxaE1214Model::bit_at(Table table, int address, bool& on) const {
  on = false;
  if (table == Table::discrete_input) {
    if (address < 6) {
      on = input(address);
      return true;
    }
    return (address >= 1000 && address < 1006) || (address >= 4096 && address < 4102) || (address >= 4112 && address < 4118);
  }
  if (address < 6) {
    on = output_on(address);
    return true;
  }
  if (address == 4144) {
    on = tripped();
    return true;
  }
  // Pulse status, relay count reset, counter start, counter clear, clear of the peer-to-peer safe mode: read as zero here.
  for (const int from : {0x10, 48, 0x100, 0x110, 288, 4128})
    if (address >= from && address < from + 6) return true;
  return false;
}

bool MoxaE1214Model::word_at(Table table, int address, std::uint16_t& word) const {
  word = 0;
  if (table == Table::holding_register) {
    if (address != 32) return address >= 36 && address < 74;
    for (int n = 0; n < 6; ++n) word = static_cast<std::uint16_t>(word | (output_on(n) ? 1 << n : 0));
    return true;
  }
  if (address == 48) {
    for (int n = 0; n < 6; ++n) word = static_cast<std::uint16_t>(word | (input(n) ? 1 << n : 0));
    return true;
  }
  if (address >= 5000 && address < 5010) {
    const std::string_view name = is("wrong_identity") ? "ioLogik E1212" : "ioLogik E1214";
    const auto letter = [&](int at) { return at < static_cast<int>(name.size()) ? static_cast<unsigned char>(name[static_cast<std::size_t>(at)]) : 0; };
    const int at = (address - 5000) * 2;
    word = static_cast<std::uint16_t>(letter(at) << 8 | letter(at + 1));
    return true;
  }
  if (address == 5020 || address == 5021) {
    word = static_cast<std::uint16_t>(address == 5020 ? up_time_s_ >> 16 : up_time_s_ & 0xffff);
    return true;
  }
  return (address >= 16 && address < 28) || (address >= 5022 && address < 5070);
}

int MoxaE1214Model::read(int, Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) {
  feed();
  out.clear();
  for (int at = address; at < address + count; ++at) {
    bool on = false;
    std::uint16_t word = 0;
    const bool bits = table == Table::coil || table == Table::discrete_input;
    if (bits ? !bit_at(table, at, on) : !word_at(table, at, word)) return 2;
    out.push_back(bits ? on : word);
  }
  return 0;
}

int MoxaE1214Model::write(int, Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) {
  feed();
  if (table != Table::coil) return 2;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int at = address + static_cast<int>(i);
    const bool on = values[i] != 0;
    if (at < 6) {
      if (tripped()) return 4;
      set_output(at, on);
    } else if (at == 4144) {
      if (on) {
        tripped_ = false;
        feed();
      }
    } else if (at >= 0x110 && at < 0x116) {
      if (!on) return 3;  // clear takes 1 only
    } else {
      bool ignored = false;
      if (!bit_at(Table::coil, at, ignored)) return 2;
    }
  }
  return 0;
}

// ---- Advantech ADAM-6060 ----------------------------------------------------------------------------------------------

int Adam6060Model::read(int unit, Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) {
  if (unit != unit_) return 11;
  feed();
  if (table != Table::coil) return 1;  // inputs by FC02 is the wrong map
  out.clear();
  for (int at = address; at < address + count; ++at) {
    if (at < 6)
      out.push_back(input(at));
    else if (at >= 16 && at < 22)
      out.push_back(output_on(at - 16));
    else
      return 2;
  }
  return 0;
}

int Adam6060Model::write(int unit, Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) {
  if (unit != unit_) return 11;
  tripped_ = false;
  feed();
  if (table != Table::coil) return 1;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int at = address + static_cast<int>(i);
    if (at < 16 || at >= 22) return 2;
    set_output(at - 16, values[i] != 0);
  }
  return 0;
}

// ---- WAGO 750 (750 manual 6.4-6.5, register descriptions) --------------------------------------------------------------

void Wago750Model::request(int function) {
  if (!is("frozen")) counted_ = static_cast<std::uint16_t>(counted_ + 1);
  if (running_ && function >= 1 && function <= 16 && (mask_ >> (function - 1) & 1)) feed();
}

int Wago750Model::read(int, Table table, std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) {
  request(table == Table::coil ? 1 : table == Table::discrete_input ? 2 : table == Table::holding_register ? 3 : 4);
  out.clear();
  if (table == Table::holding_register || table == Table::input_register) return read_words(address, count, out);
  for (int at = address; at < address + count; ++at) {
    if (at < 0x200)
      out.push_back(at < 16 && input(at));
    else if (at < 0x400)
      out.push_back(at - 0x200 < 16 && output_on(at - 0x200));
    else
      return 2;
  }
  return 0;
}

int Wago750Model::read_words(std::uint16_t address, std::uint16_t count, std::vector<std::uint16_t>& out) const {
  if (address == 0x1029) {  // statistics: up to nine words, only from their first
    if (count > 9) return 3;
    out.assign(count, 0);
    if (count == 9) out[8] = counted_;
    return 0;
  }
  for (int at = address; at < address + count; ++at) {
    switch (at) {
      case 0x1000: out.push_back(static_cast<std::uint16_t>(time_100ms())); break;
      case 0x1001: out.push_back(mask_); break;
      case 0x1002: out.push_back(0); break;
      case 0x1003: out.push_back(trigger_); break;
      case 0x1004: out.push_back(0xffff); break;
      case 0x1005: out.push_back(stop_); break;
      case 0x1006: out.push_back(status()); break;
      case 0x1007: out.push_back(1); break;
      case 0x1008: case 0x1009: case 0x100A: out.push_back(0); break;
      case 0x1020: case 0x1021: case 0x1022: case 0x1023: out.push_back(0); break;
      case 0x1024: out.push_back(is("wrong_identity") ? 8 : 16); break;
      case 0x1025: out.push_back(16); break;
      case 0x1030: out.push_back(0); break;
      default: return 2;
    }
  }
  return 0;
}

int Wago750Model::write_word(std::uint16_t address, std::uint16_t value) {
  switch (address) {
    case 0x1000:
      if (running_) return 4;
      time_ = value;
      return 0;
    case 0x1001:
      if (running_) return 4;
      mask_ = value;
      return 0;
    case 0x1003: {
      const bool changed = value != trigger_;
      trigger_ = value;
      if (changed && !tripped() && watchdog_time() != Duration{}) feed();
      return 0;
    }
    case 0x1005:
      if (stop_ == 0xAAAA && value == 0x5555) running_ = false;
      stop_ = value;
      return 0;
    case 0x1007:
      if (value != 1) return 3;
      if (tripped()) {
        tripped_ = false;
        feed();
      }
      return 0;
    case 0x1008:
      if (value != 0x55AA && value != 0xAA55) return 3;
      tripped_ = running_ = false;
      return 0;
    case 0x100B: return 0;
    default: return 2;
  }
}

int Wago750Model::write(int, Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) {
  request(table == Table::coil ? 5 : 6);
  if (table == Table::holding_register) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (const int exception = write_word(static_cast<std::uint16_t>(address + i), values[i])) return exception;
    return 0;
  }
  if (tripped()) return 4;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int at = (address >= 0x200 ? address - 0x200 : address) + static_cast<int>(i);
    if (at >= 16) return 2;
    set_output(at, values[i] != 0);
  }
  return 0;
}

}  // namespace rampa::hil
