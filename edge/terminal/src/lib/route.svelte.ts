// The page is in the address (#/lane/L1), so that it survives a reload and can be bookmarked.
class Route {
  parts = $state<string[]>(read());
  constructor() {
    addEventListener('hashchange', () => (this.parts = read()));
  }
  get view(): string { return this.parts[0] ?? 'lanes'; }
  get id(): string { return this.parts[1] ?? ''; }
}

function read(): string[] {
  const path = location.hash.replace(/^#\/?/, '');
  return path ? path.split('/').map(decodeURIComponent) : [];
}

export const route = new Route();
export const go = (path: string) => { location.hash = `#/${path}`; };
