// How fast bytes come or go, over the last few seconds: smooth enough to be read, quick enough to be true.

const span = 5_000; // ms

export class Rate {
  #seen: { at: number; bytes: number }[] = [];

  /** `bytes` in all until now, a time in milliseconds. */
  add(bytes: number, now: number): void {
    if (bytes < (this.#seen.at(-1)?.bytes ?? 0)) this.#seen = [];
    this.#seen.push({ at: now, bytes });
    while (this.#seen.length > 2 && this.#seen[0]!.at < now - span) this.#seen.shift();
  }

  /** Bytes per second; 0 when nothing has come for a while, or not enough to tell. */
  perSecond(now: number): number {
    const first = this.#seen[0];
    const last = this.#seen.at(-1);
    if (!first || !last || last.bytes === first.bytes) return 0;
    const latest = this.#seen.find(({ bytes }) => bytes === last.bytes)!;
    if (now - latest.at > span) return 0;
    return Math.round(((last.bytes - first.bytes) * 1000) / Math.max(now - first.at, 250));
  }

  clear(): void {
    this.#seen = [];
  }
}
