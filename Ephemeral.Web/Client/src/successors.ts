// What follows a page: said by this tab for its own pages, heard and checked for those of others. Decision 16.
import { Author, isSigned } from "./author";
import { base64url } from "./bytes";
import type { Page } from "./kept-page";
import type { Tab } from "./tab";
import { isHash, type Successor } from "./wire";
import { log } from "./words";

const mostHearsay = 8;
const sayNewestEvery = 30_000; // ms, at most, when others say what is not so
/** Under this name a page's shelf has what this tab needs as its author. No blob is called so. */
export const authorBlob = "a".repeat(64);

export class Successors {
  #contradicted = new WeakMap<Page, number>();

  constructor(private tab: Tab) {}

  /** Says of every version before this one that this one follows it. */
  async publish(page: Page): Promise<void> {
    if (!page.author) return;
    for (const name of page.before) {
      const before = this.tab.pages.get(name);
      if (!before || (before.newest?.version ?? 0) >= page.version) continue;
      before.newest = await page.author.sign(name, page.name, page.version);
      this.tab.log(log.follows(name, page.name));
      this.say(before);
      this.tab.show(before);
    }
  }

  /** Says what follows the page to a node that counts this tab among its holders. */
  say(page: Page, line = this.tab.link.line): void {
    if (!page.newest || !line || page.standing !== "holder" || !this.tab.isSpoken("successors")) return;
    page.saidOn = line;
    line.send({ type: "successor", page: page.name, ...page.newest });
  }

  async hear(page: Page, successor: Successor): Promise<void> {
    if (!page.document) {
      if (page.hearsay.length < mostHearsay) page.hearsay.push(successor);
      return;
    }
    const { author } = page.document;
    const subtle = this.tab.env.crypto?.subtle as SubtleCrypto | undefined;
    if (!author || !subtle || successor.next === page.name) return;
    if (!(await isSigned(subtle, author, page.name, successor))) return this.#contradict(page);
    if (successor.version <= (page.newest?.version ?? page.version)) return;
    page.newest = successor;
    this.tab.log(log.follows(page.name, successor.next));
    this.tab.show(page);
  }

  async keepAuthor(page: Page): Promise<void> {
    if (!page.author) return;
    const saved = { key: base64url(await page.author.save()), version: page.version, before: page.before, passphrase: page.passphrase };
    await this.tab.store.shelf?.save(page.name, authorBlob, new TextEncoder().encode(JSON.stringify(saved))).catch(() => this.tab.log(log.notKept));
  }

  async restoreAuthor(page: Page): Promise<void> {
    const saved = await this.tab.store.shelf?.load(page.name, authorBlob);
    const header = page.document?.author;
    if (!saved || !header) return;
    const { key, version, before, passphrase } = JSON.parse(new TextDecoder().decode(saved)) as { key: string; version: number; before: string[]; passphrase: string };
    const bytes = Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    page.author = await Author.restore(this.tab.env.crypto.subtle, bytes, header).catch(() => undefined);
    if (page.author) Object.assign(page, { own: true, version, before: before.filter(isHash), passphrase });
    this.tab.show(page);
  }

  /** What is not so may have taken the place of what is: who comes later would not hear of it. */
  #contradict(page: Page): void {
    const { env } = this.tab;
    const now = env.now();
    if (!page.newest || now - (this.#contradicted.get(page) ?? -Infinity) < sayNewestEvery) return;
    this.#contradicted.set(page, now);
    env.setTimeout(() => this.say(page), 5_000 * env.random());
  }
}
