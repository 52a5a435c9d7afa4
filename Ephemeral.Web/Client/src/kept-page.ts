// One page as this tab knows it: what it has of it, and what a node is to be told about it.
import { addsUp, blobsOf, readDocument, type PageDocument } from "./document";
import type { Content, PageState, Phase } from "./messages";
import type { Standing, ToNode } from "./wire";

type Bytes = Uint8Array<ArrayBuffer>;

export class Page {
  phase: Phase = "asking";
  why = "";
  /** Written in this very tab. */
  own = false;
  standing: Standing = "none";
  /** Undefined until a node has said so, and again when the connection is lost. */
  holders: number | undefined;
  waiters = 0;
  blobs = new Map<string, Bytes>();
  /** Blobs that a `get` is open for, or that wait to be asked for again. */
  getting = new Set<string>();
  #document: PageDocument | undefined;
  #needed: string[] = [];

  constructor(readonly name: string) {}

  get root(): Bytes | undefined {
    return this.blobs.get(this.name);
  }

  get missing(): string[] {
    return this.#needed.filter((blob) => !this.blobs.has(blob));
  }

  /** Whether all that is here has the sizes that the page says. */
  get isWhole(): boolean {
    return this.missing.length === 0 && addsUp(this.#document, this.blobs);
  }

  readRoot(maxBlob: number): PageDocument {
    this.#document = readDocument(this.root!, maxBlob);
    this.#needed = blobsOf(this.#document);
    return this.#document;
  }

  drop(): void {
    this.blobs.clear();
    this.#document = undefined;
    this.#needed = [];
  }

  /** What a node that knows nothing of this tab has to be told. */
  get claim(): ToNode | undefined {
    if (this.phase === "blocked" || this.phase === "turned-away") return undefined;
    if (this.phase === "held") return { type: "hold", page: this.name };
    return this.root ? { type: "want", page: this.name, root: false } : { type: "want", page: this.name };
  }

  file(name: string): Blob | undefined {
    const file = this.#document?.usable ? this.#document.files.find((file) => file.name === name) : undefined;
    const parts = file?.blobs.map((blob) => this.blobs.get(blob));
    // Never a type that a browser would run or show by itself: the file is only ever saved.
    return parts?.every((part) => part !== undefined) ? new Blob(parts, { type: "application/octet-stream" }) : undefined;
  }

  get content(): Content | undefined {
    return this.root && this.#document ? { page: this.name, root: this.root, document: this.#document } : undefined;
  }

  get state(): PageState {
    const { phase, standing, holders, waiters, why, own } = this;
    const total = this.#needed.length;
    return { page: this.name, phase, standing, holders, waiters, why, own, got: total - this.missing.length, total };
  }
}
