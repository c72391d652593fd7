#!/usr/bin/env python3
"""Makes the golden Modbus TCP frames of the register scales with pymodbus 3.0 (Debian python3-pymodbus).

Run in this folder: python3 make.py. The files are committed; this script is their provenance. pymodbus builds the
payload words and both frames; none of our code is involved. Register contents follow
  c500  Rinstrum C530 manual p.106 and p.150 (gross, net, displayed: 32-bit signed; status; error)
  dgt   Dini Argeo DGT4X quick guide p.11 (gross, net: 32-bit absolute; status; last command; outputs)
Each file: request, answer (hexadecimal, one line each; transaction 1, unit 1), then what it means.
"""
from pymodbus.constants import Endian
from pymodbus.factory import ClientDecoder, ServerDecoder
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.register_read_message import ReadInputRegistersRequest, ReadInputRegistersResponse
from pymodbus.transaction import ModbusSocketFramer


def words(fields, word_order):
    builder = BinaryPayloadBuilder(byteorder=Endian.Big, wordorder=word_order)
    for kind, value in fields:
        getattr(builder, f"add_{kind}")(value)
    return builder.to_registers()


def frames(count, registers):
    request = ReadInputRegistersRequest(0, count, unit=1)
    answer = ReadInputRegistersResponse(registers)
    request.transaction_id = answer.transaction_id = 1
    answer.unit_id = 1
    return (ModbusSocketFramer(ClientDecoder()).buildPacket(request).hex(),
            ModbusSocketFramer(ServerDecoder()).buildPacket(answer).hex())


def c500(gross, net, displayed, status, error=0, order=Endian.Big):
    return frames(10, words([("32bit_int", gross), ("32bit_int", net), ("32bit_int", displayed),
                             ("32bit_uint", status), ("32bit_uint", error)], order))


def dgt(gross, net, status, last=0, outputs=0):
    return frames(7, words([("32bit_uint", gross), ("32bit_uint", net), ("16bit_uint", status),
                            ("16bit_uint", last), ("16bit_uint", outputs)], Endian.Big))


GROSS, MOTION, OVER, ZERO = 1 << 3, 1 << 2, 1 << 1, 1 << 6
files = {
    "c500-39980-stable": (c500(39980, 39980, 39980, GROSS), "gross_g=39980000 net_g=39980000 tare_g=0 motion=0 over=0 net_mode=0 quality=good"),
    "c500-39980-motion": (c500(39980, 39980, 39980, GROSS | MOTION), "gross_g=39980000 net_g=39980000 tare_g=0 motion=1 over=0 net_mode=0 quality=good"),
    "c500-net-negative": (c500(12000, -3000, -3000, 0), "gross_g=12000000 net_g=-3000000 tare_g=15000000 motion=0 over=0 net_mode=1 quality=good"),
    "c500-overload": (c500(60200, 60200, 60200, GROSS | OVER), "gross_g=60200000 net_g=60200000 tare_g=0 motion=0 over=1 net_mode=0 quality=good"),
    "c500-words-swapped": (c500(39980, 39980, 39980, GROSS, order=Endian.Little), "quality=bad"),
    "c500-error": (c500(0, 0, 0, GROSS | ZERO, error=0x8000), "quality=bad"),
    "dgt-39980-stable": (dgt(39980, 39980, 1 << 2), "gross_g=39980000 net_g=39980000 tare_g=0 motion=0 over=0 net_mode=0 quality=good"),
    "dgt-39980-motion": (dgt(39980, 39980, 0), "gross_g=39980000 net_g=39980000 tare_g=0 motion=1 over=0 net_mode=0 quality=good"),
    "dgt-net-negative": (dgt(12000, 3000, 1 << 2 | 1 << 0 | 1 << 5), "gross_g=12000000 net_g=-3000000 tare_g=15000000 motion=0 over=0 net_mode=1 quality=good"),
    "dgt-gross-negative": (dgt(40, 40, 1 << 2 | 1 << 1 | 1 << 0 | 1 << 3), "gross_g=-40000 net_g=-40000 tare_g=0 motion=0 over=0 net_mode=0 quality=good"),
    "dgt-overload": (dgt(60200, 60200, 1 << 2 | 1 << 4), "gross_g=60200000 net_g=60200000 tare_g=0 motion=0 over=1 net_mode=0 quality=good"),
}
for name, ((request, answer), meaning) in files.items():
    with open(f"{name}.txt", "w") as file:
        file.write(f"{request}\n{answer}\n{meaning}\n")
