// What this tab holds and wants. Runs in a Worker, so that a page that spins doesn't stop the holding.
import { sha256 } from "./hash";
import type { Kept } from "./keep";
import { Page } from "./kept-page";
import type { FromHolder, Phase, ToHolder } from "./messages";
import type { Line, LinkState, Visitor } from "./socket";
import { defaultLimits, type FromNode, type Limits, type ToNode } from "./wire";
import { log } from "./words";

/** The connection, as far as the holder uses it. */
export interface Speaker {
  say(message: ToNode): void;
  readonly line: Line | undefined;
}

/** Where bytes outlive a reload of the tab, if the browser has such a place. */
export interface Shelf {
  save(kept: Kept): Promise<void>;
  remove(page: string): Promise<void>;
}

export interface HolderSurroundings {
  tell(message: FromHolder): void;
  setTimeout(run: () => void, ms: number): unknown;
  now(): number;
  random(): number;
}

export class Holder implements Visitor {
  link: Speaker = { say: () => {}, line: undefined };
  shelf: Shelf | undefined;
  #pages = new Map<string, Page>();
  #limits: Limits = defaultLimits;
  #watching = false;

  constructor(private env: HolderSurroundings) {}

  // ---- what the user does -------------------------------------------------------------------------------------

  async do(message: ToHolder): Promise<void> {
    switch (message.type) {
      case "create":
        return this.#create(message.bytes);
      case "open":
        return this.#open(message.page);
      case "again":
        this.#release(message.page);
        return this.#open(message.page);
      case "release":
        this.#release(message.page);
        return this.env.tell({ type: "gone", page: message.page });
      case "bring":
        return this.#bring(message.page, message.variants);
      case "file":
        return this.#giveFile(message.page, message.name);
      case "watch":
      case "unwatch":
        this.#watching = message.type === "watch";
        if (this.#limits.features.includes("pulse")) this.link.say({ type: message.type });
    }
  }

  /** Takes back what this tab held before it was reloaded. */
  async restore(found: Kept[]): Promise<void> {
    for (const { page, blob, bytes } of found)
      if ((await sha256(bytes)) === blob) this.#page(page).blobs.set(blob, bytes);
    for (const page of this.#pages.values()) {
      this.#log(log.restored(page.name));
      this.#takeRoot(page);
    }
  }

  async #create(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const name = await sha256(bytes);
    this.#log(log.created(name, bytes.length));
    const page = this.#page(name);
    page.own = true;
    this.#accept(page, name, bytes);
    this.env.tell({ type: "created", page: name });
  }

  #open(name: string): void {
    const known = this.#pages.get(name);
    const page = known ?? this.#page(name);
    this.#show(page);
    if (known) return this.#showContent(page);
    this.#log(log.wanting(name));
    this.link.say({ type: "want", page: name });
  }

  #release(name: string): void {
    if (!this.#pages.delete(name)) return;
    this.#log(log.released(name));
    this.link.say({ type: "release", page: name });
    this.#forget(name);
  }

  async #bring(name: string, variants: Uint8Array<ArrayBuffer>[]): Promise<void> {
    const names = await Promise.all(variants.map(sha256));
    const page = this.#pages.get(name);
    const right = variants[names.indexOf(name)];
    if (!page || !right) return this.env.tell({ type: "not-the-same", page: name, got: names[0] ?? "" });
    this.#log(log.broughtBack(name));
    if (!page.blobs.has(name)) this.#accept(page, name, right);
  }

  #giveFile(name: string, fileName: string): void {
    const file = this.#pages.get(name)?.file(fileName);
    if (file) this.env.tell({ type: "file", page: name, name: fileName, file });
  }

  // ---- what the node says -------------------------------------------------------------------------------------

  introduce(line: Line, limits: Limits): Iterable<string> {
    this.#limits = limits;
    this.env.tell({ type: "limits", maxBlob: limits.maxBlob });
    this.#log(log.welcomed);
    if (this.#watching && limits.features.includes("pulse")) line.send({ type: "watch" });
    const said: string[] = [];
    for (const page of this.#pages.values()) {
      if (!page.claim) continue;
      line.send(page.claim);
      said.push(page.name);
    }
    return said;
  }

  settled(): void {
    for (const page of this.#pages.values()) {
      page.getting.clear();
      this.#gather(page);
    }
  }

  heard(line: Line, message: FromNode): void {
    switch (message.type) {
      case "status":
        return this.#health(message);
      case "ask": {
        const page = this.#pages.get(message.page);
        const bytes = page?.phase === "held" ? page.blobs.get(message.blob) : undefined;
        if (bytes) line.sendBlob(message.blob, bytes);
        else line.send({ type: "miss", page: message.page, blob: message.blob });
        return this.#log(bytes ? log.gave(message.page, message.blob, bytes.length) : log.missed(message.page, message.blob));
      }
      case "error":
        return this.#trouble(message);
      case "goodbye":
        return this.#log(log.goodbye);
      case "pulse":
        return this.env.tell(message);
    }
  }

  async received(_line: Line, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const wanting = [...this.#pages.values()].filter((page) => page.getting.has(name) || (page.name === name && page.phase === "asking"));
    if (wanting.length === 0) return;
    const good = (await sha256(bytes)) === name;
    for (const page of wanting) {
      if (this.#pages.get(page.name) !== page) continue;
      if (good) this.#accept(page, name, bytes);
      else if (page.name === name) this.#fail(page, "wrong", "");
      else this.#getLater(page, name);
      if (!good) this.#log(log.wrong(page.name));
    }
  }

  linkChanged(state: LinkState, retryInMs: number): void {
    if (state !== "open") {
      for (const page of this.#pages.values()) {
        page.holders = undefined;
        this.#show(page);
      }
      this.#log(log.link(state, retryInMs));
    }
    this.env.tell({ type: "link", state, retryInMs });
  }

  #health(status: Extract<FromNode, { type: "status" }>): void {
    const page = this.#pages.get(status.page);
    if (!page) return;
    if (page.holders !== status.holders || page.waiters !== status.waiters || page.standing !== status.you)
      this.#log(log.status(status));
    page.holders = status.holders;
    page.waiters = status.waiters;
    page.standing = status.you;
    this.#show(page);
  }

  #trouble(error: Extract<FromNode, { type: "error" }>): void {
    this.#log(log.error(error.code, error.message));
    const page = error.page === undefined ? undefined : this.#pages.get(error.page);
    if (!page) return;
    switch (error.code) {
      case "blocked":
        page.drop();
        this.#forget(page.name);
        return this.#fail(page, "blocked", error.message);
      case "rate-limited":
        if (error.blob !== undefined) return this.#getLater(page, error.blob);
        return void this.env.setTimeout(() => this.#sayAgain(page), error.retryAfterMs ?? 5_000);
      case "unavailable":
        if (error.blob !== undefined) this.#getLater(page, error.blob);
        return;
      case "too-many":
        return error.blob !== undefined ? this.#getLater(page, error.blob) : this.#fail(page, "turned-away", error.message);
    }
  }

  // ---- a page on its way to being held ------------------------------------------------------------------------

  #page(name: string): Page {
    const page = this.#pages.get(name) ?? new Page(name);
    this.#pages.set(name, page);
    return page;
  }

  /** The bytes are known to have this name. */
  #accept(page: Page, name: string, bytes: Uint8Array<ArrayBuffer>): void {
    if (page.blobs.has(name)) return;
    page.getting.delete(name);
    page.blobs.set(name, bytes);
    this.#log(log.received(name, bytes.length));
    this.shelf?.save({ page: page.name, blob: name, bytes }).catch(() => this.#log(log.notKept));
    if (name === page.name) this.#takeRoot(page);
    else this.#gather(page);
  }

  #takeRoot(page: Page): void {
    if (!page.root) {
      this.link.say({ type: "want", page: page.name });
      return this.#show(page);
    }
    const document = page.readRoot(this.#limits.maxBlob);
    if (document.usable) {
      page.phase = "gathering";
      this.#gather(page);
    } else {
      this.#log(log.unusable(page.name, document.why));
      this.#fail(page, "unusable", document.why);
    }
    if (page.phase !== "held") this.#sayAgain(page);
    this.#showContent(page);
  }

  #gather(page: Page): void {
    if (page.phase !== "gathering") return;
    if (page.isWhole) return this.#hold(page);
    const { missing } = page;
    if (missing.length === 0) return this.#fail(page, "unusable", log.sizes);
    for (const blob of missing) {
      if (this.#openGets() >= this.#limits.maxGets) break;
      if (page.getting.has(blob) || !this.link.line) continue;
      page.getting.add(blob);
      this.link.line.send({ type: "get", page: page.name, blob });
    }
    this.#show(page);
  }

  #hold(page: Page): void {
    page.phase = "held";
    this.#log(log.holding(page.name));
    this.link.say({ type: "hold", page: page.name });
    this.#show(page);
  }

  #getLater(page: Page, blob: string): void {
    const wait = 1_000 + 4_000 * this.env.random();
    this.env.setTimeout(() => {
      page.getting.delete(blob);
      this.#gather(page);
    }, wait);
  }

  #openGets(): number {
    let open = 0;
    for (const page of this.#pages.values()) open += page.getting.size;
    return open;
  }

  #sayAgain(page: Page): void {
    if (page.claim && this.#pages.get(page.name) === page) this.link.say(page.claim);
  }

  #fail(page: Page, phase: Phase, why: string): void {
    page.phase = phase;
    page.why = why;
    this.#show(page);
  }

  #forget(name: string): void {
    this.shelf?.remove(name).catch(() => this.#log(log.notKept));
  }

  #show(page: Page): void {
    this.env.tell({ type: "state", state: page.state });
  }

  #showContent(page: Page): void {
    if (page.content) this.env.tell({ type: "content", content: page.content });
  }

  #log(text: string): void {
    this.env.tell({ type: "log", at: this.env.now(), text });
  }
}
