#!/usr/bin/env python3
"""Makes the golden Modbus TCP frames of the register scales with pymodbus 3.0 (Debian python3-pymodbus).

Run in this folder: python3 make.py. The files are committed; each says in its head where it comes from. pymodbus builds the
payload words and both frames; none of our code is involved. Register contents follow
  c500  Rinstrum C530 manual p.106 and p.150 (gross, net, displayed: 32-bit signed; status; error)
  dgt   Dini Argeo DGT4X quick guide p.11 (gross, net: 32-bit absolute; status; last command; outputs)
  ft13  Flintec FT-13 manual p.48 (displayed weight: 32-bit signed; status; tare). The manual prints the request
        01 03 0000 0002 for the weight; below it is compared with pymodbus'. The status bits are assumed, not the manual's.
Each file: a line on where it comes from, request, answer (hexadecimal, one line each; transaction 1, unit 1), then what it means.
"""
from pymodbus.constants import Endian
from pymodbus.factory import ClientDecoder, ServerDecoder
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.register_read_message import (ReadHoldingRegistersRequest, ReadHoldingRegistersResponse,
                                             ReadInputRegistersRequest, ReadInputRegistersResponse)
from pymodbus.transaction import ModbusSocketFramer


def words(fields, word_order):
    builder = BinaryPayloadBuilder(byteorder=Endian.Big, wordorder=word_order)
    for kind, value in fields:
        getattr(builder, f"add_{kind}")(value)
    return builder.to_registers()


def frames(count, registers, ask=ReadInputRegistersRequest, tell=ReadInputRegistersResponse):
    request = ask(0, count, unit=1)
    answer = tell(registers)
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


def ft13(weight, status=0, tare=0, order=Endian.Big):
    return frames(5, words([("32bit_int", weight), ("16bit_uint", status), ("32bit_int", tare)], order),
                  ReadHoldingRegistersRequest, ReadHoldingRegistersResponse)


printed = ReadHoldingRegistersRequest(0, 2, unit=1)
assert bytes([printed.unit_id, printed.function_code]) + printed.encode() == bytes.fromhex("010300000002")

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
    "ft13-39980-stable": (ft13(39980), "gross_g=39980000 net_g=39980000 tare_g=0 motion=0 over=0 net_mode=0 quality=good"),
    "ft13-39980-motion": (ft13(39980, 1 << 0), "gross_g=39980000 net_g=39980000 tare_g=0 motion=1 over=0 net_mode=0 quality=good"),
    "ft13-negative": (ft13(-900, 1 << 2), "gross_g=-900000 net_g=-900000 tare_g=0 motion=0 over=0 net_mode=0 quality=good"),
    "ft13-overload": (ft13(60200, 1 << 1), "gross_g=60200000 net_g=60200000 tare_g=0 motion=0 over=1 net_mode=0 quality=good"),
    "ft13-tare-set": (ft13(-3000, tare=15000), "quality=bad"),
    "ft13-words-swapped": (ft13(39980, order=Endian.Little), "quality=bad"),
}
sources = {
    "c500": "registers after the Rinstrum C530 manual p.106 and p.150",
    "dgt": "registers after the Dini Argeo DGT4X quick guide p.11",
    "ft13": "registers after the Flintec FT-13 manual p.48; its status bits are assumed",
}
for name, ((request, answer), meaning) in files.items():
    with open(f"{name}.txt", "w") as file:
        file.write(f"# Frames by pymodbus 3.0 (make.py of this folder); {sources[name.split('-')[0]]}. Invented values.\n"
                   f"{request}\n{answer}\n{meaning}\n")
