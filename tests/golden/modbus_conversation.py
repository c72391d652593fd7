"""Both ends of a golden Modbus TCP conversation by pymodbus 3.0 (Debian python3-pymodbus): its client builds the request's
bytes, its server decodes exactly those, carries them out on its own tables and builds the answer's bytes, and its client
has to understand them. So a read-back shows what pymodbus' server stored, and an address that the tables lack is answered
by pymodbus' exception. None of our code is involved.

Imported by the make.py beside each folder of conversations. A conversation is a folder, a step of it a file:

    # where the step comes from
    after 500 ms: poll              what the driver is asked, and how long after the step before
    > 00030000000601050000ff00      a request that the driver must send (transaction number aside), in this order
    < 00030000000601050000ff00      its answer
    = points loop_entry=1 ...       everything that the driver must then say, in this order
"""
import os

from pymodbus.datastore import ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.factory import ClientDecoder, ServerDecoder
from pymodbus.transaction import ModbusSocketFramer
from pymodbus.version import version

MAKER = f"pymodbus {version.short()} (Debian python3-pymodbus)"


class Device:
    """A module: its tables, as {address: value}, and the unit it answers as."""

    def __init__(self, coils=None, discrete=None, inputs=None, holding=None, unit=1):
        table = lambda values: ModbusSparseDataBlock(dict(values or {0xFFFF: 0}))
        self.context = ModbusSlaveContext(co=table(coils), di=table(discrete), ir=table(inputs), hr=table(holding), zero_mode=True)
        self.unit, self.transaction = unit, 0

    def set(self, function, address, values):
        """The world changes what `function` reads there."""
        self.context.setValues(function, address, values)

    def exchange(self, request):
        self.transaction += 1
        request.unit_id, request.transaction_id = self.unit, self.transaction
        asked = ModbusSocketFramer(ClientDecoder()).buildPacket(request)
        answer = ServerDecoder().decode(asked[7:]).execute(self.context)
        answer.unit_id, answer.transaction_id = self.unit, self.transaction
        told = ModbusSocketFramer(ServerDecoder()).buildPacket(answer)
        assert ClientDecoder().decode(told[7:]) is not None
        return asked.hex(), told.hex()


class Conversation:
    """`source`: lines for the head of every file, on where the contents come from."""

    def __init__(self, folder, device, source):
        self.folder, self.device, self.source, self.steps = folder, device, source, 0
        os.makedirs(folder, exist_ok=True)

    def step(self, name, after_ms, action, requests, meaning):
        self.steps += 1
        lines = [f"# Made by {MAKER}, client and server, with make.py of this folder's parent and ../modbus_conversation.py."]
        lines += [f"# {line}" for line in self.source] + [f"after {after_ms} ms: {action}"]
        for request in requests:
            asked, told = self.device.exchange(request)
            lines += [f"> {asked}", f"< {told}"]
        lines += [f"= {line}" for line in meaning]
        with open(f"{self.folder}/{self.steps:02}-{name}.txt", "w") as file:
            file.write("\n".join(lines) + "\n")
