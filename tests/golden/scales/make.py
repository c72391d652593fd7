#!/usr/bin/env python3
"""Makes the golden frames of the text scales, straight from the manuals' tables and independently of the C++ codecs.

Run in this folder: python3 make.py. The files are committed; beside each stands its NAME.provenance.txt, written here too.
Sources: toledo  MT Wildcat Technical Manual 12/00 tables 6-8..6-11
         sma     SCP-0499 as in Sartorius PR5211
         rincmd  Rinstrum R320 manual p.76 (the request 20160026: is the manual's own example)
"""


def toledo(weight, tare, place, net, negative, out_of_range, motion, b5=1, checksum=False, kg=1, expanded=0):
    swa = 0b0100000 | (1 << 3) | place
    swb = net | negative << 1 | out_of_range << 2 | motion << 3 | kg << 4 | b5 << 5
    swc = 0b0100000 | expanded << 4
    frame = bytes([2, swa, swb, swc]) + f"{weight:6d}".encode() + f"{tare:06d}".encode() + b"\r"
    if checksum:
        frame += bytes([-sum(frame) & 0x7F])
    return frame


def crc(text):
    value = 0xFFFF
    for byte in text:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


files = {
    "toledo-39980kg-stable.bin": toledo(39980, 0, 2, 0, 0, 0, 0),
    "toledo-39980kg-motion.bin": toledo(39980, 0, 2, 0, 0, 0, 1),
    "toledo-net-1234.5kg-tare-200.0kg.bin": toledo(12345, 2000, 3, 1, 0, 0, 0),
    "toledo-x10-tens-of-kg.bin": toledo(3998, 0, 1, 0, 0, 0, 0),
    "toledo-over-range.bin": toledo(99999, 0, 2, 0, 0, 1, 0),
    "toledo-negative.bin": toledo(20, 0, 2, 0, 1, 0, 0),
    "toledo-fairbanks-b5-zero.bin": toledo(39980, 0, 2, 0, 0, 0, 0, b5=0),
    "toledo-checksum.bin": toledo(39980, 0, 2, 0, 0, 0, 0, checksum=True),
    "toledo-pounds.bin": toledo(39980, 0, 2, 0, 0, 0, 0, kg=0),
    "sma-gross-stable.bin": b"\n 1G  " + b"   39980.0"[:10] + b"kg \r",
    "sma-gross-motion.bin": b"\nZ1GM " + b"       0.0" + b"kg \r",
    "sma-over.bin": b"\nO1G  " + b"   60020.0" + b"kg \r",
    "sma-initial-zero-error.bin": b"\nI1G  " + b"----------" + b"kg \r",
    "sma-pounds.bin": b"\n 1G  " + b"   88140.0" + b"lb \r",
    "rincmd-request-gross-decimal.txt": b"20160026:\r\n",
    "rincmd-reply-gross-hex.txt": b"81110026:00009C2C\r\n",
    "rincmd-reply-negative.txt": b"81110026:FFFFFFEC\r\n",
    "rincmd-reply-menu-in-use.txt": b"C1110026:8020\r\n",
    "rincmd-reply-checksummed.bin": b"\x0181110026:00009C2C" + b"%04X" % crc(b"81110026:00009C2C") + b"\x04",
}
sources = {
    "toledo": "bytes set bit by bit after tables 6-8 to 6-11 of Mettler-Toledo's Wildcat Technical Manual 12/00 (continuous output).",
    "sma": "text composed after SCP-0499 as the Sartorius PR5211 manual describes it (levels 1 and 2).",
    "rincmd": "text composed after the Rinstrum R320 manual, p.76 (command format).",
}
own = {
    "rincmd-request-gross-decimal.txt": "The request 20160026: is the manual's own example.",
    "rincmd-reply-checksummed.bin": "CRC-CCITT computed by this folder's make.py, not by our codec.",
    "toledo-checksum.bin": "Checksum computed by this folder's make.py, not by our codec.",
}
for name, content in files.items():
    with open(name, "wb") as out:
        out.write(content)
    with open(name.rsplit(".", 1)[0] + ".provenance.txt", "w") as out:
        out.write(f"Made by make.py of this folder, independently of the C++ codecs: {sources[name.split('-')[0]]}\n"
                  f"{own.get(name, 'Invented values.')} No indicator was at hand.\n")
