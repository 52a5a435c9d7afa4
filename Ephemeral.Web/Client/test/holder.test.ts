import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Holder } from "../src/holder";
import type { FromHolder, PageState } from "../src/messages";
import { Link } from "../src/socket";
import { FakeSocket, begin, bytes, documentOf, hashed, nameOf, surroundings } from "./fakes";

const content = bytes("<p>hello 😀");
const page = nameOf(content);
const other = bytes("other");

let holder: Holder;
let told: FromHolder[];
let shelf: Map<string, string>;
const node = (): FakeSocket => FakeSocket.last;
const state = (): PageState => told.findLast((m) => m.type === "state")!.state;
const shown = () => told.filter((m) => m.type === "content");
const said = (type: string) => node().said.filter((m) => m.type === type);

beforeEach(() => {
  begin();
  vi.stubGlobal("crypto", {});
  told = [];
  shelf = new Map();
  const env = { ...surroundings(), tell: (message: FromHolder) => void told.push(message) };
  holder = new Holder(env);
  holder.shelf = {
    save: async ({ page, blob }) => void shelf.set(blob, page),
    remove: async (page) => shelf.forEach((of, blob) => of === page && shelf.delete(blob)),
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
    await holder.do({ type: "create", bytes: content });
  });

  it("holds the page under the hash of its bytes", () => {
    expect(told).toContainEqual({ type: "created", page });
    expect(said("hold")).toEqual([{ type: "hold", page }]);
    expect(state()).toMatchObject({ phase: "held", own: true });
    expect(shelf.has(page)).toBe(true);
  });

  it("gives the page to who asks, and nothing else", () => {
    node().says({ type: "ask", page, blob: page });
    expect(node().gave).toEqual([page]);
    node().says({ type: "ask", page, blob: nameOf(other) }).says({ type: "ask", page: nameOf(other), blob: page });
    expect(node().gave).toEqual([page]);
    expect(said("miss")).toHaveLength(2);
  });

  it("says miss for a page it has let go of, and keeps nothing of it", async () => {
    await holder.do({ type: "release", page });
    node().says({ type: "ask", page, blob: page });
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
    await holder.do({ type: "open", page });
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
    node().gives(content);
    await hashed();
    node().says({ type: "error", code: "blocked", message: "No.", page });
    expect(state().phase).toBe("blocked");
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
    await holder.do({ type: "open", page: files });
    node().gives(root);
    await hashed();
  });

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
    await holder.do({ type: "file", page: files, name: "a.txt" });
    const file = told.findLast((m) => m.type === "file")!.file;
    expect(await file.text()).toBe("aaaabbbbcc");
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
    await holder.do({ type: "open", page: nameOf(root) });
    node().gives(root);
    await hashed();
    expect(state()).toMatchObject({ phase: "unusable" });
    expect(said("hold")).toEqual([]);
    expect(shown()).toHaveLength(1);
  });
});

describe("after a reload", () => {
  it("holds what the tab held, and drops what has changed on the shelf", async () => {
    await holder.restore([{ page, blob: page, bytes: content }, { page: nameOf(other), blob: nameOf(other), bytes: content }]);
    node().welcomes();
    expect(said("hold")).toEqual([{ type: "hold", page }]);
    await holder.do({ type: "open", page });
    expect(said("want")).toEqual([]);
    expect(shown().length).toBeGreaterThan(0);
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
