// The post as the screen knows it: lanes, status, notices, and how old all that is.
import { Stream, type FromStream, type ToStream } from './stream';
import type { Lane, Notice, Status } from './types';

export const staleAfterMs = 5000;

class Live {
  lanes = $state<Lane[]>([]);
  status = $state<Status | null>(null);
  notices = $state<(Notice & { key: number })[]>([]);
  /** The stream is open (the terminal reaches the box). */
  open = $state(false);
  /** Moves twice a second, so that ages on the screen move. */
  now = $state(performance.now());
  private heard = $state(-Infinity);
  private statusHeard = $state(-Infinity);
  private noticeKey = 0;
  private send: (message: ToStream) => void = () => {};
  refused: () => void = () => {};

  /** Milliseconds since anything was heard from the box. */
  get silentMs(): number { return this.now - this.heard; }
  get stale(): boolean { return this.silentMs > staleAfterMs; }
  /** The box's clock. */
  get boxNowMs(): number {
    return this.status ? this.status.now_ms + Math.max(0, this.now - this.statusHeard) : Date.now();
  }
  laneAgeMs(id: string): number {
    const known = this.status?.lanes.find((l) => l.id === id);
    return (known?.age_ms ?? 0) + Math.max(0, this.now - this.statusHeard);
  }
  laneStale(id: string): boolean { return this.stale || this.laneAgeMs(id) > staleAfterMs; }
  lane(id: string): Lane | undefined { return this.lanes.find((l) => l.id === id); }

  start(): void {
    setInterval(() => (this.now = performance.now()), 500);
    if (typeof SharedWorker !== 'undefined') {
      const worker = new SharedWorker(new URL('./stream.worker.ts', import.meta.url), { type: 'module', name: 'rampa-stream' });
      worker.port.onmessage = (message: MessageEvent<FromStream>) => this.take(message.data);
      this.send = (message) => worker.port.postMessage(message);
      setInterval(() => this.send({ type: 'alive' }), 5000);
      addEventListener('pagehide', () => this.send({ type: 'leave' }));
    } else {
      const stream = new Stream((message) => this.take(message));
      this.send = (message) => { if (message.type === 'connect') stream.connect(); };
    }
  }
  connect(): void { this.send({ type: 'connect' }); }

  dismiss(key: number): void { this.notices = this.notices.filter((n) => n.key !== key); }

  private take(message: FromStream): void {
    if (message.type === 'state') {
      this.open = message.open;
      if (message.refused) this.refused();
      return;
    }
    this.heard = performance.now();
    if (message.name === 'lane') {
      const lane = message.data as Lane;
      const at = this.lanes.findIndex((l) => l.id === lane.id);
      if (at < 0) this.lanes.push(lane);
      else this.lanes[at] = lane;
    } else if (message.name === 'status') {
      this.status = message.data as Status;
      this.statusHeard = this.heard;
      // The status names all lanes in the site file's order, which is the board's.
      const order = new Map(this.status.lanes.map((l, i) => [l.id, i]));
      const sorted = this.lanes.filter((l) => order.has(l.id)).sort((a, b) => order.get(a.id)! - order.get(b.id)!);
      if (sorted.length !== this.lanes.length || sorted.some((l, i) => l.id !== this.lanes[i]!.id)) this.lanes = sorted;
    } else if (message.name === 'notice') {
      this.notices = [...this.notices.slice(-4), { ...(message.data as Notice), key: ++this.noticeKey }];
    }
  }
}

export const live = new Live();
