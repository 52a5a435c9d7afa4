import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { base64url, concat, unbase64url, type Bytes } from "../src/bytes";
import { readDocument, type UsableDocument } from "../src/document";
import { Holder } from "../src/holder";
import { CannotMake, makePage } from "../src/make";
import type { FromHolder, NewPage } from "../src/messages";
import { newSealHeader, newSecret, readSealHeader, Seal, SealBroken, tagLength } from "../src/seal";
import { bytes, nameOf, surroundings, until } from "./fakes";

const maxBlob = 1_048_576;
const secret = newSecret(crypto);
const header = newSealHeader(crypto, false);
const seal = await Seal.make(crypto.subtle, header, secret, "");

describe("what is sealed", () => {
  it("opens again, whatever it was and wherever it stood", async () => {
    const place = fc.integer({ min: 0, max: 2 ** 40 });
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), place, place, async (array, index, total) => {
      const piece = new Uint8Array(array);
      const sealed = await seal.sealPiece(piece, index, total);
      expect(sealed.length).toBe(piece.length + tagLength);
      expect(await seal.openPiece(sealed, index, total)).toEqual(piece);
    }));
  });

  it("opens nowhere else, and not when a single bit of it is another", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), fc.nat(9), fc.nat(9), fc.nat(), async (array, index, other, bit) => {
      const sealed = await seal.sealPiece(new Uint8Array(array), index, 10);
      if (other !== index) await expect(seal.openPiece(sealed, other, 10)).rejects.toThrow(SealBroken);
      await expect(seal.openPiece(sealed, index, 11)).rejects.toThrow(SealBroken);
      sealed[(bit >> 3) % sealed.length]! ^= 1 << (bit & 7);
      await expect(seal.openPiece(sealed, index, 10)).rejects.toThrow(SealBroken);
    }));
  });

  it("opens with no other key, salt or passphrase", async () => {
    const withPassphrase = { ...newSealHeader(crypto, true), passphrase: { kdf: "PBKDF2-SHA-256" as const, iterations: 10 } };
    const right = await Seal.make(crypto.subtle, withPassphrase, secret, "Straße 7");
    const sealed = await right.sealDocument(bytes("a secret"), bytes("header"));
    const others = [
      await Seal.make(crypto.subtle, withPassphrase, newSecret(crypto), "Straße 7"),
      await Seal.make(crypto.subtle, { ...withPassphrase, salt: newSealHeader(crypto, true).salt }, secret, "Straße 7"),
      await Seal.make(crypto.subtle, withPassphrase, secret, "strasse 7"),
      await Seal.make(crypto.subtle, { version: 1, salt: withPassphrase.salt }, secret, ""),
    ];
    for (const other of others) await expect(other.openDocument(sealed, bytes("header"))).rejects.toThrow(SealBroken);
    await expect(right.openDocument(sealed, bytes("another"))).rejects.toThrow(SealBroken);
    // The same letters, typed on another machine.
    const same = await Seal.make(crypto.subtle, withPassphrase, secret, "Straße 7".normalize("NFD"));
    expect(await same.openDocument(sealed, bytes("header"))).toEqual(bytes("a secret"));
  });

  it.each([undefined, null, {}, { version: 2, salt: header.salt }, { version: 1 }, { version: 1, salt: "short" }, { ...header, passphrase: null },
    { ...header, passphrase: { kdf: "scrypt", iterations: 1 } }, { ...header, passphrase: { kdf: "PBKDF2-SHA-256", iterations: 1e9 } },
  ])("is not guessed at: %j", (header) => expect(readSealHeader(header)).toEqual(expect.any(String)));
});

describe("a key in an address", () => {
  it("reads back, and only as it is written", () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (array) => {
      const key = new Uint8Array(array);
      expect(unbase64url(base64url(key), 32)).toEqual(key);
      expect(base64url(key)).toHaveLength(43);
    }));
    fc.assert(fc.property(fc.string(), (text) => {
      const read = unbase64url(text, 32);
      if (read) expect(base64url(read)).toBe(text);
    }));
  });
});

// ---- pages -------------------------------------------------------------------------------------------------------

async function make(page: Partial<NewPage>, limit = maxBlob): Promise<{ root: Bytes; key: string; blobs: Map<string, Bytes> }> {
  const blobs = new Map<string, Bytes>();
  const whole: NewPage = { kind: "files", text: "", files: [], entry: undefined, sealed: undefined, editable: false, follows: undefined, ...page };
  const made = await makePage(whole, {
    crypto, author: undefined, secret: undefined, maxBlob: limit, signal: new AbortController().signal, progress: () => {},
    put: async (name, bytes) => void blobs.set(name, bytes),
  });
  return { ...made, blobs };
}

const file = (name: string, content: Uint8Array): NewPage["files"][0] => ({ name, type: "text/plain", file: new Blob([new Uint8Array(content)]) });

/** A second tab: what it is told, after it was given everything that it asks for. */
async function open({ root, blobs }: { root: Bytes; blobs: Map<string, Bytes> }, key: string, passphrase = ""): Promise<{ told: FromHolder[]; holder: Holder; page: string }> {
  const told: FromHolder[] = [];
  const holder = new Holder({ ...surroundings(), crypto, tell: (message) => void told.push(message) });
  holder.link = {
    say: () => {},
    line: { sendBlob: () => {}, send: (message) => message.type === "get" && void holder.received(undefined!, message.blob, blobs.get(message.blob)!) },
  };
  const page = nameOf(root);
  await holder.do({ type: "open", page, key });
  void holder.received(undefined!, page, root);
  await until(() => told.some((m) => m.type === "state" && m.state.phase === "held"));
  if (passphrase) await holder.do({ type: "unlock", page, key: "", passphrase });
  return { told, holder, page };
}

async function filesIn(opened: { told: FromHolder[]; holder: Holder; page: string }): Promise<Record<string, string>> {
  const content = await until(() => opened.told.findLast((m) => m.type === "content")?.content);
  const read: Record<string, string> = {};
  for (const [id, { name }] of content.document.files.entries()) {
    await opened.holder.do({ type: "file", id, page: opened.page, name, to: undefined });
    const { file } = await until(() => opened.told.find((m) => m.type === "file" && m.id === id) as Extract<FromHolder, { type: "file" }> | undefined);
    read[name] = file instanceof Blob ? await file.text() : `${file}`;
  }
  return read;
}

describe("a private page", () => {
  const long = "0123456789".repeat(300);
  const draft: Partial<NewPage> = {
    kind: "markdown", text: "# Secret plans", entry: "index.html",
    files: [file("index.html", bytes(long)), file("empty.txt", bytes("")), file("b/plan.txt", bytes("tomorrow"))],
    sealed: { passphrase: "" },
  };

  it("is read by who has the key, from pieces that end anywhere in its files", async () => {
    const made = await make(draft, 2_000);
    expect(made.blobs.size).toBe(2);
    const opened = await open(made, made.key);
    const { document, sealed } = (await until(() => opened.told.findLast((m) => m.type === "content")))!.content;
    expect(sealed).toBe(true);
    expect(document).toMatchObject({ kind: "markdown", text: "# Secret plans", entry: "index.html" });
    expect(await filesIn(opened)).toEqual({ "index.html": long, "empty.txt": "", "b/plan.txt": "tomorrow" });
  });

  it("shows strangers neither words nor names nor types, but how much it is", async () => {
    const { root, blobs } = await make(draft);
    const all = new TextDecoder("latin1").decode(concat(root, ...blobs.values()));
    for (const word of ["Secret", "plans", "index", "plan.txt", "text/plain", "markdown", "tomorrow", "0123456789"]) expect(all).not.toContain(word);
    const outside = readDocument(root, maxBlob) as UsableDocument;
    expect(outside).toMatchObject({ kind: "sealed", text: "", entry: undefined, files: [{ name: "sealed", size: 3_008 + 16 }] });
  });

  it("is held by who has no key, and says so", async () => {
    const { told } = await open(await make(draft), "");
    expect(told.findLast((m) => m.type === "state")).toMatchObject({ state: { phase: "held", lock: "no-key" } });
    expect(told.some((m) => m.type === "content")).toBe(false);
    expect(told.findLast((m) => m.type === "about")!.about).toMatchObject({ sealed: true, kind: "sealed", files: [] });
  });

  it("says that a key is wrong, and opens with the right one", async () => {
    const made = await make(draft);
    for (const wrong of ["x", base64url(newSecret(crypto))]) {
      const { told, holder, page } = await open(made, wrong);
      await until(() => told.some((m) => m.type === "state" && m.state.lock === "wrong-key"));
      await holder.do({ type: "open", page, key: made.key });
      await until(() => told.some((m) => m.type === "content"));
      expect(told.findLast((m) => m.type === "state")!.state.lock).toBeUndefined();
    }
  });

  it("asks for its passphrase, and again when it was another one", async () => {
    const made = await make({ ...draft, sealed: { passphrase: "correct horse" } });
    const { told, holder, page } = await open(made, made.key);
    const lock = () => told.findLast((m) => m.type === "state")!.state.lock;
    await until(() => lock() === "passphrase");
    await holder.do({ type: "unlock", page, key: "", passphrase: "wrong" });
    expect(lock()).toBe("wrong-passphrase");
    await holder.do({ type: "unlock", page, key: "", passphrase: "correct horse" });
    expect(lock()).toBeUndefined();
    expect(told.findLast((m) => m.type === "content")!.content.document.text).toBe("# Secret plans");
  });

  it("has another key and another address each time", async () => {
    const [one, two] = [await make(draft), await make(draft)];
    expect(one.key).not.toBe(two.key);
    expect(nameOf(one.root)).not.toBe(nameOf(two.root));
  });

  it("whose pieces were put in another order does not open", async () => {
    const made = await make({ ...draft, files: [file("a", bytes("a".repeat(2 * 1_984)))] }, 2_000);
    const document = readDocument(made.root, 2_000) as UsableDocument;
    // What a holder could do who may choose a new address: everything but the seal is its own.
    expect(document.files[0]!.blobs).toHaveLength(2);
    const [first, second] = document.files[0]!.blobs as [string, string];
    const letters = String.fromCharCode(...made.root);
    const root = Uint8Array.from(letters.replace(`${first}","${second}`, `${second}","${first}`), (c) => c.charCodeAt(0));
    expect(root).not.toEqual(made.root);
    const { told } = await open({ root, blobs: made.blobs }, made.key);
    await until(() => told.some((m) => m.type === "state" && m.state.lock === "wrong-key"));
    expect(told.some((m) => m.type === "content")).toBe(false);
  });

  it("can't be opened by a browser that doesn't decrypt, and is held all the same", async () => {
    const made = await make(draft);
    vi.stubGlobal("crypto", {});
    const told: FromHolder[] = [];
    const holder = new Holder({ ...surroundings(), crypto: globalThis.crypto, tell: (message) => void told.push(message) });
    holder.link = { say: () => {}, line: { sendBlob: () => {}, send: (m) => m.type === "get" && void holder.received(undefined!, m.blob, made.blobs.get(m.blob)!) } };
    await holder.do({ type: "open", page: nameOf(made.root), key: made.key });
    await holder.received(undefined!, nameOf(made.root), made.root);
    await until(() => told.some((m) => m.type === "state" && m.state.phase === "held"));
    expect(told.findLast((m) => m.type === "state")!.state.lock).toBe("no-crypto");
    vi.unstubAllGlobals();
  });
});

describe("an open page", () => {
  it("of bare HTML is its own root, and anything else a document", async () => {
    expect((await make({ kind: "html", text: "<p>hi" })).root).toEqual(bytes("<p>hi"));
    for (const kind of ["text", "markdown"] as const)
      expect(readDocument((await make({ kind, text: "# hi" })).root, maxBlob)).toMatchObject({ usable: true, kind, text: "# hi", files: [] });
  });

  it("gives back every file, in pieces or whole, whatever is in them", async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 4 }), fc.boolean(), async (texts, isPrivate) => {
      const files = texts.map((text, i) => file(`${i}`, bytes(text)));
      const made = await make({ files, sealed: isPrivate ? { passphrase: "" } : undefined }, 1_000);
      expect(await filesIn(await open(made, made.key))).toEqual(Object.fromEntries(texts.map((text, i) => [i, text])));
    }), { numRuns: 25 });
  });

  it("takes larger blobs when the list of small ones would be too long, and says when it is too much", async () => {
    const big = file("big", new Uint8Array(3 * 262_144));
    const at = async (limit: number): Promise<number> => (readDocument((await make({ files: [big] }, limit)).root, limit) as UsableDocument).blobSize;
    expect(await at(maxBlob)).toBe(262_144);
    await expect(make({ files: [file("big", new Uint8Array(40_000))] }, 1_000)).rejects.toThrow(CannotMake);
  });

  it("is not made of a file that changes or goes while it is read", async () => {
    const shorter = { size: 10, slice: () => new Blob(["12345"]) } as unknown as Blob;
    const gone = { size: 10, slice: () => ({ size: 10, arrayBuffer: () => Promise.reject(new DOMException("", "NotReadableError")) }) } as unknown as Blob;
    for (const odd of [gone, { ...shorter, slice: () => ({ size: 10, arrayBuffer: async () => new ArrayBuffer(5) }) } as unknown as Blob])
      for (const sealed of [undefined, { passphrase: "" }])
        await expect(make({ files: [{ name: "odd.txt", type: "", file: odd }], sealed })).rejects.toThrow("“odd.txt” was changed");
  });
});
