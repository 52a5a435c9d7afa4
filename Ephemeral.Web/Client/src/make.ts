// Makes a page out of what somebody wrote and chose: cuts files into blobs and writes the root, sealed if it is private.
import type { AuthorHeader } from "./author";
import { base64url, type Bytes } from "./bytes";
import { bytesIn, defaultBlobSize, pieceSize, sealedFile, writeDocument, type PageFile } from "./document";
import { sha256 } from "./hash";
import type { NewPage } from "./messages";
import { newSealHeader, newSecret, Seal } from "./seal";
import { make as words } from "./words";

const listedBlob = 67; // bytes of a blob's name in the header, with its quotes and comma
const listedFile = 120; // about what else a file takes there

/** Said to the one who makes the page. */
export class CannotMake extends Error {}

export interface MakeSurroundings {
  crypto: Crypto;
  /** Who will be able to say what follows the page, if anybody. */
  author: AuthorHeader | undefined;
  /** Of a private page that this one follows: who has its link has the key to this one. */
  secret: Bytes | undefined;
  maxBlob: number;
  /** Keeps a blob; `source` is where else its bytes can be read, if anywhere. */
  put(name: string, bytes: Bytes, source: Blob | undefined): Promise<void>;
  progress(done: number, total: number): void;
  signal: AbortSignal;
}

export async function makePage(page: NewPage, env: MakeSurroundings): Promise<{ root: Bytes; key: string }> {
  const body = new TextEncoder().encode(page.text);
  if (page.kind === "html" && page.files.length === 0 && !page.sealed && !env.author) return { root: body, key: "" };
  const blobSize = blobSizeFor(page, env.maxBlob);
  const made = page.sealed ? await makeSealed(page, body, page.sealed.passphrase, blobSize, env) : { root: await makeOpen(page, body, blobSize, env), key: "" };
  if (made.root.length > env.maxBlob) throw new CannotMake(words.tooMuch);
  return made;
}

/** So large that the list of blobs fits into the root. */
function blobSizeFor(page: NewPage, maxBlob: number): number {
  const all = bytesIn(page.files.map(({ file }) => file));
  const room = 0.9 * maxBlob - page.files.length * listedFile;
  let blobSize = Math.min(defaultBlobSize, maxBlob);
  while ((all / blobSize) * listedBlob > room && blobSize < maxBlob) blobSize = Math.min(2 * blobSize, maxBlob);
  if ((all / blobSize) * listedBlob > maxBlob) throw new CannotMake(words.tooMuch);
  return blobSize;
}

async function makeOpen(page: NewPage, body: Bytes, blobSize: number, env: MakeSurroundings): Promise<Bytes> {
  const files: PageFile[] = page.files.map(({ name, type, file }) => ({ name, type, size: file.size, blobs: [] }));
  const progress = progressOf(page, env);
  for (const [i, { file, name }] of page.files.entries())
    for (let at = 0; at < file.size; at += blobSize) {
      const part = file.slice(at, Math.min(at + blobSize, file.size));
      const bytes = await read(part, name, env.signal);
      files[i]!.blobs.push(await put(bytes, part, env));
      progress(bytes.length);
    }
  return writeDocument({ version: 1, kind: page.kind, ...authorOf(env), ...blobSizeOf(blobSize), ...(files.length > 0 && { files }), ...entryOf(page) }, body).bytes;
}

async function makeSealed(page: NewPage, body: Bytes, passphrase: string, blobSize: number, env: MakeSurroundings): Promise<{ root: Bytes; key: string }> {
  const secret = env.secret ?? newSecret(env.crypto);
  const header = newSealHeader(env.crypto, passphrase !== "");
  const seal = await Seal.make(env.crypto.subtle, header, secret, passphrase);

  const all = bytesIn(page.files.map(({ file }) => file));
  const size = pieceSize(blobSize);
  const total = Math.ceil(all / size);
  const progress = progressOf(page, env);
  const blobs: string[] = [];
  let sealedSize = 0;
  for await (const piece of pieces(page, size, env.signal)) {
    const sealed = await seal.sealPiece(piece, blobs.length, total);
    blobs.push(await put(sealed, undefined, env));
    sealedSize += sealed.length;
    progress(piece.length);
  }

  const files = page.files.map(({ name, type, file }) => ({ name, type, size: file.size }));
  const inside = writeDocument({ version: 1, kind: page.kind, ...(files.length > 0 && { files }), ...entryOf(page) }, body).bytes;
  const list = blobs.length > 0 && { files: [{ name: sealedFile, type: "application/octet-stream", size: sealedSize, blobs }] };
  const outside = { version: 1, kind: "sealed", ...authorOf(env), blobSize, seal: header, ...list };
  const { bound } = writeDocument(outside, new Uint8Array());
  return { root: writeDocument(outside, await seal.sealDocument(inside, bound)).bytes, key: base64url(secret) };
}

/** The files one after the other, in pieces of one size but for the last. */
async function* pieces(page: NewPage, size: number, signal: AbortSignal): AsyncGenerator<Bytes> {
  let piece = new Uint8Array(size);
  let filled = 0;
  for (const { file, name } of page.files)
    for (let at = 0; at < file.size; ) {
      const bytes = await read(file.slice(at, Math.min(at + size - filled, file.size)), name, signal);
      piece.set(bytes, filled);
      filled += bytes.length;
      at += bytes.length;
      if (filled === size) {
        yield piece;
        piece = new Uint8Array(size);
        filled = 0;
      }
    }
  if (filled > 0) yield piece.slice(0, filled);
}

async function read(part: Blob, name: string, signal: AbortSignal): Promise<Bytes> {
  if (signal.aborted) throw new CannotMake(words.stopped);
  const bytes = await part.arrayBuffer().catch(() => undefined);
  // A file that was changed, moved or deleted since it was chosen can't be read any more, or is shorter than it was.
  if (bytes?.byteLength !== part.size) throw new CannotMake(words.changed(name));
  return new Uint8Array(bytes);
}

async function put(bytes: Bytes, source: Blob | undefined, env: MakeSurroundings): Promise<string> {
  const name = await sha256(bytes);
  await env.put(name, bytes, source);
  return name;
}

function progressOf(page: NewPage, env: MakeSurroundings): (bytes: number) => void {
  const total = bytesIn(page.files.map(({ file }) => file));
  let done = 0;
  return (bytes) => env.progress((done += bytes), total);
}

const blobSizeOf = (blobSize: number): object => (blobSize === defaultBlobSize ? {} : { blobSize });
const authorOf = ({ author }: MakeSurroundings): object => (author === undefined ? {} : { author });
const entryOf = ({ entry }: NewPage): object => (entry === undefined ? {} : { entry });
