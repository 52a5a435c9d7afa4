import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { Keep, type KeepSurroundings } from "../src/keep";
import { hex } from "../src/wire";
import { bytes, nameOf } from "./fakes";

globalThis.IDBKeyRange = IDBKeyRange;

/** One browser: its storage stays, its locks are held by tabs. */
class Browser {
  indexedDB = new IDBFactory();
  #held = new Map<string, () => void>();
  #waiting: [string, () => void][] = [];
  later: (() => void)[] = [];

  tab(): KeepSurroundings {
    const locks = {
      request: (name: string, { signal }: { signal: AbortSignal }, granted: () => Promise<void>) => new Promise((_, reject) => {
        const take = (): void => {
          this.#held.set(name, () => {});
          void granted();
        };
        if (!this.#held.has(name)) return take();
        this.#waiting.push([name, take]);
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
      query: async () => ({ held: [...this.#held.keys()].map((name) => ({ name })) }),
    };
    return {
      indexedDB: this.indexedDB,
      crypto,
      locks: locks as unknown as LockManager,
      setTimeout: (run) => this.later.push(run),
    };
  }

  /** The tab's worker is gone, and its lock with it. */
  ends(keep: Keep): void {
    const name = `ephemeral.tab.${keep.name.split(".")[1]}`;
    this.#held.delete(name);
    const next = this.#waiting.findIndex(([waited]) => waited === name);
    if (next >= 0) this.#waiting.splice(next, 1)[0]![1]();
  }

  async timePasses(): Promise<void> {
    for (const run of this.later.splice(0)) await run();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async records(): Promise<unknown[]> {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const open = this.indexedDB.open("ephemeral", 1);
      open.onsuccess = () => resolve(open.result);
    });
    return new Promise((resolve) => {
      const all = db.transaction("kept").objectStore("kept").getAll();
      all.onsuccess = () => resolve(all.result);
    });
  }
}

const secret = bytes("a secret");
const page = nameOf(secret);
const kept = { page, blob: page, bytes: secret };
let browser: Browser;
beforeEach(() => void (browser = new Browser()));

async function holding(): Promise<Keep> {
  const { keep, found } = (await Keep.open("", browser.tab()))!;
  expect(found).toEqual([]);
  await keep.save(kept);
  return keep;
}

describe("a reload", () => {
  it("finds what the tab held", async () => {
    const before = await holding();
    browser.ends(before);
    const after = (await Keep.open(before.name, browser.tab()))!;
    expect(after.found).toEqual([kept]);
    expect(after.keep.name).toBe(before.name);
  });

  it("waits for the worker before it to end", async () => {
    const before = await holding();
    const opening = Keep.open(before.name, browser.tab());
    setTimeout(() => browser.ends(before), 50);
    expect((await opening)!.found).toEqual([kept]);
  });

  it("can come twice in a row", async () => {
    const before = await holding();
    for (let i = 0; i < 2; i++) {
      browser.ends(before);
      expect((await Keep.open(before.name, browser.tab()))!.found).toEqual([kept]);
    }
  });

  it("finds nothing that was let go of", async () => {
    const before = await holding();
    await before.remove(page);
    browser.ends(before);
    expect((await Keep.open(before.name, browser.tab()))!.found).toEqual([]);
    expect(await browser.records()).toEqual([]);
  });
});

describe("another tab", () => {
  it("finds nothing, though it may open the same page", async () => {
    await holding();
    expect((await Keep.open("", browser.tab()))!.found).toEqual([]);
  });

  it("that is a copy finds nothing while the first one lives", async () => {
    const first = await holding();
    const copy = (await Keep.open(first.name, browser.tab()))!;
    expect(copy.found).toEqual([]);
    expect(copy.keep.name).not.toBe(first.name);
  });

  it("leaves alone what a living tab keeps", async () => {
    await holding();
    await Keep.open("", browser.tab());
    await browser.timePasses();
    expect(await browser.records()).toHaveLength(1);
  });
});

describe("a tab that is gone", () => {
  it("leaves nothing readable, and what it leaves is swept", async () => {
    const gone = await holding();
    browser.ends(gone);
    const [record] = (await browser.records()) as { sealed: ArrayBuffer }[];
    const sealed = hex(new Uint8Array(record!.sealed));
    expect(sealed).not.toContain(hex(bytes("secret")));
    expect(sealed).not.toContain(page);
    expect((await Keep.open("", browser.tab()))!.found).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await browser.timePasses();
    expect(await browser.records()).toEqual([]);
  });

  it("is not taken for gone while it is only being reloaded", async () => {
    const reloading = await holding();
    browser.ends(reloading);
    await Keep.open("", browser.tab());
    await new Promise((resolve) => setTimeout(resolve, 20));
    const after = (await Keep.open(reloading.name, browser.tab()))!;
    await browser.timePasses();
    expect(after.found).toEqual([kept]);
    expect(await browser.records()).toHaveLength(1);
  });
});

describe("a browser that offers no safe place", () => {
  it.each(["indexedDB", "locks"] as const)("is known by its missing %s", async (missing) => {
    expect(await Keep.open("", { ...browser.tab(), [missing]: undefined })).toBeUndefined();
  });

  it("is known by its missing WebCrypto", async () => {
    expect(await Keep.open("", { ...browser.tab(), crypto: {} as Crypto })).toBeUndefined();
  });
});
