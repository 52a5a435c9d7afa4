// A reload must not kill a page whose last holder reloads, and a closed tab must leave nothing that can be read.
//
// So the bytes lie in IndexedDB, sealed with a key that only this tab can put together (tab-name.ts). One half of it
// outlives a reload and nothing else: a closed tab or a killed browser takes it along, a restored session and another
// tab don't have it.
//
// Each tab holds a Web Lock under its id while it lives. Records whose lock nobody holds are left over from a tab that
// is gone: unreadable already, and swept at the next start of the site, whoever starts it.
import { hex } from "./wire";

export interface Kept {
  page: string;
  blob: string;
  bytes: Uint8Array<ArrayBuffer>;
}

export interface KeepSurroundings {
  indexedDB: IDBFactory | undefined;
  crypto: Crypto;
  locks: LockManager | undefined;
  setTimeout(run: () => void, ms: number): unknown;
}

const store = "kept";
const idPattern = /^ephemeral\.([0-9a-f]{16})\.([0-9a-f]{64})$/;
const lockOf = (id: string): string => `ephemeral.tab.${id}`;
/** How long a reload waits for the worker before it to let go; a tab whose name is a copy of another's waits in vain. */
const handOverTakes = 2_000;
/** How long a reloading tab may be without its lock before others take it for gone. */
const reloadTakes = 5_000;

type SealedRecord = { iv: Uint8Array<ArrayBuffer>; sealed: ArrayBuffer };

export class Keep {
  #keys = new Map<string, number>();
  #nextKey = 0;

  private constructor(
    readonly name: string,
    private id: string,
    private key: CryptoKey,
    private db: IDBDatabase,
    private env: KeepSurroundings,
  ) {}

  /** Undefined where the browser has no safe place to offer. `found` is what this very tab held before it was reloaded. */
  static async open(name: string, env: KeepSurroundings): Promise<{ keep: Keep; found: Kept[] } | undefined> {
    if (!env.indexedDB || !env.locks || !env.crypto.subtle) return undefined;
    const before = idPattern.exec(name);
    const again = before !== null && (await lock(env.locks, before[1]!, handOverTakes));
    const raw = again ? unhex(before[2]!) : env.crypto.getRandomValues(new Uint8Array(32));
    const id = again ? before[1]! : hex(env.crypto.getRandomValues(new Uint8Array(8)));
    if (!again && !(await lock(env.locks, id, handOverTakes))) return undefined;

    const db = await openDatabase(env.indexedDB);
    const key = await env.crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
    const keep = new Keep(`ephemeral.${id}.${hex(raw)}`, id, key, db, env);
    const found = again ? await keep.#unseal() : [];
    void keep.#sweep();
    return { keep, found };
  }

  async save({ page, blob, bytes }: Kept): Promise<void> {
    const known = page + blob;
    if (this.#keys.has(known)) return;
    const key = this.#nextKey++;
    this.#keys.set(known, key);
    // What was read is as private as its content: the names are sealed too.
    const open = new Uint8Array(64 + bytes.length);
    open.set(unhex(page));
    open.set(unhex(blob), 32);
    open.set(bytes, 64);
    const iv = this.env.crypto.getRandomValues(new Uint8Array(12));
    const sealed = await this.env.crypto.subtle.encrypt({ name: "AES-GCM", iv }, this.key, open);
    // It may have been let go of while it was being sealed.
    if (this.#keys.get(known) !== key) return;
    await done(this.#write().put({ iv, sealed } satisfies SealedRecord, [this.id, key]));
  }

  async remove(page: string): Promise<void> {
    const keys = [...this.#keys].filter(([known]) => known.startsWith(page));
    for (const [known] of keys) this.#keys.delete(known);
    await Promise.all(keys.map(([, key]) => done(this.#write().delete([this.id, key]))));
  }

  async #unseal(): Promise<Kept[]> {
    const range = rangeOf(this.id);
    const records = this.db.transaction(store).objectStore(store);
    const [keys, values] = await Promise.all([done(records.getAllKeys(range)), done(records.getAll(range))]);
    const found: Kept[] = [];
    for (const [i, { iv, sealed }] of (values as SealedRecord[]).entries()) {
      const key = (keys[i] as [string, number])[1];
      this.#nextKey = Math.max(this.#nextKey, key + 1);
      const open = new Uint8Array(await this.env.crypto.subtle.decrypt({ name: "AES-GCM", iv }, this.key, sealed));
      const [page, blob] = [hex(open.subarray(0, 32)), hex(open.subarray(32, 64))];
      this.#keys.set(page + blob, key);
      found.push({ page, blob, bytes: open.slice(64) });
    }
    return found;
  }

  /** Twice, because a tab that is just being reloaded holds no lock for a moment either. */
  async #sweep(): Promise<void> {
    const left = await this.#leftOver();
    if (left.length === 0) return;
    this.env.setTimeout(async () => {
      const still = new Set(await this.#leftOver());
      for (const id of left) if (still.has(id)) await done(this.#write().delete(rangeOf(id)));
    }, reloadTakes);
  }

  async #leftOver(): Promise<string[]> {
    const keys = (await done(this.db.transaction(store).objectStore(store).getAllKeys())) as [string, number][];
    const ids = new Set(keys.map(([id]) => id));
    const held = new Set((await this.env.locks!.query()).held?.map((held) => held.name));
    return [...ids].filter((id) => id !== this.id && !held.has(lockOf(id)));
  }

  #write(): IDBObjectStore {
    return this.db.transaction(store, "readwrite").objectStore(store);
  }
}

const rangeOf = (id: string): IDBKeyRange => IDBKeyRange.bound([id], [id, []]);

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

function openDatabase(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open("ephemeral", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(store);
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function unhex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

