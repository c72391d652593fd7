// The records of one crossing, read again whenever something at its lane has changed.
import { untrack } from 'svelte';
import { getJson, Problem } from './api';
import { problemText } from './problem_text';
import type { CrossingDetail } from './types';

export class CrossingRecords {
  detail = $state.raw<CrossingDetail | null>(null);
  failure = $state('');
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Asks soon; many calls in a moment are one request. */
  ask(id: string | null, delayMs = 250): void {
    untrack(() => this.schedule(id, delayMs)); // an effect that asks must not run again because of what it got
  }

  private schedule(id: string | null, delayMs: number): void {
    clearTimeout(this.timer);
    if (!id) { this.detail = null; this.failure = ''; return; }
    if (this.detail && this.detail.id !== id) this.detail = null;
    this.timer = setTimeout(() => void this.load(id), this.detail ? delayMs : 0);
  }

  private async load(id: string): Promise<void> {
    try {
      this.detail = await getJson<CrossingDetail>(`/api/v1/crossings/${encodeURIComponent(id)}`, { background: true });
      this.failure = '';
    } catch (error) {
      // A crossing that was opened this moment may not be in the queryable picture yet: it comes with the next change.
      if (error instanceof Problem && error.status === 404 && this.detail === null) this.timer = setTimeout(() => void this.load(id), 1500);
      this.failure = problemText(error);
    }
  }
}
