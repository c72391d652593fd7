// A third witness: jsmodbus (JavaScript, no common ancestor with libmodbus or pymodbus) asks the Modbus server at PORT.
// Prints one line per question; witness_test.cpp compares them with what the model holds.
import net from 'node:net';
import modbus from 'jsmodbus';

const port = Number(process.argv[2]);
const socket = new net.Socket();
const unit7 = new modbus.client.TCP(socket, 7, 3000);
const say = (name, value) => console.log(`${name} ${JSON.stringify(value)}`);
const words = (answer) => answer.response.body.valuesAsArray;
// jsmodbus rejects an exception response; its body names the code.
const exception = (asked) => asked.then(() => 'none', (error) => error.response?.body?.code ?? String(error.err ?? error));

socket.on('error', (error) => {
  console.error(`no connection to port ${port}: ${error.message}`);
  process.exit(2);
});
socket.connect({ host: '127.0.0.1', port }, async () => {
  try {
    say('hold', Array.from(words(await unit7.readHoldingRegisters(100, 10))));
    say('input', Array.from(words(await unit7.readInputRegisters(100, 3))));
    say('coils', Array.from(words(await unit7.readCoils(16, 10))).slice(0, 10));
    say('bits', Array.from(words(await unit7.readDiscreteInputs(0, 10))).slice(0, 10));
    await unit7.writeSingleRegister(102, 99);
    await unit7.writeMultipleRegisters(103, [7, 8]);
    await unit7.writeSingleCoil(17, true);
    await unit7.writeMultipleCoils(18, [true, true, false]);
    say('exception', await exception(unit7.readHoldingRegisters(500, 1)));
    socket.end();
  } catch (error) {
    console.error(error?.message ?? error?.err ?? error);
    process.exit(1);
  }
});
