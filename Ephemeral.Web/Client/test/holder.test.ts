import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Holder } from "../src/holder";
import type { FromHolder, NewPage, PageState } from "../src/messages";
import { Link } from "../src/socket";
import { FakeSocket, begin, bytes, documentOf, hashed, nameOf, surroundings, until } from "./fakes";

const content = bytes("<p>hello 😀");
const page = nameOf(content);
const other = bytes("other");

let holder: Holder;
let told: FromHolder[];
let shelf: Map<string, { page: string; bytes: Uint8Array<ArrayBuffer> }>;
let shelfIsFull: boolean;
const node = (): FakeSocket => FakeSocket.last;
const state = (): PageState => told.findLast((m) => m.type === "state")!.state;
const shown = () => told.filter((m) => m.type === "content");
const answer = <T extends FromHolder["type"]>(type: T) => told.findLast((m): m is Extract<FromHolder, { type: T }> => m.type === type);
const open = (page: string, key = ""): Promise<void> => holder.do({ type: "open", page, key });
const html = (text: string): NewPage => ({ kind: "html", text, files: [], entry: undefined, sealed: undefined, editable: false, follows: undefined });
const said = (type: string) => node().said.filter((m) => m.type === type);

beforeEach(() => {
  begin();
  vi.stubGlobal("crypto", { randomUUID: () => "00000000-0000-0000-0000-000000000000" });
  told = [];
  shelf = new Map();
  shelfIsFull = false;
  const env = { ...surroundings(), crypto: globalThis.crypto, tell: (message: FromHolder) => void told.push(message) };
  holder = new Holder(env);
  holder.shelf = {
    save: async (page, blob, bytes) => {
      if (shelfIsFull) throw new Error("full");
      shelf.set(blob, { page, bytes });
    },
    load: async (_, blob) => shelf.get(blob)?.bytes,
    rename: async (page, to) => shelf.forEach((kept) => kept.page === page && (kept.page = to)),
    remove: async (page) => shelf.forEach((kept, blob) => kept.page === page && shelf.delete(blob)),
  };
  const link = new Link("ws://node/ws", holder, env);
  holder.link = link;
  link.start();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("creating", () => {
  beforeEach(async () => {
    node().welcomes();
    await holder.do({ type: "create", page: html("<p>hello 😀") });
  });

  it("holds the page under the hash of its bytes", () => {
    expect(told).toContainEqual({ type: "created", page, key: "" });
    expect(said("hold")).toEqual([{ type: "hold", page }]);
    expect(state()).toMatchObject({ phase: "held", own: true });
    expect(shelf.has(page)).toBe(true);
  });

  it("gives the page to who asks, and nothing else", async () => {
    node().says({ type: "ask", page, blob: page });
    await hashed();
    expect(node().gave).toEqual([page]);
    node().says({ type: "ask", page, blob: nameOf(other) }).says({ type: "ask", page: nameOf(other), blob: page });
    await hashed();
    expect(node().gave).toEqual([page]);
    expect(said("miss")).toHaveLength(2);
  });

  it("counts as given what goes to others, and not what a node asks for to see that it is here", async () => {
    const status = { type: "status", page, holders: 0, waiters: 0, you: "claimed" };
    node().says(status).says({ type: "ask", page, blob: page });
    await until(() => node().gave.length === 1);
    vi.advanceTimersByTime(1000);
    node().says({ ...status, holders: 1, you: "holder" });
    expect(state().givenBytes).toBe(0);
    expect(told.filter((m) => m.type === "happened" && m.happening.what === "gave")).toEqual([]);
    node().says({ type: "ask", page, blob: page });
    await until(() => node().gave.length === 2);
    vi.advanceTimersByTime(1000);
    expect(state().givenBytes).toBe(content.length);
  });

  it("counts the first upload, too, where somebody waits for it", async () => {
    node().says({ type: "status", page, holders: 0, waiters: 1, you: "claimed" }).says({ type: "ask", page, blob: page });
    await until(() => node().gave.length === 1);
    vi.advanceTimersByTime(1000);
    expect(state().givenBytes).toBe(content.length);
  });

  it("says miss for a page it has let go of, and keeps nothing of it", async () => {
    await holder.do({ type: "release", page });
    node().says({ type: "ask", page, blob: page });
    await hashed();
    expect(said("release")).toHaveLength(1);
    expect(said("miss")).toHaveLength(1);
    expect(shelf.size).toBe(0);
  });

  it("holds it again after the connection was lost", () => {
    node().ends();
    vi.advanceTimersByTime(250);
    node().welcomes();
    expect(said("hold")).toEqual([{ type: "hold", page }]);
  });
});

describe("opening", () => {
  beforeEach(async () => {
    node().welcomes();
    await open(page);
  });

  it("wants the page, checks it, shows it and holds it", async () => {
    expect(said("want")).toEqual([{ type: "want", page }]);
    node().says({ type: "status", page, holders: 0, waiters: 1, you: "waiter" });
    expect(state()).toMatchObject({ phase: "asking", holders: 0 });
    node().gives(content);
    await hashed();
    expect(shown()).toHaveLength(1);
    expect(said("hold")).toEqual([{ type: "hold", page }]);
    expect(state().phase).toBe("held");
  });

  it("throws away what has another hash, shows nothing and holds nothing", async () => {
    node().gives(other, page);
    await hashed();
    expect(state().phase).toBe("wrong");
    expect(shown()).toEqual([]);
    expect(said("hold")).toEqual([]);
    expect(shelf.size).toBe(0);
    await holder.do({ type: "again", page });
    node().gives(content);
    await hashed();
    expect(state().phase).toBe("held");
  });

  it("takes no blob that nobody asked for", async () => {
    node().gives(other);
    await hashed();
    expect(state().phase).toBe("asking");
    expect(shelf.size).toBe(0);
  });

  it("wants it again after a reconnect", () => {
    node().ends();
    vi.advanceTimersByTime(250);
    node().welcomes();
    expect(said("want")).toEqual([{ type: "want", page }]);
  });

  it("lets go of a page that is blocked, and asks for it no more", async () => {
    node().gives(content).says({ type: "status", page, holders: 3, waiters: 0, you: "holder" });
    await hashed();
    node().says({ type: "error", code: "blocked", message: "No.", page });
    expect(state()).toMatchObject({ phase: "blocked", holders: undefined });
    expect(shelf.size).toBe(0);
    node().says({ type: "ask", page, blob: page });
    expect(node().gave).toEqual([]);
    node().ends();
    vi.advanceTimersByTime(250);
    node().welcomes();
    expect(node().said).toEqual([]);
  });

  it("asks again after a rate limit", () => {
    node().says({ type: "error", code: "rate-limited", message: "Slowly.", page, retryAfterMs: 700 });
    vi.advanceTimersByTime(700);
    expect(said("want")).toHaveLength(2);
  });

  it("is brought back by the same content and by nothing else", async () => {
    await holder.do({ type: "bring", page, variants: [other] });
    expect(told).toContainEqual({ type: "not-the-same", page, got: nameOf(other) });
    await holder.do({ type: "bring", page, variants: [other, content] });
    expect(state().phase).toBe("held");
    expect(said("hold")).toEqual([{ type: "hold", page }]);
  });
});

describe("a page of files", () => {
  const parts = ["aaaa", "bbbb", "cc"].map(bytes);
  const names = parts.map(nameOf);
  const root = documentOf({ version: 1, kind: "files", blobSize: 4, files: [{ name: "a.txt", size: 10, blobs: names }] });
  const files = nameOf(root);

  beforeEach(async () => {
    node().welcomes();
    await open(files);
    node().gives(root);
    await hashed();
  });

  const allGiven = async (): Promise<void> => {
    for (const part of parts) {
      node().gives(part);
      await hashed();
    }
  };

  it("is held when all of it is here, asking for no more at once than allowed", async () => {
    expect(said("want").at(-1)).toEqual({ type: "want", page: files, root: false });
    expect(said("get").map((m) => m.blob)).toEqual([names[0], names[1]]);
    node().gives(parts[0]!);
    await hashed();
    expect(said("get").map((m) => m.blob)).toEqual(names);
    expect(said("hold")).toEqual([]);
    node().gives(parts[1]!).gives(parts[2]!);
    await hashed();
    expect(said("hold")).toEqual([{ type: "hold", page: files }]);
    await holder.do({ type: "file", id: 1, page: files, name: "a.txt", to: undefined });
    expect(await ((await until(() => answer("file"))).file as Blob).text()).toBe("aaaabbbbcc");
  });

  it("tells what it is before it is here", () => {
    expect(answer("about")!.about).toEqual({ page: files, sealed: false, kind: "files", title: "", bytes: 10, files: [{ name: "a.txt", type: "", size: 10 }] });
  });

  it("tells how far it is, file by file, a few times a second", async () => {
    const before = told.length;
    node().gives(parts[0]!).gives(parts[1]!);
    await hashed();
    expect(told.slice(before).filter((m) => m.type === "state")).toEqual([]);
    vi.advanceTimersByTime(250);
    expect(state()).toMatchObject({ phase: "gathering", gotBytes: 8, totalBytes: 10, fileBytes: [8], whole: false });
  });

  it("can be stopped, and goes on with what is there", async () => {
    node().gives(parts[0]!);
    await hashed();
    await holder.do({ type: "pause", page: files });
    expect(state()).toMatchObject({ phase: "offered", gotBytes: 4 });
    expect(said("cancel").map((m) => m.blob)).toEqual([names[1], names[2]]);
    node().gives(parts[1]!);
    await hashed();
    expect(said("get")).toHaveLength(3);
    await holder.do({ type: "load", page: files });
    expect(said("get").slice(3).map((m) => m.blob)).toEqual([names[1], names[2]]);
    node().gives(parts[1]!).gives(parts[2]!);
    await hashed();
    expect(state().phase).toBe("held");
  });

  it("gives the parts that are here before the rest is, where the node knows of that", async () => {
    node().ends();
    vi.advanceTimersByTime(250);
    node().welcomes({ features: ["parts"] });
    node().gives(parts[0]!);
    await hashed();
    vi.advanceTimersByTime(250);
    expect(said("have")).toEqual([{ type: "have", page: files, blobs: [files, names[0]] }]);
    node().says({ type: "ask", page: files, blob: names[0] });
    await hashed();
    expect(node().gave).toEqual([names[0]]);
    node().says({ type: "ask", page: files, blob: names[1] });
    await hashed();
    expect(said("miss")).toEqual([{ type: "miss", page: files, blob: names[1] }]);
    // Another node is told what is here.
    node().ends();
    vi.advanceTimersByTime(500);
    node().welcomes({ features: ["parts"] });
    vi.advanceTimersByTime(250);
    expect(said("have")).toEqual([{ type: "have", page: files, blobs: [files, names[0]] }]);
  });

  it("keeps what the shelf has no room for in the browser's hands", async () => {
    shelfIsFull = true;
    await allGiven();
    expect(state().phase).toBe("held");
    expect([...shelf.keys()]).toEqual([files]);
    node().says({ type: "ask", page: files, blob: names[0] });
    await until(() => node().gave.length > 0);
    expect(node().gave).toEqual([names[0]]);
  });

  it("lets go of one page without losing what another has in common with it, with a full shelf, too", async () => {
    shelfIsFull = true;
    await allGiven();
    const other = documentOf({ version: 1, kind: "files", blobSize: 4, files: [{ name: "same.txt", size: 10, blobs: names }] });
    await open(nameOf(other));
    node().gives(other);
    await hashed();
    await allGiven();
    expect(state()).toMatchObject({ page: nameOf(other), phase: "held" });
    await holder.do({ type: "release", page: files });
    node().says({ type: "ask", page: files, blob: names[0] }).says({ type: "ask", page: nameOf(other), blob: names[1] });
    await until(() => node().gave.length > 0);
    expect(node().gave).toEqual([names[1]]);
    expect(said("miss")).toEqual([{ type: "miss", page: files, blob: names[0] }]);
  });

  it("says miss for what the disk has lost, and gives nothing wrong", async () => {
    await allGiven();
    shelf.get(names[1]!)!.bytes = bytes("short");
    shelf.delete(names[2]!);
    node().says({ type: "ask", page: files, blob: names[1] }).says({ type: "ask", page: files, blob: names[2] });
    await hashed();
    expect(node().gave).toEqual([]);
    expect(said("miss")).toHaveLength(2);
    await holder.do({ type: "file", id: 2, page: files, name: "a.txt", to: undefined });
    expect((await until(() => answer("file"))).file).toBeUndefined();
  });

  it("writes a file to the place that was chosen for it, or not at all", async () => {
    await allGiven();
    const written: string[] = [];
    let end = "";
    const to = {
      createWritable: async () => ({
        write: async (piece: Uint8Array) => void written.push(new TextDecoder().decode(piece)),
        close: async () => void (end = "closed"),
        abort: async () => void (end = "aborted"),
      }),
    } as unknown as FileSystemFileHandle;
    await holder.do({ type: "file", id: 3, page: files, name: "a.txt", to });
    expect(answer("file")!.file).toBe("written");
    expect([written.join(), end]).toEqual(["aaaa,bbbb,cc", "closed"]);
    shelf.delete(names[2]!);
    await holder.do({ type: "file", id: 4, page: files, name: "a.txt", to });
    expect(answer("file")!.file).toBeUndefined();
    expect(end).toBe("aborted");
  });

  it("asks later again for what nobody gave", async () => {
    node().says({ type: "error", code: "unavailable", message: "Nobody.", page: files, blob: names[0] });
    vi.advanceTimersByTime(5_000);
    expect(said("get").filter((m) => m.blob === names[0])).toHaveLength(2);
  });

  it("gets the rest on the next connection, without the root", async () => {
    node().gives(parts[0]!);
    await hashed();
    node().ends();
    vi.advanceTimersByTime(250);
    node().welcomes();
    expect(said("want")).toEqual([{ type: "want", page: files, root: false }]);
    expect(said("get").map((m) => m.blob)).toEqual([names[1], names[2]]);
  });
});

describe("what can't be used", () => {
  it("is not held, for nobody knows what else belongs to it", async () => {
    const root = documentOf({ version: 9, kind: "text" }, "x");
    node().welcomes();
    await open(nameOf(root));
    node().gives(root);
    await hashed();
    expect(state()).toMatchObject({ phase: "unusable" });
    expect(said("hold")).toEqual([]);
  });

  it("is not held when a part has another size than the list says", async () => {
    const part = bytes("aaaa");
    const root = documentOf({ version: 1, kind: "files", blobSize: 4, files: [{ name: "a", size: 3, blobs: [nameOf(part)] }] });
    node().welcomes();
    await open(nameOf(root));
    node().gives(root);
    await hashed();
    node().gives(part);
    await hashed();
    expect(state()).toMatchObject({ phase: "unusable", why: expect.stringContaining("sizes") });
    expect(said("hold")).toEqual([]);
  });
});

describe("after a reload", () => {
  it("holds what the tab held, and drops what has changed on the shelf", async () => {
    shelf.set(page, { page, bytes: content });
    shelf.set(nameOf(other), { page: nameOf(other), bytes: content });
    await holder.restore([{ page, blob: page, size: content.length }, { page: nameOf(other), blob: nameOf(other), size: content.length }]);
    expect([...shelf.keys()]).toEqual([page]);
    node().welcomes();
    expect(said("hold")).toEqual([{ type: "hold", page }]);
    await open(page);
    expect(said("want")).toEqual([]);
    expect(shown().length).toBeGreaterThan(0);
  });

  it("goes on with a page that was on its way", async () => {
    const parts = ["aaaa", "bb"].map(bytes);
    const root = documentOf({ version: 1, kind: "files", blobSize: 4, files: [{ name: "a", size: 6, blobs: parts.map(nameOf) }] });
    const page = nameOf(root);
    shelf.set(page, { page, bytes: root });
    shelf.set(nameOf(parts[0]!), { page, bytes: parts[0]! });
    await holder.restore([{ page, blob: page, size: root.length }, { page, blob: nameOf(parts[0]!), size: 4 }]);
    node().welcomes();
    expect(said("want")).toEqual([{ type: "want", page, root: false }]);
    expect(said("get").map((m) => m.blob)).toEqual([nameOf(parts[1]!)]);
    node().gives(parts[1]!);
    await hashed();
    expect(said("hold")).toEqual([{ type: "hold", page }]);
  });

  it("forgets what was still being made", async () => {
    shelf.set(nameOf(other), { page: "0".repeat(64), bytes: other });
    await holder.restore([{ page: "0".repeat(64), blob: nameOf(other), size: other.length }]);
    node().welcomes();
    expect(shelf.size).toBe(0);
    expect(node().said).toEqual([]);
  });
});

describe("a large page", () => {
  const root = documentOf({ version: 1, kind: "files", blobSize: 1_048_576, files: [{ name: "film", size: 11 * 1_048_576, blobs: Array.from({ length: 11 }, (_, i) => nameOf(bytes(`${i}`))) }] });
  const large = nameOf(root);

  beforeEach(async () => {
    node().welcomes();
    await open(large);
    node().gives(root);
    await hashed();
  });

  it("is told of, and waits for the reader's word", async () => {
    expect(state()).toMatchObject({ phase: "offered", totalBytes: 11 * 1_048_576 });
    expect(answer("about")!.about.files).toEqual([{ name: "film", type: "", size: 11 * 1_048_576 }]);
    expect(said("get")).toEqual([]);
    await holder.do({ type: "load", page: large });
    expect(said("get")).toHaveLength(2);
  });

  it("is still only offered after the connection was lost", () => {
    node().ends();
    vi.advanceTimersByTime(250);
    node().welcomes();
    expect(said("want")).toEqual([{ type: "want", page: large, root: false }]);
    expect(said("get")).toEqual([]);
  });
});

describe("the pulse", () => {
  it("is watched where the node has one, also after a reconnect", async () => {
    await holder.do({ type: "watch" });
    node().welcomes({ features: ["pulse"] });
    expect(said("watch")).toHaveLength(1);
    node().says({ type: "pulse", pages: 3, holders: 5 });
    expect(told).toContainEqual({ type: "pulse", pages: 3, holders: 5 });
    await holder.do({ type: "unwatch" });
    expect(said("unwatch")).toHaveLength(1);
  });

  it("is not asked of a node that has none", async () => {
    await holder.do({ type: "watch" });
    node().welcomes();
    expect(node().said).toEqual([]);
  });
});
