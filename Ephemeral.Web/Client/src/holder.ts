// What this tab holds and wants. Runs in a Worker, so that a page that spins doesn't stop the holding.
import { Author } from "./author";
import { unbase64url, type Bytes } from "./bytes";
import { bytesIn, readDocument } from "./document";
import { sha256 } from "./hash";
import type { Kept } from "./keep";
import { Page } from "./kept-page";
import { CannotMake, makePage } from "./make";
import type { DraftState, FromHolder, Happening, Lock, NewPage, Phase, ToHolder } from "./messages";
import { Seal, SealBroken, secretLength, tagLength } from "./seal";
import type { Line, LinkState, Visitor } from "./socket";
import { authorBlob, Successors } from "./successors";
import { defaultLimits, type FromNode, type Limits, type ToNode } from "./wire";
import { log, make as makeWords } from "./words";

/** The connection, as far as the holder uses it. */
export interface Speaker {
  say(message: ToNode): void;
  readonly line: Line | undefined;
}

/** Where bytes lie outside the script's heap and outlive a reload of the tab, if the browser has such a place. */
export interface Shelf {
  save(page: string, blob: string, bytes: Bytes): Promise<void>;
  load(page: string, blob: string): Promise<Bytes | undefined>;
  rename(page: string, to: string): Promise<void>;
  remove(page: string): Promise<void>;
}

export interface HolderSurroundings {
  tell(message: FromHolder): void;
  setTimeout(run: () => void, ms: number): unknown;
  now(): number;
  random(): number;
  crypto: Crypto;
}

const tellEvery = 250; // ms, what changes with every blob
const haveEvery = 50; // ms
const haveAt = 8; // names that are worth a `have` at once
const haveMost = 48; // names in one
/** Under this name the shelf has what is being written. No page is called so. */
const draftPage = "d".repeat(64);

export class Holder implements Visitor {
  link: Speaker = { say: () => {}, line: undefined };
  shelf: Shelf | undefined;
  #pages = new Map<string, Page>();
  /** Of each page the blobs that the shelf had no room for. A Blob's bytes are the browser's to keep, not the script's. */
  #spare = new Map<string, Map<string, Blob>>();
  #untold = new Set<Page>();
  #unsaid = new Map<Page, string[]>();
  #limits: Limits = defaultLimits;
  #watching = false;
  #making: AbortController | undefined;

  #successors: Successors;

  constructor(private env: HolderSurroundings) {
    this.#successors = new Successors({
      env,
      line: () => this.link.line,
      isSpoken: () => this.#limits.features.includes("successors"),
      show: (page) => this.#show(page),
      log: (text) => this.#log(text),
    });
  }

  // ---- what the user does -------------------------------------------------------------------------------------

  async do(message: ToHolder): Promise<void> {
    switch (message.type) {
      case "create":
        return this.#create(message.page);
      case "draft":
        return this.#keepDraft(message.draft);
      case "stop-making":
        return this.#making?.abort();
      case "open":
        return this.#open(message.page, message.key);
      case "unlock":
        return this.#useKey(message.page, message.key, message.passphrase);
      case "load":
      case "pause":
        return this.#load(message.page, message.type === "load");
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
        if (this.#limits.features.includes("pulse")) this.link.say({ type: message.type });
    }
  }

  /** Takes back what this tab held before it was reloaded. */
  async restore(found: Kept[]): Promise<void> {
    const names = new Set(found.map(({ page }) => page));
    for (const name of names) {
      if (name === draftPage) {
        const kept = await this.shelf?.load(draftPage, draftPage);
        if (kept) this.env.tell({ type: "draft", draft: JSON.parse(new TextDecoder().decode(kept)) as DraftState });
        continue;
      }
      const root = await this.shelf?.load(name, name);
      // Without its root, or with another, it is one that was still being made.
      if (!root || (await sha256(root)) !== name) {
        this.#forget(name);
        continue;
      }
      const page = this.#page(name);
      for (const { blob, size } of found.filter(({ page }) => page === name)) if (blob !== name && blob !== authorBlob) page.take(blob, size);
      page.root ??= root;
      this.#log(log.restored(name));
      this.#takeRoot(page);
      await this.#successors.restoreAuthor(page, this.shelf);
    }
    for (const page of this.#pages.values()) await this.#successors.publish(page, this.#pages);
  }

  async #create(draft: NewPage): Promise<void> {
    if (this.#making) return;
    const making = (this.#making = new AbortController());
    await this.#draft;
    const provisional = `${crypto.randomUUID()}${crypto.randomUUID()}`.replaceAll("-", "");
    const blobs = new Map<string, number>();
    let toldAt = -Infinity;
    try {
      const followed = draft.follows === undefined ? undefined : this.#pages.get(draft.follows);
      const author = followed?.author ?? (draft.editable ? await Author.make(this.env.crypto.subtle) : undefined);
      if (followed && draft.sealed) draft.sealed.passphrase = followed.passphrase;
      const { root, key } = await makePage(draft, {
        crypto: this.env.crypto,
        author: author?.header,
        secret: followed && unbase64url(followed.key, secretLength),
        maxBlob: this.#limits.maxBlob,
        signal: making.signal,
        put: async (name, bytes, source) => {
          await this.#put(provisional, name, bytes, source);
          blobs.set(name, bytes.length);
        },
        progress: (done, total) => {
          if (this.env.now() - toldAt < tellEvery) return;
          toldAt = this.env.now();
          this.env.tell({ type: "making", done, total });
        },
      });
      const name = await sha256(root);
      if (!this.#pages.get(name)?.isWhole) {
        this.#log(log.created(name, root.length + [...blobs.values()].reduce((sum, size) => sum + size, 0)));
        if (blobs.size > 0) await this.#rename(provisional, name);
        const page = this.#page(name);
        page.own = true;
        page.key = key;
        page.passphrase = draft.sealed?.passphrase ?? "";
        page.author = author;
        if (followed) [page.version, page.before] = [followed.version + 1, [...followed.before, followed.name]];
        for (const [blob, size] of blobs) page.take(blob, size);
        this.#acceptRoot(page, root);
        await this.#successors.keepAuthor(page, this.shelf);
        await this.#successors.publish(page, this.#pages);
      } else {
        this.#forget(provisional);
      }
      this.env.tell({ type: "created", page: name, key });
    } catch (error) {
      this.#forget(provisional);
      this.env.tell({ type: "not-made", why: error instanceof CannotMake ? error.message : makeWords.failed });
    } finally {
      this.#making = undefined;
    }
  }

  #open(name: string, key: string): void {
    const known = this.#pages.get(name);
    const page = known ?? this.#page(name);
    const newKey = key !== "" && key !== page.key;
    if (newKey) page.key = key;
    if (!known) {
      this.#log(log.wanting(name));
      this.#happened("asked");
      this.link.say({ type: "want", page: name });
    } else if (page.about) {
      this.env.tell({ type: "about", about: page.about });
      if (newKey && !page.inside) void this.#unlock(page);
    }
    this.#show(page);
    this.#showContent(page);
  }

  #load(name: string, goOn: boolean): void {
    const page = this.#pages.get(name);
    if (page?.phase !== (goOn ? "offered" : "gathering")) return;
    page.phase = goOn ? "gathering" : "offered";
    if (goOn) return this.#gather(page);
    for (const blob of page.getting) this.link.line?.send({ type: "cancel", page: name, blob });
    page.getting.clear();
    this.#show(page);
  }

  #again(name: string): void {
    const key = this.#pages.get(name)?.key ?? "";
    this.#release(name);
    this.#open(name, key);
  }

  #release(name: string): void {
    if (!this.#pages.delete(name)) return;
    this.#log(log.released(name));
    this.link.say({ type: "release", page: name });
    this.#forget(name);
  }

  async #bring(name: string, variants: Bytes[]): Promise<void> {
    const names = await Promise.all(variants.map(sha256));
    const page = this.#pages.get(name);
    const right = variants[names.indexOf(name)];
    if (!page || !right) return this.env.tell({ type: "not-the-same", page: name, got: names[0] ?? "" });
    this.#log(log.broughtBack(name));
    if (!page.root) this.#acceptRoot(page, right);
  }

  async #giveFile({ id, page: pageName, name, to }: Extract<ToHolder, { type: "file" }>): Promise<void> {
    const page = this.#pages.get(pageName);
    const parts: Blob[] = [];
    let file: Blob | "written" | undefined;
    let disk: FileSystemWritableFileStream | undefined;
    try {
      disk = await to?.createWritable();
      // A Blob for each piece: the browser takes its bytes out of the script's heap, however large the file is.
      for await (const piece of page!.file(name, (blob) => this.#read(page!, blob)))
        if (disk) await disk.write(piece);
        else parts.push(new Blob([piece]));
      await disk?.close();
      // Never a type that a browser would run or show by itself.
      file = disk ? "written" : new Blob(parts, { type: "application/octet-stream" });
    } catch {
      // What was at that place before is still there.
      await disk?.abort().catch(() => {});
      this.#log(log.noFile);
    }
    this.env.tell({ type: "file", id, file });
  }

  // ---- newer versions -----------------------------------------------------------------------------------------

  #peek(name: string): void {
    const page = this.#pages.get(name);
    if (!page?.newest) return;
    const { next } = page.newest;
    this.#open(next, page.key);
    const there = this.#pages.get(next)!;
    if (there.passphrase === "") there.passphrase = page.passphrase;
  }

  /** One after the other: the newest is what stays. */
  #keepDraft(draft: DraftState): Promise<void> {
    const save = async (): Promise<void> => {
      await this.shelf?.remove(draftPage);
      if (draft.text !== "") await this.shelf?.save(draftPage, draftPage, new TextEncoder().encode(JSON.stringify(draft)));
    };
    // Where there is no room for it, it is in the tab alone.
    return (this.#draft = this.#draft.then(save).catch(() => {}));
  }
  #draft: Promise<void> = Promise.resolve();

  // ---- private pages ------------------------------------------------------------------------------------------

  #useKey(name: string, key: string, passphrase: string): Promise<void> | undefined {
    const page = this.#pages.get(name);
    if (!page || page.inside) return;
    if (key !== "") page.key = key;
    page.passphrase = passphrase;
    return this.#unlock(page);
  }

  async #unlock(page: Page): Promise<void> {
    const { document, key, passphrase } = page;
    if (!document?.seal) return;
    const { header, bound, body } = document.seal;
    const lock = (lock: Lock | undefined): void => {
      page.lock = lock;
      this.#show(page);
    };
    const secret = unbase64url(key, secretLength);
    const subtle = this.env.crypto?.subtle as SubtleCrypto | undefined;
    if (!subtle) return lock("no-crypto");
    if (key === "") return lock("no-key");
    if (!secret) return lock("wrong-key");
    if (header.passphrase && passphrase === "") return lock("passphrase");
    if (header.passphrase) lock("opening");
    try {
      const seal = await Seal.make(subtle, header, secret, passphrase);
      const inside = readDocument(await seal.openDocument(body, bound), this.#limits.maxBlob, true);
      if (!inside.usable) throw new SealBroken();
      const outer = document.files[0];
      const content = (outer?.size ?? 0) - (outer?.blobs.length ?? 0) * tagLength;
      if (content !== bytesIn(inside.files)) throw new SealBroken();
      page.seal = seal;
      page.inside = inside;
    } catch {
      return lock(header.passphrase ? "wrong-passphrase" : "wrong-key");
    }
    lock(undefined);
    this.env.tell({ type: "about", about: page.about! });
    this.#showContent(page);
  }

  // ---- what the node says -------------------------------------------------------------------------------------

  introduce(line: Line, limits: Limits): Iterable<string> {
    this.#limits = limits;
    this.env.tell({ type: "limits", maxBlob: limits.maxBlob });
    this.#log(log.welcomed);
    // Also said when there is nothing to watch: a node closes the line of one who says nothing at all.
    if (limits.features.includes("pulse")) line.send({ type: this.#watching ? "watch" : "unwatch" });
    this.#happened("connected");
    const said: string[] = [];
    for (const page of this.#pages.values()) {
      if (!page.claim) continue;
      line.send(page.claim);
      said.push(page.name);
      if (page.root && page.phase !== "held") this.#haveParts(page, [page.name, ...page.have.keys()]);
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
        return this.#health(line, message);
      case "ask":
        return void this.#answer(line, message.page, message.blob);
      case "error":
        return this.#trouble(message);
      case "goodbye":
        return this.#log(log.goodbye);
      case "successor": {
        const page = this.#pages.get(message.page);
        return page && void this.#successors.hear(page, { next: message.next, version: message.version, signature: message.signature });
      }
      case "pulse":
        return this.env.tell(message);
    }
  }

  async received(_line: Line, name: string, bytes: Bytes): Promise<void> {
    const wanting = [...this.#pages.values()].filter((page) => page.getting.has(name) || (page.name === name && page.phase === "asking"));
    if (wanting.length === 0) return;
    const good = (await sha256(bytes)) === name;
    for (const page of wanting) {
      if (this.#pages.get(page.name) !== page) continue;
      if (!good) {
        this.#log(log.wrong(page.name));
        if (page.name === name) this.#fail(page, "wrong", "");
        else this.#getLater(page, name);
      } else if (page.name === name) {
        this.#acceptRoot(page, bytes);
      } else {
        await this.#acceptBlob(page, name, bytes);
      }
    }
  }

  linkChanged(state: LinkState, retryInMs: number): void {
    if (state !== "open") {
      for (const page of this.#pages.values()) {
        page.holders = undefined;
        this.#show(page);
      }
      this.#log(log.link(state, retryInMs));
      if (state !== "connecting") this.#happened("lost");
    }
    this.env.tell({ type: "link", state, retryInMs });
  }

  async #answer(line: Line, pageName: string, blob: string): Promise<void> {
    const page = this.#pages.get(pageName);
    const bytes = page?.has(blob) ? await this.#read(page, blob) : undefined;
    if (!page || !bytes) {
      line.send({ type: "miss", page: pageName, blob });
      return this.#log(log.missed(pageName, blob));
    }
    line.sendBlob(blob, bytes);
    page.givenBytes += bytes.length;
    this.#showSoon(page);
    if (blob !== pageName) return;
    this.#log(log.gave(blob, bytes.length));
    this.#happened("gave", bytes.length);
  }

  #health(line: Line, status: Extract<FromNode, { type: "status" }>): void {
    const page = this.#pages.get(status.page);
    if (!page) return;
    if (page.holders !== status.holders || page.waiters !== status.waiters || page.standing !== status.you)
      this.#log(log.status(status));
    const others = status.holders - (status.you === "holder" ? 1 : 0);
    if (page.others !== others) this.#happened("status", 0, others);
    page.others = others;
    page.holders = status.holders;
    page.waiters = status.waiters;
    page.standing = status.you;
    // To each node anew: it may be one that knows nothing yet.
    if (status.you === "holder" && page.newest && page.saidOn !== line) this.#successors.say(page, line);
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
  #acceptRoot(page: Page, bytes: Bytes): void {
    if (page.root) return;
    page.root = bytes;
    this.#log(log.received(page.name, bytes.length));
    if (!page.own) this.#happened("received", bytes.length);
    this.shelf?.save(page.name, page.name, bytes).catch(() => this.#log(log.notKept));
    this.#takeRoot(page);
  }

  async #acceptBlob(page: Page, name: string, bytes: Bytes): Promise<void> {
    if (!page.fits(name, bytes.length)) return this.#fail(page, "unusable", log.sizes);
    await this.#put(page.name, name, bytes, undefined);
    if (this.#pages.get(page.name) !== page || page.has(name)) return;
    page.getting.delete(name);
    page.take(name, bytes.length);
    if (page.phase !== "gathering") return this.#showSoon(page);
    this.#haveParts(page, [name]);
    this.#gather(page);
  }

  #takeRoot(page: Page): void {
    const why = page.readRoot(this.#limits.maxBlob);
    if (why !== undefined) {
      this.#log(log.unusable(page.name, why));
      this.#fail(page, "unusable", why);
      return this.#sayAgain(page);
    }
    for (const successor of page.hearsay.splice(0)) void this.#successors.hear(page, successor);
    page.phase = page.loadsByItself ? "gathering" : "offered";
    this.env.tell({ type: "about", about: page.about! });
    void this.#unlock(page);
    this.#gather(page);
    if (!page.isWhole) {
      this.#sayAgain(page);
      this.#haveParts(page, [page.name, ...page.have.keys()]);
    }
    this.#show(page);
  }

  #gather(page: Page): void {
    if (page.phase !== "gathering") return;
    if (page.isWhole) return this.#hold(page);
    let open = 0;
    for (const { getting } of this.#pages.values()) open += getting.size;
    for (const blob of page.missing) {
      if (open >= this.#limits.maxGets) break;
      if (page.getting.has(blob) || !this.link.line) continue;
      page.getting.add(blob);
      this.link.line.send({ type: "get", page: page.name, blob });
      open++;
    }
    this.#showSoon(page);
  }

  #hold(page: Page): void {
    page.phase = "held";
    this.#unsaid.delete(page);
    if (page.have.size > 0) this.#log(log.whole(page.name, page.state.totalBytes, page.have.size));
    this.#log(log.holding(page.name));
    this.#happened("holding", page.state.totalBytes + (page.root?.length ?? 0));
    this.link.say({ type: "hold", page: page.name });
    this.#show(page);
    this.#showContent(page);
  }

  /** Those who are still fetching help each other: what is here can be asked for. */
  #haveParts(page: Page, blobs: string[]): void {
    if (!this.#limits.features.includes("parts") || blobs.length === 0) return;
    const unsaid = this.#unsaid.get(page) ?? [];
    if (unsaid.length === 0) this.env.setTimeout(() => this.#sayHave(page), haveEvery);
    unsaid.push(...blobs);
    this.#unsaid.set(page, unsaid);
    if (unsaid.length >= haveAt) this.#sayHave(page);
  }

  #sayHave(page: Page): void {
    const names = this.#unsaid.get(page) ?? [];
    this.#unsaid.delete(page);
    if (this.#pages.get(page.name) !== page || page.phase === "held") return;
    for (let i = 0; i < names.length; i += haveMost) this.link.say({ type: "have", page: page.name, blobs: names.slice(i, i + haveMost) });
  }

  #getLater(page: Page, blob: string): void {
    const wait = 1_000 + 4_000 * this.env.random();
    this.env.setTimeout(() => {
      page.getting.delete(blob);
      this.#gather(page);
    }, wait);
  }

  #sayAgain(page: Page): void {
    if (page.claim && this.#pages.get(page.name) === page) this.link.say(page.claim);
  }

  #fail(page: Page, phase: Phase, why: string): void {
    page.phase = phase;
    page.why = why;
    this.#show(page);
  }

  // ---- where the bytes lie ------------------------------------------------------------------------------------

  async #put(page: string, blob: string, bytes: Bytes, source: Blob | undefined): Promise<void> {
    try {
      if (!this.shelf) throw new Error("There is no shelf.");
      await this.shelf.save(page, blob, bytes);
    } catch {
      const spare = this.#spare.get(page) ?? new Map<string, Blob>();
      this.#spare.set(page, spare.set(blob, source ?? new Blob([bytes])));
    }
  }

  async #read(page: Page, blob: string): Promise<Bytes | undefined> {
    if (blob === page.name) return page.root;
    const spare = this.#spare.get(page.name)?.get(blob);
    const bytes = spare
      ? await spare.arrayBuffer().then((buffer) => new Uint8Array(buffer), () => undefined)
      : await this.shelf?.load(page.name, blob);
    // A file that was changed since it was chosen, or a disk that has lost it: nobody is given anything wrong.
    if (!bytes || !page.fits(blob, bytes.length)) return undefined;
    return bytes;
  }

  async #rename(page: string, to: string): Promise<void> {
    const spare = this.#spare.get(page);
    if (spare) this.#spare.set(to, spare);
    this.#spare.delete(page);
    await this.shelf?.rename(page, to).catch(() => this.#log(log.notKept));
  }

  #forget(name: string): void {
    this.#spare.delete(name);
    this.shelf?.remove(name).catch(() => this.#log(log.notKept));
  }

  // ---- what is told -------------------------------------------------------------------------------------------

  #show(page: Page): void {
    this.#untold.delete(page);
    if (this.#pages.get(page.name) === page) this.env.tell({ type: "state", state: page.state });
  }

  /** What changes with every blob is told a few times a second. */
  #showSoon(page: Page): void {
    if (this.#untold.has(page)) return;
    this.#untold.add(page);
    this.env.setTimeout(() => {
      if (this.#untold.has(page)) this.#show(page);
    }, tellEvery);
  }

  #showContent(page: Page): void {
    if (page.content) this.env.tell({ type: "content", content: page.content });
  }

  #happened(what: Happening["what"], bytes = 0, others = 0): void {
    this.env.tell({ type: "happened", happening: { what, bytes, others } });
  }

  #log(text: string): void {
    this.env.tell({ type: "log", at: this.env.now(), text });
  }
}
