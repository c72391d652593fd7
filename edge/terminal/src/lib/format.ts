// Numbers and times. 24 hours, ISO dates, thin spaces between thousands: the same in every language offered.
const two = (n: number) => String(n).padStart(2, '0');

export function grouped(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}
export const kg = (n: number | null | undefined): string => (n === null || n === undefined ? '–' : `${grouped(n)}\u00a0kg`);
export function clock(ms: number | null | undefined, seconds = true): string {
  if (!ms) return '–';
  const d = new Date(ms);
  return `${two(d.getHours())}:${two(d.getMinutes())}${seconds ? `:${two(d.getSeconds())}` : ''}`;
}
export function day(ms: number): string {
  const d = new Date(ms);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}
/** Day and time. */
export const stamp = (ms: number | null | undefined): string => (ms ? `${day(ms)} ${clock(ms, false)}` : '–');
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s}\u00a0s`;
  if (s < 3600) return `${Math.floor(s / 60)}\u00a0min ${two(s % 60)}\u00a0s`;
  if (s < 172_800) return `${Math.floor(s / 3600)}\u00a0h ${two(Math.floor((s % 3600) / 60))}\u00a0min`;
  return `${Math.floor(s / 86_400)}\u00a0d`;
}
export function bytes(n: number): string {
  return n >= 2 ** 30 ? `${(n / 2 ** 30).toFixed(0)}\u00a0GiB` : `${(n / 2 ** 20).toFixed(0)}\u00a0MiB`;
}
