// Who is signed in at this terminal, and keeping the session from locking while somebody works.
import { getSession, post, remove, sessionTrouble } from './api';
import { live } from './live.svelte';
import type { Officer, SessionState } from './types';

class Session {
  state = $state<SessionState | null>(null);
  /** The box did not answer when asked who is signed in. */
  unreachable = $state(false);
  private asking = false;
  private lastKeepalive = 0;

  get officer(): Officer | null { return this.state?.officer ?? null; }
  get decides(): boolean { return this.officer?.role === 'officer' || this.officer?.role === 'shift_leader'; }

  start(): void {
    sessionTrouble.listener = () => void this.ask();
    live.refused = () => setTimeout(() => void this.ask(), 300);
    for (const kind of ['pointerdown', 'keydown'] as const) addEventListener(kind, () => this.worked(), { passive: true, capture: true });
    void this.ask();
  }

  async ask(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      this.state = await getSession();
      this.unreachable = false;
      if (this.state.officer && !this.state.locked) live.connect();
    } catch {
      this.unreachable = true;
      setTimeout(() => void this.ask(), 2000);
    } finally {
      this.asking = false;
    }
  }

  async signIn(badge: string, password: string): Promise<void> {
    await post('/api/v1/session', { badge, password });
    await this.ask();
  }
  async claim(code: string, badge: string, name: string, password: string): Promise<void> {
    await post('/api/v1/claim', { code, badge, name, password });
    await this.ask();
  }
  async unlock(password: string): Promise<void> {
    await post('/api/v1/session/unlock', { password });
    await this.ask();
  }
  async signOut(): Promise<void> {
    await remove('/api/v1/session');
    await this.ask();
  }

  private worked(): void {
    if (!this.officer || this.state?.locked) return;
    const now = performance.now();
    if (now - this.lastKeepalive < 30_000) return;
    this.lastKeepalive = now;
    post('/api/v1/session/keepalive').catch(() => {
      // A lost session shows itself through sessionTrouble; a lost box through the stream.
    });
  }
}

export const session = new Session();
