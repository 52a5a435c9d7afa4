// docs/page-format.vectors.json, which a second implementation in C# reads as well.
import { describe, expect, it } from "vitest";
import json from "../../../docs/page-format.vectors.json";
import { isSigned, readAuthor } from "../src/author";
import type { Bytes } from "../src/bytes";
import { readDocument } from "../src/document";
import { Holder } from "../src/holder";
import type { FromHolder } from "../src/messages";
import { nameOf, surroundings, until } from "./fakes";

interface Vector {
  name: string;
  root: string;
  usable: boolean;
  kind: string;
  text: string;
  files: { name: string; type: string; size: number; blobs: number; sha256: string }[];
  key: string;
  passphrase: string;
  blobs: string[];
}

interface Said {
  name: string;
  author: unknown;
  page: string;
  next: string;
  version: number;
  signature: string;
  signed: boolean;
}

const vectors = json as unknown as Record<"open" | "sealed" | "locked", Vector[]> & { authors: Said[] };
const bytes = (base64: string): Bytes => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

/** As a tab does it that is given everything it asks for. */
async function open({ root, blobs, key, passphrase }: Vector): Promise<{ told: FromHolder[]; holder: Holder; page: string }> {
  const told: FromHolder[] = [];
  const all = new Map(blobs.map((blob) => [nameOf(bytes(blob)), bytes(blob)]));
  const holder = new Holder({ ...surroundings(), crypto, tell: (message) => void told.push(message) });
  holder.link = { say: () => {}, line: { sendBlob: () => {}, send: (m) => m.type === "get" && void holder.received(undefined!, m.blob, all.get(m.blob)!) } };
  const page = nameOf(bytes(root));
  await holder.do({ type: "open", page, key });
  void holder.received(undefined!, page, bytes(root));
  await until(() => told.some((m) => m.type === "state" && m.state.phase === "held"));
  if (passphrase) await holder.do({ type: "unlock", page, key: "", passphrase });
  return { told, holder, page };
}

describe("the vectors", () => {
  it.each(vectors.open)("open: $name", ({ root, usable, kind, text, files }) => {
    const read = readDocument(bytes(root), 1_048_576);
    expect(read.usable).toBe(usable);
    if (!read.usable) return;
    expect(read).toMatchObject({ kind, text });
    expect(read.files.map(({ name, size, blobs }) => [name, size, blobs.length])).toEqual(files.map(({ name, size, blobs }) => [name, size, blobs]));
  });

  it.each(vectors.sealed)("sealed: $name", async (vector) => {
    const { told, holder, page } = await open(vector);
    const { document } = (await until(() => told.findLast((m) => m.type === "content"))).content;
    expect(document).toMatchObject({ kind: vector.kind, text: vector.text });
    expect(document.files.map(({ name, type }) => [name, type])).toEqual(vector.files.map(({ name, type }) => [name, type]));
    for (const [id, { name, sha256 }] of vector.files.entries()) {
      await holder.do({ type: "file", id, page, name, to: undefined });
      const { file } = await until(() => told.find((m) => m.type === "file" && m.id === id) as Extract<FromHolder, { type: "file" }> | undefined);
      expect(nameOf(new Uint8Array(await (file as Blob).arrayBuffer()))).toBe(sha256);
    }
  });

  it.each(vectors.locked)("locked: $name", async (vector) => {
    const { told } = await open(vector);
    await until(() => told.some((m) => m.type === "state" && m.state.lock?.startsWith("wrong-")));
    expect(told.some((m) => m.type === "content")).toBe(false);
  });

  it.each(vectors.authors)("author: $name", async ({ author, page, next, version, signature, signed }) => {
    const known = readAuthor(author);
    expect(known !== undefined && (await isSigned(crypto.subtle, known, page, { next, version, signature }))).toBe(signed);
  });
});
