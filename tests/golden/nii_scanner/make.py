#!/usr/bin/env python3
"""Makes the golden conversation of an NII-IL/1 gateway and its line stream. Run in this folder: python3 make.py.

The interface is our own, so no manual but drivers/nii_scanner/NII-IL-1.md is the source; addresses, header and CRC stand here a second
time, from that text alone. The Modbus frames are pymodbus' (../modbus_conversation.py); the lines are packed with Python's struct, their
CRC-32C is computed bit by bit and compared below with the published check value and RFC 3720's example. Neither the bench's scanner
nor our framer is involved. No scanner was at hand.

Step files as in ../modbus_conversation.py, and one thing more: "lines FILE" plays these bytes on the line stream before the step.
"""
import struct
import sys

sys.path.insert(0, "..")
from pymodbus.bit_read_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.bit_write_message import WriteSingleCoilRequest
from pymodbus.register_read_message import ReadInputRegistersRequest
from pymodbus.register_write_message import WriteSingleRegisterRequest

from modbus_conversation import Conversation, Device

INTERLOCK = ["e_stop_chain", "door_a", "door_b", "key_switch", "search_button", "person_curtain", "vehicle_present_in", "vehicle_at_bcl",
             "vehicle_clear_out", "hv_ready", "beam_on_lamp", "fault"]
READY, SCANNING, COMPLETE = 4, 7, 8
CLOSED = ["e_stop_chain", "door_a", "door_b", "key_switch", "search_button"]


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283
assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720 B.4


def line(scan, number, time_us, encoder, pixels, last=False, bits=16):
    head = struct.pack("<4sBBHQIQiI", b"NIL1", 1, 2 if last else 0, bits, scan, number, time_us, encoder, len(pixels))
    data = struct.pack(f"<{len(pixels)}H", *pixels)
    return head + struct.pack("<I", crc32c(head + data)) + data


def in_hex(rows):
    return b"".join(struct.pack(f"<{len(row)}H", *row) for row in rows).hex()


def write_stream(name, data, what):
    with open(f"{name}.bin", "wb") as file:
        file.write(data)
    with open(f"{name}.provenance.txt", "w") as file:
        file.write(f"Packed by make.py of this folder from the table in drivers/nii_scanner/NII-IL-1.md (c), with Python's struct and a CRC-32C\n"
                   f"of its own; not by our simulator. {what} Invented pixels; no scanner was at hand.\n")


# Extremes, a byte pair that a wrong order would show, and the magic itself among the pixels.
rows = [[0, 1, 255, 256, 65534, 65535], [0x1234, 0x3412, 40000, 30000, 20000, 10000], [0x494E, 0x314C, 0x494E, 0x314C, 7, 8],
        [65535, 0, 65535, 0, 65535, 0]]
whole = b"".join(line(7, n, 1000 * n, -25 * n, row, last=n == 3) for n, row in enumerate(rows))
torn = line(6, 99, 99000, 0, [9] * 6)[23:]  # we came in the middle of an older line
cut = len(line(7, 0, 0, 0, rows[0])) + 17   # in the second line's header
write_stream("scan-7-part-1", torn + whole[:cut], "The end of an older line, line 0 of scan 7 and 17 bytes of line 1.")
write_stream("scan-7-part-2", whole[cut:], "The rest of line 1, lines 2 and 3; 3 is the last.")
damaged = bytearray(line(8, 1, 1000, 25, rows[1]))
damaged[-1] ^= 0x04
write_stream("scan-8-damaged", line(8, 0, 0, 0, rows[0]) + bytes(damaged) + line(8, 2, 2000, 50, rows[2]) * 2 + line(8, 3, 3000, 75, rows[3], last=True),
             "Scan 8: line 1 has a flipped bit in its last pixel, line 2 comes twice, 3 is the last.")

device = Device(coils={n: False for n in range(5)}, discrete={n: name in CLOSED for n, name in enumerate(INTERLOCK)},
                inputs=dict(enumerate([0x4E49, 1, READY, 0xFFFE, 0, 6, 500, 1])), holding={0: 0})
talk = Conversation("nii-il-1", device, ["drivers/nii_scanner/NII-IL-1.md (a), our own interface. Invented values."])
image = [ReadInputRegistersRequest(0, 8), ReadDiscreteInputsRequest(0, 12)]
read_back = lambda coil: [ReadCoilsRequest(coil, 1)]
write = lambda coil, on: [WriteSingleCoilRequest(coil, on)] + read_back(coil)
feed = lambda value: [WriteSingleRegisterRequest(0, value)]


def scanner(state, heartbeat, scan, *also):
    device.set(4, 2, [state, heartbeat, scan >> 16, scan & 0xFFFF])
    device.set(2, 0, [name in CLOSED or name in also for name in INTERLOCK])


def points(*also, quality="good"):
    return "points " + " ".join(f"scanner_{name}={int(name in CLOSED or name in also)}" for name in INTERLOCK) + f" quality={quality}"


talk.step("identity-and-withheld", 0, "poll", image + write(0, True),
          ["scanner 4 quality=suspect", points(quality="suspect"), "condition checking heartbeat_unproven"])
scanner(READY, 0xFFFF, 6, "vehicle_present_in")
talk.step("heartbeat-moves", 50, "poll", image + write(0, True) + read_back(0), ["scanner 4 quality=good", points("vehicle_present_in"), "condition ready"])
talk.step("permitted", 0, "permit", write(0, False), ["command done"])
scanner(SCANNING, 0, 7, "vehicle_present_in", "vehicle_at_bcl", "hv_ready", "beam_on_lamp")
talk.step("scan-7-begins", 50, "poll lines scan-7-part-1", feed(1) + image + read_back(0),
          ["scanner 7 quality=good", points("vehicle_present_in", "vehicle_at_bcl", "hv_ready", "beam_on_lamp")])
scanner(COMPLETE, 1, 7, "vehicle_clear_out")
talk.step("scan-7-ends", 50, "poll lines scan-7-part-2", feed(2) + image + read_back(0),
          ["scanner 8 scan=L1-scanner-7 quality=good", points("vehicle_clear_out"), f"strip L1-scanner-7 first=0 lines=4 pixels={in_hex(rows)}",
           "image L1-scanner-7 6x4 bits=16 complete=1 missing=0 repeated=0 quality=good"])
scanner(SCANNING, 2, 8, "hv_ready", "beam_on_lamp")
hole = [rows[0], [0] * 6, rows[2], rows[3]]
talk.step("scan-8-damaged", 50, "poll lines scan-8-damaged", feed(3) + image + read_back(0),
          ["scanner 7 quality=good", points("hv_ready", "beam_on_lamp"), f"strip L1-scanner-8 first=0 lines=4 pixels={in_hex(hole)}",
           "image L1-scanner-8 6x4 bits=16 complete=0 missing=1 repeated=1 quality=bad"])
talk.step("abort-is-an-edge", 0, "abort", write(1, False) + write(1, True), ["command done"])
talk.step("withheld", 0, "withhold", write(0, True), ["command done"])
talk.step("permitted-again", 0, "permit", write(0, False), ["command done"])
device.set(1, 0, [True])
scanner(READY, 3, 8)
talk.step("watchdog-has-withheld", 50, "poll", feed(4) + image + read_back(0),
          ["scanner 4 quality=good", points(), "condition checking watchdog_tripped"])
talk.step("nothing-is-permitted", 0, "permit", [], ["command refused"])
scanner(READY, 4, 8)
talk.step("armed-again", 50, "poll", image + write(0, True) + read_back(0), [points(), "condition ready"])

other = Device(coils={0: False}, discrete={n: False for n in range(12)}, inputs=dict(enumerate([0x4E49, 1, READY, 5, 0, 0, 0, 1])), holding={0: 0})
Conversation("nii-il-1.watchdog-off", other, ["drivers/nii_scanner/NII-IL-1.md (a): watchdog_ms 0 is off."]).step(
    "not-armed", 0, "poll", image[:1], ["condition faulted watchdog_unarmed"])
