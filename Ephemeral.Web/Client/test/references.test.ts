import fc from "fast-check";
import { expect, test } from "vitest";
import { folderOf, isRelative, References } from "../src/references";

const names = ["my site/index.html", "my site/pages/about us.html", "my site/pages/index.html", "my site/100%.txt", "my site/é.png", "other/secret.txt"];
const references = new References(names, "my site/");
const at = (reference: string, from = "my site/pages/about us.html"): string | undefined => references.resolve(reference, from)?.name;

test("references lead to files as a server would lead them", () => {
  expect(at("../index.html")).toBe("my site/index.html");
  expect(at("about%20us.html")).toBe("my site/pages/about us.html");
  expect(at("about us.html?v=2#x")).toBe("my site/pages/about us.html");
  expect(at("/")).toBe("my site/index.html");
  expect(at("./")).toBe("my site/pages/index.html");
  expect(at("/pages")).toBe("my site/pages/index.html");
  expect(at("/100%25.txt")).toBe("my site/100%.txt");
  expect(at("/e\u0301.png")).toBe("my site/é.png");
  expect(at("#x")).toBe("my site/pages/about us.html");
  expect(references.resolve("#%C3%A9", "my site/index.html")?.fragment).toBe("é");
});

test("nothing leads out of the site", () => {
  for (const reference of ["../../other/secret.txt", "../../../other/secret.txt", "/other/secret.txt", "%2e%2e/%2e%2e/other/secret.txt", "..\\..\\other\\secret.txt",
    "//my site/index.html", "http://example.org/index.html", "data:text/html,x", "javascript:alert(1)", "blob:null/1", "/%", "/%ff", "x".repeat(5_000)])
    expect(at(reference)).toBeUndefined();
  fc.assert(fc.property(fc.string(), fc.constantFrom(...names.slice(0, 5)), (reference, from) => at(reference, from)?.startsWith("my site/") !== false));
});

test("every file is led to by its own address", () => {
  const part = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !/[/\\]/.test(text) && !/\p{Cs}/u.test(text) && text.normalize("NFC") === text && text !== "." && text !== "..");
  fc.assert(fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
    const name = parts.join("/");
    expect(new References([name], "").resolve("/" + parts.map(encodeURIComponent).join("/"), "x")?.name).toBe(name);
  }));
});

test("what has a scheme or a host is not the page's", () => {
  for (const reference of ["a.png", "/a.png", "?x", "", " a", "a:b/c d".slice(1)]) expect(isRelative(reference)).toBe(true);
  for (const reference of ["http://x/", "//x/a", "\\\\x\\a", "/\\x", " //x", "data:,", "mailto:a@b", "\t//x"]) expect(isRelative(reference)).toBe(false);
});

test("a file is in its folder", () => {
  expect([folderOf("index.html"), folderOf("a/b/c.html")]).toEqual(["", "a/b/"]);
});
