import { beforeEach, describe, expect, it, vi } from "vitest";
import { hex } from "../src/bytes";
import { Keep, type KeepSurroundings } from "../src/keep";
import { bytes, nameOf } from "./fakes";
import { FakeFolder } from "./file-system";

/** One browser: its storage stays, its locks are held by tabs. */
class Browser {
  files = new FakeFolder();
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
      files: async () => this.files.handle,
      crypto,
      locks: locks as unknown as LockManager,
      setTimeout: (run) => this.later.push(run),
    };
  }

  /** The tab's worker is gone, and its lock with it. */
  ends(keep: Keep): void {
    const id = keep.name.split(".")[1]!;
    const name = `ephemeral.tab.${id}`;
    for (const file of this.files.folders.get("ephemeral")!.folders.get(id)!.files.values()) file.open = false;
    this.#held.delete(name);
    const next = this.#waiting.findIndex(([waited]) => waited === name);
    if (next >= 0) this.#waiting.splice(next, 1)[0]![1]();
  }

  /** Ends when a tab has looked for what others left, and found something. */
  found(): Promise<void> {
    return vi.waitFor(() => expect(this.later).not.toEqual([]), { timeout: 5_000 });
  }

  /** Ends when a tab waits for another's lock. */
  waits(): Promise<void> {
    return vi.waitFor(() => expect(this.#waiting).not.toEqual([]), { timeout: 5_000 });
  }

  async timePasses(): Promise<void> {
    for (const run of this.later.splice(0)) await run();
  }

  /** Every file of every tab, by its path. */
  get kept(): string[] {
    const site = this.files.folders.get("ephemeral");
    return [...(site?.folders ?? [])].flatMap(([id, { files }]) => [...files.keys()].map((name) => `${id}/${name}`));
  }

  get bytes(): string {
    const site = this.files.folders.get("ephemeral")!;
    return [...site.folders.values()].flatMap(({ files }) => [...files.values()]).map(({ content }) => hex(content)).join();
  }
}

const secret = bytes("a secret");
const page = nameOf(secret);
const part = bytes("a part of it");
const found = [{ page, blob: page, size: secret.length }, { page, blob: nameOf(part), size: part.length }];
let browser: Browser;
beforeEach(() => void (browser = new Browser()));

async function holding(): Promise<Keep> {
  const { keep, found } = (await Keep.open("", browser.tab()))!;
  expect(found).toEqual([]);
  await keep.save(page, page, secret);
  await keep.save(page, nameOf(part), part);
  return keep;
}

describe("a reload", () => {
  it("finds what the tab held", async () => {
    const before = await holding();
    browser.ends(before);
    const after = (await Keep.open(before.name, browser.tab()))!;
    expect(after.found).toEqual(found);
    expect(after.keep.name).toBe(before.name);
    expect(await after.keep.load(page, page)).toEqual(secret);
    expect(await after.keep.load(page, nameOf(part))).toEqual(part);
    expect(await after.keep.load(page, nameOf(bytes("something else")))).toBeUndefined();
  });

  it("waits for the worker before it to end", async () => {
    const before = await holding();
    const opening = Keep.open(before.name, browser.tab());
    await browser.waits();
    browser.ends(before);
    expect((await opening)!.found).toEqual(found);
  });

  it("can come twice in a row", async () => {
    const before = await holding();
    for (let i = 0; i < 2; i++) {
      browser.ends(before);
      expect((await Keep.open(before.name, browser.tab()))!.found).toEqual(found);
    }
  });

  it("finds what was added after it, too", async () => {
    const before = await holding();
    browser.ends(before);
    const after = (await Keep.open(before.name, browser.tab()))!;
    const more = bytes("more of it");
    await after.keep.save(page, nameOf(more), more);
    browser.ends(after.keep);
    const last = (await Keep.open(before.name, browser.tab()))!;
    expect(last.found).toHaveLength(3);
    expect(await last.keep.load(page, nameOf(more))).toEqual(more);
    expect(await last.keep.load(page, page)).toEqual(secret);
  });

  it("finds a page under the name that it got in the end", async () => {
    const { keep: before } = (await Keep.open("", browser.tab()))!;
    await before.save("0".repeat(64), nameOf(part), part);
    await before.rename("0".repeat(64), page);
    await before.save(page, page, secret);
    browser.ends(before);
    const after = (await Keep.open(before.name, browser.tab()))!;
    expect(new Set(after.found.map((kept) => kept.page))).toEqual(new Set([page]));
    expect(await after.keep.load(page, nameOf(part))).toEqual(part);
  });

  it("finds the blobs before one that the disk has lost", async () => {
    const before = await holding();
    browser.ends(before);
    const [folder] = browser.files.folders.get("ephemeral")!.folders.values();
    const blobs = folder!.files.get("0")!;
    blobs.content = blobs.content.slice(0, -5);
    const after = (await Keep.open(before.name, browser.tab()))!;
    expect(await after.keep.load(page, page)).toEqual(secret);
    expect(await after.keep.load(page, nameOf(part))).toBeUndefined();
  });

  it("finds nothing that was let go of", async () => {
    const before = await holding();
    await before.remove(page);
    browser.ends(before);
    expect((await Keep.open(before.name, browser.tab()))!.found).toEqual([]);
    expect(browser.kept).toEqual([]);
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
    expect(browser.kept).toHaveLength(2);
  });
});

describe("a tab that is gone", () => {
  it("leaves nothing readable, and what it leaves is swept", async () => {
    const gone = await holding();
    browser.ends(gone);
    expect(browser.bytes).not.toContain(hex(bytes("secret")));
    expect(browser.bytes).not.toContain(page);
    expect(browser.bytes).not.toContain(nameOf(part));
    expect((await Keep.open("", browser.tab()))!.found).toEqual([]);
    await browser.found();
    await browser.timePasses();
    expect(browser.kept).toEqual([]);
  });

  it("is not taken for gone while it is only being reloaded", async () => {
    const reloading = await holding();
    browser.ends(reloading);
    await Keep.open("", browser.tab());
    await browser.found();
    const after = (await Keep.open(reloading.name, browser.tab()))!;
    await browser.timePasses();
    expect(after.found).toEqual(found);
    expect(browser.kept).toHaveLength(2);
  });
});

describe("a browser that offers no safe place", () => {
  it.each(["locks"] as const)("is known by its missing %s", async (missing) => {
    expect(await Keep.open("", { ...browser.tab(), [missing]: undefined })).toBeUndefined();
  });

  it("is known by its missing WebCrypto", async () => {
    expect(await Keep.open("", { ...browser.tab(), crypto: {} as Crypto })).toBeUndefined();
  });
});

describe("a disk that is full", () => {
  it("says so, and what was kept before stays", async () => {
    const keep = await holding();
    const [folder] = browser.files.folders.get("ephemeral")!.folders.values();
    folder!.room = folder!.size + 10;
    const more = bytes("more than there is room for");
    await expect(keep.save(page, nameOf(more), more)).rejects.toThrow("no more room");
    expect(await keep.load(page, nameOf(more))).toBeUndefined();
    expect(await keep.load(page, page)).toEqual(secret);
  });
});
