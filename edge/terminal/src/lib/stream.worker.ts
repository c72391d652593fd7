// One event stream for all tabs of a browser: HTTP/1.1 gives it six connections in all, and the seventh tab would hang.
import { Stream, type FromStream, type ToStream } from './stream';

const silentMax = 20_000; // a tab says "alive" every 5 s; ports themselves never tell that they closed
const ports = new Map<MessagePort, number>();
const stream = new Stream((message: FromStream) => {
  for (const port of ports.keys()) port.postMessage(message);
});

(self as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
  const port = event.ports[0]!;
  ports.set(port, Date.now());
  port.onmessage = (message: MessageEvent<ToStream>) => {
    ports.set(port, Date.now());
    if (message.data.type === 'connect') stream.connect();
    if (message.data.type === 'leave') ports.delete(port);
  };
  for (const message of stream.picture()) port.postMessage(message);
};

setInterval(() => {
  const now = Date.now();
  for (const [port, heard] of ports) if (now - heard > silentMax) ports.delete(port);
  if (ports.size === 0) stream.close();
}, 5_000);
