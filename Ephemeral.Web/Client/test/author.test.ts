import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Author, isSigned, readAuthor } from "../src/author";
import { Holder } from "../src/holder";
import type { FromHolder, NewPage, PageState } from "../src/messages";
import { Link } from "../src/socket";
import type { Successor } from "../src/wire";
import { FakeSocket, begin, bytes, documentOf, nameOf, surroundings, until } from "./fakes";

const { subtle } = crypto;
const [page, next, later] = ["1", "2", "3"].map((digit) => digit.repeat(64)) as [string, string, string];

describe("an author", () => {
  it("signs what follows which page as which version, and nothing else passes for it", async () => {
    const author = await Author.make(subtle);
    const said = await author.sign(page, next, 7);
    expect(await isSigned(subtle, author.header, page, said)).toBe(true);
    expect(await isSigned(subtle, author.header, later, said)).toBe(false);
    expect(await isSigned(subtle, author.header, page, { ...said, next: later })).toBe(false);
    expect(await isSigned(subtle, author.header, page, { ...said, version: 8 })).toBe(false);
    expect(await isSigned(subtle, author.header, page, { ...said, signature: said.signature.replace(/^./, (c) => (c === "A" ? "B" : "A")) })).toBe(false);
    expect(await isSigned(subtle, (await Author.make(subtle)).header, page, said)).toBe(false);
    expect(await isSigned(subtle, { ...author.header, key: `B${"A".repeat(86)}` }, page, said)).toBe(false);
  });

  it("is the same after a reload", async () => {
    const author = await Author.make(subtle);
    const again = await Author.restore(subtle, await author.save(), author.header);
    expect(await isSigned(subtle, author.header, page, await again.sign(page, next, 1))).toBe(true);
  });

  it.each([undefined, null, "key", {}, { kind: "RSA", key: "A".repeat(87) }, { kind: "ECDSA-P-256-SHA-256", key: "short" }, { kind: "ECDSA-P-256-SHA-256" }])("is nobody in %s", (value) =>
    expect(readAuthor(value)).toBeUndefined());
});

// ---- in a tab ----------------------------------------------------------------------------------------------------

interface Tab {
  holder: Holder;
  told: FromHolder[];
  shelf: Map<string, Uint8Array<ArrayBuffer>>;
  socket(): FakeSocket;
  state(page: string): PageState | undefined;
}

function tab(shelf = new Map<string, Uint8Array<ArrayBuffer>>()): Tab {
  const told: FromHolder[] = [];
  const env = { ...surroundings(), crypto, tell: (message: FromHolder) => void told.push(message) };
  const holder = new Holder(env);
  holder.shelf = {
    save: async (page, blob, bytes) => void shelf.set(`${page}/${blob}`, bytes),
    load: async (page, blob) => shelf.get(`${page}/${blob}`),
    rename: async () => {},
    remove: async (page) => [...shelf.keys()].forEach((key) => key.startsWith(page) && shelf.delete(key)),
  };
  const link = new Link("ws://node/ws", holder, env);
  holder.link = link;
  link.start();
  const socket = FakeSocket.last;
  socket.welcomes({ features: ["successors"] });
  return { holder, told, shelf, socket: () => socket, state: (page) => told.findLast((m): m is Extract<FromHolder, { type: "state" }> => m.type === "state" && m.state.page === page)?.state };
}

const write = (change: Partial<NewPage>): NewPage => ({ kind: "markdown", text: "", files: [], entry: undefined, sealed: undefined, editable: true, follows: undefined, ...change });
const created = ({ told }: Tab): string => told.findLast((m): m is Extract<FromHolder, { type: "created" }> => m.type === "created")!.page;
const saidBy = ({ socket }: Tab) => socket().said.filter((m) => m.type === "successor");
const isHolder = ({ socket }: Tab, page: string) => socket().says({ type: "status", page, holders: 1, waiters: 0, you: "holder" });
const make = async (tab: Tab, change: Partial<NewPage>): Promise<string> => {
  await tab.holder.do({ type: "create", page: write(change) });
  isHolder(tab, created(tab));
  return created(tab);
};

beforeEach(begin);
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a new version", () => {
  it("is said of every version before it, with the same author's signature", async () => {
    const author = tab();
    const first = await make(author, { text: "one" });
    const second = await make(author, { text: "two", follows: first });
    const third = await make(author, { text: "three", follows: second });
    expect(saidBy(author).map(({ page, next, version }) => [page, next, version])).toEqual([[first, second, 1], [first, third, 2], [second, third, 2]]);
    expect(author.state(first)).toMatchObject({ newer: third, editable: true });
    expect(author.state(third)).toMatchObject({ newer: undefined, editable: true });
  });

  it("can be made after a reload, too, and what was said before it is said again", async () => {
    const before = tab();
    const first = await make(before, { text: "one" });
    const second = await make(before, { text: "two", follows: first });
    const after = tab(before.shelf);
    await after.holder.restore([...before.shelf].map(([key, { length }]) => ({ page: key.split("/")[0]!, blob: key.split("/")[1]!, size: length })));
    isHolder(after, first);
    isHolder(after, second);
    expect(saidBy(after).map(({ page, next, version }) => [page, next, version])).toEqual([[first, second, 1]]);
    const third = await make(after, { text: "three", follows: second });
    expect(after.state(second)).toMatchObject({ newer: third });
  });

  it("is not for a page that was not made to be changed", async () => {
    const author = tab();
    const first = await make(author, { text: "one", editable: false });
    await make(author, { text: "two", editable: false, follows: first });
    expect(saidBy(author)).toEqual([]);
    expect(author.state(first)).toMatchObject({ editable: false, newer: undefined });
  });

  it("of a private page opens with the same link, and is sealed anew", async () => {
    const author = tab();
    const first = await make(author, { text: "secret", sealed: { passphrase: "" } });
    const second = await make(author, { text: "secret", sealed: { passphrase: "" }, follows: first });
    const keys = author.told.filter((m) => m.type === "created").map((m) => (m as { key: string }).key);
    expect(keys[0]).toBe(keys[1]);
    expect(first).not.toBe(second);
  });
});

describe("a reader", () => {
  let author: Author;
  let root: Uint8Array<ArrayBuffer>;
  let name: string;
  let reader: Tab;
  beforeEach(async () => {
    author = await Author.make(subtle);
    root = documentOf({ version: 1, kind: "text", author: author.header }, "one");
    name = nameOf(root);
    reader = tab();
    await reader.holder.do({ type: "open", page: name, key: "" });
  });
  const says = (successor: Successor) => reader.socket().says({ type: "successor", page: name, ...successor });
  const newers = () => reader.told.filter((m): m is Extract<FromHolder, { type: "state" }> => m.type === "state" && m.state.page === name).map(({ state }) => state.newer);
  const gets = async (): Promise<void> => {
    reader.socket().gives(root);
    await until(() => reader.state(name)?.phase === "held");
  };

  it("believes the author alone, and the newest", async () => {
    await gets();
    const stranger = await Author.make(subtle);
    says(await stranger.sign(name, "9".repeat(64), 9));
    says(await author.sign(name, later, 2));
    await until(() => reader.state(name)?.newer === later);
    says(await author.sign(name, next, 1));
    says(await author.sign(name, "4".repeat(64), 4));
    await until(() => reader.state(name)?.newer === "4".repeat(64));
    expect(new Set(newers())).toEqual(new Set([undefined, later, "4".repeat(64)]));
  });

  it("remembers what it heard before the page came, but no more than a few", async () => {
    says(await author.sign(name, next, 1));
    for (let version = 1; version < 20; version++) says({ next, version, signature: "nonsense" });
    says(await author.sign(name, later, 2));
    await gets();
    await until(() => reader.state(name)?.newer === next);
    says(await author.sign(name, "4".repeat(64), 4));
    await until(() => reader.state(name)?.newer === "4".repeat(64));
    expect(newers()).not.toContain(later);
  });

  it("says it to a node that it holds the page on, and again when somebody says what is not so", async () => {
    await gets();
    const said = await author.sign(name, next, 1);
    says(said);
    await until(() => reader.state(name)?.newer === next);
    isHolder(reader, name);
    expect(saidBy(reader)).toEqual([{ type: "successor", page: name, ...said }]);
    isHolder(reader, name);
    expect(saidBy(reader)).toHaveLength(1);
    for (let i = 0; i < 5; i++) says({ next: later, version: 99, signature: "nonsense" });
    says(await author.sign(name, later, 2));
    await until(() => reader.state(name)?.newer === later);
    vi.advanceTimersByTime(6_000);
    expect(saidBy(reader)).toHaveLength(2);
  });

  it("of a page that names no author believes nobody", async () => {
    const bare = bytes("<p>bare");
    await reader.holder.do({ type: "open", page: nameOf(bare), key: "" });
    reader.socket().gives(bare);
    await until(() => reader.state(nameOf(bare))?.phase === "held");
    reader.socket().says({ type: "successor", page: nameOf(bare), ...(await author.sign(nameOf(bare), next, 1)) });
    await gets();
    says(await author.sign(name, next, 1));
    await until(() => reader.state(name)?.newer === next);
    expect(reader.state(nameOf(bare))).toMatchObject({ newer: undefined });
  });
});
