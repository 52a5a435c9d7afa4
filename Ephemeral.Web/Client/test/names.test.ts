import fc from "fast-check";
import { expect, test } from "vitest";
import { isName, type PageFile } from "../src/document";
import { foldersOf, savedName, visible, zippedName, type Folder } from "../src/names";

const file = (name: string, size = 1): PageFile => ({ name, type: "", size, blobs: [] });
const names = fc.array(fc.array(fc.constantFrom("a", "b", "B", "__proto__", "constructor", " ", "\u202e", "c.txt"), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")), { maxLength: 40 });
const anyName = fc.array(fc.string({ unit: "binary", minLength: 1 }), { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/")).filter(isName);

test("what would be hidden in a name is written out", () => {
  expect(visible("invoice\u202egpj.exe")).toBe("invoice\\u202egpj.exe");
  expect(visible("a\nb\u200bc\u{e0041}")).toBe("a\\u000ab\\u200bc\\ue0041");
  expect(visible("שלום 日本 👩‍👩‍👧 é.png")).toBe("שלום 日本 👩‍👩‍👧 é.png");
});

test("nothing that is shown turns the direction of writing", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (name) => !/[\u0000-\u001f\u202a-\u202e\u2066-\u2069\u200e\u200f]/.test(visible(name))));
});

test("files are found in their folders, each once, and folders say what is in them", () => {
  const all = (folder: Folder): PageFile[] => [...folder.files, ...folder.folders.flatMap(all)];
  const right = (folder: Folder): boolean =>
    folder.count === all(folder).length && folder.bytes === all(folder).reduce((sum, { size }) => sum + size, 0) && folder.folders.every(right);
  fc.assert(fc.property(names, (some) => {
    const files = some.map((name, i) => file(name, i));
    const whole = foldersOf(files);
    expect(right(whole)).toBe(true);
    expect(new Set(all(whole))).toEqual(new Set(files));
  }));
});

test("folders that hold nothing but a folder are one", () => {
  const whole = foldersOf([file("a/b/c/d.txt"), file("a/b/c/e.txt"), file("f.txt")]);
  expect(whole.folders.map(({ name, count }) => [name, count])).toEqual([["a/b/c", 2]]);
  expect(whole.files.map(({ name }) => name)).toEqual(["f.txt"]);
});

test("a name in a zip leads nowhere else, on Windows too", () => {
  expect(zippedName("..\\..\\up.txt")).toBe(".._.._up.txt");
  expect(zippedName("C:/x")).toBe("C_/x");
  expect(zippedName("a/.. /b")).toBe("a/_/b");
  expect(zippedName("con/nul.txt")).toBe("_con/_nul.txt");
  fc.assert(fc.property(anyName, (name) => {
    const zipped = zippedName(name);
    expect(isName(zipped) || new TextEncoder().encode(zipped).length > 255).toBe(true);
    expect(zipped).not.toMatch(/[\\:\u0000-\u001f\u202e]/);
    expect(savedName(name)).not.toContain("/");
  }));
});
