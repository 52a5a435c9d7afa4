// What a root blob says it is: docs/protocol.md, "Page documents". Kinds are read, never guessed from the content.
import { isHash } from "./wire";

export interface PageFile {
  name: string;
  type: string;
  size: number;
  blobs: string[];
}

export type PageDocument =
  /** `kind` as the header names it; a root blob without a header is "html". */
  | { usable: true; kind: string; title: string; text: string; files: PageFile[]; blobSize: number }
  | { usable: false; why: string };

const magic = [0x89, 0x45, 0x50, 0x48, 0x0d, 0x0a, 0x1a, 0x0a];
const headerStart = magic.length + 4;
const defaultBlobSize = 262_144;

const unusable = (why: string): PageDocument => ({ usable: false, why });

export function readDocument(root: Uint8Array, maxBlob: number): PageDocument {
  if (!magic.every((byte, i) => root[i] === byte))
    return { usable: true, kind: "html", title: "", text: new TextDecoder().decode(root), files: [], blobSize: defaultBlobSize };

  if (root.length < headerStart) return unusable("it breaks off inside its header");
  const length = new DataView(root.buffer, root.byteOffset).getUint32(magic.length);
  if (length > root.length - headerStart) return unusable("its header is longer than the page");

  let header: Record<string, unknown>;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(root.subarray(headerStart, headerStart + length));
    header = JSON.parse(text);
  } catch {
    return unusable("its header can't be read");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) return unusable("its header can't be read");
  if (header.version !== 1) return unusable(`it is written in version ${short(header.version)}, and this reader knows version 1`);
  if (typeof header.kind !== "string") return unusable("it doesn't say what kind of page it is");

  const blobSize = header.blobSize === undefined ? defaultBlobSize : header.blobSize;
  if (!isSize(blobSize) || blobSize < 1 || blobSize > maxBlob) return unusable("its blob size can't be used");
  const files = readFiles(header, blobSize);
  if (typeof files === "string") return unusable(files);
  if (header.kind === "files" && header.files === undefined) return unusable("it should be files, and lists none");

  return {
    usable: true,
    kind: header.kind,
    title: typeof header.title === "string" ? header.title.slice(0, 200) : "",
    text: new TextDecoder().decode(root.subarray(headerStart + length)),
    files,
    blobSize,
  };
}

/** The further blobs that the page is made of, each once. */
export function blobsOf(document: PageDocument): string[] {
  return document.usable ? [...new Set(document.files.flatMap((file) => file.blobs))] : [];
}

/** Whether the blobs, now that they are here, have the sizes that the list of files promised. */
export function addsUp(document: PageDocument | undefined, blobs: ReadonlyMap<string, Uint8Array>): boolean {
  if (!document?.usable) return false;
  return document.files.every(({ size, blobs: names }) =>
    names.every((name, i) => blobs.get(name)?.length === Math.min(document.blobSize, size - i * document.blobSize)));
}

function readFiles(header: Record<string, unknown>, blobSize: number): PageFile[] | string {
  if (header.files === undefined) return [];
  if (!Array.isArray(header.files)) return "its list of files can't be read";

  const names = new Set<string>();
  const files: PageFile[] = [];
  for (const entry of header.files as Partial<PageFile>[]) {
    if (typeof entry !== "object" || entry === null) return "its list of files can't be read";
    const { name, type, size, blobs } = entry;
    if (!isName(name)) return `a file in it has a name that can't be used (${short(name)})`;
    if (names.has(name)) return `two files in it are called ${short(name)}`;
    names.add(name);
    if (!isSize(size) || !Array.isArray(blobs) || !blobs.every(isHash)) return `the file ${short(name)} can't be read`;
    if (blobs.length !== Math.ceil(size / blobSize)) return `the file ${short(name)} doesn't add up`;
    files.push({ name, type: typeof type === "string" ? type : "", size, blobs });
  }
  return files;
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isName(name: unknown): name is string {
  if (typeof name !== "string" || new TextEncoder().encode(name).length > 255) return false;
  return name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "none";
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
