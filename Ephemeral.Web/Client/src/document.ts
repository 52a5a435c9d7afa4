// What a root blob says it is: docs/page-format.md. Kinds are read, never guessed from the content.
import { readAuthor, type AuthorHeader } from "./author";
import { concat, type Bytes } from "./bytes";
import { visible } from "./names";
import { readSealHeader, tagLength, type SealHeader } from "./seal";
import { isHash } from "./wire";
import { unusable as words } from "./words";

export interface PageFile {
  name: string;
  type: string;
  size: number;
  /** Empty in a document that was sealed: there the files lie one after the other in the sealed content. */
  blobs: string[];
}

export interface UsableDocument {
  usable: true;
  /** As the header names it; a root blob without a header is "html". */
  kind: string;
  title: string;
  text: string;
  files: PageFile[];
  blobSize: number;
  /** The file that is shown first when the page is a small web site. */
  entry: string | undefined;
  /** Who can say what follows the page; undefined if nobody can. */
  author: AuthorHeader | undefined;
  /** Of a sealed page: how it is sealed, and what of it only the key opens. */
  seal: { header: SealHeader; bound: Bytes; body: Bytes } | undefined;
}

export type PageDocument = UsableDocument | { usable: false; why: string };

const magic = [0x89, 0x45, 0x50, 0x48, 0x0d, 0x0a, 0x1a, 0x0a];
const headerStart = magic.length + 4;
export const defaultBlobSize = 262_144;
/** The one file of a sealed page, as strangers see it. */
export const sealedFile = "sealed";

const unusable = (why: string): PageDocument => ({ usable: false, why });

export function writeDocument(header: object, body: Uint8Array): { bytes: Bytes; bound: Bytes } {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, json.length);
  const bound = concat(new Uint8Array(magic), length, json);
  return { bytes: concat(bound, body), bound };
}

export const isDocument = (root: Uint8Array): boolean => magic.every((byte, i) => root[i] === byte);

/** `inside`: what was opened out of a sealed page, whose files name no blobs. */
export function readDocument(root: Bytes, maxBlob: number, inside = false): PageDocument {
  if (!isDocument(root)) {
    if (inside) return unusable(words.sealed);
    const text = new TextDecoder().decode(root);
    return { usable: true, kind: "html", title: "", text, files: [], blobSize: defaultBlobSize, entry: undefined, author: undefined, seal: undefined };
  }
  if (root.length < headerStart) return unusable(words.breaksOff);
  const length = new DataView(root.buffer, root.byteOffset).getUint32(magic.length);
  if (length > root.length - headerStart) return unusable(words.longHeader);

  const [bound, body] = [root.slice(0, headerStart + length), root.slice(headerStart + length)];
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bound.subarray(headerStart)));
  } catch {
    return unusable(words.header);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) return unusable(words.header);
  if (header.version !== 1) return unusable(words.version(short(header.version)));
  if (typeof header.kind !== "string") return unusable(words.noKind);

  const blobSize = header.blobSize === undefined ? defaultBlobSize : header.blobSize;
  if (!isSize(blobSize) || blobSize < 1 || blobSize > maxBlob) return unusable(words.blobSize);
  const files = readFiles(header, blobSize, inside);
  if (typeof files === "string") return unusable(files);
  if (header.kind === "files" && header.files === undefined) return unusable(words.noFiles);

  let seal: UsableDocument["seal"];
  if (header.kind === "sealed") {
    const read = readSealHeader(header.seal);
    if (typeof read === "string") return unusable(read);
    if (inside || blobSize <= tagLength || files.length > 1 || (files[0] && files[0].name !== sealedFile)) return unusable(words.seal);
    seal = { header: read, bound, body };
  }
  const entry = typeof header.entry === "string" && files.some((file) => file.name === header.entry) ? header.entry : undefined;
  return {
    usable: true,
    kind: header.kind,
    title: typeof header.title === "string" ? header.title.slice(0, 200) : "",
    text: seal ? "" : new TextDecoder().decode(body),
    files, blobSize, entry, seal,
    author: readAuthor(header.author),
  };
}

/** The further blobs that the page is made of, each once, with its size; undefined if one would have to have two sizes. */
export function blobsOf(document: PageDocument): Map<string, number> | undefined {
  const sizes = new Map<string, number>();
  if (!document.usable) return sizes;
  for (const { size, blobs } of document.files)
    for (const [i, blob] of blobs.entries()) {
      const length = Math.min(document.blobSize, size - i * document.blobSize);
      if ((sizes.get(blob) ?? length) !== length) return undefined;
      sizes.set(blob, length);
    }
  return sizes;
}

export const bytesIn = (files: readonly { size: number }[]): number => files.reduce((sum, file) => sum + file.size, 0);

/** How many bytes of content fit in a sealed piece. */
export const pieceSize = (blobSize: number): number => blobSize - tagLength;

function readFiles(header: Record<string, unknown>, blobSize: number, inside: boolean): PageFile[] | string {
  if (header.files === undefined) return [];
  if (!Array.isArray(header.files)) return words.list;

  const names = new Set<string>();
  const files: PageFile[] = [];
  for (const entry of header.files as Partial<PageFile>[]) {
    if (typeof entry !== "object" || entry === null) return words.list;
    const { name, type, size, blobs = inside ? [] : undefined } = entry;
    if (typeof name !== "string" || !isName(name)) return words.name(short(name));
    if (names.has(name)) return words.twice(short(name));
    names.add(name);
    if (!isSize(size) || !Array.isArray(blobs) || !blobs.every(isHash)) return words.file(short(name));
    if (blobs.length !== (inside ? 0 : Math.ceil(size / blobSize))) return words.fileSum(short(name));
    files.push({ name, type: typeof type === "string" ? type : "", size, blobs });
  }
  return Number.isSafeInteger(bytesIn(files)) ? files : words.sum;
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** A relative path that can't lead out of where it is put. */
export function isName(name: string): boolean {
  if (new TextEncoder().encode(name).length > 255) return false;
  return name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "none";
  return visible(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
