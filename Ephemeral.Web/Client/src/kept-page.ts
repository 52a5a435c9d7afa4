// One page as this tab knows it: what it has of it, and what a node is to be told about it.
import type { Author } from "./author";
import type { Bytes } from "./bytes";
import { blobsOf, bytesIn, defaultBlobSize, pieceSize, readDocument, type PageDocument, type UsableDocument } from "./document";
import type { About, Content, Lock, PageState, Phase } from "./messages";
import type { Seal } from "./seal";
import type { Line } from "./socket";
import type { Standing, Successor, ToNode } from "./wire";
import { unusable as words } from "./words";

/** A page larger than this is loaded only when the reader says so. */
const loadsByItself = 10 * 1024 * 1024;

/** Where the further blobs of a page lie. */
export interface BlobReader {
  (blob: string): Promise<Bytes | undefined>;
}

export class Page {
  phase: Phase = "asking";
  why = "";
  /** Written in this very tab. */
  own = false;
  standing: Standing = "none";
  /** Undefined until a node has said so, and again when the connection is lost. */
  holders: number | undefined;
  waiters = 0;
  /** Holders besides this tab, as was last said. */
  others = 0;
  givenBytes = 0;
  root: Bytes | undefined;
  /** Further blobs that are here, by size. */
  readonly have = new Map<string, number>();
  /** Blobs that a `get` is open for, or that wait to be asked for again. */
  readonly getting = new Set<string>();
  /** As the address has it after the #. */
  key = "";
  passphrase = "";
  lock: Lock | undefined;
  seal: Seal | undefined;
  /** What was sealed in it, once it is open. */
  inside: UsableDocument | undefined;
  /** With which this tab can say what follows the page. */
  author: Author | undefined;
  /** Which version of itself it is, and the versions before it; of a page of this tab's own. */
  version = 0;
  before: string[] = [];
  /** Where this tab was last said to be a holder. */
  countedOn: Line | undefined;
  /** What the page's author has said follows it. */
  newest: Successor | undefined;
  /** Where that was said last. */
  saidOn: Line | undefined;
  /** What somebody says follows it, while it can't be told yet whether that is so. */
  hearsay: Successor[] = [];
  #document: PageDocument | undefined;
  #sizes = new Map<string, number>();
  #missing = new Set<string>();

  constructor(readonly name: string) {}

  get document(): UsableDocument | undefined {
    return this.#document?.usable ? this.#document : undefined;
  }

  /** In the order in which they are best fetched. */
  get missing(): ReadonlySet<string> {
    return this.#missing;
  }

  get isWhole(): boolean {
    return this.document !== undefined && this.#missing.size === 0;
  }

  /** Why the root can't be used, or undefined if it can. */
  readRoot(maxBlob: number): string | undefined {
    this.#document = readDocument(this.root!, maxBlob);
    if (!this.#document.usable) return this.#document.why;
    const sizes = blobsOf(this.#document);
    if (!sizes) return words.twoSizes;
    this.#sizes = sizes;
    this.#missing = new Set([...sizes.keys()].filter((blob) => this.have.get(blob) !== sizes.get(blob)));
    return undefined;
  }

  /** Whether a blob of this page has the size that the page says. */
  fits(blob: string, size: number): boolean {
    return this.#sizes.get(blob) === size;
  }

  has(blob: string): boolean {
    return blob === this.name ? this.root !== undefined : this.have.has(blob);
  }

  take(blob: string, size: number): void {
    this.have.set(blob, size);
    this.#missing.delete(blob);
  }

  /** What seemed to be here is not. */
  lose(blob: string): void {
    this.have.delete(blob);
    if (this.#sizes.has(blob)) this.#missing.add(blob);
  }

  drop(): void {
    this.root = this.#document = this.inside = this.seal = undefined;
    this.have.clear();
    this.getting.clear();
    this.#sizes.clear();
    this.#missing.clear();
  }

  /** Whether the rest is fetched without asking the reader: it is small, made here, or was begun before. */
  get loadsByItself(): boolean {
    return this.own || this.isWhole || this.have.size > 0 || bytesIn(this.document?.files ?? []) <= loadsByItself;
  }

  /** What a node that knows nothing of this tab has to be told. */
  get claim(): ToNode | undefined {
    if (this.phase === "blocked" || this.phase === "turned-away") return undefined;
    if (this.phase === "held") return { type: "hold", page: this.name };
    return this.root ? { type: "want", page: this.name, root: false } : { type: "want", page: this.name };
  }

  /** A file's bytes, piece by piece: those of an open page as they are, those of a private one opened. */
  async *file(name: string, read: BlobReader): AsyncGenerator<Bytes> {
    const file = this.shown?.files.find((file) => file.name === name);
    if (!file || !this.document) throw new Error("There is no such file here.");
    const blob = async (name: string): Promise<Bytes> => {
      const bytes = await read(name);
      if (!bytes) throw new Error("A part of the file is not here.");
      return bytes;
    };
    if (!this.inside) {
      for (const name of file.blobs) yield await blob(name);
      return;
    }
    const pieces = this.document.files[0]?.blobs ?? [];
    const size = pieceSize(this.document.blobSize);
    const start = bytesIn(this.inside.files.slice(0, this.inside.files.indexOf(file)));
    const end = start + file.size;
    for (let index = Math.floor(start / size); index * size < end; index++) {
      const piece = await this.seal!.openPiece(await blob(pieces[index]!), index, pieces.length);
      yield piece.subarray(Math.max(0, start - index * size), Math.min(piece.length, end - index * size));
    }
  }

  /** What the reader sees, or would if they had the key. */
  get shown(): UsableDocument | undefined {
    return this.inside ?? this.document;
  }

  get about(): About | undefined {
    const { shown, document } = this;
    if (!shown || !document) return undefined;
    const files = shown.seal ? [] : shown.files.map(({ name, type, size }) => ({ name, type, size }));
    return { page: this.name, sealed: document.seal !== undefined, kind: shown.kind, title: shown.title, files, bytes: bytesIn(document.files) };
  }

  get content(): Content | undefined {
    const { root, shown, document } = this;
    if (!root || !shown || !document || !this.isWhole || (document.seal && !this.inside)) return undefined;
    return { page: this.name, root, document: shown, sealed: document.seal !== undefined };
  }

  /** What is here of each file. A piece of sealed content can belong to several files, and to each in part. */
  get #fileBytes(): number[] {
    const { document, inside } = this;
    const here = (blob: string): boolean => !this.#missing.has(blob);
    if (!inside) return document?.files.map(({ blobs }) => blobs.reduce((sum, blob) => sum + (here(blob) ? this.#sizes.get(blob)! : 0), 0)) ?? [];
    const pieces = document?.files[0]?.blobs ?? [];
    const size = pieceSize(document?.blobSize ?? defaultBlobSize);
    let start = 0;
    return inside.files.map((file) => {
      const end = start + file.size;
      let bytes = 0;
      for (let index = Math.floor(start / size); index * size < end; index++)
        if (here(pieces[index]!)) bytes += Math.min(end, (index + 1) * size) - Math.max(start, index * size);
      start = end;
      return bytes;
    });
  }

  get state(): PageState {
    const { phase, standing, holders, waiters, why, own, givenBytes, lock } = this;
    const [newer, editable] = [this.newest?.next, this.author !== undefined];
    let [gotBytes, totalBytes] = [0, 0];
    for (const [blob, size] of this.#sizes) {
      totalBytes += size;
      if (!this.#missing.has(blob)) gotBytes += size;
    }
    return {
      page: this.name, phase, standing, holders, waiters, why, own, givenBytes, lock, newer, editable,
      gotBytes, totalBytes, whole: this.isWhole,
      fileBytes: phase === "gathering" ? this.#fileBytes : undefined,
    };
  }
}
