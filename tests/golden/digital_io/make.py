#!/usr/bin/env python3
"""Makes the golden conversations of the digital I/O modules. Run in this folder: python3 make.py. Form of the files and who
makes the bytes: ../modbus_conversation.py.

Addresses and contents stand here from the manuals, not from firmware-interfaces/icd:
  moxa      ioLogik E1200 Series User's Manual, E1214 Modbus mapping, page A-15 (relays: coils 0x0000-0x0005), and the address and register
            map of its later edition (DI_status 10001, modelName 35001 x 10, deviceUpTime 35021 x 2, watchdogAlarmFlag 04145: writing 1 clears;
            the last three were seen on the pages of E1211 and E1241 only)
  adam      ADAM-6000 Series User's Manual, appendix A4 as quoted in public threads: 00001-00006 inputs, 00017-00022 relays, both by FC01
  wago      WAGO-I/O-SYSTEM 750 manual 6.4-6.5: inputs 0x0000, read-back of outputs 0x0200, watchdog 0x1000 time, 0x1001 mask, 0x1003 trigger,
            0x1006 status (1 runs, 2 has run out), 0x1007 restart, 0x1024/0x1025 output and input bits, 0x1029 statistics (9 words)
No module was at hand. What each conversation shows is a lane's day in small: the module is identified, its heartbeat seen to move, the
boom raised by a pulse that is read back, and a watchdog that ran out is found and cleared. What was read while the connection was
being made is read once more: everything that identifies a module must come over one connection.
"""
import sys

sys.path.insert(0, "..")
from pymodbus.bit_read_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.bit_write_message import WriteSingleCoilRequest
from pymodbus.register_read_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest
from pymodbus.register_write_message import WriteSingleRegisterRequest

from modbus_conversation import Conversation, Device

# The lane's wiring: inputs 0-5 and outputs 0-3. The boom's loop is wired inverted (open contact: vehicle).
INPUTS = ["loop_entry", "loop_boom", "loop_exit", "photocell", "boom_open", "boom_closed"]
OUTPUTS = ["boom_raise", "boom_lower", "light_red", "light_green"]


def contacts(*on):
    """Levels on the terminals for what is true in the lane."""
    return [(name in on) != (name == "loop_boom") for name in INPUTS]


def points(*on, quality="good"):
    return "points " + " ".join(f"{name}={int(name in on)}" for name in INPUTS + OUTPUTS) + f" quality={quality}"


def text(characters, words):
    raw = characters.encode("ascii").ljust(2 * words, b"\0")
    return {i: raw[2 * i] << 8 | raw[2 * i + 1] for i in range(words)}


def table(first, values):
    return {first + i: value for i, value in enumerate(values)}


def moxa():
    device = Device(coils={**table(0x0000, [False] * 6), 4144: False}, discrete=table(0, contacts("boom_closed")),
                    inputs={**{5000 + i: word for i, word in text("ioLogik E1214", 10).items()}, 5020: 1, 5021: 0xDFFE})
    identity = [ReadInputRegistersRequest(5000, 10)]
    image = lambda: [ReadCoilsRequest(0, 6), ReadCoilsRequest(4144, 1), ReadDiscreteInputsRequest(0, 6), ReadInputRegistersRequest(5020, 2)]
    up_time = lambda seconds: device.set(4, 5020, [seconds >> 16, seconds & 0xFFFF])
    talk = Conversation("moxa-iologik-e1214", device, [
        "Moxa ioLogik E1200 Series User's Manual: E1214 mapping A-15 (relays), E1214 address and register map (inputs),",
        "system parameters (model name, up time, watchdog alarm) from the pages of E1211 and E1241. Invented values."])
    talk.step("identity-and-first-image", 0, "poll", 2 * identity + image(),
              [points("boom_closed", quality="suspect"), "condition checking heartbeat_unproven"])
    up_time(0x1DFFF)
    device.set(2, 0, contacts("boom_closed", "loop_entry"))
    talk.step("up-time-moves", 1000, "poll", image(), [points("boom_closed", "loop_entry"), "condition ready"])
    up_time(0x20000)  # carries into the high word: with the words exchanged this would be a fall, that is a restart
    talk.step("up-time-carries", 8193000, "poll", image(), [points("boom_closed", "loop_entry")])
    talk.step("boom-raise-and-read-back", 0, "raise", [WriteSingleCoilRequest(0, True), ReadCoilsRequest(0, 1)], ["command done"])
    up_time(0x20001)
    device.set(2, 0, contacts("loop_entry", "loop_boom"))
    talk.step("pulse-ends", 500, "poll", [WriteSingleCoilRequest(0, False), ReadCoilsRequest(0, 1)] + image(), [points("loop_entry", "loop_boom")])
    up_time(0x20002)
    device.set(2, 0, contacts("loop_boom", "boom_open", "photocell"))
    device.set(1, 4144, [True])
    talk.step("watchdog-alarm", 1000, "poll", image(),
              ["condition suspect watchdog_tripped", points("loop_boom", "boom_open", "photocell")])
    talk.step("alarm-is-cleared", 50, "poll", identity + image() + [WriteSingleCoilRequest(4144, True)],
              [points("loop_boom", "boom_open", "photocell"), "condition faulted watchdog_tripped"])
    device.set(1, 4144, [False])
    up_time(0x20003)
    talk.step("armed-again", 1000, "poll", identity + image(), [points("loop_boom", "boom_open", "photocell"), "condition ready"])

    old = Conversation("moxa-iologik-e1214.no-system-parameters", Device(coils=table(0, [False] * 6), discrete=table(0, contacts())), [
        "A firmware without the system parameters: pymodbus' own exception 2 on the model name."])
    old.step("identity-is-declined", 0, "poll", identity, ["condition faulted refused"])
    old.step("nothing-is-raised", 0, "raise", [], ["command refused"])

    other = Conversation("moxa-iologik-e1214.another-model", Device(
        coils={**table(0, [False] * 6), 4144: False}, discrete=table(0, contacts("boom_closed")),
        inputs={**{5000 + i: word for i, word in text("ioLogik E1212", 10).items()}, 5020: 0, 5021: 9}), ["An E1212 at the E1214's address."])
    other.step("identity-is-another", 0, "poll", 2 * identity + image(), ["condition faulted wrong_identity", points("boom_closed", quality="bad")])
    other.step("nothing-is-raised", 0, "raise", [], ["command refused"])


def adam(folder, unit):
    device = Device(coils={**table(0, contacts("boom_closed")), **table(16, [False] * 6)}, unit=unit)
    image = lambda: [ReadCoilsRequest(0, 6), ReadCoilsRequest(16, 6)]
    talk = Conversation(folder, device, [
        "ADAM-6000 Series User's Manual, appendix A4 as quoted in public threads: inputs 00001-00006, relays 00017-00022, both FC01.",
        f"Unit {unit}: " + ("newer firmware." if unit else "old firmware.") + " The model has no readable name, watchdog or counter. Invented values."])
    talk.step("connects", 0, "poll", image(), ["condition checking reconnected"])
    talk.step("first-image", 50, "poll", image(), [points("boom_closed"), "condition ready"])
    device.set(1, 0, contacts("boom_closed", "loop_entry", "loop_boom"))
    talk.step("a-lorry", 50, "poll", image(), [points("boom_closed", "loop_entry", "loop_boom")])
    talk.step("boom-raise-and-read-back", 0, "raise", [WriteSingleCoilRequest(16, True), ReadCoilsRequest(16, 1)], ["command done"])
    device.set(1, 0, contacts("boom_open", "loop_entry"))
    talk.step("pulse-ends", 500, "poll", [WriteSingleCoilRequest(16, False), ReadCoilsRequest(16, 1)] + image(), [points("boom_open", "loop_entry")])
    talk.step("boom-raise-again", 50, "raise", [WriteSingleCoilRequest(16, True), ReadCoilsRequest(16, 1)], ["command done"])
    device.set(1, 16, [False])
    talk.step("watchdog-let-the-relay-fall", 50, "poll", image(), ["condition suspect output_changed", points("boom_open", "loop_entry")])


def wago():
    inputs = lambda *on: contacts(*on) + [False] * 10
    tables = lambda **more: Device(coils=table(0x200, [False] * 16), discrete=table(0, inputs("boom_closed")),
                                   holding={0x1000: 10, 0x1001: 0, 0x1003: 0, 0x1006: 1, 0x1007: 0, 0x1024: 16, 0x1025: 16,
                                            **table(0x1029, [0] * 8 + [0xFFFE]), **more})
    device = tables()
    connect = [ReadHoldingRegistersRequest(0x1000, 2), ReadHoldingRegistersRequest(0x1003, 1), ReadHoldingRegistersRequest(0x1024, 2)]
    feed = lambda value: [WriteSingleRegisterRequest(0x1003, value)]
    image = lambda: [ReadCoilsRequest(0x200, 16), ReadDiscreteInputsRequest(0, 16), ReadHoldingRegistersRequest(0x1006, 1),
                     ReadHoldingRegistersRequest(0x1029, 9)]
    counted = lambda value: device.set(3, 0x1031, [value])
    source = ["WAGO-I/O-SYSTEM 750 manual 6.4-6.5 (image, registers 0x1000-0x1007, 0x1024-0x1025, 0x1029); a node of 16 DI and 16 DO.",
              "Invented values."]
    talk = Conversation("wago-750", device, source)
    talk.step("identity-and-watchdog", 0, "poll", 2 * connect + feed(1) + image(),
              [points("boom_closed", quality="suspect"), "condition checking heartbeat_unproven"])
    counted(0xFFFF)
    device.set(2, 0, inputs("boom_closed", "loop_entry"))
    talk.step("counter-moves", 200, "poll", feed(2) + image(), [points("boom_closed", "loop_entry"), "condition ready"])
    talk.step("boom-raise-and-read-back", 0, "raise", [WriteSingleCoilRequest(0x200, True), ReadCoilsRequest(0x200, 1)], ["command done"])
    counted(3)  # wrapped: no restart
    device.set(2, 0, inputs("loop_entry", "loop_boom"))
    talk.step("pulse-ends", 500, "poll", feed(3) + [WriteSingleCoilRequest(0x200, False), ReadCoilsRequest(0x200, 1)] + image(),
              [points("loop_entry", "loop_boom")])
    counted(9)
    device.set(3, 0x1006, [2])
    talk.step("watchdog-has-run-out", 200, "poll", feed(4) + image(), ["condition suspect watchdog_tripped", points("loop_entry", "loop_boom")])
    counted(20)
    talk.step("watchdog-is-restarted", 50, "poll", connect + feed(5) + image() + [WriteSingleRegisterRequest(0x1007, 1)],
              [points("loop_entry", "loop_boom"), "condition faulted watchdog_tripped"])
    device.set(3, 0x1006, [1])
    counted(31)
    talk.step("armed-again", 200, "poll", connect + feed(6) + image(), [points("loop_entry", "loop_boom"), "condition ready"])

    device = tables(**{})
    device.set(3, 0x1000, [0])
    off = Conversation("wago-750.watchdog-off", device, source)
    off.step("watchdog-time-is-zero", 0, "poll", 2 * connect + feed(1) + image(),
             [points("boom_closed", quality="suspect"), "condition faulted watchdog_unarmed"])
    off.step("nothing-is-raised", 0, "raise", [], ["command refused"])


moxa()
adam("advantech-adam-6060", 1)
adam("advantech-adam-6060.unit-0", 0)
wago()
