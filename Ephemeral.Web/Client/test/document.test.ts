import { describe, expect, it } from "vitest";
import { addsUp, blobsOf, readDocument } from "../src/document";
import { bytes, documentOf, magic } from "./fakes";

const maxBlob = 1_048_576;
const blob = (n: number): string => n.toString(16).padStart(64, "0");

const why = (root: Uint8Array): string => {
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
    expect(readDocument(documentOf({ version: 1, kind: "sealed" }), maxBlob)).toMatchObject({ usable: true, kind: "sealed" });
  });
});

describe("what can't be used says why", () => {
  it.each([
    ["a header cut short", new Uint8Array([...magic, 0, 0]), "breaks off"],
    ["a header longer than the page", new Uint8Array([...magic, 0, 0, 0, 9, 1]), "longer than the page"],
    ["a header that is no JSON", documentOf("{"), "can't be read"],
    ["a header that is a list", documentOf([]), "can't be read"],
    ["another version", documentOf({ version: 2, kind: "text" }), "version 2"],
    ["no kind", documentOf({ version: 1 }), "kind"],
    ["files without a list", documentOf({ version: 1, kind: "files" }), "lists none"],
    ["a blob size over the limit", documentOf({ version: 1, kind: "files", blobSize: maxBlob + 1, files: [] }), "blob size"],
    ["a blob too few", documentOf({ version: 1, kind: "files", blobSize: 4, files: [{ name: "a", size: 5, blobs: [blob(1)] }] }), "doesn't add up"],
    ["a bad blob name", documentOf({ version: 1, kind: "files", files: [{ name: "a", size: 5, blobs: ["x"] }] }), "can't be read"],
    ["two of one name", documentOf({ version: 1, kind: "files", files: [1, 2].map(() => ({ name: "a", size: 0, blobs: [] })) }), "two files"],
  ])("%s", (_, root, text) => expect(why(root)).toContain(text));

  it.each(["", "/a", "a//b", "../a", "a/./b", "é".repeat(128)])("the file name %j", (name) => {
    expect(why(documentOf({ version: 1, kind: "files", files: [{ name, size: 0, blobs: [] }] }))).toContain("name");
  });
});

describe("a page of files", () => {
  const page = readDocument(documentOf({
    version: 1, kind: "files", blobSize: 4,
    files: [{ name: "a/b.txt", type: "text/plain", size: 6, blobs: [blob(1), blob(2)] }, { name: "c", size: 4, blobs: [blob(1)] }, { name: "empty", size: 0, blobs: [] }],
  }), maxBlob);

  it("needs each of its blobs once", () => expect(blobsOf(page)).toEqual([blob(1), blob(2)]));

  it("adds up when each blob has the size it should have", () => {
    const of = (first: number, second: number) => new Map([[blob(1), new Uint8Array(first)], [blob(2), new Uint8Array(second)]]);
    expect(addsUp(page, of(4, 2))).toBe(true);
    expect(addsUp(page, of(4, 3))).toBe(false);
    expect(addsUp(page, of(3, 2))).toBe(false);
  });
});
