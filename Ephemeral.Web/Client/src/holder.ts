// What this tab holds and wants. Runs in a Worker, so that a page that spins doesn't stop the holding.
import type { Bytes } from "./bytes";
import { Gathering } from "./gathering";
import { sha256 } from "./hash";
import type { Kept } from "./keep";
import { draftPage, KeptDraft } from "./kept-draft";
import { Making } from "./making";
import type { ToHolder } from "./messages";
import type { Line, LinkState, Visitor } from "./socket";
import type { Shelf } from "./store";
import { authorBlob, Successors } from "./successors";
import { Tab, type HolderSurroundings, type Speaker } from "./tab";
import { unlock } from "./unlock";
import type { FromNode, Limits } from "./wire";
import { log } from "./words";

export class Holder implements Visitor {
  #tab: Tab;
  #successors: Successors;
  #gathering: Gathering;
  #making: Making;
  #watching = false;
  #draft: KeptDraft;

  constructor(private env: HolderSurroundings) {
    this.#tab = new Tab(env);
    this.#draft = new KeptDraft(this.#tab);
    this.#successors = new Successors(this.#tab);
    this.#gathering = new Gathering(this.#tab, this.#successors);
    this.#making = new Making(this.#tab, this.#gathering, this.#successors);
  }

  set link(link: Speaker) {
    this.#tab.link = link;
  }

  set shelf(shelf: Shelf | undefined) {
    this.#tab.store.shelf = shelf;
  }

  // ---- what the user does -------------------------------------------------------------------------------------

  async do(message: ToHolder): Promise<void> {
    switch (message.type) {
      case "create":
        return this.#making.make(message.page, this.#draft.kept);
      case "draft":
        return this.#draft.keep(message.draft);
      case "stop-making":
        return this.#making.stop();
      case "open":
        return this.#open(message.page, message.key);
      case "unlock":
        return this.#useKey(message.page, message.key, message.passphrase);
      case "load":
      case "pause": {
        const page = this.#tab.pages.get(message.page);
        return page && this.#gathering.load(page, message.type === "load");
      }
      case "again":
        return this.#again(message.page);
      case "peek":
        return this.#peek(message.page);
      case "release":
        this.#release(message.page);
        return this.env.tell({ type: "gone", page: message.page });
      case "bring":
        return this.#bring(message.page, message.variants);
      case "file":
        return this.#giveFile(message);
      case "watch":
      case "unwatch":
        this.#watching = message.type === "watch";
        if (this.#tab.isSpoken("pulse")) this.#tab.link.say({ type: message.type });
    }
  }

  /** Takes back what this tab held before it was reloaded. */
  async restore(found: Kept[]): Promise<void> {
    const { store, pages } = this.#tab;
    const names = new Set(found.map(({ page }) => page));
    for (const name of names) {
      if (name === draftPage) {
        await this.#draft.restore();
        continue;
      }
      const root = await store.shelf?.load(name, name);
      // Without its root, or with another, it is one that was still being made.
      if (!root || (await sha256(root)) !== name) {
        store.forget(name);
        continue;
      }
      const page = this.#tab.page(name);
      for (const { blob, size } of found.filter(({ page }) => page === name)) if (blob !== name && blob !== authorBlob) page.take(blob, size);
      page.root ??= root;
      this.#tab.log(log.restored(name));
      this.#gathering.takeRoot(page);
      await this.#successors.restoreAuthor(page);
    }
    for (const page of pages.values()) await this.#successors.publish(page);
  }

  #open(name: string, key: string): void {
    const known = this.#tab.pages.get(name);
    const page = known ?? this.#tab.page(name);
    const newKey = key !== "" && key !== page.key;
    if (newKey) page.key = key;
    if (!known) {
      this.#tab.log(log.wanting(name));
      this.#tab.happened("asked");
      this.#tab.link.say({ type: "want", page: name });
    } else if (page.about) {
      this.#tab.showAbout(page);
      if (newKey && !page.inside) void unlock(this.#tab, page);
    }
    this.#tab.show(page);
    this.#tab.showContent(page);
  }

  #useKey(name: string, key: string, passphrase: string): Promise<void> | undefined {
    const page = this.#tab.pages.get(name);
    if (!page || page.inside) return;
    if (key !== "") page.key = key;
    page.passphrase = passphrase;
    return unlock(this.#tab, page);
  }

  #again(name: string): void {
    const key = this.#tab.pages.get(name)?.key ?? "";
    this.#release(name);
    this.#open(name, key);
  }

  #release(name: string): void {
    if (!this.#tab.pages.delete(name)) return;
    this.#tab.log(log.released(name));
    this.#tab.link.say({ type: "release", page: name });
    this.#tab.store.forget(name);
  }

  async #bring(name: string, variants: Bytes[]): Promise<void> {
    const names = await Promise.all(variants.map(sha256));
    const page = this.#tab.pages.get(name);
    const right = variants[names.indexOf(name)];
    if (!page || !right) return this.env.tell({ type: "not-the-same", page: name, got: names[0] ?? "" });
    this.#tab.log(log.broughtBack(name));
    if (!page.root) this.#gathering.acceptRoot(page, right);
  }

  /** Gets what follows the page, with the key and the passphrase of this one. */
  #peek(name: string): void {
    const page = this.#tab.pages.get(name);
    if (!page?.newest) return;
    const { next } = page.newest;
    this.#open(next, page.key);
    const there = this.#tab.pages.get(next)!;
    if (there.passphrase === "") there.passphrase = page.passphrase;
  }

  async #giveFile({ id, page: pageName, name, to }: Extract<ToHolder, { type: "file" }>): Promise<void> {
    const page = this.#tab.pages.get(pageName);
    const parts: Blob[] = [];
    let file: Blob | "written" | undefined;
    let disk: FileSystemWritableFileStream | undefined;
    try {
      disk = await to?.createWritable();
      // A Blob for each piece: the browser takes its bytes out of the script's heap, however large the file is.
      for await (const piece of page!.file(name, (blob) => this.#tab.store.read(page!, blob)))
        if (disk) await disk.write(piece);
        else parts.push(new Blob([piece]));
      await disk?.close();
      // Never a type that a browser would run or show by itself.
      file = disk ? "written" : new Blob(parts, { type: "application/octet-stream" });
    } catch {
      // What was at that place before is still there.
      await disk?.abort().catch(() => {});
      this.#tab.log(log.noFile);
    }
    this.env.tell({ type: "file", id, file });
  }

  // ---- what the node says -------------------------------------------------------------------------------------

  introduce(line: Line, limits: Limits): Iterable<string> {
    this.#tab.limits = limits;
    this.env.tell({ type: "limits", maxBlob: limits.maxBlob });
    this.#tab.log(log.welcomed);
    // Also said when there is nothing to watch: a node closes the line of one who says nothing at all.
    if (this.#tab.isSpoken("pulse")) line.send({ type: this.#watching ? "watch" : "unwatch" });
    this.#tab.happened("connected");
    const said: string[] = [];
    for (const page of this.#tab.pages.values()) {
      if (!page.claim) continue;
      line.send(page.claim);
      said.push(page.name);
      if (page.root && page.phase !== "held") this.#gathering.haveAll(page);
    }
    return said;
  }

  settled(): void {
    for (const page of this.#tab.pages.values()) {
      page.getting.clear();
      this.#gathering.goOn(page);
    }
  }

  heard(line: Line, message: FromNode): void {
    switch (message.type) {
      case "status":
        return this.#health(line, message);
      case "ask":
        return void this.#answer(line, message.page, message.blob);
      case "error":
        return this.#trouble(message);
      case "goodbye":
        return this.#tab.log(log.goodbye);
      case "successor": {
        const page = this.#tab.pages.get(message.page);
        return page && void this.#successors.hear(page, { next: message.next, version: message.version, signature: message.signature });
      }
      case "pulse":
        return this.env.tell(message);
    }
  }

  async received(_line: Line, name: string, bytes: Bytes): Promise<void> {
    const wanting = [...this.#tab.pages.values()].filter((page) => page.getting.has(name) || (page.name === name && page.phase === "asking"));
    if (wanting.length === 0) return;
    const good = (await sha256(bytes)) === name;
    for (const page of wanting) {
      if (!this.#tab.has(page)) continue;
      if (!good) {
        this.#tab.log(log.wrong(page.name));
        if (page.name === name) this.#gathering.fail(page, "wrong", "");
        else this.#gathering.getLater(page, name);
      } else if (page.name === name) {
        this.#gathering.acceptRoot(page, bytes);
      } else {
        await this.#gathering.acceptBlob(page, name, bytes);
      }
    }
  }

  linkChanged(state: LinkState, retryInMs: number): void {
    if (state !== "open") {
      for (const page of this.#tab.pages.values()) {
        page.holders = undefined;
        this.#tab.show(page);
      }
      this.#tab.log(log.link(state, retryInMs));
      if (state !== "connecting") this.#tab.happened("lost");
    }
    this.env.tell({ type: "link", state, retryInMs });
  }

  async #answer(line: Line, pageName: string, blob: string): Promise<void> {
    const page = this.#tab.pages.get(pageName);
    const bytes = page?.has(blob) ? await this.#tab.store.read(page, blob) : undefined;
    if (!page || !bytes) {
      line.send({ type: "miss", page: pageName, blob });
      return this.#tab.log(log.missed(pageName, blob));
    }
    line.sendBlob(blob, bytes);
    const isRoot = blob === pageName;
    if (isRoot) this.#tab.log(log.gave(blob, bytes.length));
    // Before a node counts a holder it asks for the root, only to see that it is there: that is given to nobody.
    if (isRoot && page.countedOn !== line && page.waiters === 0) return;
    page.givenBytes += bytes.length;
    this.#tab.showSoon(page);
    if (isRoot) this.#tab.happened("gave", bytes.length);
  }

  #health(line: Line, status: Extract<FromNode, { type: "status" }>): void {
    const page = this.#tab.pages.get(status.page);
    if (!page) return;
    if (page.holders !== status.holders || page.waiters !== status.waiters || page.standing !== status.you)
      this.#tab.log(log.status(status));
    const others = status.holders - (status.you === "holder" ? 1 : 0);
    if (page.others !== others) this.#tab.happened("status", 0, others);
    page.others = others;
    page.holders = status.holders;
    page.waiters = status.waiters;
    page.standing = status.you;
    if (status.you === "holder") page.countedOn = line;
    // To each node anew: it may be one that knows nothing yet.
    if (status.you === "holder" && page.newest && page.saidOn !== line) this.#successors.say(page, line);
    this.#tab.show(page);
  }

  #trouble(error: Extract<FromNode, { type: "error" }>): void {
    this.#tab.log(log.error(error.code, error.message));
    const page = error.page === undefined ? undefined : this.#tab.pages.get(error.page);
    if (!page) return;
    switch (error.code) {
      case "blocked":
        page.drop();
        page.holders = undefined;
        this.#tab.store.forget(page.name);
        return this.#gathering.fail(page, "blocked", error.message);
      case "rate-limited":
        if (error.blob !== undefined) return this.#gathering.getLater(page, error.blob);
        return void this.env.setTimeout(() => this.#tab.sayAgain(page), error.retryAfterMs ?? 5_000);
      case "unavailable":
        if (error.blob !== undefined) this.#gathering.getLater(page, error.blob);
        return;
      case "too-many":
        return error.blob !== undefined ? this.#gathering.getLater(page, error.blob) : this.#gathering.fail(page, "turned-away", error.message);
    }
  }
}
