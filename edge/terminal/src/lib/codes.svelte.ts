// Names of codes, from the lists that HQ sent to the box. Without a list, or where it cannot be had now, a code stands alone.
import { getJson } from './api';
import { inLanguage } from './texts';

interface CodeList { codes: { code: string; texts: Record<string, string> }[] }

const againMs = 600_000; // a newer version may have come

class Codes {
  private lists = $state<Record<string, Record<string, Record<string, string>>>>({});
  private asked = -Infinity;

  /** Asks the box for its lists; not again for a while. */
  async load(): Promise<void> {
    if (performance.now() - this.asked < againMs) return;
    this.asked = performance.now();
    try {
      const { lists } = await getJson<{ lists: { name: string }[] }>('/api/v1/code-lists', { background: true });
      for (const { name } of lists) {
        const list = await getJson<CodeList>(`/api/v1/code-lists/${encodeURIComponent(name)}`, { background: true });
        this.lists[name] = Object.fromEntries(list.codes.map(({ code, texts }) => [code, texts]));
      }
    } catch {
      this.asked = -Infinity; // with the next page
    }
  }

  /** In the officer's language; empty where the list does not know it. */
  name(list: string, code: string): string {
    const texts = this.lists[list]?.[code];
    return texts ? inLanguage(texts) : '';
  }
}

export const codes = new Codes();
