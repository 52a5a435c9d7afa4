import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blobsOf, bytesIn, readDocument, writeDocument } from "../src/document";
import type { Bytes } from "../src/bytes";
import { bytes, documentOf, magic } from "./fakes";

const maxBlob = 1_048_576;
const blob = (n: number): string => n.toString(16).padStart(64, "0");

const why = (root: Bytes): string => {
  const read = readDocument(root, maxBlob);
  return read.usable ? "usable" : read.why;
};

describe("a root blob", () => {
  it("without the magic is HTML, whatever it looks like", () => {
    for (const text of ["<p>hi", "plain", "%PDF-1.7", "{}", ""])
      expect(readDocument(bytes(text), maxBlob)).toMatchObject({ usable: true, kind: "html", text });
  });

  it("with the magic is what its header says", () => {
    expect(readDocument(documentOf({ version: 1, kind: "text", title: "T", more: 1 }, "<b>😀"), maxBlob))
      .toMatchObject({ usable: true, kind: "text", title: "T", text: "<b>😀", files: [] });
  });

  it("may be of a kind that is not known yet", () => {
    expect(readDocument(documentOf({ version: 1, kind: "poem" }, "x"), maxBlob)).toMatchObject({ usable: true, kind: "poem" });
  });
});

describe("what can't be used says why", () => {
  it.each([
    ["a header cut short", new Uint8Array([...magic, 0, 0]), "breaks off"],
    ["a header longer than the page", new Uint8Array([...magic, 0, 0, 0, 9, 1]), "longer than the page"],
    ["a header that is no JSON", documentOf("{"), "can't be read"],
    ["a header that is a list", documentOf([]), "can't be read"],
    ["what it says backwards", documentOf({ version: "\u202etxt", kind: "text" }), "\\u202etxt"],
    ["another version", documentOf({ version: 2, kind: "text" }), "version 2"],
    ["no kind", documentOf({ version: 1 }), "kind"],
    ["files without a list", documentOf({ version: 1, kind: "files" }), "lists none"],
    ["a blob size over the limit", documentOf({ version: 1, kind: "files", blobSize: maxBlob + 1, files: [] }), "blob size"],
    ["a blob too few", documentOf({ version: 1, kind: "files", blobSize: 4, files: [{ name: "a", size: 5, blobs: [blob(1)] }] }), "doesn't add up"],
    ["a bad blob name", documentOf({ version: 1, kind: "files", files: [{ name: "a", size: 5, blobs: ["x"] }] }), "can't be read"],
    ["two of one name", documentOf({ version: 1, kind: "files", files: [1, 2].map(() => ({ name: "a", size: 0, blobs: [] })) }), "two files"],
  ])("%s", (_, root, text) => expect(why(root)).toContain(text));

  it.each(["", "/a", "a//b", "../a", "a/./b", "é".repeat(128), "x".repeat(4_000)])("the file name %j", (name) => {
    expect(why(documentOf({ version: 1, kind: "files", files: [{ name, size: 0, blobs: [] }] }))).toContain("name");
  });
});

describe("whatever the bytes are", () => {
  const name = fc.oneof(fc.constantFrom("a", "b/c", "../x", "", "a".repeat(300), "<img src=x onerror=alert(1)>"), fc.string());
  const size = fc.oneof(fc.integer({ min: -1, max: 20 }), fc.constantFrom(2 ** 53, 1.5, NaN, Infinity, "4", null));
  const anyFile = fc.oneof(
    fc.record({ name, type: fc.anything(), size, blobs: fc.oneof(fc.array(fc.constantFrom(blob(1), blob(2), "x")), fc.anything()) }, { requiredKeys: [] }), fc.anything());
  const header = fc.record({
    version: fc.oneof(fc.constant(1), fc.anything()), kind: fc.oneof(fc.constantFrom("text", "files", "sealed"), fc.anything()), title: fc.anything(),
    blobSize: fc.oneof(fc.constantFrom(1, 4, 16, 17), fc.anything()), files: fc.oneof(fc.array(anyFile), fc.anything()), entry: fc.anything(), seal: fc.anything(),
  }, { requiredKeys: [] });
  const consistent = (root: Bytes): void => {
    const read = readDocument(root, maxBlob);
    if (!read.usable) return expect(read.why).toMatch(/^(it|its|a file in it|the file|two files) /);
    const sizes = blobsOf(read);
    if (sizes && new Set(read.files.flatMap(({ blobs }) => blobs)).size === read.files.flatMap(({ blobs }) => blobs).length)
      expect([...sizes.values()].reduce((sum, size) => sum + size, 0)).toBe(bytesIn(read.files));
    expect(new Set(read.files.map(({ name }) => name)).size).toBe(read.files.length);
  };
  const written = (header: object, body: Uint8Array): Bytes => writeDocument(header, body).bytes;

  it("it is used only if it adds up, and says why if not", () => {
    fc.assert(fc.property(header, fc.uint8Array({ maxLength: 20 }), (header, body) => {
      let root: Bytes;
      try {
        root = written(header, body);
      } catch {
        return; // JSON can't hold everything that a value can.
      }
      consistent(root);
    }), { numRuns: 2_000 });
  });

  it("a page cut short or changed in a byte is used only if it still adds up", () => {
    const whole = written({ version: 1, kind: "files", blobSize: 4, files: [{ name: "a/b", type: "", size: 6, blobs: [blob(1), blob(2)] }] }, bytes("body"));
    fc.assert(fc.property(fc.nat(whole.length), fc.nat(whole.length - 1), fc.nat(255), (length, at, byte) => {
      consistent(whole.slice(0, length));
      const changed = whole.slice();
      changed[at] = byte;
      consistent(changed);
    }), { numRuns: 2_000 });
  });

  it("a list of a million blobs is refused for what it is", () => {
    const header = `{"version":1,"kind":"files","blobSize":4,"files":[{"name":"a","size":4,"blobs":[${Array(1_000_000).fill('""').join()}]}]}`;
    expect(why(documentOf(header))).toContain("can't be read");
  });
});

describe("a page of files", () => {
  const page = readDocument(documentOf({
    version: 1, kind: "files", blobSize: 4,
    files: [{ name: "a/b.txt", type: "text/plain", size: 6, blobs: [blob(1), blob(2)] }, { name: "c", size: 4, blobs: [blob(1)] }, { name: "empty", size: 0, blobs: [] }],
  }), maxBlob);

  it("needs each of its blobs once, with its size", () => expect([...blobsOf(page)!]).toEqual([[blob(1), 4], [blob(2), 2]]));

  it("can't need a blob in two sizes", () => {
    const page = readDocument(documentOf({ version: 1, kind: "files", blobSize: 4, files: [{ name: "a", size: 4, blobs: [blob(1)] }, { name: "b", size: 3, blobs: [blob(1)] }] }), maxBlob);
    expect(blobsOf(page)).toBeUndefined();
  });
});
