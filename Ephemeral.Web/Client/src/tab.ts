// What the parts of the holder share: this tab's pages, its line to a node, and what is told to the page that the user sees.
import { Page } from "./kept-page";
import type { FromHolder, Happening } from "./messages";
import type { Line } from "./socket";
import { Store } from "./store";
import { defaultLimits, type Limits, type ToNode } from "./wire";
import { log } from "./words";

/** The connection, as far as the holder uses it. */
export interface Speaker {
  say(message: ToNode): void;
  readonly line: Line | undefined;
}

export interface HolderSurroundings {
  tell(message: FromHolder): void;
  setTimeout(run: () => void, ms: number): unknown;
  now(): number;
  random(): number;
  crypto: Crypto;
}

export const tellEvery = 250; // ms, what changes with every blob

export class Tab {
  link: Speaker = { say: () => {}, line: undefined };
  limits: Limits = defaultLimits;
  readonly pages = new Map<string, Page>();
  readonly store = new Store(() => this.log(log.notKept));
  #untold = new Set<Page>();

  constructor(readonly env: HolderSurroundings) {}

  /** The page of that name, which is this tab's from now on. */
  page(name: string): Page {
    const page = this.pages.get(name) ?? new Page(name);
    this.pages.set(name, page);
    return page;
  }

  /** It has not been let go of meanwhile. */
  has(page: Page): boolean {
    return this.pages.get(page.name) === page;
  }

  isSpoken(feature: string): boolean {
    return this.limits.features.includes(feature);
  }

  /** Says once more what this tab is to the page. */
  sayAgain(page: Page): void {
    if (page.claim && this.has(page)) this.link.say(page.claim);
  }

  // ---- what is told -------------------------------------------------------------------------------------------

  show(page: Page): void {
    this.#untold.delete(page);
    if (this.has(page)) this.env.tell({ type: "state", state: page.state });
  }

  /** What changes with every blob is told a few times a second. */
  showSoon(page: Page): void {
    if (this.#untold.has(page)) return;
    this.#untold.add(page);
    this.env.setTimeout(() => {
      if (this.#untold.has(page)) this.show(page);
    }, tellEvery);
  }

  showAbout(page: Page): void {
    if (page.about) this.env.tell({ type: "about", about: page.about });
  }

  showContent(page: Page): void {
    if (page.content) this.env.tell({ type: "content", content: page.content });
  }

  happened(what: Happening["what"], bytes = 0, others = 0): void {
    this.env.tell({ type: "happened", happening: { what, bytes, others } });
  }

  log(text: string): void {
    this.env.tell({ type: "log", at: this.env.now(), text });
  }
}
