// A page on its way to being held: its root comes, its further blobs are fetched several at a time, and what is here helps others.
import type { Bytes } from "./bytes";
import type { Page } from "./kept-page";
import type { Phase } from "./messages";
import type { Successors } from "./successors";
import type { Tab } from "./tab";
import { unlock } from "./unlock";
import { log } from "./words";

const haveEvery = 50; // ms
const haveAt = 8; // names that are worth a `have` at once
const haveMost = 48; // names in one

export class Gathering {
  /** Of each page what is here and was not said yet. */
  #unsaid = new Map<Page, string[]>();

  constructor(private tab: Tab, private successors: Successors) {}

  /** The bytes are known to have this name. */
  acceptRoot(page: Page, bytes: Bytes): void {
    if (page.root) return;
    page.root = bytes;
    this.tab.log(log.received(page.name, bytes.length));
    if (!page.own) this.tab.happened("received", bytes.length);
    this.tab.store.putRoot(page.name, bytes);
    this.takeRoot(page);
  }

  async acceptBlob(page: Page, name: string, bytes: Bytes): Promise<void> {
    if (!page.fits(name, bytes.length)) return this.fail(page, "unusable", log.sizes);
    await this.tab.store.put(page.name, name, bytes);
    if (!this.tab.has(page) || page.has(name)) return;
    page.getting.delete(name);
    page.take(name, bytes.length);
    if (page.phase !== "gathering") return this.tab.showSoon(page);
    this.#haveParts(page, [name]);
    this.goOn(page);
  }

  /** The root is here: what the page is made of can be read, and fetched. */
  takeRoot(page: Page): void {
    const why = page.readRoot(this.tab.limits.maxBlob);
    if (why !== undefined) {
      this.tab.log(log.unusable(page.name, why));
      this.fail(page, "unusable", why);
      return this.tab.sayAgain(page);
    }
    for (const successor of page.hearsay.splice(0)) void this.successors.hear(page, successor);
    page.phase = page.loadsByItself ? "gathering" : "offered";
    this.tab.showAbout(page);
    void unlock(this.tab, page);
    this.goOn(page);
    if (!page.isWhole) {
      this.tab.sayAgain(page);
      this.haveAll(page);
    }
    this.tab.show(page);
  }

  /** Asks for as much of what is missing as may be asked for at once. */
  goOn(page: Page): void {
    if (page.phase !== "gathering") return;
    if (page.isWhole) return this.#hold(page);
    let open = 0;
    for (const { getting } of this.tab.pages.values()) open += getting.size;
    for (const blob of page.missing) {
      if (open >= this.tab.limits.maxGets) break;
      if (page.getting.has(blob) || !this.tab.link.line) continue;
      page.getting.add(blob);
      this.tab.link.line.send({ type: "get", page: page.name, blob });
      open++;
    }
    this.tab.showSoon(page);
  }

  /** The reader's word: load the rest, or wait with it. */
  load(page: Page, goOn: boolean): void {
    if (page.phase !== (goOn ? "offered" : "gathering")) return;
    page.phase = goOn ? "gathering" : "offered";
    if (goOn) return this.goOn(page);
    for (const blob of page.getting) this.tab.link.line?.send({ type: "cancel", page: page.name, blob });
    page.getting.clear();
    this.tab.show(page);
  }

  getLater(page: Page, blob: string): void {
    const wait = 1_000 + 4_000 * this.tab.env.random();
    this.tab.env.setTimeout(() => {
      page.getting.delete(blob);
      this.goOn(page);
    }, wait);
  }

  /** Says all that is here of the page, to a node that knows nothing of it. */
  haveAll(page: Page): void {
    this.#haveParts(page, [page.name, ...page.have.keys()]);
  }

  fail(page: Page, phase: Phase, why: string): void {
    page.phase = phase;
    page.why = why;
    this.tab.show(page);
  }

  #hold(page: Page): void {
    page.phase = "held";
    this.#unsaid.delete(page);
    const { state } = page;
    if (page.have.size > 0) this.tab.log(log.whole(page.name, state.totalBytes, page.have.size));
    this.tab.log(log.holding(page.name));
    this.tab.happened("holding", state.totalBytes + (page.root?.length ?? 0));
    this.tab.link.say({ type: "hold", page: page.name });
    this.tab.show(page);
    this.tab.showContent(page);
  }

  /** Those who are still fetching help each other: what is here can be asked for. */
  #haveParts(page: Page, blobs: string[]): void {
    if (!this.tab.isSpoken("parts") || blobs.length === 0) return;
    const unsaid = this.#unsaid.get(page) ?? [];
    if (unsaid.length === 0) this.tab.env.setTimeout(() => this.#sayHave(page), haveEvery);
    unsaid.push(...blobs);
    this.#unsaid.set(page, unsaid);
    if (unsaid.length >= haveAt) this.#sayHave(page);
  }

  #sayHave(page: Page): void {
    const names = this.#unsaid.get(page) ?? [];
    this.#unsaid.delete(page);
    if (!this.tab.has(page) || page.phase === "held") return;
    for (let i = 0; i < names.length; i += haveMost) this.tab.link.say({ type: "have", page: page.name, blobs: names.slice(i, i + haveMost) });
  }
}
