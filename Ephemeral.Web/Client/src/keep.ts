// Where a tab's bytes lie: outside the script's heap, over a reload, and for nobody else.
//
// Each tab has a folder in the browser's private file system, with a pair of files for each page: what is sealed of its blobs,
// one after the other, and a list of where each begins, sealed as well. The key is put together by this tab alone
// (tab-name.ts). One half of it outlives a reload and nothing else: a closed tab or a killed browser takes it along, a
// restored session and another tab don't have it.
//
// Each tab holds a Web Lock under its id while it lives. Folders whose lock nobody holds are left over from a tab that
// is gone: unreadable already, and swept at the next start of the site, whoever starts it.
import { concat, hex, unhex, type Bytes } from "./bytes";

/** A blob that was kept for a page. */
export interface Kept {
  page: string;
  blob: string;
  size: number;
}

export interface KeepSurroundings {
  /** The browser's private file system. */
  files: () => Promise<FileSystemDirectoryHandle>;
  crypto: Crypto;
  locks: LockManager | undefined;
  setTimeout(run: () => void, ms: number): unknown;
}

const folderName = "ephemeral";
const idPattern = /^ephemeral\.([0-9a-f]{16})\.([0-9a-f]{64})$/;
const lockOf = (id: string): string => `ephemeral.tab.${id}`;
/** How long a reload waits for the worker before it to let go; a tab whose name is a copy of another's waits in vain. */
const handOverTakes = 2_000;
/** How long a reloading tab may be without its lock before others take it for gone. */
const reloadTakes = 5_000;

const ivLength = 12;
const tagLength = 16;
/** A line of a page's list: a blob's name, where it begins and its size; or the page's name, the last of which counts. */
const lineLength = 32 + 8 + 8;
const sealedLine = ivLength + lineLength + tagLength;
const namesPage = 2n ** 64n - 1n;

export class Keep {
  #pages = new Map<string, Promise<KeptFile>>();
  #nextFile = 0;

  private constructor(readonly name: string, private id: string, private sealer: Sealer, private folder: FileSystemDirectoryHandle) {}

  /** Undefined where the browser has no safe place to offer. `found` is what this very tab held before it was reloaded. */
  static async open(name: string, env: KeepSurroundings): Promise<{ keep: Keep; found: Kept[] } | undefined> {
    if (!env.locks || !env.crypto.subtle) return undefined;
    const root = await (await env.files()).getDirectoryHandle(folderName, { create: true });
    const before = idPattern.exec(name);
    const again = before !== null && (await lock(env.locks, before[1]!, handOverTakes));
    const raw = again ? unhex(before[2]!) : env.crypto.getRandomValues(new Uint8Array(32));
    const id = again ? before[1]! : hex(env.crypto.getRandomValues(new Uint8Array(8)));
    if (!again && !(await lock(env.locks, id, handOverTakes))) return undefined;

    const key = await env.crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
    const keep = new Keep(`ephemeral.${id}.${hex(raw)}`, id, new Sealer(env.crypto, key), await root.getDirectoryHandle(id, { create: true }));
    const found = again ? await keep.#find() : [];
    void keep.#sweep(root, env);
    return { keep, found };
  }

  /** Rejects where the browser has no more room. */
  async save(page: string, blob: string, bytes: Bytes): Promise<void> {
    await (await this.#file(page)).add(blob, bytes);
  }

  /** Undefined for what is not kept, or not as it was. */
  async load(page: string, blob: string): Promise<Bytes | undefined> {
    return (await this.#pages.get(page))?.read(blob);
  }

  /** What was kept for a page whose name was not known yet. */
  async rename(page: string, to: string): Promise<void> {
    const file = this.#pages.get(page);
    if (!file) return;
    this.#pages.delete(page);
    this.#pages.set(to, file);
    await (await file).rename(to);
  }

  async remove(page: string): Promise<void> {
    const file = this.#pages.get(page);
    this.#pages.delete(page);
    await (await file?.catch(() => undefined))?.remove();
  }

  #file(page: string): Promise<KeptFile> {
    let file = this.#pages.get(page);
    if (!file) {
      file = KeptFile.create(this.folder, String(this.#nextFile++), this.sealer, page);
      this.#pages.set(page, file);
      file.catch(() => this.#pages.delete(page));
    }
    return file;
  }

  async #find(): Promise<Kept[]> {
    const found: Kept[] = [];
    const names: string[] = [];
    for await (const name of this.folder.keys()) if (/^\d+$/.test(name)) names.push(name);
    for (const name of names) {
      this.#nextFile = Math.max(this.#nextFile, Number(name) + 1);
      const file = await KeptFile.reopen(this.folder, name, this.sealer).catch(() => undefined);
      if (!file) continue;
      this.#pages.set(file.page, Promise.resolve(file));
      for (const [blob, { size }] of file.places) found.push({ page: file.page, blob, size });
    }
    return found;
  }

  /** Twice, because a tab that is just being reloaded holds no lock for a moment either. */
  async #sweep(root: FileSystemDirectoryHandle, { locks, setTimeout }: KeepSurroundings): Promise<void> {
    const leftOver = async (): Promise<string[]> => {
      const ids: string[] = [];
      for await (const id of root.keys()) ids.push(id);
      const held = new Set((await locks!.query()).held?.map((held) => held.name));
      return ids.filter((id) => id !== this.id && !held.has(lockOf(id)));
    };
    const left = await leftOver();
    if (left.length === 0) return;
    setTimeout(async () => {
      const still = new Set(await leftOver());
      for (const id of left) if (still.has(id)) await root.removeEntry(id, { recursive: true }).catch(() => {});
    }, reloadTakes);
  }
}

/** What is kept of one page. */
class KeptFile {
  readonly places = new Map<string, { at: number; size: number }>();
  #blobsEnd = 0;
  #listEnd = 0;
  #writing: Promise<void> = Promise.resolve();
  #gone = false;

  private constructor(
    public page: string, private name: string, private folder: FileSystemDirectoryHandle, private sealer: Sealer,
    private blobs: FileSystemSyncAccessHandle, private list: FileSystemSyncAccessHandle,
  ) {}

  static async create(folder: FileSystemDirectoryHandle, name: string, sealer: Sealer, page: string): Promise<KeptFile> {
    const file = new KeptFile(page, name, folder, sealer, await open(folder, name), await open(folder, `${name}.list`));
    await file.#addLine(page, namesPage, 0);
    return file;
  }

  static async reopen(folder: FileSystemDirectoryHandle, name: string, sealer: Sealer): Promise<KeptFile> {
    const list = await open(folder, `${name}.list`);
    const lines: Bytes[] = [];
    for (let at = 0; at + sealedLine <= list.getSize(); at += sealedLine) lines.push(await sealer.open(read(list, at, sealedLine)));
    const file = new KeptFile("", name, folder, sealer, await open(folder, name), list);
    file.#listEnd = lines.length * sealedLine;
    for (const line of lines) {
      const view = new DataView(line.buffer);
      const name = hex(line.subarray(0, 32));
      if (view.getBigUint64(32) === namesPage) {
        file.page = name;
        continue;
      }
      const [at, size] = [Number(view.getBigUint64(32)), Number(view.getBigUint64(40))];
      file.places.set(name, { at, size });
      file.#blobsEnd = Math.max(file.#blobsEnd, at + ivLength + size + tagLength);
    }
    return file;
  }

  async add(blob: string, bytes: Bytes): Promise<void> {
    if (this.places.has(blob)) return;
    const sealed = await this.sealer.seal(bytes);
    // One after the other: what is in the list has been written.
    await (this.#writing = this.#writing.catch(() => {}).then(async () => {
      if (this.places.has(blob) || this.#gone) return;
      const at = this.#blobsEnd;
      this.#blobsEnd += write(this.blobs, at, sealed);
      await this.#addLine(blob, BigInt(at), bytes.length);
      this.places.set(blob, { at, size: bytes.length });
    }));
  }

  async rename(page: string): Promise<void> {
    this.page = page;
    await (this.#writing = this.#writing.catch(() => {}).then(() => this.#addLine(page, namesPage, 0)));
  }

  async read(blob: string): Promise<Bytes | undefined> {
    const place = this.places.get(blob);
    if (!place || this.#gone) return undefined;
    return this.sealer.open(read(this.blobs, place.at, ivLength + place.size + tagLength)).catch(() => undefined);
  }

  async remove(): Promise<void> {
    this.#gone = true;
    await this.#writing.catch(() => {});
    for (const [handle, name] of [[this.blobs, this.name], [this.list, `${this.name}.list`]] as const) {
      handle.close();
      await this.folder.removeEntry(name);
    }
  }

  async #addLine(name: string, at: bigint, size: number): Promise<void> {
    const line = concat(unhex(name), new Uint8Array(16));
    const view = new DataView(line.buffer);
    view.setBigUint64(32, at);
    view.setBigUint64(40, BigInt(size));
    const sealed = await this.sealer.seal(line);
    if (this.#gone) return;
    this.#listEnd += write(this.list, this.#listEnd, sealed);
  }
}

/** What lies on the disk, one after the other. Not put together first: that would copy all of it. */
interface Sealed {
  iv: Bytes;
  rest: Bytes;
}

class Sealer {
  constructor(private crypto: Crypto, private key: CryptoKey) {}

  async seal(bytes: Bytes): Promise<Sealed> {
    const iv = this.crypto.getRandomValues(new Uint8Array(ivLength));
    return { iv, rest: new Uint8Array(await this.crypto.subtle.encrypt({ name: "AES-GCM", iv }, this.key, bytes)) };
  }

  async open(sealed: Bytes): Promise<Bytes> {
    const iv = sealed.subarray(0, ivLength);
    return new Uint8Array(await this.crypto.subtle.decrypt({ name: "AES-GCM", iv }, this.key, sealed.subarray(ivLength)));
  }
}

/** The number of bytes that it took. */
function write(handle: FileSystemSyncAccessHandle, at: number, { iv, rest }: Sealed): number {
  const written = handle.write(iv, { at }) + handle.write(rest, { at: at + ivLength });
  if (written !== ivLength + rest.length) throw new DOMException("There is no more room.", "QuotaExceededError");
  return written;
}

function read(handle: FileSystemSyncAccessHandle, at: number, length: number): Bytes {
  const bytes = new Uint8Array(length);
  handle.read(bytes, { at });
  return bytes;
}

/** The worker before a reload may not have let go of its files yet, though of its lock. */
async function open(folder: FileSystemDirectoryHandle, name: string): Promise<FileSystemSyncAccessHandle> {
  const file = await folder.getFileHandle(name, { create: true });
  for (let tries = 0; ; tries++)
    try {
      return await file.createSyncAccessHandle();
    } catch (error) {
      if (tries === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

/** Takes the tab's lock and keeps it until this worker ends; false when another tab has it for longer than `ms`. */
function lock(locks: LockManager, id: string, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const granted = (): Promise<never> => {
      resolve(true);
      return new Promise(() => {});
    };
    locks.request(lockOf(id), { signal: AbortSignal.timeout(ms) }, granted).catch(() => resolve(false));
  });
}
