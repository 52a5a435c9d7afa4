// How many held the page since the reader came, and what has just changed. No DOM here.

/** A count from a moment on, in milliseconds. */
export interface Mark {
  at: number;
  count: number;
}

/** More of them are thinned out: a crowd that comes and goes all day must not fill the memory, nor the line. */
const mostMarks = 400;

export class History {
  #marks: Mark[] = [];

  get marks(): readonly Mark[] {
    return this.#marks;
  }

  add(count: number, now: number): void {
    if (this.#marks.at(-1)?.count === count) return;
    this.#marks.push({ at: now, count });
    if (this.#marks.length > mostMarks) this.#thin();
  }

  /** The steps of the line in a box of this size, time from the left to the right; empty until there is something to see. */
  line(width: number, height: number, now: number): [number, number][] {
    const first = this.#marks[0];
    if (!first || now <= first.at) return [];
    const most = Math.max(...this.#marks.map(({ count }) => count), 2);
    const x = (at: number): number => round(((at - first.at) / (now - first.at)) * width);
    const y = (count: number): number => round(height - (count / most) * height);
    const points: [number, number][] = [];
    for (const { at, count } of this.#marks) {
      const before = points.at(-1);
      if (before) points.push([x(at), before[1]]);
      points.push([x(at), y(count)]);
    }
    points.push([width, points.at(-1)![1]]);
    return points;
  }

  clear(): void {
    this.#marks = [];
  }

  /** Of each two neighbours in the older half the higher one stays: peaks are what is looked at. */
  #thin(): void {
    const half = Math.floor(mostMarks / 4) * 2;
    const kept: Mark[] = [];
    for (let i = 0; i < half; i += 2) {
      const [a, b] = [this.#marks[i]!, this.#marks[i + 1]!];
      kept.push({ at: a.at, count: Math.max(a.count, b.count) });
    }
    this.#marks = [...kept, ...this.#marks.slice(half)];
  }
}

const round = (n: number): number => Math.round(n * 10) / 10;

/** Gathers changes for a moment, so that a crowd that comes is one piece of news and not a hundred. */
export class News {
  #before: number | undefined;
  #settled: number | undefined;
  #since = 0;

  constructor(private patience = 1_500) {}

  /** What is to be said now: how many came, or, below zero, went. 0: nothing. */
  take(count: number | undefined, now: number): number {
    if (count === undefined || this.#settled === undefined) {
      this.#settled = this.#before = count;
      return 0;
    }
    if (count !== this.#before) {
      this.#before = count;
      if (this.#since === 0) this.#since = now;
    }
    if (this.#since === 0 || now - this.#since < this.patience) return 0;
    const change = count - this.#settled;
    this.#settled = count;
    this.#since = 0;
    return change;
  }

  clear(): void {
    this.#before = this.#settled = undefined;
    this.#since = 0;
  }
}
