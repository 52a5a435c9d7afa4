import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CannotTake, filesOf, kindOf, siteEntry, together } from "../src/chosen";
import { isName } from "../src/document";
import type { NewFile } from "../src/messages";

const file = (name: string): NewFile => ({ name, type: "", file: new File(["x"], name) });
const names = (files: readonly NewFile[]): string[] => files.map(({ name }) => name);

describe("files put together", () => {
  it("never have one name twice, whatever their names are", () => {
    const name = fc.constantFrom("a.txt", "a (2).txt", "b/a.txt", ".env", "noending", "x.tar.gz");
    fc.assert(fc.property(fc.array(name), fc.array(name), (some, more) => {
      const all = together(together([], some.map(file)), more.map(file));
      expect(all).toHaveLength(some.length + more.length);
      expect(new Set(names(all)).size).toBe(all.length);
      expect(names(all).every(isName)).toBe(true);
    }));
  });

  it("are numbered before the ending", () => {
    expect(names(together([], ["a/b.c/x.txt", "a/b.c/x.txt", ".env", ".env", "a.b/c", "a.b/c"].map(file))))
      .toEqual(["a/b.c/x.txt", "a/b.c/x (2).txt", ".env", ".env (2)", "a.b/c", "a.b/c (2)"]);
  });

  it.each(["../x", "a/../x", "/etc/passwd", "", "a//b", "x".repeat(4000), "é".repeat(128)])("are refused with a name like %j, and nothing of them is taken", (name) => {
    expect(() => together([], [file("good"), file(name)])).toThrow(CannotTake);
  });

  it("are refused when there are too many of them", () => {
    expect(() => together([], Array.from({ length: 5_001 }, (_, i) => file(`${i}`)))).toThrow("5,000");
  });
});

describe("a small web site", () => {
  it.each([
    [["index.html", "style.css"], "index.html"],
    [["site/index.html", "site/a/index.html"], "site/index.html"],
    [["site/index.htm", "site/x.png"], "site/index.htm"],
    [["site/index.html", "other/x.png"], undefined],
    [["a/b/index.html"], undefined],
    [["page.html"], undefined],
    [[], undefined],
  ])("of %j starts with %j", (all, entry) => expect(siteEntry(all.map(file))).toBe(entry));
});

describe("a text file", () => {
  it.each([["a.html", "html"], ["A.HTM", "html"], ["x.md", "markdown"], ["x.txt", "text"], ["x.png", undefined], ["txt", undefined], ["x.html.exe", undefined]] as const)(
    "%s is written as %s", (name, kind) => expect(kindOf(name)).toBe(kind));
});

describe("what is dropped", () => {
  const entry = (path: string): object => ({ isFile: true, name: path.split("/").at(-1), fullPath: `/${path}`, file: (got: (file: File) => void) => got(new File(["x"], path)) });
  const folder = (path: string, ...batches: object[][]): object => ({
    isFile: false, name: path, fullPath: `/${path}`,
    createReader: () => ({ readEntries: (got: (some: object[]) => void) => got(batches.shift() ?? []) }),
  });
  const transfer = (...entries: object[]): DataTransfer => ({ items: entries.map((entry) => ({ kind: "file", webkitGetAsEntry: () => entry })) }) as unknown as DataTransfer;

  it("is every file of every folder, however many times the browser has to be asked for them", async () => {
    const files = await filesOf(transfer(entry("x.txt"), folder("f", [entry("f/a"), folder("f/g", [entry("f/g/b")])], [entry("f/c")])));
    expect(names(files)).toEqual(["x.txt", "f/a", "f/g/b", "f/c"]);
  });

  it("is refused by name when it can't be read", async () => {
    const broken = { ...entry("x.txt"), file: (_: unknown, failed: (error: Error) => void) => failed(new Error("gone")) };
    await expect(filesOf(transfer(folder("f", [broken])))).rejects.toThrow("“x.txt” can't be read");
  });
});
