// What the page and the SharedWorker say to each other, and the connection itself (which also runs in the page where
// there are no SharedWorkers).
export type FromStream =
  | { type: 'event'; name: string; data: unknown }
  | { type: 'state'; open: boolean; refused: boolean };
export type ToStream = { type: 'connect' } | { type: 'alive' } | { type: 'leave' };

const names = ['hello', 'lane', 'status', 'notice', 'reset', 'bye'];

export class Stream {
  private source: EventSource | null = null;
  private readonly lanes = new Map<string, unknown>();
  private status: unknown = null;
  private state: FromStream = { type: 'state', open: false, refused: false };

  constructor(private readonly tell: (message: FromStream) => void) {}

  /** Opens, or opens again after the server refused. */
  connect(): void {
    if (this.source && this.source.readyState !== EventSource.CLOSED) return;
    this.source = new EventSource('/api/v1/events');
    this.source.onopen = () => this.set(true, false);
    this.source.onerror = () => this.set(false, this.source?.readyState === EventSource.CLOSED);
    for (const name of names)
      this.source.addEventListener(name, (event) => this.take(name, JSON.parse((event as MessageEvent<string>).data)));
  }

  close(): void {
    this.source?.close();
    this.source = null;
    this.set(false, false);
  }

  /** What a page that comes later must be told. */
  picture(): FromStream[] {
    const messages: FromStream[] = [this.state];
    for (const lane of this.lanes.values()) messages.push({ type: 'event', name: 'lane', data: lane });
    if (this.status) messages.push({ type: 'event', name: 'status', data: this.status });
    return messages;
  }

  private take(name: string, data: unknown): void {
    if (name === 'hello') this.lanes.clear();
    if (name === 'lane') this.lanes.set((data as { id: string }).id, data);
    if (name === 'status') this.status = data;
    this.tell({ type: 'event', name, data });
  }

  private set(open: boolean, refused: boolean): void {
    this.state = { type: 'state', open, refused };
    this.tell(this.state);
  }
}
