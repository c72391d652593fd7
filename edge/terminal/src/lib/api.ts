// Requests to the appliance. Every failure is a Problem with a word the screens know.
import type { SessionState } from './types';

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly word: string,
    readonly detail: string,
    readonly retryAfterS: number | null = null,
  ) {
    super(`${word}: ${detail}`);
  }
}

interface Options { method?: string; body?: unknown; background?: boolean; idempotencyKey?: string; signal?: AbortSignal }

/** Told when an answer says that the session is gone or locked. */
export const sessionTrouble: { listener: () => void } = { listener: () => {} };

async function request(path: string, options: Options = {}): Promise<Response> {
  const headers: Record<string, string> = { 'X-Rampa': '1' };
  if (options.background) headers['X-Rampa-Background'] = '1';
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey;
  const init: RequestInit = { method: options.method ?? 'GET', headers, credentials: 'same-origin' };
  if (options.signal) init.signal = options.signal;
  if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(options.body);
  } else if (init.method === 'POST') {
    init.body = '';
  }
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, 'offline', '');
  }
  if (answer.ok) return answer;
  let word = 'internal';
  let detail = `HTTP ${answer.status}`;
  try {
    const body = await answer.json();
    word = String(body.type ?? '').replace('urn:rampa:problem:', '') || word;
    detail = String(body.detail ?? detail);
  } catch {
    // Not our problem document (a proxy's page): the status says enough.
  }
  if (word === 'not-signed-in' || word === 'session-locked') sessionTrouble.listener();
  const retry = Number(answer.headers.get('Retry-After'));
  throw new Problem(answer.status, word, detail, retry > 0 ? retry : null);
}

export async function getJson<T>(path: string, options: Options = {}): Promise<T> {
  return (await (await request(path, options)).json()) as T;
}
export async function post<T>(path: string, body?: unknown, idempotencyKey?: string): Promise<T | null> {
  const answer = await request(path, { method: 'POST', body, idempotencyKey });
  return answer.status === 204 ? null : ((await answer.json()) as T);
}
export const remove = (path: string) => request(path, { method: 'DELETE' });
export const getBytes = async (path: string) => (await request(path, { background: true })).arrayBuffer();
export const getSession = () => getJson<SessionState>('/api/v1/session', { background: true });
export const blobUrl = (sha256: string) => `/api/v1/blobs/${sha256}`;
export const referenceUrl = (sha256: string) => `/api/v1/reference-images/${sha256}`;

/** A new key per decision, not per attempt to send it. randomUUID needs a secure context; a post's LAN may have none. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}
